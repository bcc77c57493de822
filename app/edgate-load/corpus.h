/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tokens with the answer that each must get, and the requests that ask about them.
 *
 *   name<TAB>STATUS<TAB>token      one line a token, a CWT as hex; # begins a comment line
 *
 * Requests hold neighbouring tokens, as many as fit, with request_id 0. A token too long for any
 * request is in none (fits is false): a client answers TOO_BIG itself. What a send needs of a
 * request is computed here, once: the checksum over it, the shard of its first token, and where a
 * signature can be made false.
 *
 * Read-only after load_corpus_read: any core may use it.
 */
#ifndef LOAD_CORPUS_H
#define LOAD_CORPUS_H

#include "eg_err.h"
#include "eg_pages.h"
#include "eg_span.h"
#include "eg_stats.h"

/* A copy of a frame may be made in moves of this many bytes: so much may be read behind it. */
#define LOAD_COPY_BYTES 64u

/* Eight bytes of S in the token's signature, to be changed without touching its highest byte. */
struct load_forge_place {
	uint64_t value; /* what the bits are that text says */
	uint16_t at;    /* in the request; 0: the token has no signature */
	bool text;      /* eight characters of base64url, else bytes, of which six are changed */
};

struct load_token {
	const char *name;
	uint8_t expected; /* enum eg_verdict */
	bool fits;
	uint8_t fmt; /* CWT where the text was hex, else detect */
	struct load_forge_place forge;
	struct eg_span bytes;
};

struct load_request { /* half a cache line */
	struct eg_span bytes;
	uint32_t first; /* its tokens: first … first + cnt - 1 */
	uint32_t sum;   /* 16-bit ones' complement sum of the bytes */
	uint8_t cnt;
	uint8_t expected; /* of the first token */
	uint8_t shard;    /* of the first token */
};

struct load_corpus {
	char *text;
	struct eg_pages frames;
	struct load_token *token;
	struct load_request *request;
	size_t token_cnt, request_cnt;
	size_t request_bytes; /* of all requests together */
};

struct load_corpus_wish {
	unsigned tokens_max; /* in a request */
	unsigned bytes_max;  /* of a request */
	unsigned list_bits;  /* of status lists, for the shard */
	bool only_valid;     /* leave out what is not expected OK */
	bool forged;         /* only_valid, and every answer must be BAD_SIGNATURE */
	size_t cnt_max;      /* only the first so many tokens; 0: all */
};

/* Allocates; on failure nothing stays and err names the line. */
int load_corpus_read(struct load_corpus *corpus, const char *path,
    const struct load_corpus_wish *wish, struct eg_error *err);
void load_corpus_free(struct load_corpus *corpus);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tokens with the answer that each must get, and the requests that ask about them.
 *
 *   name<TAB>STATUS<TAB>token      one line a token, a CWT as hex; # begins a comment line
 *
 * Requests hold neighbouring tokens, as many as fit, with request_id 0. A token too long for any
 * request is in none (fits is false): a client answers TOO_BIG itself.
 */
#ifndef LOAD_CORPUS_H
#define LOAD_CORPUS_H

#include "eg_err.h"
#include "eg_span.h"
#include "eg_stats.h"

struct load_token {
	const char *name;
	enum eg_verdict expected;
	bool fits;
	uint8_t fmt; /* CWT where the text was hex, else detect */
	struct eg_span bytes;
};

struct load_request {
	size_t first; /* its tokens: first … first + cnt - 1 */
	uint8_t cnt;
	struct eg_span bytes;
};

struct load_corpus {
	char *text;
	uint8_t *frames;
	struct load_token *token;
	struct load_request *request;
	size_t token_cnt, request_cnt;
};

/* Allocates; on failure nothing stays and err names the line. */
int load_corpus_read(struct load_corpus *corpus, const char *path, unsigned tokens_max,
    unsigned bytes_max, struct eg_error *err);
void load_corpus_free(struct load_corpus *corpus);

#endif

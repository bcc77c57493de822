/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A corpus: tokens beside the status that edgate must give them, and the commands that make it so.
 *
 *   plan (which status at which place) ─▶ token by token ─▶ DIR/corpus.tsv   name TAB status TAB
 * token keys from the seed ─▶ DIR/issuer-<i>.jwks, .private.jwk what was promised as revoked ─▶
 * DIR/setup.sh
 *
 * Everything follows from (seed, now, options): the same give the same bytes.
 */
#ifndef CORPUS_H
#define CORPUS_H

#include "token.h"

#define CORPUS_ISSUERS_MAX  16u
#define CORPUS_COUNT_MAX    10000000u
#define CORPUS_JTIS_MAX     16u /* revoked by jti, of each issuer: setup.sh runs one command each */
#define CORPUS_LIST_ENTRIES 65536u /* the lower half may be revoked, the upper half never is */
#define CORPUS_LIFETIME_S   86400u
#define CORPUS_AUDIENCE     "https://api.example"
#define CORPUS_SUBJECT      "revoked-subject"

enum corpus_size { CORPUS_MINIMAL, CORPUS_RFC9068, CORPUS_STATUS };

struct corpus_issuer {
	struct token_key key;
	char url[48];
	char list_uri[64];
	uint32_t revoked_jti_cnt; /* named revoked-0 … */
	uint32_t revoked_ctis;    /* a bit for each of them that is a cti, of a CWT */
	uint32_t revoked_idx_cnt; /* 0 … */
	bool subject_revoked;
};

struct corpus {
	uint64_t seed, random; /* random: state of the generator */
	uint64_t now_s;
	uint64_t revoked_cnt;
	enum corpus_size size;
	enum token_fmt fmt; /* TOKEN_FMTS: in turn */
	unsigned issuer_cnt;
	struct corpus_issuer issuer[CORPUS_ISSUERS_MAX];
};

/* The next of a sequence that the seed fixes (SplitMix64): for order and filling, not for keys. */
uint64_t corpus_random(struct corpus *corpus);

/* ── corpus_plan.c ── */

/* Weights by kind from "OK=70,EXPIRED=5,…"; NULL: the default mix. A kind that the format cannot
 * have is refused where it is asked for, and not in the default mix. */
int corpus_parse_mix(
    const char *text, enum token_fmt fmt, uint32_t weights[], struct eg_error *err);
/* A kind for each of cnt places: shares by weight, order shuffled. To be given to free();
 * NULL without memory. */
uint8_t *corpus_plan(struct corpus *corpus, const uint32_t weights[], uint32_t cnt);

/* ── corpus_token.c ── */

#define CORPUS_KINDS 15u
const char *corpus_kind_name(unsigned kind); /* the status */
bool corpus_kind_exists(unsigned kind, enum token_fmt fmt);
/* Token number n, to be given to free(). NULL without memory. */
char *corpus_token(struct corpus *corpus, unsigned kind, uint32_t n);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the parts of bench_codec share: sets of tokens, and what is run over them.
 *
 *   tokens   of one kind, all different, all accepted as far as the signature
 *   shapes   tokens of 4096 bytes that an attacker would choose
 *   runs     one thing that is measured: rounds of passes over a set
 *
 * One thread. Whatever fails ends the program: there is nothing to measure then.
 */
#ifndef EDGATE_BENCH_CODEC_H
#define EDGATE_BENCH_CODEC_H

#include "codec_impl.h"
#include "eg_token.h"

#define CODEC_NOW_S      1800000000ull
#define CODEC_ISSUER     "https://i.test"
#define CODEC_AUDIENCE   "api"
#define CODEC_TOKENS     256u  /* of a set */
#define CODEC_TOKEN_ROOM 4096u /* bytes of a token */
#define CODEC_ROUNDS_MAX 1000u

/* Says what could not be done and ends the program where it is false. */
void codec_need(bool ok, const char *what);

struct codec_token {
	struct eg_span text, header, payload; /* of the token; its first two segments */
	struct eg_span json;                  /* the payload, decoded */
};

typedef struct eg_finding codec_parse_fn(struct eg_span token, const struct eg_policy *policy,
    struct eg_token_scratch *scratch, struct eg_token *out);

struct codec_set {
	const char *name;
	codec_parse_fn *parse; /* of its format */
	bool is_jwt;           /* jansson can be asked too */
	struct codec_token token[CODEC_TOKENS];
	size_t bytes; /* of all tokens */
};

/* ── bench_codec_tokens.c: what issuers mint ── */

/* Set number i, or NULL behind the last. Owned by the caller (free). */
struct codec_set *codec_typical_set(unsigned i);

/* JWT number n of the set from its parts; the signature is random. */
void codec_set_add_jwt(
    struct codec_set *set, unsigned n, const char *header, const char *claims, size_t claims_bytes);

/* ── bench_codec_formats.c: the same in the other formats, behind the JWTs ── */

struct codec_set *codec_format_set(unsigned i);

/* ── bench_codec_shapes.c: what an attacker would send ── */

struct codec_set *codec_shape_set(unsigned i);

/* ── bench_codec_pass.c ── */

struct codec_run {
	const char *what;
	const struct codec_set *set;
	void (*pass)(const struct codec_run *run);
	const struct eg_codec_impl *impl; /* of codec_pass_base64url */
	size_t bytes;                     /* of a pass: what a figure per byte is about */
	double ns[CODEC_ROUNDS_MAX];      /* per token */
};

void codec_pass_init(void);
void codec_pass_base64url(const struct codec_run *run);
void codec_pass_base64url_table(const struct codec_run *run);
void codec_pass_json_list(const struct codec_run *run);
void codec_pass_token(const struct codec_run *run);
void codec_pass_jansson(const struct codec_run *run);

#endif

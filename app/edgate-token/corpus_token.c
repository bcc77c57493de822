/* SPDX-License-Identifier: BSD-3-Clause */
/* One token of each status: a token that would pass, changed in the one thing that refuses it. */
#include "corpus.h"

#include <stdio.h>
#include <stdlib.h>

#define FAR_S (10u * 365u * 86400u)

struct draft {
	enum token_fmt fmt;
	struct corpus_issuer *issuer;
	json_t *header, *claims;
	uint32_t n;
};

typedef void change_fn(struct corpus *corpus, struct draft *d);
typedef char *write_fn(struct corpus *corpus, const struct draft *d);

struct kind {
	const char *status;
	change_fn *change; /* NULL: nothing */
	write_fn *write;   /* NULL: signed as it is */
	bool not_paseto;   /* it has no such header member */
};

static void set_text(json_t *object, const char *name, const char *value)
{
	(void)json_object_set_new(object, name, json_string(value));
}

static void set_time(struct draft *d, const char *name, uint64_t time_s)
{
	(void)json_object_set_new(d->claims, name, json_integer((json_int_t)time_s));
}

static void set_status(struct draft *d, const char *uri, uint32_t idx)
{
	(void)json_object_set_new(d->claims, "status",
	    json_pack("{s:{s:I, s:s}}", "status_list", "idx", (json_int_t)idx, "uri", uri));
}

/* ── changes ── */

static void bad_crit(struct corpus *corpus, struct draft *d)
{
	(void)corpus;
	(void)json_object_set_new(d->header, "crit", json_pack("[s]", "exp"));
}

static void bad_typ(struct corpus *corpus, struct draft *d)
{
	(void)corpus;
	set_text(d->header, "typ",
	    d->fmt == TOKEN_CWT ? "application/statuslist+cwt" : "statuslist+jwt");
}

static void unknown_key(struct corpus *corpus, struct draft *d)
{
	(void)corpus;
	set_text(d->header, "kid", "no-such-key");
}

static void expired(struct corpus *corpus, struct draft *d)
{
	set_time(d, "exp", corpus->now_s - 60 - d->n % 3600);
}

static void not_yet_valid(struct corpus *corpus, struct draft *d)
{
	set_time(d, "nbf", corpus->now_s + FAR_S);
	set_time(d, "exp", corpus->now_s + 2 * FAR_S);
}

static void issued_in_future(struct corpus *corpus, struct draft *d)
{
	(void)json_object_del(d->claims, "nbf");
	set_time(d, "iat", corpus->now_s + FAR_S);
	set_time(d, "exp", corpus->now_s + 2 * FAR_S);
}

static void no_exp(struct corpus *corpus, struct draft *d)
{
	(void)corpus;
	(void)json_object_del(d->claims, "exp");
}

static void bad_iss(struct corpus *corpus, struct draft *d)
{
	(void)corpus;
	set_text(d->claims, "iss", "https://rogue.example");
}

static void bad_aud(struct corpus *corpus, struct draft *d)
{
	(void)corpus;
	set_text(d->claims, "aud", "https://other.example");
}

static void status_unknown(struct corpus *corpus, struct draft *d)
{
	(void)corpus;
	if (d->n % 2 == 0)
		set_status(d, "https://lists.example/unknown", 1);
	else
		set_status(d, d->issuer->list_uri, CORPUS_LIST_ENTRIES);
}

/* In turn by jti (a few), by subject and by status list. */
static void revoked(struct corpus *corpus, struct draft *d)
{
	struct corpus_issuer *issuer = d->issuer;
	char jti[32];
	uint64_t turn = corpus->revoked_cnt++ % 3;

	if (turn == 0 && issuer->revoked_jti_cnt < CORPUS_JTIS_MAX) {
		if (d->fmt == TOKEN_CWT)
			issuer->revoked_ctis |= 1u << issuer->revoked_jti_cnt;
		(void)snprintf(jti, sizeof(jti), "revoked-%u", issuer->revoked_jti_cnt++);
		set_text(d->claims, "jti", jti);
	} else if (turn == 1) {
		issuer->subject_revoked = true;
		set_text(d->claims, "sub", CORPUS_SUBJECT);
		set_time(d, "iat", corpus->now_s - 60);
	} else {
		set_status(
		    d, issuer->list_uri, issuer->revoked_idx_cnt % (CORPUS_LIST_ENTRIES / 2));
		issuer->revoked_idx_cnt++;
	}
}

/* ── writers ── */

static char *sign(const struct draft *d)
{
	const struct token_draft draft = {d->fmt, d->header, d->claims, NULL};

	return token_mint(&d->issuer->key, &draft);
}

/* In turn: no JSON (JWT), a time that is none, a part cut off, a character too many. */
static char *write_malformed(struct corpus *corpus, const struct draft *d)
{
	static const char header[] = "{\"alg\":\"EdDSA\",}";
	char *token;

	(void)corpus;
	if (d->n % 4 == 0 && d->fmt == TOKEN_JWT)
		return token_sign_text(&d->issuer->key, eg_span_str(header), eg_span_str("{}"));
	if (d->n % 4 <= 1)
		(void)json_object_set_new(d->claims, "exp", json_string("tomorrow"));
	token = sign(d);
	if (token != NULL && d->n % 4 == 2 && d->fmt != TOKEN_CWT)
		strrchr(token, '.')[d->fmt == TOKEN_PASETO] = '\0'; /* a PASETO keeps the dot */
	else if (token != NULL && d->n % 4 == 2)
		token[strlen(token) - 2] = '\0';
	if (token != NULL && d->n % 4 == 3)
		token[d->fmt == TOKEN_CWT ? 1 : strlen(token) - 1] =
		    d->fmt == TOKEN_CWT ? '1' : '='; /* d1: COSE_Mac0 */
	return token;
}

static char *other_alg_of_jwt(struct corpus *corpus, const struct draft *d)
{
	uint64_t signature[32];
	bool none = d->n % 2 == 0;
	char *header, *claims, *token = NULL;
	json_malloc_t unused;
	json_free_t free_text;

	json_get_alloc_funcs(&unused, &free_text);
	for (unsigned i = 0; i < 32; i++)
		signature[i] = corpus_random(corpus);
	set_text(d->header, "alg", none ? "none" : "RS256");
	header = json_dumps(d->header, JSON_COMPACT);
	claims = json_dumps(d->claims, JSON_COMPACT);
	if (header != NULL && claims != NULL)
		token = token_join(eg_span_str(header), eg_span_str(claims),
		    eg_span(signature, none ? 0 : sizeof(signature)));
	free_text(header);
	free_text(claims);
	return token;
}

static char *write_other_alg(struct corpus *corpus, const struct draft *d)
{
	char *token;

	if (d->fmt == TOKEN_JWT)
		return other_alg_of_jwt(corpus, d);
	if (d->fmt == TOKEN_CWT)
		(void)json_object_set_new(d->header, "alg", json_integer(-7)); /* ES256 */
	token = sign(d);
	if (token != NULL && d->fmt == TOKEN_PASETO)
		token[1] = '2';
	return token;
}

/* Where a character of R stands: the signature is last, in a PASETO last of the body. */
static char *signature_text(char *token, enum token_fmt fmt)
{
	if (fmt == TOKEN_CWT)
		return token + strlen(token) - 2 * crypto_sign_BYTES;
	if (fmt == TOKEN_JWT)
		return strrchr(token, '.') + 1;
	return strrchr(token, '.') - 80;
}

static char *write_forged(struct corpus *corpus, const struct draft *d)
{
	char *token = sign(d);
	char *signature;

	(void)corpus;
	if (token == NULL)
		return NULL;
	signature = signature_text(token, d->fmt);
	*signature = *signature == 'a' ? 'b' : 'a';
	return token;
}

static const struct kind kinds[CORPUS_KINDS] = {
    {"OK", NULL, NULL, false},
    {"MALFORMED", NULL, write_malformed, false},
    {"UNSUPPORTED_ALG", NULL, write_other_alg, false},
    {"UNSUPPORTED_CRIT", bad_crit, NULL, true},
    {"BAD_TYP", bad_typ, NULL, true},
    {"UNKNOWN_KEY", unknown_key, NULL, false},
    {"BAD_SIGNATURE", NULL, write_forged, false},
    {"EXPIRED", expired, NULL, false},
    {"NOT_YET_VALID", not_yet_valid, NULL, false},
    {"ISSUED_IN_FUTURE", issued_in_future, NULL, false},
    {"NO_EXP", no_exp, NULL, false},
    {"BAD_ISS", bad_iss, NULL, false},
    {"BAD_AUD", bad_aud, NULL, false},
    {"REVOKED", revoked, NULL, false},
    {"STATUS_UNKNOWN", status_unknown, NULL, false},
};

const char *corpus_kind_name(unsigned kind)
{
	return kinds[kind].status;
}

bool corpus_kind_exists(unsigned kind, enum token_fmt fmt)
{
	return fmt != TOKEN_PASETO || !kinds[kind].not_paseto;
}

static json_t *minimal_claims(const struct corpus *corpus, const struct draft *d)
{
	return json_pack("{s:s, s:s, s:o, s:I}", "iss", d->issuer->url, "aud", CORPUS_AUDIENCE,
	    "sub", json_sprintf("user-%u", d->n), "exp",
	    (json_int_t)(corpus->now_s + CORPUS_LIFETIME_S + d->n % 3600));
}

static void add_rfc9068_claims(const struct corpus *corpus, struct draft *d)
{
	uint64_t iat_s = corpus->now_s - 60 - d->n % 600;

	set_time(d, "iat", iat_s);
	set_time(d, "nbf", iat_s);
	set_time(d, "auth_time", iat_s - 5);
	(void)json_object_set_new(
	    d->claims, "jti", json_sprintf("%016llx-%u", (unsigned long long)corpus->seed, d->n));
	set_text(d->claims, "client_id", "s6BhdRkqt3");
	set_text(d->claims, "scope", "openid profile reademail");
}

static void fill_draft(const struct corpus *corpus, struct draft *d)
{
	d->header = token_header(d->fmt, d->fmt == TOKEN_JWT ? "at+jwt" : NULL, d->issuer->key.kid);
	d->claims = minimal_claims(corpus, d);
	if (corpus->size != CORPUS_MINIMAL)
		add_rfc9068_claims(corpus, d);
	if (corpus->size == CORPUS_STATUS)
		set_status(d, d->issuer->list_uri,
		    CORPUS_LIST_ENTRIES / 2 + d->n % (CORPUS_LIST_ENTRIES / 2));
}

/* Mixed, the formats take turns; what a PASETO cannot have is a JWT. */
static enum token_fmt fmt_of(const struct corpus *corpus, unsigned kind, uint32_t n)
{
	const enum token_fmt fmt =
	    corpus->fmt != TOKEN_FMTS ? corpus->fmt : (enum token_fmt)(n % TOKEN_FMTS);

	return corpus_kind_exists(kind, fmt) ? fmt : TOKEN_JWT;
}

char *corpus_token(struct corpus *corpus, unsigned kind, uint32_t n)
{
	struct draft d = {.fmt = fmt_of(corpus, kind, n),
	    .issuer = &corpus->issuer[corpus_random(corpus) % corpus->issuer_cnt],
	    .n = n};
	char *token;

	fill_draft(corpus, &d);
	if (kinds[kind].change != NULL)
		kinds[kind].change(corpus, &d);
	token = kinds[kind].write != NULL ? kinds[kind].write(corpus, &d) : sign(&d);
	json_decref(d.header);
	json_decref(d.claims);
	return token;
}

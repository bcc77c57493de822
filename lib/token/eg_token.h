/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tokens to views, and the claims policy (docs/protocol.md section 2). One status per rule, in a
 * fixed order, so that two implementations agree status by status.
 *
 *   token bytes ──eg_jwt_parse─────▶ eg_token (views) ──issuer, key──▶ ──eg_claims_check──▶ …
 *               ──eg_cwt_parse─────▶                    S6 (caller)      S7                 S8, S9
 *               ──eg_paseto_parse──▶
 *                 S1–S5
 *
 * The signature of a JWT covers bytes of the token as received. What the other two sign is not in
 * the token as it stands, so they write it into a struct eg_token_message of the caller.
 * Views point into the token as received, the scratch or the message, and live as long as all.
 * Threads: [worker], one scratch per worker; no allocation.
 */
#ifndef EG_TOKEN_H
#define EG_TOKEN_H

#include "eg_policy.h"
#include "eg_stats.h"

#define EG_TOKEN_DEFAULT_MAX 4096u
#define EG_TOKEN_HEADER_MAX  1024u /* decoded */
#define EG_TOKEN_PAYLOAD_MAX 4096u /* decoded */
#define EG_TOKEN_FOOTER_MAX  512u  /* of a PASETO, decoded */
#define EG_TOKEN_STRING_MAX  255u  /* iss sub jti cti sid, after unescaping */
#define EG_TOKEN_AUD_MAX     16u
#define EG_TOKEN_TIME_MAX    253402300799LL /* 9999-12-31T23:59:59Z */

/* What every negative time becomes: before any clock, whatever the skew. */
#define EG_TOKEN_TIME_FAR_PAST (-EG_TOKEN_TIME_MAX)

enum eg_token_member {
	EG_HAS_ISS = 1 << 0,
	EG_HAS_SUB = 1 << 1,
	EG_HAS_JTI = 1 << 2,
	EG_HAS_CTI = 1 << 3,
	EG_HAS_SID = 1 << 4,
	EG_HAS_EXP = 1 << 5,
	EG_HAS_NBF = 1 << 6,
	EG_HAS_IAT = 1 << 7,
	EG_HAS_AUD = 1 << 8,
	EG_HAS_CNF = 1 << 9,
	EG_HAS_JKT = 1 << 10,
	EG_HAS_KID = 1 << 11,
	EG_HAS_STATUS = 1 << 12,      /* a status member */
	EG_HAS_STATUS_LIST = 1 << 13, /* with a status_list in it */
	EG_HAS_TYP = 1 << 14,
};

struct eg_token {
	uint8_t fmt; /* enum eg_token_fmt */
	uint8_t aud_cnt;
	uint32_t has;                                /* enum eg_token_member */
	struct eg_span kid, iss, sub, jti, cti, sid; /* unescaped */
	struct eg_span jkt;                          /* RFC 7638 thumbprint text of cnf */
	struct eg_span status_uri;
	uint32_t status_idx;
	int64_t exp_s;               /* rounded down */
	int64_t nbf_s;               /* rounded up */
	int64_t iat_s;               /* rounded up */
	int64_t iat_floor_s;         /* rounded down: for the cutoffs R2 and R3 */
	struct eg_span signed_bytes; /* what the signature covers: in the token or the message */
	/* These two are not cleared: eg_token_clear. */
	uint8_t signature[64];
	struct eg_span aud[EG_TOKEN_AUD_MAX]; /* aud_cnt of them */
};

/* A token of which nothing is known yet. Field by field: for one memset compilers take a string
 * instruction that costs as much as a claim, and of `a = b = none` they read b again. */
static inline void eg_token_clear(struct eg_token *token, uint8_t fmt)
{
	const struct eg_span none = {0};

	token->fmt = fmt;
	token->aud_cnt = 0;
	token->has = 0;
	token->kid = none;
	token->iss = none;
	token->sub = none;
	token->jti = none;
	token->cti = none;
	token->sid = none;
	token->jkt = none;
	token->status_uri = none;
	token->status_idx = 0;
	token->exp_s = 0;
	token->nbf_s = 0;
	token->iat_s = 0;
	token->iat_floor_s = 0;
	token->signed_bytes = none;
}

/* JWT headers that have passed: lib/token/jwt_header.h. */
#define EG_JWT_HEADERS 4u

struct eg_jwt_header_string {
	bool is_there;
	uint8_t at, len; /* in json */
};

struct eg_jwt_header {
	uint16_t segment_len; /* 0: nothing is remembered here */
	struct eg_jwt_header_string typ, kid;
	uint8_t segment[160]; /* as received */
	uint8_t json[120];    /* decoded */
};

struct eg_jwt_headers {
	unsigned next; /* to be replaced */
	struct eg_jwt_header header[EG_JWT_HEADERS];
};

/* Zeroed before it is used first. */
struct eg_token_scratch {
	uint8_t header[EG_TOKEN_HEADER_MAX + 64];   /* decoded; slack for wide stores */
	uint8_t payload[EG_TOKEN_PAYLOAD_MAX + 64]; /* decoded */
	uint8_t text[EG_TOKEN_HEADER_MAX + EG_TOKEN_PAYLOAD_MAX + 64]; /* unescaped strings */
	struct eg_jwt_headers headers;
};

/* Room for what a CWT or a PASETO signs. The most is a CWT's: "Signature1" with its frame (13), two
 * heads (6), header and payload; a PASETO's prefix, payload, footer and implicit assertion are
 * less. The rest is slack for wide stores, up to an odd number of cache lines: in an array of these
 * the first lines, which are all that most tokens use, lie in different sets of a cache. */
#define EG_TOKEN_MESSAGE_BYTES 5184u

struct eg_token_message {
	_Alignas(64) uint8_t bytes[EG_TOKEN_MESSAGE_BYTES];
};

_Static_assert(13 + 6 + EG_TOKEN_HEADER_MAX + EG_TOKEN_PAYLOAD_MAX <= EG_TOKEN_MESSAGE_BYTES,
    "the largest message fits");

struct eg_finding {
	enum eg_verdict status; /* EG_OK: no rule refused so far (never an accept by itself) */
	enum eg_detail detail;
};

static inline struct eg_finding eg_finding(enum eg_verdict status, enum eg_detail detail)
{
	return (struct eg_finding){status, detail};
}

/* S1–S5 of a JWT. On EG_OK `out` is filled, else it is undefined. Precondition: the policy has
 * passed eg_policy_check. Cost: linear in the token (perf/bench_codec); up to 7 KiB of stack. */
struct eg_finding eg_jwt_parse(struct eg_span token, const struct eg_policy *policy,
    struct eg_token_scratch *scratch, struct eg_token *out);

/* The same of a CWT in COSE_Sign1 (protocol 2.4): tag 61 or not, tag 18, an array of 4; without
 * tags only where may_be_untagged, the sender having said CWT. Views point into the token. */
struct eg_finding eg_cwt_parse(struct eg_span token, bool may_be_untagged,
    const struct eg_policy *policy, struct eg_token_message *message, struct eg_token *out);

/* The same of a PASETO v4.public (protocol 2.5). Of the policy it also takes the implicit assertion
 * into the message. Up to 7 KiB of stack. */
struct eg_finding eg_paseto_parse(struct eg_span token, const struct eg_policy *policy,
    struct eg_token_scratch *scratch, struct eg_token_message *message, struct eg_token *out);

/* S7: times, ages, audience, cnf, and status required by policy but absent is left to S9. */
struct eg_finding eg_claims_check(
    const struct eg_token *token, const struct eg_policy *policy, uint64_t now_s);

/* The times of a token: what S7 asks again of one whose other claims have passed. */
struct eg_token_times {
	uint32_t has; /* of EG_HAS_EXP, _NBF, _IAT */
	int64_t exp_s, nbf_s, iat_s;
};
/* The part of S7 that comes first, and the only one that depends on the time. */
struct eg_finding eg_claims_check_times(
    const struct eg_token_times *times, const struct eg_policy *policy, uint64_t now_s);

/* Format of a record whose fmt is 0 (protocol section 1). */
enum eg_token_fmt { EG_TOKEN_JWT = 1, EG_TOKEN_CWT = 2, EG_TOKEN_PASETO = 3 };
enum eg_token_fmt eg_token_detect(struct eg_span token);

/* A JSON number as a NumericDate (protocol 2.3), in exact decimal arithmetic: the floor and the
 * ceiling of its value, both EG_TOKEN_TIME_FAR_PAST where it is negative. False where it is over a
 * limit of 2.3. Precondition: number is one by the grammar of JSON (any bytes are safe). */
bool eg_numeric_date(struct eg_span number, int64_t *floor_s, int64_t *ceil_s);

/* The same of a CBOR item: an integer, or a finite float. */
struct eg_cbor_item;
bool eg_cwt_time(const struct eg_cbor_item *value, int64_t *floor_s, int64_t *ceil_s);

/* An RFC 3339 date-time with its offset, rounded likewise. False where it is none by the grammar
 * and the calendar, where the second is 60, and where it is over EG_TOKEN_TIME_MAX. */
bool eg_rfc3339(struct eg_span text, int64_t *floor_s, int64_t *ceil_s);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A policy: which tokens pass. Built and checked on [control], immutable after, read by [worker].
 * All strings are owned by the policy (fixed storage: a policy is one block without pointers out).
 */
#ifndef EG_POLICY_H
#define EG_POLICY_H

#include "eg_err.h"
#include "eg_span.h"

#define EG_POLICY_NAME_MAX    255u /* bytes of an issuer, audience or URI */
#define EG_POLICY_ISSUERS_MAX 16u
#define EG_POLICY_AUDS_MAX    16u
#define EG_POLICY_TYPS_MAX    8u
#define EG_POLICY_TYP_BYTES   63u
#define EG_POLICY_SKEW_MAX_S  300u

enum eg_order { EG_ORDER_CHEAP, EG_ORDER_STRICT }; /* strict: S8 before S7 */
enum eg_status_mode { EG_STATUS_OPTIONAL, EG_STATUS_REQUIRED, EG_STATUS_IGNORE };
enum eg_freshness { EG_FRESH_BOUNDED, EG_FRESH_STRICT }; /* past the bound: flag it, or STALE */
enum eg_cnf_mode { EG_CNF_ACCEPT, EG_CNF_REQUIRE, EG_CNF_REFUSE };

struct eg_policy_str {
	uint16_t len;
	uint8_t bytes[EG_POLICY_NAME_MAX + 1]; /* NUL behind len, for messages */
};

struct eg_policy {
	uint32_t id;         /* 1 … 2^32 - 1; 0 on the wire means the default policy */
	uint32_t generation; /* counts changes of this policy */
	uint16_t skew_s;
	uint8_t order;     /* enum eg_order */
	uint8_t status;    /* enum eg_status_mode */
	uint8_t cnf;       /* enum eg_cnf_mode */
	uint8_t freshness; /* enum eg_freshness */
	bool typ_required;
	bool exp_optional; /* default: exp is required */
	bool any_audience;
	uint8_t issuer_cnt, audience_cnt, typ_cnt, cwt_typ_cnt, cwt_format_cnt;
	uint32_t max_age_s;       /* 0: none; now > iat + max_age + skew is TOO_OLD */
	uint32_t max_lifetime_s;  /* 0: none; exp - iat > max_lifetime is TOO_OLD */
	uint32_t client_cache_s;  /* 0: answers say cache_for 0 */
	uint32_t max_token_bytes; /* default 4096 */
	uint32_t max_state_age_s; /* since the last good contact with the authority; 0: no bound */
	uint32_t issuer_slot[EG_POLICY_ISSUERS_MAX]; /* into the keyset of the same snapshot */
	struct eg_policy_str issuer[EG_POLICY_ISSUERS_MAX];
	struct eg_policy_str audience[EG_POLICY_AUDS_MAX];
	struct eg_policy_str typ[EG_POLICY_TYPS_MAX];     /* lower case, "application/" taken off */
	struct eg_policy_str cwt_typ[EG_POLICY_TYPS_MAX]; /* the same of a CWT (RFC 9596) */
	uint16_t cwt_format[EG_POLICY_TYPS_MAX];          /* and as CoAP content formats */
	struct eg_policy_str implicit_assertion;          /* PASETO */
};

#define EG_POLICY_NO_SLOT UINT32_MAX

/* The defaults of docs/protocol.md: typ JWT and at+jwt, of a CWT application/cwt and 61, skew 0,
 * cheap order, exp required. [control] */
void eg_policy_init(struct eg_policy *policy, uint32_t id);

int eg_policy_str_set(
    struct eg_policy_str *dst, struct eg_span src, const char *what, struct eg_error *err);
int eg_policy_add_issuer(struct eg_policy *policy, struct eg_span issuer, struct eg_error *err);
int eg_policy_add_audience(struct eg_policy *policy, struct eg_span audience, struct eg_error *err);
/* Replaces nothing: call eg_policy_clear_typs first to leave the default list. */
void eg_policy_clear_typs(struct eg_policy *policy);
int eg_policy_add_typ(struct eg_policy *policy, struct eg_span typ, struct eg_error *err);
/* Likewise for CWTs: a media type, or a content format in digits. */
void eg_policy_clear_cwt_typs(struct eg_policy *policy);
int eg_policy_add_cwt_typ(struct eg_policy *policy, struct eg_span typ, struct eg_error *err);
int eg_policy_add_cwt_format(struct eg_policy *policy, uint32_t format, struct eg_error *err);

/* Whole-policy rules: id, at least one issuer, audiences or any (not both), skew. */
int eg_policy_check(const struct eg_policy *policy, struct eg_error *err);

static inline struct eg_span eg_policy_span(const struct eg_policy_str *s)
{
	return eg_span(s->bytes, s->len);
}

/* Index of the issuer in the policy, or -1. Byte for byte. [worker] */
int eg_policy_find_issuer(const struct eg_policy *policy, struct eg_span iss);
/* typ as in the token: ASCII case-insensitive, one leading "application/" removed. [worker] */
bool eg_policy_typ_ok(const struct eg_policy *policy, struct eg_span typ);
/* The same for the typ of a CWT, as a media type or as a number. [worker] */
bool eg_policy_cwt_typ_ok(const struct eg_policy *policy, struct eg_span typ);
bool eg_policy_cwt_format_ok(const struct eg_policy *policy, uint64_t format);
bool eg_policy_audience_ok(const struct eg_policy *policy, struct eg_span audience);

#endif

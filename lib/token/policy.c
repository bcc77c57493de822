/* SPDX-License-Identifier: BSD-3-Clause */
#include "eg_policy.h"

#include "eg_token.h"
#include "media_type.h"

#define TOKEN_MAX_BYTES    UINT16_MAX /* what a record's length field can say */
#define CONTENT_FORMAT_CWT 61u        /* application/cwt, RFC 8392 section 9.5 */

static void set_default_typs(struct eg_policy *policy)
{
	(void)eg_policy_add_typ(policy, eg_span_str("jwt"), NULL);
	(void)eg_policy_add_typ(policy, eg_span_str("at+jwt"), NULL);
	(void)eg_policy_add_cwt_typ(policy, eg_span_str("application/cwt"), NULL);
	(void)eg_policy_add_cwt_format(policy, CONTENT_FORMAT_CWT, NULL);
}

void eg_policy_init(struct eg_policy *policy, uint32_t id)
{
	memset(policy, 0, sizeof(*policy));
	policy->id = id;
	policy->order = EG_ORDER_CHEAP;
	policy->status = EG_STATUS_OPTIONAL;
	policy->cnf = EG_CNF_ACCEPT;
	policy->max_token_bytes = EG_TOKEN_DEFAULT_MAX;
	for (unsigned i = 0; i < EG_POLICY_ISSUERS_MAX; i++)
		policy->issuer_slot[i] = EG_POLICY_NO_SLOT;
	set_default_typs(policy);
}

int eg_policy_str_set(
    struct eg_policy_str *dst, struct eg_span src, const char *what, struct eg_error *err)
{
	if (src.len > EG_POLICY_NAME_MAX)
		return eg_error_set(err, EG_ELIMIT, "%s is %zu bytes long; at most %u are allowed",
		    what, src.len, EG_POLICY_NAME_MAX);
	if (src.len != 0)
		memcpy(dst->bytes, src.ptr, src.len);
	memset(dst->bytes + src.len, 0, sizeof(dst->bytes) - src.len);
	dst->len = (uint16_t)src.len;
	return 0;
}

/* Index of the first of cnt strings that is byte for byte `text`, or -1. */
static int find_str(const struct eg_policy_str *list, unsigned cnt, struct eg_span text)
{
	for (unsigned i = 0; i < cnt; i++)
		if (eg_span_eq(eg_policy_span(&list[i]), text))
			return (int)i;
	return -1;
}

/* Appends a name to a list of cnt of at most `max`. */
static int add_str(struct eg_policy_str *list, uint8_t *cnt, unsigned max, struct eg_span text,
    const char *what, struct eg_error *err)
{
	int rc;

	if (text.len == 0)
		return eg_error_set(err, EG_EINVAL, "%s is empty", what);
	if (memchr(text.ptr, 0, text.len) != NULL)
		return eg_error_set(err, EG_EINVAL, "%s contains a NUL byte", what);
	if (find_str(list, *cnt, text) >= 0)
		return eg_error_set(err, EG_EEXIST, "%s \"%.*s\" is given twice", what,
		    (int)text.len, (const char *)text.ptr);
	if (*cnt >= max)
		return eg_error_set(err, EG_ELIMIT, "more than %u entries of %s", max, what);
	rc = eg_policy_str_set(&list[*cnt], text, what, err);
	if (rc == 0)
		(*cnt)++;
	return rc;
}

int eg_policy_add_issuer(struct eg_policy *policy, struct eg_span issuer, struct eg_error *err)
{
	return add_str(
	    policy->issuer, &policy->issuer_cnt, EG_POLICY_ISSUERS_MAX, issuer, "issuer", err);
}

int eg_policy_add_audience(struct eg_policy *policy, struct eg_span audience, struct eg_error *err)
{
	return add_str(
	    policy->audience, &policy->audience_cnt, EG_POLICY_AUDS_MAX, audience, "audience", err);
}

void eg_policy_clear_typs(struct eg_policy *policy)
{
	policy->typ_cnt = 0;
}

/* Appends a media type in its short form and lower case. */
static int add_media_type(struct eg_policy_str *list, uint8_t *cnt, struct eg_span typ,
    const char *what, struct eg_error *err)
{
	const struct eg_span name = eg_media_type_short(typ);
	uint8_t lower[EG_POLICY_TYP_BYTES];

	if (name.len > EG_POLICY_TYP_BYTES)
		return eg_error_set(err, EG_ELIMIT, "%s is %zu bytes long; at most %u are allowed",
		    what, name.len, EG_POLICY_TYP_BYTES);
	for (size_t i = 0; i < name.len; i++)
		lower[i] = eg_ascii_lower(name.ptr[i]);
	return add_str(list, cnt, EG_POLICY_TYPS_MAX, eg_span(lower, name.len), what, err);
}

int eg_policy_add_typ(struct eg_policy *policy, struct eg_span typ, struct eg_error *err)
{
	return add_media_type(policy->typ, &policy->typ_cnt, typ, "typ", err);
}

void eg_policy_clear_cwt_typs(struct eg_policy *policy)
{
	policy->cwt_typ_cnt = 0;
	policy->cwt_format_cnt = 0;
}

int eg_policy_add_cwt_format(struct eg_policy *policy, uint32_t format, struct eg_error *err)
{
	if (format > UINT16_MAX)
		return eg_error_set(err, EG_ELIMIT, "content format %u is over 65535", format);
	if (eg_policy_cwt_format_ok(policy, format))
		return eg_error_set(err, EG_EEXIST, "content format %u is given twice", format);
	if (policy->cwt_format_cnt == EG_POLICY_TYPS_MAX)
		return eg_error_set(
		    err, EG_ELIMIT, "more than %u content formats", EG_POLICY_TYPS_MAX);
	policy->cwt_format[policy->cwt_format_cnt++] = (uint16_t)format;
	return 0;
}

/* The number that 1 to 9 digits are, or UINT32_MAX. */
static uint32_t number_of(struct eg_span digits)
{
	uint32_t n = 0;

	if (digits.len == 0 || digits.len > 9)
		return UINT32_MAX;
	for (size_t i = 0; i < digits.len; i++) {
		if (digits.ptr[i] < '0' || digits.ptr[i] > '9')
			return UINT32_MAX;
		n = n * 10 + (uint32_t)(digits.ptr[i] - '0');
	}
	return n;
}

int eg_policy_add_cwt_typ(struct eg_policy *policy, struct eg_span typ, struct eg_error *err)
{
	const uint32_t format = number_of(typ);

	if (format != UINT32_MAX)
		return eg_policy_add_cwt_format(policy, format, err);
	return add_media_type(policy->cwt_typ, &policy->cwt_typ_cnt, typ, "typ of a CWT", err);
}

static int check_limits(const struct eg_policy *policy, struct eg_error *err)
{
	if (policy->skew_s > EG_POLICY_SKEW_MAX_S)
		return eg_error_set(err, EG_ELIMIT, "skew is %u s; at most %u are allowed",
		    policy->skew_s, EG_POLICY_SKEW_MAX_S);
	if (policy->max_token_bytes == 0 || policy->max_token_bytes > TOKEN_MAX_BYTES)
		return eg_error_set(err, EG_ELIMIT, "max_token is %u bytes; 1 to %u are allowed",
		    policy->max_token_bytes, TOKEN_MAX_BYTES);
	if (policy->order > EG_ORDER_STRICT || policy->status > EG_STATUS_IGNORE ||
	    policy->cnf > EG_CNF_REFUSE || policy->freshness > EG_FRESH_STRICT)
		return eg_error_set(err, EG_EINVAL,
		    "order, status, cnf or freshness is none of its values (%u, %u, %u, %u)",
		    policy->order, policy->status, policy->cnf, policy->freshness);
	if (policy->freshness == EG_FRESH_STRICT && policy->max_state_age_s == 0)
		return eg_error_set(err, EG_EINVAL,
		    "policy %u: strict freshness needs a bound in seconds", policy->id);
	return 0;
}

int eg_policy_check(const struct eg_policy *policy, struct eg_error *err)
{
	if (policy->id == 0)
		return eg_error_set(
		    err, EG_EINVAL, "policy id 0 is reserved: it means the default policy");
	if (policy->issuer_cnt == 0)
		return eg_error_set(err, EG_EINVAL, "policy %u has no issuer", policy->id);
	if (policy->any_audience && policy->audience_cnt != 0)
		return eg_error_set(err, EG_EINVAL,
		    "policy %u has audiences and \"any\": give one or the other", policy->id);
	if (!policy->any_audience && policy->audience_cnt == 0)
		return eg_error_set(err, EG_EINVAL,
		    "policy %u has no audience: name one, or say \"any\"", policy->id);
	if (policy->typ_required && policy->typ_cnt == 0)
		return eg_error_set(
		    err, EG_EINVAL, "policy %u requires a typ but allows none", policy->id);
	if (policy->cwt_typ_cnt == 0 && policy->cwt_format_cnt == 0)
		return eg_error_set(err, EG_EINVAL, "policy %u allows no typ of a CWT", policy->id);
	return check_limits(policy, err);
}

int eg_policy_find_issuer(const struct eg_policy *policy, struct eg_span iss)
{
	return find_str(policy->issuer, policy->issuer_cnt, iss);
}

static bool media_type_in(const struct eg_policy_str *list, unsigned cnt, struct eg_span typ)
{
	const struct eg_span name = eg_media_type_short(typ);

	for (unsigned i = 0; i < cnt; i++)
		if (eg_ascii_eq_lower(name, eg_policy_span(&list[i])))
			return true;
	return false;
}

bool eg_policy_typ_ok(const struct eg_policy *policy, struct eg_span typ)
{
	return media_type_in(policy->typ, policy->typ_cnt, typ);
}

bool eg_policy_cwt_typ_ok(const struct eg_policy *policy, struct eg_span typ)
{
	return media_type_in(policy->cwt_typ, policy->cwt_typ_cnt, typ);
}

bool eg_policy_cwt_format_ok(const struct eg_policy *policy, uint64_t format)
{
	for (unsigned i = 0; i < policy->cwt_format_cnt; i++)
		if (policy->cwt_format[i] == format)
			return true;
	return false;
}

bool eg_policy_audience_ok(const struct eg_policy *policy, struct eg_span audience)
{
	return find_str(policy->audience, policy->audience_cnt, audience) >= 0;
}

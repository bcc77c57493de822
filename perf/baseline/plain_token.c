/* SPDX-License-Identifier: BSD-3-Clause */
/* The rules S1 to S9 of docs/protocol.md, in their order. */
#include "plain.h"

#include <ctype.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define AUDIENCES_MAX  16u /* of a token */
#define NUMERIC_MAX    253402300799.0
#define SIGNATURE_TEXT 86u

/* A token taken apart; the JSON values live as long as header and payload. */
struct token {
	struct eg_span part[3]; /* header, payload, signature: as text */
	json_t *header, *payload;
	uint8_t signature[crypto_sign_BYTES];
	const char *kid; /* NULL: none */
	const struct plain_key *key;
};

/* ── S1 to S3: text ── */

static bool decode(struct eg_span text, uint8_t *out, size_t room, size_t *len)
{
	return sodium_base642bin(out, room, (const char *)text.ptr, text.len, NULL, len, NULL,
	           sodium_base64_VARIANT_URLSAFE_NO_PADDING) == 0;
}

static bool split(struct eg_span text, struct eg_span part[3])
{
	for (unsigned i = 0; i < 2; i++) {
		const uint8_t *dot = memchr(text.ptr, '.', text.len);

		if (dot == NULL || dot == text.ptr)
			return false;
		part[i] = eg_span(text.ptr, (size_t)(dot - text.ptr));
		text = eg_span(dot + 1, text.len - part[i].len - 1);
	}
	part[2] = text;
	return memchr(text.ptr, '.', text.len) == NULL;
}

static json_t *load_object(const uint8_t *bytes, size_t len)
{
	json_t *root = json_loadb((const char *)bytes, len, JSON_REJECT_DUPLICATES, NULL);

	if (root != NULL && !json_is_object(root)) {
		json_decref(root);
		return NULL;
	}
	return root;
}

/* Reads all three parts, so that text that is not canonical is refused before any rule looks at
 * what it says. The signature may have any length here: an RS256 token is UNSUPPORTED_ALG. */
static bool read_parts(struct token *t, struct eg_span text)
{
	uint8_t header[PLAIN_HEADER_MAX], payload[PLAIN_TOKEN_MAX], signature[PLAIN_TOKEN_MAX];
	size_t header_len, payload_len, signature_len = 0;

	if (text.len == 0 || text.len > PLAIN_TOKEN_MAX || !split(text, t->part) ||
	    !decode(t->part[0], header, sizeof(header), &header_len) ||
	    !decode(t->part[1], payload, sizeof(payload), &payload_len) ||
	    !decode(t->part[2], signature, sizeof(signature), &signature_len))
		return false;
	memcpy(t->signature, signature,
	    signature_len < sizeof(t->signature) ? signature_len : sizeof(t->signature));
	t->header = load_object(header, header_len);
	if (t->header == NULL)
		return false;
	t->payload = load_object(payload, payload_len); /* judged after the header */
	return true;
}

/* ── S4: header ── */

static enum eg_verdict check_alg(const json_t *header)
{
	const char *alg = json_string_value(json_object_get(header, "alg"));

	if (alg == NULL)
		return EG_MALFORMED;
	return strcmp(alg, "EdDSA") == 0 || strcmp(alg, "Ed25519") == 0 ? EG_OK
	                                                                : EG_UNSUPPORTED_ALG;
}

static enum eg_verdict check_cty(const json_t *cty)
{
	if (cty == NULL)
		return EG_OK;
	if (!json_is_string(cty))
		return EG_MALFORMED;
	return strcasecmp(json_string_value(cty), "JWT") == 0 ||
	               strcasecmp(json_string_value(cty), "application/JWT") == 0
	           ? EG_UNSUPPORTED
	           : EG_OK;
}

static enum eg_verdict check_typ(const json_t *typ)
{
	static const char prefix[] = "application/";
	const char *text = json_string_value(typ);

	if (typ == NULL)
		return EG_OK;
	if (text == NULL)
		return EG_MALFORMED;
	if (strncasecmp(text, prefix, sizeof(prefix) - 1) == 0)
		text += sizeof(prefix) - 1;
	return strcasecmp(text, "JWT") == 0 || strcasecmp(text, "at+jwt") == 0 ? EG_OK : EG_BAD_TYP;
}

static bool has_any(const json_t *object, const char *a, const char *b)
{
	return json_object_get(object, a) != NULL || json_object_get(object, b) != NULL;
}

static enum eg_verdict check_header(struct token *t)
{
	const json_t *kid = json_object_get(t->header, "kid");
	enum eg_verdict verdict = check_alg(t->header);

	if (verdict == EG_OK && has_any(t->header, "crit", "b64"))
		verdict = EG_UNSUPPORTED_CRIT;
	if (verdict == EG_OK && has_any(t->header, "zip", "enc"))
		verdict = EG_UNSUPPORTED;
	if (verdict == EG_OK)
		verdict = check_cty(json_object_get(t->header, "cty"));
	if (verdict == EG_OK)
		verdict = check_typ(json_object_get(t->header, "typ"));
	if (verdict == EG_OK &&
	    ((kid != NULL && !json_is_string(kid)) || t->part[2].len != SIGNATURE_TEXT))
		verdict = EG_MALFORMED;
	t->kid = json_string_value(kid);
	return verdict;
}

/* ── S5: types ── */

static bool is_short_string(const json_t *value)
{
	return value == NULL ||
	       (json_is_string(value) && json_string_length(value) <= PLAIN_NAME_MAX);
}

static bool is_time(const json_t *value)
{
	return value == NULL || (json_is_number(value) && json_number_value(value) <= NUMERIC_MAX);
}

static bool is_audience(const json_t *aud)
{
	if (aud == NULL || json_is_string(aud))
		return true;
	if (!json_is_array(aud) || json_array_size(aud) > AUDIENCES_MAX)
		return false;
	for (size_t i = 0; i < json_array_size(aud); i++)
		if (!json_is_string(json_array_get(aud, i)))
			return false;
	return true;
}

static bool is_status(const json_t *status)
{
	const json_t *list = json_object_get(status, "status_list");
	const json_t *idx = json_object_get(list, "idx");

	if (status == NULL || (json_is_object(status) && list == NULL))
		return true;
	return json_is_integer(idx) && json_integer_value(idx) >= 0 &&
	       json_integer_value(idx) <= UINT32_MAX &&
	       json_is_string(json_object_get(list, "uri"));
}

static bool types_are_right(const json_t *payload)
{
	static const char *const strings[] = {"iss", "sub", "jti", "sid"};
	static const char *const times[] = {"exp", "nbf", "iat"};
	const json_t *cnf = json_object_get(payload, "cnf");

	for (unsigned i = 0; i < sizeof(strings) / sizeof(strings[0]); i++)
		if (!is_short_string(json_object_get(payload, strings[i])))
			return false;
	for (unsigned i = 0; i < sizeof(times) / sizeof(times[0]); i++)
		if (!is_time(json_object_get(payload, times[i])))
			return false;
	return is_audience(json_object_get(payload, "aud")) &&
	       (cnf == NULL || json_is_object(cnf)) &&
	       is_status(json_object_get(payload, "status"));
}

/* ── S6 to S8: values and signature ── */

static enum eg_verdict find_key(const struct plain_policy *policy, struct token *t)
{
	const char *iss = json_string_value(json_object_get(t->payload, "iss"));
	const struct plain_issuer *issuer = iss != NULL ? plain_policy_issuer(policy, iss) : NULL;

	if (issuer == NULL)
		return EG_BAD_ISS;
	t->key = plain_issuer_key(issuer, t->kid);
	return t->key != NULL ? EG_OK : EG_UNKNOWN_KEY;
}

static bool audience_is(const struct plain_policy *policy, const json_t *aud)
{
	for (unsigned i = 0; i < policy->audience_cnt && json_is_string(aud); i++)
		if (strcmp(policy->audience[i], json_string_value(aud)) == 0)
			return true;
	for (size_t i = 0; i < json_array_size(aud); i++)
		if (audience_is(policy, json_array_get(aud, i)))
			return true;
	return false;
}

static enum eg_verdict check_claims(
    const struct plain_policy *policy, const struct token *t, double now_s)
{
	const json_t *exp = json_object_get(t->payload, "exp");
	const json_t *nbf = json_object_get(t->payload, "nbf");
	const json_t *iat = json_object_get(t->payload, "iat");

	if (exp == NULL)
		return EG_NO_EXP;
	if (now_s >= floor(json_number_value(exp)))
		return EG_EXPIRED;
	if (nbf != NULL && now_s < ceil(json_number_value(nbf)))
		return EG_NOT_YET_VALID;
	if (iat != NULL && ceil(json_number_value(iat)) > now_s)
		return EG_ISSUED_IN_FUTURE;
	return audience_is(policy, json_object_get(t->payload, "aud")) ? EG_OK : EG_BAD_AUD;
}

static enum eg_verdict check_signature(const struct token *t)
{
	size_t signed_len = t->part[0].len + 1 + t->part[1].len;

	return crypto_sign_verify_detached(
	           t->signature, t->part[0].ptr, signed_len, t->key->public) == 0
	           ? EG_OK
	           : EG_BAD_SIGNATURE;
}

static enum eg_verdict check_payload(
    const struct plain_policy *policy, struct token *t, uint8_t flags, double now_s)
{
	bool strict = (flags & EG_EGT_STRICT_ORDER) != 0;
	enum eg_verdict verdict;

	if (t->payload == NULL || !types_are_right(t->payload))
		return EG_MALFORMED;
	verdict = find_key(policy, t);
	if (verdict == EG_OK && strict)
		verdict = check_signature(t);
	if (verdict == EG_OK)
		verdict = check_claims(policy, t, now_s);
	if (verdict == EG_OK && !strict)
		verdict = check_signature(t);
	if (verdict == EG_OK && json_object_get(t->payload, "status") != NULL)
		verdict = EG_STATUS_UNKNOWN; /* it has no lists */
	return verdict;
}

/* ── the whole ── */

static enum eg_verdict judge_jwt(
    const struct plain_policy *policy, struct eg_span text, uint8_t flags, double now_s)
{
	struct token t = {0};
	enum eg_verdict verdict = EG_MALFORMED;

	if (read_parts(&t, text))
		verdict = check_header(&t);
	if (verdict == EG_OK)
		verdict = check_payload(policy, &t, flags, now_s);
	json_decref(t.header);
	json_decref(t.payload);
	return verdict;
}

static bool is_jwt(const struct eg_egt_record *record)
{
	struct eg_span text = record->token;

	if (record->fmt != EG_FMT_DETECT)
		return record->fmt == EG_FMT_JWT;
	if (text.len != 0 && text.ptr[0] >= 0x80)
		return false; /* a CWT */
	return text.len < 3 || text.ptr[0] != 'v' || !isdigit(text.ptr[1]) || text.ptr[2] != '.';
}

struct eg_egt_answer plain_judge(const struct plain_policy *policy,
    const struct eg_egt_record *record, uint8_t flags, double now_s)
{
	enum eg_verdict verdict;

	if (record->policy_id != 0 && record->policy_id != PLAIN_POLICY)
		verdict = EG_UNKNOWN_POLICY;
	else if (!is_jwt(record))
		verdict = EG_UNSUPPORTED;
	else
		verdict = judge_jwt(policy, record->token, flags, now_s);
	return (struct eg_egt_answer){.status = (uint8_t)verdict};
}

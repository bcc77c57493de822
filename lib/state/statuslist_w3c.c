/* SPDX-License-Identifier: BSD-3-Clause */
/* The claims of a W3C BitstringStatusListCredential (Bitstring Status List 1.0, section 2.2; as a
 * JWT: VC-JOSE-COSE, or the member vc of VC 1.1). */
#include "statuslist.h"

#define MULTIBASE_BASE64URL 'u'
#define MS_PER_S            1000

static bool is_text(const struct eg_json_value *value, const char *text)
{
	return value != NULL && value->type == EG_JSON_STRING && !value->escaped &&
	       eg_span_eq_str(value->raw, text);
}

/* A text, or an array with the text in it. */
static bool has_text(const struct eg_json_value *value, const char *text)
{
	struct eg_json_value element;
	struct eg_span rest;

	if (value == NULL || value->type != EG_JSON_ARRAY)
		return is_text(value, text);
	rest = value->raw;
	while (eg_json_next_element(&rest, &element))
		if (is_text(&element, text))
			return true;
	return false;
}

/* Where an array would allow more purposes, a bit would not tell which one it is set for. */
static bool is_revocation(const struct eg_json_value *purpose)
{
	struct eg_json_value element;
	struct eg_span rest;

	if (purpose == NULL || purpose->type != EG_JSON_ARRAY)
		return is_text(purpose, "revocation");
	rest = purpose->raw;
	return eg_json_next_element(&rest, &element) && is_text(&element, "revocation") &&
	       !eg_json_next_element(&rest, &element);
}

static bool read_text(
    const struct eg_json_value *value, struct eg_json_arena *arena, struct eg_span *out, bool *has)
{
	if (value == NULL)
		return true;
	*has = true;
	if (value->type != EG_JSON_STRING)
		return false;
	*out = eg_json_string(value, arena);
	return true;
}

static int read_date(const struct eg_json_object *credential, const char *name,
    struct eg_json_arena *arena, int64_t *floor_s, bool *has, struct eg_error *err)
{
	const struct eg_json_value *value = eg_json_find(credential, name);
	int64_t ceil_s;

	if (value == NULL)
		return 0;
	*has = true;
	if (value->type != EG_JSON_STRING ||
	    !eg_rfc3339(eg_json_string(value, arena), floor_s, &ceil_s))
		return eg_statuslist_fault(name, "a date and time with its offset", err);
	return 0;
}

static int read_number(const struct eg_json_object *object, const char *name, int64_t *floor_s,
    bool *has, struct eg_error *err)
{
	const struct eg_json_value *value = eg_json_find(object, name);
	int64_t ceil_s;

	if (value == NULL)
		return 0;
	*has = true;
	if (value->type != EG_JSON_NUMBER || !eg_numeric_date(value->raw, floor_s, &ceil_s))
		return eg_statuslist_fault(name, "a number", err);
	return 0;
}

/* By the names of VC 2.0, else by those of VC 1.1. It counts from validFrom on, which also tells it
 * from older ones. */
static int read_dates(
    const struct eg_json_object *credential, struct eg_statuslist_claims *out, struct eg_error *err)
{
	int rc = read_date(credential, "validFrom", &out->arena, &out->nbf_s, &out->has_nbf, err);

	if (rc == 0 && !out->has_nbf)
		rc = read_date(
		    credential, "issuanceDate", &out->arena, &out->nbf_s, &out->has_nbf, err);
	if (rc == 0)
		rc = read_date(
		    credential, "validUntil", &out->arena, &out->exp_s, &out->has_exp, err);
	if (rc == 0 && !out->has_exp)
		rc = read_date(
		    credential, "expirationDate", &out->arena, &out->exp_s, &out->has_exp, err);
	out->iat_s = out->nbf_s;
	out->has_iat = out->has_nbf;
	return rc;
}

/* issuer: a URL, or an object with one as id. */
static int read_issuer(
    const struct eg_json_object *credential, struct eg_statuslist_claims *out, struct eg_error *err)
{
	const struct eg_json_value *issuer = eg_json_find(credential, "issuer");
	struct eg_json_object object;

	if (issuer != NULL && issuer->type == EG_JSON_OBJECT) {
		if (!eg_json_open_object(issuer, &out->arena, &object))
			return eg_statuslist_fault("issuer", "an object without a name twice", err);
		issuer = eg_json_find(&object, "id");
		if (issuer == NULL)
			return eg_statuslist_fault("issuer", "an object with an id", err);
	}
	if (!read_text(issuer, &out->arena, &out->iss, &out->has_iss))
		return eg_statuslist_fault("issuer", "a URL, or an object with an id", err);
	return 0;
}

static int read_subject(
    const struct eg_json_value *value, struct eg_statuslist_claims *out, struct eg_error *err)
{
	const struct eg_json_value *list;
	struct eg_json_object subject;
	int rc;

	if (value == NULL || !eg_json_open_object(value, &out->arena, &subject))
		return eg_statuslist_fault(
		    "credentialSubject", "an object without a name twice", err);
	if (!is_text(eg_json_find(&subject, "type"), "BitstringStatusList"))
		return eg_statuslist_fault("credentialSubject.type", "BitstringStatusList", err);
	if (!is_revocation(eg_json_find(&subject, "statusPurpose")))
		return eg_statuslist_fault(
		    "credentialSubject.statusPurpose", "revocation, and nothing else", err);
	rc = read_number(&subject, "ttl", &out->ttl_s, &out->has_ttl, err);
	if (rc != 0)
		return rc;
	out->ttl_s /= MS_PER_S;
	list = eg_json_find(&subject, "encodedList");
	if (list == NULL || list->type != EG_JSON_STRING || list->raw.len == 0 ||
	    list->raw.ptr[0] != MULTIBASE_BASE64URL)
		return eg_statuslist_fault("credentialSubject.encodedList",
		    "multibase text in base64url (it begins with u)", err);
	out->bits = 1;
	out->has_list = true;
	return eg_statuslist_unpack_text(list, 1, "credentialSubject.encodedList", out, err);
}

static int read_credential(
    const struct eg_json_object *credential, struct eg_statuslist_claims *out, struct eg_error *err)
{
	int rc;

	if (!has_text(eg_json_find(credential, "type"), "BitstringStatusListCredential"))
		return eg_statuslist_fault("type", "BitstringStatusListCredential", err);
	if (!read_text(eg_json_find(credential, "id"), &out->arena, &out->sub, &out->has_sub))
		return eg_statuslist_fault("id", "a URL", err);
	rc = read_issuer(credential, out, err);
	if (rc == 0)
		rc = read_dates(credential, out, err);
	if (rc == 0)
		rc = read_subject(eg_json_find(credential, "credentialSubject"), out, err);
	return rc;
}

/* VC 1.1 lets a JWT say id and issuer in the credential's place. Where both name an issuer, it is
 * the same. */
static int read_names(
    const struct eg_json_object *object, struct eg_statuslist_claims *out, struct eg_error *err)
{
	struct eg_span iss = out->iss;
	bool has_iss = false;

	if (!out->has_sub &&
	    !read_text(eg_json_find(object, "jti"), &out->arena, &out->sub, &out->has_sub))
		return eg_statuslist_fault("jti", "a URL", err);
	if (!read_text(eg_json_find(object, "iss"), &out->arena, &iss, &has_iss) ||
	    (out->has_iss && !eg_span_eq(iss, out->iss)))
		return eg_statuslist_fault("iss", "the issuer of the credential", err);
	out->iss = iss;
	out->has_iss = out->has_iss || has_iss;
	return out->has_iss ? 0
	                    : eg_statuslist_fault("issuer", "a URL, or an object with an id", err);
}

/* What a JWT says beside the credential; where both say it, the earlier exp, the later nbf and the
 * JWT's iat count. */
static int read_times(
    const struct eg_json_object *object, struct eg_statuslist_claims *out, struct eg_error *err)
{
	bool has_exp = false, has_nbf = false;
	int64_t exp_s = 0, nbf_s = 0;
	int rc = read_number(object, "nbf", &nbf_s, &has_nbf, err);

	if (rc == 0 && has_nbf && (!out->has_nbf || nbf_s > out->nbf_s)) {
		out->nbf_s = nbf_s;
		out->has_nbf = true;
	}
	if (rc == 0 && has_nbf && !out->has_iat) {
		out->iat_s = nbf_s;
		out->has_iat = true;
	}
	if (rc == 0)
		rc = read_number(object, "iat", &out->iat_s, &out->has_iat, err);
	if (rc == 0)
		rc = read_number(object, "exp", &exp_s, &has_exp, err);
	if (rc == 0 && has_exp && (!out->has_exp || exp_s < out->exp_s)) {
		out->exp_s = exp_s;
		out->has_exp = true;
	}
	return rc;
}

static int read_claims(
    const struct eg_json_object *object, struct eg_statuslist_claims *out, struct eg_error *err)
{
	int rc = read_names(object, out, err);

	return rc == 0 ? read_times(object, out, err) : rc;
}

int eg_statuslist_claims_w3c(
    struct eg_span payload, struct eg_statuslist_claims *out, struct eg_error *err)
{
	const struct eg_json_value *vc;
	struct eg_json_object object, inner;
	int rc;

	if (!eg_json_parse_object(payload, &out->arena, &object))
		return eg_statuslist_fault("it", "a strict JSON object", err);
	vc = eg_json_find(&object, "vc");
	if (vc == NULL) {
		rc = read_credential(&object, out, err);
	} else {
		if (!eg_json_open_object(vc, &out->arena, &inner))
			return eg_statuslist_fault("vc", "an object without a name twice", err);
		rc = read_credential(&inner, out, err);
	}
	return rc == 0 ? read_claims(&object, out, err) : rc;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "eg_token.h"

#include "eg_base64url.h"
#include "eg_json.h"
#include "media_type.h"

#define SIGNATURE_CHARS EG_BASE64URL_ENCODED_BYTES(sizeof(((struct eg_token *)0)->signature))

struct segments {
	struct eg_span header, payload, signature;
};

static struct eg_finding pass(void)
{
	return eg_finding(EG_OK, EG_DETAIL_NONE);
}

static struct eg_finding refuse(enum eg_verdict status)
{
	return eg_finding(status, EG_DETAIL_NONE);
}

static struct eg_finding malformed(enum eg_detail detail)
{
	return eg_finding(EG_MALFORMED, detail);
}

/* What stands before the first dot of *rest, which moves on behind the dot. */
static bool next_segment(struct eg_span *rest, struct eg_span *segment)
{
	const uint8_t *dot = memchr(rest->ptr, '.', rest->len);

	if (dot == NULL)
		return false;
	*segment = eg_span(rest->ptr, (size_t)(dot - rest->ptr));
	*rest = eg_span(dot + 1, rest->len - segment->len - 1);
	return true;
}

/* S2 and S3. A third dot is no character of the alphabet. */
static bool split(struct eg_span token, struct segments *out)
{
	struct eg_span rest = token;

	if (!next_segment(&rest, &out->header) || !next_segment(&rest, &out->payload))
		return false;
	out->signature = rest;
	return out->header.len != 0 && out->payload.len != 0 &&
	       eg_base64url_is_alphabet(out->header) && eg_base64url_is_alphabet(out->payload) &&
	       eg_base64url_is_alphabet(out->signature) && eg_base64url_is_canonical(out->header) &&
	       eg_base64url_is_canonical(out->payload) && eg_base64url_is_canonical(out->signature);
}

/* Decodes a segment of at most `max` bytes into `room` and lists its members. */
static bool open_segment(struct eg_span segment, uint8_t *room, size_t max,
    struct eg_json_arena *arena, struct eg_json_object *out)
{
	const size_t len = EG_BASE64URL_DECODED_BYTES(segment.len);

	return len <= max && eg_base64url_decode(segment, room) &&
	       eg_json_parse_object(eg_span(room, len), arena, out);
}

static bool read_string(
    const struct eg_json_value *value, struct eg_json_arena *arena, struct eg_span *out)
{
	if (value->type != EG_JSON_STRING)
		return false;
	*out = eg_json_string(value, arena);
	return true;
}

/* A string that others may handle as a C string: no NUL in it. */
static bool read_name(
    const struct eg_json_value *value, struct eg_json_arena *arena, struct eg_span *out)
{
	return read_string(value, arena, out) && memchr(out->ptr, 0, out->len) == NULL;
}

static struct eg_finding check_alg(const struct eg_json_object *header, struct eg_json_arena *arena)
{
	const struct eg_json_value *value = eg_json_find(header, "alg");
	struct eg_span alg;

	if (value == NULL || !read_string(value, arena, &alg))
		return malformed(EG_DETAIL_ALG);
	if (!eg_span_eq_str(alg, "EdDSA") && !eg_span_eq_str(alg, "Ed25519"))
		return refuse(EG_UNSUPPORTED_ALG);
	return pass();
}

static struct eg_finding check_extensions(const struct eg_json_object *header)
{
	if (eg_json_find(header, "crit") != NULL || eg_json_find(header, "b64") != NULL)
		return refuse(EG_UNSUPPORTED_CRIT);
	if (eg_json_find(header, "zip") != NULL || eg_json_find(header, "enc") != NULL)
		return refuse(EG_UNSUPPORTED);
	return pass();
}

static struct eg_finding check_cty(const struct eg_json_object *header, struct eg_json_arena *arena)
{
	const struct eg_json_value *value = eg_json_find(header, "cty");
	struct eg_span cty;

	if (value == NULL)
		return pass();
	if (!read_string(value, arena, &cty))
		return malformed(EG_DETAIL_CTY);
	if (eg_ascii_eq_lower(eg_media_type_short(cty), eg_span_str("jwt")))
		return refuse(EG_UNSUPPORTED);
	return pass();
}

static struct eg_finding check_typ(const struct eg_json_object *header,
    const struct eg_policy *policy, struct eg_json_arena *arena, struct eg_token *out)
{
	const struct eg_json_value *value = eg_json_find(header, "typ");
	struct eg_span typ;

	if (value == NULL)
		return policy->typ_required ? refuse(EG_BAD_TYP) : pass();
	if (!read_string(value, arena, &typ))
		return malformed(EG_DETAIL_TYP);
	out->has |= EG_HAS_TYP;
	return eg_policy_typ_ok(policy, typ) ? pass() : refuse(EG_BAD_TYP);
}

static struct eg_finding read_kid(
    const struct eg_json_object *header, struct eg_json_arena *arena, struct eg_token *out)
{
	const struct eg_json_value *value = eg_json_find(header, "kid");

	if (value == NULL)
		return pass();
	if (!read_name(value, arena, &out->kid))
		return malformed(EG_DETAIL_KID);
	out->has |= EG_HAS_KID;
	return pass();
}

/* S4. */
static struct eg_finding read_header(struct eg_span segment, const struct eg_policy *policy,
    struct eg_token_scratch *scratch, struct eg_json_arena *arena, struct eg_token *out)
{
	struct eg_json_object header;
	struct eg_finding f;

	if (!open_segment(segment, scratch->header, EG_TOKEN_HEADER_MAX, arena, &header))
		return malformed(EG_DETAIL_HEADER);
	f = check_alg(&header, arena);
	if (f.status == EG_OK)
		f = check_extensions(&header);
	if (f.status == EG_OK)
		f = check_cty(&header, arena);
	if (f.status == EG_OK)
		f = check_typ(&header, policy, arena, out);
	if (f.status == EG_OK)
		f = read_kid(&header, arena, out);
	return f;
}

static bool read_strings(const struct eg_json_object *claims, struct eg_json_arena *arena,
    struct eg_token *out, enum eg_detail *fault)
{
	const struct {
		const char *name;
		enum eg_token_member member;
		enum eg_detail detail;
		struct eg_span *text;
	} known[] = {
	    {"iss", EG_HAS_ISS, EG_DETAIL_ISS, &out->iss},
	    {"sub", EG_HAS_SUB, EG_DETAIL_SUB, &out->sub},
	    {"jti", EG_HAS_JTI, EG_DETAIL_JTI, &out->jti},
	    {"sid", EG_HAS_SID, EG_DETAIL_SID, &out->sid},
	};

	for (unsigned i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		const struct eg_json_value *value = eg_json_find(claims, known[i].name);

		if (value == NULL)
			continue;
		*fault = known[i].detail;
		if (!read_name(value, arena, known[i].text) ||
		    known[i].text->len > EG_TOKEN_STRING_MAX)
			return false;
		out->has |= known[i].member;
	}
	return true;
}

static bool read_times(
    const struct eg_json_object *claims, struct eg_token *out, enum eg_detail *fault)
{
	int64_t unused;
	const struct {
		const char *name;
		enum eg_token_member member;
		enum eg_detail detail;
		int64_t *floor_s, *ceil_s;
	} known[] = {
	    {"exp", EG_HAS_EXP, EG_DETAIL_EXP, &out->exp_s, &unused},
	    {"nbf", EG_HAS_NBF, EG_DETAIL_NBF, &unused, &out->nbf_s},
	    {"iat", EG_HAS_IAT, EG_DETAIL_IAT, &out->iat_floor_s, &out->iat_s},
	};

	for (unsigned i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		const struct eg_json_value *value = eg_json_find(claims, known[i].name);

		if (value == NULL)
			continue;
		*fault = known[i].detail;
		if (value->type != EG_JSON_NUMBER ||
		    !eg_numeric_date(value->raw, known[i].floor_s, known[i].ceil_s))
			return false;
		out->has |= known[i].member;
	}
	return true;
}

static bool read_aud(
    const struct eg_json_object *claims, struct eg_json_arena *arena, struct eg_token *out)
{
	const struct eg_json_value *value = eg_json_find(claims, "aud");
	struct eg_json_value element;
	struct eg_span rest;

	if (value == NULL)
		return true;
	out->has |= EG_HAS_AUD;
	if (value->type != EG_JSON_ARRAY) {
		out->aud_cnt = 1;
		return read_name(value, arena, &out->aud[0]);
	}
	rest = value->raw;
	while (eg_json_next_element(&rest, &element)) {
		if (out->aud_cnt == EG_TOKEN_AUD_MAX ||
		    !read_name(&element, arena, &out->aud[out->aud_cnt]))
			return false;
		out->aud_cnt++;
	}
	return true;
}

static bool read_cnf(
    const struct eg_json_object *claims, struct eg_json_arena *arena, struct eg_token *out)
{
	const struct eg_json_value *value = eg_json_find(claims, "cnf");
	struct eg_json_object cnf;

	if (value == NULL)
		return true;
	if (!eg_json_open_object(value, arena, &cnf))
		return false;
	out->has |= EG_HAS_CNF;
	value = eg_json_find(&cnf, "jkt");
	if (value != NULL && read_string(value, arena, &out->jkt))
		out->has |= EG_HAS_JKT;
	return true;
}

/* Plain digits below 2^32. */
static bool read_idx(const struct eg_json_value *value, uint32_t *idx)
{
	uint64_t v = 0;

	if (value->type != EG_JSON_NUMBER || value->raw.len > 10)
		return false;
	for (size_t i = 0; i < value->raw.len; i++) {
		uint8_t c = value->raw.ptr[i];

		if (c < '0' || c > '9')
			return false;
		v = v * 10 + (uint64_t)(c - '0');
	}
	*idx = (uint32_t)v;
	return v <= UINT32_MAX;
}

static bool read_status_list(
    const struct eg_json_value *value, struct eg_json_arena *arena, struct eg_token *out)
{
	const struct eg_json_value *idx, *uri;
	struct eg_json_object list;

	if (!eg_json_open_object(value, arena, &list))
		return false;
	idx = eg_json_find(&list, "idx");
	uri = eg_json_find(&list, "uri");
	if (idx == NULL || uri == NULL || !read_idx(idx, &out->status_idx) ||
	    !read_string(uri, arena, &out->status_uri))
		return false;
	out->has |= EG_HAS_STATUS_LIST;
	return true;
}

static bool read_status(
    const struct eg_json_object *claims, struct eg_json_arena *arena, struct eg_token *out)
{
	const struct eg_json_value *value = eg_json_find(claims, "status");
	struct eg_json_object status;

	if (value == NULL)
		return true;
	if (!eg_json_open_object(value, arena, &status))
		return false;
	out->has |= EG_HAS_STATUS;
	value = eg_json_find(&status, "status_list");
	return value == NULL || read_status_list(value, arena, out);
}

/* S5. */
static struct eg_finding read_payload(struct eg_span segment, struct eg_token_scratch *scratch,
    struct eg_json_arena *arena, struct eg_token *out)
{
	struct eg_json_object claims;
	enum eg_detail fault;

	if (!open_segment(segment, scratch->payload, EG_TOKEN_PAYLOAD_MAX, arena, &claims))
		return malformed(EG_DETAIL_PAYLOAD);
	if (!read_strings(&claims, arena, out, &fault) || !read_times(&claims, out, &fault))
		return malformed(fault);
	if (!read_aud(&claims, arena, out))
		return malformed(EG_DETAIL_AUD);
	if (!read_cnf(&claims, arena, out))
		return malformed(EG_DETAIL_CNF);
	if (!read_status(&claims, arena, out))
		return malformed(EG_DETAIL_STATUS);
	return pass();
}

struct eg_finding eg_jwt_parse(struct eg_span token, const struct eg_policy *policy,
    struct eg_token_scratch *scratch, struct eg_token *out)
{
	struct eg_json_arena arena = {scratch->text, sizeof(scratch->text)};
	struct segments segments;
	struct eg_finding f;

	*out = (struct eg_token){.fmt = EG_TOKEN_JWT};
	if (token.len == 0 || token.len > policy->max_token_bytes || !split(token, &segments))
		return malformed(EG_DETAIL_TOKEN);
	f = read_header(segments.header, policy, scratch, &arena, out);
	if (f.status != EG_OK)
		return f;
	if (segments.signature.len != SIGNATURE_CHARS ||
	    !eg_base64url_decode(segments.signature, out->signature))
		return malformed(EG_DETAIL_SIGNATURE);
	out->signed_bytes = eg_span(token.ptr, segments.header.len + 1 + segments.payload.len);
	return read_payload(segments.payload, scratch, &arena, out);
}

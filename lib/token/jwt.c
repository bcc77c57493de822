/* SPDX-License-Identifier: BSD-3-Clause */
#include "eg_token.h"

#include "claims_json.h"
#include "eg_base64url.h"
#include "jwt_header.h"

#define SIGNATURE_BYTES sizeof(((struct eg_token *)0)->signature)
#define SIGNATURE_CHARS EG_BASE64URL_ENCODED_BYTES(SIGNATURE_BYTES)

struct segments {
	struct eg_span header, payload, signature;
};

static struct eg_finding malformed(enum eg_detail detail)
{
	return eg_finding(EG_MALFORMED, detail);
}

/* ── S2, S3 ── */

/* Where the second dot is. A good token has it in front of 86 characters; where there is a dot it
 * may be taken for the second one, since any further dot is no character of a segment. */
static const uint8_t *second_dot(struct eg_span rest)
{
	if (rest.len > SIGNATURE_CHARS && rest.ptr[rest.len - SIGNATURE_CHARS - 1] == '.')
		return rest.ptr + (rest.len - SIGNATURE_CHARS - 1);
	return memchr(rest.ptr, '.', rest.len);
}

/* S2, but for the alphabet. header_len: where it is known already, else 0. */
static bool split(struct eg_span token, size_t header_len, struct segments *out)
{
	const uint8_t *const end = token.ptr + token.len;
	const uint8_t *first = token.ptr + header_len, *second;

	if (header_len == 0)
		first = memchr(token.ptr, '.', token.len);
	if (first == NULL)
		return false;
	second = second_dot(eg_span(first + 1, (size_t)(end - first - 1)));
	if (second == NULL)
		return false;
	out->header = eg_span(token.ptr, (size_t)(first - token.ptr));
	out->payload = eg_span(first + 1, (size_t)(second - first - 1));
	out->signature = eg_span(second + 1, (size_t)(end - second - 1));
	return out->header.len != 0 && out->payload.len != 0;
}

/* Decodes a segment into `room` bytes, or only looks whether it could be decoded where they are
 * too few. */
static bool decode(struct eg_span segment, uint8_t *out, size_t room)
{
	if (EG_BASE64URL_DECODED_BYTES(segment.len) > room)
		return eg_base64url_valid(segment);
	return eg_base64url_decode(segment, out);
}

/* ── S1–S5 ── */

static bool read_time(const struct eg_json_value *value, struct eg_json_arena *arena,
    int64_t *floor_s, int64_t *ceil_s)
{
	(void)arena;
	return value->type == EG_JSON_NUMBER && eg_numeric_date(value->raw, floor_s, ceil_s);
}

static const struct eg_claims_format jwt_claims = {read_time, .aud_may_be_array = true};

static struct eg_span decoded(struct eg_span segment, const uint8_t *bytes)
{
	return eg_span(bytes, EG_BASE64URL_DECODED_BYTES(segment.len));
}

/* S1–S3, of all segments before anything is said about what is in them. A header that is
 * remembered has passed. */
static bool open_token(struct eg_span token, const struct eg_jwt_header *known,
    struct eg_token_scratch *scratch, struct segments *segments, uint8_t *signature)
{
	return split(token, known != NULL ? known->segment_len : 0, segments) &&
	       (known != NULL || decode(segments->header, scratch->header, EG_TOKEN_HEADER_MAX)) &&
	       decode(segments->payload, scratch->payload, EG_TOKEN_PAYLOAD_MAX) &&
	       decode(segments->signature, signature, SIGNATURE_BYTES);
}

struct eg_finding eg_jwt_parse(struct eg_span token, const struct eg_policy *policy,
    struct eg_token_scratch *scratch, struct eg_token *out)
{
	const struct eg_jwt_header *known = eg_jwt_header_recall(&scratch->headers, token);
	struct eg_json_arena arena = {scratch->text, sizeof(scratch->text)};
	struct segments segments;
	struct eg_span payload;
	struct eg_finding f;

	eg_token_clear(out, EG_TOKEN_JWT);
	if (token.len == 0 || token.len > policy->max_token_bytes ||
	    !open_token(token, known, scratch, &segments, out->signature))
		return malformed(EG_DETAIL_TOKEN);
	if (known != NULL)
		f = eg_jwt_header_apply(known, policy, out);
	else
		f = eg_jwt_header_read(segments.header, decoded(segments.header, scratch->header),
		    policy, scratch, &arena, out);
	if (f.status != EG_OK)
		return f;
	if (segments.signature.len != SIGNATURE_CHARS)
		return malformed(EG_DETAIL_SIGNATURE);
	payload = decoded(segments.payload, scratch->payload);
	if (payload.len > EG_TOKEN_PAYLOAD_MAX)
		return malformed(EG_DETAIL_PAYLOAD);
	out->signed_bytes = eg_span(token.ptr, segments.header.len + 1 + segments.payload.len);
	return eg_claims_from_json(payload, &jwt_claims, &arena, out);
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "eg_token.h"

#include "claims_json.h"
#include "eg_base64url.h"
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

/* ── S2, S3 ── */

/* Where the second dot is. A good token has it in front of 86 characters; where there is a dot it
 * may be taken for the second one, since any further dot is no character of a segment. */
static const uint8_t *second_dot(struct eg_span rest)
{
	const uint8_t *expected = rest.ptr + rest.len - SIGNATURE_CHARS - 1;

	if (rest.len > SIGNATURE_CHARS && *expected == '.')
		return expected;
	return memchr(rest.ptr, '.', rest.len);
}

/* S2, but for the alphabet. */
static bool split(struct eg_span token, struct segments *out)
{
	const uint8_t *const end = token.ptr + token.len;
	const uint8_t *first = memchr(token.ptr, '.', token.len), *second;

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

/* The rest of S2, and S3, of all segments before anything is said about what is in them. */
static bool decode_all(
    const struct segments *segments, struct eg_token_scratch *scratch, struct eg_token *out)
{
	return decode(segments->header, scratch->header, EG_TOKEN_HEADER_MAX) &&
	       decode(segments->payload, scratch->payload, EG_TOKEN_PAYLOAD_MAX) &&
	       decode(segments->signature, out->signature, sizeof(out->signature));
}

/* ── S4 ── */

enum slot { ALG, CRIT, B64, ZIP, ENC, CTY, TYP, KID };

#define KNOWN(a, b, c, slot)                                                                       \
	[EG_JSON_PLACE(EG_JSON_NAME3(a, b, c))] = {EG_JSON_NAME3(a, b, c), NULL, NULL, slot}
#define CRIT_WORD EG_JSON_WORD(4, 'c', 'r', 'i', 't', 0, 0, 0)

static const struct eg_json_shape header_shape = {{
    KNOWN('a', 'l', 'g', ALG),
    [EG_JSON_PLACE(CRIT_WORD)] = {CRIT_WORD, NULL, NULL, CRIT},
    KNOWN('b', '6', '4', B64),
    KNOWN('z', 'i', 'p', ZIP),
    KNOWN('e', 'n', 'c', ENC),
    KNOWN('c', 't', 'y', CTY),
    KNOWN('t', 'y', 'p', TYP),
    KNOWN('k', 'i', 'd', KID),
}};

static struct eg_finding check_alg(const struct eg_json_known *header, struct eg_json_arena *arena)
{
	struct eg_span alg;

	if (!eg_json_has(header, ALG) || !eg_claims_string(&header->value[ALG], arena, &alg))
		return malformed(EG_DETAIL_ALG);
	if (!eg_span_eq_str(alg, "EdDSA") && !eg_span_eq_str(alg, "Ed25519"))
		return refuse(EG_UNSUPPORTED_ALG);
	return pass();
}

static struct eg_finding check_extensions(const struct eg_json_known *header)
{
	if (eg_json_has(header, CRIT) || eg_json_has(header, B64))
		return refuse(EG_UNSUPPORTED_CRIT);
	if (eg_json_has(header, ZIP) || eg_json_has(header, ENC))
		return refuse(EG_UNSUPPORTED);
	return pass();
}

static struct eg_finding check_cty(const struct eg_json_known *header, struct eg_json_arena *arena)
{
	struct eg_span cty;

	if (!eg_json_has(header, CTY))
		return pass();
	if (!eg_claims_string(&header->value[CTY], arena, &cty))
		return malformed(EG_DETAIL_CTY);
	if (eg_ascii_eq_lower(eg_media_type_short(cty), eg_span_str("jwt")))
		return refuse(EG_UNSUPPORTED);
	return pass();
}

static struct eg_finding check_typ(const struct eg_json_known *header,
    const struct eg_policy *policy, struct eg_json_arena *arena, struct eg_token *out)
{
	struct eg_span typ;

	if (!eg_json_has(header, TYP))
		return policy->typ_required ? refuse(EG_BAD_TYP) : pass();
	if (!eg_claims_string(&header->value[TYP], arena, &typ))
		return malformed(EG_DETAIL_TYP);
	out->has |= EG_HAS_TYP;
	return eg_policy_typ_ok(policy, typ) ? pass() : refuse(EG_BAD_TYP);
}

static struct eg_finding read_kid(
    const struct eg_json_known *header, struct eg_json_arena *arena, struct eg_token *out)
{
	if (!eg_json_has(header, KID))
		return pass();
	if (!eg_claims_name(&header->value[KID], arena, &out->kid))
		return malformed(EG_DETAIL_KID);
	out->has |= EG_HAS_KID;
	return pass();
}

static struct eg_finding read_header(struct eg_span text, const struct eg_policy *policy,
    struct eg_json_arena *arena, struct eg_token *out)
{
	struct eg_json_known header;
	struct eg_finding f;

	if (text.len > EG_TOKEN_HEADER_MAX || !eg_json_read(text, &header_shape, arena, &header))
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

struct eg_finding eg_jwt_parse(struct eg_span token, const struct eg_policy *policy,
    struct eg_token_scratch *scratch, struct eg_token *out)
{
	struct eg_json_arena arena = {scratch->text, sizeof(scratch->text)};
	struct segments segments;
	struct eg_span payload;
	struct eg_finding f;

	eg_token_clear(out, EG_TOKEN_JWT);
	if (token.len == 0 || token.len > policy->max_token_bytes || !split(token, &segments) ||
	    !decode_all(&segments, scratch, out))
		return malformed(EG_DETAIL_TOKEN);
	f = read_header(decoded(segments.header, scratch->header), policy, &arena, out);
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

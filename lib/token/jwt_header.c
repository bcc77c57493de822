/* SPDX-License-Identifier: BSD-3-Clause */
#include "jwt_header.h"

#include "claims_json.h"
#include "media_type.h"

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

/* ── the rules ── */

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

/* typ: NULL where there is none. */
static struct eg_finding judge_typ(
    const struct eg_span *typ, const struct eg_policy *policy, struct eg_token *out)
{
	if (typ == NULL)
		return policy->typ_required ? refuse(EG_BAD_TYP) : pass();
	out->has |= EG_HAS_TYP;
	return eg_policy_typ_ok(policy, *typ) ? pass() : refuse(EG_BAD_TYP);
}

static struct eg_finding check_typ(const struct eg_json_known *header,
    const struct eg_policy *policy, struct eg_json_arena *arena, struct eg_token *out)
{
	struct eg_span typ;

	if (!eg_json_has(header, TYP))
		return judge_typ(NULL, policy, out);
	if (!eg_claims_string(&header->value[TYP], arena, &typ))
		return malformed(EG_DETAIL_TYP);
	return judge_typ(&typ, policy, out);
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

static struct eg_finding check(const struct eg_json_known *header, const struct eg_policy *policy,
    struct eg_json_arena *arena, struct eg_token *out)
{
	struct eg_finding f = check_alg(header, arena);

	if (f.status == EG_OK)
		f = check_extensions(header);
	if (f.status == EG_OK)
		f = check_cty(header, arena);
	if (f.status == EG_OK)
		f = check_typ(header, policy, arena, out);
	if (f.status == EG_OK)
		f = read_kid(header, arena, out);
	return f;
}

/* ── the memory ── */

const struct eg_jwt_header *eg_jwt_header_recall(
    const struct eg_jwt_headers *headers, struct eg_span token)
{
	for (unsigned i = 0; i < EG_JWT_HEADERS; i++) {
		const struct eg_jwt_header *h = &headers->header[i];

		if (h->segment_len != 0 && h->segment_len < token.len &&
		    token.ptr[h->segment_len] == '.' &&
		    memcmp(token.ptr, h->segment, h->segment_len) == 0)
			return h;
	}
	return NULL;
}

struct eg_finding eg_jwt_header_apply(
    const struct eg_jwt_header *header, const struct eg_policy *policy, struct eg_token *out)
{
	const struct eg_span typ = eg_span(header->json + header->typ.at, header->typ.len);
	const struct eg_finding f = judge_typ(header->typ.is_there ? &typ : NULL, policy, out);

	if (f.status == EG_OK && header->kid.is_there) {
		out->kid = eg_span(header->json + header->kid.at, header->kid.len);
		out->has |= EG_HAS_KID;
	}
	return f;
}

/* Where a string stands in the text of the header. */
static struct eg_jwt_header_string place_of(
    const struct eg_json_known *known, enum slot slot, struct eg_span text)
{
	const struct eg_span raw = known->value[slot].raw;

	if (!eg_json_has(known, slot))
		return (struct eg_jwt_header_string){false, 0, 0};
	return (struct eg_jwt_header_string){true, (uint8_t)(raw.ptr - text.ptr), (uint8_t)raw.len};
}

static bool is_escaped(const struct eg_json_known *known, enum slot slot)
{
	return eg_json_has(known, slot) && known->value[slot].escaped;
}

static void remember(struct eg_jwt_headers *headers, struct eg_span segment, struct eg_span text,
    const struct eg_json_known *known)
{
	struct eg_jwt_header *h = &headers->header[headers->next];

	if (segment.len > sizeof(h->segment) || text.len > sizeof(h->json) ||
	    is_escaped(known, TYP) || is_escaped(known, KID))
		return;
	headers->next = (headers->next + 1) % EG_JWT_HEADERS;
	h->segment_len = (uint16_t)segment.len;
	memcpy(h->segment, segment.ptr, segment.len);
	memcpy(h->json, text.ptr, text.len);
	h->typ = place_of(known, TYP, text);
	h->kid = place_of(known, KID, text);
}

struct eg_finding eg_jwt_header_read(struct eg_span segment, struct eg_span text,
    const struct eg_policy *policy, struct eg_token_scratch *scratch, struct eg_json_arena *arena,
    struct eg_token *out)
{
	struct eg_json_known known;
	struct eg_finding f;

	if (text.len > EG_TOKEN_HEADER_MAX || !eg_json_read(text, &header_shape, arena, &known))
		return malformed(EG_DETAIL_HEADER);
	f = check(&known, policy, arena, out);
	if (f.status == EG_OK)
		remember(&scratch->headers, segment, text, &known);
	return f;
}

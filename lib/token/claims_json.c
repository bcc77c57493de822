/* SPDX-License-Identifier: BSD-3-Clause */
#include "claims_json.h"

enum slot { ISS, SUB, JTI, SID, EXP, NBF, IAT, AUD, CNF, JKT, STATUS, STATUS_LIST, IDX, URI };

#define KNOWN(word, slot)              [EG_JSON_PLACE(word)] = {word, NULL, NULL, slot}
#define KNOWN_INNER(word, inner, slot) [EG_JSON_PLACE(word)] = {word, NULL, inner, slot}
#define STATUS_LIST_WORD               EG_JSON_WORD(11, 's', 't', 'a', 't', 'u', 's', '_')

static const struct eg_json_shape cnf_shape = {{
    KNOWN(EG_JSON_NAME3('j', 'k', 't'), JKT),
}};

static const struct eg_json_shape status_list_shape = {{
    KNOWN(EG_JSON_NAME3('i', 'd', 'x'), IDX),
    KNOWN(EG_JSON_NAME3('u', 'r', 'i'), URI),
}};

static const struct eg_json_shape status_shape = {{
    [EG_JSON_PLACE(STATUS_LIST_WORD)] = {STATUS_LIST_WORD, "status_list", &status_list_shape,
        STATUS_LIST},
}};

static const struct eg_json_shape claims_shape = {{
    KNOWN(EG_JSON_NAME3('i', 's', 's'), ISS),
    KNOWN(EG_JSON_NAME3('s', 'u', 'b'), SUB),
    KNOWN(EG_JSON_NAME3('j', 't', 'i'), JTI),
    KNOWN(EG_JSON_NAME3('s', 'i', 'd'), SID),
    KNOWN(EG_JSON_NAME3('e', 'x', 'p'), EXP),
    KNOWN(EG_JSON_NAME3('n', 'b', 'f'), NBF),
    KNOWN(EG_JSON_NAME3('i', 'a', 't'), IAT),
    KNOWN(EG_JSON_NAME3('a', 'u', 'd'), AUD),
    KNOWN_INNER(EG_JSON_NAME3('c', 'n', 'f'), &cnf_shape, CNF),
    KNOWN_INNER(EG_JSON_NAME6('s', 't', 'a', 't', 'u', 's'), &status_shape, STATUS),
}};

/* What the readers of one payload share. */
struct claims {
	struct eg_json_known known;
	const struct eg_claims_format *format;
	struct eg_json_arena *arena;
	struct eg_token *out;
};

static bool has(const struct claims *c, enum slot slot)
{
	return eg_json_has(&c->known, slot);
}

static bool read_string(
    struct claims *c, enum slot slot, enum eg_token_member member, struct eg_span *text)
{
	if (!has(c, slot))
		return true;
	c->out->has |= member;
	return eg_claims_name(&c->known.value[slot], c->arena, text) &&
	       text->len <= EG_TOKEN_STRING_MAX;
}

static bool read_time(struct claims *c, enum slot slot, enum eg_token_member member,
    int64_t *floor_s, int64_t *ceil_s)
{
	if (!has(c, slot))
		return true;
	c->out->has |= member;
	return c->format->read_time(&c->known.value[slot], c->arena, floor_s, ceil_s);
}

static bool read_aud(struct claims *c)
{
	const struct eg_json_value *value = &c->known.value[AUD];
	struct eg_token *out = c->out;
	struct eg_json_value element;
	struct eg_span rest;

	if (!has(c, AUD))
		return true;
	out->has |= EG_HAS_AUD;
	if (value->type != EG_JSON_ARRAY || !c->format->aud_may_be_array) {
		out->aud_cnt = 1;
		return eg_claims_name(value, c->arena, &out->aud[0]);
	}
	rest = value->raw;
	while (eg_json_next_element(&rest, &element)) {
		if (out->aud_cnt == EG_TOKEN_AUD_MAX ||
		    !eg_claims_name(&element, c->arena, &out->aud[out->aud_cnt]))
			return false;
		out->aud_cnt++;
	}
	return true;
}

/* Is the value an object in which no name stands twice? */
static bool is_sound_object(const struct claims *c, enum slot slot)
{
	return c->known.value[slot].type == EG_JSON_OBJECT && (c->known.twice >> slot & 1) == 0;
}

static bool read_cnf(struct claims *c)
{
	if (!has(c, CNF))
		return true;
	if (!is_sound_object(c, CNF))
		return false;
	c->out->has |= EG_HAS_CNF;
	if (has(c, JKT) && eg_claims_string(&c->known.value[JKT], c->arena, &c->out->jkt))
		c->out->has |= EG_HAS_JKT;
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

static bool read_status(struct claims *c)
{
	const struct eg_json_value *value = c->known.value;

	if (!has(c, STATUS))
		return true;
	if (!is_sound_object(c, STATUS))
		return false;
	c->out->has |= EG_HAS_STATUS;
	if (!has(c, STATUS_LIST))
		return true;
	if (!is_sound_object(c, STATUS_LIST) || !has(c, IDX) || !has(c, URI) ||
	    !read_idx(&value[IDX], &c->out->status_idx) ||
	    !eg_claims_string(&value[URI], c->arena, &c->out->status_uri))
		return false;
	c->out->has |= EG_HAS_STATUS_LIST;
	return true;
}

static struct eg_finding malformed(enum eg_detail detail)
{
	return eg_finding(EG_MALFORMED, detail);
}

/* In the order of the rules, wherever the members stand. */
static struct eg_finding judge(struct claims *c)
{
	struct eg_token *out = c->out;
	int64_t unused;

	if (!read_string(c, ISS, EG_HAS_ISS, &out->iss))
		return malformed(EG_DETAIL_ISS);
	if (!read_string(c, SUB, EG_HAS_SUB, &out->sub))
		return malformed(EG_DETAIL_SUB);
	if (!read_string(c, JTI, EG_HAS_JTI, &out->jti))
		return malformed(EG_DETAIL_JTI);
	if (!read_string(c, SID, EG_HAS_SID, &out->sid))
		return malformed(EG_DETAIL_SID);
	if (!read_time(c, EXP, EG_HAS_EXP, &out->exp_s, &unused))
		return malformed(EG_DETAIL_EXP);
	if (!read_time(c, NBF, EG_HAS_NBF, &unused, &out->nbf_s))
		return malformed(EG_DETAIL_NBF);
	if (!read_time(c, IAT, EG_HAS_IAT, &out->iat_floor_s, &out->iat_s))
		return malformed(EG_DETAIL_IAT);
	if (!read_aud(c))
		return malformed(EG_DETAIL_AUD);
	if (!read_cnf(c))
		return malformed(EG_DETAIL_CNF);
	if (!read_status(c))
		return malformed(EG_DETAIL_STATUS);
	return eg_finding(EG_OK, EG_DETAIL_NONE);
}

struct eg_finding eg_claims_from_json(struct eg_span payload, const struct eg_claims_format *format,
    struct eg_json_arena *arena, struct eg_token *out)
{
	struct claims claims;

	claims.format = format;
	claims.arena = arena;
	claims.out = out;
	if (!eg_json_read(payload, &claims_shape, arena, &claims.known))
		return malformed(EG_DETAIL_PAYLOAD);
	return judge(&claims);
}

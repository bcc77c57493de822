/* SPDX-License-Identifier: BSD-3-Clause */
#include "cwt.h"

#include <float.h>

/* Labels of a COSE header (RFC 9052 section 3.1, RFC 9596) and claim keys (RFC 8392 section 4). */
enum { LABEL_ALG = 1, LABEL_CRIT = 2, LABEL_KID = 4, LABEL_TYP = 16, LABELS = 4 };
enum {
	CLAIM_ISS = 1,
	CLAIM_SUB,
	CLAIM_AUD,
	CLAIM_EXP,
	CLAIM_NBF,
	CLAIM_IAT,
	CLAIM_CTI,
	CLAIM_CNF,
	CLAIM_STATUS = 65535,
};

/* -1 - n as CBOR has negative numbers: EdDSA -8 (RFC 9053), Ed25519 -19 (RFC 9864). */
#define ALG_EDDSA_N   7u
#define ALG_ED25519_N 18u

#define TAG_CWT         "\xd8\x3d" /* 61 */
#define TAG_COSE_SIGN1  "\xd2"     /* 18 */
#define SIGN1_ITEMS     4
#define NO_EXTERNAL_AAD 0x40 /* an empty byte string */

struct bucket { /* protected or unprotected: what is looked at, NULL where it is not there */
	const struct eg_cbor_item *alg, *crit, *kid, *typ;
	struct eg_cbor_item value[LABELS + 1]; /* the last of them is that of the label at hand */
	struct eg_cbor_map map;
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

/* ── the outer shape ── */

static bool take_bytes(struct eg_span *rest, struct eg_span bytes)
{
	if (rest->len < bytes.len || memcmp(rest->ptr, bytes.ptr, bytes.len) != 0)
		return false;
	*rest = eg_span(rest->ptr + bytes.len, rest->len - bytes.len);
	return true;
}

bool eg_cwt_take_tags(struct eg_span *rest, bool may_be_untagged)
{
	const bool is_cwt = take_bytes(rest, eg_span_str(TAG_CWT));
	const bool is_sign1 = take_bytes(rest, eg_span_str(TAG_COSE_SIGN1));

	return is_sign1 || (may_be_untagged && !is_cwt);
}

static bool read_bytes(struct eg_cbor *r, struct eg_span *content, struct eg_span *whole)
{
	const uint8_t *start = r->at;
	struct eg_cbor_item item;

	if (!eg_cbor_read(r, &item) || item.type != EG_CBOR_BYTES)
		return false;
	*content = eg_cbor_span(&item);
	*whole = eg_span(start, (size_t)(r->at - start));
	return true;
}

/* Where it is kept what is there of a label that is looked at. */
static const struct eg_cbor_item **place_of(struct bucket *b, const struct eg_cbor_item *label)
{
	switch (label->type == EG_CBOR_UINT ? label->n : 0) {
	case LABEL_ALG:
		return &b->alg;
	case LABEL_CRIT:
		return &b->crit;
	case LABEL_KID:
		return &b->kid;
	case LABEL_TYP:
		return &b->typ;
	default:
		return NULL;
	}
}

/* Values are read to where they stay: copies of what was just stored would wait for it. */
static bool read_bucket(struct eg_cbor *r, struct bucket *b)
{
	struct eg_cbor_item *value = b->value;
	struct eg_cbor_item item;

	b->alg = b->crit = b->kid = b->typ = NULL;
	if (!eg_cbor_read(r, &item) || item.type != EG_CBOR_MAP ||
	    !eg_cbor_map_begin(r, &item, &b->map))
		return false;
	while (eg_cbor_map_next(r, &b->map, &item)) {
		const struct eg_cbor_item **place = place_of(b, &item);

		if (!eg_cbor_read(r, value) || !eg_cbor_skip(r, value))
			return false;
		if (place != NULL)
			*place = value++;
	}
	return !r->failed;
}

static bool read_sign1(
    struct eg_span array, size_t bytes_max, struct eg_cwt_parts *out, struct bucket *unprotected)
{
	struct eg_cbor r = eg_cbor_at_most(array, bytes_max);
	struct eg_cbor_item item;
	struct eg_span unused;
	const uint8_t *start;

	if (!eg_cbor_read(&r, &item) || item.type != EG_CBOR_ARRAY || item.n != SIGN1_ITEMS ||
	    !eg_cbor_enter(&r) || !read_bytes(&r, &out->protected, &out->protected_item))
		return false;
	start = r.at;
	return read_bucket(&r, unprotected) && r.at - start <= EG_TOKEN_HEADER_MAX &&
	       read_bytes(&r, &out->payload, &out->payload_item) &&
	       read_bytes(&r, &out->signature, &unused) && eg_cbor_done(&r);
}

/* ── S4 ── */

#define ALG_EDDSA_ALONE "\xa1\x01\x27"

/* No label may be in both. Of no bytes, it is the empty map (RFC 9052 section 3). */
static bool read_protected(
    struct eg_span protected, const struct bucket *unprotected, struct bucket *b)
{
	static const struct eg_cbor_item eddsa = {.type = EG_CBOR_NEGATIVE, .n = ALG_EDDSA_N};
	struct eg_cbor r;

	if (eg_span_eq_str(protected, ALG_EDDSA_ALONE)) { /* most are */
		b->alg = &eddsa;
		b->crit = b->kid = b->typ = NULL;
		return unprotected->alg == NULL;
	}
	r = eg_cbor(protected.len != 0 ? protected : eg_span("\xa0", 1));
	return protected.len <= EG_TOKEN_HEADER_MAX && read_bucket(&r, b) && eg_cbor_done(&r) &&
	       !eg_cbor_maps_share(&b->map, &unprotected->map);
}

static struct eg_finding check_alg(const struct bucket *protected)
{
	const struct eg_cbor_item *alg = protected->alg;

	if (alg == NULL)
		return malformed(EG_DETAIL_ALG);
	if (alg->type != EG_CBOR_NEGATIVE || (alg->n != ALG_EDDSA_N && alg->n != ALG_ED25519_N))
		return refuse(EG_UNSUPPORTED_ALG);
	return pass();
}

static struct eg_finding check_typ(
    const struct eg_cbor_item *typ, const struct eg_policy *policy, struct eg_token *out)
{
	bool ok;

	if (typ == NULL)
		return policy->typ_required ? refuse(EG_BAD_TYP) : pass();
	if (typ->type == EG_CBOR_UINT)
		ok = eg_policy_cwt_format_ok(policy, typ->n);
	else if (typ->type == EG_CBOR_TEXT)
		ok = eg_policy_cwt_typ_ok(policy, eg_cbor_span(typ));
	else
		return malformed(EG_DETAIL_TYP);
	out->has |= EG_HAS_TYP;
	return ok ? pass() : refuse(EG_BAD_TYP);
}

static struct eg_finding read_kid(const struct eg_cbor_item *kid, struct eg_token *out)
{
	if (kid == NULL)
		return pass();
	if (kid->type != EG_CBOR_BYTES)
		return malformed(EG_DETAIL_KID);
	out->kid = eg_cbor_span(kid);
	out->has |= EG_HAS_KID;
	return pass();
}

static struct eg_finding read_header(struct eg_span protected_bytes,
    const struct bucket *unprotected, const struct eg_policy *policy, struct eg_token *out)
{
	const struct bucket *u = unprotected;
	struct bucket p;
	struct eg_finding f;

	if (!read_protected(protected_bytes, u, &p))
		return malformed(EG_DETAIL_HEADER);
	f = check_alg(&p);
	if (f.status == EG_OK && (p.crit != NULL || u->crit != NULL))
		f = refuse(EG_UNSUPPORTED_CRIT);
	if (f.status == EG_OK)
		f = check_typ(p.typ != NULL ? p.typ : u->typ, policy, out);
	if (f.status == EG_OK)
		f = read_kid(p.kid != NULL ? p.kid : u->kid, out);
	return f;
}

/* ── S5 ── */

/* The claims in the order in which a fault is told, wherever they stand in the map. */
enum fault {
	FAULT_ISS,
	FAULT_SUB,
	FAULT_CTI,
	FAULT_EXP,
	FAULT_NBF,
	FAULT_IAT,
	FAULT_AUD,
	FAULT_CNF,
	FAULT_STATUS
};
static const uint8_t fault_detail[] = {EG_DETAIL_ISS, EG_DETAIL_SUB, EG_DETAIL_CTI, EG_DETAIL_EXP,
    EG_DETAIL_NBF, EG_DETAIL_IAT, EG_DETAIL_AUD, EG_DETAIL_CNF, EG_DETAIL_STATUS};

struct claims { /* of one payload, while it is walked */
	struct eg_cbor r;
	struct eg_token *out;
	unsigned faults; /* a bit for each enum fault */
};

static void note(struct claims *c, enum fault fault, bool ok, unsigned member)
{
	if (ok)
		c->out->has |= member;
	else
		c->faults |= 1u << fault;
}

/* Text that others may handle as a C string: no NUL in it. */
static bool name_of(const struct eg_cbor_item *value, struct eg_span *out)
{
	*out = eg_cbor_span(value);
	return value->type == EG_CBOR_TEXT &&
	       (value->is_plain || memchr(out->ptr, 0, out->len) == NULL);
}

static bool short_name_of(const struct eg_cbor_item *value, struct eg_span *out)
{
	return value->n <= EG_TOKEN_STRING_MAX && name_of(value, out);
}

static bool bytes_of(const struct eg_cbor_item *value, struct eg_span *out)
{
	*out = eg_cbor_span(value);
	return value->type == EG_CBOR_BYTES && value->n <= EG_TOKEN_STRING_MAX;
}

/* Protocol 2.3, for a float: exact, since a binary64 of that size has no rounding left to do. */
static bool time_of_float(uint64_t bits, int64_t *floor_s, int64_t *ceil_s)
{
	double value;

	memcpy(&value, &bits, sizeof(value));
	if (!(value >= -DBL_MAX && value <= (double)EG_TOKEN_TIME_MAX))
		return false;
	if (value < 0) {
		*floor_s = *ceil_s = EG_TOKEN_TIME_FAR_PAST;
		return true;
	}
	*floor_s = (int64_t)value;
	*ceil_s = *floor_s + ((double)*floor_s < value);
	return true;
}

bool eg_cwt_time(const struct eg_cbor_item *value, int64_t *floor_s, int64_t *ceil_s)
{
	switch ((enum eg_cbor_type)value->type) {
	case EG_CBOR_UINT:
		*floor_s = *ceil_s = (int64_t)value->n;
		return value->n <= EG_TOKEN_TIME_MAX;
	case EG_CBOR_NEGATIVE:
		*floor_s = *ceil_s = EG_TOKEN_TIME_FAR_PAST;
		return true;
	case EG_CBOR_FLOAT:
		return time_of_float(value->n, floor_s, ceil_s);
	default:
		return false;
	}
}

/* What walks into a claim returns false only where the CBOR itself is at fault. */

static bool read_audiences(struct claims *c, uint64_t cnt)
{
	struct eg_cbor_item value;
	bool ok = cnt <= EG_TOKEN_AUD_MAX;

	if (!eg_cbor_enter(&c->r))
		return false;
	for (uint64_t i = 0; i < cnt; i++) {
		if (!eg_cbor_read(&c->r, &value) || !eg_cbor_skip(&c->r, &value))
			return false;
		ok = ok && name_of(&value, &c->out->aud[i]);
	}
	eg_cbor_leave(&c->r);
	c->out->aud_cnt = ok ? (uint8_t)cnt : 0;
	note(c, FAULT_AUD, ok, EG_HAS_AUD);
	return true;
}

static bool read_aud(struct claims *c, const struct eg_cbor_item *value)
{
	if (value->type == EG_CBOR_ARRAY)
		return read_audiences(c, value->n);
	c->out->aud_cnt = 1;
	note(c, FAULT_AUD, name_of(value, &c->out->aud[0]), EG_HAS_AUD);
	return eg_cbor_skip(&c->r, value);
}

/* Begins to walk a value that must be a map. Where it is none, the claim is at fault and *is_map
 * false. */
static bool open_map(
    struct claims *c, const struct eg_cbor_item *value, struct eg_cbor_map *map, bool *is_map)
{
	*is_map = value->type == EG_CBOR_MAP;
	if (*is_map)
		return eg_cbor_map_begin(&c->r, value, map);
	note(c, FAULT_STATUS, false, 0);
	return eg_cbor_skip(&c->r, value);
}

static bool read_status_list(struct claims *c, const struct eg_cbor_item *value)
{
	bool has_idx = false, has_uri = false, is_map;
	struct eg_cbor_item key, member;
	struct eg_cbor_map map;

	if (!open_map(c, value, &map, &is_map))
		return false;
	if (!is_map)
		return true;
	while (eg_cbor_map_next(&c->r, &map, &key)) {
		if (!eg_cbor_read(&c->r, &member) || !eg_cbor_skip(&c->r, &member))
			return false;
		if (eg_cbor_is_text(&key, "idx")) {
			has_idx = member.type == EG_CBOR_UINT && member.n <= UINT32_MAX;
			c->out->status_idx = (uint32_t)member.n;
		} else if (eg_cbor_is_text(&key, "uri")) {
			has_uri = member.type == EG_CBOR_TEXT;
			c->out->status_uri = eg_cbor_span(&member);
		}
	}
	note(c, FAULT_STATUS, has_idx && has_uri, EG_HAS_STATUS_LIST);
	return !c->r.failed;
}

static bool read_status(struct claims *c, const struct eg_cbor_item *value)
{
	struct eg_cbor_item key, member;
	struct eg_cbor_map map;
	bool is_map;

	if (!open_map(c, value, &map, &is_map))
		return false;
	if (!is_map)
		return true;
	c->out->has |= EG_HAS_STATUS;
	while (eg_cbor_map_next(&c->r, &map, &key)) {
		if (!eg_cbor_read(&c->r, &member))
			return false;
		if (eg_cbor_is_text(&key, "status_list") ? !read_status_list(c, &member)
		                                         : !eg_cbor_skip(&c->r, &member))
			return false;
	}
	return !c->r.failed;
}

/* The value of the key that was read last. */
static bool read_claim(struct claims *c, const struct eg_cbor_item *key)
{
	struct eg_token *out = c->out;
	struct eg_cbor_item v;
	int64_t unused;

	if (!eg_cbor_read(&c->r, &v))
		return false;
	switch (key->type == EG_CBOR_UINT ? key->n : 0) {
	case CLAIM_ISS:
		note(c, FAULT_ISS, short_name_of(&v, &out->iss), EG_HAS_ISS);
		break;
	case CLAIM_SUB:
		note(c, FAULT_SUB, short_name_of(&v, &out->sub), EG_HAS_SUB);
		break;
	case CLAIM_AUD:
		return read_aud(c, &v);
	case CLAIM_EXP:
		note(c, FAULT_EXP, eg_cwt_time(&v, &out->exp_s, &unused), EG_HAS_EXP);
		break;
	case CLAIM_NBF:
		note(c, FAULT_NBF, eg_cwt_time(&v, &unused, &out->nbf_s), EG_HAS_NBF);
		break;
	case CLAIM_IAT:
		note(c, FAULT_IAT, eg_cwt_time(&v, &out->iat_floor_s, &out->iat_s), EG_HAS_IAT);
		break;
	case CLAIM_CTI:
		note(c, FAULT_CTI, bytes_of(&v, &out->cti), EG_HAS_CTI);
		break;
	case CLAIM_CNF:
		note(c, FAULT_CNF, v.type == EG_CBOR_MAP, EG_HAS_CNF);
		break;
	case CLAIM_STATUS:
		return read_status(c, &v);
	default:
		break;
	}
	return eg_cbor_skip(&c->r, &v);
}

static bool read_claims(struct claims *c)
{
	struct eg_cbor_item item;
	struct eg_cbor_map map;

	if (!eg_cbor_read(&c->r, &item) || item.type != EG_CBOR_MAP ||
	    !eg_cbor_map_begin(&c->r, &item, &map))
		return false;
	while (eg_cbor_map_next(&c->r, &map, &item))
		if (!read_claim(c, &item))
			return false;
	return eg_cbor_done(&c->r);
}

static struct eg_finding read_payload(struct eg_span payload, struct eg_token *out)
{
	struct claims c = {.r = eg_cbor(payload), .out = out};

	if (payload.len > EG_TOKEN_PAYLOAD_MAX || !read_claims(&c))
		return malformed(EG_DETAIL_PAYLOAD);
	if (c.faults != 0)
		return malformed(fault_detail[__builtin_ctz(c.faults)]);
	return pass();
}

/* ── what is signed ── */

void eg_cwt_write_message(const struct eg_cwt_parts *parts, struct eg_writer *w)
{
	static const uint8_t start[] = "\x84\x6aSignature1";

	eg_write_bytes(w, eg_span(start, sizeof(start) - 1));
	eg_write_bytes(w, parts->protected_item);
	eg_write_u8(w, NO_EXTERNAL_AAD);
	eg_write_bytes(w, parts->payload_item);
}

/* ── the whole ── */

struct eg_finding eg_cwt_open(struct eg_span array, size_t bytes_max,
    const struct eg_policy *policy, struct eg_cwt_parts *parts, struct eg_token *out)
{
	struct bucket unprotected;
	struct eg_finding f;

	if (!read_sign1(array, bytes_max, parts, &unprotected))
		return malformed(EG_DETAIL_TOKEN);
	f = read_header(parts->protected, &unprotected, policy, out);
	if (f.status != EG_OK)
		return f;
	if (parts->signature.len != sizeof(out->signature))
		return malformed(EG_DETAIL_SIGNATURE);
	memcpy(out->signature, parts->signature.ptr, sizeof(out->signature));
	return pass();
}

struct eg_finding eg_cwt_parse(struct eg_span token, bool may_be_untagged,
    const struct eg_policy *policy, struct eg_token_message *message, struct eg_token *out)
{
	struct eg_writer w = eg_writer(message->bytes, sizeof(message->bytes));
	struct eg_span array = token;
	struct eg_cwt_parts parts;
	struct eg_finding f;

	eg_token_clear(out, EG_TOKEN_CWT);
	if (token.len == 0 || token.len > policy->max_token_bytes ||
	    !eg_cwt_take_tags(&array, may_be_untagged))
		return malformed(EG_DETAIL_TOKEN);
	f = eg_cwt_open(array, EG_CBOR_BYTES_MAX, policy, &parts, out);
	if (f.status == EG_OK)
		f = read_payload(parts.payload, out);
	if (f.status != EG_OK)
		return f;
	eg_cwt_write_message(&parts, &w);
	out->signed_bytes = eg_span(message->bytes, sizeof(message->bytes) - w.left);
	return f;
}

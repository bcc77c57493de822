/* SPDX-License-Identifier: BSD-3-Clause */
/* The claims of an IETF Token Status List (draft 21, sections 4.2, 4.3, 5.1 and 5.2). */
#include "statuslist.h"

#include "eg_cbor.h"

#define LABEL_STATUS_LIST 65533u

/* A claim that is text or a time, by its name in a JWT and its label in a CWT. */
struct claim {
	const char *name;
	uint64_t label;
	bool *has;
	struct eg_span *text; /* or NULL */
	int64_t *time_s;      /* or NULL */
};

#define CLAIMS 6u

static void list_claims(struct eg_statuslist_claims *out, struct claim claims[CLAIMS])
{
	claims[0] = (struct claim){"iss", 1, &out->has_iss, &out->iss, NULL};
	claims[1] = (struct claim){"sub", 2, &out->has_sub, &out->sub, NULL};
	claims[2] = (struct claim){"exp", 4, &out->has_exp, NULL, &out->exp_s};
	claims[3] = (struct claim){"iat", 6, &out->has_iat, NULL, &out->iat_s};
	claims[4] = (struct claim){"ttl", 65534, &out->has_ttl, NULL, &out->ttl_s};
	claims[5] = (struct claim){"nbf", 5, &out->has_nbf, NULL, &out->nbf_s};
}

/* ── JWT ── */

static int read_json_claim(const struct claim *claim, const struct eg_json_value *value,
    struct eg_json_arena *arena, struct eg_error *err)
{
	int64_t ceil_s;

	*claim->has = true;
	if (claim->text != NULL) {
		if (value->type != EG_JSON_STRING)
			return eg_statuslist_fault(claim->name, "a string", err);
		*claim->text = eg_json_string(value, arena);
	} else if (value->type != EG_JSON_NUMBER ||
	           !eg_numeric_date(value->raw, claim->time_s, &ceil_s)) {
		return eg_statuslist_fault(claim->name, "a number of seconds", err);
	}
	return 0;
}

static int read_json_list(
    const struct eg_json_value *value, struct eg_statuslist_claims *out, struct eg_error *err)
{
	const struct eg_json_value *bits, *lst;
	struct eg_json_object list;

	if (!eg_json_open_object(value, &out->arena, &list))
		return eg_statuslist_fault("status_list", "an object without a name twice", err);
	bits = eg_json_find(&list, "bits");
	lst = eg_json_find(&list, "lst");
	if (bits == NULL || bits->type != EG_JSON_NUMBER || bits->raw.len != 1)
		return eg_statuslist_fault("status_list.bits", "1, 2, 4 or 8", err);
	if (lst == NULL || lst->type != EG_JSON_STRING)
		return eg_statuslist_fault("status_list.lst", "a string", err);
	out->bits = (uint64_t)(bits->raw.ptr[0] - '0');
	out->has_list = true;
	return eg_statuslist_unpack_text(lst, 0, "status_list.lst", out, err);
}

static int read_json_member(
    const struct eg_json_member *m, struct eg_statuslist_claims *out, struct eg_error *err)
{
	struct claim claims[CLAIMS];

	list_claims(out, claims);
	for (unsigned i = 0; i < CLAIMS; i++)
		if (eg_span_eq_str(m->name, claims[i].name))
			return read_json_claim(&claims[i], &m->value, &out->arena, err);
	return eg_span_eq_str(m->name, "status_list") ? read_json_list(&m->value, out, err) : 0;
}

int eg_statuslist_claims_jwt(
    struct eg_span payload, struct eg_statuslist_claims *out, struct eg_error *err)
{
	struct eg_json_object object;
	int rc = 0;

	if (!eg_json_parse_object(payload, &out->arena, &object))
		return eg_statuslist_fault("its payload", "a strict JSON object", err);
	for (unsigned i = 0; rc == 0 && i < object.cnt; i++)
		rc = read_json_member(&object.member[i], out, err);
	return rc;
}

/* ── CWT ── */

/* A fault of a claim is told after the walk: CBOR that is no CBOR comes first. */
struct walk {
	struct eg_cbor r;
	struct eg_statuslist_claims *out;
	const char *fault, *wanted;
};

static void note(struct walk *w, const char *fault, const char *wanted)
{
	if (w->fault == NULL) {
		w->fault = fault;
		w->wanted = wanted;
	}
}

static void read_cbor_claim(
    struct walk *w, const struct claim *claim, const struct eg_cbor_item *value)
{
	int64_t ceil_s;

	*claim->has = true;
	if (claim->text != NULL) {
		*claim->text = eg_cbor_span(value);
		if (value->type != EG_CBOR_TEXT)
			note(w, claim->name, "a text");
	} else if (!eg_cwt_time(value, claim->time_s, &ceil_s)) {
		note(w, claim->name, "a number of seconds");
	}
}

static bool read_cbor_list(struct walk *w, const struct eg_cbor_item *value)
{
	struct eg_cbor_item key, member;
	bool has_bits = false, has_lst = false;
	struct eg_cbor_map map;

	if (value->type != EG_CBOR_MAP) {
		note(w, "status_list", "a map");
		return eg_cbor_skip(&w->r, value);
	}
	if (!eg_cbor_map_begin(&w->r, value, &map))
		return false;
	while (eg_cbor_map_next(&w->r, &map, &key)) {
		if (!eg_cbor_read(&w->r, &member) || !eg_cbor_skip(&w->r, &member))
			return false;
		if (eg_cbor_is_text(&key, "bits")) {
			has_bits = member.type == EG_CBOR_UINT;
			w->out->bits = member.n;
		} else if (eg_cbor_is_text(&key, "lst")) {
			has_lst = member.type == EG_CBOR_BYTES;
			w->out->packed = eg_cbor_span(&member);
		}
	}
	if (!has_bits)
		note(w, "status_list.bits", "1, 2, 4 or 8");
	if (!has_lst)
		note(w, "status_list.lst", "a byte string");
	w->out->has_list = true;
	return !w->r.failed;
}

static bool read_cbor_member(struct walk *w, const struct eg_cbor_item *key)
{
	struct claim claims[CLAIMS];
	struct eg_cbor_item value;

	if (!eg_cbor_read(&w->r, &value))
		return false;
	list_claims(w->out, claims);
	for (unsigned i = 0; key->type == EG_CBOR_UINT && i < CLAIMS; i++)
		if (key->n == claims[i].label)
			read_cbor_claim(w, &claims[i], &value);
	if (key->type == EG_CBOR_UINT && key->n == LABEL_STATUS_LIST)
		return read_cbor_list(w, &value);
	return eg_cbor_skip(&w->r, &value);
}

static bool walk_claims(struct walk *w)
{
	struct eg_cbor_item item;
	struct eg_cbor_map map;

	if (!eg_cbor_read(&w->r, &item) || item.type != EG_CBOR_MAP ||
	    !eg_cbor_map_begin(&w->r, &item, &map))
		return false;
	while (eg_cbor_map_next(&w->r, &map, &item))
		if (!read_cbor_member(w, &item))
			return false;
	return eg_cbor_done(&w->r);
}

int eg_statuslist_claims_cwt(
    struct eg_span payload, struct eg_statuslist_claims *out, struct eg_error *err)
{
	struct walk w = {.r = eg_cbor_large(payload), .out = out};

	if (!walk_claims(&w))
		return eg_statuslist_fault("its payload", "a strict CBOR map", err);
	return w.fault == NULL ? 0 : eg_statuslist_fault(w.fault, w.wanted, err);
}

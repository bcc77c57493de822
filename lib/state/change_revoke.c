/* SPDX-License-Identifier: BSD-3-Clause */
#include "change.h"
#include "eg_token.h"

#include <stdio.h>
#include <stdlib.h>

#define TIME_MAX_S ((uint64_t)EG_TOKEN_TIME_MAX) /* the largest NumericDate */

static const char *const kind_names[] = {
    [EG_REVOKE_JTI] = "jti",
    [EG_REVOKE_CTI] = "cti",
    [EG_REVOKE_SID] = "sid",
    [EG_REVOKE_JKT] = "jkt",
};

static int check_time(const struct eg_change *c, const char *what, uint64_t time_s)
{
	if (time_s != 0 && time_s <= TIME_MAX_S)
		return 0;
	return eg_error_set(c->err, EG_EINVAL, "%s: must be 1 … %llu seconds since 1970, not %llu",
	    what, (unsigned long long)TIME_MAX_S, (unsigned long long)time_s);
}

/* ── by index ── */

static int check_ranges(const struct eg_change *c, const struct eg_list_row *list,
    const struct eg_index_range ranges[], size_t range_cnt)
{
	if (range_cnt == 0 || range_cnt > EG_STATE_RANGES_MAX)
		return eg_error_set(c->err, range_cnt == 0 ? EG_EINVAL : EG_ELIMIT,
		    "%zu ranges: one change takes 1 … %u", range_cnt, EG_STATE_RANGES_MAX);
	for (size_t i = 0; i < range_cnt; i++) {
		if (ranges[i].first > ranges[i].last)
			return eg_error_set(c->err, EG_EINVAL,
			    "index range %u-%u is reversed; nothing was revoked", ranges[i].first,
			    ranges[i].last);
		if (ranges[i].last >= list->entries)
			return eg_error_set(c->err, EG_EINVAL,
			    "index %u: the status list has the indices 0 … %u; nothing was revoked",
			    ranges[i].last, list->entries - 1);
	}
	return 0;
}

/* "5,7-9", cut with an ellipsis where it is too long for a line of the audit. */
static void show_ranges(
    char *text, size_t room, const struct eg_index_range ranges[], size_t range_cnt)
{
	size_t n = 0;

	for (size_t i = 0; i < range_cnt; i++) {
		const struct eg_index_range *r = &ranges[i];
		const char *comma = i != 0 ? "," : "";

		if (room - n < sizeof(",4294967295-4294967295,…")) {
			(void)snprintf(text + n, room - n, ",…");
			return;
		}
		if (r->first == r->last)
			n += (size_t)snprintf(text + n, room - n, "%s%u", comma, r->first);
		else
			n += (size_t)snprintf(
			    text + n, room - n, "%s%u-%u", comma, r->first, r->last);
	}
}

static int log_indices(
    struct eg_change *c, struct eg_span uri, const struct eg_index_range ranges[], size_t range_cnt)
{
	Eg__Pb__Event event = EG__PB__EVENT__INIT;
	Eg__Pb__RevokeIndex revoke = EG__PB__REVOKE_INDEX__INIT;
	uint64_t indices = 0;
	char text[4096];
	int rc;

	revoke.uri = eg_pb_bytes(uri);
	revoke.bound = reallocarray(NULL, range_cnt, 2 * sizeof(*revoke.bound));
	if (revoke.bound == NULL)
		return eg_error_set(c->err, EG_ENOMEM, "no memory for %zu ranges", range_cnt);
	for (size_t i = 0; i < range_cnt; i++) {
		revoke.bound[revoke.n_bound++] = ranges[i].first;
		revoke.bound[revoke.n_bound++] = ranges[i].last;
		indices += (uint64_t)ranges[i].last - ranges[i].first + 1;
	}
	c->meta.tail_indices += indices;
	event.op_case = EG__PB__EVENT__OP_REVOKE_INDEX;
	event.revoke_index = &revoke;
	show_ranges(text, sizeof(text), ranges, range_cnt);
	rc = eg_change_log(c, &event, "revoke index %s %s (%llu indices)", eg_show(uri).text, text,
	    (unsigned long long)indices);
	free(revoke.bound);
	return rc;
}

static int revoke_index(
    struct eg_change *c, struct eg_span uri, const struct eg_index_range ranges[], size_t range_cnt)
{
	struct eg_list_row *list = NULL;
	int rc = eg_change_find_list(c, uri, &list);

	if (rc == 0)
		rc = check_ranges(c, list, ranges, range_cnt);
	return rc == 0 ? log_indices(c, uri, ranges, range_cnt) : rc;
}

int eg_state_revoke_index(struct eg_state *st, struct eg_span uri,
    const struct eg_index_range ranges[], size_t range_cnt, int64_t utc_ns, uint64_t *epoch,
    struct eg_error *err)
{
	struct eg_change c;
	int rc = eg_change_begin(&c, st, utc_ns, err);

	if (rc == 0)
		rc = revoke_index(&c, uri, ranges, range_cnt);
	return eg_change_end(&c, rc, epoch);
}

/* ── by value ── */

static int revoke_value(struct eg_change *c, Eg__Pb__RevokeValue *revoke)
{
	Eg__Pb__Event event = EG__PB__EVENT__INIT;
	struct eg_span issuer = eg_pb_span(revoke->issuer), value = eg_pb_span(revoke->value);
	uint64_t id;
	int rc;

	if (revoke->kind < EG_REVOKE_JTI || revoke->kind > EG_REVOKE_JKT)
		return eg_error_set(c->err, EG_EINVAL,
		    "a denied value is a jti, cti, sid or jkt, not kind %u", revoke->kind);
	rc = eg_change_check_name(c, kind_names[revoke->kind], value, EG_KEYSET_NAME_MAX);
	if (rc == 0)
		rc = check_time(c, "exp", revoke->exp_s);
	if (rc == 0)
		rc = eg_change_find_issuer(c, issuer, &id);
	if (rc != 0)
		return rc;
	event.op_case = EG__PB__EVENT__OP_REVOKE_VALUE;
	event.revoke_value = revoke;
	return eg_change_log(c, &event, "revoke %s %s of %s, exp %llu", kind_names[revoke->kind],
	    eg_show(value).text, eg_show(issuer).text, (unsigned long long)revoke->exp_s);
}

int eg_state_revoke_value(struct eg_state *st, enum eg_revoke_kind kind, struct eg_span issuer,
    struct eg_span value, uint64_t exp_s, int64_t utc_ns, uint64_t *epoch, struct eg_error *err)
{
	Eg__Pb__RevokeValue revoke = EG__PB__REVOKE_VALUE__INIT;
	struct eg_change c;
	int rc = eg_change_begin(&c, st, utc_ns, err);

	revoke.kind = kind;
	revoke.issuer = eg_pb_bytes(issuer);
	revoke.value = eg_pb_bytes(value);
	revoke.exp_s = exp_s;
	if (rc == 0)
		rc = revoke_value(&c, &revoke);
	return eg_change_end(&c, rc, epoch);
}

/* ── cutoffs ── */

static int revoke_subject(struct eg_change *c, Eg__Pb__RevokeSubject *revoke)
{
	Eg__Pb__Event event = EG__PB__EVENT__INIT;
	struct eg_span issuer = eg_pb_span(revoke->issuer), subject = eg_pb_span(revoke->subject);
	uint64_t id;
	int rc = eg_change_check_name(c, "subject", subject, EG_KEYSET_NAME_MAX);

	if (rc == 0)
		rc = check_time(c, "until", revoke->until_s);
	if (rc == 0)
		rc = eg_change_find_issuer(c, issuer, &id);
	if (rc != 0)
		return rc;
	event.op_case = EG__PB__EVENT__OP_REVOKE_SUBJECT;
	event.revoke_subject = revoke;
	return eg_change_log(c, &event, "revoke subject %s of %s, until %llu",
	    eg_show(subject).text, eg_show(issuer).text, (unsigned long long)revoke->until_s);
}

int eg_state_revoke_subject(struct eg_state *st, struct eg_span issuer, struct eg_span subject,
    uint64_t until_s, int64_t utc_ns, uint64_t *epoch, struct eg_error *err)
{
	Eg__Pb__RevokeSubject revoke = EG__PB__REVOKE_SUBJECT__INIT;
	struct eg_change c;
	int rc = eg_change_begin(&c, st, utc_ns, err);

	revoke.issuer = eg_pb_bytes(issuer);
	revoke.subject = eg_pb_bytes(subject);
	revoke.until_s = until_s;
	if (rc == 0)
		rc = revoke_subject(&c, &revoke);
	return eg_change_end(&c, rc, epoch);
}

static int revoke_issuer(struct eg_change *c, Eg__Pb__RevokeIssuer *revoke)
{
	Eg__Pb__Event event = EG__PB__EVENT__INIT;
	struct eg_span issuer = eg_pb_span(revoke->issuer);
	uint64_t id;
	int rc = check_time(c, "until", revoke->until_s);

	if (rc == 0)
		rc = eg_change_find_issuer(c, issuer, &id);
	if (rc != 0)
		return rc;
	event.op_case = EG__PB__EVENT__OP_REVOKE_ISSUER;
	event.revoke_issuer = revoke;
	return eg_change_log(c, &event, "revoke issuer %s, until %llu", eg_show(issuer).text,
	    (unsigned long long)revoke->until_s);
}

int eg_state_revoke_issuer(struct eg_state *st, struct eg_span issuer, uint64_t until_s,
    int64_t utc_ns, uint64_t *epoch, struct eg_error *err)
{
	Eg__Pb__RevokeIssuer revoke = EG__PB__REVOKE_ISSUER__INIT;
	struct eg_change c;
	int rc = eg_change_begin(&c, st, utc_ns, err);

	revoke.issuer = eg_pb_bytes(issuer);
	revoke.until_s = until_s;
	if (rc == 0)
		rc = revoke_issuer(&c, &revoke);
	return eg_change_end(&c, rc, epoch);
}

/* ── keys ── */

static int set_revoked(struct eg_change *c, struct eg_span issuer, struct eg_span kid)
{
	uint64_t id = 0;
	int rc = eg_change_find_issuer(c, issuer, &id);

	if (rc == 0)
		rc = eg_db_run(&c->st->db,
		    "UPDATE key SET revoked = 1, generation = ?1"
		    " WHERE issuer = ?2 AND has_kid AND name = ?3",
		    EG_VALS(eg_int(c->meta.sequence), eg_int(id), eg_blob(kid)), c->err);
	if (rc == 0 && sqlite3_changes(c->st->db.sql) == 0)
		rc = eg_error_set(c->err, EG_ENOENT,
		    "issuer %.150s never had a key %.150s: see `key list`", eg_show(issuer).text,
		    eg_show(kid).text);
	return rc;
}

static int revoke_key(struct eg_change *c, struct eg_span issuer, struct eg_span kid)
{
	Eg__Pb__Event event = EG__PB__EVENT__INIT;
	Eg__Pb__RevokeKey revoke = EG__PB__REVOKE_KEY__INIT;
	int rc = set_revoked(c, issuer, kid);

	if (rc != 0)
		return rc;
	revoke.issuer = eg_pb_bytes(issuer);
	revoke.kid = eg_pb_bytes(kid);
	event.op_case = EG__PB__EVENT__OP_REVOKE_KEY;
	event.revoke_key = &revoke;
	return eg_change_log(
	    c, &event, "revoke key %s of %s", eg_show(kid).text, eg_show(issuer).text);
}

int eg_state_revoke_key(struct eg_state *st, struct eg_span issuer, struct eg_span kid,
    int64_t utc_ns, uint64_t *epoch, struct eg_error *err)
{
	struct eg_change c;
	int rc = eg_change_begin(&c, st, utc_ns, err);

	if (rc == 0)
		rc = revoke_key(&c, issuer, kid);
	return eg_change_end(&c, rc, epoch);
}

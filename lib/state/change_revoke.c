/* SPDX-License-Identifier: BSD-3-Clause */
#include "change.h"
#include "eg_clock.h"
#include "eg_token.h"
#include "run.h"
#include "sealed.h"

#include <stdio.h>
#include <stdlib.h>

#define TIME_MAX_S ((uint64_t)EG_TOKEN_TIME_MAX) /* the largest NumericDate */

/* A bound is a varint of 32 bits; the last term is for all that stands around the bounds. */
#define BOUND_BYTES_MAX 5u
_Static_assert(
    2 * BOUND_BYTES_MAX * EG_STATE_RANGES_MAX + EG_STATE_URI_MAX + 64 <= EG_DB_VALUE_BYTES_MAX,
    "the longest event can be stored");

/* Ranges of indices in a line of the audit; longer ones are cut there. Who reads the line must have
 * room for all of it: half a number would be another index. */
#define RANGES_TEXT_BYTES 4096u
_Static_assert(
    sizeof(struct eg_shown) + RANGES_TEXT_BYTES + 128 <= sizeof(((struct eg_state_since *)0)->what),
    "the longest line can be read");

static const char *const kind_names[] = {
    [EG_REVOKE_JTI] = "jti",
    [EG_REVOKE_CTI] = "cti",
    [EG_REVOKE_SID] = "sid",
    [EG_REVOKE_JKT] = "jkt",
    [EG_REVOKE_SUBJECT] = "subject",
    [EG_REVOKE_ISSUER] = "issuer",
};

static int check_time(const struct eg_change *c, const char *what, uint64_t time_s)
{
	if (time_s != 0 && time_s <= TIME_MAX_S)
		return 0;
	return eg_error_set(c->err, EG_EINVAL, "%s: must be 1 … %llu seconds since 1970, not %llu",
	    what, (unsigned long long)TIME_MAX_S, (unsigned long long)time_s);
}

/* ── by index ── */

struct index_change {
	struct eg_span uri;
	enum eg_index_value value;
	const struct eg_index_range *range;
	size_t range_cnt;
};

static int check_ranges(
    const struct eg_change *c, const struct eg_list_row *list, const struct index_change *change)
{
	if (change->range_cnt == 0 || change->range_cnt > EG_STATE_RANGES_MAX)
		return eg_error_set(c->err, change->range_cnt == 0 ? EG_EINVAL : EG_ELIMIT,
		    "%zu ranges: one change takes 1 … %u", change->range_cnt, EG_STATE_RANGES_MAX);
	for (size_t i = 0; i < change->range_cnt; i++) {
		const struct eg_index_range *r = &change->range[i];

		if (r->first > r->last)
			return eg_error_set(c->err, EG_EINVAL,
			    "index range %u-%u is reversed; nothing was changed", r->first,
			    r->last);
		if (r->last >= list->entries)
			return eg_error_set(c->err, EG_EINVAL,
			    "index %u: the status list has the indices 0 … %u; nothing was changed",
			    r->last, list->entries - 1);
	}
	return 0;
}

static int check_value(
    const struct eg_change *c, const struct eg_list_row *list, enum eg_index_value value)
{
	if (value != EG_INDEX_SUSPENDED || list->bits > 1)
		return 0;
	return eg_error_set(c->err, EG_EINVAL,
	    "the status list %.300s has one bit for a token, which cannot say suspended",
	    eg_show(list->uri).text);
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

/* To be freed; NULL without memory. */
static uint32_t *bounds_of(const struct index_change *change)
{
	uint32_t *bound = reallocarray(NULL, change->range_cnt, 2 * sizeof(*bound));

	for (size_t i = 0; bound != NULL && i < change->range_cnt; i++) {
		bound[2 * i] = change->range[i].first;
		bound[2 * i + 1] = change->range[i].last;
	}
	return bound;
}

static uint64_t indices_of(const struct index_change *change)
{
	uint64_t cnt = 0;

	for (size_t i = 0; i < change->range_cnt; i++)
		cnt += (uint64_t)change->range[i].last - change->range[i].first + 1;
	return cnt;
}

static int log_bounds(struct eg_change *c, const struct index_change *change, uint32_t *bound)
{
	static const char *const words[] = {"unrevoke", "revoke", "suspend"};
	Eg__Pb__Event event = EG__PB__EVENT__INIT;
	Eg__Pb__RevokeIndex revoke = EG__PB__REVOKE_INDEX__INIT;
	Eg__Pb__UnrevokeIndex unrevoke = EG__PB__UNREVOKE_INDEX__INIT;
	uint64_t indices = indices_of(change);
	char text[RANGES_TEXT_BYTES];

	revoke.uri = unrevoke.uri = eg_pb_bytes(change->uri);
	revoke.bound = unrevoke.bound = bound;
	revoke.n_bound = unrevoke.n_bound = 2 * change->range_cnt;
	revoke.value = change->value;
	if (change->value == EG_INDEX_VALID) {
		event.op_case = EG__PB__EVENT__OP_UNREVOKE_INDEX;
		event.unrevoke_index = &unrevoke;
	} else {
		event.op_case = EG__PB__EVENT__OP_REVOKE_INDEX;
		event.revoke_index = &revoke;
	}
	c->meta.tail_indices += indices;
	show_ranges(text, sizeof(text), change->range, change->range_cnt);
	return eg_change_log(c, &event, "%s index %s %s (%llu indices)", words[change->value],
	    eg_show(change->uri).text, text, (unsigned long long)indices);
}

static int log_indices(struct eg_change *c, const struct index_change *change)
{
	uint32_t *bound = bounds_of(change);
	int rc;

	if (bound == NULL)
		return eg_error_set(
		    c->err, EG_ENOMEM, "no memory for %zu ranges", change->range_cnt);
	rc = log_bounds(c, change, bound);
	free(bound);
	return rc;
}

static int set_index(struct eg_change *c, const struct index_change *change)
{
	struct eg_list_row *list = NULL;
	int rc = eg_change_find_list(c, change->uri, &list);

	if (rc == 0)
		rc = check_ranges(c, list, change);
	if (rc == 0)
		rc = check_value(c, list, change->value);
	return rc == 0 ? log_indices(c, change) : rc;
}

int eg_state_set_index(struct eg_state *st, struct eg_span uri, enum eg_index_value value,
    const struct eg_index_range ranges[], size_t range_cnt, int64_t utc_ns, uint64_t *epoch,
    struct eg_error *err)
{
	const struct index_change change = {uri, value, ranges, range_cnt};
	struct eg_change c;
	int rc = eg_change_begin(&c, st, utc_ns, err);

	if (rc == 0)
		rc = set_index(&c, &change);
	return eg_change_end(&c, rc, epoch);
}

/* ── by value ── */

/* A clock that once stood ahead has left a highest time that is later than now. By that, what is
 * revoked today may be past already: it would be acknowledged and never in force. */
static uint64_t kept_until(const struct eg_change *c, uint64_t exp_s)
{
	const uint64_t highest_s = c->meta.highest_utc_ns / (uint64_t)EG_NS_PER_S;
	const uint64_t now_s = c->utc_ns / (uint64_t)EG_NS_PER_S;

	return now_s < highest_s && exp_s + EG_REVOKE_GRACE_S >= now_s && exp_s < highest_s
	           ? highest_s
	           : exp_s;
}

/* Its issuer is there and its time is sound. */
static int log_value(struct eg_change *c, const struct eg_state_values *all, struct eg_span value)
{
	Eg__Pb__Event event = EG__PB__EVENT__INIT;
	Eg__Pb__RevokeValue revoke = EG__PB__REVOKE_VALUE__INIT;

	revoke.kind = all->kind;
	revoke.issuer = eg_pb_bytes(all->issuer);
	revoke.value = eg_pb_bytes(value);
	revoke.exp_s = kept_until(c, all->until_s);
	event.op_case = EG__PB__EVENT__OP_REVOKE_VALUE;
	event.revoke_value = &revoke;
	return eg_change_log(c, &event, "revoke %s %s of %s, exp %llu", kind_names[all->kind],
	    eg_show(value).text, eg_show(all->issuer).text, (unsigned long long)revoke.exp_s);
}

static int log_subject(struct eg_change *c, const struct eg_state_values *all, struct eg_span value)
{
	Eg__Pb__Event event = EG__PB__EVENT__INIT;
	Eg__Pb__RevokeSubject revoke = EG__PB__REVOKE_SUBJECT__INIT;

	revoke.issuer = eg_pb_bytes(all->issuer);
	revoke.subject = eg_pb_bytes(value);
	revoke.until_s = all->until_s;
	event.op_case = EG__PB__EVENT__OP_REVOKE_SUBJECT;
	event.revoke_subject = &revoke;
	return eg_change_log(c, &event, "revoke subject %s of %s, until %llu", eg_show(value).text,
	    eg_show(all->issuer).text, (unsigned long long)all->until_s);
}

static int check_values(const struct eg_change *c, const struct eg_state_values *all)
{
	const bool is_id = all->kind >= EG_REVOKE_JTI && all->kind <= EG_REVOKE_JKT;
	uint64_t id;
	int rc;

	if (!is_id && all->kind != EG_REVOKE_SUBJECT)
		return eg_error_set(c->err, EG_EINVAL,
		    "many at once are jtis, ctis, sids, jkts or subjects, not kind %u", all->kind);
	if (all->cnt == 0 || all->cnt > EG_STATE_VALUES_MAX)
		return eg_error_set(c->err, all->cnt == 0 ? EG_EINVAL : EG_ELIMIT,
		    "%zu values: one change takes 1 … %u", all->cnt, EG_STATE_VALUES_MAX);
	rc = check_time(c, is_id ? "exp" : "until", all->until_s);
	return rc == 0 ? eg_change_find_issuer(c, all->issuer, &id) : rc;
}

static int log_one(struct eg_change *c, const struct eg_state_values *all, size_t i)
{
	int rc = eg_change_check_name(c, kind_names[all->kind], all->value[i], EG_KEYSET_NAME_MAX);

	if (rc == 0 && i != 0)
		rc = eg_change_next(c);
	if (rc == 0 && all->kind == EG_REVOKE_SUBJECT)
		rc = log_subject(c, all, all->value[i]);
	else if (rc == 0)
		rc = log_value(c, all, all->value[i]);
	if (rc != 0 && all->cnt > 1)
		(void)eg_error_prefix(c->err, "value %zu of %zu", i + 1, all->cnt);
	return rc;
}

static int revoke_values(struct eg_change *c, const struct eg_state_values *all)
{
	int rc = check_values(c, all);

	for (size_t i = 0; rc == 0 && i < all->cnt; i++) {
		rc = log_one(c, all, i);
		if (rc == 0 && all->stored != NULL)
			all->stored(all->ctx, i + 1);
	}
	return rc;
}

int eg_state_revoke_values(struct eg_state *st, const struct eg_state_values *values,
    int64_t utc_ns, uint64_t *epoch, struct eg_error *err)
{
	struct eg_change c;
	int rc = eg_change_begin(&c, st, utc_ns, err);

	if (rc == 0)
		rc = revoke_values(&c, values);
	return eg_change_end(&c, rc, epoch);
}

/* ── issuer cutoffs ── */

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

/* ── taking back ── */

/* The newest record of a hash: what the runs say, and then the log. */
struct look_up {
	const struct eg_hash_key *store_key;
	struct eg_hash128 hash;
	bool is_there;
};

static int look_at_record(void *ctx, const struct eg_record *record, struct eg_error *err)
{
	struct look_up *look = ctx;

	(void)err;
	if (eg_hash128_eq(record->hash, look->hash))
		look->is_there = !record->absent;
	return 0;
}

static int look_at_event(void *ctx, const Eg__Pb__Event *event, struct eg_error *err)
{
	const struct look_up *look = ctx;
	struct eg_record record;

	return eg_record_of_event(event, look->store_key, &record)
	           ? look_at_record(ctx, &record, err)
	           : 0;
}

static int is_revoked(struct eg_change *c, const Eg__Pb__Unrevoke *unrevoke, bool *out)
{
	struct eg_hash_key key = eg_hash_derive(&c->meta.hash_key, eg_pb_span(unrevoke->issuer));
	struct look_up look = {.store_key = &c->meta.hash_key,
	    .hash = eg_revoke_hash(
	        &key, (enum eg_revoke_kind)unrevoke->kind, eg_pb_span(unrevoke->value))};
	int rc = eg_run_each(&c->st->db, look_at_record, &look, c->err);

	if (rc == 0)
		rc = eg_event_each(&c->st->db, c->meta.checkpoint, c->meta.sequence - 1,
		    look_at_event, &look, c->err);
	*out = look.is_there;
	return rc;
}

/* What is not there to be taken back; an issuer's cutoff has no value. */
static int refuse_unrevoke(const struct eg_change *c, const Eg__Pb__Unrevoke *unrevoke)
{
	const char *what = kind_names[unrevoke->kind];
	const struct eg_shown issuer = eg_show(eg_pb_span(unrevoke->issuer));

	if (unrevoke->kind == EG_REVOKE_ISSUER)
		return eg_error_set(
		    c->err, EG_ENOENT, "%s %.200s is not revoked", what, issuer.text);
	return eg_error_set(c->err, EG_ENOENT, "%s %.200s of %.200s is not revoked", what,
	    eg_show(eg_pb_span(unrevoke->value)).text, issuer.text);
}

static int unrevoke(struct eg_change *c, Eg__Pb__Unrevoke *unrevoke)
{
	Eg__Pb__Event event = EG__PB__EVENT__INIT;
	struct eg_span issuer = eg_pb_span(unrevoke->issuer), value = eg_pb_span(unrevoke->value);
	const char *what = kind_names[unrevoke->kind];
	bool is_there = false;
	int rc = is_revoked(c, unrevoke, &is_there);

	if (rc == 0 && !is_there)
		rc = refuse_unrevoke(c, unrevoke);
	if (rc != 0)
		return rc;
	event.op_case = EG__PB__EVENT__OP_UNREVOKE;
	event.unrevoke = unrevoke;
	return eg_change_log(
	    c, &event, "unrevoke %s %s of %s", what, eg_show(value).text, eg_show(issuer).text);
}

int eg_state_unrevoke(struct eg_state *st, enum eg_revoke_kind kind, struct eg_span issuer,
    struct eg_span value, int64_t utc_ns, uint64_t *epoch, struct eg_error *err)
{
	Eg__Pb__Unrevoke pb = EG__PB__UNREVOKE__INIT;
	struct eg_change c;
	int rc = eg_change_begin(&c, st, utc_ns, err);

	pb.kind = kind;
	pb.issuer = eg_pb_bytes(issuer);
	pb.value = eg_pb_bytes(value);
	if (rc == 0)
		rc = unrevoke(&c, &pb);
	return eg_change_end(&c, rc, epoch);
}

/* ── keys ── */

/* sql: an UPDATE of the one row, by ?1 issuer and ?2 kid. */
static int update_key(struct eg_change *c, struct eg_span issuer, struct eg_span kid,
    const char *sql, const uint64_t numbers[2])
{
	struct eg_db *db = &c->st->db;
	uint64_t id = 0;
	int rc = eg_change_find_issuer(c, issuer, &id);

	if (rc == 0)
		rc = eg_sealed_begin(db, EG_SEALED_KEY, c->err);
	if (rc == 0)
		rc = eg_db_run(db, sql,
		    EG_VALS(eg_int(id), eg_blob(kid), eg_int(numbers[0]), eg_int(numbers[1])),
		    c->err);
	if (rc != 0)
		return rc;
	if (sqlite3_changes(db->sql) != 0)
		return eg_sealed_end(db, EG_SEALED_KEY, c->err);
	return eg_error_set(c->err, EG_ENOENT,
	    "issuer %.150s never had a key %.150s: see `key list`", eg_show(issuer).text,
	    eg_show(kid).text);
}

static int set_revoked(struct eg_change *c, struct eg_span issuer, struct eg_span kid)
{
	const uint64_t numbers[] = {1, c->meta.sequence};

	return update_key(c, issuer, kid,
	    "UPDATE key SET revoked = ?3, generation = ?4, checksum = x''"
	    " WHERE issuer = ?1 AND has_kid AND name = ?2",
	    numbers);
}

static int set_window(struct eg_change *c, struct eg_span issuer, struct eg_span kid,
    const struct eg_key_window *window)
{
	const uint64_t numbers[] = {window->not_before_s, window->not_after_s};

	return update_key(c, issuer, kid,
	    "UPDATE key SET not_before_s = ?3, not_after_s = ?4, checksum = x''"
	    " WHERE issuer = ?1 AND has_kid AND name = ?2",
	    numbers);
}

static int key_window(
    struct eg_change *c, struct eg_span issuer, struct eg_span kid, struct eg_key_window window)
{
	Eg__Pb__Event event = EG__PB__EVENT__INIT;
	Eg__Pb__KeyWindow pb = EG__PB__KEY_WINDOW__INIT;
	int rc = 0;

	if (window.not_before_s > window.not_after_s)
		rc = eg_error_set(c->err, EG_EINVAL, "the window ends before it begins");
	if (rc == 0)
		rc = set_window(c, issuer, kid, &window);
	if (rc != 0)
		return rc;
	pb.issuer = eg_pb_bytes(issuer);
	pb.kid = eg_pb_bytes(kid);
	pb.not_before_s = window.not_before_s;
	pb.not_after_s = window.not_after_s;
	event.op_case = EG__PB__EVENT__OP_KEY_WINDOW;
	event.key_window = &pb;
	return eg_change_log(c, &event, "key window %s of %s, from %llu until %lld",
	    eg_show(kid).text, eg_show(issuer).text, (unsigned long long)window.not_before_s,
	    (long long)window.not_after_s);
}

int eg_state_key_window(struct eg_state *st, struct eg_span issuer, struct eg_span kid,
    struct eg_key_window window, int64_t utc_ns, uint64_t *epoch, struct eg_error *err)
{
	struct eg_change c;
	int rc = eg_change_begin(&c, st, utc_ns, err);

	if (rc == 0)
		rc = key_window(&c, issuer, kid, window);
	return eg_change_end(&c, rc, epoch);
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

/* SPDX-License-Identifier: BSD-3-Clause */
#include "chunk.h"
#include "eg_clock.h"
#include "entry.h"
#include "rows.h"

struct pass { /* one call of eg_state_follow that has something to tell */
	struct eg_state *st;
	struct eg_revoke *rv;
	const struct eg_follower *to;
	struct eg_meta meta;
	bool whole;  /* from the tables on, not only events */
	bool config; /* a snapshot is due */
	struct eg_snapshot *snap;
};

/* ── looking at what is new ── */

static void expect_import(struct pass *p, struct eg_span uri)
{
	struct eg_list_row *list = eg_lists_find(&p->st->lists, uri);

	if (list != NULL)
		list->stale = true;
}

static int look_at(void *ctx, const Eg__Pb__Event *event, struct eg_error *err)
{
	struct pass *p = ctx;

	(void)err;
	switch (event->op_case) {
	case EG__PB__EVENT__OP_REVOKE_INDEX:
	case EG__PB__EVENT__OP_REVOKE_VALUE:
	case EG__PB__EVENT__OP_REVOKE_SUBJECT:
	case EG__PB__EVENT__OP_REVOKE_ISSUER:
		return 0;
	case EG__PB__EVENT__OP_LIST_IMPORT:
		expect_import(p, eg_pb_span(event->list_import->uri));
		break;
	default:
		break;
	}
	p->config = true;
	return 0;
}

static bool has_stale_list(const struct eg_lists *lists)
{
	for (size_t i = 0; i < lists->cnt; i++)
		if (lists->row[i].id != 0 && lists->row[i].stale)
			return true;
	return false;
}

static int mark_stale(void *ctx, const Eg__Pb__Event *event, struct eg_error *err)
{
	const struct pass *p = ctx;
	struct eg_list_row *list;

	if (event->op_case != EG__PB__EVENT__OP_REVOKE_INDEX)
		return 0;
	list = eg_lists_find(&p->st->lists, eg_pb_span(event->revoke_index->uri));
	return list != NULL && list->stale ? eg_event_mark(list, event->revoke_index, err) : 0;
}

/* Stale lists are loaded as a whole: imported and operator layer, and what the log adds. */
static int gather_marks(struct pass *p, struct eg_error *err)
{
	struct eg_lists *lists = &p->st->lists;
	int rc;

	eg_lists_clear_marks(lists);
	if (!has_stale_list(lists))
		return 0;
	rc = eg_event_each(&p->st->db, p->meta.checkpoint, p->meta.sequence, mark_stale, p, err);
	for (size_t i = 0; rc == 0 && i < lists->cnt; i++)
		eg_ranges_merge(&lists->row[i].marks);
	return rc;
}

static int prepare(struct pass *p, struct eg_error *err)
{
	struct eg_state *st = p->st;
	int rc = eg_lists_sync(&st->lists, &st->db, err);

	if (p->whole) {
		p->config = true;
		for (size_t i = 0; i < st->lists.cnt; i++)
			st->lists.row[i].stale = true;
	} else if (rc == 0) {
		rc = eg_event_each(&st->db, st->sent.sequence, p->meta.sequence, look_at, p, err);
	}
	if (rc == 0)
		rc = gather_marks(p, err);
	if (rc == 0 && p->config)
		rc = eg_rows_snapshot(st, &p->meta, &p->snap, err);
	return rc;
}

/* ── telling it ── */

static int send_entry(void *ctx, const struct eg_entry *entry, struct eg_error *err)
{
	const struct pass *p = ctx;
	struct eg_hash_key key = eg_hash_derive(&p->meta.hash_key, entry->issuer);

	return eg_revoke_set_entry(p->rv, eg_revoke_hash(&key, entry->kind, entry->value),
	    entry->kind, entry->until_s, &p->to->sink, err);
}

static int send_indices(
    const struct pass *p, const Eg__Pb__RevokeIndex *revoke, struct eg_error *err)
{
	struct eg_list_row *list = eg_lists_find(&p->st->lists, eg_pb_span(revoke->uri));
	struct eg_bitmap *map;
	int rc = 0;

	if (list == NULL || list->stale)
		return 0;
	map = eg_list_map(list);
	if (map == NULL)
		return eg_error_set(err, EG_ENOMEM, "no memory for a status list");
	for (size_t i = 0; rc == 0 && i + 1 < revoke->n_bound; i += 2)
		rc = eg_bitmap_set_range(
		    map, revoke->bound[i], revoke->bound[i + 1], 1, &p->to->sink, err);
	return rc;
}

static int send_event(void *ctx, const Eg__Pb__Event *event, struct eg_error *err)
{
	const struct pass *p = ctx;
	struct eg_entry entry;

	if (eg_entry_of_event(event, &entry))
		return send_entry(ctx, &entry, err);
	if (event->op_case == EG__PB__EVENT__OP_REVOKE_INDEX)
		return send_indices(p, event->revoke_index, err);
	return 0;
}

static int send_list(const struct pass *p, struct eg_list_row *list, struct eg_error *err)
{
	struct eg_bitmap *map = eg_list_map(list);
	uint8_t bytes[EG_CHUNK_BYTES];
	int rc = 0;

	if (map == NULL)
		return eg_error_set(err, EG_ENOMEM, "no memory for a status list");
	for (uint32_t c = 0; rc == 0 && c < eg_chunk_cnt(list); c++) {
		rc = eg_chunk_effective(&p->st->db, list, c, bytes, err);
		if (rc == 0)
			rc = eg_bitmap_set_bytes(map, (uint64_t)c * EG_CHUNK_BYTES,
			    eg_span(bytes, eg_chunk_len(list, c)), &p->to->sink, err);
	}
	if (rc == 0)
		list->stale = false;
	return rc;
}

static int send_operations(struct pass *p, struct eg_error *err)
{
	struct eg_lists *lists = &p->st->lists;
	uint64_t after = p->whole ? p->meta.checkpoint : p->st->sent.sequence;
	int rc = 0;

	eg_revoke_set_now(p->rv, p->meta.highest_utc_ns / (uint64_t)EG_NS_PER_S);
	if (p->whole)
		rc = eg_entry_each(&p->st->db, send_entry, p, err);
	if (rc == 0)
		rc = eg_event_each(&p->st->db, after, p->meta.sequence, send_event, p, err);
	for (size_t i = 0; rc == 0 && i < lists->cnt; i++)
		if (lists->row[i].id != 0 && lists->row[i].stale)
			rc = send_list(p, &lists->row[i], err);
	return rc;
}

static void finish(struct pass *p)
{
	if (p->snap != NULL)
		p->to->snapshot(p->to->ctx, p->snap);
	p->to->epoch(p->to->ctx, EG_EPOCH(p->meta.generation, p->meta.sequence));
	p->st->sent = (struct eg_sent){true, p->meta.generation, p->meta.sequence};
}

static int run(struct pass *p, struct eg_error *err)
{
	int rc = prepare(p, err);

	if (rc == 0)
		rc = send_operations(p, err);
	eg_lists_clear_marks(&p->st->lists);
	if (rc != 0)
		eg_snapshot_free(p->snap);
	else
		finish(p);
	return rc;
}

static bool is_new(const struct eg_sent *sent, const struct eg_meta *meta)
{
	return !sent->started || sent->generation != meta->generation ||
	       sent->sequence != meta->sequence;
}

/* Not only events: the first time, in another history, or where the log no longer reaches back. */
static bool must_start_over(const struct eg_sent *sent, const struct eg_meta *meta)
{
	return !sent->started || sent->generation != meta->generation ||
	       sent->sequence < meta->trimmed || sent->sequence > meta->sequence;
}

static int follow(struct pass *p, bool *changed, struct eg_error *err)
{
	struct eg_state *st = p->st;
	int rc = eg_store_check_path(st, err);

	if (rc == 0)
		rc = eg_db_script(&st->db, "BEGIN", err);
	if (rc == 0)
		rc = eg_meta_load(&st->db, &p->meta, err);
	if (rc != 0 || !is_new(&st->sent, &p->meta))
		return rc;
	p->whole = must_start_over(&st->sent, &p->meta);
	rc = run(p, err);
	*changed = rc == 0;
	return rc;
}

int eg_state_follow(struct eg_state *st, struct eg_revoke *rv, const struct eg_follower *follower,
    bool *changed, struct eg_error *err)
{
	struct pass p = {.st = st, .rv = rv, .to = follower};
	int rc;

	*changed = false;
	rc = follow(&p, changed, err);
	eg_store_rollback(st);
	return rc;
}

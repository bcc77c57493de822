/* SPDX-License-Identifier: BSD-3-Clause */
#include "beside.h"
#include "chunk.h"
#include "eg_clock.h"
#include "rows.h"
#include "run.h"
#include "schema1.h"

struct pass { /* one call of eg_state_follow that has something to tell */
	struct eg_state *st;
	struct eg_revoke *rv;
	const struct eg_follower *to;
	struct eg_meta meta;
	uint64_t value_cnt; /* in table run, at most */
	bool whole;         /* from the tables on, not only events */
	bool config;        /* a snapshot is due */
	bool foreign;       /* the backup of another store: values are hashed by another key */
	struct eg_snapshot *snap;
};

/* ── looking at what is new ── */

static void expect_import(struct pass *p, struct eg_span uri)
{
	struct eg_list_row *list = eg_lists_find(&p->st->lists, uri);

	if (list != NULL)
		list->stale = true;
}

/* What an entry falls back to is in the layers. Where the checkpoint has folded the event already,
 * the log no longer tells which chunks it touched. */
static void expect_taken_back(struct pass *p, struct eg_span uri)
{
	struct eg_list_row *list = eg_lists_find(&p->st->lists, uri);

	if (list == NULL)
		return;
	list->touched = true;
	if (p->st->sent.sequence < p->meta.checkpoint)
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
	case EG__PB__EVENT__OP_UNREVOKE:
		return 0;
	case EG__PB__EVENT__OP_UNREVOKE_INDEX:
		expect_taken_back(p, eg_pb_span(event->unrevoke_index->uri));
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

/* Must its effective values be computed, from both layers and the log? */
static bool is_computed(const struct eg_list_row *list)
{
	return list->id != 0 && (list->stale || list->touched);
}

static bool has_computed_list(const struct eg_lists *lists)
{
	for (size_t i = 0; i < lists->cnt; i++)
		if (is_computed(&lists->row[i]))
			return true;
	return false;
}

static int mark_computed(void *ctx, const Eg__Pb__Event *event, struct eg_error *err)
{
	const struct pass *p = ctx;
	struct eg_index_event index;
	const struct eg_list_row *list;

	if (!eg_index_event_of(event, &index))
		return 0;
	list = eg_lists_find(&p->st->lists, index.uri);
	return list != NULL && is_computed(list) ? eg_event_mark(&p->st->lists, &index, err) : 0;
}

static int gather_marks(struct pass *p, struct eg_error *err)
{
	struct eg_lists *lists = &p->st->lists;
	int rc;

	eg_lists_clear_marks(lists);
	if (!has_computed_list(lists))
		return 0;
	rc = eg_event_each(&p->st->db, p->meta.checkpoint, p->meta.sequence, mark_computed, p, err);
	for (size_t i = 0; rc == 0 && i < lists->cnt; i++)
		eg_marks_sort(&lists->row[i].marks);
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

static int send_record(void *ctx, const struct eg_record *record, struct eg_error *err)
{
	const struct pass *p = ctx;

	if (record->resets)
		eg_revoke_remove_entry(p->rv, record->hash, &p->to->sink);
	if (record->absent ||
	    eg_record_is_past(record, p->meta.highest_utc_ns / (uint64_t)EG_NS_PER_S))
		return 0;
	return eg_revoke_set_entry(p->rv, record->hash, (enum eg_revoke_kind)record->kind,
	    record->until_s, &p->to->sink, err);
}

static int send_value(void *ctx, const Eg__Pb__Event *event, struct eg_error *err)
{
	const struct pass *p = ctx;
	struct eg_record record;

	return eg_record_of_event(event, &p->meta.hash_key, &record)
	           ? send_record(ctx, &record, err)
	           : 0;
}

static int send_indices(
    const struct pass *p, const struct eg_index_event *event, struct eg_error *err)
{
	struct eg_list_row *list = eg_lists_find(&p->st->lists, event->uri);
	struct eg_bitmap *map;
	int rc = 0;

	if (list == NULL || is_computed(list))
		return 0;
	map = eg_list_map(list);
	if (map == NULL)
		return eg_error_set(err, EG_ENOMEM, "no memory for a status list");
	for (size_t i = 0; rc == 0 && i < event->bound_cnt; i += 2)
		rc = eg_bitmap_set_range(
		    map, event->bound[i], event->bound[i + 1], event->value, &p->to->sink, err);
	return rc;
}

static int send_event(void *ctx, const Eg__Pb__Event *event, struct eg_error *err)
{
	struct eg_index_event index;

	if (eg_index_event_of(event, &index))
		return send_indices(ctx, &index, err);
	return send_value(ctx, event, err);
}

static bool is_chunk_due(const struct eg_list_row *list, uint32_t chunk)
{
	size_t i;

	if (list->stale)
		return true;
	i = eg_marks_seek(&list->marks, chunk);
	return i < list->marks.cnt && list->marks.mark[i].chunk == chunk;
}

static int send_list(const struct pass *p, struct eg_list_row *list, struct eg_error *err)
{
	struct eg_bitmap *map = eg_list_map(list);
	uint8_t bytes[EG_CHUNK_BYTES];
	int rc = 0;

	if (map == NULL)
		return eg_error_set(err, EG_ENOMEM, "no memory for a status list");
	for (uint32_t c = 0; rc == 0 && c < eg_chunk_cnt(list); c++) {
		if (!is_chunk_due(list, c))
			continue;
		rc = eg_chunk_effective(&p->st->db, list, c, bytes, err);
		if (rc == 0)
			rc = eg_bitmap_set_bytes(map, (uint64_t)c * EG_CHUNK_BYTES,
			    eg_span(bytes, eg_chunk_len(list, c)), &p->to->sink, err);
	}
	if (rc == 0)
		list->stale = list->touched = false;
	return rc;
}

/* A bitmap that is in use takes more entries. Whoever has the old snapshot still takes those that
 * an import does not speak of for unknown. */
static int grow_lists(const struct pass *p, struct eg_error *err)
{
	struct eg_lists *lists = &p->st->lists;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < lists->cnt; i++) {
		const struct eg_list_row *list = &lists->row[i];

		if (list->map != NULL && eg_bitmap_entries(list->map) < list->entries)
			rc = eg_bitmap_grow(list->map, list->entries, &p->to->sink, err);
	}
	return rc;
}

static int send_lists(struct pass *p, struct eg_error *err)
{
	struct eg_lists *lists = &p->st->lists;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < lists->cnt; i++)
		if (is_computed(&lists->row[i]))
			rc = send_list(p, &lists->row[i], err);
	return rc;
}

/* ── everything anew ── */

/* Fewer than that are read sooner than a thread is begun. */
#define BESIDE_MIN 100000u

/* The values of the tables, aside. */
static int load_values(void *ctx, struct eg_db *db, struct eg_error *err)
{
	struct pass *p = ctx;
	int rc = eg_revoke_stage(p->rv, p->value_cnt, err);

	if (rc != 0)
		return rc;
	if (db->version == 1)
		return eg_schema1_each(db, &p->meta.hash_key, send_record, p, err);
	return eg_run_each(db, send_record, p, err);
}

static int load_in_turn(struct pass *p, struct eg_error *err)
{
	int rc = load_values(p, &p->st->db, err);

	return rc == 0 ? send_lists(p, err) : rc;
}

/* Lists are this thread's: bitmaps and tables share nothing. */
static int load_beside(struct pass *p, struct eg_error *err)
{
	struct eg_beside b = {
	    .path = p->st->db.path, .meta = &p->meta, .read = load_values, .ctx = p};
	struct eg_error why = {0};
	bool moved;
	int rc, values_rc;

	if (!eg_beside_begin(&b))
		return load_in_turn(p, err);
	rc = send_lists(p, err);
	values_rc = eg_beside_end(&b, &moved, &why);
	if (rc != 0)
		return rc;
	if (moved)
		return load_values(p, &p->st->db, err);
	if (values_rc != 0 && err != NULL)
		*err = why;
	return values_rc;
}

static int load_tables(struct pass *p, struct eg_error *err)
{
	int rc = 0;

	if (p->st->db.version != 1)
		rc = eg_run_count(&p->st->db, &p->value_cnt, err);
	if (rc != 0)
		return rc;
	return p->value_cnt >= BESIDE_MIN ? load_beside(p, err) : load_in_turn(p, err);
}

/* By the keys of the snapshot in force, nothing is found in another store's tables: until its own
 * snapshot is there nobody passes, under one that knows no policy. That comes when every owner has
 * the new tables: in old ones, it would find nothing either. */
static int change_stores(struct pass *p, struct eg_error *err)
{
	struct eg_snapshot *none;
	int rc;

	none = eg_snapshot_new(&p->meta.hash_key);
	rc = none != NULL ? eg_snapshot_seal(none, 0, err)
	                  : eg_error_set(err, EG_ENOMEM, "no memory for a snapshot");
	if (rc != 0) {
		eg_snapshot_free(none);
		return rc;
	}
	none->epoch = EG_EPOCH(p->meta.generation, p->meta.sequence);
	p->to->snapshot(p->to->ctx, none);
	p->to->sink.settle(p->to->sink.ctx);
	eg_revoke_publish(p->rv, &p->to->sink);
	p->to->sink.settle(p->to->sink.ctx);
	return 0;
}

static int publish(struct pass *p, struct eg_error *err)
{
	if (p->foreign)
		return change_stores(p, err);
	eg_revoke_publish(p->rv, &p->to->sink);
	return 0;
}

/* All revoked values from the tables, aside; in force at once, so that what is gone from the store
 * goes and nothing else is missing for a moment. */
static int load_all(struct pass *p, struct eg_error *err)
{
	int rc = load_tables(p, err);

	if (rc == 0)
		rc = eg_event_each(
		    &p->st->db, p->meta.checkpoint, p->meta.sequence, send_value, p, err);
	if (rc == 0)
		rc = publish(p, err);
	if (rc != 0)
		eg_revoke_discard(p->rv);
	return rc;
}

static int send_new(struct pass *p, struct eg_error *err)
{
	int rc =
	    eg_event_each(&p->st->db, p->st->sent.sequence, p->meta.sequence, send_event, p, err);

	return rc == 0 ? send_lists(p, err) : rc;
}

static int send_operations(struct pass *p, struct eg_error *err)
{
	int rc = grow_lists(p, err);

	if (rc != 0)
		return rc;
	eg_revoke_set_now(p->rv, p->meta.highest_utc_ns / (uint64_t)EG_NS_PER_S);
	return p->whole ? load_all(p, err) : send_new(p, err);
}

static void finish(struct pass *p)
{
	if (p->snap != NULL)
		p->to->snapshot(p->to->ctx, p->snap);
	p->to->epoch(p->to->ctx, EG_EPOCH(p->meta.generation, p->meta.sequence));
	p->st->sent =
	    (struct eg_sent){true, p->meta.generation, p->meta.sequence, p->meta.hash_key};
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

static bool is_foreign(const struct eg_sent *sent, const struct eg_meta *meta)
{
	return sent->started &&
	       memcmp(&sent->hash_key, &meta->hash_key, sizeof(meta->hash_key)) != 0;
}

static int follow(struct pass *p, bool *changed, struct eg_error *err)
{
	struct eg_state *st = p->st;
	int rc = eg_store_check_path(st, err);

	if (rc == 0)
		rc = eg_db_run(&st->db, "BEGIN", EG_NO_VALS, err);
	/* It asks for the schema too: a newer edgate may have come and changed it. */
	if (rc == 0)
		rc = eg_meta_load(&st->db, &p->meta, err);
	if (rc != 0 || !is_new(&st->sent, &p->meta))
		return rc;
	p->whole = must_start_over(&st->sent, &p->meta);
	p->foreign = is_foreign(&st->sent, &p->meta);
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

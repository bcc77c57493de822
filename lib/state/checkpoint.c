/* SPDX-License-Identifier: BSD-3-Clause */
#include "change.h"
#include "chunk.h"
#include "eg_clock.h"
#include "entry.h"

static int fold_event(void *ctx, const Eg__Pb__Event *event, struct eg_error *err)
{
	struct eg_state *st = ctx;
	struct eg_list_row *list;
	struct eg_entry entry;

	if (eg_entry_of_event(event, &entry))
		return eg_entry_save(&st->db, &entry, err);
	if (event->op_case != EG__PB__EVENT__OP_REVOKE_INDEX)
		return 0;
	list = eg_lists_find(&st->lists, eg_pb_span(event->revoke_index->uri));
	return list != NULL ? eg_event_mark(list, event->revoke_index, err) : 0;
}

static int fold_marks(struct eg_state *st, struct eg_error *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < st->lists.cnt; i++) {
		struct eg_list_row *list = &st->lists.row[i];

		eg_ranges_merge(&list->marks);
		if (list->marks.cnt != 0)
			rc = eg_chunk_fold_marks(&st->db, list, err);
	}
	return rc;
}

/* The log keeps what lies between the last checkpoint and this one, so that a follower that polls
 * now and then does not have to start over at each checkpoint. */
static int trim(struct eg_state *st, struct eg_meta *meta, struct eg_error *err)
{
	int rc;

	meta->trimmed = meta->checkpoint;
	meta->checkpoint = meta->sequence;
	meta->tail_indices = 0;
	rc = eg_db_run(
	    &st->db, "DELETE FROM event WHERE sequence <= ?1", EG_VALS(eg_int(meta->trimmed)), err);
	return rc == 0 ? eg_meta_save(&st->db, meta, err) : rc;
}

static int checkpoint(struct eg_state *st, struct eg_error *err)
{
	struct eg_meta meta;
	int rc = eg_db_script(&st->db, "BEGIN IMMEDIATE", err);

	if (rc == 0)
		rc = eg_meta_load(&st->db, &meta, err);
	if (rc == 0)
		rc = eg_lists_sync(&st->lists, &st->db, err);
	if (rc == 0)
		rc = eg_event_each(&st->db, meta.checkpoint, meta.sequence, fold_event, st, err);
	if (rc == 0)
		rc = fold_marks(st, err);
	if (rc == 0)
		rc = eg_entry_expire(&st->db, meta.highest_utc_ns / (uint64_t)EG_NS_PER_S, err);
	if (rc == 0)
		rc = trim(st, &meta, err);
	return rc == 0 ? eg_db_script(&st->db, "COMMIT", err) : rc;
}

int eg_checkpoint(struct eg_state *st, struct eg_error *err)
{
	int rc = checkpoint(st, err);

	eg_lists_clear_marks(&st->lists);
	if (rc != 0)
		eg_store_rollback(st);
	return rc;
}

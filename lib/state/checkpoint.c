/* SPDX-License-Identifier: BSD-3-Clause */
#include "change.h"
#include "chunk.h"
#include "eg_clock.h"
#include "run.h"

struct fold {
	struct eg_state *st;
	const struct eg_meta *meta;
	struct eg_records records;
};

static int fold_event(void *ctx, const Eg__Pb__Event *event, struct eg_error *err)
{
	struct fold *fold = ctx;
	struct eg_index_event index;
	struct eg_record record;

	if (eg_record_of_event(event, &fold->meta->hash_key, &record))
		return eg_records_add(&fold->records, &record, err);
	if (eg_index_event_of(event, &index))
		return eg_event_mark(&fold->st->lists, &index, err);
	return 0;
}

static int fold_marks(struct eg_state *st, struct eg_error *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < st->lists.cnt; i++) {
		struct eg_list_row *list = &st->lists.row[i];

		eg_marks_sort(&list->marks);
		rc = eg_chunk_fold_marks(&st->db, list, err);
	}
	return rc;
}

static int fold_log(struct eg_state *st, const struct eg_meta *meta, struct eg_error *err)
{
	struct fold fold = {st, meta, {0}};
	int rc = eg_event_each(&st->db, meta->checkpoint, meta->sequence, fold_event, &fold, err);

	if (rc == 0)
		rc = fold_marks(st, err);
	if (rc == 0)
		rc = eg_run_append(
		    &st->db, &fold.records, meta->highest_utc_ns / (uint64_t)EG_NS_PER_S, err);
	eg_records_free(&fold.records);
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
		rc = fold_log(st, &meta, err);
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

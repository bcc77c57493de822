/* SPDX-License-Identifier: BSD-3-Clause */
#include "chunk.h"
#include "event.h"

#include <stdlib.h>

static struct eg_db_sum checksum(uint64_t sequence, struct eg_span body)
{
	return eg_db_sum("event", &sequence, 1, body);
}

int eg_event_append(
    struct eg_db *db, uint64_t sequence, const Eg__Pb__Event *event, struct eg_error *err)
{
	size_t len = eg__pb__event__get_packed_size(event);
	uint8_t *body = malloc(len + 1);
	struct eg_db_sum sum;
	int rc;

	if (body == NULL)
		return eg_error_set(err, EG_ENOMEM, "no memory for an event of %zu bytes", len);
	(void)eg__pb__event__pack(event, body);
	sum = checksum(sequence, eg_span(body, len));
	rc = eg_db_run(db, "INSERT INTO event VALUES (?1, ?2, ?3)",
	    EG_VALS(eg_int(sequence), eg_blob(eg_span(body, len)), eg_sum_val(&sum)), err);
	free(body);
	return rc;
}

static bool is_known(const Eg__Pb__Event *event)
{
	if (event->base.n_unknown_fields != 0)
		return false;
	switch (event->op_case) {
	case EG__PB__EVENT__OP__NOT_SET:
		return false;
	case EG__PB__EVENT__OP_REVOKE_VALUE:
		return event->revoke_value->kind >= EG_REVOKE_JTI &&
		       event->revoke_value->kind <= EG_REVOKE_JKT;
	case EG__PB__EVENT__OP_REVOKE_INDEX:
		return event->revoke_index->value <= EG_INDEX_SUSPENDED;
	case EG__PB__EVENT__OP_UNREVOKE:
		return event->unrevoke->kind >= EG_REVOKE_JTI &&
		       event->unrevoke->kind <= EG_REVOKE_ISSUER;
	default:
		return true;
	}
}

static int check_event(const Eg__Pb__Event *event, uint64_t sequence, struct eg_error *err)
{
	struct eg_index_event index;

	if (event == NULL)
		return eg_error_set(err, EG_ECORRUPT, "table event, sequence %llu: not an event",
		    (unsigned long long)sequence);
	if (!is_known(event))
		return eg_error_set(err, EG_EVERSION,
		    "table event, sequence %llu: a newer edgate wrote it; upgrade this program",
		    (unsigned long long)sequence);
	if (eg_index_event_of(event, &index) && index.bound_cnt % 2 != 0)
		return eg_error_set(err, EG_ECORRUPT, "table event, sequence %llu: half a range",
		    (unsigned long long)sequence);
	return 0;
}

struct walk {          /* of the log */
	uint64_t next; /* sequence that must come now */
	int (*visit)(void *ctx, const Eg__Pb__Event *event, struct eg_error *err);
	void *ctx;
};

static int visit_row(struct walk *walk, sqlite3_stmt *stmt, struct eg_error *err)
{
	uint64_t sequence = eg_col_u64(stmt, 0);
	struct eg_span body = eg_col_blob(stmt, 1);
	struct eg_db_sum sum = checksum(sequence, body);
	Eg__Pb__Event *event;
	int rc;

	if (sequence != walk->next)
		return eg_error_set(err, EG_ECORRUPT, "table event, sequence %llu: missing",
		    (unsigned long long)walk->next);
	if (!eg_sum_is(&sum, eg_col_blob(stmt, 2)))
		return eg_error_set(err, EG_ECORRUPT,
		    "table event, sequence %llu: checksum mismatch", (unsigned long long)sequence);
	event = eg__pb__event__unpack(NULL, body.len, body.ptr);
	rc = check_event(event, sequence, err);
	if (rc == 0)
		rc = walk->visit(walk->ctx, event, err);
	eg__pb__event__free_unpacked(event, NULL);
	walk->next++;
	return rc;
}

int eg_event_each(struct eg_db *db, uint64_t after, uint64_t upto,
    int (*visit)(void *ctx, const Eg__Pb__Event *event, struct eg_error *err), void *ctx,
    struct eg_error *err)
{
	struct walk walk = {after + 1, visit, ctx};
	sqlite3_stmt *stmt = NULL;
	int rc = eg_db_query(db, &stmt,
	    "SELECT sequence, body, checksum FROM event WHERE sequence > ?1 AND sequence <= ?2"
	    " ORDER BY sequence",
	    EG_VALS(eg_int(after), eg_int(upto)), err);

	if (rc != 0)
		return rc;
	while ((rc = eg_db_step(db, stmt, err)) > 0) {
		rc = visit_row(&walk, stmt, err);
		if (rc != 0) {
			eg_db_finish(db, stmt);
			return rc;
		}
	}
	if (rc == 0 && walk.next <= upto)
		return eg_error_set(err, EG_ECORRUPT, "table event, sequence %llu: missing",
		    (unsigned long long)walk.next);
	return rc;
}

bool eg_index_event_of(const Eg__Pb__Event *event, struct eg_index_event *out)
{
	switch (event->op_case) {
	case EG__PB__EVENT__OP_REVOKE_INDEX: {
		const Eg__Pb__RevokeIndex *r = event->revoke_index;

		*out = (struct eg_index_event){eg_pb_span(r->uri), r->bound, r->n_bound,
		    r->value != 0 ? (uint8_t)r->value : EG_INDEX_REVOKED};
		return true;
	}
	case EG__PB__EVENT__OP_UNREVOKE_INDEX: {
		const Eg__Pb__UnrevokeIndex *u = event->unrevoke_index;

		*out = (struct eg_index_event){
		    eg_pb_span(u->uri), u->bound, u->n_bound, EG_INDEX_VALID};
		return true;
	}
	default:
		return false;
	}
}

int eg_event_mark(struct eg_lists *lists, const struct eg_index_event *event, struct eg_error *err)
{
	struct eg_list_row *list = eg_lists_find(lists, event->uri);
	int rc = 0;

	for (size_t i = 0; list != NULL && rc == 0 && i < event->bound_cnt; i += 2) {
		struct eg_index_range range = {event->bound[i], event->bound[i + 1]};

		if (range.first > range.last || range.last >= list->entries)
			return eg_error_set(err, EG_ECORRUPT,
			    "table event: indices %u-%u of the status list %.300s", range.first,
			    range.last, eg_show(event->uri).text);
		rc = eg_marks_add(&list->marks, range, eg_chunk_entries(list), event->value, err);
	}
	return rc;
}

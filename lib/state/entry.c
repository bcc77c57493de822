/* SPDX-License-Identifier: BSD-3-Clause */
#include "entry.h"

#include "eg_keyset.h"

static bool is_deny(enum eg_revoke_kind kind)
{
	return kind >= EG_REVOKE_JTI && kind <= EG_REVOKE_JKT;
}

bool eg_entry_of_event(const Eg__Pb__Event *event, struct eg_entry *entry)
{
	switch (event->op_case) {
	case EG__PB__EVENT__OP_REVOKE_VALUE:
		*entry = (struct eg_entry){(enum eg_revoke_kind)event->revoke_value->kind,
		    eg_pb_span(event->revoke_value->issuer), eg_pb_span(event->revoke_value->value),
		    event->revoke_value->exp_s};
		return true;
	case EG__PB__EVENT__OP_REVOKE_SUBJECT:
		*entry =
		    (struct eg_entry){EG_REVOKE_SUBJECT, eg_pb_span(event->revoke_subject->issuer),
		        eg_pb_span(event->revoke_subject->subject), event->revoke_subject->until_s};
		return true;
	case EG__PB__EVENT__OP_REVOKE_ISSUER:
		*entry =
		    (struct eg_entry){EG_REVOKE_ISSUER, eg_pb_span(event->revoke_issuer->issuer),
		        eg_span(NULL, 0), event->revoke_issuer->until_s};
		return true;
	default:
		return false;
	}
}

/* Of lengths that name and value cannot have, only the checksum matters: it will not match. */
static struct eg_db_sum checksum(const struct eg_entry *e)
{
	const uint64_t numbers[] = {e->kind, e->until_s, e->issuer.len};
	uint8_t text[2 * (EG_KEYSET_NAME_MAX + 1)];
	struct eg_writer w = eg_writer(text, sizeof(text));

	eg_write_bytes(&w, e->issuer);
	eg_write_bytes(&w, e->value);
	return eg_db_sum(
	    is_deny(e->kind) ? "deny" : "cutoff", numbers, 3, eg_span(text, sizeof(text) - w.left));
}

#define SAVE(table)                                                                                \
	"INSERT INTO " table " VALUES (?1, ?2, ?3, ?4, ?5)"                                        \
	" ON CONFLICT (kind, issuer, value) DO UPDATE"                                             \
	" SET until_s = excluded.until_s, checksum = excluded.checksum"                            \
	" WHERE excluded.until_s > until_s"

int eg_entry_save(struct eg_db *db, const struct eg_entry *entry, struct eg_error *err)
{
	struct eg_db_sum sum = checksum(entry);

	return eg_db_run(db, is_deny(entry->kind) ? SAVE("deny") : SAVE("cutoff"),
	    EG_VALS(eg_int(entry->kind), eg_blob(entry->issuer), eg_blob(entry->value),
	        eg_int(entry->until_s), eg_sum_val(&sum)),
	    err);
}

static int read_row(sqlite3_stmt *stmt, struct eg_entry *entry, struct eg_error *err)
{
	struct eg_db_sum sum;

	*entry = (struct eg_entry){(enum eg_revoke_kind)eg_col_u32(stmt, 0), eg_col_blob(stmt, 1),
	    eg_col_blob(stmt, 2), eg_col_u64(stmt, 3)};
	sum = checksum(entry);
	if (eg_sum_is(&sum, eg_col_blob(stmt, 4)))
		return 0;
	return eg_error_set(err, EG_ECORRUPT, "table %s, row %llu: checksum mismatch",
	    (const char *)sqlite3_column_text(stmt, 5), (unsigned long long)eg_col_u64(stmt, 6));
}

int eg_entry_each(struct eg_db *db,
    int (*visit)(void *ctx, const struct eg_entry *entry, struct eg_error *err), void *ctx,
    struct eg_error *err)
{
	struct eg_entry entry;
	sqlite3_stmt *stmt = NULL;
	int rc = eg_db_query(db, &stmt,
	    "SELECT kind, issuer, value, until_s, checksum, 'deny', rowid FROM deny UNION ALL "
	    "SELECT kind, issuer, value, until_s, checksum, 'cutoff', rowid FROM cutoff",
	    EG_NO_VALS, err);

	if (rc != 0)
		return rc;
	while ((rc = eg_db_step(db, stmt, err)) > 0) {
		rc = read_row(stmt, &entry, err);
		if (rc == 0)
			rc = visit(ctx, &entry, err);
		if (rc != 0) {
			eg_db_finish(stmt);
			return rc;
		}
	}
	return rc;
}

int eg_entry_expire(struct eg_db *db, uint64_t now_s, struct eg_error *err)
{
	return eg_db_run(db, "DELETE FROM deny WHERE until_s + ?1 < ?2",
	    EG_VALS(eg_int(EG_REVOKE_GRACE_S), eg_int(now_s)), err);
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "schema1.h"

#include "eg_clock.h"
#include "eg_keyset.h"

struct row {
	enum eg_revoke_kind kind;
	struct eg_span issuer, value;
	uint64_t until_s;
};

/* Of lengths that name and value cannot have, only the checksum matters: it will not match. */
static struct eg_db_sum checksum(const struct row *row)
{
	const uint64_t numbers[] = {row->kind, row->until_s, row->issuer.len};
	uint8_t text[2 * (EG_KEYSET_NAME_MAX + 1)];
	struct eg_writer w = eg_writer(text, sizeof(text));

	eg_write_bytes(&w, row->issuer);
	eg_write_bytes(&w, row->value);
	return eg_db_sum(row->kind < EG_REVOKE_SUBJECT ? "deny" : "cutoff", numbers, 3,
	    eg_span(text, sizeof(text) - w.left));
}

static int read_row(sqlite3_stmt *stmt, const struct eg_hash_key *hash_key,
    struct eg_record *record, struct eg_error *err)
{
	struct row row = {(enum eg_revoke_kind)eg_col_u32(stmt, 0), eg_col_blob(stmt, 1),
	    eg_col_blob(stmt, 2), eg_col_u64(stmt, 3)};
	struct eg_db_sum sum = checksum(&row);
	struct eg_hash_key key;

	if (!eg_sum_is(&sum, eg_col_blob(stmt, 4)))
		return eg_error_set(err, EG_ECORRUPT, "table %s, row %llu: checksum mismatch",
		    (const char *)sqlite3_column_text(stmt, 5),
		    (unsigned long long)eg_col_u64(stmt, 6));
	key = eg_hash_derive(hash_key, row.issuer);
	*record = (struct eg_record){
	    .hash = eg_revoke_hash(&key, row.kind, row.value),
	    .kind = (uint8_t)row.kind,
	    .until_s = row.until_s,
	};
	return 0;
}

int eg_schema1_each(struct eg_db *db, const struct eg_hash_key *hash_key,
    int (*visit)(void *ctx, const struct eg_record *record, struct eg_error *err), void *ctx,
    struct eg_error *err)
{
	struct eg_record record;
	sqlite3_stmt *stmt = NULL;
	int rc = eg_db_query(db, &stmt,
	    "SELECT kind, issuer, value, until_s, checksum, 'deny', rowid FROM deny UNION ALL "
	    "SELECT kind, issuer, value, until_s, checksum, 'cutoff', rowid FROM cutoff",
	    EG_NO_VALS, err);

	while (rc == 0 && (rc = eg_db_step(db, stmt, err)) > 0) {
		rc = read_row(stmt, hash_key, &record, err);
		if (rc == 0)
			rc = visit(ctx, &record, err);
		if (rc != 0)
			eg_db_finish(db, stmt);
	}
	return rc;
}

static int gather(void *ctx, const struct eg_record *record, struct eg_error *err)
{
	return eg_records_add(ctx, record, err);
}

int eg_schema1_convert(struct eg_db *db, const struct eg_meta *meta, struct eg_error *err)
{
	struct eg_records records = {0};
	int rc = eg_schema1_each(db, &meta->hash_key, gather, &records, err);

	if (rc == 0)
		rc = eg_db_script(db,
		    EG_SCHEMA_RUN EG_SCHEMA_KEY EG_SCHEMA_LIST
		    "DROP TABLE deny; DROP TABLE cutoff;",
		    err);
	if (rc == 0)
		rc = eg_run_append(db, &records, meta->highest_utc_ns / (uint64_t)EG_NS_PER_S, err);
	eg_records_free(&records);
	return rc;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "sealed.h"
#include "store.h"

#include <sodium.h>

/* The first column is the row's number in each. */
static const struct {
	const char *name, *all, *open, *seal;
} tables[] = {
    [EG_SEALED_META] = {"meta", "SELECT * FROM meta", "SELECT * FROM meta WHERE checksum = x''",
        "UPDATE meta SET checksum = ?1 WHERE one = ?2"},
    [EG_SEALED_ISSUER] = {"issuer", "SELECT * FROM issuer",
        "SELECT * FROM issuer WHERE checksum = x''",
        "UPDATE issuer SET checksum = ?1 WHERE id = ?2"},
    [EG_SEALED_KEY] = {"key", "SELECT * FROM key", "SELECT * FROM key WHERE checksum = x''",
        "UPDATE key SET checksum = ?1 WHERE idx = ?2"},
    [EG_SEALED_LIST] = {"list", "SELECT * FROM list", "SELECT * FROM list WHERE checksum = x''",
        "UPDATE list SET checksum = ?1 WHERE id = ?2"},
};

/* ── checksums ── */

static void add_number(crypto_generichash_state *h, uint8_t type, uint64_t n)
{
	uint8_t bytes[9] = {type};

	eg_store_be64(bytes + 1, n);
	(void)crypto_generichash_update(h, bytes, sizeof(bytes));
}

/* Strict tables, without NULL: what is no integer is a blob. */
static void add_column(crypto_generichash_state *h, sqlite3_stmt *stmt, int col)
{
	struct eg_span blob;

	if (sqlite3_column_type(stmt, col) == SQLITE_INTEGER) {
		add_number(h, 'i', eg_col_u64(stmt, col));
		return;
	}
	blob = eg_col_blob(stmt, col);
	add_number(h, 'b', blob.len);
	(void)crypto_generichash_update(h, blob.ptr, blob.len);
}

static struct eg_db_sum checksum(sqlite3_stmt *stmt, enum eg_sealed table)
{
	const char *name = tables[table].name;
	struct eg_db_sum sum = {.len = sizeof(sum.bytes)};
	crypto_generichash_state h;

	(void)crypto_generichash_init(&h, NULL, 0, sizeof(sum.bytes));
	(void)crypto_generichash_update(&h, (const uint8_t *)name, strlen(name) + 1);
	for (int col = 0; col < sqlite3_column_count(stmt) - 1; col++)
		add_column(&h, stmt, col);
	(void)crypto_generichash_final(&h, sum.bytes, sizeof(sum.bytes));
	return sum;
}

/* ── reading ── */

/* A version that has lost a bit must not switch the checksums off. */
static int check_columns(
    struct eg_db *db, sqlite3_stmt *stmt, enum eg_sealed table, struct eg_error *err)
{
	const char *last = sqlite3_column_name(stmt, sqlite3_column_count(stmt) - 1);
	bool has = last != NULL && strcmp(last, "checksum") == 0;

	if (has == (db->version >= EG_STORE_SEALED_VERSION))
		return 0;
	return eg_error_set(err, EG_ECORRUPT, "table %s: not that of schema %u: one is damaged",
	    tables[table].name, db->version);
}

int eg_sealed_check(
    struct eg_db *db, sqlite3_stmt *stmt, enum eg_sealed table, struct eg_error *err)
{
	struct eg_db_sum sum;
	int rc = check_columns(db, stmt, table, err);

	if (rc != 0 || db->version < EG_STORE_SEALED_VERSION)
		return rc;
	sum = checksum(stmt, table);
	if (eg_sum_is(&sum, eg_col_blob(stmt, sqlite3_column_count(stmt) - 1)))
		return 0;
	return eg_error_set(err, EG_ECORRUPT, "table %s, row %llu: checksum mismatch",
	    tables[table].name, (unsigned long long)eg_col_u64(stmt, 0));
}

int eg_sealed_check_all(struct eg_db *db, enum eg_sealed table, struct eg_error *err)
{
	sqlite3_stmt *stmt = NULL;
	int rc = eg_db_query(db, &stmt, tables[table].all, EG_NO_VALS, err);

	while (rc == 0 && (rc = eg_db_step(db, stmt, err)) > 0) {
		rc = eg_sealed_check(db, stmt, table, err);
		if (rc != 0)
			eg_db_finish(db, stmt);
	}
	return rc;
}

/* ── writing ── */

int eg_sealed_begin(struct eg_db *db, enum eg_sealed table, struct eg_error *err)
{
	return eg_sealed_check_all(db, table, err);
}

static int seal(struct eg_db *db, sqlite3_stmt *stmt, enum eg_sealed table, struct eg_error *err)
{
	struct eg_db_sum sum = checksum(stmt, table);

	return eg_db_run(
	    db, tables[table].seal, EG_VALS(eg_sum_val(&sum), eg_int(eg_col_u64(stmt, 0))), err);
}

/* The walk goes by row number, which no update here changes. */
int eg_sealed_end(struct eg_db *db, enum eg_sealed table, struct eg_error *err)
{
	sqlite3_stmt *stmt = NULL;
	int rc = eg_db_query(db, &stmt, tables[table].open, EG_NO_VALS, err);

	while (rc == 0 && (rc = eg_db_step(db, stmt, err)) > 0) {
		rc = seal(db, stmt, table, err);
		if (rc != 0)
			eg_db_finish(db, stmt);
	}
	return rc;
}

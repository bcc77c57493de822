/* SPDX-License-Identifier: BSD-3-Clause */
/* The checksums of small rows: every byte of them counts, and no change renews a damaged one. */
#include "state_test.h"

#define GOLDEN_LIST "https://issuer.example/lists/1"

/* ── every column ── */

struct column {
	char table[16], name[32];
};

static void copy_text(char *out, size_t room, sqlite3_stmt *stmt, int col)
{
	assert_true((size_t)sqlite3_column_bytes(stmt, col) < room);
	(void)strcpy(out, (const char *)sqlite3_column_text(stmt, col));
}

static size_t columns_of(const struct store *s, struct column out[64])
{
	static const char sql[] = "SELECT m.name, c.name FROM sqlite_schema m,"
	                          " pragma_table_info(m.name) c"
	                          " WHERE m.name IN ('meta', 'issuer', 'key', 'list')";
	sqlite3_stmt *stmt;
	sqlite3 *db;
	size_t cnt = 0;

	assert_int_equal(sqlite3_open(s->file, &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
	while (sqlite3_step(stmt) == SQLITE_ROW) {
		struct column *c = &out[cnt++];

		assert_true(cnt <= 64);
		copy_text(c->table, sizeof(c->table), stmt, 0);
		copy_text(c->name, sizeof(c->name), stmt, 1);
	}
	(void)sqlite3_finalize(stmt);
	(void)sqlite3_close(db);
	return cnt;
}

static void bind_flipped(sqlite3_stmt *to, sqlite3_stmt *from)
{
	uint8_t bytes[4096] = {0};
	int len = sqlite3_column_bytes(from, 0);

	if (sqlite3_column_type(from, 0) == SQLITE_INTEGER) {
		(void)sqlite3_bind_int64(to, 1, sqlite3_column_int64(from, 0) ^ 1 << 20);
		return;
	}
	assert_true(len < (int)sizeof(bytes));
	if (len != 0)
		memcpy(bytes, sqlite3_column_blob(from, 0), (size_t)len);
	bytes[len / 2] ^= 1;
	(void)sqlite3_bind_blob(to, 1, bytes, len != 0 ? len : 1, SQLITE_TRANSIENT);
}

/* One bit of that column in the newest row. */
static void flip(const struct store *s, const struct column *c)
{
	sqlite3_stmt *from, *to;
	char select[128], update[256];
	sqlite3 *db;

	(void)snprintf(select, sizeof(select),
	    "SELECT %.31s FROM %.15s ORDER BY rowid DESC LIMIT 1", c->name, c->table);
	(void)snprintf(update, sizeof(update),
	    "UPDATE %.15s SET %.31s = ?1 WHERE rowid = (SELECT max(rowid) FROM %.15s)", c->table,
	    c->name, c->table);
	assert_int_equal(sqlite3_open(s->file, &db), SQLITE_OK);
	assert_int_equal(
	    sqlite3_exec(db, "PRAGMA ignore_check_constraints=ON", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, select, -1, &from, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, update, -1, &to, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(from), SQLITE_ROW);
	bind_flipped(to, from);
	(void)sqlite3_finalize(from);
	assert_int_equal(sqlite3_step(to), SQLITE_DONE);
	assert_int_equal(sqlite3_changes(db), 1);
	(void)sqlite3_finalize(to);
	(void)sqlite3_close(db);
}

/* The newest issuer and key are those of an issuer that was removed: no snapshot reads them. */
static void every_column_counts(void **state)
{
	struct store *s = *state;
	struct column column[64];
	size_t cnt;

	unpack_golden(s, 3);
	cnt = columns_of(s, column);
	assert_int_equal(cnt, 11 + 4 + 12 + 13);
	for (size_t i = 0; i < cnt; i++) {
		const struct column *c = &column[i];
		char words[64];
		int rc;

		unpack_golden(s, 3);
		flip(s, c);
		(void)strcat(strcat(strcpy(words, "table "), c->table), ", row ");
		rc = eg_state_open(&s->w, s->dir, EG_STATE_READ, &s->err);
		if (rc == 0) /* meta is read by the open itself */
			rc = eg_state_verify(s->w, &s->err);
		refused(s, rc, EG_ECORRUPT, words);
	}
}

/* ── who meets them ── */

static void a_damaged_key_is_served_no_longer_than_before(void **state)
{
	struct store *s = *state;
	struct eg_error err = {0};
	struct reader r, late;
	bool changed;

	unpack_golden(s, 3);
	open_reader(s, &r);
	(void)follow(&r);
	ok(s, eg_state_open(&s->w, s->dir, EG_STATE_WRITE, &s->err));
	tamper(s, "UPDATE key SET revoked = 0 WHERE name = CAST('k2' AS BLOB)");
	refused(s, put_issuer(s, ISS, "k1", "k2"), EG_ECORRUPT, "table key, row 2: checksum");
	/* What does not touch the table goes on, for who has read it already. */
	ok(s, revoke_range(s, GOLDEN_LIST, 3, 3));
	assert_true(follow(&r));
	assert_int_equal(entry_of(&r, GOLDEN_LIST, 3), 1);
	assert_true(key_of(&r, ISS, "k2")->revoked);
	open_reader(s, &late);
	assert_int_equal(try_follow(&late, &changed, &err), -EG_ECORRUPT);
	assert_non_null(strstr(err.text, "table key, row 2: checksum"));
	close_reader(&late);
	close_reader(&r);
}

/* A change gives its rows new checksums: it must not give one to what it found damaged. */
static void no_change_renews_a_damaged_row(void **state)
{
	static const struct eg_key_window window = {1, 2};
	struct store *s = *state;

	unpack_golden(s, 3);
	ok(s, eg_state_open(&s->w, s->dir, EG_STATE_WRITE, &s->err));
	tamper(s, "UPDATE key SET revoked = 0, checksum = x'' WHERE idx = 2;"
	          "UPDATE list SET exp_s = 1 WHERE id = 2");
	refused(
	    s, put_issuer(s, "https://new.example", "n", NULL), EG_ECORRUPT, "table key, row 2");
	refused(s, eg_state_issuer_remove(s->w, span(ISS), T0_NS, &s->epoch, &s->err), EG_ECORRUPT,
	    "table key, row 2");
	refused(s, eg_state_revoke_key(s->w, span(ISS), span("k1"), T0_NS, &s->epoch, &s->err),
	    EG_ECORRUPT, "table key, row 2");
	refused(s,
	    eg_state_key_window(s->w, span(ISS), span("k1"), window, T0_NS, &s->epoch, &s->err),
	    EG_ECORRUPT, "table key, row 2");
	refused(s, eg_state_list_grow(s->w, span(GOLDEN_LIST), 100020, T0_NS, &s->epoch, &s->err),
	    EG_ECORRUPT, "table list, row 2");
	refused(s,
	    eg_state_list_add(s->w, span(LIST), span(ISS), 1, 100, T0_NS, &s->epoch, &s->err),
	    EG_ECORRUPT, "table list, row 2");
	refused(s, eg_state_verify(s->w, &s->err), EG_ECORRUPT, "table key, row 2");
}

static void an_issuer_that_is_not_found_may_be_damaged(void **state)
{
	struct store *s = *state;

	unpack_golden(s, 3);
	ok(s, eg_state_open(&s->w, s->dir, EG_STATE_WRITE, &s->err));
	tamper(s, "UPDATE issuer SET name = CAST('https://issuer.examplf' AS BLOB) WHERE id = 1");
	refused(s, eg_state_revoke_issuer(s->w, span(ISS), 5, T0_NS, &s->epoch, &s->err),
	    EG_ECORRUPT, "table issuer, row 1");
	refused(s,
	    eg_state_revoke_issuer(
	        s->w, span("https://issuer.examplf"), 5, T0_NS, &s->epoch, &s->err),
	    EG_ECORRUPT, "table issuer, row 1");
}

/* One bit of the version would make it schema 2, which has no checksums. */
static void a_version_that_lost_a_bit_is_damage(void **state)
{
	struct store *s = *state;

	unpack_golden(s, 3);
	tamper(s, "PRAGMA user_version=2");
	refused(s, eg_state_open(&s->w, s->dir, EG_STATE_READ, &s->err), EG_ECORRUPT,
	    "table meta: not that of schema 2");
	refused(s, eg_state_open(&s->w, s->dir, EG_STATE_WRITE, &s->err), EG_ECORRUPT,
	    "table meta: not that of schema 2");
	assert_int_equal(count(s, "PRAGMA user_version"), 2);
}

/* The damaged row's generation counts too, so that epochs do not go back. */
static void a_backup_replaces_a_store_with_a_damaged_meta(void **state)
{
	char backup[128];
	struct store *s = *state;
	uint64_t epoch;

	(void)snprintf(backup, sizeof(backup), "%s/backup", s->root);
	with_list(s, 1, 100);
	ok(s, eg_state_backup(s->w, backup, &s->err));
	tamper(s, "UPDATE meta SET generation = 7");
	ok(s, eg_state_restore(s->dir, backup, T0_NS, &epoch, &s->err));
	assert_int_equal(epoch, EG_EPOCH(8, 2));
	ok(s, eg_state_verify(s->w, &s->err));
}

/* ── statements ── */

static void a_statement_in_use_is_not_used_twice(void **state)
{
	static const char sql[] = "SELECT ?1 + value FROM (SELECT 1 AS value UNION SELECT 2)";
	struct store *s = *state;
	sqlite3_stmt *outer, *inner, *again;
	struct eg_db db;

	ok(s, eg_db_open(&db, s->file, &s->err));
	ok(s, eg_db_query(&db, &outer, sql, EG_VALS(eg_int(10)), &s->err));
	assert_int_equal(eg_db_step(&db, outer, &s->err), 1);
	ok(s, eg_db_query(&db, &inner, sql, EG_VALS(eg_int(20)), &s->err));
	assert_ptr_not_equal(inner, outer);
	assert_int_equal(eg_db_step(&db, inner, &s->err), 1);
	assert_int_equal(eg_col_u64(inner, 0), 21);
	assert_int_equal(eg_col_u64(outer, 0), 11);
	assert_int_equal(eg_db_step(&db, outer, &s->err), 1);
	assert_int_equal(eg_db_step(&db, outer, &s->err), 0);
	/* Finished: kept, and what was bound to it is gone. */
	ok(s, eg_db_query(&db, &again, sql, EG_NO_VALS, &s->err));
	assert_ptr_equal(again, outer);
	assert_int_equal(eg_db_step(&db, again, &s->err), 1);
	assert_int_equal(sqlite3_column_type(again, 0), SQLITE_NULL);
	eg_db_finish(&db, again);
	eg_db_finish(&db, inner);
	eg_db_close(&db);
}

static void more_statements_than_are_kept(void **state)
{
	struct store *s = *state;
	struct eg_db db;

	ok(s, eg_db_open(&db, s->file, &s->err));
	for (unsigned round = 0; round < 2; round++)
		for (unsigned i = 0; i < 2 * EG_DB_KEPT_MAX; i++) {
			char sql[32];
			uint64_t n;

			(void)snprintf(sql, sizeof(sql), "SELECT %u", i);
			assert_int_equal(eg_db_number(&db, sql, EG_NO_VALS, &n, &s->err), 1);
			assert_int_equal(n, i);
		}
	assert_int_equal(db.kept_cnt, EG_DB_KEPT_MAX);
	eg_db_close(&db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    STATE_TEST(every_column_counts),
	    STATE_TEST(a_damaged_key_is_served_no_longer_than_before),
	    STATE_TEST(no_change_renews_a_damaged_row),
	    STATE_TEST(an_issuer_that_is_not_found_may_be_damaged),
	    STATE_TEST(a_version_that_lost_a_bit_is_damage),
	    STATE_TEST(a_backup_replaces_a_store_with_a_damaged_meta),
	    STATE_TEST(a_statement_in_use_is_not_used_twice),
	    STATE_TEST(more_statements_than_are_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

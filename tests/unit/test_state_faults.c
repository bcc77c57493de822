/* SPDX-License-Identifier: BSD-3-Clause */
#include "chunk.h"
#include "state_test.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

/* ── damage ── */

static void test_damaged_event_is_refused(void **state)
{
	struct store *s = *state;
	struct reader r, fresh;
	bool changed = true;

	with_list(s, 1, 100);
	open_reader(s, &r);
	(void)follow(&r);
	ok(s, revoke_range(s, LIST, 5, 5));
	tamper(s, "UPDATE event SET body = zeroblob(length(body)) WHERE sequence = 3");
	refused(s, try_follow(&r, &changed, &s->err), EG_ECORRUPT,
	    "table event, sequence 3: checksum mismatch");
	assert_false(changed);
	assert_int_equal(r.epoch, EG_EPOCH(1, 2));
	open_reader(s, &fresh);
	refused(s, try_follow(&fresh, &changed, &s->err), EG_ECORRUPT, "sequence 3");
	tamper(s, "DELETE FROM event WHERE sequence = 3");
	refused(s, try_follow(&r, &changed, &s->err), EG_ECORRUPT, "sequence 3: missing");
	close_reader(&fresh);
	close_reader(&r);
}

static void test_damaged_tables_are_refused(void **state)
{
	struct store *s = *state;
	uint8_t bytes[13] = {1};
	struct reader r;
	bool changed;

	with_list(s, 1, 100);
	ok(s, put_policy(s, 4, false));
	ok(s, import_raw(s, LIST, eg_span(bytes, 13)));
	eg_state_set_log_limits(s->w, 0, 0);
	ok(s, revoke_value(s, EG_REVOKE_SUBJECT, span(ISS), span("bob"), 77));
	open_reader(s, &r);
	tamper(s, "UPDATE run SET chunk = 7 WHERE chunk = 1");
	refused(s, try_follow(&r, &changed, &s->err), EG_ECORRUPT, "table run, run 1, chunk 1:");
	tamper(s, "DELETE FROM run WHERE chunk = 7");
	refused(s, try_follow(&r, &changed, &s->err), EG_ECORRUPT, "table run, run 1, chunk 1:");
	tamper(s, "UPDATE run SET bytes = zeroblob(32)");
	refused(s, try_follow(&r, &changed, &s->err), EG_ECORRUPT, "table run, run 1, chunk 0:");
	tamper(s, "DELETE FROM run; UPDATE policy SET body = x'00'");
	refused(s, try_follow(&r, &changed, &s->err), EG_ECORRUPT, "table policy, id 4: checksum");
	tamper_sealed(s, "DELETE FROM policy; UPDATE meta SET default_policy = 0;"
	                 "UPDATE bitmap SET bytes = zeroblob(13)");
	refused(s, try_follow(&r, &changed, &s->err), EG_ECORRUPT,
	    "table bitmap, list " LIST ", imported layer, chunk 0: checksum");
	close_reader(&r);
}

/* Nothing writes it, but its checksum is right and a chunk may be shorter than its list. */
static void test_empty_chunk_is_all_zero(void **state)
{
	const uint64_t numbers[] = {1, EG_LAYER_IMPORTED, 0};
	const struct eg_db_sum sum = eg_db_bulk_sum("bitmap", numbers, 3, eg_span(NULL, 0));
	struct store *s = *state;
	uint8_t bytes[13] = {1};
	struct eg_db db;
	struct reader r;

	with_list(s, 1, 100);
	ok(s, import_raw(s, LIST, eg_span(bytes, 13)));
	ok(s, eg_db_open(&db, s->file, &s->err));
	ok(s, eg_db_run(&db, "UPDATE bitmap SET bytes = x'', checksum = ?1",
	          EG_VALS(eg_sum_val(&sum)), &s->err));
	eg_db_close(&db);
	open_reader(s, &r);
	(void)follow(&r);
	assert_int_equal(entry_of(&r, LIST, 0), 0);
	close_reader(&r);
}

/* Of any size that the damage claims; checksums would need all of it in memory. */
static void test_value_too_long_is_damage(void **state)
{
	struct store *s = *state;
	struct reader r;
	char sql[96];
	bool changed;

	with_list(s, 1, 100);
	open_reader(s, &r);
	(void)snprintf(sql, sizeof(sql), "UPDATE event SET body = zeroblob(%d) WHERE sequence = 2",
	    EG_DB_VALUE_BYTES_MAX + 1);
	tamper(s, sql);
	refused(s, try_follow(&r, &changed, &s->err), EG_ECORRUPT, "too big");
	close_reader(&r);
}

static void test_hole_in_the_log_is_refused(void **state)
{
	struct store *s = *state;
	struct reader r;
	bool changed;

	with_list(s, 1, 100);
	open_reader(s, &r);
	ok(s, revoke_range(s, LIST, 5, 5));
	ok(s, revoke_range(s, LIST, 6, 6));
	tamper(s, "DELETE FROM event WHERE sequence = 3");
	refused(s, try_follow(&r, &changed, &s->err), EG_ECORRUPT, "sequence 3: missing");
	close_reader(&r);
}

/* An event of an op that this edgate does not know: field 99, and its right checksum. */
static void test_newer_event_is_refused(void **state)
{
	struct store *s = *state;
	const uint8_t body[] = {0x08, 0x01, 0x9a, 0x06, 0x00}, be[8] = {0, 0, 0, 0, 0, 0, 0, 3};
	crypto_generichash_state h;
	uint8_t sum[16];
	char hex[33], sql[256];
	struct reader r;
	bool changed;

	with_list(s, 1, 100);
	(void)crypto_generichash_init(&h, NULL, 0, 16);
	(void)crypto_generichash_update(&h, (const uint8_t *)"event", 6);
	(void)crypto_generichash_update(&h, be, 8);
	(void)crypto_generichash_update(&h, body, sizeof(body));
	(void)crypto_generichash_final(&h, sum, 16);
	(void)sodium_bin2hex(hex, sizeof(hex), sum, 16);
	(void)snprintf(sql, sizeof(sql),
	    "INSERT INTO event VALUES (3, x'08019a0600', x'%s'); UPDATE meta SET sequence = 3",
	    hex);
	tamper_sealed(s, sql);
	open_reader(s, &r);
	refused(s, try_follow(&r, &changed, &s->err), EG_EVERSION, "sequence 3");
	close_reader(&r);
}

/* ── writers beside each other ── */

static void test_two_writers(void **state)
{
	struct store *s = *state;
	pid_t pid[2];

	ok(s, put_issuer(s, ISS, "k1", NULL));
	for (int w = 0; w < 2; w++) {
		pid[w] = fork();
		if (pid[w] != 0)
			continue;
		{
			struct store own = {0};
			int rc = eg_state_open(&own.w, s->dir, EG_STATE_WRITE, NULL);

			for (int i = 0; rc == 0 && i < 50; i++) {
				char sub[16];

				(void)snprintf(sub, sizeof(sub), "%d-%d", w, i);
				rc = revoke_value(&own, EG_REVOKE_SUBJECT, span(ISS), span(sub), 5);
			}
			_exit(rc == 0 ? 0 : 1);
		}
	}
	for (int w = 0; w < 2; w++) {
		int status;

		assert_int_equal(waitpid(pid[w], &status, 0), pid[w]);
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	}
	ok(s, put_policy(s, 1, false));
	expect_epoch(s, 102);
}

static void test_busy_store(void **state)
{
	struct store *s = *state;
	sqlite3 *db;

	assert_int_equal(sqlite3_open(s->file, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	refused(s, put_policy(s, 1, false), EG_EAGAIN, "busy");
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	ok(s, put_policy(s, 1, false));
	expect_epoch(s, 1);
}

static bool is_wal(const struct store *s)
{
	sqlite3_stmt *stmt;
	sqlite3 *db;
	bool is;

	assert_int_equal(sqlite3_open(s->file, &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, "PRAGMA journal_mode", -1, &stmt, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
	is = strcmp((const char *)sqlite3_column_text(stmt, 0), "wal") == 0;
	(void)sqlite3_finalize(stmt);
	(void)sqlite3_close(db);
	return is;
}

/* Whichever way a backup comes in, readers and writers do not wait for each other afterwards. */
static void test_a_restored_store_is_written_ahead(void **state)
{
	struct store *s = *state;
	char backup[128];
	uint64_t epoch;
	FILE *f;

	(void)snprintf(backup, sizeof(backup), "%s/backup", s->root);
	ok(s, put_policy(s, 1, false));
	ok(s, eg_state_backup(s->w, backup, &s->err));
	assert_true(is_wal(s));
	ok(s, eg_state_restore(s->dir, backup, T0_NS, &epoch, &s->err));
	assert_true(is_wal(s));
	eg_state_close(s->w);
	s->w = NULL;
	f = fopen(s->file, "w");
	assert_non_null(f);
	assert_int_equal(fputs("no store at all", f), 1);
	assert_int_equal(fclose(f), 0);
	ok(s, eg_state_restore(s->dir, backup, T0_NS, &epoch, &s->err));
	assert_true(is_wal(s));
	ok(s, eg_state_open(&s->w, s->dir, EG_STATE_WRITE, &s->err));
	ok(s, put_policy(s, 2, false));
}

static void put_denied(struct store *s)
{
	ok(s, put_issuer(s, ISS, "k1", NULL));
	ok(s, put_policy(s, 1, false));
	ok(s, revoke_value(s, EG_REVOKE_JTI, span(ISS), span("x"), FAR_S));
}

static bool is_unsettled; /* a table that its owner may not have yet */

static void settle_tables(void *ctx)
{
	(void)ctx;
	is_unsettled = false;
}

static void take_settled_snapshot(void *ctx, struct eg_snapshot *snap)
{
	assert_false(is_unsettled);
	take_snapshot(ctx, snap);
}

static void expect_shut(void *ctx, const struct eg_revoke_op *op)
{
	const struct reader *r = ctx;

	if (op->kind == EG_REVOKE_OP_TABLE)
		assert_int_equal(r->snap->policy_cnt, 0);
	is_unsettled = true;
	take_op(ctx, op);
}

/* Its values are hashed by another key: under the old snapshot its tables say nothing. */
static void test_nobody_passes_between_two_stores(void **state)
{
	struct store *s = *state, other = {0};
	struct reader r;
	const struct eg_follower shut = {
	    &r, {&r, expect_shut, settle_tables}, take_settled_snapshot, take_epoch};
	char backup[128];
	uint64_t epoch;
	bool changed;

	(void)snprintf(other.dir, sizeof(other.dir), "%s/other", s->root);
	(void)snprintf(backup, sizeof(backup), "%s/backup", s->root);
	ok(s, eg_state_create(other.dir, NULL, T0_NS, &s->err));
	ok(s, eg_state_open(&other.w, other.dir, EG_STATE_WRITE, &s->err));
	put_denied(s);
	put_denied(&other);
	ok(s, eg_state_backup(other.w, backup, &s->err));
	eg_state_close(other.w);
	open_reader(s, &r);
	assert_true(follow(&r));
	assert_int_equal(until_of(&r, EG_REVOKE_JTI, ISS, "x"), FAR_S);
	ok(s, eg_state_restore(s->dir, backup, T0_NS, &epoch, &s->err));
	ok(s, eg_state_follow(r.st, r.rv, &shut, &changed, &s->err));
	assert_int_equal(r.snapshots, 3);
	assert_int_equal(r.snap->policy_cnt, 1);
	assert_int_equal(until_of(&r, EG_REVOKE_JTI, ISS, "x"), FAR_S);
	ok(s, eg_state_backup(s->w, strcat(backup, "2"), &s->err));
	ok(s, eg_state_restore(s->dir, backup, T0_NS, &epoch, &s->err));
	assert_true(follow(&r));
	assert_int_equal(r.snapshots, 4); /* the same store again: nobody need wait */
	close_reader(&r);
}

/* Who holds it may be at work on it: that is no damage. */
static void test_a_locked_store_is_not_set_aside(void **state)
{
	struct store *s = *state;
	char backup[128];
	uint64_t epoch;
	sqlite3 *db;

	(void)snprintf(backup, sizeof(backup), "%s/backup", s->root);
	ok(s, eg_state_backup(s->w, backup, &s->err));
	ok(s, put_policy(s, 1, false));
	eg_state_close(s->w);
	s->w = NULL;
	assert_int_equal(sqlite3_open(s->file, &db), SQLITE_OK);
	assert_int_equal(
	    sqlite3_exec(db, "PRAGMA locking_mode=EXCLUSIVE; BEGIN EXCLUSIVE", NULL, NULL, NULL),
	    SQLITE_OK);
	refused(s, eg_state_restore(s->dir, backup, T0_NS, &epoch, &s->err), EG_EAGAIN, "busy");
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	assert_int_equal(count(s, "SELECT count(*) FROM policy"), 1);
}

/* A full disk, as far as SQLite can tell: the file may not grow. */
static void test_full_store(void **state)
{
	struct store *s = *state;
	uint8_t *bytes = calloc(1, 1u << 20);
	pid_t pid;
	int status;

	memset(bytes, 0xa5, 1u << 20);
	with_list(s, 8, 1u << 20);
	pid = fork();
	if (pid == 0) {
		const struct rlimit small = {65536, 65536};
		const struct eg_list_import import = {
		    .form = EG_LIST_RAW, .file = eg_span(bytes, 1u << 20)};
		struct eg_error err = {0};
		struct eg_state *st;
		uint64_t epoch;

		(void)signal(SIGXFSZ, SIG_IGN);
		if (eg_state_open(&st, s->dir, EG_STATE_WRITE, &err) != 0 ||
		    setrlimit(RLIMIT_FSIZE, &small) != 0)
			_exit(2);
		if (eg_state_list_import(st, span(LIST), &import, T0_NS, &epoch, &err) != -EG_EIO)
			_exit(3);
		_exit(strstr(err.text, "nothing was changed") != NULL ? 0 : 4);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_int_equal(count(s, "SELECT count(*) FROM bitmap"), 0);
	ok(s, import_raw(s, LIST, eg_span(bytes, 1u << 20)));
	expect_epoch(s, 3);
	free(bytes);
}

/* ── kill -9 ── */

static void revoke_until_killed(const struct store *s, int out, unsigned round)
{
	struct store own = {0};

	if (eg_state_open(&own.w, s->dir, EG_STATE_WRITE, NULL) != 0)
		_exit(1);
	eg_state_set_log_limits(own.w, 20, UINT64_MAX); /* die in checkpoints too */
	for (unsigned i = 0;; i++) {
		char jti[32];

		(void)snprintf(jti, sizeof(jti), "%u-%u", round, i);
		if (revoke_value(&own, EG_REVOKE_JTI, span(ISS), span(jti), FAR_S) != 0 ||
		    write(out, &i, sizeof(i)) != sizeof(i))
			_exit(1);
		if (i % 4 == 0 && revoke_range(&own, LIST, i % 5000, i % 5000) != 0)
			_exit(1);
	}
}

static unsigned kill_in_the_middle(const struct store *s, unsigned round)
{
	unsigned acked = 0, got = 0;
	int pipe_fd[2], status;
	pid_t pid;

	assert_int_equal(pipe(pipe_fd), 0);
	pid = fork();
	if (pid == 0)
		revoke_until_killed(s, pipe_fd[1], round);
	(void)close(pipe_fd[1]);
	while (got < 1 + 3 * round && read(pipe_fd[0], &acked, sizeof(acked)) == sizeof(acked))
		got++;
	(void)usleep(137 * round);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	while (read(pipe_fd[0], &acked, sizeof(acked)) == sizeof(acked))
		got++;
	(void)close(pipe_fd[0]);
	assert_true(got > 0);
	return got;
}

static void test_killed_writer(void **state)
{
	struct store *s = *state;
	struct reader incremental;

	with_list(s, 1, 5000);
	open_reader(s, &incremental);
	for (unsigned round = 0; round < 25; round++) {
		unsigned acked = kill_in_the_middle(s, round);
		struct reader fresh;

		open_reader(s, &fresh);
		(void)follow(&fresh);
		(void)follow(&incremental);
		assert_int_equal(fresh.epoch, incremental.epoch);
		for (unsigned i = 0; i < acked; i++) {
			char jti[32];

			(void)snprintf(jti, sizeof(jti), "%u-%u", round, i);
			assert_int_equal(until_of(&fresh, EG_REVOKE_JTI, ISS, jti), FAR_S);
			assert_int_equal(until_of(&incremental, EG_REVOKE_JTI, ISS, jti), FAR_S);
			if (i % 4 == 0 && i + 1 < acked)
				assert_int_equal(entry_of(&fresh, LIST, i % 5000), 1);
		}
		close_reader(&fresh);
	}
	close_reader(&incremental);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    STATE_TEST(test_damaged_event_is_refused),
	    STATE_TEST(test_damaged_tables_are_refused),
	    STATE_TEST(test_empty_chunk_is_all_zero),
	    STATE_TEST(test_value_too_long_is_damage),
	    STATE_TEST(test_hole_in_the_log_is_refused),
	    STATE_TEST(test_newer_event_is_refused),
	    STATE_TEST(test_two_writers),
	    STATE_TEST(test_busy_store),
	    STATE_TEST(test_a_restored_store_is_written_ahead),
	    STATE_TEST(test_nobody_passes_between_two_stores),
	    STATE_TEST(test_a_locked_store_is_not_set_aside),
	    STATE_TEST(test_full_store),
	    STATE_TEST(test_killed_writer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "state_test.h"

#include <fcntl.h>
#include <grp.h>
#include <sys/wait.h>

/* ── creating and opening ── */

static void test_create(void **state)
{
	struct store *s = *state;
	struct stat sb;

	assert_int_equal(stat(s->dir, &sb), 0);
	assert_int_equal(sb.st_mode & 07777, 02770);
	assert_int_equal(stat(s->file, &sb), 0);
	assert_int_equal(sb.st_mode & 07777, 0660);
	ok(s, put_policy(s, 1, false));
	{
		char path[128];

		(void)snprintf(path, sizeof(path), "%s-wal", s->file);
		assert_int_equal(stat(path, &sb), 0);
		assert_int_equal(sb.st_mode & 07777, 0660);
		(void)snprintf(path, sizeof(path), "%s-shm", s->file);
		assert_int_equal(stat(path, &sb), 0);
		assert_int_equal(sb.st_mode & 07777, 0660);
	}
	refused(s, eg_state_create(s->dir, NULL, T0_NS, &s->err), EG_EEXIST, s->file);
	assert_int_equal(count(s, "SELECT count(*) FROM policy"), 1);
}

static void test_create_refused(void **state)
{
	struct store *s = *state;
	char dir[160];
	struct stat sb;

	(void)snprintf(dir, sizeof(dir), "%s/no/such", s->root);
	refused(s, eg_state_create(dir, NULL, T0_NS, &s->err), EG_ENOENT, "above");
	(void)snprintf(dir, sizeof(dir), "%s/other", s->root);
	refused(s, eg_state_create(dir, "no-such-group", T0_NS, &s->err), EG_ENOENT, "groupadd");
	assert_int_equal(stat(dir, &sb), -1);
	(void)snprintf(dir, sizeof(dir), "%s/x", s->file);
	refused(s, eg_state_create(dir, NULL, T0_NS, &s->err), EG_EIO, "directory");
}

static void test_concurrent_creates(void **state)
{
	struct store *s = *state;
	unsigned won = 0;
	char dir[96];

	(void)snprintf(dir, sizeof(dir), "%s/race", s->root);
	for (int i = 0; i < 6; i++) {
		pid_t pid = fork();

		assert_true(pid >= 0);
		if (pid == 0) {
			int rc = eg_state_create(dir, NULL, T0_NS, NULL);

			_exit(rc == 0 ? 0 : rc == -EG_EEXIST ? 1 : 2);
		}
	}
	for (int i = 0; i < 6; i++) {
		int status;

		assert_true(wait(&status) > 0 && WIFEXITED(status));
		assert_true(WEXITSTATUS(status) <= 1);
		won += WEXITSTATUS(status) == 0;
	}
	assert_int_equal(won, 1);
	{
		struct eg_state *st;

		ok(s, eg_state_open(&st, dir, EG_STATE_WRITE, &s->err));
		eg_state_close(st);
	}
}

static void test_open_refused(void **state)
{
	struct store *s = *state;
	struct eg_state *st;
	int fd;

	refused(s, eg_state_open(&st, s->root, EG_STATE_READ, &s->err), EG_ENOENT, "init");
	assert_null(st);
	tamper(s, "PRAGMA user_version=4");
	refused(s, eg_state_open(&st, s->dir, EG_STATE_READ, &s->err), EG_EVERSION, "newer");
	tamper(s, "PRAGMA user_version=0");
	refused(s, eg_state_open(&st, s->dir, EG_STATE_READ, &s->err), EG_ECORRUPT, s->file);
	tamper(s, "PRAGMA user_version=3; PRAGMA application_id=7");
	refused(
	    s, eg_state_open(&st, s->dir, EG_STATE_READ, &s->err), EG_ECORRUPT, "not an edgate");
	eg_state_close(s->w);
	s->w = NULL;
	fd = open(s->file, O_WRONLY | O_TRUNC);
	for (int i = 0; i < 600; i++)
		assert_int_equal(write(fd, "rubbish!", 8), 8);
	(void)close(fd);
	refused(s, eg_state_open(&st, s->dir, EG_STATE_WRITE, &s->err), EG_ECORRUPT, s->file);
	assert_int_equal(truncate(s->file, 0), 0);
	refused(s, eg_state_open(&st, s->dir, EG_STATE_WRITE, &s->err), EG_ECORRUPT, s->file);
}

static void test_reader_cannot_change(void **state)
{
	struct store *s = *state;
	struct reader r;

	open_reader(s, &r);
	refused(s, eg_state_policy_remove(r.st, 1, T0_NS, &s->epoch, &s->err), EG_EPERM, "reading");
	close_reader(&r);
}

static int as_user(gid_t gid, const char *dir, enum eg_state_mode mode)
{
	struct eg_error err = {0};
	struct eg_state *st;
	struct reader r = {0};
	bool changed;
	int rc;

	if (setgroups(0, NULL) != 0 || setgid(gid) != 0 || setuid(65534) != 0)
		return 99;
	rc = eg_state_open(&st, dir, mode, &err);
	if (rc != 0)
		return -rc;
	r.st = st;
	r.rv = eg_revoke_new();
	rc = try_follow(&r, &changed, &err);
	close_reader(&r);
	return -rc;
}

static int in_child_as(gid_t gid, const char *dir, enum eg_state_mode mode)
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		_exit(as_user(gid, dir, mode));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* A member of the group reads beside a writer, and alone (then it is it that makes the WAL files,
 * and root must get along with them). Anybody else is refused. */
static void test_reader_of_the_group(void **state)
{
	struct store *s = *state;
	const struct group *gr = getgrnam("daemon");
	struct eg_state *st;
	uint64_t epoch;
	char dir[96];
	struct eg_policy p = policy_of(1);

	if (getuid() != 0 || gr == NULL) {
		(void)fprintf(stderr, "SKIPPED: needs root and a group named daemon\n");
		return;
	}
	(void)snprintf(dir, sizeof(dir), "%s/shared", s->root);
	assert_int_equal(chmod(s->root, 0755), 0);
	ok(s, eg_state_create(dir, "daemon", T0_NS, &s->err));
	assert_int_equal(in_child_as(gr->gr_gid, dir, EG_STATE_READ), 0);
	assert_int_equal(in_child_as(65534, dir, EG_STATE_READ), EG_EIO);
	ok(s, eg_state_open(&st, dir, EG_STATE_WRITE, &s->err));
	ok(s, eg_state_policy_put(st, &p, false, T0_NS, &epoch, &s->err));
	assert_int_equal(in_child_as(gr->gr_gid, dir, EG_STATE_READ), 0);
	ok(s, eg_state_policy_put(st, &p, false, T0_NS, &epoch, &s->err));
	eg_state_close(st);
	assert_int_equal(chmod(strcat(dir, "/edgate.db"), 0640), 0);
	*strrchr(dir, '/') = '\0';
	assert_int_equal(in_child_as(gr->gr_gid, dir, EG_STATE_WRITE), EG_EIO);
}

static void test_replaced_store_is_noticed(void **state)
{
	struct store *s = *state;
	struct reader r;
	bool changed;

	open_reader(s, &r);
	(void)follow(&r);
	assert_int_equal(unlink(s->file), 0);
	refused(s, try_follow(&r, &changed, &s->err), EG_ENOENT, s->file);
	refused(s, put_policy(s, 1, false), EG_ENOENT, s->file);
	ok(s, eg_state_create(s->dir, NULL, T0_NS, &s->err));
	refused(s, try_follow(&r, &changed, &s->err), EG_EIO, "replaced");
	refused(s, put_policy(s, 1, false), EG_EIO, "replaced");
	close_reader(&r);
}

/* ── changes ── */

static void test_each_change_has_its_epoch(void **state)
{
	struct store *s = *state;
	const uint8_t bytes[2] = {0x01, 0x80};
	struct reader r;

	open_reader(s, &r);
	assert_true(follow(&r));
	assert_int_equal(r.epoch, EG_EPOCH(1, 0));
	ok(s, put_issuer(s, ISS, "k1", "k2"));
	expect_epoch(s, 1);
	ok(s, put_policy(s, 1, false));
	expect_epoch(s, 2);
	ok(s, eg_state_list_add(s->w, span(LIST), span(ISS), 1, 16, T0_NS, &s->epoch, &s->err));
	expect_epoch(s, 3);
	ok(s, import_raw(s, LIST, eg_span(bytes, 2)));
	expect_epoch(s, 4);
	ok(s, revoke_range(s, LIST, 3, 4));
	expect_epoch(s, 5);
	ok(s, revoke_value(s, EG_REVOKE_SID, span(ISS), span("sid-1"), FAR_S));
	expect_epoch(s, 6);
	ok(s, revoke_value(s, EG_REVOKE_SUBJECT, span(ISS), span("alice"), 1000));
	expect_epoch(s, 7);
	ok(s, eg_state_revoke_issuer(s->w, span(ISS), 900, T0_NS, &s->epoch, &s->err));
	expect_epoch(s, 8);
	ok(s, eg_state_revoke_key(
	          s->w, span(ISS), span("k2"), T0_NS + 7000000000, &s->epoch, &s->err));
	expect_epoch(s, 9);
	assert_true(follow(&r));
	assert_int_equal(r.epoch, s->epoch);
	assert_int_equal(r.snapshots, 2);
	assert_int_equal(r.snap->newest_event_s, T0_NS / 1000000000 + 7);
	assert_false(key_of(&r, ISS, "k1")->revoked);
	assert_true(key_of(&r, ISS, "k2")->revoked);
	assert_null(key_of(&r, ISS, NULL));
	assert_int_equal(eg_snapshot_policy(r.snap, 0)->id, 1);
	for (uint32_t i = 0; i < 16; i++)
		assert_int_equal(entry_of(&r, LIST, i), i == 0 || i == 3 || i == 4 || i == 15);
	assert_int_equal(until_of(&r, EG_REVOKE_SID, ISS, "sid-1"), FAR_S);
	assert_int_equal(until_of(&r, EG_REVOKE_JTI, ISS, "sid-1"), 0);
	assert_int_equal(until_of(&r, EG_REVOKE_SUBJECT, ISS, "alice"), 1000);
	assert_int_equal(until_of(&r, EG_REVOKE_ISSUER, ISS, ""), 900);
	assert_false(follow(&r));
	ok(s, eg_state_policy_remove(s->w, 1, T0_NS, &s->epoch, &s->err));
	expect_epoch(s, 10);
	ok(s, eg_state_issuer_remove(s->w, span(ISS), T0_NS, &s->epoch, &s->err));
	expect_epoch(s, 11);
	assert_true(follow(&r));
	assert_int_equal(slot_of(&r, ISS), UINT32_MAX);
	assert_null(eg_snapshot_policy(r.snap, 0));
	assert_int_equal(r.snap->list_cnt, 0);
	assert_int_equal(count(s, "SELECT count(*) FROM audit"), 12);
	assert_int_equal(
	    count(s, "SELECT count(*) FROM audit WHERE what LIKE 'revoke subject alice of %'"), 1);
	close_reader(&r);
}

static void test_unknown_names_are_refused(void **state)
{
	struct store *s = *state;
	char long_name[300];

	memset(long_name, 'n', sizeof(long_name));
	with_list(s, 1, 100);
	refused(
	    s, eg_state_issuer_remove(s->w, span("x"), T0_NS, &s->epoch, &s->err), EG_ENOENT, "x");
	refused(s, eg_state_policy_remove(s->w, 9, T0_NS, &s->epoch, &s->err), EG_ENOENT, "9");
	refused(s, eg_state_list_add(s->w, span("u"), span("x"), 1, 8, T0_NS, &s->epoch, &s->err),
	    EG_ENOENT, "issuer add");
	refused(s, import_raw(s, "u", span("b")), EG_ENOENT, "list add");
	refused(s, revoke_range(s, "u", 0, 0), EG_ENOENT, "list add");
	refused(
	    s, revoke_value(s, EG_REVOKE_JTI, span("x"), span("v"), FAR_S), EG_ENOENT, "issuer");
	refused(
	    s, revoke_value(s, EG_REVOKE_SUBJECT, span("x"), span("v"), 9), EG_ENOENT, "issuer");
	refused(s, eg_state_revoke_issuer(s->w, span("x"), 9, T0_NS, &s->epoch, &s->err), EG_ENOENT,
	    "issuer");
	refused(s, eg_state_revoke_key(s->w, span("x"), span("k1"), T0_NS, &s->epoch, &s->err),
	    EG_ENOENT, "issuer");
	refused(s, eg_state_revoke_key(s->w, span(ISS), span("k9"), T0_NS, &s->epoch, &s->err),
	    EG_ENOENT, "k9");
	refused(
	    s, revoke_value(s, EG_REVOKE_ISSUER, span(ISS), span("v"), FAR_S), EG_EINVAL, "kind 6");
	refused(s, revoke_value(s, EG_REVOKE_JTI, span(ISS), eg_span(long_name, 256), FAR_S),
	    EG_EINVAL, "255");
	ok(s, revoke_value(s, EG_REVOKE_JTI, span(ISS), eg_span(long_name, 255), FAR_S));
	refused(
	    s, revoke_value(s, EG_REVOKE_SUBJECT, span(ISS), span(""), 9), EG_EINVAL, "subject");
	refused(s,
	    eg_state_revoke_issuer(s->w, span(ISS), 253402300800u, T0_NS, &s->epoch, &s->err),
	    EG_EINVAL, "until");
	ok(s, eg_state_revoke_issuer(s->w, span(ISS), 253402300799u, T0_NS, &s->epoch, &s->err));
	refused(s, eg_state_revoke_issuer(s->w, span(ISS), 9, -1, &s->epoch, &s->err), EG_EINVAL,
	    "1970");
	refused(s, put_issuer(s, "", "k1", NULL), EG_EINVAL, "issuer");
	refused(s, put_issuer(s, ISS, NULL, NULL), EG_EINVAL, "no usable");
	refused(s, put_issuer(s, ISS, "same", "same"), EG_EINVAL, "same kid");
	expect_epoch(s, 4);
	assert_int_equal(count(s, "SELECT count(*) FROM event"), 4);
}

static void test_list_rules(void **state)
{
	struct store *s = *state;
	uint8_t bytes[14] = {0};

	with_list(s, 1, 101);
	ok(s, put_issuer(s, "https://b", "k", NULL));
	refused(s,
	    eg_state_list_add(s->w, span(LIST), span(ISS), 1, 101, T0_NS, &s->epoch, &s->err),
	    EG_EEXIST, "101 entries");
	refused(s,
	    eg_state_list_add(s->w, span(LIST), span("https://b"), 2, 5, T0_NS, &s->epoch, &s->err),
	    EG_EEXIST, LIST);
	refused(s, eg_state_list_add(s->w, span("u"), span(ISS), 3, 5, T0_NS, &s->epoch, &s->err),
	    EG_EINVAL, "bits");
	refused(s, eg_state_list_add(s->w, span("u"), span(ISS), 1, 0, T0_NS, &s->epoch, &s->err),
	    EG_EINVAL, "entries");
	refused(s,
	    eg_state_list_add(s->w, span("u"), span(ISS), 1, EG_REVOKE_ENTRIES_MAX + 1, T0_NS,
	        &s->epoch, &s->err),
	    EG_EINVAL, "entries");
	refused(s, import_raw(s, LIST, eg_span(bytes, 12)), EG_EINVAL, "13 bytes");
	refused(s, import_raw(s, LIST, eg_span(bytes, 14)), EG_EINVAL, "13 bytes");
	ok(s, import_raw(s, LIST, eg_span(bytes, 13)));
	expect_epoch(s, 4);
}

static void test_ranges_all_or_nothing(void **state)
{
	struct store *s = *state;
	const struct eg_index_range bad[] = {{1, 5}, {7, 100}};
	const struct eg_index_range reversed[] = {{1, 5}, {8, 7}};
	const struct eg_index_range good[] = {{99, 99}, {1, 2}, {2, 4}};
	struct reader r;

	with_list(s, 2, 100);
	refused(s,
	    eg_state_set_index(
	        s->w, span(LIST), EG_INDEX_REVOKED, bad, 2, T0_NS, &s->epoch, &s->err),
	    EG_EINVAL, "100");
	refused(s,
	    eg_state_set_index(
	        s->w, span(LIST), EG_INDEX_REVOKED, reversed, 2, T0_NS, &s->epoch, &s->err),
	    EG_EINVAL, "8-7");
	refused(s,
	    eg_state_set_index(
	        s->w, span(LIST), EG_INDEX_REVOKED, bad, 0, T0_NS, &s->epoch, &s->err),
	    EG_EINVAL, "0 ranges");
	open_reader(s, &r);
	(void)follow(&r);
	for (uint32_t i = 0; i < 100; i++)
		assert_int_equal(entry_of(&r, LIST, i), 0);
	ok(s, eg_state_set_index(
	          s->w, span(LIST), EG_INDEX_REVOKED, good, 3, T0_NS, &s->epoch, &s->err));
	(void)follow(&r);
	for (uint32_t i = 0; i < 100; i++)
		assert_int_equal(entry_of(&r, LIST, i), (i >= 1 && i <= 4) || i == 99);
	assert_int_equal(r.snapshots, 1);
	close_reader(&r);
}

/* The longest event that the limits allow must get into the store, and out of it. */
static void test_as_many_ranges_as_are_promised(void **state)
{
	const uint32_t first = EG_REVOKE_ENTRIES_MAX - 2 * EG_STATE_RANGES_MAX;
	struct eg_index_range *ranges = calloc(EG_STATE_RANGES_MAX, sizeof(*ranges));
	struct store *s = *state;
	struct reader r;

	for (uint32_t i = 0; i < EG_STATE_RANGES_MAX; i++)
		ranges[i] = (struct eg_index_range){first + 2 * i, first + 2 * i};
	with_list(s, 1, EG_REVOKE_ENTRIES_MAX);
	ok(s, eg_state_set_index(s->w, span(LIST), EG_INDEX_REVOKED, ranges, EG_STATE_RANGES_MAX,
	          T0_NS, &s->epoch, &s->err));
	open_reader(s, &r);
	(void)follow(&r);
	assert_int_equal(entry_of(&r, LIST, first), 1);
	assert_int_equal(entry_of(&r, LIST, first + 1), 0);
	assert_int_equal(entry_of(&r, LIST, EG_REVOKE_ENTRIES_MAX - 2), 1);
	close_reader(&r);
	free(ranges);
}

/* A line of the audit that names as much as a line can: a long URI, and ranges until it is cut. */
static void test_since_when_by_a_cut_line(void **state)
{
	enum { RANGES = 2000 };
	struct eg_index_range ranges[RANGES];
	char uri[EG_STATE_URI_MAX + 1];
	struct store *s = *state;
	struct eg_state_cause cause = {.detail = EG_DETAIL_LIST, .issuer = span(ISS)};
	struct eg_state_since since;

	memset(uri, 'u', sizeof(uri) - 1);
	uri[sizeof(uri) - 1] = '\0';
	cause.value = span(uri);
	for (uint32_t i = 0; i < RANGES; i++)
		ranges[i] = (struct eg_index_range){100000 + 2 * i, 100000 + 2 * i};
	with_list(s, 1, 1 << 20);
	ok(s, eg_state_list_add(s->w, span(uri), span(ISS), 1, 1 << 20, T0_NS, &s->epoch, &s->err));
	ok(s, eg_state_set_index(
	          s->w, span(uri), EG_INDEX_REVOKED, ranges, RANGES, T0_NS, &s->epoch, &s->err));
	cause.idx = ranges[0].first;
	ok(s, eg_state_since(s->w, &cause, &since, &s->err));
	assert_true(since.is_known);
	assert_int_equal(since.epoch, s->epoch);
	for (cause.idx = 0; cause.idx < 11000; cause.idx++) { /* the first digits of others */
		ok(s, eg_state_since(s->w, &cause, &since, &s->err));
		assert_false(since.is_known);
	}
	cause.idx = ranges[RANGES - 1].first; /* behind the cut: it may be this line */
	ok(s, eg_state_since(s->w, &cause, &since, &s->err));
	assert_false(since.is_known);
	assert_true(since.is_unsure);
}

/* What no snapshot could hold must not get into the store: nobody would follow it any more. */
static void test_no_more_issuers_than_a_snapshot_holds(void **state)
{
	struct store *s = *state;
	struct reader r;
	char sql[256];

	(void)snprintf(sql, sizeof(sql),
	    "WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < %u)"
	    " INSERT INTO issuer SELECT i, CAST('i' || i AS BLOB), 1, x'' FROM n",
	    EG_KEYSET_ISSUERS_MAX);
	ok(s, put_issuer(s, ISS, "k1", NULL));
	tamper_sealed(s, sql);
	refused(s, put_issuer(s, "one too many", "k1", NULL), EG_ELIMIT, "4096");
	ok(s, put_issuer(s, ISS, "k2", NULL));
	open_reader(s, &r);
	(void)follow(&r);
	assert_int_equal(eg_keyset_issuer_cnt(r.snap->keys), EG_KEYSET_ISSUERS_MAX);
	ok(s, eg_state_issuer_remove(s->w, span("i7"), T0_NS, &s->epoch, &s->err));
	ok(s, put_issuer(s, "one for another", "k1", NULL));
	refused(s, put_issuer(s, "i7", "k1", NULL), EG_ELIMIT, "4096");
	(void)follow(&r);
	close_reader(&r);
}

static void test_revoked_key_is_sticky(void **state)
{
	struct store *s = *state;
	struct reader r;
	uint32_t index;

	open_reader(s, &r);
	ok(s, put_issuer(s, ISS, "k1", "k2"));
	(void)follow(&r);
	index = key_of(&r, ISS, "k2")->index;
	ok(s, eg_state_revoke_key(s->w, span(ISS), span("k2"), T0_NS, &s->epoch, &s->err));
	ok(s, put_issuer(s, ISS, "k1", NULL));
	(void)follow(&r);
	assert_null(key_of(&r, ISS, "k2"));
	assert_non_null(key_of(&r, ISS, NULL));
	ok(s, put_issuer(s, ISS, "k1", "k2"));
	(void)follow(&r);
	assert_true(key_of(&r, ISS, "k2")->revoked);
	assert_int_equal(key_of(&r, ISS, "k2")->index, index);
	assert_null(key_of(&r, ISS, NULL));
	ok(s, eg_state_issuer_remove(s->w, span(ISS), T0_NS, &s->epoch, &s->err));
	refused(s, eg_state_revoke_key(s->w, span(ISS), span("k1"), T0_NS, &s->epoch, &s->err),
	    EG_ENOENT, ISS);
	ok(s, put_issuer(s, ISS, "k2", NULL)); /* the kid with another x */
	(void)follow(&r);
	assert_true(key_of(&r, ISS, "k2")->revoked);
	assert_int_equal(key_of(&r, ISS, "k2")->index, index);
	assert_null(key_of(&r, ISS, "k1"));
	ok(s, eg_state_revoke_key(s->w, span(ISS), span("k1"), T0_NS, &s->epoch, &s->err));
	ok(s, put_issuer(s, ISS, "k1", NULL));
	(void)follow(&r);
	assert_true(key_of(&r, ISS, "k1")->revoked);
	close_reader(&r);
}

static void test_removed_issuer_keeps_its_state(void **state)
{
	struct store *s = *state;
	struct reader r;

	with_list(s, 1, 100);
	ok(s, revoke_range(s, LIST, 50, 50));
	ok(s, revoke_value(s, EG_REVOKE_SUBJECT, span(ISS), span("bob"), 77));
	ok(s, eg_state_issuer_remove(s->w, span(ISS), T0_NS, &s->epoch, &s->err));
	ok(s, put_issuer(s, ISS, "k1", NULL));
	open_reader(s, &r);
	(void)follow(&r);
	assert_int_equal(entry_of(&r, LIST, 50), 1);
	assert_int_equal(entry_of(&r, LIST, 51), 0);
	assert_int_equal(until_of(&r, EG_REVOKE_SUBJECT, ISS, "bob"), 77);
	close_reader(&r);
}

static void test_policy_rules(void **state)
{
	struct store *s = *state;
	struct eg_policy p = policy_of(30), bad = policy_of(31);
	const struct eg_policy *back;
	struct reader r;

	open_reader(s, &r);
	ok(s, put_policy(s, 10, false));
	ok(s, put_policy(s, 20, false));
	(void)follow(&r);
	assert_int_equal(eg_snapshot_policy(r.snap, 0)->id, 10);
	assert_int_equal(eg_snapshot_policy(r.snap, 10)->issuer_slot[0], EG_POLICY_NO_SLOT);
	p.skew_s = 300;
	p.order = EG_ORDER_STRICT;
	p.status = EG_STATUS_REQUIRED;
	p.cnf = EG_CNF_REFUSE;
	p.typ_required = p.exp_optional = true;
	p.max_age_s = 1;
	p.max_lifetime_s = 2;
	p.client_cache_s = 3;
	p.max_token_bytes = 1000;
	eg_policy_clear_typs(&p);
	ok(s, eg_policy_add_typ(&p, span("at+jwt"), &s->err));
	eg_policy_clear_cwt_typs(&p);
	ok(s, eg_policy_add_cwt_typ(&p, span("own+cwt"), &s->err));
	ok(s, eg_policy_add_cwt_typ(&p, span("61"), &s->err));
	ok(s, eg_policy_add_audience(&p, span("second"), &s->err));
	ok(s, eg_policy_str_set(&p.implicit_assertion, span("ia"), "implicit assertion", &s->err));
	ok(s, eg_state_policy_put(s->w, &p, true, T0_NS, &s->epoch, &s->err));
	(void)follow(&r);
	back = eg_snapshot_policy(r.snap, 0);
	assert_int_equal(back->id, 30);
	assert_int_equal(back->generation, 3);
	p.generation = 3;
	memcpy(p.issuer_slot, back->issuer_slot, sizeof(p.issuer_slot));
	assert_memory_equal(&p, back, sizeof(p));
	ok(s, put_policy(s, 10, false));
	ok(s, eg_state_policy_remove(s->w, 30, T0_NS, &s->epoch, &s->err));
	(void)follow(&r);
	assert_null(eg_snapshot_policy(r.snap, 0));
	assert_non_null(eg_snapshot_policy(r.snap, 10));
	bad.skew_s = EG_POLICY_SKEW_MAX_S + 1;
	assert_int_not_equal(eg_state_policy_put(s->w, &bad, true, T0_NS, &s->epoch, &s->err), 0);
	expect_epoch(s, 5);
	close_reader(&r);
}

/* Operator's 1 over imported 0, 1, 2, 3: REVOKED; beside it the imported value stays. */
static void test_import_keeps_operator_bits(void **state)
{
	struct store *s = *state;
	const uint8_t first[] = {0xe4, 0xe4}, second[] = {0x00, 0xff};
	struct reader early, late;

	with_list(s, 2, 8);
	open_reader(s, &early);
	(void)follow(&early);
	ok(s, import_raw(s, LIST, eg_span(first, 2)));
	ok(s, revoke_range(s, LIST, 0, 3));
	(void)follow(&early);
	for (uint32_t i = 0; i < 8; i++)
		assert_int_equal(entry_of(&early, LIST, i), i < 4 ? 1 : i - 4);
	early.cleared = false;
	ok(s, import_raw(s, LIST, eg_span(second, 2)));
	ok(s, revoke_range(s, LIST, 7, 7));
	(void)follow(&early);
	open_reader(s, &late);
	(void)follow(&late);
	for (uint32_t i = 0; i < 8; i++) {
		assert_int_equal(entry_of(&early, LIST, i), i < 4 ? 1 : i == 7 ? 1 : 3);
		assert_int_equal(entry_of(&late, LIST, i), entry_of(&early, LIST, i));
	}
	close_reader(&early);
	close_reader(&late);
}

/* An import that says nothing new never un-revokes in between. */
static void test_import_does_not_flicker(void **state)
{
	struct store *s = *state;
	uint8_t zero[125] = {0};
	struct reader r;

	with_list(s, 1, 1000);
	ok(s, revoke_range(s, LIST, 0, 999));
	open_reader(s, &r);
	(void)follow(&r);
	r.ops = 0;
	ok(s, import_raw(s, LIST, eg_span(zero, 125)));
	(void)follow(&r);
	assert_int_equal(r.ops, 0);
	assert_int_equal(entry_of(&r, LIST, 999), 1);
	close_reader(&r);
}

static void test_listing(void **state)
{
	struct store *s = *state;
	struct eg_snapshot *snap;
	const struct eg_list *list;

	with_list(s, 4, 1000);
	ok(s, put_policy(s, 6, false));
	ok(s, eg_state_snapshot(s->w, &snap, &s->err));
	assert_int_equal(snap->epoch, s->epoch);
	assert_int_equal(eg_keyset_issuer_cnt(snap->keys), 1);
	list = eg_snapshot_list(snap, 0, span(LIST));
	assert_int_equal(eg_bitmap_bits(list->map), 4);
	assert_int_equal(eg_bitmap_entries(list->map), 1000);
	assert_int_equal(snap->policy[0].id, 6);
	eg_snapshot_free(snap);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    STATE_TEST(test_create),
	    STATE_TEST(test_create_refused),
	    STATE_TEST(test_concurrent_creates),
	    STATE_TEST(test_open_refused),
	    STATE_TEST(test_reader_cannot_change),
	    STATE_TEST(test_reader_of_the_group),
	    STATE_TEST(test_replaced_store_is_noticed),
	    STATE_TEST(test_each_change_has_its_epoch),
	    STATE_TEST(test_unknown_names_are_refused),
	    STATE_TEST(test_list_rules),
	    STATE_TEST(test_ranges_all_or_nothing),
	    STATE_TEST(test_as_many_ranges_as_are_promised),
	    STATE_TEST(test_since_when_by_a_cut_line),
	    STATE_TEST(test_no_more_issuers_than_a_snapshot_holds),
	    STATE_TEST(test_revoked_key_is_sticky),
	    STATE_TEST(test_removed_issuer_keeps_its_state),
	    STATE_TEST(test_policy_rules),
	    STATE_TEST(test_import_keeps_operator_bits),
	    STATE_TEST(test_import_does_not_flicker),
	    STATE_TEST(test_listing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

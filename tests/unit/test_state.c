/* SPDX-License-Identifier: BSD-3-Clause */
#include "eg_state.h"
#include "eg_test.h"

#include <fcntl.h>
#include <ftw.h>
#include <grp.h>
#include <signal.h>
#include <sodium.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define T0_NS 1700000000000000000LL
#define FAR_S 4000000000u
#define ISS   "https://issuer.example"
#define LIST  "https://issuer.example/list"

static struct eg_span S(const char *text) {
	return eg_span_str(text);
}

/* ── a store in a directory of its own ── */

struct store {
	char root[64], dir[80], file[96];
	struct eg_state *w;
	struct eg_error err;
	uint64_t epoch;
};

static int set_up(void **state)
{
	struct store *s = calloc(1, sizeof(*s));

	(void)strcpy(s->root, "/tmp/edgate-state-XXXXXX");
	if (mkdtemp(s->root) == NULL)
		return -1;
	(void)snprintf(s->dir, sizeof(s->dir), "%s/state", s->root);
	(void)snprintf(s->file, sizeof(s->file), "%s/edgate.db", s->dir);
	assert_int_equal(eg_state_create(s->dir, NULL, T0_NS, &s->err), 0);
	assert_int_equal(eg_state_open(&s->w, s->dir, EG_STATE_WRITE, &s->err), 0);
	*state = s;
	return 0;
}

static int remove_one(const char *path, const struct stat *sb, int flag, struct FTW *ftw)
{
	return remove(path);
}

static int tear_down(void **state)
{
	struct store *s = *state;

	eg_state_close(s->w);
	(void)nftw(s->root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	free(s);
	return 0;
}

static void ok(const struct store *s, int rc)
{
	if (rc != 0)
		print_error("%d: %s\n", rc, s->err.text);
	assert_int_equal(rc, 0);
}

static void refused(struct store *s, int rc, enum eg_err code, const char *words)
{
	if (rc != -(int)code || strstr(s->err.text, words) == NULL)
		print_error("%d (not %d), %s: %s\n", rc, -(int)code, words, s->err.text);
	assert_int_equal(rc, -(int)code);
	assert_non_null(strstr(s->err.text, words));
	s->err = (struct eg_error){0};
}

/* Writes behind the back of the store. */
static void tamper(const struct store *s, const char *sql)
{
	sqlite3 *db;
	char *why = NULL;

	assert_int_equal(sqlite3_open(s->file, &db), SQLITE_OK);
	assert_int_equal(sqlite3_busy_timeout(db, 1000), SQLITE_OK);
	if (sqlite3_exec(db, sql, NULL, NULL, &why) != SQLITE_OK)
		fail_msg("%s", why);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static uint64_t count(const struct store *s, const char *sql)
{
	sqlite3_stmt *stmt;
	sqlite3 *db;
	uint64_t n;

	assert_int_equal(sqlite3_open(s->file, &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
	n = (uint64_t)sqlite3_column_int64(stmt, 0);
	(void)sqlite3_finalize(stmt);
	(void)sqlite3_close(db);
	return n;
}

/* ── what is put in ── */

static void add_jwk(struct eg_jwks *jwks, const char *kid, uint8_t seed_byte)
{
	struct eg_jwk *k = &jwks->key[jwks->cnt++];
	uint8_t seed[32] = {seed_byte}, secret[64];

	(void)crypto_sign_seed_keypair(k->x, secret, seed);
	k->outcome = EG_JWK_KEPT;
	k->has_kid = kid != NULL;
	if (kid != NULL) {
		k->kid_len = (uint16_t)strlen(kid);
		memcpy(k->kid, kid, k->kid_len);
	}
	jwks->kept_cnt++;
}

static struct eg_jwks *jwks_of(const char *kid_a, const char *kid_b)
{
	struct eg_jwks *jwks = calloc(1, sizeof(*jwks));

	if (kid_a != NULL)
		add_jwk(jwks, kid_a, 1);
	if (kid_b != NULL)
		add_jwk(jwks, kid_b, 2);
	return jwks;
}

static int put_issuer(struct store *s, const char *issuer, const char *kid_a, const char *kid_b)
{
	struct eg_jwks *jwks = jwks_of(kid_a, kid_b);
	int rc = eg_state_issuer_put(s->w, S(issuer), jwks, T0_NS, &s->epoch, &s->err);

	free(jwks);
	return rc;
}

static struct eg_policy policy_of(uint32_t id)
{
	struct eg_policy p;

	eg_policy_init(&p, id);
	assert_int_equal(eg_policy_add_issuer(&p, S(ISS), NULL), 0);
	assert_int_equal(eg_policy_add_audience(&p, S("api"), NULL), 0);
	return p;
}

static int put_policy(struct store *s, uint32_t id, bool make_default)
{
	struct eg_policy p = policy_of(id);

	return eg_state_policy_put(s->w, &p, make_default, T0_NS, &s->epoch, &s->err);
}

static int revoke_range(struct store *s, const char *uri, uint32_t first, uint32_t last)
{
	struct eg_index_range r = {first, last};

	return eg_state_revoke_index(s->w, S(uri), &r, 1, T0_NS, &s->epoch, &s->err);
}

static void with_list(struct store *s, unsigned bits, uint32_t entries)
{
	ok(s, put_issuer(s, ISS, "k1", NULL));
	ok(s, eg_state_list_add(s->w, S(LIST), S(ISS), bits, entries, T0_NS, &s->epoch, &s->err));
}

/* ── a reader ── */

struct reader {
	struct eg_state *st;
	struct eg_revoke *rv;
	struct eg_snapshot *snap;
	uint64_t epoch;
	unsigned ops, snapshots, epochs;
	bool cleared; /* an operation cleared bits */
};

static void take_op(void *ctx, const struct eg_revoke_op *op)
{
	struct reader *r = ctx;

	r->ops++;
	if (op->kind == EG_REVOKE_OP_WORD && (op->word.mask & ~op->word.value) != 0)
		r->cleared = true;
	eg_revoke_apply(r->rv, op);
}

static void take_snapshot(void *ctx, struct eg_snapshot *snap)
{
	struct reader *r = ctx;

	eg_snapshot_free(r->snap);
	r->snap = snap;
	r->snapshots++;
}

static void take_epoch(void *ctx, uint64_t epoch)
{
	struct reader *r = ctx;

	assert_true(r->snap != NULL && r->snap->epoch <= epoch);
	r->epoch = epoch;
	r->epochs++;
}

static void open_reader(const struct store *s, struct reader *r)
{
	struct eg_error err = {0};

	*r = (struct reader){0};
	if (eg_state_open(&r->st, s->dir, EG_STATE_READ, &err) != 0)
		fail_msg("%s", err.text);
	r->rv = eg_revoke_new(2);
	assert_non_null(r->rv);
}

static void close_reader(struct reader *r)
{
	eg_snapshot_free(r->snap);
	eg_revoke_free(r->rv);
	eg_state_close(r->st);
}

static int try_follow(struct reader *r, bool *changed, struct eg_error *err)
{
	const struct eg_follower f = {r, {r, take_op}, take_snapshot, take_epoch};

	return eg_state_follow(r->st, r->rv, &f, changed, err);
}

static bool follow(struct reader *r)
{
	struct eg_error err = {0};
	bool changed = false;

	if (try_follow(r, &changed, &err) != 0)
		fail_msg("%s", err.text);
	return changed;
}

static uint32_t slot_of(const struct reader *r, const char *issuer)
{
	return eg_keyset_find_issuer(r->snap->keys, S(issuer));
}

static const struct eg_key *key_of(const struct reader *r, const char *issuer, const char *kid)
{
	return eg_keyset_find(r->snap->keys, slot_of(r, issuer), kid != NULL,
	    kid != NULL ? S(kid) : eg_span(NULL, 0));
}

static unsigned entry_of(const struct reader *r, const char *uri, uint32_t idx)
{
	const struct eg_list *l = eg_snapshot_list(r->snap, slot_of(r, ISS), S(uri));

	assert_non_null(l);
	return eg_bitmap_get(l->map, idx);
}

/* 0: not revoked. */
static uint64_t until_of(
    const struct reader *r, enum eg_revoke_kind kind, const char *issuer, const char *value)
{
	const struct eg_issuer *iss = eg_keyset_issuer(r->snap->keys, slot_of(r, issuer));
	uint64_t until = 0;

	if (!eg_revoke_lookup(r->rv, eg_revoke_hash(&iss->hash_key, kind, S(value)), &until))
		return 0;
	return until;
}

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
	tamper(s, "PRAGMA user_version=2");
	refused(s, eg_state_open(&st, s->dir, EG_STATE_READ, &s->err), EG_EVERSION, "newer");
	tamper(s, "PRAGMA user_version=0");
	refused(s, eg_state_open(&st, s->dir, EG_STATE_READ, &s->err), EG_ECORRUPT, s->file);
	tamper(s, "PRAGMA user_version=1; PRAGMA application_id=7");
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
	r.rv = eg_revoke_new(1);
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

static void expect_epoch(const struct store *s, uint64_t sequence)
{
	assert_int_equal(s->epoch, EG_EPOCH(1, sequence));
}

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
	ok(s, eg_state_list_add(s->w, S(LIST), S(ISS), 1, 16, T0_NS, &s->epoch, &s->err));
	expect_epoch(s, 3);
	ok(s, eg_state_list_import(s->w, S(LIST), eg_span(bytes, 2), T0_NS, &s->epoch, &s->err));
	expect_epoch(s, 4);
	ok(s, revoke_range(s, LIST, 3, 4));
	expect_epoch(s, 5);
	ok(s, eg_state_revoke_value(
	          s->w, EG_REVOKE_SID, S(ISS), S("sid-1"), FAR_S, T0_NS, &s->epoch, &s->err));
	expect_epoch(s, 6);
	ok(s, eg_state_revoke_subject(s->w, S(ISS), S("alice"), 1000, T0_NS, &s->epoch, &s->err));
	expect_epoch(s, 7);
	ok(s, eg_state_revoke_issuer(s->w, S(ISS), 900, T0_NS, &s->epoch, &s->err));
	expect_epoch(s, 8);
	ok(s, eg_state_revoke_key(s->w, S(ISS), S("k2"), T0_NS + 7000000000, &s->epoch, &s->err));
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
	ok(s, eg_state_issuer_remove(s->w, S(ISS), T0_NS, &s->epoch, &s->err));
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
	refused(s, eg_state_issuer_remove(s->w, S("x"), T0_NS, &s->epoch, &s->err), EG_ENOENT, "x");
	refused(s, eg_state_policy_remove(s->w, 9, T0_NS, &s->epoch, &s->err), EG_ENOENT, "9");
	refused(s, eg_state_list_add(s->w, S("u"), S("x"), 1, 8, T0_NS, &s->epoch, &s->err),
	    EG_ENOENT, "issuer add");
	refused(s, eg_state_list_import(s->w, S("u"), S("b"), T0_NS, &s->epoch, &s->err), EG_ENOENT,
	    "list add");
	refused(s, revoke_range(s, "u", 0, 0), EG_ENOENT, "list add");
	refused(s,
	    eg_state_revoke_value(
	        s->w, EG_REVOKE_JTI, S("x"), S("v"), FAR_S, T0_NS, &s->epoch, &s->err),
	    EG_ENOENT, "issuer");
	refused(s, eg_state_revoke_subject(s->w, S("x"), S("v"), 9, T0_NS, &s->epoch, &s->err),
	    EG_ENOENT, "issuer");
	refused(s, eg_state_revoke_issuer(s->w, S("x"), 9, T0_NS, &s->epoch, &s->err), EG_ENOENT,
	    "issuer");
	refused(s, eg_state_revoke_key(s->w, S("x"), S("k1"), T0_NS, &s->epoch, &s->err), EG_ENOENT,
	    "issuer");
	refused(s, eg_state_revoke_key(s->w, S(ISS), S("k9"), T0_NS, &s->epoch, &s->err), EG_ENOENT,
	    "k9");
	refused(s,
	    eg_state_revoke_value(
	        s->w, EG_REVOKE_SUBJECT, S(ISS), S("v"), FAR_S, T0_NS, &s->epoch, &s->err),
	    EG_EINVAL, "kind 5");
	refused(s,
	    eg_state_revoke_value(s->w, EG_REVOKE_JTI, S(ISS), eg_span(long_name, 256), FAR_S,
	        T0_NS, &s->epoch, &s->err),
	    EG_EINVAL, "255");
	ok(s, eg_state_revoke_value(s->w, EG_REVOKE_JTI, S(ISS), eg_span(long_name, 255), FAR_S,
	          T0_NS, &s->epoch, &s->err));
	refused(s, eg_state_revoke_subject(s->w, S(ISS), S(""), 9, T0_NS, &s->epoch, &s->err),
	    EG_EINVAL, "subject");
	refused(s, eg_state_revoke_issuer(s->w, S(ISS), 253402300800u, T0_NS, &s->epoch, &s->err),
	    EG_EINVAL, "until");
	ok(s, eg_state_revoke_issuer(s->w, S(ISS), 253402300799u, T0_NS, &s->epoch, &s->err));
	refused(
	    s, eg_state_revoke_issuer(s->w, S(ISS), 9, -1, &s->epoch, &s->err), EG_EINVAL, "1970");
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
	refused(s, eg_state_list_add(s->w, S(LIST), S(ISS), 1, 101, T0_NS, &s->epoch, &s->err),
	    EG_EEXIST, "101 entries");
	refused(s,
	    eg_state_list_add(s->w, S(LIST), S("https://b"), 2, 5, T0_NS, &s->epoch, &s->err),
	    EG_EEXIST, LIST);
	refused(s, eg_state_list_add(s->w, S("u"), S(ISS), 3, 5, T0_NS, &s->epoch, &s->err),
	    EG_EINVAL, "bits");
	refused(s, eg_state_list_add(s->w, S("u"), S(ISS), 1, 0, T0_NS, &s->epoch, &s->err),
	    EG_EINVAL, "entries");
	refused(s,
	    eg_state_list_add(
	        s->w, S("u"), S(ISS), 1, EG_REVOKE_ENTRIES_MAX + 1, T0_NS, &s->epoch, &s->err),
	    EG_EINVAL, "entries");
	refused(s,
	    eg_state_list_import(s->w, S(LIST), eg_span(bytes, 12), T0_NS, &s->epoch, &s->err),
	    EG_EINVAL, "13 bytes");
	refused(s,
	    eg_state_list_import(s->w, S(LIST), eg_span(bytes, 14), T0_NS, &s->epoch, &s->err),
	    EG_EINVAL, "13 bytes");
	ok(s, eg_state_list_import(s->w, S(LIST), eg_span(bytes, 13), T0_NS, &s->epoch, &s->err));
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
	refused(s, eg_state_revoke_index(s->w, S(LIST), bad, 2, T0_NS, &s->epoch, &s->err),
	    EG_EINVAL, "100");
	refused(s, eg_state_revoke_index(s->w, S(LIST), reversed, 2, T0_NS, &s->epoch, &s->err),
	    EG_EINVAL, "8-7");
	refused(s, eg_state_revoke_index(s->w, S(LIST), bad, 0, T0_NS, &s->epoch, &s->err),
	    EG_EINVAL, "0 ranges");
	open_reader(s, &r);
	(void)follow(&r);
	for (uint32_t i = 0; i < 100; i++)
		assert_int_equal(entry_of(&r, LIST, i), 0);
	ok(s, eg_state_revoke_index(s->w, S(LIST), good, 3, T0_NS, &s->epoch, &s->err));
	(void)follow(&r);
	for (uint32_t i = 0; i < 100; i++)
		assert_int_equal(entry_of(&r, LIST, i), (i >= 1 && i <= 4) || i == 99);
	assert_int_equal(r.snapshots, 1);
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
	ok(s, eg_state_revoke_key(s->w, S(ISS), S("k2"), T0_NS, &s->epoch, &s->err));
	ok(s, put_issuer(s, ISS, "k1", NULL));
	(void)follow(&r);
	assert_null(key_of(&r, ISS, "k2"));
	assert_non_null(key_of(&r, ISS, NULL));
	ok(s, put_issuer(s, ISS, "k1", "k2"));
	(void)follow(&r);
	assert_true(key_of(&r, ISS, "k2")->revoked);
	assert_int_equal(key_of(&r, ISS, "k2")->index, index);
	assert_null(key_of(&r, ISS, NULL));
	ok(s, eg_state_issuer_remove(s->w, S(ISS), T0_NS, &s->epoch, &s->err));
	refused(s, eg_state_revoke_key(s->w, S(ISS), S("k1"), T0_NS, &s->epoch, &s->err), EG_ENOENT,
	    ISS);
	ok(s, put_issuer(s, ISS, "k2", NULL)); /* the kid with another x */
	(void)follow(&r);
	assert_true(key_of(&r, ISS, "k2")->revoked);
	assert_int_equal(key_of(&r, ISS, "k2")->index, index);
	assert_null(key_of(&r, ISS, "k1"));
	ok(s, eg_state_revoke_key(s->w, S(ISS), S("k1"), T0_NS, &s->epoch, &s->err));
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
	ok(s, eg_state_revoke_subject(s->w, S(ISS), S("bob"), 77, T0_NS, &s->epoch, &s->err));
	ok(s, eg_state_issuer_remove(s->w, S(ISS), T0_NS, &s->epoch, &s->err));
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
	ok(s, eg_policy_add_typ(&p, S("at+jwt"), &s->err));
	ok(s, eg_policy_add_audience(&p, S("second"), &s->err));
	ok(s, eg_policy_str_set(&p.implicit_assertion, S("ia"), "implicit assertion", &s->err));
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
	ok(s, eg_state_list_import(s->w, S(LIST), eg_span(first, 2), T0_NS, &s->epoch, &s->err));
	ok(s, revoke_range(s, LIST, 0, 3));
	(void)follow(&early);
	for (uint32_t i = 0; i < 8; i++)
		assert_int_equal(entry_of(&early, LIST, i), i < 4 ? 1 : i - 4);
	early.cleared = false;
	ok(s, eg_state_list_import(s->w, S(LIST), eg_span(second, 2), T0_NS, &s->epoch, &s->err));
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
	ok(s, eg_state_list_import(s->w, S(LIST), eg_span(zero, 125), T0_NS, &s->epoch, &s->err));
	(void)follow(&r);
	assert_int_equal(r.ops, 0);
	assert_int_equal(entry_of(&r, LIST, 999), 1);
	close_reader(&r);
}

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
	ok(s, eg_state_list_import(s->w, S(LIST), eg_span(bytes, 13), T0_NS, &s->epoch, &s->err));
	eg_state_set_log_limits(s->w, 0, 0);
	ok(s, eg_state_revoke_subject(s->w, S(ISS), S("bob"), 77, T0_NS, &s->epoch, &s->err));
	open_reader(s, &r);
	tamper(s, "UPDATE cutoff SET until_s = 76");
	refused(s, try_follow(&r, &changed, &s->err), EG_ECORRUPT, "table cutoff, row 1: checksum");
	tamper(s, "UPDATE cutoff SET until_s = 77; UPDATE policy SET body = x'00'");
	refused(s, try_follow(&r, &changed, &s->err), EG_ECORRUPT, "table policy, id 4: checksum");
	tamper(s, "DELETE FROM policy; UPDATE meta SET default_policy = 0;"
	          "UPDATE bitmap SET bytes = zeroblob(13)");
	refused(s, try_follow(&r, &changed, &s->err), EG_ECORRUPT,
	    "table bitmap, list " LIST ", imported layer, chunk 0: checksum");
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
	tamper(s, sql);
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
			struct eg_state *st;
			uint64_t epoch;
			int rc = eg_state_open(&st, s->dir, EG_STATE_WRITE, NULL);

			for (int i = 0; rc == 0 && i < 50; i++) {
				char sub[16];

				(void)snprintf(sub, sizeof(sub), "%d-%d", w, i);
				rc = eg_state_revoke_subject(
				    st, S(ISS), S(sub), 5, T0_NS, &epoch, NULL);
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
		struct eg_error err = {0};
		struct eg_state *st;
		uint64_t epoch;

		(void)signal(SIGXFSZ, SIG_IGN);
		if (eg_state_open(&st, s->dir, EG_STATE_WRITE, &err) != 0 ||
		    setrlimit(RLIMIT_FSIZE, &small) != 0)
			_exit(2);
		if (eg_state_list_import(
		        st, S(LIST), eg_span(bytes, 1u << 20), T0_NS, &epoch, &err) != -EG_EIO)
			_exit(3);
		_exit(strstr(err.text, "nothing was changed") != NULL ? 0 : 4);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_int_equal(count(s, "SELECT count(*) FROM bitmap"), 0);
	ok(s, eg_state_list_import(
	          s->w, S(LIST), eg_span(bytes, 1u << 20), T0_NS, &s->epoch, &s->err));
	expect_epoch(s, 3);
	free(bytes);
}

/* ── kill -9 ── */

static void revoke_until_killed(const struct store *s, int out, unsigned round)
{
	struct eg_state *st;
	uint64_t epoch;

	if (eg_state_open(&st, s->dir, EG_STATE_WRITE, NULL) != 0)
		_exit(1);
	eg_state_set_log_limits(st, 20, UINT64_MAX); /* die in checkpoints too */
	for (unsigned i = 0;; i++) {
		struct eg_index_range r = {i % 5000, i % 5000};
		char jti[32];

		(void)snprintf(jti, sizeof(jti), "%u-%u", round, i);
		if (eg_state_revoke_value(
		        st, EG_REVOKE_JTI, S(ISS), S(jti), FAR_S, T0_NS, &epoch, NULL) != 0 ||
		    write(out, &i, sizeof(i)) != sizeof(i))
			_exit(1);
		if (i % 4 == 0 &&
		    eg_state_revoke_index(st, S(LIST), &r, 1, T0_NS, &epoch, NULL) != 0)
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

/* ── checkpoints ── */

static void test_checkpoint_folds_and_trims(void **state)
{
	struct store *s = *state;
	struct reader r, behind;
	char jti[16];

	with_list(s, 4, 200000);
	open_reader(s, &behind);
	(void)follow(&behind);
	eg_state_set_log_limits(s->w, 10, UINT64_MAX);
	for (unsigned i = 0; i < 40; i++) {
		(void)snprintf(jti, sizeof(jti), "j%u", i);
		ok(s, eg_state_revoke_value(
		          s->w, EG_REVOKE_JTI, S(ISS), S(jti), FAR_S, T0_NS, &s->epoch, &s->err));
		ok(s, revoke_range(s, LIST, i * 5000, i * 5000 + i));
	}
	assert_true(count(s, "SELECT count(*) FROM event") <= 22);
	assert_int_equal(count(s, "SELECT count(*) FROM audit"), 83);
	assert_true(count(s, "SELECT count(*) FROM deny") >= 35);
	assert_true(count(s, "SELECT trimmed FROM meta") > EG_EPOCH_SEQUENCE(behind.epoch));
	open_reader(s, &r);
	(void)follow(&r);
	(void)follow(&behind);
	for (unsigned i = 0; i < 40; i++) {
		(void)snprintf(jti, sizeof(jti), "j%u", i);
		assert_int_equal(until_of(&r, EG_REVOKE_JTI, ISS, jti), FAR_S);
		assert_int_equal(until_of(&behind, EG_REVOKE_JTI, ISS, jti), FAR_S);
		assert_int_equal(entry_of(&r, LIST, i * 5000 + i), 1);
		assert_int_equal(entry_of(&behind, LIST, i * 5000 + i), 1);
		assert_int_equal(entry_of(&r, LIST, i * 5000 + i + 1), 0);
	}
	close_reader(&r);
	close_reader(&behind);
}

static void test_checkpoint_by_indices(void **state)
{
	struct store *s = *state;

	with_list(s, 1, 100000);
	eg_state_set_log_limits(s->w, UINT64_MAX, 1000);
	ok(s, revoke_range(s, LIST, 0, 998));
	assert_int_equal(
	    count(s, "SELECT count(*) FROM audit WHERE what LIKE '% 0-998 (999 indices)'"), 1);
	ok(s, revoke_range(s, LIST, 0, 0));
	assert_int_equal(count(s, "SELECT checkpoint FROM meta"), 0);
	ok(s, revoke_range(s, LIST, 0, 0));
	assert_int_equal(count(s, "SELECT checkpoint FROM meta"), 5);
	assert_int_equal(count(s, "SELECT tail_indices FROM meta"), 0);
}

static void test_expired_denials_are_dropped(void **state)
{
	struct store *s = *state;
	const uint64_t now_s = T0_NS / 1000000000;
	struct reader r;

	ok(s, put_issuer(s, ISS, "k1", NULL));
	eg_state_set_log_limits(s->w, 0, 0);
	ok(s, eg_state_revoke_value(s->w, EG_REVOKE_JTI, S(ISS), S("old"),
	          now_s - EG_REVOKE_GRACE_S - 1, T0_NS, &s->epoch, &s->err));
	ok(s, eg_state_revoke_value(s->w, EG_REVOKE_JTI, S(ISS), S("edge"),
	          now_s - EG_REVOKE_GRACE_S, T0_NS, &s->epoch, &s->err));
	ok(s, eg_state_revoke_issuer(s->w, S(ISS), 1, T0_NS, &s->epoch, &s->err));
	open_reader(s, &r);
	(void)follow(&r);
	assert_int_equal(until_of(&r, EG_REVOKE_JTI, ISS, "old"), 0);
	assert_int_equal(until_of(&r, EG_REVOKE_JTI, ISS, "edge"), now_s - EG_REVOKE_GRACE_S);
	assert_int_equal(until_of(&r, EG_REVOKE_ISSUER, ISS, ""), 1);
	close_reader(&r);
}

static void test_new_generation_reloads(void **state)
{
	struct store *s = *state;
	struct reader r;

	with_list(s, 1, 100);
	ok(s, revoke_range(s, LIST, 1, 1));
	open_reader(s, &r);
	(void)follow(&r);
	tamper(s,
	    "UPDATE meta SET generation = 2, sequence = 2; DELETE FROM event WHERE sequence=3;"
	    "UPDATE list SET entries = 200");
	assert_true(follow(&r));
	assert_int_equal(r.epoch, EG_EPOCH(2, 2));
	assert_int_equal(entry_of(&r, LIST, 1), 0);
	assert_int_equal(entry_of(&r, LIST, 199), 0);
	close_reader(&r);
}

/* ── random changes: a fresh reader and one that followed along are of one mind ── */

struct mix {
	struct store *s;
	uint64_t seed;
};

static uint32_t rnd(struct mix *m, uint32_t n)
{
	m->seed = m->seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(m->seed >> 33) % n;
}

static const char *const uris[] = {"https://l/1", "https://l/2", "https://l/3"};
static const unsigned uri_bits[] = {1, 2, 8};
static const uint32_t uri_entries[] = {300001, 150000, 40000};
static const char *const kids[] = {"k1", "k2"};
static const char *const subs[] = {"a", "b", "c", "d"};

static int import_random(struct mix *m, unsigned list)
{
	size_t len = ((size_t)uri_entries[list] * uri_bits[list] + 7) / 8;
	uint8_t *bytes = calloc(1, len);
	int rc;

	for (unsigned i = 0; i < 200; i++)
		bytes[rnd(m, (uint32_t)len)] = (uint8_t)rnd(m, 256);
	rc = eg_state_list_import(
	    m->s->w, S(uris[list]), eg_span(bytes, len), T0_NS, &m->s->epoch, &m->s->err);
	free(bytes);
	return rc;
}

static int revoke_random(struct mix *m, unsigned list)
{
	uint32_t first = rnd(m, uri_entries[list]), span = rnd(m, 3) == 0 ? 40000 : 20;
	uint32_t last = first + rnd(m, span);

	if (last >= uri_entries[list])
		last = uri_entries[list] - 1;
	return revoke_range(m->s, uris[list], first, last);
}

static int change_random(struct mix *m)
{
	struct store *s = m->s;
	const char *sub = subs[rnd(m, 4)];

	switch (rnd(m, 10)) {
	case 0:
		return import_random(m, rnd(m, 3));
	case 1:
		return eg_state_revoke_subject(
		    s->w, S(ISS), S(sub), 1 + rnd(m, 99), T0_NS, &s->epoch, &s->err);
	case 2:
		return eg_state_revoke_issuer(
		    s->w, S(ISS), 1 + rnd(m, 99), T0_NS, &s->epoch, &s->err);
	case 3:
		return eg_state_revoke_value(s->w, EG_REVOKE_JTI + rnd(m, 4), S(ISS), S(sub),
		    FAR_S + rnd(m, 99), T0_NS, &s->epoch, &s->err);
	case 4:
		return put_issuer(s, ISS, "k1", rnd(m, 2) == 0 ? "k2" : NULL);
	case 5:
		return put_policy(s, 1 + rnd(m, 4), rnd(m, 2) == 0);
	case 6:
		if (rnd(m, 8) == 0)
			return eg_state_revoke_key(
			    s->w, S(ISS), S("k2"), T0_NS, &s->epoch, &s->err);
		return 0;
	default:
		return revoke_random(m, rnd(m, 3));
	}
}

static void same_key(const struct reader *a, const struct reader *b, const char *kid)
{
	const struct eg_key *ka = key_of(a, ISS, kid), *kb = key_of(b, ISS, kid);

	assert_int_equal(ka == NULL, kb == NULL);
	if (ka == NULL)
		return;
	assert_int_equal(ka->index, kb->index);
	assert_int_equal(ka->generation, kb->generation);
	assert_int_equal(ka->revoked, kb->revoked);
}

static void same_mind(const struct reader *a, const struct reader *b)
{
	assert_int_equal(a->epoch, b->epoch);
	for (unsigned l = 0; l < 3; l++)
		for (uint32_t i = 0; i < uri_entries[l]; i++)
			if (eg_bitmap_get(a->snap->list[l].map, i) !=
			    eg_bitmap_get(b->snap->list[l].map, i))
				fail_msg("list %u, entry %u", l, i);
	for (unsigned v = 0; v < 4; v++)
		for (unsigned k = EG_REVOKE_JTI; k <= EG_REVOKE_SUBJECT; k++)
			assert_int_equal(
			    until_of(a, k, ISS, subs[v]), until_of(b, k, ISS, subs[v]));
	assert_int_equal(
	    until_of(a, EG_REVOKE_ISSUER, ISS, ""), until_of(b, EG_REVOKE_ISSUER, ISS, ""));
	for (unsigned k = 0; k < 2; k++)
		same_key(a, b, kids[k]);
	assert_int_equal(a->snap->policy_cnt, b->snap->policy_cnt);
	assert_int_equal(a->snap->default_policy, b->snap->default_policy);
	for (uint32_t p = 0; p < a->snap->policy_cnt; p++)
		assert_memory_equal(
		    &a->snap->policy[p], &b->snap->policy[p], sizeof(a->snap->policy[p]));
}

static void test_fresh_equals_incremental(void **state)
{
	struct mix m = {*state, 42};
	struct reader often, seldom;

	ok(m.s, put_issuer(m.s, ISS, "k1", "k2"));
	for (unsigned l = 0; l < 3; l++)
		ok(m.s, eg_state_list_add(m.s->w, S(uris[l]), S(ISS), uri_bits[l], uri_entries[l],
		            T0_NS, &m.s->epoch, &m.s->err));
	eg_state_set_log_limits(m.s->w, 15, 100000);
	open_reader(m.s, &often);
	open_reader(m.s, &seldom);
	for (unsigned round = 0; round < 40; round++) {
		struct reader fresh;

		for (unsigned i = 0; i <= rnd(&m, 12); i++) {
			ok(m.s, change_random(&m));
			(void)follow(&often);
		}
		if (round % 5 == 0)
			(void)follow(&seldom);
		open_reader(m.s, &fresh);
		(void)follow(&fresh);
		same_mind(&often, &fresh);
		if (round % 5 == 0)
			same_mind(&seldom, &fresh);
		close_reader(&fresh);
	}
	close_reader(&often);
	close_reader(&seldom);
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
	list = eg_snapshot_list(snap, 0, S(LIST));
	assert_int_equal(eg_bitmap_bits(list->map), 4);
	assert_int_equal(eg_bitmap_entries(list->map), 1000);
	assert_int_equal(snap->policy[0].id, 6);
	eg_snapshot_free(snap);
}

#define STATE_TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

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
	    STATE_TEST(test_revoked_key_is_sticky),
	    STATE_TEST(test_removed_issuer_keeps_its_state),
	    STATE_TEST(test_policy_rules),
	    STATE_TEST(test_import_keeps_operator_bits),
	    STATE_TEST(test_import_does_not_flicker),
	    STATE_TEST(test_damaged_event_is_refused),
	    STATE_TEST(test_damaged_tables_are_refused),
	    STATE_TEST(test_hole_in_the_log_is_refused),
	    STATE_TEST(test_newer_event_is_refused),
	    STATE_TEST(test_two_writers),
	    STATE_TEST(test_busy_store),
	    STATE_TEST(test_full_store),
	    STATE_TEST(test_killed_writer),
	    STATE_TEST(test_checkpoint_folds_and_trims),
	    STATE_TEST(test_checkpoint_by_indices),
	    STATE_TEST(test_expired_denials_are_dropped),
	    STATE_TEST(test_new_generation_reloads),
	    STATE_TEST(test_fresh_equals_incremental),
	    STATE_TEST(test_listing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* What the tests of lib/state share: a store in a directory of its own, and a reader of it. */
#ifndef EG_STATE_TEST_H
#define EG_STATE_TEST_H

#include "eg_state.h"
#include "eg_test.h"
#include "sealed.h"
#include "store.h"

#include <ftw.h>
#include <sodium.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#define T0_NS 1700000000000000000LL
#define FAR_S 4000000000u
#define ISS   "https://issuer.example"
#define LIST  "https://issuer.example/list"

static inline struct eg_span span(const char *text)
{
	return eg_span_str(text);
}

/* ── a store in a directory of its own ── */

struct store {
	char root[64], dir[80], file[96];
	struct eg_state *w;
	struct eg_error err;
	uint64_t epoch;
};

static inline int set_up(void **state)
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

static inline int remove_one(const char *path, const struct stat *sb, int flag, struct FTW *ftw)
{
	return remove(path);
}

static inline int tear_down(void **state)
{
	struct store *s = *state;

	eg_state_close(s->w);
	(void)nftw(s->root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	free(s);
	return 0;
}

static inline void ok(const struct store *s, int rc)
{
	if (rc != 0)
		print_error("%d: %s\n", rc, s->err.text);
	assert_int_equal(rc, 0);
}

static inline void refused(struct store *s, int rc, enum eg_err code, const char *words)
{
	if (rc != -(int)code || strstr(s->err.text, words) == NULL)
		print_error("%d (not %d), %s: %s\n", rc, -(int)code, words, s->err.text);
	assert_int_equal(rc, -(int)code);
	assert_non_null(strstr(s->err.text, words));
	s->err = (struct eg_error){0};
}

static inline void expect_epoch(const struct store *s, uint64_t sequence)
{
	assert_int_equal(s->epoch, EG_EPOCH(1, sequence));
}

/* Writes behind the back of the store. */
static inline void tamper(const struct store *s, const char *sql)
{
	sqlite3 *db;
	char *why = NULL;

	assert_int_equal(sqlite3_open(s->file, &db), SQLITE_OK);
	assert_int_equal(sqlite3_busy_timeout(db, 1000), SQLITE_OK);
	if (sqlite3_exec(db, sql, NULL, NULL, &why) != SQLITE_OK)
		fail_msg("%s", why);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* The same, and then every small row has the checksum of what it says by now. */
static inline void tamper_sealed(struct store *s, const char *sql)
{
	struct eg_db db;

	tamper(s, sql);
	tamper(s, "UPDATE meta SET checksum = x''; UPDATE issuer SET checksum = x'';"
	          "UPDATE key SET checksum = x''; UPDATE list SET checksum = x''");
	ok(s, eg_db_open(&db, s->file, &s->err));
	ok(s, eg_db_script(&db, "BEGIN", &s->err));
	for (enum eg_sealed table = EG_SEALED_META; table <= EG_SEALED_LIST; table++)
		ok(s, eg_sealed_end(&db, table, &s->err));
	ok(s, eg_db_script(&db, "COMMIT", &s->err));
	eg_db_close(&db);
}

static inline uint64_t count(const struct store *s, const char *sql)
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

/* A golden store takes the place of this one, which is closed. */
static inline void unpack_golden(struct store *s, unsigned version)
{
	const char *root = getenv("EDGATE_SOURCE_ROOT");
	char command[8192];

	eg_state_close(s->w);
	s->w = NULL;
	(void)snprintf(command, sizeof(command),
	    "gzip -dc '%s/tests/unit/golden/state-schema%u.db.gz' >'%s'", root != NULL ? root : ".",
	    version, s->file);
	assert_int_equal(system(command), 0);
}

/* ── what is put in ── */

static inline void add_jwk(struct eg_jwks *jwks, const char *kid, uint8_t seed_byte)
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

static inline struct eg_jwks *jwks_of(const char *kid_a, const char *kid_b)
{
	struct eg_jwks *jwks = calloc(1, sizeof(*jwks));

	if (kid_a != NULL)
		add_jwk(jwks, kid_a, 1);
	if (kid_b != NULL)
		add_jwk(jwks, kid_b, 2);
	return jwks;
}

static inline int put_issuer(
    struct store *s, const char *issuer, const char *kid_a, const char *kid_b)
{
	struct eg_jwks *jwks = jwks_of(kid_a, kid_b);
	int rc = eg_state_issuer_put(s->w, span(issuer), jwks, T0_NS, &s->epoch, &s->err);

	free(jwks);
	return rc;
}

static inline struct eg_policy policy_of(uint32_t id)
{
	struct eg_policy p;

	eg_policy_init(&p, id);
	assert_int_equal(eg_policy_add_issuer(&p, span(ISS), NULL), 0);
	assert_int_equal(eg_policy_add_audience(&p, span("api"), NULL), 0);
	return p;
}

static inline int put_policy(struct store *s, uint32_t id, bool make_default)
{
	struct eg_policy p = policy_of(id);

	return eg_state_policy_put(s->w, &p, make_default, T0_NS, &s->epoch, &s->err);
}

static inline int import_raw(struct store *s, const char *uri, struct eg_span bytes)
{
	const struct eg_list_import import = {.form = EG_LIST_RAW, .file = bytes};

	return eg_state_list_import(s->w, span(uri), &import, T0_NS, &s->epoch, &s->err);
}

static inline int revoke_range(struct store *s, const char *uri, uint32_t first, uint32_t last)
{
	struct eg_index_range r = {first, last};

	return eg_state_set_index(
	    s->w, span(uri), EG_INDEX_REVOKED, &r, 1, T0_NS, &s->epoch, &s->err);
}

static inline void with_list(struct store *s, unsigned bits, uint32_t entries)
{
	ok(s, put_issuer(s, ISS, "k1", NULL));
	ok(s, eg_state_list_add(
	          s->w, span(LIST), span(ISS), bits, entries, T0_NS, &s->epoch, &s->err));
}

/* One id, or the cutoff of one subject. */
static inline int revoke_value(struct store *s, enum eg_revoke_kind kind, struct eg_span issuer,
    struct eg_span value, uint64_t until_s)
{
	const struct eg_state_values one = {
	    .kind = kind, .issuer = issuer, .value = &value, .cnt = 1, .until_s = until_s};

	return eg_state_revoke_values(s->w, &one, T0_NS, &s->epoch, &s->err);
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

static inline void take_op(void *ctx, const struct eg_revoke_op *op)
{
	struct reader *r = ctx;

	r->ops++;
	if (op->kind == EG_REVOKE_OP_WORD && (op->word.mask & ~op->word.value) != 0)
		r->cleared = true;
	eg_revoke_apply(r->rv, op);
}

static inline void take_snapshot(void *ctx, struct eg_snapshot *snap)
{
	struct reader *r = ctx;

	eg_snapshot_free(r->snap);
	r->snap = snap;
	r->snapshots++;
}

static inline void take_epoch(void *ctx, uint64_t epoch)
{
	struct reader *r = ctx;

	assert_true(r->snap != NULL && r->snap->epoch <= epoch);
	r->epoch = epoch;
	r->epochs++;
}

static inline void open_reader(const struct store *s, struct reader *r)
{
	struct eg_error err = {0};

	*r = (struct reader){0};
	if (eg_state_open(&r->st, s->dir, EG_STATE_READ, &err) != 0)
		fail_msg("%s", err.text);
	r->rv = eg_revoke_new();
	assert_non_null(r->rv);
}

static inline void close_reader(struct reader *r)
{
	eg_snapshot_free(r->snap);
	eg_revoke_free(r->rv);
	eg_state_close(r->st);
}

static inline void nothing_waits(void *ctx)
{
}

static inline int try_follow(struct reader *r, bool *changed, struct eg_error *err)
{
	const struct eg_follower f = {r, {r, take_op, nothing_waits}, take_snapshot, take_epoch};

	return eg_state_follow(r->st, r->rv, &f, changed, err);
}

static inline bool follow(struct reader *r)
{
	struct eg_error err = {0};
	bool changed = false;

	if (try_follow(r, &changed, &err) != 0)
		fail_msg("%s", err.text);
	return changed;
}

static inline uint32_t slot_of(const struct reader *r, const char *issuer)
{
	return eg_keyset_find_issuer(r->snap->keys, span(issuer));
}

static inline const struct eg_key *key_of(
    const struct reader *r, const char *issuer, const char *kid)
{
	return eg_keyset_find(r->snap->keys, slot_of(r, issuer), kid != NULL,
	    kid != NULL ? span(kid) : eg_span(NULL, 0));
}

static inline unsigned entry_of(const struct reader *r, const char *uri, uint32_t idx)
{
	const struct eg_list *l = eg_snapshot_list(r->snap, slot_of(r, ISS), span(uri));

	assert_non_null(l);
	return eg_bitmap_get(l->map, idx);
}

/* 0: not revoked. */
static inline uint64_t until_of(
    const struct reader *r, enum eg_revoke_kind kind, const char *issuer, const char *value)
{
	const struct eg_issuer *iss = eg_keyset_issuer(r->snap->keys, slot_of(r, issuer));
	uint64_t until = 0;

	if (!eg_revoke_lookup(r->rv, eg_revoke_hash(&iss->hash_key, kind, span(value)), &until))
		return 0;
	return until;
}

#define STATE_TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

#endif

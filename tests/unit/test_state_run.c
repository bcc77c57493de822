/* SPDX-License-Identifier: BSD-3-Clause */
/* Revoked values at rest: runs and their merges, what is taken back, and older schemas. */
#include "beside.h"
#include "run.h"
#include "state_test.h"

#define IDS 500u

/* Odd: each has an inverse modulo 2^64, so that a hash tells its id. */
#define LO_OF_ID 0x9e3779b97f4a7c15u
#define ID_OF_LO 0xf1de83e19937733du

static struct eg_record record_of(uint64_t id, enum eg_revoke_kind kind, uint64_t until_s)
{
	return (struct eg_record){
	    .hash = {.lo = id * LO_OF_ID, .hi = id * 0xd6e8feb86659fd93u},
	    .kind = (uint8_t)kind,
	    .until_s = until_s,
	};
}

/* ── against a model ── */

struct model {
	bool there[IDS];
	uint64_t until_s[IDS];
};

static void model_add(struct model *m, struct eg_records *records)
{
	uint64_t id = eg_test_below(IDS);
	struct eg_record r = record_of(id, EG_REVOKE_SUBJECT, eg_test_below(1000));

	r.resets = r.absent = eg_test_below(4) == 0;
	assert_int_equal(eg_records_add(records, &r, NULL), 0);
	if (r.absent || !m->there[id] || r.until_s > m->until_s[id])
		m->until_s[id] = r.absent ? 0 : r.until_s;
	m->there[id] = !r.absent;
}

static int take(void *ctx, const struct eg_record *r, struct eg_error *err)
{
	struct model *m = ctx;
	uint64_t id = r->hash.lo * ID_OF_LO;

	assert_true(id < IDS);
	if (r->resets || !m->there[id] || r->until_s > m->until_s[id])
		m->until_s[id] = r->absent ? 0 : r->until_s;
	m->there[id] = !r->absent;
	return 0;
}

static void runs_equal_a_model(void **state)
{
	struct store *s = *state;
	struct eg_db db;
	struct model m = {0};

	ok(s, eg_db_open(&db, s->file, &s->err));
	for (unsigned round = 0; round < 200; round++) {
		struct eg_records records = {0};
		struct model read = {0};
		uint64_t cnt;

		for (uint64_t i = eg_test_below(40); i > 0; i--)
			model_add(&m, &records);
		ok(s, eg_run_append(&db, &records, 0, &s->err));
		eg_records_free(&records);
		ok(s, eg_run_each(&db, take, &read, &s->err));
		assert_memory_equal(&read, &m, sizeof(m));
		ok(s, eg_run_count(&db, &cnt, &s->err));
		assert_true(cnt <= 3 * IDS);
	}
	assert_true(count(s, "SELECT count(DISTINCT run) FROM run") <= 10);
	eg_db_close(&db);
}

static int count_records(void *ctx, const struct eg_record *r, struct eg_error *err)
{
	unsigned *cnt = ctx;

	(*cnt)++;
	return 0;
}

static unsigned append_and_count(
    struct store *s, struct eg_db *db, struct eg_record record, uint64_t now_s)
{
	struct eg_records records = {0};
	unsigned cnt = 0;

	ok(s, eg_records_add(&records, &record, &s->err));
	ok(s, eg_run_append(db, &records, now_s, &s->err));
	eg_records_free(&records);
	ok(s, eg_run_each(db, count_records, &cnt, &s->err));
	return cnt;
}

static void a_merge_forgets_what_is_past(void **state)
{
	struct store *s = *state;
	struct eg_record removal = record_of(3, EG_REVOKE_SUBJECT, 0);
	struct eg_db db;

	removal.resets = removal.absent = true;
	ok(s, eg_db_open(&db, s->file, &s->err));
	assert_int_equal(append_and_count(s, &db, record_of(1, EG_REVOKE_JTI, 1000), 1000), 1);
	assert_int_equal(append_and_count(s, &db, record_of(2, EG_REVOKE_JTI, 1001), 1360), 2);
	assert_int_equal(append_and_count(s, &db, record_of(3, EG_REVOKE_SUBJECT, 5), 1361), 2);
	assert_int_equal(append_and_count(s, &db, removal, 5000), 0);
	eg_db_close(&db);
}

static void a_run_of_many_chunks(void **state)
{
	struct store *s = *state;
	struct eg_records records = {0};
	struct eg_db db;
	unsigned cnt = 0;

	ok(s, eg_db_open(&db, s->file, &s->err));
	for (uint64_t i = 0; i < 2048; i++) { /* ends with a full chunk */
		struct eg_record r = record_of(i, EG_REVOKE_JTI, EG_REVOKE_VALUE_MAX);

		ok(s, eg_records_add(&records, &r, &s->err));
	}
	ok(s, eg_run_append(&db, &records, 0, &s->err));
	eg_records_free(&records);
	ok(s, eg_run_each(&db, count_records, &cnt, &s->err));
	assert_int_equal(cnt, 2048);
	assert_int_equal(count(s, "SELECT count(*) FROM run"), 3);
	eg_db_close(&db);
}

/* ── taking back ── */

static int unrevoke(struct store *s, enum eg_revoke_kind kind, const char *value)
{
	return eg_state_unrevoke(s->w, kind, span(ISS), span(value), T0_NS, &s->epoch, &s->err);
}

static void values_can_be_taken_back(struct store *s)
{
	struct reader r, late;

	ok(s, put_issuer(s, ISS, "k1", NULL));
	ok(s, revoke_value(s, EG_REVOKE_JTI, span(ISS), span("a"), FAR_S));
	ok(s, revoke_value(s, EG_REVOKE_SUBJECT, span(ISS), span("bob"), 77));
	ok(s, eg_state_revoke_issuer(s->w, span(ISS), 78, T0_NS, &s->epoch, &s->err));
	open_reader(s, &r);
	(void)follow(&r);
	ok(s, unrevoke(s, EG_REVOKE_JTI, "a"));
	ok(s, unrevoke(s, EG_REVOKE_SUBJECT, "bob"));
	ok(s, unrevoke(s, EG_REVOKE_ISSUER, ""));
	refused(s, unrevoke(s, EG_REVOKE_JTI, "a"), EG_ENOENT, "jti a of " ISS " is not revoked");
	refused(s, unrevoke(s, EG_REVOKE_SID, "a"), EG_ENOENT, "not revoked");
	(void)follow(&r);
	open_reader(s, &late);
	(void)follow(&late);
	for (unsigned i = 0; i < 2; i++) {
		const struct reader *who = i == 0 ? &r : &late;

		assert_int_equal(until_of(who, EG_REVOKE_JTI, ISS, "a"), 0);
		assert_int_equal(until_of(who, EG_REVOKE_SUBJECT, ISS, "bob"), 0);
		assert_int_equal(until_of(who, EG_REVOKE_ISSUER, ISS, ""), 0);
	}
	ok(s, revoke_value(s, EG_REVOKE_SUBJECT, span(ISS), span("bob"), 50));
	(void)follow(&r);
	assert_int_equal(until_of(&r, EG_REVOKE_SUBJECT, ISS, "bob"), 50); /* and again, lower */
	close_reader(&r);
	close_reader(&late);
}

static void values_in_the_log_can_be_taken_back(void **state)
{
	values_can_be_taken_back(*state);
}

static void values_in_tables_can_be_taken_back(void **state)
{
	struct store *s = *state;

	eg_state_set_log_limits(s->w, 0, 0);
	values_can_be_taken_back(s);
}

static void set_index(struct store *s, enum eg_index_value value, uint32_t first, uint32_t last)
{
	struct eg_index_range range = {first, last};

	ok(s, eg_state_set_index(s->w, span(LIST), value, &range, 1, T0_NS, &s->epoch, &s->err));
}

/* Two bits an entry; the import says REVOKED of 4 and SUSPENDED of 5. */
static void indices_can_be_taken_back(struct store *s)
{
	uint8_t bytes[50000] = {0};
	struct reader r, late;

	bytes[1] = 1 | 2 << 2;
	with_list(s, 2, 200000);
	ok(s, import_raw(s, LIST, eg_span(bytes, sizeof(bytes))));
	open_reader(s, &r);
	(void)follow(&r);
	set_index(s, EG_INDEX_REVOKED, 3, 199999);
	set_index(s, EG_INDEX_SUSPENDED, 0, 1);
	(void)follow(&r);
	assert_int_equal(entry_of(&r, LIST, 5), 1);
	assert_int_equal(entry_of(&r, LIST, 1), 2);
	set_index(s, EG_INDEX_VALID, 1, 150000);
	set_index(s, EG_INDEX_REVOKED, 100000, 100000);
	(void)follow(&r);
	open_reader(s, &late);
	(void)follow(&late);
	for (unsigned i = 0; i < 2; i++) {
		static const struct {
			uint32_t idx, value;
		} expect[] = {{0, 2}, {1, 0}, {3, 0}, {4, 1}, {5, 2}, {6, 0}, {99999, 0},
		    {100000, 1}, {100001, 0}, {150000, 0}, {150001, 1}, {199999, 1}};
		const struct reader *who = i == 0 ? &r : &late;

		for (size_t k = 0; k < sizeof(expect) / sizeof(expect[0]); k++)
			assert_int_equal(entry_of(who, LIST, expect[k].idx), expect[k].value);
	}
	close_reader(&r);
	close_reader(&late);
}

static void indices_in_the_log_can_be_taken_back(void **state)
{
	indices_can_be_taken_back(*state);
}

static void indices_in_tables_can_be_taken_back(void **state)
{
	struct store *s = *state;

	eg_state_set_log_limits(s->w, 0, 0);
	indices_can_be_taken_back(s);
}

static void one_bit_cannot_say_suspended(void **state)
{
	struct store *s = *state;
	struct eg_index_range range = {1, 1};

	with_list(s, 1, 100);
	refused(s,
	    eg_state_set_index(
	        s->w, span(LIST), EG_INDEX_SUSPENDED, &range, 1, T0_NS, &s->epoch, &s->err),
	    EG_EINVAL, "one bit");
}

/* ── two threads ── */

#define MANY 150000u

static void fill_many(struct store *s)
{
	struct eg_records records = {0};
	struct eg_db db;

	for (uint64_t id = 1; id <= MANY; id++) {
		struct eg_record r = record_of(id, EG_REVOKE_SUBJECT, id);

		ok(s, eg_records_add(&records, &r, &s->err));
	}
	ok(s, eg_db_open(&db, s->file, &s->err));
	ok(s, eg_db_script(&db, "BEGIN", &s->err));
	ok(s, eg_run_append(&db, &records, 0, &s->err));
	ok(s, eg_db_script(&db, "COMMIT", &s->err));
	eg_db_close(&db);
	eg_records_free(&records);
}

static void many_values_are_read_beside_the_lists(void **state)
{
	struct store *s = *state;
	struct eg_error err = {0};
	struct reader r;
	uint64_t until;
	bool changed;

	with_list(s, 1, 1000000);
	fill_many(s);
	ok(s, revoke_range(s, LIST, 5, 900000));
	ok(s, revoke_value(s, EG_REVOKE_JTI, span(ISS), span("tail"), FAR_S));
	open_reader(s, &r);
	(void)follow(&r);
	for (uint64_t id = 1; id <= MANY; id++) {
		const struct eg_record record = record_of(id, EG_REVOKE_SUBJECT, id);

		assert_true(eg_revoke_lookup(r.rv, record.hash, &until));
		assert_int_equal(until, id);
	}
	assert_int_equal(until_of(&r, EG_REVOKE_JTI, ISS, "tail"), FAR_S);
	assert_int_equal(entry_of(&r, LIST, 900000), 1);
	close_reader(&r);
	tamper(s, "UPDATE run SET checksum = x'00' WHERE chunk = 100");
	open_reader(s, &r);
	assert_int_equal(try_follow(&r, &changed, &err), -EG_ECORRUPT);
	assert_non_null(strstr(err.text, "table run, run 1, chunk 100:"));
	close_reader(&r);
}

struct beside_test {
	unsigned calls;
	int rc;
};

static int read_as_told(void *ctx, struct eg_db *db, struct eg_error *err)
{
	struct beside_test *t = ctx;

	t->calls++;
	assert_int_equal(db->version, 3);
	return t->rc == 0 ? 0 : eg_error_set(err, EG_ECORRUPT, "as told");
}

static int read_beside(
    struct store *s, const struct eg_meta *meta, struct beside_test *t, bool *moved)
{
	struct eg_beside b = {.path = s->file, .meta = meta, .read = read_as_told, .ctx = t};

	assert_true(eg_beside_begin(&b));
	return eg_beside_end(&b, moved, &s->err);
}

/* Whoever reads beside control reads what control reads, or nothing. */
static void another_state_is_not_read_beside(void **state)
{
	struct store *s = *state;
	struct beside_test t = {0};
	struct eg_meta meta;
	struct eg_db db;
	bool moved;

	ok(s, eg_db_open(&db, s->file, &s->err));
	ok(s, eg_meta_load(&db, &meta, &s->err));
	eg_db_close(&db);
	assert_int_equal(read_beside(s, &meta, &t, &moved), 0);
	assert_true(!moved && t.calls == 1);
	t.rc = 1;
	refused(s, read_beside(s, &meta, &t, &moved), EG_ECORRUPT, "as told");
	assert_true(!moved && t.calls == 2);
	ok(s, put_issuer(s, ISS, "k1", NULL)); /* a writer came between */
	assert_int_equal(read_beside(s, &meta, &t, &moved), 0);
	assert_true(moved && t.calls == 2);
	eg_state_close(s->w);
	s->w = NULL;
	assert_int_equal(unlink(s->file), 0);
	assert_int_equal(read_beside(s, &meta, &t, &moved), 0);
	assert_true(moved && t.calls == 2);
}

/* ── schemas ── */

#define GOLDEN_LIST  "https://issuer.example/lists/1"
#define GOLDEN_LIST2 "https://issuer.example/lists/2"

static void check_golden(const struct reader *r)
{
	static const struct {
		uint32_t idx, value;
	} expect[] = {{0, 1}, {1, 2}, {2, 0}, {3, 3}, {49, 0}, {50, 1}, {60, 1}, {61, 0},
	    {99998, 1}, {99999, 2}};

	assert_int_equal(r->epoch, EG_EPOCH(1, 10));
	assert_int_equal(
	    until_of(r, EG_REVOKE_JTI, "https://issuer.example", "t-dead"), 1900000000);
	assert_int_equal(
	    until_of(r, EG_REVOKE_CTI, "https://issuer.example", "c-dead"), 1900000000);
	assert_int_equal(
	    until_of(r, EG_REVOKE_SID, "https://issuer.example", "s-tail"), 1900000000);
	assert_int_equal(
	    until_of(r, EG_REVOKE_SUBJECT, "https://issuer.example", "user-9"), 1799999970);
	assert_int_equal(until_of(r, EG_REVOKE_SUBJECT, "https://issuer.example", "user-8"), 0);
	for (size_t i = 0; i < sizeof(expect) / sizeof(expect[0]); i++)
		assert_int_equal(entry_of(r, GOLDEN_LIST, expect[i].idx), expect[i].value);
	assert_int_equal(eg_snapshot_policy(r->snap, 0)->id, 7);
	assert_int_equal(eg_snapshot_policy(r->snap, 7)->skew_s, 5);
}

static void schema_1_is_read_and_becomes_the_newest(void **state)
{
	struct store *s = *state;
	struct reader before, after;
	uint64_t values;

	unpack_golden(s, 1);
	open_reader(s, &before); /* a reader changes nothing */
	(void)follow(&before);
	check_golden(&before);
	ok(s, eg_state_count_values(before.st, &values, &s->err));
	assert_int_equal(values, 4);
	assert_int_equal(count(s, "PRAGMA user_version"), 1);
	ok(s, eg_state_open(&s->w, s->dir, EG_STATE_WRITE, &s->err));
	assert_int_equal(count(s, "PRAGMA user_version"), 3);
	assert_int_equal(count(s, "SELECT count(*) FROM sqlite_schema WHERE name = 'deny'"), 0);
	ok(s, eg_state_verify(s->w, &s->err));
	open_reader(s, &after);
	(void)follow(&after);
	check_golden(&after);
	ok(s, revoke_value(s, EG_REVOKE_JTI, span("https://issuer.example"), span("new"), FAR_S));
	(void)follow(&before); /* it was opened before the upgrade */
	assert_int_equal(until_of(&before, EG_REVOKE_JTI, "https://issuer.example", "new"), FAR_S);
	close_reader(&before);
	close_reader(&after);
}

static void a_damaged_schema_1_is_not_upgraded(void **state)
{
	struct store *s = *state;

	unpack_golden(s, 1);
	tamper(s, "UPDATE cutoff SET until_s = 76");
	refused(s, eg_state_open(&s->w, s->dir, EG_STATE_WRITE, &s->err), EG_ECORRUPT,
	    "table cutoff, row 1: checksum");
	assert_int_equal(count(s, "PRAGMA user_version"), 1);
	assert_int_equal(count(s, "SELECT count(*) FROM deny"), 2);
}

static void check_golden_values(const struct reader *r)
{
	static const struct {
		enum eg_revoke_kind kind;
		const char *value;
		uint64_t until_s;
	} expect[] = {{EG_REVOKE_JTI, "t-dead", 3900000000}, {EG_REVOKE_CTI, "c-dead", 3900000000},
	    {EG_REVOKE_JKT, "j-dead", 3900000000}, {EG_REVOKE_SID, "s-tail", 3900000000},
	    {EG_REVOKE_SUBJECT, "user-9", 1800000000}, {EG_REVOKE_ISSUER, "", 1500000000},
	    {EG_REVOKE_JTI, "t-back", 0}, {EG_REVOKE_SUBJECT, "user-8", 0}};

	for (size_t i = 0; i < sizeof(expect) / sizeof(expect[0]); i++)
		assert_int_equal(
		    until_of(r, expect[i].kind, ISS, expect[i].value), expect[i].until_s);
}

static void check_golden_entries(const struct reader *r)
{
	static const struct {
		const char *list;
		uint32_t idx, value;
	} expect[] = {{GOLDEN_LIST, 0, 1}, {GOLDEN_LIST, 1, 2}, {GOLDEN_LIST, 2, 0},
	    {GOLDEN_LIST, 7, 1}, {GOLDEN_LIST, 49, 0}, {GOLDEN_LIST, 50, 1}, {GOLDEN_LIST, 55, 0},
	    {GOLDEN_LIST, 60, 1}, {GOLDEN_LIST, 61, 0}, {GOLDEN_LIST, 99998, 2},
	    {GOLDEN_LIST2, 0, 1}, {GOLDEN_LIST2, 1048576, 1}, {GOLDEN_LIST2, 1048577, 0},
	    {GOLDEN_LIST2, 2097150, 0}, {GOLDEN_LIST2, 2097151, 1}};
	const struct eg_list *imported;

	for (size_t i = 0; i < sizeof(expect) / sizeof(expect[0]); i++)
		assert_int_equal(entry_of(r, expect[i].list, expect[i].idx), expect[i].value);
	imported = eg_snapshot_list(r->snap, slot_of(r, ISS), span(GOLDEN_LIST));
	assert_int_equal(imported->form, EG_LIST_JWT);
	assert_int_equal(imported->exp_s, 4000000000);
	assert_int_equal(imported->stated, 100000);
	assert_int_equal(eg_bitmap_entries(imported->map), 100010);
}

static void check_golden_23(const struct reader *r)
{
	const struct eg_key *k1 = key_of(r, ISS, "k1"), *k2 = key_of(r, ISS, "k2");

	assert_int_equal(r->epoch, EG_EPOCH(1, 24));
	assert_non_null(k1);
	assert_non_null(k2);
	assert_int_equal(k1->not_before_s, 1700000000);
	assert_int_equal(k1->not_after_s, 4000000000);
	assert_false(k1->revoked);
	assert_true(k2->revoked);
	assert_int_equal(eg_keyset_issuer_cnt(r->snap->keys), 1);
	assert_int_equal(eg_snapshot_policy(r->snap, 0)->id, 8);
	assert_int_equal(eg_snapshot_policy(r->snap, 7)->skew_s, 5);
	assert_int_equal(eg_snapshot_policy(r->snap, 7)->freshness, EG_FRESH_BOUNDED);
	assert_int_equal(eg_snapshot_policy(r->snap, 7)->max_state_age_s, 30);
	check_golden_values(r);
	check_golden_entries(r);
}

static int count_line(void *ctx, const struct eg_audit_line *line, struct eg_error *err)
{
	unsigned *cnt = ctx;

	assert_int_equal(EG_EPOCH_SEQUENCE(line->epoch), (*cnt)++);
	return 0;
}

static void check_read_as_written(struct store *s, unsigned version)
{
	unsigned lines = 0;
	struct reader r;

	unpack_golden(s, version);
	open_reader(s, &r); /* changes nothing */
	(void)follow(&r);
	check_golden_23(&r);
	ok(s, eg_state_verify(r.st, &s->err));
	ok(s, eg_state_audit(r.st, 0, count_line, &lines, &s->err));
	assert_int_equal(lines, 25);
	assert_int_equal(count(s, "PRAGMA user_version"), version);
	ok(s, eg_state_open(&s->w, s->dir, EG_STATE_WRITE, &s->err));
	ok(s, eg_state_verify(s->w, &s->err));
	assert_int_equal(count(s, "PRAGMA user_version"), 3);
	/* Everything folded: what is read then comes from tables alone, also for who had the older
	 * schema open. */
	eg_state_set_log_limits(s->w, 0, 0);
	ok(s, revoke_range(s, GOLDEN_LIST, 2, 2));
	assert_int_equal(s->epoch, EG_EPOCH(1, 25));
	(void)follow(&r);
	assert_int_equal(entry_of(&r, GOLDEN_LIST, 2), 1);
	close_reader(&r);
	open_reader(s, &r);
	(void)follow(&r);
	assert_int_equal(entry_of(&r, GOLDEN_LIST, 2), 1);
	check_golden_values(&r);
	close_reader(&r);
}

static void schema_2_is_read_and_becomes_the_newest(void **state)
{
	check_read_as_written(*state, 2);
}

static void schema_3_is_read_as_it_was_written(void **state)
{
	check_read_as_written(*state, 3);
}

/* Where it fails, all stays as it was. */
static void an_upgrade_is_whole_or_nothing(void **state)
{
	struct store *s = *state;

	unpack_golden(s, 2);
	tamper(s, "CREATE TRIGGER no BEFORE UPDATE ON list BEGIN SELECT raise(ABORT, 'no'); END");
	refused(s, eg_state_open(&s->w, s->dir, EG_STATE_WRITE, &s->err), EG_EIO, "no");
	assert_int_equal(count(s, "PRAGMA user_version"), 2);
	assert_int_equal(
	    count(s, "SELECT count(*) FROM pragma_table_info('meta') WHERE name = 'checksum'"), 0);
	tamper(s, "DROP TRIGGER no");
	ok(s, eg_state_open(&s->w, s->dir, EG_STATE_WRITE, &s->err));
	assert_int_equal(count(s, "PRAGMA user_version"), 3);
}

/* Each table of the schema has rows in its golden store: a column that loses its meaning is seen.
 */
static void schema_3_has_content_in_every_table(void **state)
{
	static const char *const tables[] = {
	    "meta", "issuer", "key", "policy", "list", "bitmap", "run", "event", "audit"};
	struct store *s = *state;
	char sql[64];

	assert_int_equal(count(s, "SELECT count(*) FROM sqlite_schema WHERE type = 'table'"),
	    sizeof(tables) / sizeof(tables[0]));
	unpack_golden(s, 3);
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		(void)snprintf(sql, sizeof(sql), "SELECT count(*) FROM %s", tables[i]);
		assert_true(count(s, sql) > 0);
	}
}

/* The columns that a new store has, and those of the golden one, in one order. */
static void a_new_store_has_the_columns_of_the_golden_one(void **state)
{
	static const char sql[] = "SELECT count(*) FROM (SELECT m.name, c.cid, c.name, c.type FROM"
	                          " fresh.sqlite_schema m, pragma_table_info(m.name, 'fresh') c"
	                          " EXCEPT SELECT m.name, c.cid, c.name, c.type FROM"
	                          " main.sqlite_schema m, pragma_table_info(m.name, 'main') c)";
	struct store *s = *state;
	char fresh[96], attach[128];
	sqlite3 *db;
	sqlite3_stmt *stmt;

	eg_state_close(s->w);
	s->w = NULL;
	(void)snprintf(fresh, sizeof(fresh), "%s/fresh", s->root);
	(void)snprintf(attach, sizeof(attach), "ATTACH '%s' AS fresh", fresh);
	assert_int_equal(rename(s->file, fresh), 0);
	unpack_golden(s, 3);
	assert_int_equal(sqlite3_open(s->file, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, attach, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
	assert_int_equal(sqlite3_column_int(stmt, 0), 0);
	(void)sqlite3_finalize(stmt);
	(void)sqlite3_close(db);
}

static void a_newer_schema_is_refused_by_name(void **state)
{
	struct store *s = *state;
	uint64_t epoch;

	unpack_golden(s, 3);
	tamper(s, "PRAGMA user_version=4");
	refused(s, eg_state_open(&s->w, s->dir, EG_STATE_READ, &s->err), EG_EVERSION, "schema 4");
	refused(
	    s, eg_state_open(&s->w, s->dir, EG_STATE_WRITE, &s->err), EG_EVERSION, "newer edgate");
	refused(
	    s, eg_state_restore(s->dir, s->file, T0_NS, &epoch, &s->err), EG_EVERSION, "schema 4");
	assert_int_equal(count(s, "PRAGMA user_version"), 4);
}

/* One that came while the store was open: the next look at it refuses, and what was read stays. */
static void a_schema_that_becomes_newer_is_refused_by_name(void **state)
{
	struct eg_error err = {0};
	struct store *s = *state;
	struct reader r;
	bool changed;

	unpack_golden(s, 3);
	open_reader(s, &r);
	(void)follow(&r);
	ok(s, eg_state_open(&s->w, s->dir, EG_STATE_WRITE, &s->err));
	tamper(s, "PRAGMA user_version=4; UPDATE meta SET sequence = 25");
	refused(s, revoke_range(s, GOLDEN_LIST, 2, 2), EG_EVERSION, "schema 4");
	assert_int_equal(try_follow(&r, &changed, &err), -EG_EVERSION);
	assert_non_null(strstr(err.text, "schema 4"));
	assert_int_equal(until_of(&r, EG_REVOKE_JTI, ISS, "t-dead"), 3900000000);
	close_reader(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    STATE_TEST(runs_equal_a_model),
	    STATE_TEST(a_merge_forgets_what_is_past),
	    STATE_TEST(a_run_of_many_chunks),
	    STATE_TEST(values_in_the_log_can_be_taken_back),
	    STATE_TEST(values_in_tables_can_be_taken_back),
	    STATE_TEST(indices_in_the_log_can_be_taken_back),
	    STATE_TEST(indices_in_tables_can_be_taken_back),
	    STATE_TEST(one_bit_cannot_say_suspended),
	    STATE_TEST(many_values_are_read_beside_the_lists),
	    STATE_TEST(another_state_is_not_read_beside),
	    STATE_TEST(schema_1_is_read_and_becomes_the_newest),
	    STATE_TEST(a_damaged_schema_1_is_not_upgraded),
	    STATE_TEST(schema_2_is_read_and_becomes_the_newest),
	    STATE_TEST(schema_3_is_read_as_it_was_written),
	    STATE_TEST(an_upgrade_is_whole_or_nothing),
	    STATE_TEST(schema_3_has_content_in_every_table),
	    STATE_TEST(a_new_store_has_the_columns_of_the_golden_one),
	    STATE_TEST(a_newer_schema_is_refused_by_name),
	    STATE_TEST(a_schema_that_becomes_newer_is_refused_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

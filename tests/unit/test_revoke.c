/* SPDX-License-Identifier: BSD-3-Clause */
#include "eg_pages.h"
#include "revoke_test.h"

#include <pthread.h>
#include <sched.h>

#define URI "https://issuer.example/lists/1"

static const struct eg_hash_key issuer_key = {{1, 2, 3}};

static struct eg_hash128 hash_of(enum eg_revoke_kind kind, uint64_t id)
{
	return eg_revoke_hash(&issuer_key, kind, eg_span(&id, sizeof(id)));
}

static void set(
    struct test_workers *all, struct eg_hash128 hash, enum eg_revoke_kind kind, uint64_t value)
{
	assert_int_equal(eg_revoke_set_entry(all->rv, hash, kind, value, &all->sink, NULL), 0);
}

static void set_now(
    struct test_workers *all, struct eg_hash128 hash, enum eg_revoke_kind kind, uint64_t value)
{
	set(all, hash, kind, value);
	test_deliver_all(all);
}

static bool has(const struct test_workers *all, struct eg_hash128 hash)
{
	uint64_t value;

	return eg_revoke_lookup(all->rv, hash, &value);
}

static void assert_value(const struct test_workers *all, struct eg_hash128 hash, uint64_t expected)
{
	uint64_t value;

	assert_true(eg_revoke_lookup(all->rv, hash, &value));
	assert_int_equal(value, expected);
}

/* ── hashes ── */

static void a_hash_names_kind_issuer_and_value(void **state)
{
	const struct eg_hash_key other_key = {{1, 2, 4}};
	struct eg_span a = eg_span_str("a"), b = eg_span_str("b"), none = eg_span(NULL, 0);
	struct eg_hash128 h = eg_revoke_hash(&issuer_key, EG_REVOKE_JTI, a);

	assert_true(eg_hash128_eq(h, eg_revoke_hash(&issuer_key, EG_REVOKE_JTI, a)));
	assert_false(eg_hash128_eq(h, eg_revoke_hash(&issuer_key, EG_REVOKE_SID, a)));
	assert_false(eg_hash128_eq(h, eg_revoke_hash(&issuer_key, EG_REVOKE_JTI, b)));
	assert_false(eg_hash128_eq(h, eg_revoke_hash(&other_key, EG_REVOKE_JTI, a)));
	assert_false(eg_hash128_eq(h, eg_revoke_hash(&issuer_key, EG_REVOKE_ISSUER, none)));
}

static void a_hash_takes_values_of_255_bytes_and_cuts_longer_ones(void **state)
{
	uint8_t value[300];
	struct eg_hash128 full, cut;

	memset(value, 'v', sizeof(value));
	full = eg_revoke_hash(&issuer_key, EG_REVOKE_SUBJECT, eg_span(value, 255));
	cut = eg_revoke_hash(&issuer_key, EG_REVOKE_SUBJECT, eg_span(value, 300));
	assert_true(eg_hash128_eq(full, cut));
	value[254] ^= 1;
	assert_false(eg_hash128_eq(
	    full, eg_revoke_hash(&issuer_key, EG_REVOKE_SUBJECT, eg_span(value, 255))));
}

/* ── entries ── */

static void an_empty_state_denies_nothing(void **state)
{
	struct test_workers *all = *state;
	uint64_t value = 7;

	assert_false(eg_revoke_lookup(all->rv, hash_of(EG_REVOKE_JTI, 1), &value));
	assert_int_equal(value, 0);
	__builtin_prefetch(eg_revoke_line(all->rv, hash_of(EG_REVOKE_JTI, 1)));
}

static void a_higher_value_wins(void **state)
{
	struct test_workers *all = *state;
	struct eg_hash128 h = hash_of(EG_REVOKE_SUBJECT, 1);

	set_now(all, h, EG_REVOKE_SUBJECT, 100);
	assert_value(all, h, 100);
	set_now(all, h, EG_REVOKE_SUBJECT, 99);
	assert_value(all, h, 100);
	set_now(all, h, EG_REVOKE_SUBJECT, 101);
	assert_value(all, h, 101);
	set_now(all, h, EG_REVOKE_SUBJECT, UINT32_MAX - 1);
	assert_value(all, h, UINT32_MAX - 1);
	set_now(all, h, EG_REVOKE_SUBJECT, UINT32_MAX);
	assert_value(all, h, EG_REVOKE_VALUE_MAX); /* for ever */
	set_now(all, h, EG_REVOKE_SUBJECT, UINT64_MAX);
	assert_value(all, h, EG_REVOKE_VALUE_MAX);
}

static void a_value_of_zero_is_there(void **state)
{
	struct test_workers *all = *state;
	struct eg_hash128 h = hash_of(EG_REVOKE_SUBJECT, 1);

	set_now(all, h, EG_REVOKE_SUBJECT, 0);
	assert_value(all, h, 0);
}

/* Words of zero are words like others; the same bucket and hi must still tell hashes apart. */
static void hashes_with_zero_words_and_one_bucket(void **state)
{
	struct test_workers *all = *state;
	struct eg_hash128 zero = {0, 0};
	struct eg_hash128 other_hi = {0, 1};
	struct eg_hash128 other_lo = {1u << 20, 0};

	set_now(all, zero, EG_REVOKE_JTI, 5);
	assert_value(all, zero, 5);
	assert_false(has(all, other_hi));
	assert_false(has(all, other_lo));
	set_now(all, other_hi, EG_REVOKE_JTI, 6);
	set_now(all, other_lo, EG_REVOKE_JTI, 7);
	assert_value(all, zero, 5);
	assert_value(all, other_hi, 6);
	assert_value(all, other_lo, 7);
}

/* Full buckets send entries on and leave a bit behind for them: none of the sixteen may be missed,
 * and what was sent on must be found behind slots that became free. */
static void entries_behind_full_buckets_are_found(void **state)
{
	struct test_workers *all = *state;

	for (uint64_t i = 0; i < 40; i++)
		set_now(all, (struct eg_hash128){i, 0}, EG_REVOKE_JTI, i); /* one bucket */
	for (uint64_t i = 0; i < 40; i++)
		assert_value(all, (struct eg_hash128){i, 0}, i);
	for (uint64_t i = 0; i < 3; i++)
		eg_revoke_remove_entry(all->rv, (struct eg_hash128){i, 0}, &all->sink);
	test_deliver_all(all);
	for (uint64_t i = 0; i < 40; i++)
		assert_int_equal(has(all, (struct eg_hash128){i, 0}), i >= 3);
	set_now(all, (struct eg_hash128){39, 0}, EG_REVOKE_JTI, 100); /* raised where it lies */
	assert_value(all, (struct eg_hash128){39, 0}, 100);
	eg_revoke_remove_entry(all->rv, (struct eg_hash128){39, 0}, &all->sink);
	test_deliver_all(all);
	assert_false(has(all, (struct eg_hash128){39, 0})); /* and lay there alone */
}

/* One bucket, one shard: the longest probe that an attacker who broke the hash could make. */
static void colliding_entries_survive_growth(void **state)
{
	struct test_workers *all = *state;

	for (uint64_t i = 0; i < 500; i++)
		set_now(all, (struct eg_hash128){UINT64_MAX << 32, i}, EG_REVOKE_JTI, i);
	for (uint64_t i = 0; i < 500; i++)
		assert_value(all, (struct eg_hash128){UINT64_MAX << 32, i}, i);
	assert_false(has(all, (struct eg_hash128){UINT64_MAX << 32, 500}));
}

static void waiting_mail_outgrows_nothing(void **state)
{
	struct test_workers *all = *state;

	for (uint64_t i = 0; i < 20; i++)
		set(all, hash_of(EG_REVOKE_SID, i), EG_REVOKE_SID, i);
	assert_false(has(all, hash_of(EG_REVOKE_SID, 0)));
	assert_int_equal(all->settled_cnt, 0);
	for (uint64_t i = 20; i < 20000; i++)
		set(all, hash_of(EG_REVOKE_SID, i), EG_REVOKE_SID, i);
	assert_true(all->settled_cnt <= 64 * 30); /* a few for each table */
	test_deliver_all(all);
	for (uint64_t i = 0; i < 20000; i++)
		assert_value(all, hash_of(EG_REVOKE_SID, i), i);
	assert_false(has(all, hash_of(EG_REVOKE_SID, 20000)));
}

/* ── growth forgets what is past, and only that ── */

#define FIRST_TABLE  57u /* entries that the smallest one takes */
#define ONE_SHARD(i) ((struct eg_hash128){(i)*0x9e3779b97f4a7c15u, (i)})

static void fill(struct test_workers *all, uint64_t first, uint64_t last, uint64_t exp)
{
	for (uint64_t i = first; i <= last; i++)
		set_now(all, ONE_SHARD(i), EG_REVOKE_JTI, exp);
}

static void growth_forgets_denied_ids_past_their_grace(void **state)
{
	struct test_workers *all = *state;

	fill(all, 1, 20, 1000);
	fill(all, 21, 40, 1001);
	set_now(all, ONE_SHARD(1000001), EG_REVOKE_SUBJECT, 1000);
	set_now(all, ONE_SHARD(1000002), EG_REVOKE_ISSUER, 0);
	eg_revoke_set_now(all->rv, 1001 + EG_REVOKE_GRACE_S);
	eg_revoke_set_now(all->rv, 5); /* the highest counts */
	fill(all, 41, 100, 9999);
	assert_false(has(all, ONE_SHARD(1)));
	assert_false(has(all, ONE_SHARD(20)));
	assert_value(all, ONE_SHARD(21), 1001);
	assert_value(all, ONE_SHARD(40), 1001);
	assert_value(all, ONE_SHARD(1000001), 1000);
	assert_value(all, ONE_SHARD(1000002), 0);
	assert_value(all, ONE_SHARD(41), 9999);
	assert_value(all, ONE_SHARD(100), 9999);
}

static void without_a_time_nothing_is_forgotten(void **state)
{
	struct test_workers *all = *state;

	fill(all, 1, 1000, 0);
	for (uint64_t i = 1; i <= 1000; i++)
		assert_value(all, ONE_SHARD(i), 0);
}

/* Short-lived ids for ever: memory follows what is alive, not what ever was. */
static void a_stream_of_short_lived_ids_stays_small(void **state)
{
	struct test_workers *all = *state;
	uint64_t epoch = 1;

	alloc_largest_bytes = 0;
	for (uint64_t i = 1; i <= 50000; i++) {
		eg_revoke_set_now(all->rv, i * 10);
		fill(all, i, i, i * 10);
		epoch++;
		eg_revoke_reclaim(all->rv, epoch, epoch);
	}
	assert_true(alloc_largest_bytes < 16384);
	assert_true(has(all, ONE_SHARD(50000)));
	assert_false(has(all, ONE_SHARD(1)));
}

/* A slot of an id that is past serves the next one, without a larger table. */
static void past_ids_make_room_in_place(void **state)
{
	struct test_workers *all = *state;
	unsigned sent;

	fill(all, 1, 50, 1000);
	sent = all->sent_cnt;
	eg_revoke_set_now(all->rv, 1001 + EG_REVOKE_GRACE_S);
	set_now(all, ONE_SHARD(1), EG_REVOKE_JTI, 5000); /* past itself, and raised */
	fill(all, 101, 101, 5000);
	assert_int_equal(all->sent_cnt, sent + 2);
	assert_value(all, ONE_SHARD(1), 5000);
	assert_value(all, ONE_SHARD(101), 5000);
}

static void a_removed_entry_is_gone_and_can_come_back(void **state)
{
	struct test_workers *all = *state;

	eg_revoke_remove_entry(all->rv, ONE_SHARD(1), &all->sink); /* no table at all yet */
	fill(all, 1, 30, 1000);
	eg_revoke_remove_entry(all->rv, ONE_SHARD(7), &all->sink);
	eg_revoke_remove_entry(all->rv, ONE_SHARD(31), &all->sink);
	test_deliver_all(all);
	assert_false(has(all, ONE_SHARD(7)));
	for (uint64_t i = 1; i <= 30; i++)
		assert_int_equal(has(all, ONE_SHARD(i)), i != 7);
	fill(all, 7, 7, 900); /* lower than it was: what was taken away does not count */
	assert_value(all, ONE_SHARD(7), 900);
	fill(all, 31, 500, 1000);
	assert_value(all, ONE_SHARD(7), 900);
}

static void staged_entries_replace_all_others_at_once(void **state)
{
	struct test_workers *all = *state;

	fill(all, 1, 100, 1000);
	assert_int_equal(eg_revoke_stage(all->rv, 0, NULL), 0);
	fill(all, 51, 5000, 2000); /* more than was said: it grows aside */
	eg_revoke_remove_entry(all->rv, ONE_SHARD(60), &all->sink);
	test_deliver_all(all);
	assert_value(all, ONE_SHARD(1), 1000);
	assert_value(all, ONE_SHARD(51), 1000);
	assert_false(has(all, ONE_SHARD(101)));
	eg_revoke_publish(all->rv, &all->sink);
	test_deliver_all(all);
	assert_false(has(all, ONE_SHARD(50)));
	assert_true(has(all, ONE_SHARD(51)));
	assert_true(has(all, ONE_SHARD(5000)));
	assert_false(has(all, ONE_SHARD(60)));
	fill(all, 5001, 10000, 2000);
	assert_true(has(all, ONE_SHARD(51)));
}

static void discarded_entries_leave_all_as_it_was(void **state)
{
	struct test_workers *all = *state;
	struct eg_error err;

	fill(all, 1, 10, 1000);
	assert_int_equal(eg_revoke_stage(all->rv, 0, NULL), 0);
	fill(all, 11, 20, 1000);
	eg_revoke_discard(all->rv);
	allocs_left = 5;
	assert_int_equal(eg_revoke_stage(all->rv, 0, &err), -EG_ENOMEM);
	allocs_left = -1;
	fill(all, 21, 30, 1000);
	for (uint64_t i = 1; i <= 30; i++)
		assert_int_equal(has(all, ONE_SHARD(i)), i <= 10 || i > 20);
}

/* At every size between two tables: never over 40 bytes an entry, once there are some. */
static void memory_follows_the_entries(void **state)
{
	struct test_workers *all = *state;

	for (uint64_t i = 1; i <= 100000; i++) {
		fill(all, i, i, 1000);
		if (i >= 1000)
			assert_true(eg_revoke_memory(all->rv) <= 40 * i + 4096);
	}
	for (uint64_t i = 1; i <= 100000; i++)
		assert_value(all, ONE_SHARD(i), 1000);
}

static struct eg_hash128 random_hash(uint64_t *seed)
{
	return (struct eg_hash128){rnd(seed), rnd(seed)};
}

/* As a start does it: `said` are folded, the rest stand in the log. */
static uint64_t memory_of_staged(uint64_t said, uint64_t cnt)
{
	struct eg_revoke *rv = eg_revoke_new();
	struct eg_revoke_sink sink = eg_revoke_direct_sink(rv);
	uint64_t seed = cnt, memory;

	assert_int_equal(eg_revoke_stage(rv, said, NULL), 0);
	for (uint64_t i = 0; i < cnt; i++)
		assert_int_equal(
		    eg_revoke_set_entry(rv, random_hash(&seed), EG_REVOKE_SUBJECT, 1, &sink, NULL),
		    0);
	eg_revoke_publish(rv, &sink);
	memory = eg_revoke_memory(rv);
	eg_revoke_free(rv);
	return memory;
}

static void no_tables_take_more_than_their_most(void **state)
{
	(void)state;
	for (uint64_t cnt = 0; cnt <= 300000; cnt += cnt / 4 + 1) {
		uint64_t most = eg_revoke_memory_max(cnt), memory = memory_of_staged(cnt, cnt);

		assert_true(memory <= most);
		assert_true(most < (cnt < 100000 ? memory * 3 : memory / 4 * 5));
		assert_true(memory_of_staged(0, cnt) <= most);
		assert_true(memory_of_staged(cnt > 4096 ? cnt - 4096 : 0, cnt) <= most);
	}
}

/* Without the values: they are too many for a test, and their tables have room for them. */
static void what_a_huge_page_does_not_fill_is_not_wasted(void **state)
{
	(void)state;
	assert_int_equal(memory_of_staged(3440000, 0) >> 20, 64 * 2); /* just over one page */
	for (uint64_t cnt = 3440000; cnt <= 20000000; cnt += 820000) {
		assert_true(memory_of_staged(cnt, 0) <= cnt * 40);
		assert_true(eg_revoke_memory_max(cnt) <= cnt * 41);
	}
}

static void a_raised_id_in_waiting_mail_is_kept(void **state)
{
	struct test_workers *all = *state;

	fill(all, 1, FIRST_TABLE, 1000);
	eg_revoke_set_now(all->rv, 10000);
	set(all, ONE_SHARD(7), EG_REVOKE_JTI, 20000); /* waits, and comes before the new table */
	set(all, ONE_SHARD(100), EG_REVOKE_JTI, 20000);
	test_deliver_all(all);
	assert_value(all, ONE_SHARD(7), 20000);
	assert_value(all, ONE_SHARD(100), 20000);
}

static void without_memory_nothing_is_sent(void **state)
{
	struct test_workers *all = *state;
	struct eg_error err;
	uint64_t i = 0;

	allocs_left = 2; /* a table's head and its groups */
	while (eg_revoke_set_entry(all->rv, ONE_SHARD(i), EG_REVOKE_JTI, 1, &all->sink, &err) == 0)
		i++;
	assert_int_equal(err.code, -EG_ENOMEM);
	assert_int_equal(all->sent_cnt, i + 1); /* the first table, and the entries */
	allocs_left = -1;
	set_now(all, ONE_SHARD(i), EG_REVOKE_JTI, 1);
	for (uint64_t k = 0; k <= i; k++)
		assert_true(has(all, ONE_SHARD(k)));
}

/* ── reclaiming ── */

/* The replacement is sent behind epoch 10. A worker may have looked while the owner published, so
 * after an epoch that shows that it did, the table waits for one that was sent later still. */
static void a_table_is_freed_after_two_epochs(void **state)
{
	struct test_workers *all = *state;
	unsigned freed;

	fill(all, 1, FIRST_TABLE, 1);
	set(all, ONE_SHARD(FIRST_TABLE + 1), EG_REVOKE_JTI, 1);
	freed = free_cnt;
	eg_revoke_reclaim(all->rv, 10, 10);
	eg_revoke_reclaim(all->rv, 10, 10);
	test_deliver_all(all);
	eg_revoke_reclaim(all->rv, 12, 10);
	eg_revoke_reclaim(all->rv, 12, 11); /* seen by all while 12 is the last one sent */
	eg_revoke_reclaim(all->rv, 12, 12);
	assert_int_equal(free_cnt, freed);
	eg_revoke_reclaim(all->rv, 13, 12);
	assert_int_equal(free_cnt, freed);
	eg_revoke_reclaim(all->rv, 13, 13);
	assert_int_equal(free_cnt, freed + 2); /* its head and its groups */
	assert_true(has(all, ONE_SHARD(1)));
}

/* ── R2 to R5 ── */

struct world {
	struct eg_bitmap *map;
	struct eg_revoke_query q;
};

static struct world new_world(unsigned bits)
{
	struct world w = {eg_bitmap_new(eg_span_str(URI), bits, 1000), {0}};

	assert_non_null(w.map);
	w.q = (struct eg_revoke_query){
	    .has = EG_REVOKE_HAS_IAT | EG_REVOKE_HAS_SUB | EG_REVOKE_HAS_JTI | EG_REVOKE_HAS_CTI |
	           EG_REVOKE_HAS_SID | EG_REVOKE_HAS_JKT | EG_REVOKE_HAS_INDEX,
	    .idx = 500,
	    .map = w.map,
	    .iat_floor_s = 1000,
	    .issuer = eg_revoke_hash(&issuer_key, EG_REVOKE_ISSUER, eg_span(NULL, 0)),
	    .sub = hash_of(EG_REVOKE_SUBJECT, 1),
	    .jti = hash_of(EG_REVOKE_JTI, 1),
	    .cti = hash_of(EG_REVOKE_CTI, 1),
	    .sid = hash_of(EG_REVOKE_SID, 1),
	    .jkt = hash_of(EG_REVOKE_JKT, 1),
	};
	return w;
}

static void assert_answer(const struct test_workers *all, const struct world *w,
    enum eg_verdict status, enum eg_detail detail)
{
	struct eg_revoke_answer a = eg_revoke_check(all->rv, &w->q);

	assert_int_equal(a.status, status);
	assert_int_equal(a.detail, detail);
}

/* Each rule is set on top of those that come after it, and must hide them. */
static void rules_answer_in_order(void **state)
{
	struct test_workers *all = *state;
	struct world w = new_world(1);

	assert_answer(all, &w, EG_OK, EG_DETAIL_NONE);
	assert_int_equal(eg_bitmap_set_range(w.map, 500, 500, 1, &all->sink, NULL), 0);
	test_deliver_all(all);
	assert_answer(all, &w, EG_REVOKED, EG_DETAIL_LIST);
	set_now(all, w.q.jkt, EG_REVOKE_JKT, 1);
	assert_answer(all, &w, EG_REVOKED, EG_DETAIL_JKT);
	set_now(all, w.q.sid, EG_REVOKE_SID, 1);
	assert_answer(all, &w, EG_REVOKED, EG_DETAIL_SID);
	set_now(all, w.q.cti, EG_REVOKE_CTI, 1);
	assert_answer(all, &w, EG_REVOKED, EG_DETAIL_CTI);
	set_now(all, w.q.jti, EG_REVOKE_JTI, 1);
	assert_answer(all, &w, EG_REVOKED, EG_DETAIL_JTI);
	set_now(all, w.q.sub, EG_REVOKE_SUBJECT, 1000);
	assert_answer(all, &w, EG_REVOKED, EG_DETAIL_SUBJECT);
	set_now(all, w.q.issuer, EG_REVOKE_ISSUER, 1000);
	assert_answer(all, &w, EG_REVOKED, EG_DETAIL_ISSUER);
	w.q.iat_floor_s = 1001;
	assert_answer(all, &w, EG_REVOKED, EG_DETAIL_JTI);
	w.q.has = EG_REVOKE_HAS_IAT;
	assert_answer(all, &w, EG_OK, EG_DETAIL_NONE);
	eg_bitmap_free(w.map);
}

static void assert_cutoff(const struct test_workers *all, struct world *w, enum eg_detail detail)
{
	w->q.iat_floor_s = 1000;
	assert_answer(all, w, EG_REVOKED, detail);
	w->q.iat_floor_s = 999;
	assert_answer(all, w, EG_REVOKED, detail);
	w->q.iat_floor_s = INT64_MIN;
	assert_answer(all, w, EG_REVOKED, detail);
	w->q.iat_floor_s = 1001;
	assert_answer(all, w, EG_OK, EG_DETAIL_NONE);
	w->q.iat_floor_s = INT64_MAX;
	assert_answer(all, w, EG_OK, EG_DETAIL_NONE);
	w->q.has &= ~(uint32_t)EG_REVOKE_HAS_IAT;
	assert_answer(all, w, EG_REVOKED, detail);
	w->q.has |= EG_REVOKE_HAS_IAT;
}

static void cutoffs_are_inclusive_and_catch_undated_tokens(void **state)
{
	struct test_workers *all = *state;
	struct world w = new_world(1);

	w.q.has &= ~(uint32_t)EG_REVOKE_HAS_IAT;
	assert_answer(all, &w, EG_OK, EG_DETAIL_NONE); /* undated, and no cutoff */
	w.q.has |= EG_REVOKE_HAS_IAT;
	set_now(all, w.q.sub, EG_REVOKE_SUBJECT, 1000);
	assert_cutoff(all, &w, EG_DETAIL_SUBJECT);
	w.q.has &= ~(uint32_t)EG_REVOKE_HAS_SUB;
	assert_answer(all, &w, EG_OK, EG_DETAIL_NONE);
	set_now(all, w.q.issuer, EG_REVOKE_ISSUER, 1000);
	assert_cutoff(all, &w, EG_DETAIL_ISSUER);
	set_now(all, w.q.issuer, EG_REVOKE_ISSUER, UINT64_MAX);
	w.q.iat_floor_s = EG_REVOKE_VALUE_MAX;
	assert_answer(all, &w, EG_REVOKED, EG_DETAIL_ISSUER);
	eg_bitmap_free(w.map);
}

static void list_values(void **state)
{
	static const unsigned widths[] = {1, 2, 4, 8};
	struct test_workers *all = *state;

	for (size_t i = 0; i < 4; i++) {
		struct world w = new_world(widths[i]);

		for (unsigned v = 0; v < 1u << widths[i]; v++) {
			assert_int_equal(
			    eg_bitmap_set_range(w.map, 500, 500, v, &all->sink, NULL), 0);
			test_deliver_all(all);
			if (v == 0)
				assert_answer(all, &w, EG_OK, EG_DETAIL_NONE);
			else if (v == 2)
				assert_answer(all, &w, EG_SUSPENDED, EG_DETAIL_NONE);
			else
				assert_answer(all, &w, EG_REVOKED, EG_DETAIL_LIST);
		}
		w.q.idx = 1000; /* past the end: never an accept */
		assert_answer(all, &w, EG_REVOKED, EG_DETAIL_LIST);
		eg_bitmap_free(w.map);
	}
}

/* ── against a model ── */

#define MODEL_IDS 3000u

struct model {
	bool there[MODEL_IDS];
	uint64_t value[MODEL_IDS];
};

static void model_check(const struct model *m, const struct test_workers *all)
{
	for (uint32_t i = 0; i < MODEL_IDS; i++) {
		struct eg_hash128 h = hash_of(EG_REVOKE_SUBJECT, i);
		uint64_t value;
		bool found = eg_revoke_lookup(all->rv, h, &value);

		if (!test_is_idle(all, eg_shard_owner(eg_shard_of_hash(h), TEST_WORKERS)))
			continue;
		assert_int_equal(found, m->there[i]);
		assert_int_equal(value, m->value[i]);
	}
}

static void model_set(struct model *m, struct test_workers *all, uint32_t id, uint64_t value)
{
	set(all, hash_of(EG_REVOKE_SUBJECT, id), EG_REVOKE_SUBJECT, value);
	m->there[id] = true;
	m->value[id] = value > m->value[id] ? value : m->value[id];
}

static void model_remove(struct model *m, struct test_workers *all, uint32_t id)
{
	eg_revoke_remove_entry(all->rv, hash_of(EG_REVOKE_SUBJECT, id), &all->sink);
	m->there[id] = false;
	m->value[id] = 0;
}

static void random_entries_equal_a_model(void **state)
{
	struct test_workers *all = *state;
	struct model m = {0};
	uint64_t seed = 1, applied = 0;

	for (uint64_t step = 1; step <= 20000; step++) {
		uint32_t id = rnd_below(&seed, MODEL_IDS);
		uint64_t value = rnd_below(&seed, 1000);

		if (rnd_below(&seed, 3) == 0)
			model_remove(&m, all, id);
		else
			model_set(&m, all, id, value);
		test_deliver(all, rnd_below(&seed, TEST_WORKERS), rnd_below(&seed, 8));
		if (step % 500 == 0)
			model_check(&m, all);
		if (step % 700 == 0) {
			test_deliver_all(all);
			applied = step;
		}
		eg_revoke_reclaim(all->rv, step, applied);
	}
	test_deliver_all(all);
	model_check(&m, all);
}

/* ── threads: control, an owner, readers ── */

#define STRESS_IDS     4000u
#define STRESS_ENTRIES (3u * EG_SHARD_BLOCK_BITS)
#define STRESS_RING    256u

struct stress {
	struct eg_revoke *rv;
	struct eg_bitmap *map;
	struct eg_revoke_op ring[STRESS_RING];
	_Atomic unsigned head, tail;
	_Atomic bool sent_all, stop;
	_Atomic uint64_t sent_epoch;
	_Atomic uint64_t applied_epoch[3]; /* the owner's and each reader's */
};

/* Ids that come and go in one bucket: a slot of theirs is soon another's. */
#define PASSING 8u

static struct eg_hash128 passing_hash(uint32_t i)
{
	return (struct eg_hash128){i * 16, i};
}

static uint64_t passing_value(uint32_t i)
{
	return 1000 + i;
}

/* An id's value is always one of two: anything else would be a torn entry. */
static uint64_t stress_value(uint64_t id, unsigned round)
{
	return id * 1000 + 1 + round;
}

static void stress_put(void *ctx, const struct eg_revoke_op *op)
{
	struct stress *s = ctx;
	unsigned tail = atomic_load(&s->tail);

	while (tail - atomic_load(&s->head) == STRESS_RING)
		(void)sched_yield();
	s->ring[tail % STRESS_RING] = *op;
	atomic_store(&s->tail, tail + 1);
}

static void *stress_owner(void *arg)
{
	struct stress *s = arg;

	for (;;) {
		bool last = atomic_load(&s->sent_all);
		uint64_t epoch = atomic_load(&s->sent_epoch);
		unsigned tail = atomic_load(&s->tail);

		for (unsigned head = atomic_load(&s->head); head != tail; head++) {
			eg_revoke_apply(s->rv, &s->ring[head % STRESS_RING]);
			atomic_store(&s->head, head + 1);
		}
		atomic_store(&s->applied_epoch[0], epoch);
		if (last)
			return NULL;
	}
}

/* Returns how many reads were wrong. */
static uintptr_t stress_read(const struct stress *s, uint64_t *seed, bool seen[])
{
	uint32_t id = rnd_below(seed, STRESS_IDS);
	uint32_t idx = rnd_below(seed, STRESS_ENTRIES / 2);
	uint64_t value;
	bool found = eg_revoke_lookup(s->rv, hash_of(EG_REVOKE_SUBJECT, id), &value);
	uintptr_t wrong = 0;
	unsigned bits = eg_bitmap_get(s->map, idx);

	if (found)
		wrong += value != stress_value(id, 0) && value != stress_value(id, 1);
	else
		wrong += seen[id]; /* growth must not lose it for a moment */
	seen[id] = seen[id] || found;
	id %= PASSING;
	if (eg_revoke_lookup(s->rv, passing_hash(id), &value))
		wrong += value != passing_value(id);
	wrong += bits != 0 && bits != 1 && bits != 3; /* old or new, and not a mixture */
	return wrong;
}

struct stress_reader {
	struct stress *s;
	unsigned number;
	bool seen[STRESS_IDS];
};

static void *stress_reader(void *arg)
{
	struct stress_reader *r = arg;
	uint64_t seed = r->number;
	uintptr_t wrong = 0;

	while (!atomic_load(&r->s->stop)) {
		uint64_t epoch = atomic_load(&r->s->sent_epoch);

		for (unsigned i = 0; i < 50; i++)
			wrong += stress_read(r->s, &seed, r->seen);
		/* Between two batches, as a worker does. */
		atomic_store(&r->s->applied_epoch[r->number], epoch);
	}
	return (void *)wrong;
}

static uint64_t stress_applied(struct stress *s)
{
	uint64_t lowest = UINT64_MAX;

	for (unsigned i = 0; i < 3; i++) {
		uint64_t e = atomic_load(&s->applied_epoch[i]);

		lowest = e < lowest ? e : lowest;
	}
	return lowest;
}

static void stress_settle(void *ctx)
{
	struct stress *s = ctx;

	while (atomic_load(&s->head) != atomic_load(&s->tail))
		(void)sched_yield();
}

/* Block by block: its chunk is exchanged for a larger one under the readers' eyes. */
static void stress_grow(struct stress *s, const struct eg_revoke_sink *sink)
{
	uint32_t entries = eg_bitmap_entries(s->map) + EG_SHARD_BLOCK_BITS;

	assert_int_equal(eg_bitmap_grow(s->map, entries, sink, NULL), 0);
}

/* Three of them are there at a time. */
static void stress_pass(struct stress *s, uint32_t step, const struct eg_revoke_sink *sink)
{
	const uint32_t next = step % PASSING, last = (step + PASSING - 3) % PASSING;

	assert_int_equal(eg_revoke_set_entry(s->rv, passing_hash(next), EG_REVOKE_SUBJECT,
	                     passing_value(next), sink, NULL),
	    0);
	eg_revoke_remove_entry(s->rv, passing_hash(last), sink);
}

static void stress_control(struct stress *s)
{
	const struct eg_revoke_sink sink = {s, stress_put, stress_settle};
	uint64_t epoch = 0;

	for (unsigned round = 0; round < 2; round++)
		for (uint32_t id = 0; id < STRESS_IDS; id++) {
			uint32_t idx = id * (STRESS_ENTRIES / 2 / STRESS_IDS);

			assert_int_equal(
			    eg_revoke_set_entry(s->rv, hash_of(EG_REVOKE_SUBJECT, id),
			        EG_REVOKE_SUBJECT, stress_value(id, round), &sink, NULL),
			    0);
			assert_int_equal(eg_bitmap_set_range(
			                     s->map, idx, idx + 9, round == 0 ? 1 : 3, &sink, NULL),
			    0);
			if (id % 4 == 0)
				stress_pass(s, id / 4, &sink);
			if (id % 100 == 99)
				stress_grow(s, &sink);
			atomic_store(&s->sent_epoch, ++epoch);
			eg_revoke_reclaim(s->rv, epoch, stress_applied(s));
		}
}

static void readers_see_old_or_new(void **state)
{
	static struct stress s;
	static struct stress_reader readers[2];
	pthread_t owner, reader[2];
	uint64_t value;

	s.rv = eg_revoke_new();
	s.map = eg_bitmap_new(eg_span_str(URI), 2, STRESS_ENTRIES);
	assert_non_null(s.rv);
	assert_non_null(s.map);
	assert_int_equal(pthread_create(&owner, NULL, stress_owner, &s), 0);
	for (unsigned i = 0; i < 2; i++) {
		readers[i].s = &s;
		readers[i].number = 1 + i;
		assert_int_equal(pthread_create(&reader[i], NULL, stress_reader, &readers[i]), 0);
	}
	stress_control(&s);
	atomic_store(&s.sent_all, true);
	assert_int_equal(pthread_join(owner, NULL), 0);
	atomic_store(&s.stop, true);
	for (unsigned i = 0; i < 2; i++) {
		void *wrong;

		assert_int_equal(pthread_join(reader[i], &wrong), 0);
		assert_null(wrong);
	}
	for (uint32_t id = 0; id < STRESS_IDS; id++) {
		assert_true(eg_revoke_lookup(s.rv, hash_of(EG_REVOKE_SUBJECT, id), &value));
		assert_int_equal(value, stress_value(id, 1));
		for (uint32_t i = 0; i < 10; i++)
			assert_int_equal(
			    eg_bitmap_get(s.map, id * (STRESS_ENTRIES / 2 / STRESS_IDS) + i), 3);
	}
	eg_bitmap_free(s.map);
	eg_revoke_free(s.rv);
}

#define WITH_WORKERS(test) cmocka_unit_test_setup_teardown(test, test_setup, test_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_hash_names_kind_issuer_and_value),
	    cmocka_unit_test(a_hash_takes_values_of_255_bytes_and_cuts_longer_ones),
	    WITH_WORKERS(an_empty_state_denies_nothing),
	    WITH_WORKERS(a_higher_value_wins),
	    WITH_WORKERS(a_value_of_zero_is_there),
	    WITH_WORKERS(hashes_with_zero_words_and_one_bucket),
	    WITH_WORKERS(entries_behind_full_buckets_are_found),
	    WITH_WORKERS(colliding_entries_survive_growth),
	    WITH_WORKERS(waiting_mail_outgrows_nothing),
	    WITH_WORKERS(growth_forgets_denied_ids_past_their_grace),
	    WITH_WORKERS(without_a_time_nothing_is_forgotten),
	    WITH_WORKERS(a_stream_of_short_lived_ids_stays_small),
	    WITH_WORKERS(past_ids_make_room_in_place),
	    WITH_WORKERS(a_removed_entry_is_gone_and_can_come_back),
	    WITH_WORKERS(staged_entries_replace_all_others_at_once),
	    WITH_WORKERS(discarded_entries_leave_all_as_it_was),
	    WITH_WORKERS(memory_follows_the_entries),
	    cmocka_unit_test(no_tables_take_more_than_their_most),
	    cmocka_unit_test(what_a_huge_page_does_not_fill_is_not_wasted),
	    WITH_WORKERS(a_raised_id_in_waiting_mail_is_kept),
	    WITH_WORKERS(without_memory_nothing_is_sent),
	    WITH_WORKERS(a_table_is_freed_after_two_epochs),
	    WITH_WORKERS(rules_answer_in_order),
	    WITH_WORKERS(cutoffs_are_inclusive_and_catch_undated_tokens),
	    WITH_WORKERS(list_values),
	    WITH_WORKERS(random_entries_equal_a_model),
	    cmocka_unit_test(readers_see_old_or_new),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

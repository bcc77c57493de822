/* SPDX-License-Identifier: BSD-3-Clause */
/* Tables of keys: in virtual time with tables that are only claimed, then with the builder's thread
 * and real ones. */
#include "eg_test.h"

#include "eg_clock.h"
#include "eg_keytables.h"

#include <sched.h>
#include <sodium.h>

#define MIB  ((size_t)1 << 20)
#define KEYS 40u
#define S_NS ((uint64_t)EG_NS_PER_S)

static const struct eg_hash_key hash_key = {{1}};

struct scene {
	struct eg_stats stats;
	struct eg_keytables *kt;
	struct eg_keyset *set; /* the newest */
	uint64_t now_ns;
	uint32_t first, cnt; /* keys of the next set */
};

static unsigned built, refuse_key; /* refuse_key 0: none */

/* Says what a table must say about itself; the points are not needed here. */
static int claim(struct eg_ed25519_table *mem, const uint8_t public[EG_ED25519_PUBLIC_BYTES],
    unsigned window_bits, struct eg_error *err)
{
	for (size_t i = 0; i < eg_ed25519_table_bytes(window_bits); i++)
		assert_int_equal(((const uint8_t *)mem)[i], 0);
	if (refuse_key != 0 && public[0] == refuse_key)
		return eg_error_set(err, EG_EINVAL, "refused by the test");
	memcpy(mem->public, public, sizeof(mem->public));
	mem->window_bits = (uint8_t)window_bits;
	memset(mem->entry, 0xee, eg_ed25519_table_bytes(window_bits) - sizeof(*mem));
	built++;
	return 0;
}

static struct scene *scene_new(size_t budget_bytes, bool with_thread, eg_keytables_build build)
{
	struct scene *s = calloc(1, sizeof(*s));
	struct eg_keytables_config config = {
	    .stats = &s->stats,
	    .budget_bytes = budget_bytes,
	    .base_bytes = MIB,
	    .build = build,
	    .with_thread = with_thread,
	};

	built = refuse_key = 0;
	s->now_ns = 1000 * S_NS;
	assert_int_equal(eg_stats_create(&s->stats, NULL, 2, 0, NULL), 0);
	s->kt = eg_keytables_new(&config, NULL);
	assert_non_null(s->kt);
	return s;
}

/* Keys first … first + cnt − 1: a set as the store gives one. */
static struct eg_keyset *fresh_set(uint32_t first, uint32_t cnt)
{
	struct eg_keyset *set = eg_keyset_new(&hash_key);
	uint32_t slot;

	assert_int_equal(eg_keyset_add_issuer(set, eg_span_str("https://a"), &slot, NULL), 0);
	for (uint32_t i = 0; i < cnt; i++) {
		char kid[8];
		struct eg_key key = {.has_kid = true};

		(void)snprintf(kid, sizeof(kid), "%u", i);
		key.kid = eg_span_str(kid);
		key.ed.bytes[0] = (uint8_t)(first + i);
		assert_int_equal(eg_keyset_add_key(set, slot, &key, NULL), 0);
	}
	return set;
}

/* The new set is published, and the old one has been passed by everybody. */
static void replace(struct scene *s, struct eg_keyset *set)
{
	eg_keytables_attach(s->kt, set);
	if (s->set != NULL) {
		eg_keytables_detach(s->kt, s->set);
		eg_keyset_free(s->set);
	}
	s->set = set;
}

static void scene_free(struct scene *s)
{
	if (s->set != NULL) {
		eg_keytables_detach(s->kt, s->set);
		eg_keyset_free(s->set);
	}
	eg_keytables_free(s->kt);
	assert_int_equal(eg_count_read(&s->stats.key[1].used), 0);
	eg_stats_close(&s->stats);
	free(s);
}

/* Turns of 10 ms, publishing as told. Returns how often it was. */
static unsigned run(struct scene *s, unsigned turns)
{
	unsigned published = 0;

	for (unsigned i = 0; i < turns; i++) {
		s->now_ns += S_NS / 100;
		if (!eg_keytables_turn(s->kt, s->now_ns))
			continue;
		replace(s, eg_keyset_copy(s->set));
		published++;
	}
	return published;
}

static const struct eg_key *key_at(const struct scene *s, uint32_t i)
{
	return eg_keyset_key_at(s->set, i);
}

static unsigned width_at(const struct scene *s, uint32_t i)
{
	const struct eg_key *key = key_at(s, i);

	if (key->ed.table == NULL)
		return 0;
	assert_memory_equal(key->ed.table->public, key->ed.bytes, EG_ED25519_PUBLIC_BYTES);
	return key->ed.table->window_bits;
}

static size_t bytes_in_use(const struct scene *s)
{
	size_t sum = MIB;

	for (uint32_t i = 0; i < eg_keyset_key_cnt(s->set); i++)
		sum += eg_ed25519_table_bytes(width_at(s, i));
	return sum;
}

static void heat(struct scene *s, uint32_t i, uint64_t signatures)
{
	eg_count(&s->stats.core[i % 2].key_signatures[key_at(s, i)->stats_slot], signatures);
}

static void new_keys_start_without_and_get_tables(void **state)
{
	struct scene *s = scene_new(20 * MIB, false, claim);
	const struct eg_stats_key *row;

	replace(s, fresh_set(1, 3));
	for (uint32_t i = 0; i < 3; i++)
		assert_int_equal(width_at(s, i), 0);
	assert_true(run(s, 30) >= 1);
	for (uint32_t i = 0; i < 3; i++)
		assert_int_equal(width_at(s, i), 12);
	row = &s->stats.key[key_at(s, 1)->stats_slot];
	assert_int_equal(eg_count_read(&row->used), 1);
	assert_int_equal(eg_count_read(&row->public[0]) & 0xff, 2);
	assert_int_equal(EG_STATS_KEY_WINDOW_BITS(eg_count_read(&row->shape)), 12);
	assert_int_equal(
	    atomic_load(&s->stats.header->table_bytes), MIB + 3 * eg_ed25519_table_bytes(12));
	assert_int_equal(run(s, 500), 0); /* nothing changes, nothing is published */
	assert_int_equal(built, 3);
	assert_true(eg_keytables_summary(s->kt).settled);
	scene_free(s);
}

static void tables_survive_a_change_of_keys(void **state)
{
	struct scene *s = scene_new(20 * MIB, false, claim);
	const struct eg_ed25519_table *table;

	replace(s, fresh_set(1, 2));
	(void)run(s, 30);
	table = key_at(s, 1)->ed.table;
	assert_non_null(table);
	replace(s, fresh_set(2, 2)); /* 1 goes, 2 stays, 3 comes */
	assert_ptr_equal(key_at(s, 0)->ed.table, table);
	assert_int_equal(width_at(s, 1), 0);
	(void)run(s, 30);
	assert_ptr_equal(key_at(s, 0)->ed.table, table);
	assert_int_equal(width_at(s, 1), 12);
	assert_int_equal(built, 3);
	assert_int_equal(eg_keytables_summary(s->kt).tables, 2);
	scene_free(s);
}

static void one_key_under_two_names_shares(void **state)
{
	struct scene *s = scene_new(20 * MIB, false, claim);
	struct eg_keyset *set = fresh_set(1, 1);
	struct eg_key key = {.has_kid = true, .kid = eg_span_str("other")};

	key.ed.bytes[0] = 1;
	assert_int_equal(eg_keyset_add_key(set, 0, &key, NULL), 0);
	replace(s, set);
	(void)run(s, 30);
	assert_int_equal(built, 1);
	assert_non_null(key_at(s, 0)->ed.table);
	assert_ptr_equal(key_at(s, 0)->ed.table, key_at(s, 1)->ed.table);
	assert_int_equal(key_at(s, 0)->stats_slot, key_at(s, 1)->stats_slot);
	scene_free(s);
}

/* A set that is still read keeps its tables, however many have come after it. */
static void a_table_lives_as_long_as_it_is_named(void **state)
{
	struct scene *s = scene_new(6 * MIB, false, claim);
	struct eg_keyset *old;
	const struct eg_ed25519_table *table;

	replace(s, fresh_set(1, 1));
	(void)run(s, 30);
	old = s->set;
	s->set = NULL;
	table = eg_keyset_key_at(old, 0)->ed.table;
	assert_int_equal(table->window_bits, 12);
	replace(s, fresh_set(1, KEYS)); /* now the budget says narrower */
	(void)run(s, 300);
	assert_true(width_at(s, 0) < 12 && width_at(s, 0) > 0);
	assert_int_equal(table->window_bits, 12); /* the address sanitizer would tell */
	assert_int_equal(table->entry[eg_ed25519_table_bytes(12) - sizeof(*table) - 1], 0xee);
	eg_keytables_detach(s->kt, old);
	eg_keyset_free(old);
	scene_free(s);
}

static void the_hot_key_gets_the_wide_table(void **state)
{
	struct scene *s = scene_new(8 * MIB, false, claim);

	replace(s, fresh_set(1, KEYS));
	(void)run(s, 300);
	assert_true(width_at(s, 7) < 12);
	assert_true(bytes_in_use(s) <= 8 * MIB);
	for (unsigned second = 0; second < 20; second++) {
		heat(s, 7, 100000);
		for (uint32_t i = 0; i < KEYS; i++)
			heat(s, i, 50);
		(void)run(s, 100);
	}
	assert_int_equal(width_at(s, 7), 12);
	assert_true(bytes_in_use(s) <= 8 * MIB);
	assert_true(eg_count_read(&s->stats.key[key_at(s, 7)->stats_slot].heat) > 80000000);
	built = 0;
	for (unsigned second = 0; second < 20; second++) { /* noise builds nothing */
		heat(s, 7, 60000 + eg_test_below(80000));
		for (uint32_t i = 0; i < KEYS; i++)
			heat(s, i, 30 + eg_test_below(40));
		assert_int_equal(run(s, 100), 0);
	}
	assert_int_equal(built, 0);
	for (unsigned second = 0; second < 60; second++) { /* another takes its place */
		heat(s, 9, 100000);
		(void)run(s, 100);
	}
	assert_int_equal(width_at(s, 9), 12);
	assert_true(width_at(s, 7) < 12);
	assert_true(bytes_in_use(s) <= 8 * MIB);
	scene_free(s);
}

static void a_key_that_gets_no_table_stays_generic(void **state)
{
	struct scene *s = scene_new(20 * MIB, false, claim);

	refuse_key = 2;
	replace(s, fresh_set(1, 3));
	(void)run(s, 300);
	assert_int_equal(width_at(s, 0), 12);
	assert_int_equal(width_at(s, 1), 0);
	assert_int_equal(width_at(s, 2), 12);
	assert_int_equal(built, 2);
	scene_free(s);
}

static void without_a_budget_keys_are_only_counted(void **state)
{
	struct scene *s = scene_new(0, false, claim);

	replace(s, fresh_set(1, 3));
	heat(s, 0, 5000);
	assert_int_equal(run(s, 300), 0);
	assert_int_equal(built, 0);
	assert_true(key_at(s, 0)->stats_slot != EG_STATS_KEYLESS);
	assert_true(eg_count_read(&s->stats.key[key_at(s, 0)->stats_slot].heat) > 0);
	scene_free(s);
}

static void a_mixed_key_gets_a_plain_table(void **state)
{
	struct scene *s = scene_new(20 * MIB, false, claim);
	struct eg_keyset *set = fresh_set(1, 1);
	struct eg_key key = {.has_kid = true, .kid = eg_span_str("mixed")};
	const struct eg_stats_key *row;

	key.ed.bytes[0] = 2;
	key.ed.point = EG_ED25519_POINT_MIXED;
	assert_int_equal(eg_keyset_add_key(set, 0, &key, NULL), 0);
	replace(s, set);
	(void)run(s, 30);
	assert_int_equal(width_at(s, 0), 12);
	assert_int_equal(width_at(s, 1), 11);
	row = &s->stats.key[key_at(s, 1)->stats_slot];
	assert_int_equal(EG_STATS_KEY_POINT(eg_count_read(&row->shape)), EG_ED25519_POINT_MIXED);
	scene_free(s);
}

/* More keys than slots: the rest is served under slot 0; slots come back with the keys that go. */
static void slots_run_out_and_come_back(void **state)
{
	struct scene *s = scene_new(0, false, claim);
	struct eg_keyset *set = eg_keyset_new(&hash_key);
	uint32_t slot, keyless = 0;

	for (unsigned i = 0; i < EG_STATS_KEYS + 5; i++) {
		char name[32];
		struct eg_key key = {0};

		(void)snprintf(name, sizeof(name), "https://%u", i);
		if (i % 100 == 0)
			assert_int_equal(
			    eg_keyset_add_issuer(set, eg_span_str(name), &slot, NULL), 0);
		memcpy(key.ed.bytes, &i, sizeof(i));
		key.has_kid = true;
		key.kid = eg_span_str(name);
		assert_int_equal(eg_keyset_add_key(set, slot, &key, NULL), 0);
	}
	replace(s, set);
	for (uint32_t i = 0; i < eg_keyset_key_cnt(set); i++)
		keyless += key_at(s, i)->stats_slot == EG_STATS_KEYLESS;
	assert_int_equal(keyless, 6);
	replace(s, fresh_set(1, 3)); /* of which the big set had all */
	replace(s, fresh_set(100, 3));
	for (uint32_t i = 0; i < 3; i++)
		assert_true(key_at(s, i)->stats_slot != EG_STATS_KEYLESS);
	assert_int_equal(eg_keytables_summary(s->kt).keys, 3);
	scene_free(s);
}

/* ── the thread, and real tables ── */

static void a_real_table_verifies(void **state)
{
	struct scene *s = scene_new(4 * MIB, true, eg_ed25519_table_build);
	struct eg_keyset *set = eg_keyset_new(&hash_key);
	uint8_t public[32], secret[64], sig[64], msg[3] = "abc";
	const struct eg_ed25519_impl *impl = eg_ed25519_select("portable", NULL);
	struct eg_key key = {0};
	uint32_t slot;
	bool ok[2] = {false, true};

	assert_true(sodium_init() >= 0);
	(void)crypto_sign_keypair(public, secret);
	(void)crypto_sign_detached(sig, NULL, msg, sizeof(msg), secret);
	assert_int_equal(eg_ed25519_key_init(&key.ed, public, false, NULL), 0);
	assert_int_equal(eg_keyset_add_issuer(set, eg_span_str("https://a"), &slot, NULL), 0);
	assert_int_equal(eg_keyset_add_key(set, slot, &key, NULL), 0);
	replace(s, set);
	while (key_at(s, 0)->ed.table == NULL) {
		(void)run(s, 1);
		(void)sched_yield();
	}
	assert_int_equal(width_at(s, 0), 9);
	assert_int_equal(eg_ed25519_table_validate(key_at(s, 0)->ed.table, NULL), 0);
	impl->verify(&(struct eg_ed25519_job){&key_at(s, 0)->ed, msg, sig, sizeof(msg)}, 1, ok);
	assert_true(ok[0]);
	msg[0] ^= 1;
	impl->verify(&(struct eg_ed25519_job){&key_at(s, 0)->ed, msg, sig, sizeof(msg)}, 1, ok + 1);
	assert_false(ok[1]);
	scene_free(s);
}

/* At whatever moment it ends, the builder gives everything back. */
static void it_stops_in_the_middle(void **state)
{
	for (unsigned i = 0; i < 20; i++) {
		struct scene *s = scene_new(20 * MIB, true, claim);

		replace(s, fresh_set(1, 10));
		for (unsigned k = 0; k < i; k++) {
			(void)run(s, 1);
			(void)sched_yield();
		}
		replace(s, fresh_set(5, 10));
		(void)run(s, 1);
		scene_free(s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(new_keys_start_without_and_get_tables),
	    cmocka_unit_test(tables_survive_a_change_of_keys),
	    cmocka_unit_test(one_key_under_two_names_shares),
	    cmocka_unit_test(a_table_lives_as_long_as_it_is_named),
	    cmocka_unit_test(the_hot_key_gets_the_wide_table),
	    cmocka_unit_test(a_key_that_gets_no_table_stays_generic),
	    cmocka_unit_test(without_a_budget_keys_are_only_counted),
	    cmocka_unit_test(a_mixed_key_gets_a_plain_table),
	    cmocka_unit_test(slots_run_out_and_come_back),
	    cmocka_unit_test(a_real_table_verifies),
	    cmocka_unit_test(it_stops_in_the_middle),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

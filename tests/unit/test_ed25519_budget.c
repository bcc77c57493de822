/* SPDX-License-Identifier: BSD-3-Clause */
/* The plan of tables: examples, and properties over many random loads. */
#include "eg_test.h"

#include "eg_ed25519_budget.h"
#include "eg_ed25519_table.h"

#define MIB      ((size_t)1 << 20)
#define BUDGET   (20 * MIB)
#define KEYS_MAX 300u
#define ROUNDS   400u
#define PRIME    EG_ED25519_POINT_PRIME
#define MIXED    EG_ED25519_POINT_MIXED

static struct eg_ed25519_share share[KEYS_MAX];

static size_t bytes_of(uint32_t cnt)
{
	size_t sum = 0;

	for (uint32_t i = 0; i < cnt; i++)
		sum += eg_ed25519_table_bytes(share[i].window_bits);
	return sum;
}

static void plan(uint32_t cnt, size_t budget_bytes)
{
	assert_int_equal(eg_ed25519_budget(share, cnt, budget_bytes, NULL), 0);
}

/* The plan of before is what the keys have now. */
static void put_in_force(uint32_t cnt)
{
	for (uint32_t i = 0; i < cnt; i++)
		share[i].has_bits = share[i].window_bits;
}

static void fill(uint32_t cnt, enum eg_ed25519_point point, uint64_t heat)
{
	for (uint32_t i = 0; i < cnt; i++)
		share[i] = (struct eg_ed25519_share){.point = point, .heat = heat};
}

static unsigned count_of(uint32_t cnt, unsigned window_bits)
{
	unsigned n = 0;

	for (uint32_t i = 0; i < cnt; i++)
		n += share[i].window_bits == window_bits;
	return n;
}

/* ── examples ── */

static void few_keys_get_the_widest(void **state)
{
	fill(3, PRIME, 0);
	share[2].point = MIXED;
	plan(3, 16 * MIB);
	assert_int_equal(share[0].window_bits, 12);
	assert_int_equal(share[1].window_bits, 12);
	assert_int_equal(share[2].window_bits, 11);
}

static void many_keys_all_get_one(void **state)
{
	fill(64, PRIME, 5);
	plan(64, 16 * MIB);
	assert_int_equal(count_of(64, 7) + count_of(64, 9), 64);
	fill(200, PRIME, 5);
	plan(200, 16 * MIB);
	assert_int_equal(count_of(200, 6), 16 * MIB / eg_ed25519_table_bytes(6));
	assert_int_equal(share[0].window_bits, 6); /* the earlier ones */
	assert_int_equal(share[199].window_bits, 0);
}

static void the_hot_ones_get_the_wide_ones(void **state)
{
	fill(64, PRIME, 10);
	share[40].heat = 1000000;
	plan(64, 16 * MIB);
	assert_int_equal(share[40].window_bits, 12);
	assert_int_equal(count_of(64, 0), 0);
}

static void what_is_no_key_gets_none(void **state)
{
	fill(2, EG_ED25519_POINT_SMALL, 1000);
	share[1].point = EG_ED25519_POINT_NOT_A_POINT;
	plan(2, BUDGET);
	assert_int_equal(bytes_of(2), 0);
}

static void no_budget_no_table(void **state)
{
	fill(5, PRIME, 7);
	plan(5, eg_ed25519_table_bytes(6) - 1);
	assert_int_equal(bytes_of(5), 0);
	plan(5, 0);
	assert_int_equal(bytes_of(5), 0);
	plan(5, eg_ed25519_table_bytes(6));
	assert_int_equal(count_of(5, 6), 1);
	plan(0, BUDGET);
}

/* Every width that a plan can say can be built for such a key. */
static void widths_are_allowed(void **state)
{
	for (size_t budget = 0; budget < 20 * MIB; budget += 50000) {
		fill(2, PRIME, 1);
		share[1].point = MIXED;
		plan(2, budget);
		for (unsigned i = 0; i < 2; i++)
			assert_true(share[i].window_bits == 0 ||
			            eg_ed25519_table_allows(share[i].point, share[i].window_bits));
	}
}

static void noise_moves_nothing(void **state)
{
	uint8_t before[40];

	fill(40, PRIME, 0);
	for (uint32_t i = 0; i < 40; i++)
		share[i].heat = 100000 / (i + 1);
	plan(40, 8 * MIB);
	for (unsigned round = 0; round < 50; round++) {
		put_in_force(40);
		for (uint32_t i = 0; i < 40; i++) {
			before[i] = share[i].window_bits;
			share[i].heat = 100000 / (i + 1) * (75 + eg_test_below(50)) / 100;
		}
		plan(40, 8 * MIB);
		for (uint32_t i = 0; i < 40; i++)
			assert_int_equal(share[i].window_bits, before[i]);
	}
}

static void a_key_that_cools_gives_way(void **state)
{
	fill(2, PRIME, 1000);
	share[1].heat = 400;
	plan(2, 5 * MIB);
	assert_int_equal(share[0].window_bits, 12);
	put_in_force(2);
	share[0].heat = 300; /* less than the other, but not by half */
	plan(2, 5 * MIB);
	assert_int_equal(share[0].window_bits, 12);
	share[0].heat = 150;
	plan(2, 5 * MIB);
	assert_int_equal(share[1].window_bits, 12);
	assert_true(share[0].window_bits < 12);
}

/* ── properties ── */

static uint32_t fill_random(void)
{
	static const enum eg_ed25519_point points[] = {
	    PRIME, PRIME, PRIME, MIXED, EG_ED25519_POINT_SMALL};
	static const uint8_t widths[] = {0, 6, 7, 9, 12, 8, 10, 11};
	uint32_t cnt = 1 + eg_test_below(KEYS_MAX);

	for (uint32_t i = 0; i < cnt; i++)
		share[i] = (struct eg_ed25519_share){
		    .point = points[eg_test_below(5)],
		    .heat = (eg_test_random() & UINT32_MAX) >> eg_test_below(33),
		    .has_bits = widths[eg_test_below(8)],
		};
	return cnt;
}

/* Hotter and no less entitled by what it has, so never narrower; twice as hot: whatever it has. */
static void assert_order(uint32_t cnt)
{
	uint64_t floor = 1;

	for (uint32_t i = 0; i < cnt; i++)
		floor += share[i].heat;
	for (uint32_t i = 0; i < cnt; i++) {
		const struct eg_ed25519_share *a = &share[i];

		for (uint32_t k = 0; k < cnt; k++) {
			const struct eg_ed25519_share *b = &share[k];
			bool owed = a->heat > b->heat && a->has_bits >= b->has_bits;
			bool twice = a->heat > 2 * b->heat + floor / 8192 + 1;

			if (a->point == b->point && (owed || twice))
				assert_true(a->window_bits >= b->window_bits);
		}
	}
}

static void properties_hold(void **state)
{
	for (unsigned round = 0; round < ROUNDS; round++) {
		uint32_t cnt = fill_random();
		size_t budget = eg_test_random() % (64 * MIB);
		uint8_t first[KEYS_MAX];

		plan(cnt, budget);
		assert_true(bytes_of(cnt) <= budget);
		assert_order(cnt);
		for (uint32_t i = 0; i < cnt; i++)
			first[i] = share[i].window_bits;
		plan(cnt, budget);
		for (uint32_t i = 0; i < cnt; i++) /* the same input, the same plan */
			assert_int_equal(share[i].window_bits, first[i]);
		put_in_force(cnt);
		plan(cnt, budget);
		for (uint32_t i = 0; i < cnt; i++) /* and in force it stays */
			assert_int_equal(share[i].window_bits, first[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(few_keys_get_the_widest),
	    cmocka_unit_test(many_keys_all_get_one),
	    cmocka_unit_test(the_hot_ones_get_the_wide_ones),
	    cmocka_unit_test(what_is_no_key_gets_none),
	    cmocka_unit_test(no_budget_no_table),
	    cmocka_unit_test(widths_are_allowed),
	    cmocka_unit_test(noise_moves_nothing),
	    cmocka_unit_test(a_key_that_cools_gives_way),
	    cmocka_unit_test(properties_hold),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* Which jobs share lanes: each admitted job once, whole groups, sorted; and what is left out. */
#include "eg_ed25519_table.h"
#include "eg_test.h"
#include "plan.h"

#include <sodium.h>

static struct eg_ed25519_key keys[PLAN_JOBS_MAX];
static struct eg_ed25519_table tables[4]; /* heads only: a plan reads no entry */
static uint8_t sigs[PLAN_JOBS_MAX][64];
static struct eg_ed25519_job jobs[PLAN_JOBS_MAX];

/* Bytes that pass for a key: y = 3, whatever the curve says. */
static void make_job(unsigned i, unsigned table)
{
	static const uint8_t windows[4] = {0, 21, 36, 32};

	memset(&keys[i], 0, sizeof(keys[i]));
	memset(sigs[i], 0, sizeof(sigs[i]));
	keys[i].bytes[0] = 3;
	sigs[i][0] = 3;
	tables[table].window_cnt = windows[table];
	memcpy(tables[table].public, keys[i].bytes, sizeof(keys[i].bytes));
	keys[i].table = table != 0 ? &tables[table] : NULL;
	jobs[i] =
	    (struct eg_ed25519_job){&keys[i], (const uint8_t *)"", sigs[i], eg_test_below(20000)};
}

/* order[0 … cnt − 1] holds each job of `want` at least once, and no others. */
static void assert_holds(const uint8_t order[], unsigned cnt, const bool want[], unsigned job_cnt)
{
	bool seen[PLAN_JOBS_MAX] = {false};

	for (unsigned i = 0; i < cnt; i++) {
		assert_true(order[i] < job_cnt);
		seen[order[i]] = true;
	}
	assert_memory_equal(seen, want, sizeof(seen));
}

static void check_plan(unsigned job_cnt, unsigned lanes)
{
	bool all[PLAN_JOBS_MAX] = {false}, generic[PLAN_JOBS_MAX] = {false};
	bool comb[PLAN_JOBS_MAX] = {false};
	struct eg_plan plan;
	unsigned live = 0;

	for (unsigned i = 0; i < job_cnt; i++) {
		make_job(i, eg_test_below(4));
		all[i] = true;
		if (eg_test_below(8) == 0) {
			sigs[i][63] = 0x20; /* S >= L */
			all[i] = false;
		}
		live += all[i];
		generic[i] = all[i] && keys[i].table == NULL;
		comb[i] = all[i] && keys[i].table != NULL;
	}
	eg_plan_make(jobs, job_cnt, lanes, &plan);
	assert_int_equal(plan.hash_cnt, (live + lanes - 1) / lanes * lanes);
	assert_int_equal(plan.generic_cnt % lanes, 0);
	assert_int_equal(plan.point_cnt % lanes, 0);
	assert_true(plan.point_cnt < live + 2 * lanes);
	assert_holds(plan.hash_order, plan.hash_cnt, all, job_cnt);
	assert_holds(plan.point_order, plan.generic_cnt, generic, job_cnt);
	assert_holds(
	    &plan.point_order[plan.generic_cnt], plan.point_cnt - plan.generic_cnt, comb, job_cnt);
	for (unsigned i = 1; i < plan.hash_cnt; i++)
		assert_true(plan.blocks[plan.hash_order[i - 1]] <= plan.blocks[plan.hash_order[i]]);
	for (unsigned i = 1; i < plan.point_cnt; i++)
		assert_true(
		    plan.windows[plan.point_order[i - 1]] <= plan.windows[plan.point_order[i]]);
}

static void every_count(void **state)
{
	for (unsigned lanes = 1; lanes <= PLAN_LANES_MAX; lanes *= 2)
		for (unsigned cnt = 0; cnt <= PLAN_JOBS_MAX; cnt++)
			check_plan(cnt, lanes);
}

static void block_counts(void **state)
{
	/* 64 bytes before the message and 17 behind it: 47 fill a block */
	static const uint32_t bytes[] = {0, 47, 48, 175, 176, 7983, UINT32_MAX};
	static const uint8_t blocks[] = {1, 1, 2, 2, 3, 63, 63};
	struct eg_plan plan;

	for (unsigned i = 0; i < 7; i++) {
		make_job(i, 0);
		jobs[i].msg_bytes = bytes[i];
	}
	eg_plan_make(jobs, 7, 1, &plan);
	for (unsigned i = 0; i < 7; i++)
		assert_int_equal(plan.blocks[i], blocks[i]);
}

/* A table of another key must never decide: the job goes the generic way. */
static void table_of_another_key(void **state)
{
	struct eg_plan plan;

	make_job(0, 1);
	keys[0].bytes[5] ^= 1;
	eg_plan_make(jobs, 1, 1, &plan);
	assert_int_equal(plan.generic_cnt, 1);
	assert_int_equal(plan.point_cnt, 1);
	assert_int_equal(plan.windows[0], 0);
}

/* y of small order, below and above p, either sign; as R always, as A where there is no table. */
static void refused_bytes(void **state)
{
	static const uint8_t y[][32] = {
	    {0},
	    {1},
	    {0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef,
	        0x98, 0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88,
	        0x6d, 0x53, 0xfc, 0x05},
	    {0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10,
	        0x67, 0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77,
	        0x92, 0xac, 0x03, 0x7a},
	};
	struct eg_plan plan;

	for (unsigned i = 0; i < 4 + 20; i++)
		for (unsigned sign = 0; sign < 256; sign += 128) {
			uint8_t bytes[32];
			bool small = i < 4 || i - 4 <= 2; /* p − 1, p, p + 1 */

			memset(bytes, 0xff, sizeof(bytes));
			bytes[0] = (uint8_t)(0xec + i - 4); /* p − 1 … 2^255 − 1 */
			bytes[31] = 0x7f;
			if (i < 4)
				memcpy(bytes, y[i], sizeof(bytes));
			bytes[31] |= (uint8_t)sign;
			make_job(0, 0);
			memcpy(sigs[0], bytes, 32);
			eg_plan_make(jobs, 1, 1, &plan);
			assert_int_equal(plan.hash_cnt, small ? 0 : 1);
			make_job(0, 0);
			memcpy(keys[0].bytes, bytes, 32);
			eg_plan_make(jobs, 1, 1, &plan);
			assert_int_equal(plan.hash_cnt, 0); /* small order, or >= p */
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_count),
	    cmocka_unit_test(block_counts),
	    cmocka_unit_test(table_of_another_key),
	    cmocka_unit_test(refused_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

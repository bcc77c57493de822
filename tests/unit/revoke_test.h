/* SPDX-License-Identifier: BSD-3-Clause */
/* What the tests of lib/revoke share: workers whose mail can wait, and memory that can run out. */
#ifndef EG_REVOKE_TEST_H
#define EG_REVOKE_TEST_H

#include "eg_revoke.h"
#include "eg_test.h"

/* ── memory ── */

static long allocs_left = -1; /* negative: no limit */
static size_t alloc_largest_bytes;

void *__real_aligned_alloc(size_t alignment, size_t bytes);
void *__wrap_aligned_alloc(size_t alignment, size_t bytes);

void *__wrap_aligned_alloc(size_t alignment, size_t bytes)
{
	if (allocs_left == 0)
		return NULL;
	if (allocs_left > 0)
		allocs_left--;
	if (bytes > alloc_largest_bytes)
		alloc_largest_bytes = bytes;
	return __real_aligned_alloc(alignment, bytes);
}

/* ── what is given back ── */

static unsigned free_cnt;

void __real_free(void *mem);
void __wrap_free(void *mem);

void __wrap_free(void *mem)
{
	free_cnt += mem != NULL;
	__real_free(mem);
}

/* ── randomness that repeats ── */

static inline uint64_t rnd(uint64_t *seed)
{
	uint64_t z = *seed += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

static inline uint32_t rnd_below(uint64_t *seed, uint32_t n)
{
	return (uint32_t)(rnd(seed) % n);
}

/* ── workers ── */

#define TEST_WORKERS 3u
#define TEST_MAIL    65536u

struct test_worker {
	struct eg_revoke_op mail[TEST_MAIL];
	unsigned head, tail;
};

struct test_workers {
	struct eg_revoke *rv;
	struct eg_revoke_sink sink;
	struct test_worker worker[TEST_WORKERS];
	unsigned sent_cnt, settled_cnt;
	unsigned sent_to_shard[EG_SHARDS];
};

static void test_put(void *ctx, const struct eg_revoke_op *op)
{
	struct test_workers *all = ctx;
	struct test_worker *w = &all->worker[eg_shard_owner(op->shard, TEST_WORKERS)];

	assert_true(w->tail - w->head < TEST_MAIL);
	w->mail[w->tail++ % TEST_MAIL] = *op;
	all->sent_cnt++;
	all->sent_to_shard[op->shard]++;
}

/* Applies at most n operations of one worker. */
static inline void test_deliver(struct test_workers *all, unsigned worker, unsigned n)
{
	struct test_worker *w = &all->worker[worker];

	for (; n > 0 && w->head != w->tail; n--)
		eg_revoke_apply(all->rv, &w->mail[w->head++ % TEST_MAIL]);
}

static inline void test_deliver_all(struct test_workers *all)
{
	for (unsigned i = 0; i < TEST_WORKERS; i++)
		test_deliver(all, i, UINT32_MAX);
}

static void test_settle(void *ctx)
{
	struct test_workers *all = ctx;

	all->settled_cnt++;
	test_deliver_all(all);
}

static inline bool test_is_idle(const struct test_workers *all, unsigned worker)
{
	return all->worker[worker].head == all->worker[worker].tail;
}

static inline int test_setup(void **state)
{
	struct test_workers *all = calloc(1, sizeof(*all));

	assert_non_null(all);
	all->rv = eg_revoke_new();
	all->sink = (struct eg_revoke_sink){all, test_put, test_settle};
	*state = all;
	return all->rv != NULL ? 0 : -1;
}

static inline int test_teardown(void **state)
{
	struct test_workers *all = *state;

	allocs_left = -1;
	test_deliver_all(all);
	eg_revoke_free(all->rv);
	free(all);
	return 0;
}

#endif

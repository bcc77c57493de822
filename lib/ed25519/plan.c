/* SPDX-License-Identifier: BSD-3-Clause */
#include "plan.h"
#include "eg_ed25519_table.h"
#include "encoding.h"
#include "scalar.h"

#define PREFETCH_BYTES 512u /* of a message; beyond, the CPU has seen the stream */

#define BINS 64u /* of a counting sort; longer messages share the last one */

/* R, A and padding around the message: 64 bytes before it, 17 behind. */
static uint8_t block_bin(uint32_t msg_bytes)
{
	uint64_t blocks = ((uint64_t)msg_bytes + 64 + 17 + 127) / 128;

	return (uint8_t)(blocks < BINS ? blocks : BINS - 1);
}

static bool is_admitted(const struct eg_ed25519_job *job)
{
	uint64_t r[4], s[4];

	eg_encoding_words(job->sig, r);
	eg_encoding_words(job->sig + 32, s);
	return eg_scalar_is_canonical(s) && !eg_encoding_is_small_order(r);
}

/* The rest of libsodium's checks of a key's bytes. One with a table passed them when it was built.
 */
static bool is_key_admitted(const uint8_t public[EG_ED25519_PUBLIC_BYTES])
{
	uint64_t a[4];

	eg_encoding_words(public, a);
	return eg_encoding_is_canonical(a) && !eg_encoding_is_small_order(a);
}

/* The hash reads it soon. always_inline: gcc 12 drops calls of what only prefetches. */
__attribute__((always_inline)) static inline void prefetch_message(const struct eg_ed25519_job *job)
{
	for (uint32_t at = 0; at < job->msg_bytes && at < PREFETCH_BYTES; at += 64)
		__builtin_prefetch(job->msg + at);
}

static bool has_table(const struct eg_ed25519_key *key)
{
	return key->table != NULL &&
	       memcmp(key->table->public, key->bytes, EG_ED25519_PUBLIC_BYTES) == 0;
}

/* out: in[] by rising bin[in[i]], stable. */
static void sort_by_bin(const uint8_t in[], unsigned cnt, const uint8_t bin[], uint8_t out[])
{
	unsigned start[BINS + 1] = {0};

	for (unsigned i = 0; i < cnt; i++)
		start[bin[in[i]] + 1]++;
	for (unsigned b = 1; b < BINS; b++)
		start[b] += start[b - 1];
	for (unsigned i = 0; i < cnt; i++)
		out[start[bin[in[i]]]++] = in[i];
}

/* Repeats the last until cnt is a multiple of lanes. */
static unsigned fill_up(uint8_t order[], unsigned cnt, unsigned lanes)
{
	for (; cnt % lanes != 0; cnt++)
		order[cnt] = order[cnt - 1];
	return cnt;
}

/* Those without a table first: 0 windows. They are a part of their own. */
static void order_points(struct eg_plan *plan, unsigned live_cnt, unsigned lanes)
{
	uint8_t sorted[PLAN_JOBS_MAX];
	unsigned generic_cnt = 0;

	sort_by_bin(plan->live, live_cnt, plan->windows, sorted);
	while (generic_cnt < live_cnt && plan->windows[sorted[generic_cnt]] == 0)
		generic_cnt++;
	memcpy(plan->point_order, sorted, generic_cnt);
	plan->generic_cnt = fill_up(plan->point_order, generic_cnt, lanes);
	memcpy(&plan->point_order[plan->generic_cnt], &sorted[generic_cnt], live_cnt - generic_cnt);
	plan->point_cnt =
	    fill_up(plan->point_order, plan->generic_cnt + live_cnt - generic_cnt, lanes);
}

void eg_plan_make(
    const struct eg_ed25519_job jobs[], unsigned job_cnt, unsigned lanes, struct eg_plan *plan)
{
	unsigned live_cnt = 0;

	for (unsigned i = 0; i < job_cnt; i++) {
		const struct eg_ed25519_job *job = &jobs[i];
		bool with_table;

		if (!is_admitted(job))
			continue;
		with_table = has_table(job->key);
		if (!with_table && !is_key_admitted(job->key->bytes))
			continue;
		prefetch_message(job);
		plan->windows[i] = with_table ? job->key->table->window_cnt : 0;
		plan->blocks[i] = block_bin(job->msg_bytes);
		plan->live[live_cnt++] = (uint8_t)i;
	}
	sort_by_bin(plan->live, live_cnt, plan->blocks, plan->hash_order);
	plan->hash_cnt = fill_up(plan->hash_order, live_cnt, lanes);
	order_points(plan, live_cnt, lanes);
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench_ed25519_phases.h"

#include <string.h>
#include <time.h>

const char *const bench_phase_names[BENCH_PHASE_CNT] = {
    "hash", "reduce", "add", "invert", "compare", "other"};

static uint64_t tsc[BENCH_PHASE_CNT], since;
static enum bench_phase current;

/* Nanoseconds where there is no time stamp counter. */
static uint64_t now_tsc(void)
{
#ifdef __x86_64__
	return __builtin_ia32_rdtsc();
#else
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
#endif
}

void bench_phase(enum bench_phase phase)
{
	uint64_t now = now_tsc();

	tsc[current] += now - since;
	since = now;
	current = phase;
}

void bench_phases_reset(void)
{
	memset(tsc, 0, sizeof(tsc));
	current = BENCH_PHASE_DONE;
	since = now_tsc();
}

const uint64_t *bench_phases_tsc(void)
{
	bench_phase(BENCH_PHASE_DONE);
	return tsc;
}

const struct eg_ed25519_impl *bench_phases_impl(const char *name)
{
	static const struct eg_ed25519_impl *const impls[] = {
	    &bench_phases_portable,
#ifdef __x86_64__
	    &bench_phases_ifma,
	    &bench_phases_avx2,
#endif
	};

	for (size_t i = 0; i < sizeof(impls) / sizeof(impls[0]); i++)
		if (strcmp(impls[i]->name, name) == 0)
			return impls[i];
	return NULL;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Random numbers that a seed repeats: SplitMix64 (Steele, Lea, Flood, "Fast splittable pseudorandom
 * number generators", 2014). Not for secrets. One state a core; about a nanosecond.
 */
#ifndef LOAD_RANDOM_H
#define LOAD_RANDOM_H

#include <stdint.h>

struct load_random {
	uint64_t state;
};

static inline uint64_t load_random_next(struct load_random *r)
{
	uint64_t z = r->state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

/* Its own stream for each core of a run. */
static inline struct load_random load_random_of(uint64_t seed, uint64_t stream)
{
	struct load_random r = {seed ^ stream * UINT64_C(0xd1342543de82ef95)};

	r.state = load_random_next(&r);
	return r;
}

/* 0 … n - 1, for n up to 2^32; the bias is below n / 2^32. */
static inline uint32_t load_random_below(struct load_random *r, uint64_t n)
{
	return (uint32_t)((load_random_next(r) >> 32) * n >> 32);
}

/* In (0, 1]. */
static inline double load_random_unit(struct load_random *r)
{
	return (double)((load_random_next(r) >> 11) + 1) * 0x1p-53;
}

#endif

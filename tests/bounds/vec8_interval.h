/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The operations of lib/ed25519/vec8_avx512.h that field formulas use, over ranges: one range
 * stands for all eight lanes. Operations that only hashing and digits use are left out: where a
 * formula begins to use one, it must be given a meaning here.
 */
#ifndef VEC8_INTERVAL_H
#define VEC8_INTERVAL_H

#include "halves.h"

typedef struct interval v8;
typedef uint32_t v8m;

static inline v8 v8_set1(uint64_t a)
{
	return interval_of(a, a);
}

static inline v8 v8_add(v8 a, v8 b)
{
	return interval_add(a, b);
}

static inline v8 v8_sub(v8 a, v8 b)
{
	return interval_sub(a, b);
}

/* Of addresses: wrapping round is meant, and nothing that limbs could use comes of it. */
static inline v8 v8_add_mod64(v8 a, v8 b)
{
	(void)a, (void)b;
	return interval_any();
}

static inline v8 v8_sub_mod64(v8 a, v8 b)
{
	(void)a, (void)b;
	return interval_any();
}

/* Which lanes a mask has is not known: a lane may be in it or not. */
static inline v8m v8_eq(v8 a, v8 b)
{
	(void)a, (void)b;
	return 0;
}

static inline v8 v8_sub_from_where(v8m mask, v8 a, v8 b)
{
	(void)mask;
	return interval_join(b, interval_sub(a, b));
}

static inline v8 v8_select(v8m mask, v8 a, v8 b)
{
	(void)mask;
	return interval_join(a, b);
}

static inline v8 v8_and(v8 a, v8 b)
{
	return interval_and(a, b);
}

static inline v8 v8_or(v8 a, v8 b)
{
	return interval_or(a, b);
}

static inline v8 v8_or_and(v8 a, v8 b, v8 c)
{
	return interval_or(a, interval_and(b, c));
}

static inline v8 v8_shl(v8 a, unsigned n)
{
	return interval_shl(a, n);
}

static inline v8 v8_shr(v8 a, unsigned n)
{
	return interval_shr(a, n);
}

static inline v8 v8_mul(v8 a, v8 b)
{
	return interval_mul(a, b);
}

static inline integer v8_interval_product(v8 a, v8 b)
{
	if (a.hi >> 52 != 0 || b.hi >> 52 != 0)
		interval_fault("v8_madd52", "a factor has more than the 52 bits that are read",
		    interval_max(a.hi, b.hi));
	return a.hi * b.hi;
}

/* A low half that may leave something above it needs the high half as well (halves.h). */
static inline v8 v8_madd52lo(v8 acc, v8 a, v8 b)
{
	integer most = v8_interval_product(a, b);

	if (most >> 52 == 0)
		return interval_add(acc, interval_of(a.lo * b.lo, most));
	halves_note(&halves_low, a, b);
	return interval_add(acc, interval_of(0, UINT64_MAX >> 12));
}

static inline v8 v8_madd52hi(v8 acc, v8 a, v8 b)
{
	integer most = v8_interval_product(a, b);

#ifdef BREAK_HALF
	if (halves_high.cnt == 7)
		return acc;
#endif
	halves_note(&halves_high, a, b);
	return interval_add(acc, interval_of(0, most >> 52));
}

static inline v8 v8_load(const void *p)
{
	(void)p;
	return interval_any();
}

static inline void v8_store(void *p, v8 a)
{
	uint64_t word[8];

	for (int i = 0; i < 8; i++)
		word[i] = interval_some_word();
	memcpy(p, word, sizeof(word));
	(void)a;
}

static inline v8 v8_swap_lanes(v8 a, unsigned distance)
{
	(void)distance;
	return a;
}

static inline void v8_columns4(const uint8_t *const row[8], v8 out[4])
{
	(void)row;
	for (int i = 0; i < 4; i++)
		out[i] = interval_any();
}

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The operations of lib/ed25519/vec4_avx2.h that field formulas use, over ranges: one range stands
 * for all four lanes. Operations that only hashing uses are left out.
 *
 * A word that is meant mod 2^64 has the range of an integer that is congruent to it, negative or
 * far above 2^64; where an operation needs the word itself, a multiple of 2^64 is taken off, and
 * the range must then lie in 0 … 2^64 − 1. So the excess that each half of a product brings along
 * (V4_HI_EXCESS, V4_LO_EXCESS) is counted, not assumed away.
 */
#ifndef VEC4_INTERVAL_H
#define VEC4_INTERVAL_H

#include "interval.h"

typedef struct interval v4, v4d;
typedef uint32_t v4m;

#define V4_INLINE static inline

/* Those of vec4_avx2.h. */
#define V4_HI_EXCESS (0x4660000000000000u + (UINT64_C(1) << 19))
#define V4_LO_EXCESS 0x4338000000000000u

/* ── words ── */

static inline v4 v4_interval_word(v4 a, const char *operation)
{
	integer below = a.lo >> 64 << 64;

	return interval_word(interval_of(a.lo - below, a.hi - below), operation);
}

static inline v4 v4_set1(uint64_t a)
{
	return interval_of(a, a);
}

static inline v4 v4_load(const uint64_t a[4])
{
	(void)a;
	return interval_any();
}

static inline void v4_store(uint64_t out[4], v4 a)
{
	for (int i = 0; i < 4; i++)
		out[i] = interval_some_word();
	(void)v4_interval_word(a, "v4_store");
}

static inline v4 v4_add(v4 a, v4 b)
{
	return interval_add(v4_interval_word(a, "v4_add"), v4_interval_word(b, "v4_add"));
}

static inline v4 v4_sub(v4 a, v4 b)
{
	return interval_sub(v4_interval_word(a, "v4_sub"), v4_interval_word(b, "v4_sub"));
}

static inline v4 v4_add_mod64(v4 a, v4 b)
{
	return interval_of(a.lo + b.lo, a.hi + b.hi);
}

static inline v4 v4_sub_mod64(v4 a, v4 b)
{
	return interval_of(a.lo - b.hi, a.hi - b.lo);
}

static inline v4 v4_times19_mod64(v4 a)
{
	return interval_of(19 * a.lo, 19 * a.hi);
}

/* b is a word; of a, whose range may be that of any word mod 2^64, some bits of b remain. */
static inline v4 v4_and(v4 a, v4 b)
{
	if (a.lo >= 0 && a.hi <= UINT64_MAX)
		return interval_and(a, b);
	return interval_and(interval_any(), b);
}

static inline v4 v4_or(v4 a, v4 b)
{
	return interval_or(v4_interval_word(a, "v4_or"), v4_interval_word(b, "v4_or"));
}

static inline v4 v4_xor(v4 a, v4 b)
{
	(void)a, (void)b;
	return interval_any();
}

static inline v4 v4_shl(v4 a, unsigned n)
{
	return interval_shl(v4_interval_word(a, "v4_shl"), n);
}

static inline v4 v4_shr(v4 a, unsigned n)
{
	return interval_shr(v4_interval_word(a, "v4_shr"), n);
}

static inline v4 v4_times19_short(v4 a)
{
	if (a.lo < 0 || a.hi > UINT32_MAX)
		interval_fault("v4_times19_short", "more than the 32 bits that are read", a.hi);
	return interval_of(19 * a.lo, 19 * a.hi);
}

static inline void v4_load_columns(const uint8_t *const row[4], v4 w[4])
{
	(void)row;
	for (int i = 0; i < 4; i++)
		w[i] = interval_any();
}

/* ── integers as doubles ── */

#define V4_INTERVAL_BITS(n) ((integer)1 << (n))

static inline v4d v4_interval_double(v4d a, const char *operation, integer least, integer above)
{
	if (a.lo < least || a.hi >= above)
		interval_fault(operation, "outside of what is exact", a.lo < least ? a.lo : a.hi);
	return a;
}

static inline v4d v4d_from_words(v4 a)
{
	return v4_interval_double(
	    v4_interval_word(a, "v4d_from_words"), "v4d_from_words", 0, V4_INTERVAL_BITS(52));
}

static inline v4 v4d_to_words(v4d a)
{
	return v4_interval_double(
	    a, "v4d_to_words", -V4_INTERVAL_BITS(50), V4_INTERVAL_BITS(52) - V4_INTERVAL_BITS(50));
}

static inline v4d v4d_sub(v4d a, v4d b)
{
	return v4_interval_double(interval_of(a.lo - b.hi, a.hi - b.lo), "v4d_sub",
	    1 - V4_INTERVAL_BITS(53), V4_INTERVAL_BITS(53));
}

static inline v4d v4d_select(v4m mask, v4d a, v4d b)
{
	(void)mask;
	return interval_join(a, b);
}

static inline v4d v4d_swap_lanes(v4d a, unsigned distance)
{
	(void)distance;
	return a;
}

static inline v4d v4d_pick(const v4d *const row[4])
{
	return interval_join(interval_join(*row[0], *row[1]), interval_join(*row[2], *row[3]));
}

/* The integers a·b. */
static inline struct interval v4_interval_product(v4d a, v4d b)
{
	const integer corner[4] = {a.lo * b.lo, a.lo * b.hi, a.hi * b.lo, a.hi * b.hi};
	struct interval all = interval_of(corner[0], corner[0]);

	for (int i = 1; i < 4; i++)
		all = interval_of(interval_min(all.lo, corner[i]), interval_max(all.hi, corner[i]));
	return all;
}

/* Sums are mod 2^64: hi within one of a·b/2^51, lo at most 2^51 in size, and the excess of each. */
static inline void v4_add_product(v4 *hi, v4 *lo, v4d a, v4d b)
{
	struct interval p = v4_interval_double(v4_interval_product(a, b), "v4_add_product",
	    -V4_INTERVAL_BITS(70), V4_INTERVAL_BITS(103) - V4_INTERVAL_BITS(70));

	*hi = interval_of(hi->lo + (integer)V4_HI_EXCESS + (p.lo >> 51) - 1,
	    hi->hi + (integer)V4_HI_EXCESS + (p.hi >> 51) + 2);
	*lo = interval_of(lo->lo + (integer)V4_LO_EXCESS - V4_INTERVAL_BITS(51),
	    lo->hi + (integer)V4_LO_EXCESS + V4_INTERVAL_BITS(51));
}

#endif

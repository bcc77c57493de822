/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The operations of vec4_avx2.h over an array of four words: what they mean, in C. For tests, which
 * run the 4-lane code with it on any CPU; nothing that ships includes it.
 */
#ifndef EG_ED25519_VEC4_PLAIN_H
#define EG_ED25519_VEC4_PLAIN_H

#include <stdint.h>
#include <string.h>

typedef struct {
	uint64_t lane[4];
} v4;

typedef struct {
	int64_t lane[4];
} v4d;

typedef uint32_t v4m;

#define V4_INLINE static inline __attribute__((unused))

#define V4_PLAIN_EACH(type, expression)                                                            \
	type out;                                                                                  \
	for (int i = 0; i < 4; i++)                                                                \
		out.lane[i] = (expression);                                                        \
	return out

/* ── words ── */

V4_INLINE v4 v4_set1(uint64_t a)
{
	V4_PLAIN_EACH(v4, a);
}

V4_INLINE v4 v4_load(const uint64_t a[4])
{
	V4_PLAIN_EACH(v4, a[i]);
}

V4_INLINE void v4_store(uint64_t out[4], v4 a)
{
	for (int i = 0; i < 4; i++)
		out[i] = a.lane[i];
}

V4_INLINE v4 v4_add(v4 a, v4 b)
{
	V4_PLAIN_EACH(v4, a.lane[i] + b.lane[i]);
}

V4_INLINE v4 v4_sub(v4 a, v4 b)
{
	V4_PLAIN_EACH(v4, a.lane[i] - b.lane[i]);
}

V4_INLINE v4 v4_add_mod64(v4 a, v4 b)
{
	return v4_add(a, b);
}

V4_INLINE v4 v4_sub_mod64(v4 a, v4 b)
{
	return v4_sub(a, b);
}

V4_INLINE void v4_accumulate(v4 *sum, v4 a)
{
	*sum = v4_add_mod64(*sum, a);
}

V4_INLINE v4 v4_and(v4 a, v4 b)
{
	V4_PLAIN_EACH(v4, a.lane[i] & b.lane[i]);
}

V4_INLINE v4 v4_or(v4 a, v4 b)
{
	V4_PLAIN_EACH(v4, a.lane[i] | b.lane[i]);
}

V4_INLINE v4 v4_xor(v4 a, v4 b)
{
	V4_PLAIN_EACH(v4, a.lane[i] ^ b.lane[i]);
}

V4_INLINE v4 v4_shl(v4 a, unsigned n)
{
	V4_PLAIN_EACH(v4, a.lane[i] << n);
}

V4_INLINE v4 v4_shr(v4 a, unsigned n)
{
	V4_PLAIN_EACH(v4, a.lane[i] >> n);
}

V4_INLINE v4 v4_bswap(v4 a)
{
	V4_PLAIN_EACH(v4, __builtin_bswap64(a.lane[i]));
}

V4_INLINE v4 v4_ror(v4 a, unsigned n)
{
	return v4_or(v4_shr(a, n), v4_shl(a, 64 - n));
}

V4_INLINE v4 v4_ror8(v4 a)
{
	return v4_ror(a, 8);
}

V4_INLINE v4 v4_choose(v4 a, v4 b, v4 c)
{
	V4_PLAIN_EACH(v4, (a.lane[i] & b.lane[i]) | (~a.lane[i] & c.lane[i]));
}

V4_INLINE v4 v4_majority(v4 a, v4 b, v4 c)
{
	V4_PLAIN_EACH(v4, (a.lane[i] & b.lane[i]) | (c.lane[i] & (a.lane[i] | b.lane[i])));
}

V4_INLINE v4 v4_times19_short(v4 a)
{
	V4_PLAIN_EACH(v4, 19 * (a.lane[i] & UINT32_MAX));
}

/* ── masks and lanes ── */

V4_INLINE v4 v4_select(v4m mask, v4 a, v4 b)
{
	V4_PLAIN_EACH(v4, (mask >> i & 1) != 0 ? a.lane[i] : b.lane[i]);
}

V4_INLINE void v4_load_columns(const uint8_t *const row[4], v4 w[4])
{
	for (int i = 0; i < 4; i++)
		for (int l = 0; l < 4; l++)
			memcpy(&w[i].lane[l], row[l] + 8 * i, 8);
}

/* ── integers, here of 64 bits ── */

V4_INLINE v4d v4d_from_words(v4 a)
{
	V4_PLAIN_EACH(v4d, (int64_t)a.lane[i]);
}

V4_INLINE v4 v4d_to_words(v4d a)
{
	V4_PLAIN_EACH(v4, (uint64_t)a.lane[i]);
}

V4_INLINE v4d v4d_sub(v4d a, v4d b)
{
	V4_PLAIN_EACH(v4d, a.lane[i] - b.lane[i]);
}

V4_INLINE v4d v4d_select(v4m mask, v4d a, v4d b)
{
	V4_PLAIN_EACH(v4d, (mask >> i & 1) != 0 ? a.lane[i] : b.lane[i]);
}

V4_INLINE v4d v4d_swap_lanes(v4d a, unsigned distance)
{
	V4_PLAIN_EACH(v4d, a.lane[(unsigned)i ^ distance]);
}

V4_INLINE v4d v4d_pick(const v4d *const row[4])
{
	V4_PLAIN_EACH(v4d, row[i]->lane[i]);
}

/* hi = ⌊a·b / 2^51⌋ and lo = a·b mod 2^51, with nothing in excess. */
#define V4_HI_EXCESS UINT64_C(0)
#define V4_LO_EXCESS UINT64_C(0)

V4_INLINE void v4_add_product(v4 *hi, v4 *lo, v4d a, v4d b)
{
	for (int i = 0; i < 4; i++) {
		__int128 product = (__int128)a.lane[i] * b.lane[i];

		hi->lane[i] += (uint64_t)(product >> 51);
		lo->lane[i] += (uint64_t)product & ((UINT64_C(1) << 51) - 1);
	}
}

V4_INLINE v4 v4_times19_mod64(v4 a)
{
	V4_PLAIN_EACH(v4, 19 * a.lane[i]);
}

#endif

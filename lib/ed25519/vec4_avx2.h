/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Four lanes of 64 bits: the few operations that the 4-lane backend is written in, as AVX2 and FMA
 * instructions. vec4_plain.h has the same names over an array, so that the very same formulas run
 * on any CPU; a proof of bounds brings a third meaning.
 *
 * v4 holds words, v4d integers in the form of doubles: exact, since every one of them has less than
 * 53 bits. Lane i is the i-th word in memory, and bit i of a mask is for lane i. Counts of shifts
 * and rotations are constants.
 */
#ifndef EG_ED25519_VEC4_AVX2_H
#define EG_ED25519_VEC4_AVX2_H

#include <immintrin.h>
#include <stdint.h>

typedef __m256i v4;
typedef __m256d v4d;
/* One bit a lane. */
typedef uint32_t v4m;

/* Of what is made of these: inlined whatever its size, since a call would pass vectors through
 * memory. */
#define V4_INLINE static inline __attribute__((always_inline))

/* ── words ── */

V4_INLINE v4 v4_set1(uint64_t a)
{
	return _mm256_set1_epi64x((long long)a);
}

V4_INLINE v4 v4_load(const uint64_t a[4])
{
	return _mm256_loadu_si256((const __m256i *)(const void *)a);
}

V4_INLINE void v4_store(uint64_t out[4], v4 a)
{
	_mm256_storeu_si256((__m256i *)(void *)out, a);
}

/* Where the ranges of a and b say that the result is in 0 … 2^64 − 1. */
V4_INLINE v4 v4_add(v4 a, v4 b)
{
	return _mm256_add_epi64(a, b);
}

V4_INLINE v4 v4_sub(v4 a, v4 b)
{
	return _mm256_sub_epi64(a, b);
}

/* Mod 2^64: hashes, masks, signed words. */
V4_INLINE v4 v4_add_mod64(v4 a, v4 b)
{
	return _mm256_add_epi64(a, b);
}

V4_INLINE v4 v4_sub_mod64(v4 a, v4 b)
{
	return _mm256_sub_epi64(a, b);
}

/* *sum += a mod 2^64, here and not later: left to themselves, compilers put additions off until
 * they have more values to keep than registers. */
V4_INLINE void v4_accumulate(v4 *sum, v4 a)
{
	*sum = _mm256_add_epi64(*sum, a);
	__asm__ volatile("" : "+x"(*sum));
}

V4_INLINE v4 v4_and(v4 a, v4 b)
{
	return _mm256_and_si256(a, b);
}

V4_INLINE v4 v4_or(v4 a, v4 b)
{
	return _mm256_or_si256(a, b);
}

V4_INLINE v4 v4_xor(v4 a, v4 b)
{
	return _mm256_xor_si256(a, b);
}

#define v4_shl(a, n) _mm256_slli_epi64((a), (n)) /* bits fall out at the top */
#define v4_shr(a, n) _mm256_srli_epi64((a), (n))

V4_INLINE v4 v4_bswap(v4 a)
{
	return _mm256_shuffle_epi8(
	    a, _mm256_setr_epi8(7, 6, 5, 4, 3, 2, 1, 0, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3,
	           2, 1, 0, 15, 14, 13, 12, 11, 10, 9, 8));
}

/* A rotation by n; by 8 it is one shuffle. */
#define v4_ror(a, n) _mm256_or_si256(v4_shr(a, n), v4_shl(a, 64 - (n)))
V4_INLINE v4 v4_ror8(v4 a)
{
	return _mm256_shuffle_epi8(
	    a, _mm256_setr_epi8(1, 2, 3, 4, 5, 6, 7, 0, 9, 10, 11, 12, 13, 14, 15, 8, 1, 2, 3, 4, 5,
	           6, 7, 0, 9, 10, 11, 12, 13, 14, 15, 8));
}

/* Bits of b where a has a 1, of c where it has a 0. */
V4_INLINE v4 v4_choose(v4 a, v4 b, v4 c)
{
	return _mm256_xor_si256(c, _mm256_and_si256(a, _mm256_xor_si256(b, c)));
}

/* Each bit as in two of the three at least. */
V4_INLINE v4 v4_majority(v4 a, v4 b, v4 c)
{
	return _mm256_xor_si256(
	    b, _mm256_and_si256(_mm256_xor_si256(a, b), _mm256_xor_si256(b, c)));
}

/* 19·a for a < 2^32. */
V4_INLINE v4 v4_times19_short(v4 a)
{
	return _mm256_mul_epu32(a, v4_set1(19));
}

/* ── masks and lanes ── */

/* All bits in the lanes of a mask. */
V4_INLINE v4 v4_spread(v4m mask)
{
	const __m256i bit = _mm256_setr_epi64x(1, 2, 4, 8);

	return _mm256_cmpeq_epi64(_mm256_and_si256(v4_set1(mask), bit), bit);
}

/* a in the lanes of the mask, else b. */
V4_INLINE v4 v4_select(v4m mask, v4 a, v4 b)
{
	return _mm256_blendv_epi8(b, a, v4_spread(mask));
}

/* w[i] = word i of the 32 bytes at row[0 … 3], which may lie anywhere. */
V4_INLINE void v4_load_columns(const uint8_t *const row[4], v4 w[4])
{
	__m256i low[2], high[2];

	for (int l = 0; l < 2; l++) {
		const __m128i *a = (const __m128i *)(const void *)row[l];
		const __m128i *b = (const __m128i *)(const void *)row[l + 2];

		low[l] = _mm256_inserti128_si256(
		    _mm256_castsi128_si256(_mm_loadu_si128(a)), _mm_loadu_si128(b), 1);
		high[l] = _mm256_inserti128_si256(
		    _mm256_castsi128_si256(_mm_loadu_si128(a + 1)), _mm_loadu_si128(b + 1), 1);
	}
	w[0] = _mm256_unpacklo_epi64(low[0], low[1]);
	w[1] = _mm256_unpackhi_epi64(low[0], low[1]);
	w[2] = _mm256_unpacklo_epi64(high[0], high[1]);
	w[3] = _mm256_unpackhi_epi64(high[0], high[1]);
}

/* ── integers as doubles ── */

/* 2^52 + a has the bits of a in its low half: one addition goes either way. */
#define V4_2P52      0x4330000000000000u
#define V4_2P52_2P50 0x4334000000000000u

/* a < 2^52 */
V4_INLINE v4d v4d_from_words(v4 a)
{
	const v4 magic = v4_set1(V4_2P52);

	return _mm256_sub_pd(
	    _mm256_castsi256_pd(_mm256_or_si256(a, magic)), _mm256_castsi256_pd(magic));
}

/* −2^50 <= a < 2^52 − 2^50 → a mod 2^64 */
V4_INLINE v4 v4d_to_words(v4d a)
{
	const v4 magic = v4_set1(V4_2P52_2P50);

	return _mm256_sub_epi64(
	    _mm256_castpd_si256(_mm256_add_pd(a, _mm256_castsi256_pd(magic))), magic);
}

/* Less than 2^53 in size, like all that follows. */
V4_INLINE v4d v4d_sub(v4d a, v4d b)
{
	return _mm256_sub_pd(a, b);
}

V4_INLINE v4d v4d_select(v4m mask, v4d a, v4d b)
{
	return _mm256_blendv_pd(b, a, _mm256_castsi256_pd(v4_spread(mask)));
}

/* Lane i of the result is lane i ^ distance of a; distance 1 or 2. */
V4_INLINE v4d v4d_swap_lanes(v4d a, unsigned distance)
{
	return distance == 1 ? _mm256_permute_pd(a, 5) : _mm256_permute2f128_pd(a, a, 1);
}

/* Lane i of *row[i]. */
V4_INLINE v4d v4d_pick(const v4d *const row[4])
{
	const double *const lane[4] = {(const double *)(const void *)row[0],
	    (const double *)(const void *)row[1], (const double *)(const void *)row[2],
	    (const double *)(const void *)row[3]};

	return _mm256_setr_pd(lane[0][0], lane[1][1], lane[2][2], lane[3][3]);
}

/*
 * a·b = 2^51·hi + lo, both added into sums mod 2^64; −2^70 <= a·b < 2^103 − 2^70. |lo| <= 2^51,
 * whatever way the CPU rounds, and |hi·2^51 − a·b| <= 2^51.
 *
 * A double in [2^103, 2^104) counts in steps of 2^51, so 2^103 + 2^70 + a·b, rounded once by the
 * fused multiplication, holds hi in its low bits; taken from 2^103 + 2^70 + 3·2^51 it leaves
 * 3·2^51 − 2^51·hi, to which a second multiplication adds a·b exactly: 3·2^51 + lo, which counts in
 * steps of 1 (the method of Emmart, "Faster modular exponentiation using double precision
 * floating point arithmetic on the GPU", ARITH 2018). What else is in the bits is the same for all
 * products: each hi that is added adds V4_HI_EXCESS as well, each lo V4_LO_EXCESS.
 */
#define V4_HI_EXCESS (0x4660000000000000u + (UINT64_C(1) << 19))
#define V4_LO_EXCESS 0x4338000000000000u

V4_INLINE void v4_add_product(v4 *hi, v4 *lo, v4d a, v4d b)
{
	const v4d above = _mm256_castsi256_pd(v4_set1(V4_HI_EXCESS));
	const v4d above_3 = _mm256_castsi256_pd(v4_set1(V4_HI_EXCESS + 3));
	const v4d high = _mm256_fmadd_pd(a, b, above);
	const v4d low = _mm256_fmadd_pd(a, b, _mm256_sub_pd(above_3, high));

	*lo = _mm256_add_epi64(*lo, _mm256_castpd_si256(low));
	*hi = _mm256_add_epi64(*hi, _mm256_castpd_si256(high));
	/* here and not later, as in v4_accumulate */
	__asm__("" : "+x"(*lo), "+x"(*hi));
}

/* 19·a mod 2^64. Shifts and additions: compilers would make it three multiplications. */
V4_INLINE v4 v4_times19_mod64(v4 a)
{
	v4 twice = _mm256_add_epi64(a, a);

	__asm__("" : "+x"(twice));
	return _mm256_add_epi64(_mm256_add_epi64(a, twice), v4_shl(a, 4));
}

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Eight lanes of 64 bits: the few operations that the 8-lane backend is written in, as AVX-512
 * instructions (F, BW, DQ, VL, IFMA). vec8_plain.h has the same names over an array, so that the
 * very same formulas run on any CPU; a proof of bounds may bring a third meaning.
 *
 * Lane i of a vector is its i-th word in memory, and bit i of a mask is for lane i. Counts of
 * shifts and rotations are constants unless said otherwise.
 */
#ifndef EG_ED25519_VEC8_AVX512_H
#define EG_ED25519_VEC8_AVX512_H

#include <immintrin.h>
#include <stdint.h>

typedef __m512i v8;

/* Of what is made of these: inlined whatever its size, since a call would pass vectors through
 * memory. */
#define V8_INLINE static inline __attribute__((always_inline))

/* One bit a lane. */
typedef uint32_t v8m;

/* ── lanes of a 64-bit word ── */

static inline v8 v8_set1(uint64_t a)
{
	return _mm512_set1_epi64((long long)a);
}

/* Where the ranges of a and b say that the result is in 0 … 2^64 − 1. */
static inline v8 v8_add(v8 a, v8 b)
{
	return _mm512_add_epi64(a, b);
}

static inline v8 v8_sub(v8 a, v8 b)
{
	return _mm512_sub_epi64(a, b);
}

/* Mod 2^64: hashes, signed words, addresses. */
static inline v8 v8_add_mod64(v8 a, v8 b)
{
	return _mm512_add_epi64(a, b);
}

static inline v8 v8_sub_mod64(v8 a, v8 b)
{
	return _mm512_sub_epi64(a, b);
}

/* a + b mod 2^64 where the mask has a lane, else a. */
static inline v8 v8_add_mod64_where(v8m mask, v8 a, v8 b)
{
	return _mm512_mask_add_epi64(a, (__mmask8)mask, a, b);
}

/* a − b >= 0 where the mask has a lane, else b. */
static inline v8 v8_sub_from_where(v8m mask, v8 a, v8 b)
{
	return _mm512_mask_sub_epi64(b, (__mmask8)mask, a, b);
}

static inline v8 v8_and(v8 a, v8 b)
{
	return _mm512_and_si512(a, b);
}

static inline v8 v8_or(v8 a, v8 b)
{
	return _mm512_or_si512(a, b);
}

#define v8_shl(a, n) _mm512_slli_epi64((a), (n))
#define v8_shr(a, n) _mm512_srli_epi64((a), (n))
#define v8_sar(a, n) _mm512_srai_epi64((a), (n)) /* of a signed word: rounds down */
#define v8_ror(a, n) _mm512_ror_epi64((a), (n))

/* The same with a count that varies; 64 gives 0. */
static inline v8 v8_shl_by(v8 a, unsigned n)
{
	return _mm512_sll_epi64(a, _mm_cvtsi32_si128((int)n));
}

static inline v8 v8_shr_by(v8 a, unsigned n)
{
	return _mm512_srl_epi64(a, _mm_cvtsi32_si128((int)n));
}

/* Of a signed word. */
static inline v8 v8_abs(v8 a)
{
	return _mm512_abs_epi64(a);
}

/* The low 64 bits of a·b. */
static inline v8 v8_mul(v8 a, v8 b)
{
	return _mm512_mullo_epi64(a, b);
}

/* acc + the low or the high 52 bits of a·b. Reads 52 bits of a and of b, whatever lies above. */
static inline v8 v8_madd52lo(v8 acc, v8 a, v8 b)
{
	return _mm512_madd52lo_epu64(acc, a, b);
}

static inline v8 v8_madd52hi(v8 acc, v8 a, v8 b)
{
	return _mm512_madd52hi_epu64(acc, a, b);
}

/* ── bits (FIPS 180-4 4.1.3) ── */

static inline v8 v8_xor3(v8 a, v8 b, v8 c)
{
	return _mm512_ternarylogic_epi64(a, b, c, 0x96);
}

/* b where a has a one, else c. */
static inline v8 v8_choose(v8 a, v8 b, v8 c)
{
	return _mm512_ternarylogic_epi64(a, b, c, 0xCA);
}

static inline v8 v8_majority(v8 a, v8 b, v8 c)
{
	return _mm512_ternarylogic_epi64(a, b, c, 0xE8);
}

/* a | (b & c) */
static inline v8 v8_or_and(v8 a, v8 b, v8 c)
{
	return _mm512_ternarylogic_epi64(a, b, c, 0xF8);
}

/* The bytes of each word, turned round. */
static inline v8 v8_bswap(v8 a)
{
	const __m512i order = _mm512_set_epi64(0x08090A0B0C0D0E0F, 0x0001020304050607,
	    0x08090A0B0C0D0E0F, 0x0001020304050607, 0x08090A0B0C0D0E0F, 0x0001020304050607,
	    0x08090A0B0C0D0E0F, 0x0001020304050607);

	return _mm512_shuffle_epi8(a, order);
}

/* ── masks ── */

static inline v8m v8_eq(v8 a, v8 b)
{
	return _mm512_cmpeq_epi64_mask(a, b);
}

/* a < b, unsigned. */
static inline v8m v8_less(v8 a, v8 b)
{
	return _mm512_cmplt_epu64_mask(a, b);
}

/* a where the mask has a lane, else b. */
static inline v8 v8_select(v8m mask, v8 a, v8 b)
{
	return _mm512_mask_mov_epi64(b, (__mmask8)mask, a);
}

/* ── memory and order ── */

static inline v8 v8_load(const void *p)
{
	return _mm512_loadu_si512(p);
}

static inline void v8_store(void *p, v8 a)
{
	_mm512_storeu_si512(p, a);
}

/* The first n bytes at p, n <= 64, and zeros: reads nothing beyond them. */
static inline v8 v8_load_bytes(const uint8_t *p, unsigned n)
{
	return _mm512_maskz_loadu_epi8(_bzhi_u64(~(uint64_t)0, n), p);
}

/* Lane i gets lane i ^ distance; distance 1, 2 or 4. */
static inline v8 v8_swap_lanes(v8 a, unsigned distance)
{
	const __m512i lane = _mm512_set_epi64(7, 6, 5, 4, 3, 2, 1, 0);

	return _mm512_permutexvar_epi64(_mm512_xor_si512(lane, v8_set1(distance)), a);
}

/* One row for two lanes that are two apart: 32 bytes at a, then 32 at b. */
static inline v8 v8_avx512_pair(const uint8_t *a, const uint8_t *b)
{
	const __m256i low = _mm256_loadu_si256((const __m256i *)a);
	const __m256i high = _mm256_loadu_si256((const __m256i *)b);

	return _mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1);
}

/* out[k] = word k of the 32 bytes at row[lane]. The rows are paired so that the two steps, words
 * and then quarters, end in the order of lanes. */
static inline void v8_columns4(const uint8_t *const row[8], v8 out[4])
{
	const v8 r02 = v8_avx512_pair(row[0], row[2]), r13 = v8_avx512_pair(row[1], row[3]);
	const v8 r46 = v8_avx512_pair(row[4], row[6]), r57 = v8_avx512_pair(row[5], row[7]);
	const v8 even_low = _mm512_unpacklo_epi64(r02, r13);
	const v8 odd_low = _mm512_unpackhi_epi64(r02, r13);
	const v8 even_high = _mm512_unpacklo_epi64(r46, r57);
	const v8 odd_high = _mm512_unpackhi_epi64(r46, r57);

	out[0] = _mm512_shuffle_i64x2(even_low, even_high, 0x88);
	out[1] = _mm512_shuffle_i64x2(odd_low, odd_high, 0x88);
	out[2] = _mm512_shuffle_i64x2(even_low, even_high, 0xDD);
	out[3] = _mm512_shuffle_i64x2(odd_low, odd_high, 0xDD);
}

/* Words k, k + 2, k + 4, k + 6 of eight lanes, from quarters (lanes 0 1, 2 3, 4 5, 6 7) that hold
 * one word of two lanes each. */
static inline void v8_avx512_quarters(const v8 q[4], v8 *w0, v8 *w2, v8 *w4, v8 *w6)
{
	const v8 low_even = _mm512_shuffle_i64x2(q[0], q[1], 0x88);
	const v8 low_odd = _mm512_shuffle_i64x2(q[0], q[1], 0xDD);
	const v8 high_even = _mm512_shuffle_i64x2(q[2], q[3], 0x88);
	const v8 high_odd = _mm512_shuffle_i64x2(q[2], q[3], 0xDD);

	*w0 = _mm512_shuffle_i64x2(low_even, high_even, 0x88);
	*w4 = _mm512_shuffle_i64x2(low_even, high_even, 0xDD);
	*w2 = _mm512_shuffle_i64x2(low_odd, high_odd, 0x88);
	*w6 = _mm512_shuffle_i64x2(low_odd, high_odd, 0xDD);
}

/* The transpose: lane l of out[k] = lane k of row[l]. */
static inline void v8_transpose(const v8 row[8], v8 out[8])
{
	v8 even[4], odd[4];

	for (int i = 0; i < 4; i++) {
		even[i] = _mm512_unpacklo_epi64(row[2 * i], row[2 * i + 1]);
		odd[i] = _mm512_unpackhi_epi64(row[2 * i], row[2 * i + 1]);
	}
	v8_avx512_quarters(even, &out[0], &out[2], &out[4], &out[6]);
	v8_avx512_quarters(odd, &out[1], &out[3], &out[5], &out[7]);
}

#endif

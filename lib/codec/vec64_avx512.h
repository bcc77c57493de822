/* SPDX-License-Identifier: BSD-3-Clause */
/* Sixty-four bytes in a register of AVX-512 (F, BW, VBMI; BMI2). What each operation means is said,
 * as C, in vec64_plain.h. Internal. */
#ifndef EG_VEC64_AVX512_H
#define EG_VEC64_AVX512_H

#include "eg_span.h"

#include <immintrin.h>

#define V64_BYTES 64u

struct v64 {
	__m512i r;
};

static inline __mmask64 v64_first(size_t n)
{
	return n < V64_BYTES ? _bzhi_u64(UINT64_MAX, (unsigned)n) : UINT64_MAX;
}

static inline struct v64 v64_load_first(const uint8_t *p, size_t n, uint8_t fill)
{
	return (struct v64){_mm512_mask_loadu_epi8(_mm512_set1_epi8((char)fill), v64_first(n), p)};
}

static inline void v64_store(uint8_t *p, struct v64 v)
{
	_mm512_storeu_si512(p, v.r);
}

static inline void v64_store_first(uint8_t *p, size_t n, struct v64 v)
{
	_mm512_mask_storeu_epi8(p, v64_first(n), v.r);
}

static inline struct v64 v64_zero(void)
{
	return (struct v64){_mm512_setzero_si512()};
}

static inline struct v64 v64_or(struct v64 a, struct v64 b)
{
	return (struct v64){_mm512_or_si512(a.r, b.r)};
}

static inline uint64_t v64_high_bits(struct v64 v)
{
	return _mm512_movepi8_mask(v.r);
}

static inline uint64_t v64_equal(struct v64 v, uint8_t c)
{
	return _mm512_cmpeq_epi8_mask(v.r, _mm512_set1_epi8((char)c));
}

static inline uint64_t v64_less(struct v64 v, uint8_t c)
{
	return _mm512_cmplt_epu8_mask(v.r, _mm512_set1_epi8((char)c));
}

static inline struct v64 v64_look_up(const uint8_t table[128], struct v64 v)
{
	return (struct v64){_mm512_permutex2var_epi8(
	    _mm512_loadu_si512(table), v.r, _mm512_loadu_si512(table + V64_BYTES))};
}

static inline struct v64 v64_join_sextets(struct v64 v)
{
	const __m512i pairs = _mm512_maddubs_epi16(v.r, _mm512_set1_epi32(0x01400140));

	return (struct v64){_mm512_madd_epi16(pairs, _mm512_set1_epi32(0x00011000))};
}

static inline struct v64 v64_permute(const uint8_t index[V64_BYTES], struct v64 v)
{
	return (struct v64){_mm512_permutexvar_epi8(_mm512_loadu_si512(index), v.r)};
}

#endif

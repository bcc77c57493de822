/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * UTF-8, 32 bytes a step, after J. Keiser and D. Lemire, "Validating UTF-8 In Less Than One
 * Instruction Per Byte" (2021). Every fault of two neighbours shows in three of their halves: the
 * high and the low half of the first byte and the high half of the second. Each half names the
 * faults it is compatible with, one bit each; a fault that all three name is there. What is left is
 * that the third and fourth bytes of a sequence are continuations, and that they are nowhere else.
 */
#include "utf8.h"

#include <immintrin.h>

#define STEP 32u

#define SHORT      0x01 /* a lead byte, then no continuation */
#define LONG       0x02 /* ASCII, then a continuation */
#define OVERLONG_3 0x04 /* E0, then below A0 */
#define LARGE      0x08 /* F4, then 90 and more; F5 and more, then 90 and more */
#define SURROGATE  0x10 /* ED, then A0 and more */
#define OVERLONG_2 0x20 /* C0 or C1 */
#define LARGE_1000 0x40 /* F5 and more, then below 90 */
#define OVERLONG_4 0x40 /* F0, then below 90: no first byte is of both */
#define TWO        0x80 /* two continuations: a fault unless a longer sequence is open */
#define ANY_LOW    (SHORT | LONG | TWO) /* the low half says nothing about these */
#define BIG        (ANY_LOW | LARGE | LARGE_1000)

/* Sixteen entries, for each half of the register. */
#define TABLE(...) _mm256_setr_epi8(__VA_ARGS__, __VA_ARGS__)

static inline __m256i first_high(__m256i halves)
{
	return _mm256_shuffle_epi8(
	    TABLE(LONG, LONG, LONG, LONG, LONG, LONG, LONG, LONG, (char)TWO, (char)TWO, (char)TWO,
	        (char)TWO, SHORT | OVERLONG_2, SHORT, SHORT | OVERLONG_3 | SURROGATE,
	        SHORT | LARGE | LARGE_1000 | OVERLONG_4),
	    halves);
}

static inline __m256i first_low(__m256i halves)
{
	return _mm256_shuffle_epi8(
	    TABLE((char)(ANY_LOW | OVERLONG_3 | OVERLONG_2 | OVERLONG_4),
	        (char)(ANY_LOW | OVERLONG_2), (char)ANY_LOW, (char)ANY_LOW, (char)(ANY_LOW | LARGE),
	        (char)BIG, (char)BIG, (char)BIG, (char)BIG, (char)BIG, (char)BIG, (char)BIG,
	        (char)BIG, (char)(BIG | SURROGATE), (char)BIG, (char)BIG),
	    halves);
}

static inline __m256i second_high(__m256i halves)
{
	return _mm256_shuffle_epi8(
	    TABLE(SHORT, SHORT, SHORT, SHORT, SHORT, SHORT, SHORT, SHORT,
	        (char)(LONG | OVERLONG_2 | TWO | OVERLONG_3 | LARGE_1000 | OVERLONG_4),
	        (char)(LONG | OVERLONG_2 | TWO | OVERLONG_3 | LARGE),
	        (char)(LONG | OVERLONG_2 | TWO | SURROGATE | LARGE),
	        (char)(LONG | OVERLONG_2 | TWO | SURROGATE | LARGE), SHORT, SHORT, SHORT, SHORT),
	    halves);
}

static inline __m256i high_halves(__m256i v)
{
	return _mm256_and_si256(_mm256_srli_epi16(v, 4), _mm256_set1_epi8(0x0F));
}

/* The bytes of `now`, n places later, with the last ones of `before` in front. */
#define LATER(now, before, n)                                                                      \
	_mm256_alignr_epi8(now, _mm256_permute2x128_si256(before, now, 0x21), 16 - (n))

/* Not zero where a byte is at fault, seen together with those before it. */
static inline __m256i faults(__m256i now, __m256i before)
{
	const __m256i first = LATER(now, before, 1);
	const __m256i pair =
	    _mm256_and_si256(_mm256_and_si256(first_high(high_halves(first)),
	                         first_low(_mm256_and_si256(first, _mm256_set1_epi8(0x0F)))),
	        second_high(high_halves(now)));
	/* bit 7: a third or fourth byte must be here */
	const __m256i third = _mm256_subs_epu8(LATER(now, before, 2), _mm256_set1_epi8(0x60));
	const __m256i fourth = _mm256_subs_epu8(LATER(now, before, 3), _mm256_set1_epi8(0x70));
	const __m256i needed =
	    _mm256_and_si256(_mm256_or_si256(third, fourth), _mm256_set1_epi8((char)0x80));

	return _mm256_xor_si256(needed, pair);
}

bool eg_utf8_valid_avx2(struct eg_span text)
{
	__m256i before = _mm256_setzero_si256(), found = before, now;
	uint8_t last[STEP] = {0}; /* a zero ends what is open */
	size_t at = 0;

	for (; text.len - at >= STEP; at += STEP, before = now) {
		now = _mm256_loadu_si256((const __m256i *)(const void *)(text.ptr + at));
		found = _mm256_or_si256(found, faults(now, before));
	}
	memcpy(last, text.ptr + at, text.len - at);
	now = _mm256_loadu_si256((const __m256i *)(const void *)last);
	found = _mm256_or_si256(found, faults(now, before));
	return _mm256_testz_si256(found, found) != 0;
}

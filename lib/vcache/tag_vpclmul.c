/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * GHASH (SP 800-38D section 6.4) of a token, two blocks at a time.
 *
 *   token │ X1 X2 │ X3 X4 │ … │ last, padded │ length │ ──▶ X1·H^n + X2·H^(n-1) + … + length·H
 *
 * All products of up to POWERS blocks are added before the sum is reduced once. A block is a
 * polynomial whose bits run the other way; with its bytes reversed it is one of POLYVAL (RFC 8452),
 * where a product is followed by a division by x^128: GHASH under H is POLYVAL under x·H (its
 * appendix A), and the division is a reduction from below, two words of 64 bits.
 */
#include "tag_wide.h"

#include <immintrin.h>

#define BLOCK_BYTES 16u
#define POWERS      EG_TAG_POWERS
#define STEP_BLOCKS (POWERS - 2u) /* even; with the last one and the length all powers */

/* x^121 + x^126 + x^127, the upper half of the modulus x^128 + … + 1. */
#define MODULUS_HIGH 0xc200000000000000ull

/* Of products of 256 bits, by weight: 1, x^64, x^128. Two lanes that belong to one sum. */
struct sum {
	__m256i low, middle, high;
};

static const struct sum nothing;

static inline const __m128i *power(const struct eg_tag_wide *t, size_t exponent)
{
	return (const __m128i *)t->power + (POWERS - exponent);
}

/* Two values times two powers, of which power points at the higher one. */
static inline void add(struct sum *s, __m256i x, const __m128i *power)
{
	const __m256i h = _mm256_loadu_si256((const __m256i *)power);

	s->low = _mm256_xor_si256(s->low, _mm256_clmulepi64_epi128(x, h, 0x00));
	s->high = _mm256_xor_si256(s->high, _mm256_clmulepi64_epi128(x, h, 0x11));
	s->middle =
	    _mm256_xor_si256(s->middle, _mm256_xor_si256(_mm256_clmulepi64_epi128(x, h, 0x01),
	                                    _mm256_clmulepi64_epi128(x, h, 0x10)));
}

static inline __m128i both_lanes(__m256i v)
{
	return _mm_xor_si128(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
}

/* Divides by x^64, modulo: the lower word times the modulus makes it vanish. */
static inline __m128i without_low_word(__m128i v)
{
	return _mm_xor_si128(_mm_shuffle_epi32(v, _MM_SHUFFLE(1, 0, 3, 2)),
	    _mm_clmulepi64_si128(v, _mm_set_epi64x(0, (long long)MODULUS_HIGH), 0x00));
}

static inline __m128i reduced(const struct sum *s)
{
	const __m128i middle = both_lanes(s->middle);
	const __m128i low = _mm_xor_si128(both_lanes(s->low), _mm_slli_si128(middle, 8));
	const __m128i high = _mm_xor_si128(both_lanes(s->high), _mm_srli_si128(middle, 8));

	return _mm_xor_si128(high, without_low_word(without_low_word(low)));
}

static inline __m128i times(__m128i a, const __m128i *b)
{
	struct sum s = nothing;

	s.low = _mm256_zextsi128_si256(_mm_clmulepi64_si128(a, *b, 0x00));
	s.high = _mm256_zextsi128_si256(_mm_clmulepi64_si128(a, *b, 0x11));
	s.middle = _mm256_zextsi128_si256(
	    _mm_xor_si128(_mm_clmulepi64_si128(a, *b, 0x01), _mm_clmulepi64_si128(a, *b, 0x10)));
	return reduced(&s);
}

/* ── blocks ── */

/* From `cnt` bytes in front of [16] on, it reverses the last cnt bytes of a block to its front, and
 * pads with zeros. */
static const uint8_t last_bytes[2 * BLOCK_BYTES] = {0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80,
    0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2,
    1, 0};

static inline __m128i load(const void *p)
{
	return _mm_loadu_si128((const __m128i *)p);
}

static inline __m128i reversed(__m128i block)
{
	return _mm_shuffle_epi8(block, load(last_bytes + BLOCK_BYTES));
}

/* The cnt (1 … 16) last bytes of a token and zeros behind them. */
static inline __m128i last_block(struct eg_span token, size_t cnt)
{
	uint8_t copy[BLOCK_BYTES] = {0};
	const uint8_t *end = token.ptr + token.len;

	if (token.len < BLOCK_BYTES) { /* what is in front of it is not ours */
		memcpy(copy + BLOCK_BYTES - cnt, token.ptr, cnt);
		end = copy + BLOCK_BYTES;
	}
	return _mm_shuffle_epi8(load(end - BLOCK_BYTES), load(last_bytes + cnt));
}

/* Adds hash and cnt blocks, of which the first takes the power `exponent`, hash with it. */
static inline void add_blocks(const struct eg_tag_wide *t, struct sum *s, __m128i hash,
    const uint8_t *blocks, size_t cnt, size_t exponent)
{
	const __m256i order = _mm256_broadcastsi128_si256(load(last_bytes + BLOCK_BYTES));
	const __m128i *h = power(t, exponent);

	if (cnt % 2 != 0) {
		hash = _mm_xor_si128(hash, reversed(load(blocks)));
		blocks += BLOCK_BYTES;
	}
	add(s, _mm256_zextsi128_si256(hash), h);
	h += cnt % 2;
	for (size_t i = 0; i < cnt / 2; i++) {
		const __m256i pair = _mm256_loadu_si256((const __m256i *)blocks + i);

		add(s, _mm256_shuffle_epi8(pair, order), h + 2 * i);
	}
}

static inline __m128i ghash(const struct eg_tag_wide *t, struct eg_span token)
{
	const uint64_t bits = (uint64_t)token.len * 8;
	const uint8_t *blocks = token.ptr;
	size_t cnt = (token.len - 1) / BLOCK_BYTES; /* in front of the last one */
	const __m128i last = last_block(token, token.len - cnt * BLOCK_BYTES);
	__m128i hash = _mm_setzero_si128();
	struct sum s = nothing;

	for (; cnt > STEP_BLOCKS; cnt -= STEP_BLOCKS) {
		add_blocks(t, &s, hash, blocks, STEP_BLOCKS, STEP_BLOCKS);
		hash = reduced(&s);
		s = nothing;
		blocks += STEP_BLOCKS * BLOCK_BYTES;
	}
	add_blocks(t, &s, hash, blocks, cnt, cnt + 2);
	add(&s, _mm256_setr_m128i(last, _mm_set_epi64x((long long)bits, 0)), power(t, 2));
	return reversed(reduced(&s));
}

/* ── AES-128 ── */

static inline __m128i enciphered(const uint32_t round_keys[EG_TAG_ROUND_WORDS], __m128i block)
{
	const __m128i *key = (const __m128i *)round_keys;

	block = _mm_xor_si128(block, key[0]);
	for (unsigned round = 1; round < 10; round++)
		block = _mm_aesenc_si128(block, key[round]);
	return _mm_aesenclast_si128(block, key[10]);
}

/* ── the tag ── */

static void set_counter(struct eg_tag_wide *t, const uint8_t counter[16])
{
	memcpy(t->counter, counter, sizeof(t->counter));
	_mm_store_si128((__m128i *)t->mask, enciphered(t->mac, load(counter)));
}

void eg_tag_wide_init(struct eg_tag_wide *t)
{
	__m128i *power_of_one = (__m128i *)t->power + (POWERS - 1);
	const __m128i h = reversed(enciphered(t->mac, _mm_setzero_si128()));
	const __m128i carry = _mm_set_epi64x((long long)MODULUS_HIGH, 1);
	const bool overflows = (_mm_movemask_epi8(h) & 0x8000) != 0;
	__m128i xh = _mm_or_si128(_mm_slli_epi64(h, 1), _mm_slli_si128(_mm_srli_epi64(h, 63), 8));

	if (overflows)
		xh = _mm_xor_si128(xh, carry);
	*power_of_one = xh;
	for (__m128i *p = power_of_one; p > (__m128i *)t->power; p--)
		p[-1] = times(*p, power_of_one);
	set_counter(t, t->counter);
}

void eg_tag_wide_tag(struct eg_tag_wide *t, const uint8_t counter[16], struct eg_span token,
    struct eg_vcache_tag *tag)
{
	if (memcmp(counter, t->counter, sizeof(t->counter)) != 0)
		set_counter(t, counter);
	_mm_storeu_si128(
	    (__m128i *)tag, enciphered(t->cipher, _mm_xor_si128(ghash(t, token), load(t->mask))));
}

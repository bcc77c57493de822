/* SPDX-License-Identifier: BSD-3-Clause */
#include "base64url_impl.h"
#include "cbor_size.h"
#include "codec_impl.h"
#include "eg_cpu.h"
#include "json_mark.h"
#include "utf8.h"

#include <immintrin.h>

#define STEP_CHARS 32u
#define STEP_BYTES 24u

/*
 * Each character is judged by its two halves: HIGH names the class of the high one (a bit), LOW the
 * classes in which the low one is no character of the alphabet. A common bit refuses.
 *
 *   high half   2: '-'   3: digits   4, 6: A–O, a–o   5: P–Z and '_'   7: p–z   others: none
 *   class       0x01     0x02        0x04             0x08             0x10     0x20
 */
#define BY_HALF(...) _mm256_setr_epi8(__VA_ARGS__, __VA_ARGS__)
#define HIGH                                                                                       \
	BY_HALF(0x20, 0x20, 0x01, 0x02, 0x04, 0x08, 0x04, 0x10, 0x20, 0x20, 0x20, 0x20, 0x20,      \
	    0x20, 0x20, 0x20)
#define LOW                                                                                        \
	BY_HALF(0x25, 0x21, 0x21, 0x21, 0x21, 0x21, 0x21, 0x21, 0x21, 0x21, 0x23, 0x3B, 0x3B,      \
	    0x3A, 0x3B, 0x33)

/* What to add to a character for its six bits, by the high half; '_' needs another 33. */
#define OFFSET BY_HALF(0, 0, 17, 4, -65, -65, -71, -71, 0, 0, 0, 0, 0, 0, 0, 0)

/* The 24 bytes of 32 characters, in front; *bad gets a bit where a character is none. */
static inline __m256i decode_step(const uint8_t *in, __m256i *bad)
{
	const __m256i text = _mm256_loadu_si256((const __m256i *)(const void *)in);
	const __m256i nibble = _mm256_set1_epi8(0x0F);
	const __m256i high = _mm256_and_si256(_mm256_srli_epi32(text, 4), nibble);
	const __m256i low = _mm256_and_si256(text, nibble);
	const __m256i underscore = _mm256_cmpeq_epi8(text, _mm256_set1_epi8('_'));
	__m256i v;

	*bad = _mm256_or_si256(
	    *bad, _mm256_and_si256(_mm256_shuffle_epi8(HIGH, high), _mm256_shuffle_epi8(LOW, low)));
	v = _mm256_add_epi8(text, _mm256_shuffle_epi8(OFFSET, high));
	v = _mm256_add_epi8(v, _mm256_and_si256(underscore, _mm256_set1_epi8(33)));
	/* four times six bits: pairs of 12 bits, then 24 bits, then their three bytes in order */
	v = _mm256_maddubs_epi16(v, _mm256_set1_epi32(0x01400140));
	v = _mm256_madd_epi16(v, _mm256_set1_epi32(0x00011000));
	v = _mm256_shuffle_epi8(v, BY_HALF(2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1));
	return _mm256_permutevar8x32_epi32(v, _mm256_setr_epi32(0, 1, 2, 4, 5, 6, 3, 7));
}

/* Exactly 24 bytes. */
static inline void store_step(uint8_t *out, __m256i v)
{
	_mm_storeu_si128((__m128i *)(void *)out, _mm256_castsi256_si128(v));
	_mm_storel_epi64((__m128i *)(void *)(out + 16), _mm256_extracti128_si256(v, 1));
}

static bool base64url_decode(struct eg_span text, uint8_t *out)
{
	const size_t whole = text.len & ~(size_t)3;
	__m256i bad = _mm256_setzero_si256();
	size_t at = 0;

	if (whole < STEP_CHARS)
		return eg_base64url_decode_plainly(text, out);
	/* Where a further step follows, it writes over the last eight of 32 bytes. */
	for (; whole - at >= 2 * STEP_CHARS; at += STEP_CHARS, out += STEP_BYTES)
		_mm256_storeu_si256((__m256i *)(void *)out, decode_step(text.ptr + at, &bad));
	for (; whole - at >= STEP_CHARS; at += STEP_CHARS, out += STEP_BYTES)
		store_step(out, decode_step(text.ptr + at, &bad));
	if (at != whole) { /* the last 32 once more: some of them are decoded twice */
		out += (whole - at) / 4 * 3;
		store_step(out - STEP_BYTES, decode_step(text.ptr + whole - STEP_CHARS, &bad));
	}
	if (!_mm256_testz_si256(bad, bad))
		return false;
	return eg_base64url_decode_plainly(eg_span(text.ptr + whole, text.len - whole), out);
}

/* ── JSON ── */

static inline uint32_t mark_step(const uint8_t *p, __m256i *all)
{
	const __m256i v = _mm256_loadu_si256((const __m256i *)(const void *)p);
	const __m256i quote = _mm256_cmpeq_epi8(v, _mm256_set1_epi8('"'));
	const __m256i backslash = _mm256_cmpeq_epi8(v, _mm256_set1_epi8('\\'));
	const __m256i control = _mm256_cmpeq_epi8(_mm256_min_epu8(v, _mm256_set1_epi8(0x1F)), v);

	*all = _mm256_or_si256(*all, v);
	return (uint32_t)_mm256_movemask_epi8(
	    _mm256_or_si256(_mm256_or_si256(quote, backslash), control));
}

static inline uint64_t mark_block(const uint8_t *p, __m256i *all)
{
	return mark_step(p, all) | (uint64_t)mark_step(p + STEP_CHARS, all) << STEP_CHARS;
}

/* Fewer than 64 bytes at the end of a text: as many of them as a vector holds are read together
 * with bytes in front of them. */
static inline uint64_t mark_end(struct eg_span text, size_t left, __m256i *all, uint64_t *rest)
{
	const uint8_t *end = text.ptr + text.len;

	if (left == 0)
		return 0;
	if (text.len >= 2 * STEP_CHARS)
		return mark_block(end - 2 * STEP_CHARS, all) >> (2 * STEP_CHARS - left);
	if (left < STEP_CHARS)
		return eg_json_mark_rest(end - left, left, rest);
	return mark_step(text.ptr, all) | (uint64_t)mark_step(end - STEP_CHARS, all)
	                                      << (left - STEP_CHARS);
}

static bool json_mark(struct eg_span text, uint64_t *marks)
{
	const size_t block = 2 * STEP_CHARS;
	__m256i all = _mm256_setzero_si256();
	uint64_t rest = 0;
	size_t at = 0;

	for (; text.len - at >= block; at += block)
		*marks++ = mark_block(text.ptr + at, &all);
	*marks = mark_end(text, text.len - at, &all, &rest);
	return _mm256_movemask_epi8(all) != 0 || (rest & EG_HIGH_BITS) != 0;
}

static inline uint32_t ink_step(const uint8_t *p)
{
	const __m256i v = _mm256_loadu_si256((const __m256i *)(const void *)p);
	/* by the low half of a byte, the white space that it may be; by a high bit, 0 */
	const __m256i space = _mm256_shuffle_epi8(
	    BY_HALF(' ', -1, -1, -1, -1, -1, -1, -1, -1, '\t', '\n', -1, -1, '\r', -1, -1), v);

	return ~(uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(v, space));
}

void eg_json_mark_ink_avx2(struct eg_span text, uint64_t *marks)
{
	const size_t block = 2 * STEP_CHARS;
	size_t at = 0;

	for (; text.len - at >= block; at += block)
		*marks++ = ink_step(text.ptr + at) | (uint64_t)ink_step(text.ptr + at + STEP_CHARS)
		                                         << STEP_CHARS;
	*marks = eg_json_ink_rest(text.ptr + at, text.len - at);
}

static inline __m256i equal(__m256i a, __m256i b)
{
	return _mm256_cmpeq_epi64(a, b);
}

/* Each four words beside the four before them, in each of their turns. */
bool eg_json_twice_avx2(const uint64_t *word, unsigned cnt)
{
	const __m256i *const four = (const __m256i *)(const void *)word;
	__m256i twice = _mm256_setzero_si256();

	for (unsigned i = 0; i < cnt / 4; i++) {
		const __m256i a = _mm256_loadu_si256(four + i);
		const __m256i b = _mm256_permute4x64_epi64(a, 0x39);
		const __m256i c = _mm256_permute4x64_epi64(a, 0x4E);
		const __m256i d = _mm256_permute4x64_epi64(a, 0x93);

		twice = _mm256_or_si256(twice, _mm256_or_si256(equal(a, b), equal(a, c)));
		for (unsigned k = 0; k < i; k++) {
			const __m256i v = _mm256_loadu_si256(four + k);

			twice = _mm256_or_si256(
			    twice, _mm256_or_si256(_mm256_or_si256(equal(v, a), equal(v, b)),
			               _mm256_or_si256(equal(v, c), equal(v, d))));
		}
	}
	return _mm256_testz_si256(twice, twice) == 0 || eg_json_twice(word, cnt & ~3u, cnt);
}

/* Bit i: is key[i] as wanted? Of four. */
static inline unsigned alike_four(const uint64_t *key, uint64_t wanted)
{
	const __m256i v = _mm256_loadu_si256((const __m256i *)(const void *)key);
	const __m256i same = _mm256_cmpeq_epi64(v, _mm256_set1_epi64x((long long)wanted));

	return (unsigned)_mm256_movemask_pd(_mm256_castsi256_pd(same));
}

/* The first key, with its length and first bytes, tells most names apart. */
unsigned eg_json_alike_avx2(const struct eg_codec_keys *keys, unsigned first, unsigned end,
    const uint64_t wanted[EG_CODEC_KEYS])
{
	unsigned i = first;

	for (; end - i >= 4; i += 4) {
		unsigned alike = alike_four(&keys->key[0][i], wanted[0]);

		if (alike == 0)
			continue;
		alike &= alike_four(&keys->key[1][i], wanted[1]) &
		         alike_four(&keys->key[2][i], wanted[2]);
		if (alike != 0)
			return i + (unsigned)__builtin_ctz(alike);
	}
	return eg_json_alike(keys, i, end, wanted);
}

/* ── CBOR ── */

/* By the high half of a first byte: where its low half is looked up, each in one bit. */
#define A_PLAIN  0x01 /* one byte */
#define A_HEAD   0x02 /* in `head`: what is odd is followed by an argument from 8 on */
#define A_STRING 0x04 /* in `string` */
#define A_ARRAY  0x08 /* one byte below 8 */
#define A_MAP    0x10 /* one byte where it is 0 */

/* All ones in each byte that has one of the bits. */
static inline __m256i has_bits(__m256i v, int bits)
{
	const __m256i b = _mm256_set1_epi8((char)bits);

	return _mm256_cmpeq_epi8(_mm256_and_si256(v, b), b);
}

static inline __m256i kinds(__m256i high)
{
	return _mm256_shuffle_epi8(
	    BY_HALF(A_PLAIN, A_HEAD, A_PLAIN, A_HEAD, A_STRING, 0, A_STRING, 0, A_PLAIN, A_ARRAY,
	        A_MAP, 0, A_PLAIN, A_HEAD, A_PLAIN, A_HEAD),
	    high);
}

static inline __m256i sizes_by_kind(__m256i kind, __m256i low)
{
	const __m256i head =
	    _mm256_shuffle_epi8(BY_HALF(1, 1, 1, 1, 1, 1, 1, 1, 2, 3, 5, 0, 0, 0, 0, 0), low);
	const __m256i string = _mm256_shuffle_epi8(
	    BY_HALF(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16), low);
	/* one byte, or none, by kind */
	const __m256i one = _mm256_shuffle_epi8(
	    BY_HALF(A_PLAIN | A_ARRAY | A_MAP, A_PLAIN | A_ARRAY, A_PLAIN | A_ARRAY,
	        A_PLAIN | A_ARRAY, A_PLAIN | A_ARRAY, A_PLAIN | A_ARRAY, A_PLAIN | A_ARRAY,
	        A_PLAIN | A_ARRAY, A_PLAIN, A_PLAIN, A_PLAIN, A_PLAIN, A_PLAIN, A_PLAIN, A_PLAIN,
	        A_PLAIN),
	    low);
	const __m256i is_one = _mm256_min_epu8(_mm256_and_si256(one, kind), _mm256_set1_epi8(1));

	return _mm256_or_si256(
	    is_one, _mm256_or_si256(_mm256_and_si256(head, has_bits(kind, A_HEAD)),
	                _mm256_and_si256(string, has_bits(kind, A_STRING))));
}

static inline __m256i load(const uint8_t *p)
{
	return _mm256_loadu_si256((const __m256i *)(const void *)p);
}

/* All ones where the bytes behind a first byte make its form the shortest. Most depends on one, of
 * an argument of four bytes on two. */
static inline __m256i are_shortest(const uint8_t *p, __m256i high, __m256i low)
{
	const __m256i least_of_1 =
	    _mm256_shuffle_epi8(BY_HALF(0, 24, 0, 24, 0, 0, 0, 0, 0, 0, 0, 0, 0, 24, 0, 32), high);
	const __m256i least_of_more =
	    _mm256_shuffle_epi8(BY_HALF(0, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0), high);
	const __m256i is_1 = _mm256_cmpeq_epi8(low, _mm256_set1_epi8(8));
	const __m256i is_4 = _mm256_cmpeq_epi8(low, _mm256_set1_epi8(10));
	const __m256i is_more = _mm256_or_si256(_mm256_cmpeq_epi8(low, _mm256_set1_epi8(9)), is_4);
	const __m256i least = _mm256_or_si256(
	    _mm256_and_si256(least_of_1, is_1), _mm256_and_si256(least_of_more, is_more));
	const __m256i behind = _mm256_or_si256(load(p + 1), _mm256_and_si256(load(p + 2), is_4));

	return _mm256_cmpeq_epi8(_mm256_subs_epu8(least, behind), _mm256_setzero_si256());
}

static inline __attribute__((always_inline)) void cbor_size_step(const uint8_t *p, uint8_t *size)
{
	const __m256i first = load(p), nibble = _mm256_set1_epi8(0x0F);
	const __m256i high = _mm256_and_si256(_mm256_srli_epi16(first, 4), nibble);
	const __m256i low = _mm256_and_si256(first, nibble);
	const __m256i bytes = sizes_by_kind(kinds(high), low);

	_mm256_storeu_si256(
	    (__m256i *)(void *)size, _mm256_and_si256(bytes, are_shortest(p, high, low)));
}

void eg_cbor_sizes_avx2(const uint8_t *p, size_t cnt, uint8_t *size)
{
	size_t at = 0;

	if (cnt < STEP_CHARS) {
		eg_cbor_sizes(p, cnt, size);
		return;
	}
	for (; cnt - at > STEP_CHARS; at += STEP_CHARS)
		cbor_size_step(p + at, size + at);
	cbor_size_step(p + cnt - STEP_CHARS, size + cnt - STEP_CHARS);
}

const struct eg_codec_impl eg_codec_avx2 = {
    .name = "avx2",
    .cpu = EG_CPU_AVX2,
    .base64url_decode = base64url_decode,
    .json_mark = json_mark,
    .json_mark_ink = eg_json_mark_ink_avx2,
    .json_twice = eg_json_twice_avx2,
    .json_alike = eg_json_alike_avx2,
    .cbor_sizes = eg_cbor_sizes_avx2,
    .utf8_valid = eg_utf8_valid_avx2,
};

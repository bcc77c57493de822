/* SPDX-License-Identifier: BSD-3-Clause */
#include "base64url_impl.h"
#include "cbor_size.h"
#include "codec_impl.h"
#include "json_mark.h"
#include "utf8.h"

#define BLOCK 64u

static bool base64url_decode(struct eg_span text, uint8_t *out)
{
	return eg_base64url_decode_plainly(text, out);
}

static bool json_mark(struct eg_span text, uint64_t *marks)
{
	uint64_t all = 0;
	size_t at = 0;

	for (; text.len - at >= BLOCK; at += BLOCK) {
		*marks = 0;
		for (unsigned i = 0; i < BLOCK; i += 8) {
			const uint64_t word = eg_load_le64(text.ptr + at + i);

			all |= word;
			*marks |= (uint64_t)eg_gather_high_bits(eg_json_special_bytes(word)) << i;
		}
		marks++;
	}
	*marks = eg_json_mark_rest(text.ptr + at, text.len - at, &all);
	return (all & EG_HIGH_BITS) != 0;
}

static void json_mark_ink(struct eg_span text, uint64_t *marks)
{
	size_t at = 0;

	for (; text.len - at >= BLOCK; at += BLOCK)
		*marks++ = eg_json_ink_rest(text.ptr + at, BLOCK);
	*marks = eg_json_ink_rest(text.ptr + at, text.len - at);
}

static bool json_twice(const uint64_t *word, unsigned cnt)
{
	return eg_json_twice(word, 0, cnt);
}

static unsigned json_alike(const struct eg_codec_keys *keys, unsigned first, unsigned end,
    const uint64_t wanted[EG_CODEC_KEYS])
{
	return eg_json_alike(keys, first, end, wanted);
}

/* clang-format off */
#define NO     {0, 0}
#define ONE    {1, 0}
#define NO8    NO, NO, NO, NO, NO, NO, NO, NO
#define ONE8   ONE, ONE, ONE, ONE, ONE, ONE, ONE, ONE
#define PLAIN  ONE8, ONE8, ONE8, {2, 24 << 8}, {3, 1 << 8}, {5, 1}, NO, NO, NO, NO, NO
#define STRING                                                                                     \
	{1, 0}, {2, 0}, {3, 0}, {4, 0}, {5, 0}, {6, 0}, {7, 0}, {8, 0}, {9, 0}, {10, 0}, {11, 0},  \
	    {12, 0}, {13, 0}, {14, 0}, {15, 0}, {16, 0}, NO8, NO8
#define ARRAY  ONE8, ONE8, ONE8, NO8
#define NO_PAIR ONE, NO, NO, NO, NO, NO, NO, NO, NO8, NO8, NO8
#define SIMPLE ONE8, ONE8, ONE8, {2, 32 << 8}, {3, 0}, {5, 0}, NO, NO, NO, NO, NO
/* clang-format on */

const struct eg_cbor_short eg_cbor_short[256] = {
    PLAIN, PLAIN, STRING, STRING, ARRAY, NO_PAIR, PLAIN, SIMPLE};

static void cbor_sizes(const uint8_t *p, size_t cnt, uint8_t *size)
{
	eg_cbor_sizes(p, cnt, size);
}

const struct eg_codec_impl eg_codec_scalar = {
    .name = "scalar",
    .base64url_decode = base64url_decode,
    .json_mark = json_mark,
    .json_mark_ink = json_mark_ink,
    .json_twice = json_twice,
    .json_alike = json_alike,
    .cbor_sizes = cbor_sizes,
    .utf8_valid = eg_utf8_valid_plainly,
};

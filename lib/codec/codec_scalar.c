/* SPDX-License-Identifier: BSD-3-Clause */
#include "base64url_impl.h"
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

const struct eg_codec_impl eg_codec_scalar = {
    .name = "scalar",
    .base64url_decode = base64url_decode,
    .json_mark = json_mark,
    .json_mark_ink = json_mark_ink,
    .json_twice = json_twice,
    .json_alike = json_alike,
    .utf8_valid = eg_utf8_valid_plainly,
};

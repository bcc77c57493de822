/* SPDX-License-Identifier: BSD-3-Clause */
#include "codec_impl.h"
#include "eg_json.h"
#include "utf8.h"

#define HIGH_BITS 0x8080808080808080u

static bool is_continuation(uint8_t c)
{
	return (c & 0xC0) == 0x80;
}

/* Length of the multi-byte sequence at p, or 0 where it is not well-formed. The second byte's range
 * is what excludes overlong forms, surrogates and code points over U+10FFFF (Unicode table 3-7). */
static size_t sequence_bytes(const uint8_t *p, size_t left)
{
	const uint8_t lead = p[0];
	const uint8_t low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
	const uint8_t high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
	const size_t len = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;

	if (lead < 0xC2 || lead > 0xF4 || len > left || p[1] < low || p[1] > high)
		return 0;
	for (size_t i = 2; i < len; i++)
		if (!is_continuation(p[i]))
			return 0;
	return len;
}

static size_t ascii_prefix(const uint8_t *p, size_t left)
{
	size_t i = 0;
	uint64_t word;

	for (; left - i >= sizeof(word); i += sizeof(word)) {
		memcpy(&word, p + i, sizeof(word));
		if ((word & HIGH_BITS) != 0)
			break;
	}
	while (i < left && p[i] < 0x80)
		i++;
	return i;
}

bool eg_utf8_valid_plainly(struct eg_span text)
{
	size_t i = 0;

	for (;;) {
		size_t len;

		i += ascii_prefix(text.ptr + i, text.len - i);
		if (i == text.len)
			return true;
		len = sequence_bytes(text.ptr + i, text.len - i);
		if (len == 0)
			return false;
		i += len;
	}
}

bool eg_utf8_valid(struct eg_span text)
{
	return eg_codec_best()->utf8_valid(text);
}

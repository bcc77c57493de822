/* SPDX-License-Identifier: BSD-3-Clause */
#include "base64url_impl.h"
#include "codec_impl.h"

/* clang-format off */
#define __   EG_BASE64URL_BAD
#define BAD8 __, __, __, __, __, __, __, __
const uint8_t eg_base64url_sextet[256] = {
	__, __, __, __, __, __, __, __, __, __, __, __, __, __, __, __,
	__, __, __, __, __, __, __, __, __, __, __, __, __, __, __, __,
	__, __, __, __, __, __, __, __, __, __, __, __, __, 62, __, __,
	52, 53, 54, 55, 56, 57, 58, 59, 60, 61, __, __, __, __, __, __,
	__, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14,
	15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, __, __, __, __, 63,
	__, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40,
	41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, __, __, __, __, __,
	BAD8, BAD8, BAD8, BAD8, BAD8, BAD8, BAD8, BAD8, BAD8, BAD8, BAD8, BAD8, BAD8, BAD8, BAD8, BAD8,
};
/* clang-format on */

static const char encode_table[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

bool eg_base64url_valid(struct eg_span text)
{
	uint8_t all = 0;

	for (size_t i = 0; i < text.len; i++)
		all |= eg_base64url_sextet[text.ptr[i]];
	return all < EG_BASE64URL_BAD && eg_base64url_is_canonical(text);
}

bool eg_base64url_decode(struct eg_span text, uint8_t *out)
{
	return eg_codec_best()->base64url_decode(text, out);
}

void eg_base64url_encode(struct eg_span data, char *out)
{
	const uint8_t *in = data.ptr;
	uint32_t v;

	for (size_t n = data.len / 3; n > 0; n--, in += 3) {
		v = (uint32_t)in[0] << 16 | (uint32_t)in[1] << 8 | in[2];
		*out++ = encode_table[v >> 18];
		*out++ = encode_table[v >> 12 & 63];
		*out++ = encode_table[v >> 6 & 63];
		*out++ = encode_table[v & 63];
	}
	if (data.len % 3 == 0)
		return;
	v = (uint32_t)in[0] << 10 | (data.len % 3 == 2 ? (uint32_t)in[1] << 2 : 0);
	*out++ = encode_table[v >> 12];
	*out++ = encode_table[v >> 6 & 63];
	if (data.len % 3 == 2)
		*out = encode_table[v & 63];
}

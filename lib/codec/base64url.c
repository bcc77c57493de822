/* SPDX-License-Identifier: BSD-3-Clause */
#include "eg_base64url.h"

#define VALID       0x40u /* set in the entry of each character of the alphabet */
#define V(c, value) [c] = VALID | (value)

/* clang-format off */
static const uint8_t decode_table[256] = {
	V('A', 0), V('B', 1), V('C', 2), V('D', 3), V('E', 4), V('F', 5), V('G', 6), V('H', 7),
	V('I', 8), V('J', 9), V('K', 10), V('L', 11), V('M', 12), V('N', 13), V('O', 14), V('P', 15),
	V('Q', 16), V('R', 17), V('S', 18), V('T', 19), V('U', 20), V('V', 21), V('W', 22), V('X', 23),
	V('Y', 24), V('Z', 25), V('a', 26), V('b', 27), V('c', 28), V('d', 29), V('e', 30), V('f', 31),
	V('g', 32), V('h', 33), V('i', 34), V('j', 35), V('k', 36), V('l', 37), V('m', 38), V('n', 39),
	V('o', 40), V('p', 41), V('q', 42), V('r', 43), V('s', 44), V('t', 45), V('u', 46), V('v', 47),
	V('w', 48), V('x', 49), V('y', 50), V('z', 51), V('0', 52), V('1', 53), V('2', 54), V('3', 55),
	V('4', 56), V('5', 57), V('6', 58), V('7', 59), V('8', 60), V('9', 61), V('-', 62), V('_', 63),
};
/* clang-format on */

static const char encode_table[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

bool eg_base64url_is_alphabet(struct eg_span text)
{
	uint8_t all = VALID;

	for (size_t i = 0; i < text.len; i++)
		all &= decode_table[text.ptr[i]];
	return all == VALID;
}

bool eg_base64url_is_canonical(struct eg_span text)
{
	/* By length mod 4: the bits of the last character that carry no data. */
	static const uint8_t unused_bits[4] = {0, 0, 0x0F, 0x03};

	if (text.len % 4 == 0)
		return true;
	return text.len % 4 != 1 &&
	       (decode_table[text.ptr[text.len - 1]] & unused_bits[text.len % 4]) == 0;
}

/* The 6 bits of one character; *all keeps VALID only while every character has it. */
static inline uint32_t sextet(uint8_t c, uint8_t *all)
{
	*all &= decode_table[c];
	return decode_table[c] & (VALID - 1);
}

bool eg_base64url_decode(struct eg_span text, uint8_t *out)
{
	const uint8_t *in = text.ptr;
	uint8_t all = VALID;
	uint32_t v;

	for (size_t n = text.len / 4; n > 0; n--, in += 4) {
		v = sextet(in[0], &all) << 18 | sextet(in[1], &all) << 12 |
		    sextet(in[2], &all) << 6 | sextet(in[3], &all);
		*out++ = (uint8_t)(v >> 16);
		*out++ = (uint8_t)(v >> 8);
		*out++ = (uint8_t)v;
	}
	if (text.len % 4 >= 2) {
		v = sextet(in[0], &all) << 10 | sextet(in[1], &all) << 4;
		*out++ = (uint8_t)(v >> 8);
		if (text.len % 4 == 3)
			*out = (uint8_t)(v | sextet(in[2], &all) >> 2);
	}
	return all == VALID && eg_base64url_is_canonical(text);
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

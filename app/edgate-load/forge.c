/* SPDX-License-Identifier: BSD-3-Clause */
#include "forge.h"

#include "eg_egt.h"
#include "frame.h"

#include <string.h>

#define SIGNATURE_BYTES 64u
#define S_FROM_END      31u /* of the decoded segment: the second byte of S and those behind it */
#define GROUP_BYTES     3u
#define GROUP_CHARS     4u

static const char alphabet[64] __attribute__((nonstring)) =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* The segment with the signature: the last of a JWT, the third of a PASETO. */
static bool find_segment(struct eg_span token, struct eg_span *segment)
{
	size_t dot[3], cnt = 0;

	for (size_t i = 0; i < token.len && cnt < 3; i++)
		if (token.ptr[i] == '.')
			dot[cnt++] = i;
	if (cnt < 2)
		return false;
	*segment = eg_span(token.ptr + dot[1] + 1, (cnt == 3 ? dot[2] : token.len) - dot[1] - 1);
	return true;
}

/* From the first whole group of characters behind S's lowest byte. */
static struct load_forge_place place_in_text(struct eg_span token)
{
	struct eg_span segment;
	size_t bytes, group;

	if (!find_segment(token, &segment))
		return (struct load_forge_place){0, true};
	bytes = segment.len * GROUP_BYTES / GROUP_CHARS;
	if (bytes < SIGNATURE_BYTES)
		return (struct load_forge_place){0, true};
	group = (bytes - S_FROM_END + GROUP_BYTES - 1) / GROUP_BYTES;
	return (struct load_forge_place){
	    (uint16_t)((size_t)(segment.ptr - token.ptr) + group * GROUP_CHARS), true};
}

struct load_forge_place load_forge_place(const struct load_token *token)
{
	if (token->fmt != EG_FMT_CWT)
		return place_in_text(token->bytes);
	if (token->bytes.len <= SIGNATURE_BYTES)
		return (struct load_forge_place){0, false};
	return (struct load_forge_place){(uint16_t)(token->bytes.len - S_FROM_END), false};
}

static uint64_t value_of(uint8_t c)
{
	if (c >= 'a')
		return c - 'a' + 26u;
	if (c == '_')
		return 63;
	if (c >= 'A')
		return c - 'A' + 0u;
	return c == '-' ? 62u : c - '0' + 52u;
}

static void change_text(uint8_t *text, uint64_t number)
{
	for (unsigned i = 0; i < LOAD_FORGE_BYTES; i++)
		text[i] = (uint8_t)alphabet[(value_of(text[i]) ^ number >> 6 * i) & 63];
}

static void change_bytes(uint8_t *bytes, uint64_t number)
{
	for (unsigned i = 0; i < LOAD_FORGE_BITS / 8; i++)
		bytes[i] ^= (uint8_t)(number >> 8 * i);
}

/* The words that hold the change begin at an even place. */
uint32_t load_forge(uint8_t *request, struct load_forge_place place, uint64_t number, uint32_t sum)
{
	uint8_t *words = request + (place.at & ~1u);
	uint32_t before = load_frame_sum(0, words, LOAD_FORGE_BYTES + 2);

	if (place.text)
		change_text(request + place.at, number);
	else
		change_bytes(request + place.at, number);
	return load_frame_sum(sum + (uint16_t)~before, words, LOAD_FORGE_BYTES + 2);
}

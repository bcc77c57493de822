/* SPDX-License-Identifier: BSD-3-Clause */
#include "forge.h"

#include "eg_egt.h"
#include <endian.h>
#include <string.h>

#define SIGNATURE_BYTES 64u
#define S_FROM_END      31u /* of the decoded segment: the second byte of S and those behind it */
#define GROUP_BYTES     3u
#define GROUP_CHARS     4u
#define CHUNK_BYTES     8u

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

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

/* From the first whole group of characters behind S's lowest byte. */
static struct load_forge_place place_in_text(struct eg_span token)
{
	struct load_forge_place place = {.at = 0, .text = true};
	struct eg_span segment;
	size_t bytes, group;

	if (!find_segment(token, &segment))
		return place;
	bytes = segment.len * GROUP_BYTES / GROUP_CHARS;
	if (bytes < SIGNATURE_BYTES)
		return place;
	group = (bytes - S_FROM_END + GROUP_BYTES - 1) / GROUP_BYTES;
	place.at = (uint16_t)((size_t)(segment.ptr - token.ptr) + group * GROUP_CHARS);
	for (unsigned i = 0; i < CHUNK_BYTES; i++)
		place.value |= value_of(token.ptr[place.at + i]) << 6 * i;
	return place;
}

struct load_forge_place load_forge_place(const struct load_token *token)
{
	struct load_forge_place place = {.at = 0, .text = false};

	if (token->fmt != EG_FMT_CWT)
		return place_in_text(token->bytes);
	if (token->bytes.len > SIGNATURE_BYTES)
		place.at = (uint16_t)(token->bytes.len - S_FROM_END);
	return place;
}

/* Two characters for each twelve bits, as they lie in memory. */
static uint16_t pair[1u << 12];

void load_forge_init(void)
{
	for (unsigned i = 0; i < sizeof(pair) / sizeof(pair[0]); i++) {
		const char text[2] = {alphabet[i & 63], alphabet[i >> 6]};

		memcpy(&pair[i], text, sizeof(text));
	}
}

static uint64_t text_of(uint64_t value)
{
	uint16_t chunk[CHUNK_BYTES / 2];
	uint64_t text;

	for (unsigned i = 0; i < CHUNK_BYTES / 2; i++)
		chunk[i] = pair[value >> 12 * i & 0xfff];
	memcpy(&text, chunk, sizeof(text));
	return text;
}

/* The ones' complement sum of the words as they lie in memory. */
static uint32_t sum_of(uint64_t chunk)
{
	uint64_t sum = (chunk & 0xffffffff) + (chunk >> 32);

	sum = (sum & 0xffff) + (sum >> 16 & 0xffff) + (sum >> 32);
	return (uint32_t)((sum & 0xffff) + (sum >> 16));
}

/* A chunk at an odd place has its bytes in the other halves of the checksum's words. */
static uint32_t change_of_sum(uint64_t before, uint64_t after, unsigned at)
{
	uint32_t change = sum_of(after) + (~sum_of(before) & 0xffff);
	uint16_t words = (uint16_t)((change & 0xffff) + (change >> 16));

	return at % 2 == 0 ? be16toh(words) : le16toh(words);
}

/* Nothing is read of the copy, whose bytes may still be on their way to the cache. */
uint32_t load_forge(uint8_t *copy, const uint8_t *request, const struct load_forge_place *place,
    uint64_t number, uint32_t sum)
{
	uint64_t before, after;

	number &= (UINT64_C(1) << LOAD_FORGE_BITS) - 1;
	memcpy(&before, request + place->at, sizeof(before));
	after = place->text ? text_of(place->value ^ number) : before ^ htole64(number);
	memcpy(copy + place->at, &after, sizeof(after));
	return sum + change_of_sum(before, after, place->at);
}

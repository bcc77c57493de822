/* SPDX-License-Identifier: BSD-3-Clause */
/* What the variants of the JSON functions share: eight bytes at once, without vectors. Internal. */
#ifndef EG_JSON_MARK_H
#define EG_JSON_MARK_H

#include "codec_impl.h"

#include <endian.h>

#define EG_ONES      0x0101010101010101u
#define EG_HIGH_BITS 0x8080808080808080u

static inline bool eg_json_is_space(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* The first byte lowest, on any machine. */
static inline uint64_t eg_load_le64(const uint8_t *p)
{
	uint64_t word;

	memcpy(&word, p, sizeof(word));
	return le64toh(word);
}

/* The high bit of each byte that is zero; no byte disturbs its neighbour. */
static inline uint64_t eg_zero_bytes(uint64_t word)
{
	return ~(((word & ~EG_HIGH_BITS) + ~EG_HIGH_BITS) | word) & EG_HIGH_BITS;
}

/* The high bit of each byte that is a quote, a backslash or below 0x20. */
static inline uint64_t eg_json_special_bytes(uint64_t word)
{
	const uint64_t at_least_space = (word | EG_HIGH_BITS) - EG_ONES * 0x20;

	return ((~at_least_space & ~word) | eg_zero_bytes(word ^ EG_ONES * '"') |
	           eg_zero_bytes(word ^ EG_ONES * '\\')) &
	       EG_HIGH_BITS;
}

/* One bit for each byte's high bit, the first byte's lowest. */
static inline unsigned eg_gather_high_bits(uint64_t word)
{
	return (unsigned)(((word >> 7) & EG_ONES) * 0x0102040810204080u >> 56);
}

/* struct eg_codec_impl's json_mark for the last len < 64 bytes: one word. *all collects bytes. */
static inline uint64_t eg_json_mark_rest(const uint8_t *p, size_t len, uint64_t *all)
{
	uint64_t marks = 0, word = EG_ONES * ' ';
	size_t at = 0;

	for (; len - at >= sizeof(word); at += sizeof(word)) {
		word = eg_load_le64(p + at);
		*all |= word;
		marks |= (uint64_t)eg_gather_high_bits(eg_json_special_bytes(word)) << at;
	}
	if (at == len)
		return marks;
	word = EG_ONES * ' ';
	for (size_t i = len; i-- > at;)
		word = word << 8 | p[i];
	*all |= word;
	return marks | (uint64_t)eg_gather_high_bits(eg_json_special_bytes(word)) << at;
}

/* struct eg_codec_impl's json_mark_ink for len <= 64 bytes: one word. */
static inline uint64_t eg_json_ink_rest(const uint8_t *p, size_t len)
{
	uint64_t marks = 0;

	for (size_t i = 0; i < len; i++)
		marks |= (uint64_t)!eg_json_is_space(p[i]) << i;
	return marks;
}

/* struct eg_codec_impl's json_twice, where those before `from` are known to differ. */
static inline bool eg_json_twice(const uint64_t *word, unsigned from, unsigned cnt)
{
	uint64_t twice = 0;

	for (unsigned i = from; i < cnt; i++)
		for (unsigned j = 0; j < i; j++)
			twice |= word[i] == word[j];
	return twice != 0;
}

/* struct eg_codec_impl's json_alike, one name at a time. */
static inline unsigned eg_json_alike(const struct eg_codec_keys *keys, unsigned first, unsigned end,
    const uint64_t wanted[EG_CODEC_KEYS])
{
	const uint64_t *a = keys->key[0], *b = keys->key[1], *c = keys->key[2];
	unsigned i = first;

	while (i < end && ((a[i] ^ wanted[0]) | (b[i] ^ wanted[1]) | (c[i] ^ wanted[2])) != 0)
		i++;
	return i;
}

/* The same by AVX2. */
void eg_json_mark_ink_avx2(struct eg_span text, uint64_t *marks);
bool eg_json_twice_avx2(const uint64_t *word, unsigned cnt);
unsigned eg_json_alike_avx2(const struct eg_codec_keys *keys, unsigned first, unsigned end,
    const uint64_t wanted[EG_CODEC_KEYS]);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* What of cbor.c is in a file of its own. Internal. */
#ifndef EG_CBOR_PASS_H
#define EG_CBOR_PASS_H

#include "eg_cbor.h"

#define EG_CBOR_PASS_BYTES_MAX UINT16_MAX

/* Checks and passes over what is inside the array, map or tag that was read last, of a walk that
 * has not failed and has at most EG_CBOR_PASS_BYTES_MAX bytes before it. Where it returns false,
 * the walk is to fail. */
bool eg_cbor_pass(struct eg_cbor *r, const struct eg_cbor_item *item);

struct eg_cbor_key {
	const uint8_t *ptr; /* as encoded */
	uint32_t len, map;  /* the number of the map that it stands in */
	uint64_t word;
};

/* A key's first 8 bytes, with zeros behind its end: no two keys of at most 8 bytes have the same,
 * since none is the beginning of another. `end`: of what can be read. */
static inline uint64_t eg_cbor_word(const uint8_t *key, size_t len, const uint8_t *end)
{
	uint64_t word = 0;

	if (len >= sizeof(word))
		return eg_load_be64(key);
	if ((size_t)(end - key) >= sizeof(word))
		return eg_load_be64(key) & UINT64_MAX << 8 * (sizeof(word) - len);
	for (size_t i = 0; i < len; i++)
		word |= (uint64_t)key[i] << 8 * (sizeof(word) - 1 - i);
	return word;
}

/* Does a map have a key twice? Of at most EG_CODEC_NAMES keys. */
bool eg_cbor_keys_repeat(const struct eg_cbor_key *key, unsigned cnt);

#endif

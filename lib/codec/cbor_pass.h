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

/* As encoded; the number of the map that it stands in. */
struct eg_cbor_key {
	const uint8_t *ptr;
	uint32_t len, map;
};

/* Does a map have a key twice? Of at most EG_CODEC_NAMES keys. */
bool eg_cbor_keys_repeat(const struct eg_cbor_key *key, unsigned cnt);

#endif

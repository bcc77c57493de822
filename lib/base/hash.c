/* SPDX-License-Identifier: BSD-3-Clause */
#include "eg_hash.h"

#include <sodium.h>

_Static_assert(EG_HASH_KEY_BYTES == crypto_shorthash_siphashx24_KEYBYTES, "SipHash key size");
_Static_assert(
    sizeof(struct eg_hash128) == crypto_shorthash_siphashx24_BYTES, "SipHash output size");

struct eg_hash128 eg_hash128(const struct eg_hash_key *key, struct eg_span data)
{
	struct eg_hash128 h;

	(void)crypto_shorthash_siphashx24((unsigned char *)&h, data.ptr, data.len, key->bytes);
	return h;
}

struct eg_hash_key eg_hash_derive(const struct eg_hash_key *key, struct eg_span name)
{
	struct eg_hash_key out;

	(void)crypto_shorthash_siphashx24(out.bytes, name.ptr, name.len, key->bytes);
	return out;
}

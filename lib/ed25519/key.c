/* SPDX-License-Identifier: BSD-3-Clause */
/* What a public key is, and which keys are let in. */
#include "eg_ed25519.h"
#include "encoding.h"

#include <sodium.h>

/* 8·P = identity, by three doublings. */
static bool is_small_order(const uint8_t p[EG_ED25519_PUBLIC_BYTES])
{
	static const uint8_t identity[EG_ED25519_PUBLIC_BYTES] = {1};
	uint8_t q[EG_ED25519_PUBLIC_BYTES];

	memcpy(q, p, sizeof(q));
	for (int i = 0; i < 3; i++)
		if (crypto_core_ed25519_add(q, q, q) != 0)
			return false;
	return memcmp(q, identity, sizeof(q)) == 0;
}

/* L·P = identity, as (L − 1)·P = −P. It is not left to crypto_core_ed25519_is_valid_point: up to
 * 1.0.20 that looks at the x of L·P only (CVE-2025-69277), which is 0 for points of order 2L too.
 */
static bool is_prime_order(const uint8_t p[EG_ED25519_PUBLIC_BYTES])
{
	static const uint8_t minus_one[crypto_core_ed25519_SCALARBYTES] = {0xec, 0xd3, 0xf5, 0x5c,
	    0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, [31] = 0x10};
	uint8_t q[EG_ED25519_PUBLIC_BYTES];

	if (crypto_scalarmult_ed25519_noclamp(q, minus_one, p) != 0)
		return false;
	q[31] ^= 0x80;
	return memcmp(q, p, sizeof(q)) == 0;
}

enum eg_ed25519_point eg_ed25519_classify(const uint8_t public[EG_ED25519_PUBLIC_BYTES])
{
	uint8_t sum[EG_ED25519_PUBLIC_BYTES];
	uint64_t words[4];

	eg_encoding_words(public, words);
	if (!eg_encoding_is_canonical(words) || crypto_core_ed25519_add(sum, public, public) != 0)
		return EG_ED25519_POINT_NOT_A_POINT;
	if (is_small_order(public))
		return EG_ED25519_POINT_SMALL;
	return is_prime_order(public) ? EG_ED25519_POINT_PRIME : EG_ED25519_POINT_MIXED;
}

int eg_ed25519_key_init(struct eg_ed25519_key *key, const uint8_t public[EG_ED25519_PUBLIC_BYTES],
    bool allow_mixed, struct eg_error *err)
{
	enum eg_ed25519_point point = eg_ed25519_classify(public);

	switch (point) {
	case EG_ED25519_POINT_PRIME:
		break;
	case EG_ED25519_POINT_MIXED:
		if (allow_mixed)
			break;
		return eg_error_set(err, EG_EINVAL, "the point is of mixed order");
	case EG_ED25519_POINT_SMALL:
		return eg_error_set(err, EG_EINVAL, "the point is of small order");
	case EG_ED25519_POINT_NOT_A_POINT:
	default:
		return eg_error_set(err, EG_EINVAL, "the bytes are not a point of the curve");
	}
	memcpy(key->bytes, public, sizeof(key->bytes));
	key->point = (uint8_t)point;
	key->table = NULL;
	return 0;
}

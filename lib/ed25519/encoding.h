/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What libsodium 1.0.18 refuses by its bytes alone, before it computes anything: points that are
 * not canonical, points of small order (docs/protocol.md section 3). [any]
 */
#ifndef EG_ED25519_ENCODING_H
#define EG_ED25519_ENCODING_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "32 bytes are read as four little-endian words"
#endif

/* 32 bytes as four words, least significant first. */
static inline void eg_encoding_words(const uint8_t bytes[32], uint64_t w[4])
{
	memcpy(w, bytes, 32);
}

/* y < p = 2^255 − 19, with the sign bit taken away (RFC 8032 section 5.1.3)? */
static inline bool eg_encoding_is_canonical(const uint64_t w[4])
{
	uint64_t top = w[3] << 1 >> 1;

	return !(top == UINT64_MAX >> 1 && (w[1] & w[2]) == UINT64_MAX && w[0] >= UINT64_MAX - 18);
}

/* Is it one of the 14 encodings (7 values of y, either sign) that libsodium takes for a point of
 * small order, the two above p among them? */
static inline bool eg_encoding_is_small_order(const uint64_t w[4])
{
	static const uint64_t y[7][4] = {
	    {0x0000000000000000, 0x0000000000000000, 0x0000000000000000,
	        0x0000000000000000}, /* of order 4 */
	    {0x0000000000000001, 0x0000000000000000, 0x0000000000000000,
	        0x0000000000000000}, /* the identity */
	    {0xb027b2c28f95e826, 0xf098eff289f4c345, 0x3933c6d305acdfd5,
	        0x05fc536d880238b1}, /* of order 8 */
	    {0x4fd84d3d706a17c7, 0x0f67100d760b3cba, 0xc6cc392cfa53202a,
	        0x7a03ac9277fdc74e}, /* of order 8 */
	    {0xffffffffffffffec, 0xffffffffffffffff, 0xffffffffffffffff,
	        0x7fffffffffffffff}, /* of order 2 */
	    {0xffffffffffffffed, 0xffffffffffffffff, 0xffffffffffffffff,
	        0x7fffffffffffffff}, /* 0 again */
	    {0xffffffffffffffee, 0xffffffffffffffff, 0xffffffffffffffff,
	        0x7fffffffffffffff}, /* 1 again */
	};
	uint64_t top = w[3] << 1 >> 1;

	for (int i = 0; i < 7; i++)
		if (w[0] == y[i][0] && w[1] == y[i][1] && w[2] == y[i][2] && top == y[i][3])
			return true;
	return false;
}

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* All operations of the eight-lane layer at once, in its two meanings. */
#ifndef EG_ED25519_VEC8_OPS_H
#define EG_ED25519_VEC8_OPS_H

#include <stdint.h>

#define VEC8_OPS_MAX 64u

struct vec8_in {
	uint64_t word[9][8];
	const uint8_t *end; /* nothing can be read from here on; 64 bytes before it can */
	unsigned bytes;     /* 0 … 64; also a count of bits, and a mask */
};

/* One result a row; how many. */
unsigned vec8_ops_plain(const struct vec8_in *in, uint64_t out[VEC8_OPS_MAX][8]);
unsigned vec8_ops_avx512(const struct vec8_in *in, uint64_t out[VEC8_OPS_MAX][8]);

#endif

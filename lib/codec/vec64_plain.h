/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sixty-four bytes and what the decoders do with them, as plain C: the meaning of vec64_avx512.h,
 * operation by operation. Tests compile the very sources of the AVX-512 variants over this, on any
 * CPU. Internal.
 */
#ifndef EG_VEC64_PLAIN_H
#define EG_VEC64_PLAIN_H

#include "eg_span.h"

#define V64_BYTES 64u

struct v64 {
	uint8_t byte[V64_BYTES];
};

/* The first n of 64 bytes, all others `fill`; what stands behind them is not touched. */
static inline struct v64 v64_load_first(const uint8_t *p, size_t n, uint8_t fill)
{
	struct v64 v;

	memset(v.byte, fill, V64_BYTES);
	memcpy(v.byte, p, n);
	return v;
}

static inline void v64_store(uint8_t *p, struct v64 v)
{
	memcpy(p, v.byte, V64_BYTES);
}

static inline void v64_store_first(uint8_t *p, size_t n, struct v64 v)
{
	memcpy(p, v.byte, n);
}

static inline struct v64 v64_zero(void)
{
	return (struct v64){{0}};
}

static inline struct v64 v64_or(struct v64 a, struct v64 b)
{
	for (unsigned i = 0; i < V64_BYTES; i++)
		a.byte[i] |= b.byte[i];
	return a;
}

/* A bit for each byte: its highest one. */
static inline uint64_t v64_high_bits(struct v64 v)
{
	uint64_t bits = 0;

	for (unsigned i = 0; i < V64_BYTES; i++)
		bits |= (uint64_t)(v.byte[i] >> 7) << i;
	return bits;
}

/* A bit for each byte: is it c? */
static inline uint64_t v64_equal(struct v64 v, uint8_t c)
{
	uint64_t bits = 0;

	for (unsigned i = 0; i < V64_BYTES; i++)
		bits |= (uint64_t)(v.byte[i] == c) << i;
	return bits;
}

/* A bit for each byte: is it less than c, both unsigned? */
static inline uint64_t v64_less(struct v64 v, uint8_t c)
{
	uint64_t bits = 0;

	for (unsigned i = 0; i < V64_BYTES; i++)
		bits |= (uint64_t)(v.byte[i] < c) << i;
	return bits;
}

/* table[byte & 127] for each byte. */
static inline struct v64 v64_look_up(const uint8_t table[128], struct v64 v)
{
	for (unsigned i = 0; i < V64_BYTES; i++)
		v.byte[i] = table[v.byte[i] & 127];
	return v;
}

/* Each group of four bytes below 64, a b c d, becomes a·2^18 + b·2^12 + c·2^6 + d, least
 * significant byte first. */
static inline struct v64 v64_join_sextets(struct v64 v)
{
	for (unsigned i = 0; i < V64_BYTES; i += 4) {
		const uint32_t sum = (uint32_t)v.byte[i] << 18 | (uint32_t)v.byte[i + 1] << 12 |
		                     (uint32_t)v.byte[i + 2] << 6 | v.byte[i + 3];

		for (unsigned k = 0; k < 4; k++)
			v.byte[i + k] = (uint8_t)(sum >> 8 * k);
	}
	return v;
}

/* Byte i of the result is byte index[i] (below 64) of v. */
static inline struct v64 v64_permute(const uint8_t index[V64_BYTES], struct v64 v)
{
	struct v64 out;

	for (unsigned i = 0; i < V64_BYTES; i++)
		out.byte[i] = v.byte[index[i]];
	return out;
}

#endif

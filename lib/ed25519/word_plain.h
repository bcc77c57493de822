/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The few operations on 64- and 128-bit words that the one-lane field is written over. Behind
 * names, so that tests/ can compile the same formulas over intervals and see how large each limb
 * can get.
 */
#ifndef EG_ED25519_WORD_PLAIN_H
#define EG_ED25519_WORD_PLAIN_H

#include <stdint.h>

typedef uint64_t w64;
typedef unsigned __int128 w128;

static inline w64 w64_load(const uint64_t *word)
{
	return *word;
}

static inline void w64_store(uint64_t *word, w64 a)
{
	*word = a;
}

static inline w64 w64_set(uint64_t constant)
{
	return constant;
}

static inline w64 w64_add(w64 a, w64 b)
{
	return a + b;
}

static inline w64 w64_sub(w64 a, w64 b)
{
	return a - b;
}

static inline w64 w64_times(w64 a, uint64_t constant)
{
	return a * constant;
}

static inline w64 w64_shr(w64 a, unsigned n)
{
	return a >> n;
}

/* For packing: bits may fall out at the top. */
static inline w64 w64_shl(w64 a, unsigned n)
{
	return a << n;
}

/* The low n bits. */
static inline w64 w64_low(w64 a, unsigned n)
{
	return a & ((UINT64_C(1) << n) - 1);
}

static inline w64 w64_or(w64 a, w64 b)
{
	return a | b;
}

static inline w128 w128_mul(w64 a, w64 b)
{
	return (w128)a * b;
}

static inline w128 w128_add(w128 a, w128 b)
{
	return a + b;
}

static inline w128 w128_add64(w128 a, w64 b)
{
	return a + b;
}

/* a >> n, of which 64 bits must be enough. */
static inline w64 w128_shr(w128 a, unsigned n)
{
	return (w64)(a >> n);
}

/* The low n < 64 bits. */
static inline w64 w128_low(w128 a, unsigned n)
{
	return (w64)a & ((UINT64_C(1) << n) - 1);
}

#endif

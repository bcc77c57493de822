/* SPDX-License-Identifier: BSD-3-Clause */
/* The operations of lib/ed25519/word_plain.h over ranges. */
#ifndef WORD_INTERVAL_H
#define WORD_INTERVAL_H

#include "interval.h"

typedef struct interval w64;
typedef struct {
	unsigned __int128 lo, hi;
} w128;

static inline w64 w64_load(const uint64_t *word)
{
	(void)word;
	return interval_any();
}

static inline void w64_store(uint64_t *word, w64 a)
{
	*word = interval_some_word();
	(void)a;
}

static inline w64 w64_set(uint64_t constant)
{
	return interval_of(constant, constant);
}

static inline w64 w64_add(w64 a, w64 b)
{
	return interval_add(a, b);
}

static inline w64 w64_sub(w64 a, w64 b)
{
	return interval_sub(a, b);
}

static inline w64 w64_times(w64 a, uint64_t constant)
{
	return interval_mul(a, w64_set(constant));
}

static inline w64 w64_shr(w64 a, unsigned n)
{
	return interval_shr(a, n);
}

static inline w64 w64_shl(w64 a, unsigned n)
{
	return interval_shl(a, n);
}

static inline w64 w64_low(w64 a, unsigned n)
{
	return interval_and(a, w64_set((UINT64_C(1) << n) - 1));
}

static inline w64 w64_or(w64 a, w64 b)
{
	return interval_or(a, b);
}

static inline w128 w128_mul(w64 a, w64 b)
{
	return (w128){(unsigned __int128)a.lo * (unsigned __int128)b.lo,
	    (unsigned __int128)a.hi * (unsigned __int128)b.hi};
}

static inline w128 w128_add(w128 a, w128 b)
{
	if (a.hi + b.hi < a.hi)
		interval_fault("w128_add", "a sum of products wraps round", 0);
	return (w128){a.lo + b.lo, a.hi + b.hi};
}

static inline w128 w128_add64(w128 a, w64 b)
{
	return w128_add(a, (w128){(unsigned __int128)b.lo, (unsigned __int128)b.hi});
}

static inline w64 w128_shr(w128 a, unsigned n)
{
	if (a.hi >> n > UINT64_MAX)
		interval_fault("w128_shr", "a carry does not fit 64 bits", (integer)(a.hi >> n));
	return interval_of((integer)(a.lo >> n), (integer)(a.hi >> n));
}

static inline w64 w128_low(w128 a, unsigned n)
{
	return a.hi > UINT64_MAX ? w64_low(interval_any(), n)
	                         : w64_low(interval_of((integer)a.lo, (integer)a.hi), n);
}

#endif

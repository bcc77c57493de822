/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Arithmetic on ranges: what a 64-bit word, or each lane of a vector of such, can be.
 *
 * A formula that is compiled over these runs once for all inputs in the ranges that it is given.
 * Each operation gives a range that holds every result, and ends the program where some inputs
 * could leave what the operation is right for: a sum that wraps round, a difference below zero, a
 * factor with more bits than the multiplier reads. Ranges forget how values depend on each other,
 * so what is found safe is safe, and what is found unsafe may be safe for a better reason.
 */
#ifndef INTERVAL_H
#define INTERVAL_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef __int128 integer; /* of a range: larger than any word, and signed */

struct interval {
	integer lo, hi;
	uint64_t value; /* a name: copies of a value have the same, results have new ones */
};

/* ── what goes wrong ── */

static const char *interval_place = "start"; /* which formula runs */

/* Says where: a formula, an operation, what it met there as a power of 2. With BREAK the program is
 * one that must be caught. */
static inline void __attribute__((noreturn))
interval_fault(const char *operation, const char *what, integer met)
{
#ifdef BREAK
	const char *word = "caught";
	const int status = 0;
#else
	const char *word = "FAULT";
	const int status = 1;
#endif
	const char *sign = met < 0 ? "-" : "";
	unsigned bits = 0;

	for (met = met < 0 ? -met : met; met > 1; met >>= 1)
		bits++;
	(void)printf(
	    "%s: %s, %s: %s (%s2^%u)\n", word, interval_place, operation, what, sign, bits);
	exit(status);
}

/* ── ranges ── */

static inline uint64_t interval_name(void)
{
	static uint64_t last;

	return ++last;
}

static inline struct interval interval_of(integer lo, integer hi)
{
	return (struct interval){lo, hi, interval_name()};
}

/* Any word. */
static inline struct interval interval_any(void)
{
	return interval_of(0, UINT64_MAX);
}

static inline integer interval_min(integer a, integer b)
{
	return a < b ? a : b;
}

static inline integer interval_max(integer a, integer b)
{
	return a > b ? a : b;
}

/* What every operation on words gives and takes: 0 … 2^64 − 1. */
static inline struct interval interval_word(struct interval a, const char *operation)
{
	if (a.lo < 0)
		interval_fault(operation, "can be below zero", a.lo);
	if (a.hi > UINT64_MAX)
		interval_fault(operation, "can wrap round", a.hi);
	return a;
}

/* 2^n − 1, the least such >= a */
static inline integer interval_ones(integer a)
{
	return a == 0 ? 0 : (integer)(UINT64_MAX >> __builtin_clzll((uint64_t)a));
}

/* Either of the two. */
static inline struct interval interval_join(struct interval a, struct interval b)
{
	return interval_of(interval_min(a.lo, b.lo), interval_max(a.hi, b.hi));
}

static inline struct interval interval_add(struct interval a, struct interval b)
{
	return interval_word(interval_of(a.lo + b.lo, a.hi + b.hi), "a sum");
}

static inline struct interval interval_sub(struct interval a, struct interval b)
{
	return interval_word(interval_of(a.lo - b.hi, a.hi - b.lo), "a difference");
}

static inline struct interval interval_mul(struct interval a, struct interval b)
{
	integer most;

	if (__builtin_mul_overflow(a.hi, b.hi, &most))
		interval_fault("a product", "can wrap round", a.hi);
	return interval_word(interval_of(a.lo * b.lo, most), "a product");
}

static inline struct interval interval_shr(struct interval a, unsigned n)
{
	return interval_of(a.lo >> n, a.hi >> n);
}

/* Bits may fall out: then the result is anything, and no arithmetic will do with it. */
static inline struct interval interval_shl(struct interval a, unsigned n)
{
	return a.hi > (integer)(UINT64_MAX >> n) ? interval_any()
	                                         : interval_of(a.lo << n, a.hi << n);
}

/* BREAK_MASK: the mask b is forgotten. */
static inline struct interval interval_and(struct interval a, struct interval b)
{
#ifdef BREAK_MASK
	(void)b;
	return a;
#else
	bool is_mask = b.lo == b.hi && b.lo == interval_ones(b.lo);

	if (is_mask && a.hi <= b.lo)
		return interval_of(a.lo, a.hi);
	return interval_of(0, interval_min(a.hi, b.hi));
#endif
}

static inline struct interval interval_or(struct interval a, struct interval b)
{
	return interval_of(interval_max(a.lo, b.lo), interval_ones(interval_max(a.hi, b.hi)));
}

/* ── values made of ranges: elements, points ── */

/* Is every range of `in` within that of `out`? Both are `bytes` long. */
static inline bool interval_within(const void *in, const void *out, size_t bytes)
{
	const struct interval *a = in, *b = out;

	for (size_t i = 0; i < bytes / sizeof(*a); i++)
		if (a[i].lo < b[i].lo || a[i].hi > b[i].hi)
			return false;
	return true;
}

/* `into` takes in what `from` can be, range by range; did it grow? */
static inline bool interval_widen(void *into, const void *from, size_t bytes)
{
	struct interval *a = into;
	const struct interval *b = from;

	if (interval_within(from, into, bytes))
		return false;
	for (size_t i = 0; i < bytes / sizeof(*a); i++)
		a[i] = interval_join(a[i], b[i]);
	return true;
}

/* A word of memory whose value is not known: now this, now that, so that code which branches on it
 * goes both ways when it is run many times. Equal words are likely. */
static inline uint64_t interval_some_word(void)
{
	static uint64_t state = 1;

	state = state * 6364136223846793005u + 1442695040888963407u;
	return state >> 63;
}

#endif

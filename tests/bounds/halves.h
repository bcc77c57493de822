/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Multipliers that give the low or the high half of a product: where one half is taken, the other
 * must be as well, somewhere in the same formula, or a part of the value is lost without any limb
 * being too large. Values have names (struct interval), so the pairs of factors can be compared.
 */
#ifndef HALVES_H
#define HALVES_H

#include "interval.h"

#define HALVES_MAX 65536u

struct halves { /* pairs of names, the smaller one first */
	uint64_t pair[HALVES_MAX][2];
	unsigned cnt;
};

static struct halves halves_low, halves_high;

static inline void halves_note(struct halves *halves, struct interval a, struct interval b)
{
	if (halves->cnt == HALVES_MAX)
		interval_fault("halves_note", "more products than are noted", HALVES_MAX);
	halves->pair[halves->cnt][0] = a.value < b.value ? a.value : b.value;
	halves->pair[halves->cnt++][1] = a.value < b.value ? b.value : a.value;
}

static inline int halves_compare(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(halves_low.pair[0]));
}

static inline void halves_sort(struct halves *halves)
{
	unsigned kept = 0;

	qsort(halves->pair, halves->cnt, sizeof(halves->pair[0]), halves_compare);
	for (unsigned i = 0; i < halves->cnt; i++)
		if (i == 0 || halves_compare(halves->pair[kept - 1], halves->pair[i]) != 0)
			memcpy(halves->pair[kept++], halves->pair[i], sizeof(halves->pair[0]));
	halves->cnt = kept;
}

/* After a formula: every half that was taken has the other one. */
static inline void halves_settle(void)
{
	halves_sort(&halves_low);
	halves_sort(&halves_high);
	if (halves_low.cnt != halves_high.cnt ||
	    memcmp(halves_low.pair, halves_high.pair,
	        halves_low.cnt * sizeof(halves_low.pair[0])) != 0)
		interval_fault("halves_settle", "one half of a product is not used", 0);
	halves_low.cnt = halves_high.cnt = 0;
}

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Times in buckets whose width is at most 0.1 % of their value: three significant digits.
 *
 *   values 0 … 1023 have a bucket each; above, every power of two has 1024 of them.
 *
 * Adding is one index and one increment; histograms of several cores are added up at the end. What
 * is above LOAD_HISTOGRAM_MAX_NS (137 s) counts as that. One writer; no allocation.
 */
#ifndef LOAD_HISTOGRAM_H
#define LOAD_HISTOGRAM_H

#include <stdint.h>

#define LOAD_HISTOGRAM_SUB_BITS 10u
#define LOAD_HISTOGRAM_MAX_BITS 37u
#define LOAD_HISTOGRAM_MAX_NS   ((UINT64_C(1) << LOAD_HISTOGRAM_MAX_BITS) - 1)
#define LOAD_HISTOGRAM_BUCKETS                                                                     \
	((LOAD_HISTOGRAM_MAX_BITS - LOAD_HISTOGRAM_SUB_BITS + 1u) << LOAD_HISTOGRAM_SUB_BITS)

struct load_histogram {
	uint64_t cnt, sum_ns, min_ns, max_ns; /* min and max mean nothing while cnt is 0 */
	uint64_t bucket[LOAD_HISTOGRAM_BUCKETS];
};

static inline unsigned load_histogram_index(uint64_t value_ns)
{
	unsigned shift;

	if (value_ns >> LOAD_HISTOGRAM_SUB_BITS == 0)
		return (unsigned)value_ns;
	shift = 63u - (unsigned)__builtin_clzll(value_ns) - LOAD_HISTOGRAM_SUB_BITS;
	return (shift << LOAD_HISTOGRAM_SUB_BITS) + (unsigned)(value_ns >> shift);
}

static inline void load_histogram_add(struct load_histogram *h, uint64_t value_ns)
{
	value_ns = value_ns < LOAD_HISTOGRAM_MAX_NS ? value_ns : LOAD_HISTOGRAM_MAX_NS;
	h->min_ns = h->cnt == 0 || value_ns < h->min_ns ? value_ns : h->min_ns;
	h->max_ns = h->cnt == 0 || value_ns > h->max_ns ? value_ns : h->max_ns;
	h->cnt++;
	h->sum_ns += value_ns;
	h->bucket[load_histogram_index(value_ns)]++;
}

void load_histogram_merge(struct load_histogram *into, const struct load_histogram *from);

/* The largest value of bucket `idx`. */
uint64_t load_histogram_edge_ns(unsigned idx);

/* The value that `fraction` of all do not exceed (the edge of its bucket, at most the largest
 * value); 0 where empty. */
uint64_t load_histogram_quantile_ns(const struct load_histogram *h, double fraction);

#endif

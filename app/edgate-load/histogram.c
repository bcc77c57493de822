/* SPDX-License-Identifier: BSD-3-Clause */
#include "histogram.h"

#define SUB_CNT (1u << LOAD_HISTOGRAM_SUB_BITS)

/* Values under SUB_CNT have a bucket each; above, every power of two has SUB_CNT of them. */
static unsigned index_of(uint64_t value)
{
	unsigned shift;

	if (value < SUB_CNT)
		return (unsigned)value;
	shift = 63u - (unsigned)__builtin_clzll(value) - LOAD_HISTOGRAM_SUB_BITS;
	return shift * SUB_CNT + (unsigned)(value >> shift);
}

static uint64_t upper_edge(unsigned idx)
{
	unsigned shift;

	if (idx < SUB_CNT)
		return idx;
	shift = idx / SUB_CNT - 1;
	return (((uint64_t)(idx - shift * SUB_CNT) + 1) << shift) - 1;
}

void load_histogram_add(struct load_histogram *h, uint64_t value_ns)
{
	h->cnt++;
	h->bucket[index_of(value_ns)]++;
}

uint64_t load_histogram_quantile_ns(const struct load_histogram *h, double fraction)
{
	uint64_t want = (uint64_t)(fraction * (double)h->cnt), seen = 0;

	if (h->cnt == 0)
		return 0;
	if (want == 0)
		want = 1;
	for (unsigned i = 0; i < LOAD_HISTOGRAM_BUCKETS; i++) {
		seen += h->bucket[i];
		if (seen >= want)
			return upper_edge(i);
	}
	return UINT64_MAX;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "histogram.h"

#include <math.h>

#define SUB_CNT (1u << LOAD_HISTOGRAM_SUB_BITS)

void load_histogram_merge(struct load_histogram *into, const struct load_histogram *from)
{
	if (from->cnt == 0)
		return;
	into->min_ns = into->cnt == 0 || from->min_ns < into->min_ns ? from->min_ns : into->min_ns;
	into->max_ns = into->cnt == 0 || from->max_ns > into->max_ns ? from->max_ns : into->max_ns;
	into->cnt += from->cnt;
	into->sum_ns += from->sum_ns;
	for (unsigned i = 0; i < LOAD_HISTOGRAM_BUCKETS; i++)
		into->bucket[i] += from->bucket[i];
}

uint64_t load_histogram_edge_ns(unsigned idx)
{
	unsigned shift;

	if (idx < SUB_CNT)
		return idx;
	shift = idx / SUB_CNT - 1;
	return (((uint64_t)(idx - shift * SUB_CNT) + 1) << shift) - 1;
}

uint64_t load_histogram_quantile_ns(const struct load_histogram *h, double fraction)
{
	double want = fmax(1, ceil(fraction * (double)h->cnt));
	uint64_t seen = 0;

	if (h->cnt == 0)
		return 0;
	for (unsigned i = 0; i < LOAD_HISTOGRAM_BUCKETS; i++) {
		seen += h->bucket[i];
		if ((double)seen >= want) {
			uint64_t edge = load_histogram_edge_ns(i);

			return edge < h->max_ns ? edge : h->max_ns;
		}
	}
	return h->max_ns;
}

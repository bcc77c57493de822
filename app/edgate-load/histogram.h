/* SPDX-License-Identifier: BSD-3-Clause */
/* Latencies in buckets of at most 1.6 % width. No allocation. */
#ifndef LOAD_HISTOGRAM_H
#define LOAD_HISTOGRAM_H

#include <stdint.h>

#define LOAD_HISTOGRAM_SUB_BITS 6u
#define LOAD_HISTOGRAM_BUCKETS  ((65u - LOAD_HISTOGRAM_SUB_BITS) << LOAD_HISTOGRAM_SUB_BITS)

struct load_histogram {
	uint64_t cnt;
	uint64_t bucket[LOAD_HISTOGRAM_BUCKETS];
};

void load_histogram_add(struct load_histogram *h, uint64_t value_ns);

/* The value that `fraction` of all do not exceed (upper edge of its bucket); 0 where empty. */
uint64_t load_histogram_quantile_ns(const struct load_histogram *h, double fraction);

#endif

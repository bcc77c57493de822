/* SPDX-License-Identifier: BSD-3-Clause */
/* A growing set of index ranges. Threads: [control]; allocates. */
#ifndef EG_STATE_RANGES_H
#define EG_STATE_RANGES_H

#include "eg_state.h"

struct eg_ranges {
	struct eg_index_range *range;
	size_t cnt, room;
};

int eg_ranges_add(struct eg_ranges *set, uint32_t first, uint32_t last, struct eg_error *err);
/* Sorts, and joins what overlaps or touches: afterwards disjoint and ascending. */
void eg_ranges_merge(struct eg_ranges *set);
/* Of a merged set: position of the first range that ends at idx or behind it, cnt if none. */
size_t eg_ranges_seek(const struct eg_ranges *set, uint32_t idx);
void eg_ranges_free(struct eg_ranges *set);

#endif

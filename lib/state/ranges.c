/* SPDX-License-Identifier: BSD-3-Clause */
#include "ranges.h"

#include <stdlib.h>

int eg_ranges_add(struct eg_ranges *set, uint32_t first, uint32_t last, struct eg_error *err)
{
	if (set->cnt == set->room) {
		size_t room = set->room != 0 ? 2 * set->room : 64;
		void *array = reallocarray(set->range, room, sizeof(*set->range));

		if (array == NULL)
			return eg_error_set(err, EG_ENOMEM, "no memory for %zu ranges", room);
		set->range = array;
		set->room = room;
	}
	set->range[set->cnt++] = (struct eg_index_range){first, last};
	return 0;
}

static int order_range(const void *pa, const void *pb)
{
	const struct eg_index_range *a = pa, *b = pb;

	return (a->first > b->first) - (a->first < b->first);
}

void eg_ranges_merge(struct eg_ranges *set)
{
	size_t out = 0;

	if (set->cnt == 0)
		return;
	qsort(set->range, set->cnt, sizeof(*set->range), order_range);
	for (size_t i = 1; i < set->cnt; i++) {
		struct eg_index_range *top = &set->range[out];
		const struct eg_index_range *next = &set->range[i];

		if (next->first > top->last && next->first - top->last > 1)
			set->range[++out] = *next;
		else if (next->last > top->last)
			top->last = next->last;
	}
	set->cnt = out + 1;
}

size_t eg_ranges_seek(const struct eg_ranges *set, uint32_t idx)
{
	size_t lo = 0, hi = set->cnt;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (set->range[mid].last < idx)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

void eg_ranges_free(struct eg_ranges *set)
{
	free(set->range);
	*set = (struct eg_ranges){0};
}

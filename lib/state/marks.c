/* SPDX-License-Identifier: BSD-3-Clause */
#include "marks.h"

#include <stdlib.h>

static int append(struct eg_marks *marks, struct eg_mark mark, struct eg_error *err)
{
	if (marks->cnt == marks->room) {
		size_t room = marks->room != 0 ? 2 * marks->room : 64;
		void *array = reallocarray(marks->mark, room, sizeof(*marks->mark));

		if (array == NULL)
			return eg_error_set(err, EG_ENOMEM, "no memory for %zu ranges", room);
		marks->mark = array;
		marks->room = room;
	}
	mark.order = (uint32_t)marks->cnt;
	marks->mark[marks->cnt++] = mark;
	return 0;
}

int eg_marks_add(struct eg_marks *marks, struct eg_index_range range, uint32_t chunk_entries,
    uint8_t value, struct eg_error *err)
{
	uint32_t last_chunk = range.last / chunk_entries;
	int rc = 0;

	for (uint32_t c = range.first / chunk_entries; rc == 0 && c <= last_chunk; c++) {
		struct eg_mark mark = {.chunk = c, .last = chunk_entries - 1, .value = value};

		if (c == range.first / chunk_entries)
			mark.first = range.first % chunk_entries;
		if (c == last_chunk)
			mark.last = range.last % chunk_entries;
		rc = append(marks, mark, err);
	}
	return rc;
}

static int order_mark(const void *pa, const void *pb)
{
	const struct eg_mark *a = pa, *b = pb;

	if (a->chunk != b->chunk)
		return a->chunk < b->chunk ? -1 : 1;
	return (a->order > b->order) - (a->order < b->order);
}

void eg_marks_sort(struct eg_marks *marks)
{
	if (marks->cnt != 0)
		qsort(marks->mark, marks->cnt, sizeof(*marks->mark), order_mark);
}

size_t eg_marks_seek(const struct eg_marks *marks, uint32_t chunk)
{
	size_t lo = 0, hi = marks->cnt;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (marks->mark[mid].chunk < chunk)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

void eg_marks_free(struct eg_marks *marks)
{
	free(marks->mark);
	*marks = (struct eg_marks){0};
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the operator said of a list's entries since the last checkpoint, in log order, cut at the
 * borders of chunks: a later mark of an entry covers an earlier one. Threads: [control]; allocates.
 */
#ifndef EG_STATE_MARKS_H
#define EG_STATE_MARKS_H

#include "eg_state.h"

struct eg_mark {
	uint32_t chunk, order;
	uint32_t first, last; /* entries of the chunk, inclusive */
	uint8_t value;        /* 0: what the operator said before is taken back */
};

struct eg_marks {
	struct eg_mark *mark;
	size_t cnt, room;
};

/* first … last: entries of the list; chunk_entries: of a chunk. */
int eg_marks_add(struct eg_marks *marks, struct eg_index_range range, uint32_t chunk_entries,
    uint8_t value, struct eg_error *err);
/* By chunk, and within one in log order. */
void eg_marks_sort(struct eg_marks *marks);
/* Of sorted marks: position of the first one of the chunk or behind it, cnt if none. */
size_t eg_marks_seek(const struct eg_marks *marks, uint32_t chunk);
void eg_marks_free(struct eg_marks *marks);

#endif

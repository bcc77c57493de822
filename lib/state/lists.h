/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The status lists that this handle knows: what table list says of them, their bitmaps (they live
 * until the handle closes, since snapshots point at them) and scratch for loading and folding.
 * Threads: [control]; allocates.
 */
#ifndef EG_STATE_LISTS_H
#define EG_STATE_LISTS_H

#include "db.h"
#include "marks.h"

#define EG_LIST_CONTENT_BYTES 32u

/* What the store remembers of the import that is in force; all 0 where there was none. */
struct eg_list_meta {
	enum eg_list_form form;
	uint32_t stated; /* entries that it speaks of; 0: all */
	uint64_t iat_s;  /* of a raw one that of the signed one before it; 0: there was none */
	uint64_t exp_s, ttl_end_s, imported_s;
	uint8_t content[EG_LIST_CONTENT_BYTES]; /* hash of what it says */
};

struct eg_list_row {
	uint64_t id; /* 0: no longer in the store (another generation), kept for its bitmap */
	struct eg_span uri; /* owned */
	unsigned bits;
	uint32_t entries; /* grows alone: its bitmap stays the same one */
	struct eg_list_meta meta;
	struct eg_bitmap *map; /* NULL until asked for */
	bool found;            /* by the sync that runs */
	bool stale;            /* its bitmap must be loaded as a whole */
	bool touched;          /* entries were taken back: their chunks must be loaded */
	struct eg_marks marks; /* operator's marks in the log, not yet in table bitmap */
};

struct eg_lists {
	struct eg_list_row *row;
	size_t cnt;
};

/* Takes up what table list says now; after eg_store_version. New rows are stale; those that a
 * restore has taken out of the table lose their id. */
int eg_lists_sync(struct eg_lists *lists, struct eg_db *db, struct eg_error *err);
/* NULL where there is none. */
struct eg_list_row *eg_lists_find(const struct eg_lists *lists, struct eg_span uri);
struct eg_list_row *eg_lists_find_id(const struct eg_lists *lists, uint64_t id);
/* The row's bitmap, made on first use. NULL without memory. */
struct eg_bitmap *eg_list_map(struct eg_list_row *row);
void eg_lists_clear_marks(struct eg_lists *lists);
void eg_lists_free(struct eg_lists *lists);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of this module share: the table of one shard, and the bitmap's side of an owner.
 */
#ifndef EG_REVOKE_IMPL_H
#define EG_REVOKE_IMPL_H

#include "eg_revoke.h"

#define EG_TABLE_CAPACITY_MIN 64u
#define EG_TABLE_CAPACITY_MAX (1u << 30)

/*
 * Open addressing with linear probing, at most 3/4 full. Entries are added and raised, never taken
 * away: lo is written last, so who sees it (acquire) sees the rest of the entry.
 */
struct eg_table_entry {
	_Atomic uint64_t lo; /* 0: free; a hash whose lo is 0 is filed under 1 */
	_Atomic uint64_t hi;
	_Atomic uint64_t value; /* only ever rises */
	_Atomic uint64_t kind;
};

/* A table that an operation replaces is free when no reader can still hold it: after every worker
 * has applied the replacement, and every worker has then taken one more epoch between two looks. */
enum eg_table_stage {
	EG_TABLE_REPLACED, /* the operation was sent; its epoch is not known yet */
	EG_TABLE_SENT,     /* all must apply wait_epoch: then the owner has published the new one */
	EG_TABLE_PUBLISHED /* all must apply wait_epoch: then none looks at the old one */
};

struct eg_table {
	uint32_t capacity; /* a power of two */
	/* Control's own, from when it is replaced. */
	enum eg_table_stage stage;
	uint64_t wait_epoch;
	struct eg_table *next;
	_Alignas(EG_CACHE_LINE_BYTES) struct eg_table_entry entry[];
};

/* [control] capacity: a power of two. NULL without memory. */
struct eg_table *eg_table_new(uint32_t capacity);
/* [control] The capacity that leaves `entries` and as many again below the limit; 0: too many. */
uint32_t eg_table_capacity_for(uint64_t entries);
/* The entries that a table takes before a larger one must be in place. */
uint64_t eg_table_limit(const struct eg_table *table);

/* [owner] Adds, or raises the value. Returns how many entries were added, 0 or 1. */
uint32_t eg_table_put(
    struct eg_table *table, struct eg_hash128 hash, enum eg_revoke_kind kind, uint64_t value);
/* [owner] Copies what must be kept at now_s into `to`, which is empty; returns how many. */
uint32_t eg_table_move(struct eg_table *to, const struct eg_table *from, uint64_t now_s);
/* [control] How many eg_table_move would copy, while the owner writes. */
uint64_t eg_table_count(const struct eg_table *table, uint64_t now_s);

/* [any] */
bool eg_table_get(const struct eg_table *table, struct eg_hash128 hash, uint64_t *value);
void eg_table_prefetch(const struct eg_table *table, struct eg_hash128 hash);

/* [owner] A word operation. */
void eg_bitmap_apply(const struct eg_revoke_op *op);

#endif

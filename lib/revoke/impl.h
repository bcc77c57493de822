/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of this module share: the table of one shard, and the bitmap's side of an owner.
 */
#ifndef EG_REVOKE_IMPL_H
#define EG_REVOKE_IMPL_H

#include "eg_pages.h"
#include "eg_revoke.h"

/* ── memory that workers read: zeroed, and touched by control, so that no worker faults ── */

struct eg_place {
	void *mem;             /* NULL: no memory */
	size_t bytes;          /* that it takes; on pages these are whole ones */
	struct eg_pages pages; /* where it lies; mem NULL: on the heap */
};

/* [control] Aligned to a cache line; on huge pages where it is as large as one. */
struct eg_place eg_place_new(size_t bytes);
void eg_place_free(struct eg_place *place);
/* [any] The most that it takes, and the heap for it: a sixteenth and 256 bytes on top, which covers
 * its heads, alignment and whole pages (from 128 KiB on). */
uint64_t eg_place_bytes_max(size_t bytes);

/* ── tables ── */

/*
 * Buckets of one cache line with four slots: a hash is found, or not found, by that one line. What
 * it is worth lies in a line behind four of them, which only a hit on a cutoff has to read.
 *
 *   group    bucket[4]  value_s[16]
 *   bucket   lo[4]  hi[4]
 *   hi       63 used │ 62 a cutoff │ 61-58 went on │ 57-0 of the hash, whose top six bits
 *                                                         are the same in all of a shard
 *
 * Where a bucket is full, its hashes go on to the next one, and leave a bit behind: of sixteen, the
 * one that their lowest four bits name. A search follows only where its own bit is set.
 *
 * A slot's `used` is set last, so who sees it (acquire) sees the slot. A slot may be used again for
 * another hash: a reader that has seen the old hi may then find halves of two hashes, and both must
 * match by chance before that matters. Who wants the value looks at hi once more behind it.
 */
#define EG_TABLE_SLOTS   4u
#define EG_TABLE_BUCKETS 4u /* of a group */

struct eg_table_bucket {
	_Alignas(EG_CACHE_LINE_BYTES) _Atomic uint64_t lo[EG_TABLE_SLOTS];
	_Atomic uint64_t hi[EG_TABLE_SLOTS];
};

struct eg_table_group {
	struct eg_table_bucket bucket[EG_TABLE_BUCKETS];
	_Atomic uint32_t value_s[EG_TABLE_BUCKETS][EG_TABLE_SLOTS]; /* UINT32_MAX: for ever */
};

/* A table that an operation replaces is free when no reader can still hold it: after every worker
 * has applied the replacement, and every worker has then taken one more epoch between two looks. */
enum eg_table_stage {
	EG_TABLE_REPLACED, /* the operation was sent; its epoch is not known yet */
	EG_TABLE_SENT,     /* all must apply wait_epoch: then the owner has published the new one */
	EG_TABLE_PUBLISHED /* all must apply wait_epoch: then none looks at the old one */
};

/* The head lies apart from what may be huge pages: at the start of one, those of all shards would
 * compete for the same few places of each cache, and every look-up needs one. */
struct eg_table {
	_Alignas(EG_CACHE_LINE_BYTES) struct eg_table_group *group;
	uint32_t bucket_cnt; /* a multiple of EG_TABLE_BUCKETS */
	/* Control's own. */
	enum eg_table_stage stage;
	struct eg_place place; /* where the groups lie */
	uint64_t wait_epoch;
	struct eg_table *next;
};

/* [control] Room for `entries` below the limit, touched. NULL without memory, or over 2^32 slots.
 */
struct eg_table *eg_table_new(uint64_t entries);
void eg_table_free(struct eg_table *table);
uint64_t eg_table_bytes(const struct eg_table *table);
/* [any] The most that one with room for `entries` takes. */
uint64_t eg_table_bytes_max(uint64_t entries);
/* Slots in use before a larger table must be in place. */
uint32_t eg_table_limit(const struct eg_table *table);
/* [control, while no owner writes `from`] Copies what must be kept at now_s into `to`, which is
 * empty and not published; returns how many. to NULL only counts. */
uint32_t eg_table_copy(struct eg_table *to, const struct eg_table *from, uint64_t now_s);

/* What a slot holds, and the time at which it is put there. */
struct eg_table_item {
	struct eg_hash128 hash;
	bool is_cutoff; /* stays until it is taken back */
	uint64_t value, now_s;
};

/* [owner] Adds, or raises the value. Returns how many more slots are in use, 0 or 1. */
uint32_t eg_table_put(struct eg_table *table, const struct eg_table_item *item);
/* [owner] Returns how many slots fewer are in use, 0 or 1. */
uint32_t eg_table_remove(struct eg_table *table, struct eg_hash128 hash);

/* [any] value may be NULL. */
bool eg_table_get(const struct eg_table *table, struct eg_hash128 hash, uint64_t *value);
const void *eg_table_line(const struct eg_table *table, struct eg_hash128 hash);
/* [owner] The bucket and values that eg_table_put will most likely write. */
void eg_table_prefetch_put(const struct eg_table *table, struct eg_hash128 hash);

/* ── bitmaps ── */

/* [owner] A word operation. */
void eg_bitmap_apply(const struct eg_revoke_op *op);
void eg_bitmap_prefetch_op(const struct eg_revoke_op *op);

#endif

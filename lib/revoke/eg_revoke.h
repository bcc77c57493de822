/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Revocation state, sharded: the owner core of a shard is its only writer, any core reads any
 * shard.
 *
 *   control ── eg_revoke_op (in log order) ──▶ owner core: eg_revoke_apply ──▶ words of its shards
 *                                                         then release-store applied_epoch
 *   any core: acquire all applied_epoch, then relaxed loads of words (eg_revoke_check)
 *
 * Two structures: bitmaps of status lists (blocks of 4 KiB, one shard each, side by side in chunks
 * of a huge page), and per shard one table keyed 128-bit hash → value for denied ids (jti, cti,
 * sid, jkt), subject cutoffs and issuer cutoffs. Memory is allocated, zeroed and touched by control
 * alone and handed over inside operations: an owner never allocates, faults a page in or moves a
 * table. Threads as marked; there is one control thread.
 *
 * What control knows of words and tables that it no longer writes: operations to one owner keep
 * their order, so each carries its own mask and value and needs no reading back. Where control does
 * read (to send only what differs, to build a larger table), it first lets the owners apply what is
 * on its way (eg_revoke_sink.settle): then the live state is exact and nobody writes it.
 */
#ifndef EG_REVOKE_H
#define EG_REVOKE_H

#include "eg_err.h"
#include "eg_hash.h"
#include "eg_shard.h"
#include "eg_stats.h"

#define EG_REVOKE_ENTRIES_MAX (1u << 30)
/* Of an entry, in seconds: for ever. What reaches past 2^32 - 2, in the year 2106, counts as this.
 */
#define EG_REVOKE_VALUE_MAX ((1ull << 56) - 1)
#define EG_REVOKE_GRACE_S   360u /* denied ids stay this long after exp: largest skew 300 + 60 */

enum eg_revoke_kind { /* what a hash names; values are part of the hash: never re-used */
	EG_REVOKE_JTI = 1,
	EG_REVOKE_CTI = 2,
	EG_REVOKE_SID = 3,
	EG_REVOKE_JKT = 4,
	EG_REVOKE_SUBJECT = 5,
	EG_REVOKE_ISSUER = 6, /* value: empty */
};

/* Keyed hash of (kind, issuer, value); issuer_key as in eg_issuer.hash_key. value ≤ 255 bytes, of a
 * longer one the first 255 count. [any] */
struct eg_hash128 eg_revoke_hash(
    const struct eg_hash_key *issuer_key, enum eg_revoke_kind kind, struct eg_span value);

/* ── bitmaps ── */

struct eg_bitmap; /* one status list; words have one writer each, its shard's owner */

/* [control] bits 1, 2, 4 or 8; entries 1 … 2^30. All zero: costs 1 KiB for each bit, and a chunk of
 * 2 MiB (or the whole list, where that is less) when something in it is first set. Copies the uri's
 * shard seed, not the uri. NULL without memory, or where bits or entries are none of these. */
struct eg_bitmap *eg_bitmap_new(struct eg_span uri, unsigned bits, uint32_t entries);
/* [control] After every worker has passed the last operation and the last snapshot that name it. */
void eg_bitmap_free(struct eg_bitmap *map);
unsigned eg_bitmap_bits(const struct eg_bitmap *map);
uint32_t eg_bitmap_entries(const struct eg_bitmap *map);
/* [control] What its blocks take, in bytes. */
uint64_t eg_bitmap_memory(const struct eg_bitmap *map);
/* [any] The most that one takes with all that goes with it, in bytes, as if something in every
 * block were set: less than 1.13 times eg_bitmap_memory, and 3 KiB for each bit of an entry. One
 * that has grown while it was in use keeps up to 4 MiB more. */
uint64_t eg_bitmap_memory_max(unsigned bits, uint32_t entries);
unsigned eg_bitmap_shard(const struct eg_bitmap *map, uint32_t idx);
/* [any] Value of entry idx: relaxed load. All ones (never valid) where idx is not < entries; what
 * such an index means is the caller's to say (STATUS_UNKNOWN). */
unsigned eg_bitmap_get(const struct eg_bitmap *map, uint32_t idx);
/* [any] The cache line that eg_bitmap_get will read, to be prefetched, or one that is hot; any idx.
 */
const void *eg_bitmap_line(const struct eg_bitmap *map, uint32_t idx);

/* ── the shards ── */

struct eg_revoke; /* all shards of one process */

struct eg_revoke *eg_revoke_new(void);     /* [control] */
void eg_revoke_free(struct eg_revoke *rv); /* [control] after the workers have stopped */

enum eg_revoke_op_kind {
	EG_REVOKE_OP_WORD,
	EG_REVOKE_OP_ENTRY,
	EG_REVOKE_OP_REMOVE,
	EG_REVOKE_OP_TABLE,
};

/* One change of one shard: plain data, small, made by control, applied by the shard's owner. */
struct eg_revoke_op {
	uint8_t kind; /* enum eg_revoke_op_kind */
	uint8_t shard;
	union {
		struct { /* bits under mask of one 64-bit word become value */
			struct eg_bitmap *map;
			uint64_t mask, value;
			uint32_t word;
		} word;
		struct { /* key → value; a higher value wins, a lower one is ignored */
			struct eg_hash128 hash;
			uint64_t value; /* exp of a denied id, `until` of a cutoff */
			uint64_t now_s; /* denied ids that are past exp + grace may make room */
			uint8_t kind;   /* enum eg_revoke_kind */
		} entry;
		struct { /* takes an entry away; none there is no error */
			struct eg_hash128 hash;
		} remove;
		struct { /* a larger copy of the shard's table takes its place */
			void *table;
			uint32_t used_cnt;
		} table;
	};
};

/* Where control's operations go: a mailbox in edgate, eg_revoke_apply itself before the workers are
 * launched, in edgatectl decide and in tests. */
struct eg_revoke_sink {
	void *ctx;
	/* Takes one operation; must not fail (it waits). */
	void (*put)(void *ctx, const struct eg_revoke_op *op);
	/* Returns when every operation that was put has been applied, and control sees it
	 * (acquire). */
	void (*settle)(void *ctx);
};

/* [control] The highest UTC ever seen, in seconds (0, the default, forgets nothing): denied ids
 * older than it by more than EG_REVOKE_GRACE_S make room for new ones. Cutoffs stay. */
void eg_revoke_set_now(struct eg_revoke *rv, uint64_t now_s);

/* [control] Turn one change into operations for its sink, allocating blocks and tables as needed.
 * -EG_ENOMEM or -EG_EINVAL leaves nothing half done for that change: no operation was sent. */
int eg_revoke_set_entry(struct eg_revoke *rv, struct eg_hash128 hash, enum eg_revoke_kind kind,
    uint64_t value, const struct eg_revoke_sink *sink, struct eg_error *err);
/* The hash is denied or cut off no longer. */
void eg_revoke_remove_entry(
    struct eg_revoke *rv, struct eg_hash128 hash, const struct eg_revoke_sink *sink);
/* All entries anew: from here on changes of entries go into tables aside (no operation is sent),
 * with room for about `entries`; then publish puts them in force, each shard at once, or discard
 * leaves everything as it was. Stage and what changes entries aside may be another thread's than
 * control's, which keeps to bitmaps until that thread has ended. */
int eg_revoke_stage(struct eg_revoke *rv, uint64_t entries, struct eg_error *err);
void eg_revoke_publish(struct eg_revoke *rv, const struct eg_revoke_sink *sink);
void eg_revoke_discard(struct eg_revoke *rv);
/* Entries first … last (inclusive, < entries) become value: one operation for each 64-bit word. A
 * block that no change has written before is written in place, and one operation hands it over to
 * its owner. */
int eg_bitmap_set_range(struct eg_bitmap *map, uint32_t first, uint32_t last, unsigned value,
    const struct eg_revoke_sink *sink, struct eg_error *err);
/* The bitmap's bytes from first_byte become `bytes` (packed as on the wire, least significant bit
 * first). Only words that differ are sent. first_byte and length are multiples of 8 except at the
 * end of the list; bits behind the last entry are ignored. */
int eg_bitmap_set_bytes(struct eg_bitmap *map, uint64_t first_byte, struct eg_span bytes,
    const struct eg_revoke_sink *sink, struct eg_error *err);
/* More entries, all zero, while readers read: -EG_EINVAL where it would shrink or exceed 2^30,
 * -EG_ENOMEM; either leaves it as it was. */
int eg_bitmap_grow(struct eg_bitmap *map, uint32_t entries, const struct eg_revoke_sink *sink,
    struct eg_error *err);
/* [control] Frees tables that operations have replaced, once no worker can read them: after all
 * have applied an epoch that was sent behind the replacement, and then one more. sent_epoch is the
 * last one sent to all workers, applied_epoch the lowest that they have applied (acquire). */
void eg_revoke_reclaim(struct eg_revoke *rv, uint64_t sent_epoch, uint64_t applied_epoch);
/* [control] What the tables in force take, in bytes. */
uint64_t eg_revoke_memory(const struct eg_revoke *rv);
/* [any] The most that tables of so many values take, in bytes, once they are staged and published.
 * Below 10^5 values it is less than 3 times what they do take, from there less than 1.25 times.
 * From eg_revoke_stage until eg_revoke_reclaim what was in force before takes its part too. */
uint64_t eg_revoke_memory_max(uint64_t values);

/* [worker: owner of op->shard] Constant time, no system call. */
void eg_revoke_apply(struct eg_revoke *rv, const struct eg_revoke_op *op);
/* [control] The sink that applies at once: where there is no worker. */
struct eg_revoke_sink eg_revoke_direct_sink(struct eg_revoke *rv);
/* [worker: owner] Prefetches what eg_revoke_apply will write. */
void eg_revoke_prefetch_op(const struct eg_revoke *rv, const struct eg_revoke_op *op);

/* [any] Value stored for a hash, or 0 with found false. NULL for value where the hash alone is
 * asked for: that is one cache line, and the value lies in another. Lock-free. */
bool eg_revoke_lookup(const struct eg_revoke *rv, struct eg_hash128 hash, uint64_t *value);
/* [any] The cache line that eg_revoke_lookup will read first, to be prefetched, or one that is hot.
 */
const void *eg_revoke_line(const struct eg_revoke *rv, struct eg_hash128 hash);

/* R2–R5 of one token (protocol section 4), R1 being the key's. What the caller does not have is
 * left out by `has`. */
enum eg_revoke_has {
	EG_REVOKE_HAS_IAT = 1 << 0,
	EG_REVOKE_HAS_SUB = 1 << 1,
	EG_REVOKE_HAS_JTI = 1 << 2,
	EG_REVOKE_HAS_CTI = 1 << 3,
	EG_REVOKE_HAS_SID = 1 << 4,
	EG_REVOKE_HAS_JKT = 1 << 5,
	EG_REVOKE_HAS_INDEX = 1 << 6,
};

struct eg_revoke_query {
	uint32_t has;
	uint32_t idx;                /* of map */
	const struct eg_bitmap *map; /* with HAS_INDEX */
	int64_t iat_floor_s;
	struct eg_hash128 issuer, sub, jti, cti, sid, jkt;
};

/* Status EG_OK, EG_REVOKED or EG_SUSPENDED, and the detail. [any] */
struct eg_revoke_answer {
	uint8_t status, detail;
};
struct eg_revoke_answer eg_revoke_check(
    const struct eg_revoke *rv, const struct eg_revoke_query *q);

#endif

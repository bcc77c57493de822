/* SPDX-License-Identifier: BSD-3-Clause */
#include "impl.h"

#include <stdlib.h>

#define GROUPS_MIN 6u
#define GROUPS_MAX (UINT32_MAX / GROUP_SLOTS)

/* 33 to 39 bytes an entry; of the entries, 4 to 6 % lie behind their own bucket. */
#define FILL_PCT  52u
#define LIMIT_PCT 60u

#define GROUP_SLOTS (EG_TABLE_BUCKETS * EG_TABLE_SLOTS)

/* ── memory ── */

static uint64_t groups_for(uint64_t entries)
{
	uint64_t groups = entries * 100 / (GROUP_SLOTS * FILL_PCT) + 1;

	return groups < GROUPS_MIN ? GROUPS_MIN : groups;
}

struct eg_table *eg_table_new(uint64_t entries)
{
	uint64_t groups = groups_for(entries);
	struct eg_table *table;

	if (groups > GROUPS_MAX)
		return NULL;
	table = aligned_alloc(EG_CACHE_LINE_BYTES, sizeof(*table));
	if (table == NULL)
		return NULL;
	memset(table, 0, sizeof(*table));
	table->place = eg_place_new(groups * sizeof(table->group[0]));
	if (table->place.mem == NULL) {
		free(table);
		return NULL;
	}
	table->group = table->place.mem;
	table->bucket_cnt = (uint32_t)groups * EG_TABLE_BUCKETS;
	return table;
}

void eg_table_free(struct eg_table *table)
{
	if (table == NULL)
		return;
	eg_place_free(&table->place);
	free(table);
}

uint64_t eg_table_bytes(const struct eg_table *table)
{
	return sizeof(*table) + table->place.bytes;
}

uint64_t eg_table_bytes_max(uint64_t entries)
{
	return eg_place_bytes_max(sizeof(struct eg_table)) +
	       eg_place_bytes_max(groups_for(entries) * sizeof(struct eg_table_group));
}

uint32_t eg_table_limit(const struct eg_table *table)
{
	return (uint32_t)((uint64_t)table->bucket_cnt * EG_TABLE_SLOTS * LIMIT_PCT / 100);
}

/* ── values ── */

#define FOR_EVER UINT32_MAX

static uint32_t pack(uint64_t value)
{
	return value < FOR_EVER ? (uint32_t)value : FOR_EVER;
}

static uint64_t unpack(uint32_t value_s)
{
	return value_s != FOR_EVER ? value_s : EG_REVOKE_VALUE_MAX;
}

/* A slot of a table. */
struct slot {
	uint32_t bucket;
	unsigned idx; /* EG_TABLE_SLOTS: none */
};

static struct eg_table_bucket *bucket_at(const struct eg_table *table, uint32_t i)
{
	return &table->group[i / EG_TABLE_BUCKETS].bucket[i % EG_TABLE_BUCKETS];
}

static _Atomic uint32_t *value_at(const struct eg_table *table, struct slot at)
{
	struct eg_table_group *group = &table->group[at.bucket / EG_TABLE_BUCKETS];

	return &group->value_s[at.bucket % EG_TABLE_BUCKETS][at.idx];
}

/* Pairs with the release in set_value. */
static uint32_t value_of(const struct eg_table *table, struct slot at)
{
	return atomic_load_explicit(value_at(table, at), memory_order_acquire);
}

/* [owner] Pairs with the acquire in value_of: who sees it sees that the slot's hash was taken away
 * before. */
static void set_value(const struct eg_table *table, struct slot at, uint32_t value_s)
{
	atomic_store_explicit(value_at(table, at), value_s, memory_order_release);
}

/* ── states ── */

#define USED       (1ull << 63)
#define CUTOFF     (1ull << 62)
#define WENT_ON(h) (1ull << (58 + ((h).lo >> 2 & 3u))) /* in the hi of slot_of_mark; for good */
#define HASH_BITS  ((1ull << 58) - 1)

_Static_assert(EG_SHARDS == 64, "the six bits that no hi holds are the shard's");

static unsigned slot_of_mark(struct eg_hash128 hash)
{
	return hash.lo % EG_TABLE_SLOTS;
}

/* [owner, or control while none writes] */
static uint64_t own_hi(const struct eg_table_bucket *b, unsigned i)
{
	return atomic_load_explicit(&b->hi[i], memory_order_relaxed);
}

/* [owner] Pairs with the acquires in equal_slots and has_gone_on. */
static void set_hi(struct eg_table_bucket *b, unsigned i, uint64_t hi)
{
	atomic_store_explicit(&b->hi[i], hi, memory_order_release);
}

static bool is_kept(const struct eg_table *table, struct slot at, uint64_t now_s)
{
	return (own_hi(bucket_at(table, at.bucket), at.idx) & CUTOFF) != 0 ||
	       now_s <= EG_REVOKE_GRACE_S ||
	       unpack(value_of(table, at)) >= now_s - EG_REVOKE_GRACE_S;
}

/* ── searching ── */

/* Rising with lo, so that entries which come in the order of their hashes are written in order. */
static uint32_t home(const struct eg_table *table, struct eg_hash128 hash)
{
	return (uint32_t)((hash.lo >> 32) * table->bucket_cnt >> 32);
}

static uint32_t next(const struct eg_table *table, uint32_t at)
{
	return at + 1 < table->bucket_cnt ? at + 1 : 0;
}

/* Bit i where slot i holds it, or 0. Without a branch, since which one it is nobody can foretell.
 */
static inline uint32_t if_equal(const struct eg_table_bucket *b, unsigned i, struct eg_hash128 hash)
{
	/* Pairs with the release in set_hi: lo is this hash's. */
	uint64_t hi = atomic_load_explicit(&b->hi[i], memory_order_acquire);
	uint64_t lo = atomic_load_explicit(&b->lo[i], memory_order_relaxed);
	uint64_t differs = (hi ^ (hash.hi | USED)) & (HASH_BITS | USED);

	return (uint32_t)((differs | (lo ^ hash.lo)) == 0) << i;
}

static inline uint32_t equal_slots(const struct eg_table_bucket *b, struct eg_hash128 hash)
{
	return if_equal(b, 0, hash) | if_equal(b, 1, hash) | if_equal(b, 2, hash) |
	       if_equal(b, 3, hash);
}

_Static_assert(EG_TABLE_SLOTS == 4, "equal_slots looks at them all");

static inline bool has_gone_on(const struct eg_table_bucket *b, struct eg_hash128 hash)
{
	/* Pairs with the release in set_hi. */
	uint64_t hi = atomic_load_explicit(&b->hi[slot_of_mark(hash)], memory_order_acquire);

	return (hi & WENT_ON(hash)) != 0;
}

static inline struct slot find(const struct eg_table *table, struct eg_hash128 hash)
{
	uint32_t first = home(table, hash);
	uint32_t at = first;

	do {
		const struct eg_table_bucket *b = bucket_at(table, at);
		uint32_t equal = equal_slots(b, hash);

		if (equal != 0)
			return (struct slot){at, (unsigned)__builtin_ctz(equal)};
		if (!has_gone_on(b, hash))
			break;
		at = next(table, at);
	} while (at != first);
	return (struct slot){at, EG_TABLE_SLOTS};
}

/* ── owner ── */

/* Its slot, else EG_TABLE_SLOTS: one that is free, else one whose entry is past. */
static unsigned room_in(const struct eg_table *table, uint32_t bucket, uint64_t now_s)
{
	unsigned i;

	for (i = 0; i < EG_TABLE_SLOTS; i++)
		if ((own_hi(bucket_at(table, bucket), i) & USED) == 0)
			return i;
	for (i = 0; i < EG_TABLE_SLOTS && is_kept(table, (struct slot){bucket, i}, now_s); i++)
		;
	return i;
}

static uint32_t fill(struct eg_table *table, struct slot at, const struct eg_table_item *item)
{
	struct eg_table_bucket *b = bucket_at(table, at.bucket);
	uint64_t old = own_hi(b, at.idx);
	uint64_t marks = old & ~(USED | CUTOFF | HASH_BITS);
	uint64_t hi = marks | USED | (item->is_cutoff ? CUTOFF : 0) | (item->hash.hi & HASH_BITS);

	set_hi(b, at.idx, marks);
	set_value(table, at, pack(item->value));
	atomic_store_explicit(&b->lo[at.idx], item->hash.lo, memory_order_relaxed);
	set_hi(b, at.idx, hi);
	return (old & USED) == 0;
}

static void mark_gone_on(struct eg_table_bucket *b, struct eg_hash128 hash)
{
	unsigned i = slot_of_mark(hash);

	set_hi(b, i, own_hi(b, i) | WENT_ON(hash));
}

static uint32_t add(struct eg_table *table, const struct eg_table_item *item)
{
	uint32_t first = home(table, item->hash);
	uint32_t at = first;

	do {
		unsigned i = room_in(table, at, item->now_s);

		if (i < EG_TABLE_SLOTS)
			return fill(table, (struct slot){at, i}, item);
		mark_gone_on(bucket_at(table, at), item->hash);
		at = next(table, at);
	} while (at != first);
	return 0;
}

uint32_t eg_table_put(struct eg_table *table, const struct eg_table_item *item)
{
	struct slot at = find(table, item->hash);

	if (at.idx == EG_TABLE_SLOTS)
		return add(table, item);
	if (pack(item->value) > value_of(table, at))
		set_value(table, at, pack(item->value));
	return 0;
}

uint32_t eg_table_remove(struct eg_table *table, struct eg_hash128 hash)
{
	struct slot at = find(table, hash);
	struct eg_table_bucket *b = bucket_at(table, at.bucket);

	if (at.idx == EG_TABLE_SLOTS)
		return 0;
	set_hi(b, at.idx, own_hi(b, at.idx) & ~(USED | CUTOFF));
	return 1;
}

void eg_table_prefetch_put(const struct eg_table *table, struct eg_hash128 hash)
{
	uint32_t bucket = home(table, hash);

	__builtin_prefetch(bucket_at(table, bucket), 1);
	__builtin_prefetch((const void *)value_at(table, (struct slot){bucket, 0}), 1);
}

/* ── control ── */

static uint32_t copy_slot(
    struct eg_table *to, const struct eg_table *from, struct slot at, uint64_t now_s)
{
	const struct eg_table_bucket *b = bucket_at(from, at.bucket);
	const uint64_t hi = own_hi(b, at.idx);
	struct eg_table_item item = {
	    .hash = {.lo = atomic_load_explicit(&b->lo[at.idx], memory_order_relaxed), .hi = hi},
	    .is_cutoff = (hi & CUTOFF) != 0,
	    .value = unpack(value_of(from, at)),
	};

	if ((hi & USED) == 0 || !is_kept(from, at, now_s))
		return 0;
	return to != NULL ? add(to, &item) : 1;
}

uint32_t eg_table_copy(struct eg_table *to, const struct eg_table *from, uint64_t now_s)
{
	uint32_t cnt = 0;

	for (uint32_t at = 0; at < from->bucket_cnt; at++)
		for (unsigned i = 0; i < EG_TABLE_SLOTS; i++)
			cnt += copy_slot(to, from, (struct slot){at, i}, now_s);
	return cnt;
}

/* ── readers ── */

/* Of another hash, where the slot was given away since it was found: then ours was taken back. */
static bool read_value(
    const struct eg_table *table, struct slot at, struct eg_hash128 hash, uint64_t *value)
{
	uint32_t value_s = value_of(table, at);

	if (if_equal(bucket_at(table, at.bucket), at.idx, hash) == 0)
		return false;
	*value = unpack(value_s);
	return true;
}

bool eg_table_get(const struct eg_table *table, struct eg_hash128 hash, uint64_t *value)
{
	struct slot at = find(table, hash);

	if (at.idx == EG_TABLE_SLOTS)
		return false;
	return value == NULL || read_value(table, at, hash, value);
}

const void *eg_table_line(const struct eg_table *table, struct eg_hash128 hash)
{
	return bucket_at(table, home(table, hash));
}

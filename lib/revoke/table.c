/* SPDX-License-Identifier: BSD-3-Clause */
#include "impl.h"

#include <stdlib.h>

#define SLOT_FREE    0u
#define SLOT_REMOVED 1u
#define LO_MIN       2u /* lower halves below it are filed under it */

#define BUCKETS_MIN 8u
#define BUCKETS_MAX (UINT32_MAX / EG_TABLE_SLOTS)

#define KIND_SHIFT 56 /* EG_REVOKE_VALUE_MAX lies below */

/* A new table is 5/8 full and is replaced at 13/16: 30 to 39 bytes an entry, and a search that
 * finds nothing reads 1.1 to 1.4 lines. */
#define FILL_NUMERATOR    5u
#define FILL_DENOMINATOR  8u
#define LIMIT_NUMERATOR   13u
#define LIMIT_DENOMINATOR 16u

/* ── memory ── */

static struct eg_table *place(size_t bytes)
{
	struct eg_pages pages = {0};
	struct eg_table *table;

	if (bytes >= EG_PAGES_HUGE_BYTES) {
		pages = eg_pages_alloc(bytes);
		table = pages.mem;
	} else {
		table = aligned_alloc(EG_CACHE_LINE_BYTES, bytes);
	}
	if (table == NULL)
		return NULL;
	/* Fresh pages are zero already: this faults them in here, and not on a worker. */
	memset(table, 0, bytes);
	table->pages = pages;
	return table;
}

struct eg_table *eg_table_new(uint64_t entries)
{
	uint64_t buckets = entries / (EG_TABLE_SLOTS * FILL_NUMERATOR / FILL_DENOMINATOR) + 1;
	struct eg_table *table;

	if (buckets < BUCKETS_MIN)
		buckets = BUCKETS_MIN;
	if (buckets > BUCKETS_MAX)
		return NULL;
	table = place(sizeof(*table) + buckets * sizeof(table->bucket[0]));
	if (table != NULL)
		table->bucket_cnt = (uint32_t)buckets;
	return table;
}

void eg_table_free(struct eg_table *table)
{
	struct eg_pages pages;

	if (table == NULL)
		return;
	pages = table->pages;
	if (pages.mem != NULL)
		eg_pages_free(&pages);
	else
		free(table);
}

uint64_t eg_table_bytes(const struct eg_table *table)
{
	return sizeof(*table) + (uint64_t)table->bucket_cnt * sizeof(table->bucket[0]);
}

uint32_t eg_table_limit(const struct eg_table *table)
{
	return (uint32_t)((uint64_t)table->bucket_cnt * EG_TABLE_SLOTS * LIMIT_NUMERATOR /
	                  LIMIT_DENOMINATOR);
}

/* ── slots ── */

static uint64_t filed_lo(struct eg_hash128 hash)
{
	return hash.lo < LO_MIN ? LO_MIN : hash.lo;
}

/* Rising with lo, so that entries which come in the order of their hashes are written in order. */
static uint32_t home(const struct eg_table *table, uint64_t lo)
{
	return (uint32_t)((lo >> 32) * table->bucket_cnt >> 32);
}

static uint64_t pack(enum eg_revoke_kind kind, uint64_t value)
{
	return (uint64_t)kind << KIND_SHIFT |
	       (value < EG_REVOKE_VALUE_MAX ? value : EG_REVOKE_VALUE_MAX);
}

static bool is_kept(uint64_t packed, uint64_t now_s)
{
	return packed >> KIND_SHIFT >= EG_REVOKE_SUBJECT || now_s <= EG_REVOKE_GRACE_S ||
	       (packed & EG_REVOKE_VALUE_MAX) >= now_s - EG_REVOKE_GRACE_S;
}

struct slot {
	const struct eg_table_bucket *bucket; /* NULL: none */
	unsigned i;
};

static uint64_t load(const _Atomic uint64_t *word)
{
	return atomic_load_explicit(word, memory_order_relaxed);
}

/* Goes through the slots in which the hash may be, up to the first free one. */
struct search {
	const struct eg_table *table;
	uint64_t lo, hi;
	uint32_t at, left; /* buckets */
};

static struct search search_for(const struct eg_table *table, struct eg_hash128 hash)
{
	uint64_t lo = filed_lo(hash);

	return (struct search){table, lo, hash.hi, home(table, lo), table->bucket_cnt};
}

static const struct eg_table_bucket *next_bucket(struct search *s)
{
	const struct eg_table_bucket *bucket = &s->table->bucket[s->at];

	if (s->left == 0)
		return NULL;
	s->left--;
	s->at = s->at + 1 < s->table->bucket_cnt ? s->at + 1 : 0;
	return bucket;
}

/* The slot of the hash, or none. */
static struct slot find(const struct eg_table *table, struct eg_hash128 hash)
{
	struct search s = search_for(table, hash);
	const struct eg_table_bucket *b;

	while ((b = next_bucket(&s)) != NULL) {
		for (unsigned i = 0; i < EG_TABLE_SLOTS; i++) {
			/* Pairs with the release store in fill. */
			uint64_t lo = atomic_load_explicit(&b->lo[i], memory_order_acquire);

			if (lo == s.lo && load(&b->hi[i]) == s.hi)
				return (struct slot){b, i};
			if (lo == SLOT_FREE)
				return (struct slot){NULL, 0};
		}
	}
	return (struct slot){NULL, 0};
}

/* ── owner ── */

static bool is_reusable(const struct eg_table_bucket *b, unsigned i, uint64_t now_s)
{
	return load(&b->lo[i]) == SLOT_REMOVED || !is_kept(load(&b->value[i]), now_s);
}

/* The first slot that an entry which is not there may take; .bucket NULL in a full table. */
static struct slot find_room(const struct eg_table *table, const struct eg_table_item *item)
{
	struct search s = search_for(table, item->hash);
	const struct eg_table_bucket *b;

	while ((b = next_bucket(&s)) != NULL)
		for (unsigned i = 0; i < EG_TABLE_SLOTS; i++)
			if (load(&b->lo[i]) == SLOT_FREE || is_reusable(b, i, item->now_s))
				return (struct slot){b, i};
	return (struct slot){NULL, 0};
}

static struct eg_table_bucket *writable(struct eg_table *table, struct slot slot)
{
	return &table->bucket[slot.bucket - table->bucket];
}

static uint32_t fill(struct eg_table_bucket *b, unsigned i, const struct eg_table_item *item)
{
	uint64_t old = load(&b->lo[i]);

	if (old != SLOT_FREE)
		/* Whoever still finds the old hash here finds all of it or none. */
		atomic_store_explicit(&b->lo[i], SLOT_REMOVED, memory_order_relaxed);
	atomic_store_explicit(&b->hi[i], item->hash.hi, memory_order_release);
	atomic_store_explicit(&b->value[i], pack(item->kind, item->value), memory_order_release);
	/* Pairs with the acquire load in find. */
	atomic_store_explicit(&b->lo[i], filed_lo(item->hash), memory_order_release);
	return old == SLOT_FREE;
}

uint32_t eg_table_put(struct eg_table *table, const struct eg_table_item *item)
{
	struct slot slot = find(table, item->hash);
	uint64_t packed = pack(item->kind, item->value);

	if (slot.bucket != NULL) {
		if (packed > load(&slot.bucket->value[slot.i]))
			atomic_store_explicit(
			    &writable(table, slot)->value[slot.i], packed, memory_order_relaxed);
		return 0;
	}
	slot = find_room(table, item);
	return slot.bucket != NULL ? fill(writable(table, slot), slot.i, item) : 0;
}

void eg_table_remove(struct eg_table *table, struct eg_hash128 hash)
{
	struct slot slot = find(table, hash);

	if (slot.bucket != NULL)
		atomic_store_explicit(
		    &writable(table, slot)->lo[slot.i], SLOT_REMOVED, memory_order_relaxed);
}

/* ── control ── */

static uint32_t copy_slot(
    struct eg_table *to, const struct eg_table_bucket *b, unsigned i, uint64_t now_s)
{
	uint64_t packed = load(&b->value[i]);
	struct eg_table_item item = {
	    .hash = {.lo = load(&b->lo[i]), .hi = load(&b->hi[i])},
	    .kind = (enum eg_revoke_kind)(packed >> KIND_SHIFT),
	    .value = packed & EG_REVOKE_VALUE_MAX,
	};

	if (item.hash.lo < LO_MIN || !is_kept(packed, now_s))
		return 0;
	return to != NULL ? eg_table_put(to, &item) : 1;
}

uint32_t eg_table_copy(struct eg_table *to, const struct eg_table *from, uint64_t now_s)
{
	uint32_t cnt = 0;

	for (uint32_t at = 0; at < from->bucket_cnt; at++)
		for (unsigned i = 0; i < EG_TABLE_SLOTS; i++)
			cnt += copy_slot(to, &from->bucket[at], i, now_s);
	return cnt;
}

/* ── readers ── */

bool eg_table_get(const struct eg_table *table, struct eg_hash128 hash, uint64_t *value)
{
	struct slot slot = find(table, hash);

	*value = slot.bucket != NULL ? load(&slot.bucket->value[slot.i]) & EG_REVOKE_VALUE_MAX : 0;
	return slot.bucket != NULL;
}

void eg_table_prefetch(const struct eg_table *table, struct eg_hash128 hash)
{
	__builtin_prefetch(&table->bucket[home(table, filed_lo(hash))]);
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "impl.h"

#define BUCKETS_MIN 28u
#define BUCKETS_MAX (UINT32_MAX / EG_TABLE_SLOTS)

/* 31 to 38 bytes an entry; of the entries, 7 to 13 % lie behind their own bucket. */
#define FILL_PCT  56u
#define LIMIT_PCT 68u

/* ── memory ── */

struct eg_table *eg_table_new(uint64_t entries)
{
	uint64_t buckets = entries * 100 / (EG_TABLE_SLOTS * FILL_PCT) + 1;
	struct eg_place place;
	struct eg_table *table;

	if (buckets < BUCKETS_MIN)
		buckets = BUCKETS_MIN;
	if (buckets > BUCKETS_MAX)
		return NULL;
	place = eg_place_new(sizeof(*table) + buckets * sizeof(table->bucket[0]));
	table = place.mem;
	if (table == NULL)
		return NULL;
	table->place = place;
	table->bucket_cnt = (uint32_t)buckets;
	return table;
}

void eg_table_free(struct eg_table *table)
{
	struct eg_place place;

	if (table == NULL)
		return;
	place = table->place;
	eg_place_free(&place);
}

uint64_t eg_table_bytes(const struct eg_table *table)
{
	return sizeof(*table) + (uint64_t)table->bucket_cnt * sizeof(table->bucket[0]);
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

static uint32_t value_of(const struct eg_table_bucket *b, unsigned i)
{
	return atomic_load_explicit(&b->value_s[i], memory_order_relaxed);
}

static void set_value(struct eg_table_bucket *b, unsigned i, uint32_t value_s)
{
	atomic_store_explicit(&b->value_s[i], value_s, memory_order_relaxed);
}

/* ── states ── */

#define USED(i)    (1u << (i))
#define CUTOFF(i)  (1u << (8 + (i)))
#define WENT_ON(h) (1u << (16 + ((h).lo & 15u))) /* never taken back */

/* [owner, or control while none writes] */
static uint32_t own_state(const struct eg_table_bucket *b)
{
	return atomic_load_explicit(&b->state, memory_order_relaxed);
}

/* [owner] Pairs with the acquire in find. */
static void set_state(struct eg_table_bucket *b, uint32_t state)
{
	atomic_store_explicit(&b->state, state, memory_order_release);
}

static bool is_kept(const struct eg_table_bucket *b, unsigned i, uint64_t now_s)
{
	return (own_state(b) & CUTOFF(i)) != 0 || now_s <= EG_REVOKE_GRACE_S ||
	       unpack(value_of(b, i)) >= now_s - EG_REVOKE_GRACE_S;
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

/* The slot as USED() has it, or 0. Without a branch, since which one it is nobody can foretell. */
static inline uint32_t if_equal(const struct eg_table_bucket *b, unsigned i, struct eg_hash128 hash)
{
	/* Pairs with the release of lo in fill: the value is this hash's. */
	uint64_t lo = atomic_load_explicit(&b->lo[i], memory_order_acquire);
	uint64_t hi = atomic_load_explicit(&b->hi[i], memory_order_relaxed);

	return (uint32_t)(((lo ^ hash.lo) | (hi ^ hash.hi)) == 0) << i;
}

static inline uint32_t equal_slots(const struct eg_table_bucket *b, struct eg_hash128 hash)
{
	return if_equal(b, 0, hash) | if_equal(b, 1, hash) | if_equal(b, 2, hash);
}

_Static_assert(EG_TABLE_SLOTS == 3, "equal_slots looks at them all");

struct found {
	uint32_t bucket;
	unsigned slot; /* EG_TABLE_SLOTS: it is not there */
};

static inline struct found find(const struct eg_table *table, struct eg_hash128 hash)
{
	uint32_t first = home(table, hash);
	uint32_t at = first;

	do {
		const struct eg_table_bucket *b = &table->bucket[at];
		/* Pairs with the release in set_state. */
		uint32_t state = atomic_load_explicit(&b->state, memory_order_acquire);

		uint32_t equal = equal_slots(b, hash) & state;

		if (equal != 0)
			return (struct found){at, (unsigned)__builtin_ctz(equal)};
		if ((state & WENT_ON(hash)) == 0)
			break;
		at = next(table, at);
	} while (at != first);
	return (struct found){at, EG_TABLE_SLOTS};
}

/* ── owner ── */

/* A free slot of the bucket, else one whose entry is past, else EG_TABLE_SLOTS. */
static unsigned room_in(const struct eg_table_bucket *b, uint64_t now_s)
{
	uint32_t state = own_state(b);
	unsigned i;

	for (i = 0; i < EG_TABLE_SLOTS; i++)
		if ((state & USED(i)) == 0)
			return i;
	for (i = 0; i < EG_TABLE_SLOTS && is_kept(b, i, now_s); i++)
		;
	return i;
}

static uint32_t fill(struct eg_table_bucket *b, unsigned i, const struct eg_table_item *item)
{
	uint32_t state = own_state(b);
	uint32_t others = state & ~(USED(i) | CUTOFF(i));

	set_state(b, others);
	set_value(b, i, pack(item->value));
	atomic_store_explicit(&b->hi[i], item->hash.hi, memory_order_relaxed);
	/* Pairs with the acquire in holds, for a reader that has seen an older state. */
	atomic_store_explicit(&b->lo[i], item->hash.lo, memory_order_release);
	set_state(b, others | USED(i) | (item->is_cutoff ? CUTOFF(i) : 0));
	return (state & USED(i)) == 0;
}

static uint32_t add(struct eg_table *table, const struct eg_table_item *item)
{
	uint32_t first = home(table, item->hash);
	uint32_t at = first;

	do {
		struct eg_table_bucket *b = &table->bucket[at];
		unsigned i = room_in(b, item->now_s);

		if (i < EG_TABLE_SLOTS)
			return fill(b, i, item);
		set_state(b, own_state(b) | WENT_ON(item->hash));
		at = next(table, at);
	} while (at != first);
	return 0;
}

uint32_t eg_table_put(struct eg_table *table, const struct eg_table_item *item)
{
	struct found at = find(table, item->hash);
	struct eg_table_bucket *b = &table->bucket[at.bucket];

	if (at.slot == EG_TABLE_SLOTS)
		return add(table, item);
	if (pack(item->value) > value_of(b, at.slot))
		set_value(b, at.slot, pack(item->value));
	return 0;
}

uint32_t eg_table_remove(struct eg_table *table, struct eg_hash128 hash)
{
	struct found at = find(table, hash);
	struct eg_table_bucket *b = &table->bucket[at.bucket];

	if (at.slot == EG_TABLE_SLOTS)
		return 0;
	set_state(b, own_state(b) & ~(USED(at.slot) | CUTOFF(at.slot)));
	return 1;
}

/* ── control ── */

static uint32_t copy_slot(
    struct eg_table *to, const struct eg_table_bucket *b, unsigned i, uint64_t now_s)
{
	struct eg_table_item item = {
	    .hash = {.lo = atomic_load_explicit(&b->lo[i], memory_order_relaxed),
	        .hi = atomic_load_explicit(&b->hi[i], memory_order_relaxed)},
	    .is_cutoff = (own_state(b) & CUTOFF(i)) != 0,
	    .value = unpack(value_of(b, i)),
	};

	if ((own_state(b) & USED(i)) == 0 || !is_kept(b, i, now_s))
		return 0;
	return to != NULL ? add(to, &item) : 1;
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
	struct found at = find(table, hash);
	const struct eg_table_bucket *b = &table->bucket[at.bucket];

	*value = at.slot < EG_TABLE_SLOTS ? unpack(value_of(b, at.slot)) : 0;
	return at.slot < EG_TABLE_SLOTS;
}

const void *eg_table_line(const struct eg_table *table, struct eg_hash128 hash)
{
	return &table->bucket[home(table, hash)];
}

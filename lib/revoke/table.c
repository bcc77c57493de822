/* SPDX-License-Identifier: BSD-3-Clause */
#include "impl.h"

#define BUCKETS_MIN 3u
#define BUCKETS_MAX (UINT32_MAX / EG_TABLE_SLOTS)

#define KIND_SHIFT 56 /* EG_REVOKE_VALUE_MAX lies below */

/* 33 to 39 bytes an entry; of the searches that find nothing, 3 to 11 % go on to a second bucket.
 */
#define FILL_PCT  68u
#define LIMIT_PCT 80u

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

/* ── slots ── */

static uint64_t load(const _Atomic uint64_t *word)
{
	return atomic_load_explicit(word, memory_order_relaxed);
}

static void store(_Atomic uint64_t *word, uint64_t value)
{
	atomic_store_explicit(word, value, memory_order_relaxed);
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

/* Rising with lo, so that entries which come in the order of their hashes are written in order. */
static uint32_t home(const struct eg_table *table, struct eg_hash128 hash)
{
	return (uint32_t)((hash.lo >> 32) * table->bucket_cnt >> 32);
}

static uint32_t next(const struct eg_table *table, uint32_t at)
{
	return at + 1 < table->bucket_cnt ? at + 1 : 0;
}

/* ── tags ── */

#define TAG_FREE 0u
#define TAG_BITS 16u
#define TAG_ONES 0x0001000100010001u
#define TAG_TOPS 0x8000800080008000u

static uint64_t tag_of(struct eg_hash128 hash)
{
	uint64_t tag = hash.lo & 0xffffu;

	return tag != TAG_FREE ? tag : 1;
}

/* The top bit of each tag of the word that equals `tag`; a tag above an equal one may be marked
 * too, so a mark only says where to look ("determine if a word has a byte equal to n", Bit
 * Twiddling Hacks). */
static uint64_t marks_of(uint64_t tags, uint64_t tag)
{
	uint64_t x = tags ^ tag * TAG_ONES;

	return (x - TAG_ONES) & ~x & TAG_TOPS;
}

static unsigned first_mark(uint64_t marks)
{
	return (unsigned)__builtin_ctzll(marks) / TAG_BITS;
}

/* [owner] Pairs with the acquire in find_in. */
static void set_tag(struct eg_table_bucket *b, unsigned slot, uint64_t tag)
{
	_Atomic uint64_t *tags = &b->tags[slot / EG_TABLE_TAGS_PER_WORD];
	unsigned shift = slot % EG_TABLE_TAGS_PER_WORD * TAG_BITS;
	uint64_t others = load(tags) & ~((uint64_t)0xffff << shift);

	atomic_store_explicit(tags, others | tag << shift, memory_order_release);
}

/* ── searching ── */

static bool holds(const struct eg_table_slot *slot, struct eg_hash128 hash)
{
	/* Pairs with the release of lo in fill: the value is this hash's. */
	return atomic_load_explicit(&slot->lo, memory_order_acquire) == hash.lo &&
	       load(&slot->hi) == hash.hi;
}

static const struct eg_table_slot *find_in(
    const struct eg_table_bucket *b, struct eg_hash128 hash, uint64_t tag)
{
	for (unsigned w = 0; w < EG_TABLE_SLOTS / EG_TABLE_TAGS_PER_WORD; w++) {
		/* Pairs with the release in set_tag. */
		uint64_t tags = atomic_load_explicit(&b->tags[w], memory_order_acquire);

		for (uint64_t m = marks_of(tags, tag); m != 0; m &= m - 1) {
			unsigned i = w * EG_TABLE_TAGS_PER_WORD + first_mark(m);

			if (holds(&b->slot[i], hash))
				return &b->slot[i];
		}
	}
	return NULL;
}

/* The slot of the hash, or NULL; *bucket is where it is. */
static const struct eg_table_slot *find(
    const struct eg_table *table, struct eg_hash128 hash, uint32_t *bucket)
{
	uint64_t tag = tag_of(hash);
	uint32_t first = home(table, hash);
	uint32_t at = first;

	do {
		const struct eg_table_bucket *b = &table->bucket[at];
		const struct eg_table_slot *slot = find_in(b, hash, tag);

		*bucket = at;
		if (slot != NULL || load(&b->overflowed) == 0)
			return slot;
		at = next(table, at);
	} while (at != first);
	return NULL;
}

/* ── owner ── */

/* A free slot of the bucket, else one whose entry is past, else EG_TABLE_SLOTS. */
static unsigned room_in(const struct eg_table_bucket *b, uint64_t now_s)
{
	for (unsigned w = 0; w < EG_TABLE_SLOTS / EG_TABLE_TAGS_PER_WORD; w++) {
		uint64_t m = marks_of(load(&b->tags[w]), TAG_FREE);

		if (m != 0) /* the lowest mark is a true one */
			return w * EG_TABLE_TAGS_PER_WORD + first_mark(m);
	}
	for (unsigned i = 0; i < EG_TABLE_SLOTS; i++)
		if (!is_kept(load(&b->slot[i].value), now_s))
			return i;
	return EG_TABLE_SLOTS;
}

static bool is_free(const struct eg_table_bucket *b, unsigned slot)
{
	uint64_t tags = load(&b->tags[slot / EG_TABLE_TAGS_PER_WORD]);

	return (tags >> slot % EG_TABLE_TAGS_PER_WORD * TAG_BITS & 0xffffu) == TAG_FREE;
}

static uint32_t fill(struct eg_table_bucket *b, unsigned i, const struct eg_table_item *item)
{
	struct eg_table_slot *slot = &b->slot[i];
	bool was_free = is_free(b, i);

	set_tag(b, i, TAG_FREE);
	store(&slot->value, pack(item->kind, item->value));
	store(&slot->hi, item->hash.hi);
	/* Pairs with the acquire in holds, for a reader that has seen an older tag. */
	atomic_store_explicit(&slot->lo, item->hash.lo, memory_order_release);
	set_tag(b, i, tag_of(item->hash));
	return was_free;
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
		store(&b->overflowed, 1);
		at = next(table, at);
	} while (at != first);
	return 0;
}

static struct eg_table_slot *find_own(
    struct eg_table *table, struct eg_hash128 hash, struct eg_table_bucket **bucket)
{
	uint32_t at;
	const struct eg_table_slot *slot = find(table, hash, &at);

	*bucket = &table->bucket[at];
	return slot != NULL ? &(*bucket)->slot[slot - (*bucket)->slot] : NULL;
}

uint32_t eg_table_put(struct eg_table *table, const struct eg_table_item *item)
{
	struct eg_table_bucket *b;
	struct eg_table_slot *slot = find_own(table, item->hash, &b);
	uint64_t packed = pack(item->kind, item->value);

	if (slot == NULL)
		return add(table, item);
	if (packed > load(&slot->value))
		store(&slot->value, packed);
	return 0;
}

uint32_t eg_table_remove(struct eg_table *table, struct eg_hash128 hash)
{
	struct eg_table_bucket *b;
	const struct eg_table_slot *slot = find_own(table, hash, &b);

	if (slot == NULL)
		return 0;
	set_tag(b, (unsigned)(slot - b->slot), TAG_FREE);
	return 1;
}

/* ── control ── */

static uint32_t copy_slot(
    struct eg_table *to, const struct eg_table_bucket *b, unsigned i, uint64_t now_s)
{
	uint64_t packed = load(&b->slot[i].value);
	struct eg_table_item item = {
	    .hash = {.lo = load(&b->slot[i].lo), .hi = load(&b->slot[i].hi)},
	    .kind = (enum eg_revoke_kind)(packed >> KIND_SHIFT),
	    .value = packed & EG_REVOKE_VALUE_MAX,
	};

	if (is_free(b, i) || !is_kept(packed, now_s))
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
	uint32_t at;
	const struct eg_table_slot *slot = find(table, hash, &at);

	*value = slot != NULL ? load(&slot->value) & EG_REVOKE_VALUE_MAX : 0;
	return slot != NULL;
}

const void *eg_table_line(const struct eg_table *table, struct eg_hash128 hash)
{
	return &table->bucket[home(table, hash)];
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "impl.h"

#include <stdlib.h>

struct eg_table *eg_table_new(uint32_t capacity)
{
	size_t bytes = sizeof(struct eg_table) + capacity * sizeof(struct eg_table_entry);
	struct eg_table *table = aligned_alloc(EG_CACHE_LINE_BYTES, bytes);

	if (table == NULL)
		return NULL;
	memset(table, 0, bytes);
	table->capacity = capacity;
	return table;
}

uint64_t eg_table_limit(const struct eg_table *table)
{
	return (uint64_t)table->capacity / 4 * 3;
}

uint32_t eg_table_capacity_for(uint64_t entries)
{
	uint32_t capacity = EG_TABLE_CAPACITY_MIN;

	while ((uint64_t)capacity / 8 * 3 < entries) {
		if (capacity == EG_TABLE_CAPACITY_MAX)
			return 0;
		capacity *= 2;
	}
	return capacity;
}

static uint64_t filed_lo(struct eg_hash128 hash)
{
	return hash.lo != 0 ? hash.lo : 1;
}

/*
 * Where the hash is, or the free entry where it would go; an index of capacity in a full table.
 * *found tells which by the one load of lo that chose the entry: a second look could see another
 * hash that the owner has just put there.
 */
static uint32_t find(const struct eg_table *table, struct eg_hash128 hash, bool *found)
{
	uint32_t mask = table->capacity - 1;
	uint64_t lo = filed_lo(hash);

	*found = false;
	for (uint32_t i = 0; i < table->capacity; i++) {
		uint32_t at = (uint32_t)(lo + i) & mask;
		const struct eg_table_entry *e = &table->entry[at];
		/* Pairs with the release store in eg_table_put. */
		uint64_t there = atomic_load_explicit(&e->lo, memory_order_acquire);

		*found =
		    there == lo && atomic_load_explicit(&e->hi, memory_order_relaxed) == hash.hi;
		if (*found || there == 0)
			return at;
	}
	return table->capacity;
}

uint32_t eg_table_put(
    struct eg_table *table, struct eg_hash128 hash, enum eg_revoke_kind kind, uint64_t value)
{
	bool found;
	uint32_t at = find(table, hash, &found);
	struct eg_table_entry *e = &table->entry[at];

	if (at == table->capacity)
		return 0;
	if (found) {
		if (value > atomic_load_explicit(&e->value, memory_order_relaxed))
			atomic_store_explicit(&e->value, value, memory_order_relaxed);
		return 0;
	}
	atomic_store_explicit(&e->hi, hash.hi, memory_order_relaxed);
	atomic_store_explicit(&e->value, value, memory_order_relaxed);
	atomic_store_explicit(&e->kind, kind, memory_order_relaxed);
	/* Pairs with the acquire load in find and eg_table_count. */
	atomic_store_explicit(&e->lo, filed_lo(hash), memory_order_release);
	return 1;
}

static bool is_kept(const struct eg_table_entry *e, uint64_t now_s)
{
	uint64_t kind = atomic_load_explicit(&e->kind, memory_order_relaxed);
	uint64_t value = atomic_load_explicit(&e->value, memory_order_relaxed);

	return kind >= EG_REVOKE_SUBJECT || now_s <= EG_REVOKE_GRACE_S ||
	       value >= now_s - EG_REVOKE_GRACE_S;
}

uint32_t eg_table_move(struct eg_table *to, const struct eg_table *from, uint64_t now_s)
{
	uint32_t cnt = 0;

	for (uint32_t i = 0; i < from->capacity; i++) {
		const struct eg_table_entry *e = &from->entry[i];
		struct eg_hash128 hash = {
		    .lo = atomic_load_explicit(&e->lo, memory_order_relaxed),
		    .hi = atomic_load_explicit(&e->hi, memory_order_relaxed),
		};

		if (hash.lo != 0 && is_kept(e, now_s))
			cnt += eg_table_put(to, hash,
			    (enum eg_revoke_kind)atomic_load_explicit(
			        &e->kind, memory_order_relaxed),
			    atomic_load_explicit(&e->value, memory_order_relaxed));
	}
	return cnt;
}

uint64_t eg_table_count(const struct eg_table *table, uint64_t now_s)
{
	uint64_t cnt = 0;

	for (uint32_t i = 0; i < table->capacity; i++) {
		/* Pairs with the release store in eg_table_put. */
		uint64_t lo = atomic_load_explicit(&table->entry[i].lo, memory_order_acquire);

		cnt += lo != 0 && is_kept(&table->entry[i], now_s);
	}
	return cnt;
}

bool eg_table_get(const struct eg_table *table, struct eg_hash128 hash, uint64_t *value)
{
	bool found;
	uint32_t at = find(table, hash, &found);

	*value = found ? atomic_load_explicit(&table->entry[at].value, memory_order_relaxed) : 0;
	return found;
}

void eg_table_prefetch(const struct eg_table *table, struct eg_hash128 hash)
{
	__builtin_prefetch(&table->entry[filed_lo(hash) & (table->capacity - 1)]);
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "table_memory.h"

#include <assert.h>
#include <stdlib.h>

#define ALIGN_BYTES 64u

struct eg_table_slab {
	struct eg_table_slab *next;
	struct eg_pages pages;
	unsigned window_bits;
	unsigned room;
	size_t place_bytes;
	uint64_t taken; /* bit i: place i */
};

static size_t place_bytes(unsigned window_bits)
{
	return (eg_ed25519_table_bytes(window_bits) + ALIGN_BYTES - 1) / ALIGN_BYTES * ALIGN_BYTES;
}

static bool is_full(const struct eg_table_slab *slab)
{
	return slab->taken == (UINT64_C(1) << slab->room) - 1;
}

static struct eg_table_slab *new_slab(struct eg_table_memory *memory, unsigned window_bits)
{
	struct eg_table_slab *slab = calloc(1, sizeof(*slab));
	size_t bytes = place_bytes(window_bits);

	if (slab == NULL)
		return NULL;
	slab->pages = eg_pages_alloc(bytes < EG_PAGES_HUGE_BYTES ? EG_PAGES_HUGE_BYTES : bytes);
	if (slab->pages.mem == NULL) {
		free(slab);
		return NULL;
	}
	slab->window_bits = window_bits;
	slab->place_bytes = bytes;
	slab->room = (unsigned)(slab->pages.bytes / bytes);
	assert(slab->room >= 1 && slab->room < 64);
	slab->next = memory->slab;
	memory->slab = slab;
	return slab;
}

struct eg_ed25519_table *eg_table_take(struct eg_table_memory *memory, unsigned window_bits)
{
	struct eg_table_slab *slab = memory->slab;
	unsigned place;

	while (slab != NULL && (slab->window_bits != window_bits || is_full(slab)))
		slab = slab->next;
	if (slab == NULL)
		slab = new_slab(memory, window_bits);
	if (slab == NULL)
		return NULL;
	place = (unsigned)__builtin_ctzll(~slab->taken);
	slab->taken |= UINT64_C(1) << place;
	return (void *)((uint8_t *)slab->pages.mem + place * slab->place_bytes);
}

static bool lies_in(const struct eg_table_slab *slab, const void *table)
{
	uintptr_t start = (uintptr_t)slab->pages.mem;

	return (uintptr_t)table >= start && (uintptr_t)table < start + slab->pages.bytes;
}

void eg_table_give(struct eg_table_memory *memory, struct eg_ed25519_table *table)
{
	struct eg_table_slab **at = &memory->slab, *slab;
	size_t place;

	while (!lies_in(*at, table))
		at = &(*at)->next;
	slab = *at;
	place = ((uintptr_t)table - (uintptr_t)slab->pages.mem) / slab->place_bytes;
	slab->taken &= ~(UINT64_C(1) << place);
	if (slab->taken != 0)
		return;
	*at = slab->next;
	eg_pages_free(&slab->pages);
	free(slab);
}

enum eg_pages_kind eg_table_pages(
    const struct eg_table_memory *memory, const struct eg_ed25519_table *table)
{
	const struct eg_table_slab *slab = memory->slab;

	while (!lies_in(slab, table))
		slab = slab->next;
	return slab->pages.kind;
}

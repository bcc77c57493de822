/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Memory of comb tables: slabs of 2 MiB pages that hold tables of one width, so that small tables
 * too lie on huge pages and a freed place fits the next table of its width. A slab goes when its
 * last table goes. Private to lib/keyset. [control]
 */
#ifndef EG_TABLE_MEMORY_H
#define EG_TABLE_MEMORY_H

#include "eg_ed25519_table.h"
#include "eg_pages.h"

struct eg_table_slab;

struct eg_table_memory {
	struct eg_table_slab *slab; /* NULL: empty */
};

/* Room for a table of an allowed width; what lies there is undefined. NULL without memory. */
struct eg_ed25519_table *eg_table_take(struct eg_table_memory *memory, unsigned window_bits);
void eg_table_give(struct eg_table_memory *memory, struct eg_ed25519_table *table);
/* On which pages a table lies. */
enum eg_pages_kind eg_table_pages(
    const struct eg_table_memory *memory, const struct eg_ed25519_table *table);

#endif

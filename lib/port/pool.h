/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A fixed number of buffers for one queue, given out last in first out (the warmest first).
 * Threads: one at a time. Only init allocates.
 */
#ifndef EG_POOL_H
#define EG_POOL_H

#include "eg_err.h"

#include <stddef.h>

struct eg_pool {
	unsigned char *mem;
	void **free_item;
	unsigned free_cnt;
};

/* 0 or -EG_ENOMEM. A pool of zeros is empty and may be freed. */
int eg_pool_init(struct eg_pool *pool, unsigned item_cnt, size_t item_bytes, struct eg_error *err);
void eg_pool_free(struct eg_pool *pool);

/* An item, aligned to a cache line, or NULL. */
void *eg_pool_get(struct eg_pool *pool);
/* Precondition: the item is of this pool and out. */
void eg_pool_put(struct eg_pool *pool, void *item);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
#include "pool.h"

#include "eg_stats.h"

#include <stdlib.h>

int eg_pool_init(struct eg_pool *pool, unsigned item_cnt, size_t item_bytes, struct eg_error *err)
{
	size_t stride =
	    (item_bytes + EG_CACHE_LINE_BYTES - 1) / EG_CACHE_LINE_BYTES * EG_CACHE_LINE_BYTES;

	pool->mem = aligned_alloc(EG_CACHE_LINE_BYTES, stride * item_cnt);
	pool->free_item = calloc(item_cnt, sizeof(*pool->free_item));
	pool->free_cnt = 0;
	if (pool->mem == NULL || pool->free_item == NULL) {
		eg_pool_free(pool);
		return eg_error_set(
		    err, EG_ENOMEM, "no memory for %u buffers of %zu bytes", item_cnt, stride);
	}
	for (unsigned i = item_cnt; i-- > 0;)
		eg_pool_put(pool, pool->mem + i * stride);
	return 0;
}

void eg_pool_free(struct eg_pool *pool)
{
	free(pool->mem);
	free(pool->free_item);
	*pool = (struct eg_pool){NULL, NULL, 0};
}

void *eg_pool_get(struct eg_pool *pool)
{
	return pool->free_cnt != 0 ? pool->free_item[--pool->free_cnt] : NULL;
}

void eg_pool_put(struct eg_pool *pool, void *item)
{
	pool->free_item[pool->free_cnt++] = item;
}

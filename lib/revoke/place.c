/* SPDX-License-Identifier: BSD-3-Clause */
#include "impl.h"

#include <stdlib.h>

#define PAGE_BYTES 4096u /* or larger */

static struct eg_place on_heap(size_t bytes)
{
	struct eg_place place = {
	    .bytes = (bytes + EG_CACHE_LINE_BYTES - 1) / EG_CACHE_LINE_BYTES * EG_CACHE_LINE_BYTES};

	place.mem = aligned_alloc(EG_CACHE_LINE_BYTES, place.bytes);
	if (place.mem != NULL)
		memset(place.mem, 0, bytes);
	return place;
}

struct eg_place eg_place_new(size_t bytes)
{
	struct eg_place place = {0};

	if (bytes < EG_PAGES_HUGE_BYTES)
		return on_heap(bytes);
	place.pages = eg_pages_alloc_tight(bytes);
	place.mem = place.pages.mem;
	place.bytes = place.pages.bytes;
	/* Fresh pages are zero: one byte of each faults it in. */
	for (size_t at = 0; place.mem != NULL && at < place.pages.bytes; at += PAGE_BYTES)
		((volatile uint8_t *)place.mem)[at] = 0;
	return place;
}

uint64_t eg_place_bytes_max(size_t bytes)
{
	return bytes < EG_PAGES_HUGE_BYTES ? bytes + bytes / 16 + 256 : eg_pages_tight_bytes(bytes);
}

void eg_place_free(struct eg_place *place)
{
	if (place->pages.mem != NULL)
		eg_pages_free(&place->pages);
	else
		free(place->mem);
	place->mem = NULL;
}

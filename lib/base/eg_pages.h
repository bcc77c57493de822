/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Large blocks of zeroed memory on 2 MiB pages where the system has some: bitmaps and comb tables
 * are read at random, and on 4 KiB pages each read would miss the TLB too.
 *
 * Tried in this order: reserved huge pages (MAP_HUGETLB), transparent ones (MADV_HUGEPAGE), plain
 * pages. Which it became is told, since an operator wants to know, never a reason to fail.
 * Threads: [control]; system calls.
 */
#ifndef EG_PAGES_H
#define EG_PAGES_H

#include <stddef.h>

#define EG_PAGES_HUGE_BYTES ((size_t)2 << 20)

enum eg_pages_kind {
	EG_PAGES_HUGE,        /* reserved: certain */
	EG_PAGES_TRANSPARENT, /* asked for; the kernel gives them as it can */
	EG_PAGES_PLAIN,       /* less than a huge page was wanted, or there are none */
};

struct eg_pages {
	void *mem;    /* NULL: no memory */
	size_t bytes; /* of the mapping: a multiple of the page size */
	enum eg_pages_kind kind;
};

/* At least `bytes` (> 0) of zeros, aligned to the page size that it got: whole huge pages from one
 * on, else whole small ones. mem is NULL without memory. */
struct eg_pages eg_pages_alloc(size_t bytes);
/* The same, but what is left over behind the last whole huge page lies on small ones: for the many
 * that are a few huge pages each, of which rounding up would waste a large part. */
size_t eg_pages_tight_bytes(size_t bytes);
struct eg_pages eg_pages_alloc_tight(size_t bytes);
/* pages->mem may be NULL. */
void eg_pages_free(struct eg_pages *pages);
/* "huge", "transparent" or "plain" */
const char *eg_pages_kind_name(enum eg_pages_kind kind);

#endif

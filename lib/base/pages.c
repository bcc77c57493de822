/* SPDX-License-Identifier: BSD-3-Clause */
#include "eg_pages.h"

#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

static size_t round_up(size_t bytes, size_t unit)
{
	return (bytes + unit - 1) / unit * unit;
}

static void *map(size_t bytes, int flags)
{
	void *mem =
	    mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);

	return mem == MAP_FAILED ? NULL : mem;
}

/* Unmaps what stands before and behind the first `bytes` that begin on a huge page. */
static void *trim(uint8_t *mem, size_t mapped, size_t bytes)
{
	size_t head = round_up((uintptr_t)mem, EG_PAGES_HUGE_BYTES) - (uintptr_t)mem;
	size_t tail = mapped - head - bytes;

	if (head != 0)
		(void)munmap(mem, head);
	if (tail != 0)
		(void)munmap(mem + head + bytes, tail);
	return mem + head;
}

static struct eg_pages alloc_transparent(size_t bytes)
{
	size_t mapped = bytes + EG_PAGES_HUGE_BYTES;
	void *mem = map(mapped, 0);

	if (mem == NULL)
		return (struct eg_pages){NULL, 0, EG_PAGES_PLAIN};
	mem = trim(mem, mapped, bytes);
	if (madvise(mem, bytes, MADV_HUGEPAGE) != 0)
		return (struct eg_pages){mem, bytes, EG_PAGES_PLAIN};
	return (struct eg_pages){mem, bytes, EG_PAGES_TRANSPARENT};
}

size_t eg_pages_tight_bytes(size_t bytes)
{
	return round_up(bytes, (size_t)sysconf(_SC_PAGESIZE));
}

struct eg_pages eg_pages_alloc(size_t bytes)
{
	size_t whole;
	void *mem;

	if (bytes == 0 || bytes > SIZE_MAX - 2 * EG_PAGES_HUGE_BYTES)
		return (struct eg_pages){NULL, 0, EG_PAGES_PLAIN};
	if (bytes < EG_PAGES_HUGE_BYTES) {
		whole = eg_pages_tight_bytes(bytes);
		mem = map(whole, 0);
		return (struct eg_pages){mem, mem == NULL ? 0 : whole, EG_PAGES_PLAIN};
	}
	whole = round_up(bytes, EG_PAGES_HUGE_BYTES);
	/* Without MAP_NORESERVE the reserve is taken here or the call fails: a fault later would
	 * be a SIGBUS. */
	mem = map(whole, MAP_HUGETLB);
	if (mem != NULL)
		return (struct eg_pages){mem, whole, EG_PAGES_HUGE};
	return alloc_transparent(whole);
}

/* Reserved pages go over the front of an aligned mapping. Where there are not enough, what the
 * attempt left of it is unknown. */
struct eg_pages eg_pages_alloc_tight(size_t bytes)
{
	const size_t front = bytes / EG_PAGES_HUGE_BYTES * EG_PAGES_HUGE_BYTES;
	struct eg_pages pages;

	if (front == 0 || bytes > SIZE_MAX - 2 * EG_PAGES_HUGE_BYTES)
		return eg_pages_alloc(bytes);
	pages = alloc_transparent(eg_pages_tight_bytes(bytes));
	if (pages.mem == NULL)
		return pages;
	if (mmap(pages.mem, front, PROT_READ | PROT_WRITE,
	        MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_HUGETLB, -1, 0) != MAP_FAILED) {
		pages.kind = EG_PAGES_HUGE;
		return pages;
	}
	eg_pages_free(&pages);
	return alloc_transparent(eg_pages_tight_bytes(bytes));
}

void eg_pages_free(struct eg_pages *pages)
{
	if (pages->mem != NULL)
		(void)munmap(pages->mem, pages->bytes);
	pages->mem = NULL;
	pages->bytes = 0;
}

const char *eg_pages_kind_name(enum eg_pages_kind kind)
{
	static const char *const names[] = {"huge", "transparent", "plain"};

	return names[kind];
}

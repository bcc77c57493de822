/* SPDX-License-Identifier: BSD-3-Clause */
#include "fuzz.h"

#include "eg_cpu.h"
#include "fuzz_marks.h"

#include <stdio.h>

struct fuzz_marks fuzz_marks;

_Noreturn void fuzz_fail(const char *property, const char *file, int line)
{
	(void)fprintf(stderr, "%s:%d: broken property: %s\n", file, line, property);
	abort();
}

static bool is_marked(const char *kind, const char *name)
{
	for (size_t i = 0; i < fuzz_marks.cnt; i++)
		if (strcmp(fuzz_marks.mark[i].kind, kind) == 0 &&
		    strcmp(fuzz_marks.mark[i].name, name) == 0)
			return true;
	return false;
}

void fuzz_mark(const char *kind, const char *name)
{
	if (!fuzz_marks.wanted || is_marked(kind, name))
		return;
	FUZZ_CHECK(fuzz_marks.cnt < FUZZ_MARKS_MAX);
	fuzz_marks.mark[fuzz_marks.cnt++] = (struct fuzz_mark){kind, name};
}

struct fuzz_copy fuzz_copy(struct eg_span data, size_t shift)
{
	struct fuzz_copy copy = {.mem = malloc(shift + data.len)};

	FUZZ_CHECK(copy.mem != NULL || shift + data.len == 0);
	copy.span = eg_span(copy.mem + shift, data.len);
	if (data.len != 0)
		memcpy(copy.mem + shift, data.ptr, data.len);
	return copy;
}

void fuzz_copy_free(struct fuzz_copy *copy)
{
	free(copy->mem);
}

static struct eg_span take(struct eg_reader *r, size_t len)
{
	return eg_read_bytes(r, len < r->left ? len : r->left);
}

struct eg_span fuzz_take8(struct eg_reader *r)
{
	return take(r, eg_read_u8(r));
}

struct eg_span fuzz_take16(struct eg_reader *r)
{
	return take(r, eg_read_be16(r));
}

bool fuzz_next_cpu(unsigned *i)
{
	static const unsigned sets[] = {0, EG_CPU_SSE42, EG_CPU_SSE42 | EG_CPU_AVX2, EG_CPU_ALL};

	eg_cpu_limit(EG_CPU_ALL);
	while (*i < sizeof(sets) / sizeof(sets[0])) {
		const unsigned set = sets[(*i)++];

		if (set != 0 && set != EG_CPU_ALL && !eg_cpu_has(set))
			continue;
		eg_cpu_limit(set);
		return true;
	}
	return false;
}

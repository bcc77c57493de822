/* SPDX-License-Identifier: BSD-3-Clause */
/* Where fuzz_mark writes and the driver reads. */
#ifndef EG_FUZZ_MARKS_H
#define EG_FUZZ_MARKS_H

#include <stdbool.h>
#include <stddef.h>

#define FUZZ_MARKS_MAX 512u

struct fuzz_mark {
	const char *kind, *name;
};

struct fuzz_marks {
	bool wanted; /* set by fuzz_main.c alone: a fuzzer has its own measure */
	size_t cnt;
	struct fuzz_mark mark[FUZZ_MARKS_MAX];
};

extern struct fuzz_marks fuzz_marks;

#endif

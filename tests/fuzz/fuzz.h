/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What every fuzz target includes. A target is one file, fuzz_<name>.c, with one entry point:
 *
 *   LLVMFuzzerTestOneInput ◀── libFuzzer, or another engine     (-Dfuzz=enabled, clang)
 *                          ◀── fuzz_main.c: files of the corpus (every build, every compiler)
 *
 * A target ends by returning 0, or by aborting where a property does not hold. It depends on its
 * input alone: no clock, no random numbers, no state from one input to the next. One thread.
 */
#ifndef EG_FUZZ_H
#define EG_FUZZ_H

#include "eg_span.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
/* Made by those targets that have something to set up once; called before the first input. */
int LLVMFuzzerInitialize(int *argc, char ***argv);

/* A property: says which one is broken, and aborts. */
#define FUZZ_CHECK(property) ((property) ? (void)0 : fuzz_fail(#property, __FILE__, __LINE__))

_Noreturn void fuzz_fail(const char *property, const char *file, int line);

/* Says that an input came by here, as "kind name": what reach/<target>.txt lists must be reached by
 * the corpus. Both live for ever (literals, names of counters.def). Costs a load where no one
 * asked. */
void fuzz_mark(const char *kind, const char *name);

/* ── inputs ── */

/* A copy that ends where its memory ends, so that AddressSanitizer sees a read of one byte more,
 * and begins `shift` bytes behind an aligned address. */
struct fuzz_copy {
	uint8_t *mem;
	struct eg_span span;
};

struct fuzz_copy fuzz_copy(struct eg_span data, size_t shift);
void fuzz_copy_free(struct fuzz_copy *copy);

/* Of an input that is read piece by piece: a piece of a u8 or big-endian u16 length, cut where the
 * input ends. */
struct eg_span fuzz_take8(struct eg_reader *r);
struct eg_span fuzz_take16(struct eg_reader *r);

/* ── variants ── */

/* The CPU features to limit code to, one set after the other: 0 (the baseline) first, then every
 * set that this CPU has, EG_CPU_ALL last. False after the last; the limit is off then. */
bool fuzz_next_cpu(unsigned *i);

#endif

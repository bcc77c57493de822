/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What this CPU can do: the one place where code that is compiled for more than the baseline asks
 * whether it may run. The operating system's part (saving of the wide registers) is included.
 *
 * Threads: [any]; one load. Limits are set before threads start.
 */
#ifndef EG_CPU_H
#define EG_CPU_H

#include <stdbool.h>
#include <stddef.h>

/* Each name is a row of isa_args in the top meson.build: the features that its files need. */
enum eg_cpu_feature {
	EG_CPU_SSE42 = 1 << 0,
	EG_CPU_AVX2 = 1 << 1,   /* AVX2, FMA, BMI2 */
	EG_CPU_AVX512 = 1 << 2, /* AVX-512 F, BW, DQ, VL, VBMI, IFMA; BMI2 */
};

#define EG_CPU_ALL (EG_CPU_SSE42 | EG_CPU_AVX2 | EG_CPU_AVX512)

/* Does this CPU have all of `features`, a set of enum eg_cpu_feature? */
bool eg_cpu_has(unsigned features);

/* From now on the CPU has at most `features`: tests run every choice on one machine. EG_CPU_ALL
 * takes the limit away. */
void eg_cpu_limit(unsigned features);

/* Bytes of the last-level cache (L3) that CPU 0 shares with its neighbours, as the system tells; 0
 * where it does not. Reads a file. [control] */
size_t eg_cpu_l3_bytes(void);

#endif

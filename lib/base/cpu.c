/* SPDX-License-Identifier: BSD-3-Clause */
#include "eg_cpu.h"

#include <stdio.h>

#define L3_FILE "/sys/devices/system/cpu/cpu0/cache/index3/size"

static unsigned found, usable;

/* Once, before main: dispatchers ask for every token. */
static void __attribute__((constructor)) detect(void)
{
#ifdef __x86_64__
	__builtin_cpu_init();
	if (__builtin_cpu_supports("sse4.2"))
		found |= EG_CPU_SSE42;
	if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
	    __builtin_cpu_supports("bmi2"))
		found |= EG_CPU_AVX2;
	if (__builtin_cpu_supports("bmi2") && __builtin_cpu_supports("avx512f") &&
	    __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
	    __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vbmi") &&
	    __builtin_cpu_supports("avx512ifma"))
		found |= EG_CPU_AVX512;
#endif
	usable = found;
}

bool eg_cpu_has(unsigned features)
{
	return (features & ~usable) == 0;
}

void eg_cpu_limit(unsigned features)
{
	usable = found & features;
}

size_t eg_cpu_l3_bytes(void)
{
	FILE *f = fopen(L3_FILE, "re");
	unsigned kib = 0;

	if (f == NULL)
		return 0;
	if (fscanf(f, "%9uK", &kib) != 1)
		kib = 0;
	(void)fclose(f);
	return (size_t)kib << 10;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* What every unit test includes: cmocka, where the vectors are, and repeatable random numbers. */
#ifndef EG_TEST_H
#define EG_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Opens a file of the vectors folder ($EDGATE_VECTORS, or ../shared/vectors beside the project), or
 * says what is skipped and returns NULL. */
static inline FILE *eg_test_open_vectors(const char *name)
{
	const char *dir = getenv("EDGATE_VECTORS");
	const char *root = getenv("EDGATE_SOURCE_ROOT");
	char path[1024];
	FILE *f;

	if (dir != NULL)
		(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	else
		(void)snprintf(
		    path, sizeof(path), "%s/../shared/vectors/%s", root != NULL ? root : ".", name);
	f = fopen(path, "r");
	if (f == NULL)
		(void)fprintf(stderr, "SKIPPED: %s is not there\n", path);
	return f;
}

/* Numbers that look random (splitmix64) and are the same in every run: a failure repeats. */
static inline uint64_t eg_test_random(void)
{
	static uint64_t state;
	uint64_t z = state += 0x9E3779B97F4A7C15u;

	z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
	z = (z ^ z >> 27) * 0x94D049BB133111EBu;
	return z ^ z >> 31;
}

/* One of 0 … n - 1. */
static inline uint32_t eg_test_below(uint32_t n)
{
	return (uint32_t)(eg_test_random() % n);
}

static inline void eg_test_random_bytes(uint8_t *out, size_t len)
{
	for (size_t i = 0; i < len; i++)
		out[i] = (uint8_t)eg_test_random();
}

#endif

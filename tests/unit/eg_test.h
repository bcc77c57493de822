/* SPDX-License-Identifier: BSD-3-Clause */
/* What every unit test includes: cmocka, and where the vectors are. */
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
		(void)snprintf(path, sizeof(path), "%s/../shared/vectors/%s",
		    root != NULL ? root : ".", name);
	f = fopen(path, "r");
	if (f == NULL)
		(void)fprintf(stderr, "SKIPPED: %s is not there\n", path);
	return f;
}

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Signatures to verify, one a line: `id pk msg sig …`, separated by TABs, in hex; "-" or nothing is
 * empty. Lines that start with # and empty lines are left out, further columns ignored, CRLF taken
 * as LF. Lines may be of any length.
 */
#ifndef VECTOR_ROWS_H
#define VECTOR_ROWS_H

#include "eg_err.h"
#include "eg_span.h"

#include <stdio.h>

struct vector_row { /* the spans point into `line`; zeroed before the first use */
	struct eg_span id, pk, msg, sig;
	uint64_t number; /* of its line, from 1 */
	char *line;      /* the row's own, used again for the next one */
	size_t line_room;
};

struct vector_file {
	FILE *file;
	const char *path;
	uint64_t line_cnt;
};

/* "-": stdin. -EG_ENOENT. */
int vector_file_open(struct vector_file *f, const char *path, struct eg_error *err);
void vector_file_close(struct vector_file *f);
/* 1 a row, 0 the end; else an error that names the line. */
int vector_file_next(struct vector_file *f, struct vector_row *row, struct eg_error *err);
void vector_row_free(struct vector_row *row);

#endif

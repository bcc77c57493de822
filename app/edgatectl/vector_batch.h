/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Rows of a vectors file as one batch of an Ed25519 implementation: verified with the keys as they
 * are, and again with comb tables for those that admit one. The two must agree.
 */
#ifndef VECTOR_BATCH_H
#define VECTOR_BATCH_H

#include "eg_ed25519.h"
#include "eg_pages.h"
#include "vector_rows.h"

#define VECTOR_BATCH_ROWS 128u

struct vector_batch { /* zeroed before the first use */
	struct vector_row row[VECTOR_BATCH_ROWS];
	unsigned row_cnt;
	struct eg_ed25519_key key[VECTOR_BATCH_ROWS];
	struct eg_ed25519_job job[VECTOR_BATCH_ROWS]; /* of the rows that can be asked about */
	unsigned row_of_job[VECTOR_BATCH_ROWS], job_cnt;
	struct eg_pages table[VECTOR_BATCH_ROWS]; /* by row: of the first one with its key */
};

/* ok[i] = the verdict of row i; a key or a signature of another length is false. Returns the number
 * of tables that it took, none where with_tables is false; -EG_ECORRUPT naming the row where a
 * table changes a verdict (ok is that without), -EG_ENOMEM. */
int vector_batch_verify(struct vector_batch *batch, const struct eg_ed25519_impl *impl,
    bool with_tables, bool ok[VECTOR_BATCH_ROWS], struct eg_error *err);

#endif

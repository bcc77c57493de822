/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Schema 1 (edgate 0.1): tables deny and cutoff held revoked values in plain text, a row each,
 * keys had no window and lists nothing to say of an import. Threads: [control].
 */
#ifndef EG_STATE_SCHEMA1_H
#define EG_STATE_SCHEMA1_H

#include "run.h"
#include "store.h"

/* The rows of both tables as records. */
int eg_schema1_each(struct eg_db *db, const struct eg_hash_key *hash_key,
    int (*visit)(void *ctx, const struct eg_record *record, struct eg_error *err), void *ctx,
    struct eg_error *err);
/* Tables and columns become those of schema 2; inside a transaction. */
int eg_schema1_convert(struct eg_db *db, const struct eg_meta *meta, struct eg_error *err);

#endif

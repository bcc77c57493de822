/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Schema 1 (edgate 0.1): tables deny and cutoff held revoked values in plain text, a row each,
 * keys had no window and lists nothing to say of an import. It is read as it is, and becomes schema
 * 2 when a program that may write opens the store. Threads: [control].
 */
#ifndef EG_STATE_SCHEMA1_H
#define EG_STATE_SCHEMA1_H

#include "run.h"
#include "store.h"

/* The rows of both tables as records. */
int eg_schema1_each(struct eg_db *db, const struct eg_hash_key *hash_key,
    int (*visit)(void *ctx, const struct eg_record *record, struct eg_error *err), void *ctx,
    struct eg_error *err);
/* One transaction. Of two programs at once, the second finds it done. */
int eg_schema1_upgrade(struct eg_state *st, struct eg_error *err);

#endif

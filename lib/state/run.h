/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Table run: revoked values (denied ids and cutoffs) as they were folded from the log at
 * checkpoints. Each checkpoint adds a run; runs of similar size are merged, so there are few.
 *
 *   run    records sorted by (shard, lo, hi), in chunks of 32 KiB, each with a checksum; an empty
 *          chunk ends it, so that none can be missing unseen
 *   order  of a hash that stands in several runs, the newer record comes on top of the older
 *
 * A restart reads ten million of them in a second: they are of fixed size, need no hashing, and
 * come in the order in which the tables of lib/revoke keep them. Values in plain text are in the
 * audit. Threads: [control]; inside a transaction.
 */
#ifndef EG_STATE_RUN_H
#define EG_STATE_RUN_H

#include "event.h"
#include "eg_revoke.h"

#define EG_RECORD_BYTES 32u

struct eg_record {
	struct eg_hash128 hash;
	uint8_t kind;     /* enum eg_revoke_kind */
	bool resets;      /* whatever older records say of the hash does not count */
	bool absent;      /* taken back; then it resets too */
	uint64_t until_s; /* exp of a denied id, last refused iat of a cutoff */
};

struct eg_records { /* what a checkpoint gathers, in log order */
	struct eg_record *record;
	size_t cnt, room;
};

/* The record of an event that revokes or unrevokes a value; false where it is another one. */
bool eg_record_of_event(
    const Eg__Pb__Event *event, const struct eg_hash_key *store_key, struct eg_record *out);

int eg_records_add(
    struct eg_records *records, const struct eg_record *record, struct eg_error *err);
void eg_records_free(struct eg_records *records);

/* Sorts the records and adds them as a run, then merges. Denied ids whose exp lies more than
 * EG_REVOKE_GRACE_S before now_s are left out of what is written. */
int eg_run_append(
    struct eg_db *db, struct eg_records *records, uint64_t now_s, struct eg_error *err);

/* How many records there are, at most. */
int eg_run_count(struct eg_db *db, uint64_t *cnt, struct eg_error *err);
/* All runs, the oldest first, and stops at visit's first error. -EG_ECORRUPT where a chunk is
 * damaged. */
int eg_run_each(struct eg_db *db,
    int (*visit)(void *ctx, const struct eg_record *record, struct eg_error *err), void *ctx,
    struct eg_error *err);

/* May it be forgotten at now_s? */
bool eg_record_is_past(const struct eg_record *record, uint64_t now_s);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A state directory in memory (/dev/shm, else $TMPDIR), put back for every input to the bytes of
 * one store that is the same in every process; and a follower that remembers what it was told.
 */
#ifndef EG_FUZZ_STORE_DIR_H
#define EG_FUZZ_STORE_DIR_H

#include "eg_state.h"
#include "fuzz.h"

#define FUZZ_T0_NS 1700000000000000000LL

struct fuzz_store_dir {
	char dir[128], file[160];
	uint8_t *image; /* of the store file */
	size_t image_bytes;
};

/* The one directory of the process, made at the first call and removed at its end. fill (may be
 * NULL) puts what it likes into the fresh store. */
struct fuzz_store_dir *fuzz_store_dir(void (*fill)(struct eg_state *st));

/* The store file becomes these bytes; its log and index files go. */
void fuzz_store_write(const struct fuzz_store_dir *d, struct eg_span bytes);

/* A change of one value, for eg_state_revoke_values. */
static inline struct eg_state_values fuzz_one_value(
    enum eg_revoke_kind kind, struct eg_span issuer, const struct eg_span *value, uint64_t until_s)
{
	return (struct eg_state_values){
	    .kind = kind, .issuer = issuer, .value = value, .cnt = 1, .until_s = until_s};
}

#define FUZZ_HASHES_MAX 512u

/* One who follows a store: its handle, its shards, its snapshot. */
struct fuzz_reader {
	struct eg_state *st;
	struct eg_revoke *revoke;
	struct eg_snapshot *snapshot;
	uint64_t epoch;
	unsigned hash_cnt;
	struct eg_hash128 hash[FUZZ_HASHES_MAX]; /* sent as operations, or found in runs */
};

/* -EG_E… of eg_state_open; the reader is empty then. */
int fuzz_reader_open(struct fuzz_reader *r, const char *dir);
void fuzz_reader_close(struct fuzz_reader *r);
int fuzz_reader_follow(struct fuzz_reader *r, bool *changed, struct eg_error *err);

/* Do they see the same: issuers, keys, policies, every entry of every list, every denied value? */
void fuzz_readers_agree(struct fuzz_reader *a, struct fuzz_reader *b);

/* A failure has a sentence and a code that its reader may give; see eg_state.h. */
void fuzz_check_failure(int rc, const struct eg_error *err);

#endif

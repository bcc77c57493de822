/* SPDX-License-Identifier: BSD-3-Clause */
/* One connection to the store: what the parts of lib/state share. Threads: [control]. */
#ifndef EG_STATE_STORE_H
#define EG_STATE_STORE_H

#include <sys/types.h>

#include "db.h"
#include "eg_state.h"
#include "lists.h"
#include "seen_keys.h"

#define EG_STORE_APPLICATION_ID 0x45474154 /* "EGAT" */
#define EG_STORE_SCHEMA_VERSION 3          /* upgrade.h: what became of 1 and 2 */
#define EG_STORE_SEALED_VERSION 3          /* sealed.h */
#define EG_STORE_PATH_BYTES     4096

struct eg_meta { /* the one row of table meta */
	unsigned generation;
	uint64_t sequence;     /* of the newest event */
	uint64_t checkpoint;   /* events up to here are folded into bitmap and run */
	uint64_t trimmed;      /* events up to here are gone from the log */
	uint64_t tail_indices; /* indices revoked by events after the checkpoint */
	uint64_t newest_utc_ns, highest_utc_ns;
	uint32_t default_policy; /* 0: none */
	struct eg_hash_key hash_key;
};

struct eg_sent { /* how far eg_state_follow has told its follower */
	bool started;
	unsigned generation;
	uint64_t sequence;
	struct eg_hash_key hash_key; /* of the store that it was told of */
};

struct eg_state {
	struct eg_db db;
	dev_t dev;
	ino_t ino;
	bool writable;
	uint64_t log_events_max, log_indices_max;
	struct eg_lists lists;
	struct eg_seen_keys seen;
	struct eg_sent sent;
};

/* Shared by a new store and by an upgrade. Defaults: a key without a window, a list that was never
 * imported. */
#define EG_SCHEMA_KEY                                                                              \
	"ALTER TABLE key ADD COLUMN not_before_s INTEGER NOT NULL DEFAULT 0;"                      \
	"ALTER TABLE key ADD COLUMN not_after_s INTEGER NOT NULL DEFAULT -1;"
#define EG_SCHEMA_LIST                                                                             \
	"ALTER TABLE list ADD COLUMN form INTEGER NOT NULL DEFAULT 0;"                             \
	"ALTER TABLE list ADD COLUMN stated INTEGER NOT NULL DEFAULT 0;"                           \
	"ALTER TABLE list ADD COLUMN iat_s INTEGER NOT NULL DEFAULT 0;"                            \
	"ALTER TABLE list ADD COLUMN exp_s INTEGER NOT NULL DEFAULT 0;"                            \
	"ALTER TABLE list ADD COLUMN ttl_end_s INTEGER NOT NULL DEFAULT 0;"                        \
	"ALTER TABLE list ADD COLUMN imported_s INTEGER NOT NULL DEFAULT 0;"                       \
	"ALTER TABLE list ADD COLUMN content BLOB NOT NULL DEFAULT x'';"
#define EG_SCHEMA_RUN                                                                              \
	"CREATE TABLE run (run INTEGER NOT NULL, chunk INTEGER NOT NULL, bytes BLOB NOT NULL,"     \
	"  checksum BLOB NOT NULL, PRIMARY KEY (run, chunk)) STRICT;"

/* Reads user_version into db->version, in each transaction: an upgrade may have come. -EG_EVERSION
 * where a newer edgate wrote it. */
int eg_store_version(struct eg_db *db, struct eg_error *err);

/* As eg_state_open, for a file of any name. */
int eg_state_open_file(
    struct eg_state **st, const char *path, enum eg_state_mode mode, struct eg_error *err);

/* Asks for the version first. */
int eg_meta_load(struct eg_db *db, struct eg_meta *meta, struct eg_error *err);
int eg_meta_save(struct eg_db *db, const struct eg_meta *meta, struct eg_error *err);

/* "cannot WHAT PATH: " and what errno says; -EG_ENOENT or -EG_EIO. */
int eg_store_errno(struct eg_error *err, const char *what, const char *path);
int eg_store_path(
    char path[EG_STORE_PATH_BYTES], const char *dir, const char *name, struct eg_error *err);

/* From now on the file has a write-ahead log, so that its readers and its writer do not wait for
 * each other. -EG_ENOTSUP where its file system cannot. (create.c) */
int eg_store_enter_wal(struct eg_db *db, struct eg_error *err);
/* Returns once the file or directory is on disk. */
int eg_store_sync(const char *path, struct eg_error *err);

/* -EG_EIO where the file at the path is no longer the one that is open: nothing written there by
 * others would ever be seen. */
int eg_store_check_path(const struct eg_state *st, struct eg_error *err);

/* Ends a read transaction, or undoes a write transaction that is still open. */
void eg_store_rollback(struct eg_state *st);

#endif

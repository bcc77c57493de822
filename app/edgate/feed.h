/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From the store to the workers, in log order. [control]
 *
 *   eg_state_follow ─ operations on a shard ─▶ mailbox of its owner
 *                   ─ snapshots, epochs ─────▶ mailboxes of all
 *   eg_keytables    ─ copies of the newest snapshot, with more tables ─▶ mailboxes of all
 *
 * Until the workers are launched there is nobody to send to: operations are applied at once. A
 * snapshot is freed when every worker has taken what came after it; no epoch moves for tables.
 */
#ifndef EDGATE_FEED_H
#define EDGATE_FEED_H

#include "eg_clock.h"
#include "eg_keytables.h"
#include "eg_state.h"
#include "worker.h"

struct eg_retired { /* a snapshot that some worker may still read */
	struct eg_retired *next;
	struct eg_snapshot *snapshot;
	uint32_t passed[EG_WORKERS_MAX]; /* free once each mailbox has been read so far */
};

struct eg_feed {
	struct eg_state *state;
	struct eg_revoke *revoke;
	struct eg_stats *stats;
	struct eg_utc *utc;
	struct eg_keytables *tables;  /* NULL until eg_feed_set_tables */
	struct eg_snapshot *snapshot; /* the newest; NULL before the first */
	uint64_t epoch;               /* the last that was sent */
	struct eg_worker *worker;     /* NULL until launched */
	unsigned worker_cnt;
	struct eg_retired *retired;
	struct eg_error said;                    /* the last trouble that was logged */
	struct eg_keytables_summary said_tables; /* the last that was logged */
	bool clock_held;
};

/* Opens the store and takes all of it in: afterwards snapshot and epoch are set. Close it even
 * where this fails. */
int eg_feed_open(struct eg_feed *feed, const char *dir, unsigned worker_cnt, struct eg_error *err);
/* Before the launch: keys get their tables from here, which stays the caller's until the feed is
 * closed. */
void eg_feed_set_tables(struct eg_feed *feed, struct eg_keytables *tables);
/* Before the launch: reads the store again, as who we are by now. */
int eg_feed_check(struct eg_feed *feed, struct eg_error *err);
/* From now on to these workers. */
void eg_feed_launch(struct eg_feed *feed, struct eg_worker workers[]);
/* One round: publishes the clock, sends what is new, frees what all workers have passed. Trouble is
 * counted, logged once, and tried again in the next round. */
void eg_feed_turn(struct eg_feed *feed);
/* From now on this worker verifies by this implementation. */
void eg_feed_set_engine(
    struct eg_feed *feed, unsigned worker, const struct eg_ed25519_impl *engine);
/* After the workers have stopped. */
void eg_feed_close(struct eg_feed *feed);

#endif

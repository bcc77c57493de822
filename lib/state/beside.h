/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A second reader beside control's, in a thread of its own: at a start one of them reads revoked
 * values while the other reads status lists, and each inserts what it reads.
 *
 *   control ── begin ─▶ opens the store again, in a read transaction of its own
 *      │                its meta is control's? ── no ──▶ moved: control does it all itself
 *      │                   │ yes: a writer changes no table without its row of meta
 *      ▼                   ▼
 *   lists                read(ctx, its db)
 *      └───── end ◀────────┘
 *
 * Between begin and end, what `read` writes is the thread's own. Threads: [control].
 */
#ifndef EG_STATE_BESIDE_H
#define EG_STATE_BESIDE_H

#include <pthread.h>

#include "store.h"

struct eg_beside {
	/* Set by the caller; they live until the end. */
	const char *path;           /* of the store */
	const struct eg_meta *meta; /* of control's transaction */
	int (*read)(void *ctx, struct eg_db *db, struct eg_error *err);
	void *ctx;
	/* The thread's. */
	pthread_t thread;
	bool moved;
	int rc;
	struct eg_error err;
};

/* False where there can be no thread: then there is no end. */
bool eg_beside_begin(struct eg_beside *b);
/* Waits for it. *moved: it saw another state, or could not open the store, and has read nothing.
 * Else what `read` returned. */
int eg_beside_end(struct eg_beside *b, bool *moved, struct eg_error *err);

#endif

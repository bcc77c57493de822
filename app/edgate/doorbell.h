/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ctl.sock: datagrams from who may (root, edgate's own user, its group; the kernel says who it is).
 *
 *   "poke"             the store has changed. It carries nothing: what a peer may cause is one read
 *                      of the store, which happens within 10 ms anyway
 *   an ask for a trace (eg_trace_wire.h), with one end of a socket pair, where the trace goes
 *
 * Anything else, and anybody else, is as if nothing had come. [control]
 */
#ifndef EDGATE_DOORBELL_H
#define EDGATE_DOORBELL_H

#include "eg_err.h"
#include "eg_trace_wire.h"

#include <sys/types.h>

struct eg_doorbell {
	int fd;    /* -1: not open */
	uid_t uid; /* these may ring, and root */
	gid_t gid;
};

/* Who asks for a trace. */
struct eg_doorbell_ask {
	struct eg_trace_ask ask;
	pid_t pid;
	bool may_see_tokens; /* root, or who edgate is itself: not its whole group */
	int fd;              /* the taker's: to be closed */
};

enum eg_ring { EG_RING_NONE, EG_RING_POKE, EG_RING_TRACE };

int eg_doorbell_open(
    struct eg_doorbell *bell, const char *path, uid_t uid, gid_t gid, struct eg_error *err);
/* Returns when it has rung, after wait_ms, or at a signal. Who may not ring wakes nobody. TRACE:
 * *ask is filled. */
enum eg_ring eg_doorbell_wait(struct eg_doorbell *bell, int wait_ms, struct eg_doorbell_ask *ask);
void eg_doorbell_close(struct eg_doorbell *bell);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ctl.sock: a datagram "poke" says that the store has changed. It carries nothing: what a peer may
 * cause is one read of the store, which happens within 10 ms anyway. [control]
 */
#ifndef EDGATE_DOORBELL_H
#define EDGATE_DOORBELL_H

#include "eg_err.h"

#include <sys/types.h>

struct eg_doorbell {
	int fd;    /* -1: not open */
	uid_t uid; /* these may ring, and root */
	gid_t gid;
};

int eg_doorbell_open(
    struct eg_doorbell *bell, const char *path, uid_t uid, gid_t gid, struct eg_error *err);
/* Returns when it has rung, after wait_ms, or at a signal. Who may not ring wakes nobody. */
void eg_doorbell_wait(struct eg_doorbell *bell, int wait_ms);
void eg_doorbell_close(struct eg_doorbell *bell);

#endif

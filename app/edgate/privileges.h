/* SPDX-License-Identifier: BSD-3-Clause */
/* Who edgate becomes after its ports are open. [control] */
#ifndef EDGATE_PRIVILEGES_H
#define EDGATE_PRIVILEGES_H

#include "eg_err.h"

#include <stdbool.h>
#include <sys/types.h>

struct eg_identity {
	uid_t uid;
	gid_t gid;   /* the state directory's group */
	bool change; /* started as root: become this */
};

/* -EG_ENOENT no such user, with the command that makes one; or no state directory. */
int eg_privileges_resolve(
    struct eg_identity *who, const char *user, const char *state, struct eg_error *err);
/* Before EAL starts threads, which inherit it: nothing that is executed ever gets more rights. */
int eg_privileges_limit(const struct eg_identity *who, struct eg_error *err);
/* Before any worker is started: threads inherit what this leaves. No way back. Those that EAL has
 * started by then change their user too, and so lose what root could do; capabilities that were
 * given to another user they keep, since each thread can give up its own alone. */
int eg_privileges_drop(const struct eg_identity *who, struct eg_error *err);

#endif

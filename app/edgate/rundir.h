/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The run directory (0750): `stats` and `ctl.sock`. It is locked while an edgate uses it, so that
 * two instances of one name cannot be. [control]
 */
#ifndef EDGATE_RUNDIR_H
#define EDGATE_RUNDIR_H

#include "eg_err.h"

#include <sys/types.h>

#define EG_RUNDIR_PATH_BYTES 256

struct eg_rundir {
	int fd; /* holds the lock; -1: not open */
	char stats[EG_RUNDIR_PATH_BYTES];
	char socket[EG_RUNDIR_PATH_BYTES];
};

/* Makes the directory and those above it where they are not there, and locks it. -EG_EEXIST another
 * edgate runs in it. */
int eg_rundir_open(struct eg_rundir *dir, const char *path, struct eg_error *err);
/* Gives directory and files to who edgate becomes. */
int eg_rundir_give(const struct eg_rundir *dir, uid_t uid, gid_t gid, struct eg_error *err);
/* Removes the files and unlocks. The directory stays. */
void eg_rundir_close(struct eg_rundir *dir);

#endif

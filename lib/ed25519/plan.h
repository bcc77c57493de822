/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which jobs go through the lanes together. A group of lanes runs as long as its longest member, so
 * jobs are sorted: by SHA-512 blocks for hashing, by windows of their table for the rest. Widths
 * and issuers mix freely in a group.
 *
 *   jobs ──admitted──▶ hash_order    [ by blocks …            | last repeated ]
 *                 └──▶ point_order   [ no table | repeated ][ by windows … | repeated ]
 *
 * Each part is filled up to whole groups by repeating its last job.
 */
#ifndef EG_ED25519_PLAN_H
#define EG_ED25519_PLAN_H

#include "eg_ed25519.h"

#define PLAN_JOBS_MAX  128u
#define PLAN_LANES_MAX 8u

struct eg_plan {
	uint8_t live[PLAN_JOBS_MAX];    /* admitted jobs, in their order */
	uint8_t blocks[PLAN_JOBS_MAX];  /* of the job's hash, up to a limit */
	uint8_t windows[PLAN_JOBS_MAX]; /* of the job's table; 0 without */
	uint8_t hash_order[PLAN_JOBS_MAX + PLAN_LANES_MAX];
	uint8_t point_order[PLAN_JOBS_MAX + 2 * PLAN_LANES_MAX];
	unsigned hash_cnt; /* a multiple of lanes, as are the others */
	unsigned generic_cnt, point_cnt;
};

/* job_cnt <= PLAN_JOBS_MAX. Jobs that libsodium refuses by their bytes alone (encoding.h, S >= L)
 * are left out. A table of another key than the job's is not used. lanes: a power of two up to
 * PLAN_LANES_MAX. [worker] */
void eg_plan_make(
    const struct eg_ed25519_job jobs[], unsigned job_cnt, unsigned lanes, struct eg_plan *plan);

#endif

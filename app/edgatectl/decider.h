/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The packet path of edgate in one process, without a network and with the time standing still:
 *
 *   token ─▶ EGT/1 frame ─▶ eg_pipeline (one worker, all shards) ─▶ EGT/1 answer
 *                              ▲ snapshot, shards: eg_state_follow of the store
 */
#ifndef DECIDER_H
#define DECIDER_H

#include "ctl.h"
#include "eg_pipeline.h"

struct decider;

struct decider_config {
	const char *state_dir;
	uint64_t now_s;
	/* The time was chosen, not read: a store that is newer than it is not NOT_READY. */
	bool now_is_chosen;
	uint32_t policy_id;
};

#define DECIDER_NOW_MAX ((uint64_t)(INT64_MAX / EG_NS_PER_S))

/* By --state, --now and --policy. 0, or EG_CLI_USAGE after the message. */
int decider_configure(const struct eg_cli *cli, struct decider_config *config);
/* NULL with the reason in err. */
struct decider *decider_open(const struct decider_config *config, struct eg_error *err);
void decider_close(struct decider *d);
/* One token through the pipeline. A token that fits no request is TOO_BIG without it, as in the
 * client library. -EG_EIO where the pipeline gave no answer: its drop is named in err. */
int decider_ask(struct decider *d, const struct ctl_line *line, struct eg_egt_answer *answer,
    struct eg_error *err);
/* What is decided by; lives until decider_close. */
struct eg_state *decider_state(const struct decider *d);
const struct eg_snapshot *decider_snapshot(const struct decider *d);

#endif

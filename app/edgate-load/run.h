/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One run over an open session: a thread for each core, a line of progress, and the sum of what the
 * cores counted. Threads: [control]; blocks until the last answer has come or is lost.
 */
#ifndef LOAD_RUN_H
#define LOAD_RUN_H

#include "core.h"
#include "session.h"

/* What to send. With an empty profile the loop is closed. */
struct load_trial {
	const struct load_timing *timing; /* without the warm-up */
	double seconds;                   /* closed loop */
	double warmup_s;                  /* in front, at the profile's first rate */
};

struct load_result {
	struct load_counts counts;
	uint64_t bad_frames;
	double seconds; /* from the end of the warm-up to the last answer, or the end of sending */
	struct load_judge judge;
	struct load_histogram latency;
};

/* Makes the running load, if there is one, send no more. [any, signal handler] */
void load_run_stop(void);
/* Was it called? */
bool load_run_stopped(void);

/* result is freed with load_result_free, also after an error. */
int load_run(struct load_session *session, const struct load_trial *trial,
    struct load_result *result, struct eg_error *err);
static inline void load_result_free(struct load_result *result)
{
	load_judge_free(&result->judge);
}

/* True where every answer was right and there was one. */
static inline bool load_result_is_good(const struct load_result *result)
{
	return result->counts.answered != 0 && result->judge.wrong == 0;
}

#endif

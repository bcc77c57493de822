/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The highest rate that an edgate answers, after FD.io CSIT's method: NDR, without loss, and PDR,
 * with a small share of loss; then the latency at parts of the NDR.
 *
 *   rate ▲ ✗ overload: what is answered is the first guess
 *        │      ✗                    a goal's interval: the highest rate that passed, the lowest
 *        │         ✗                 that failed; first widened from the guess, then halved (by
 *        │   ✓        ✓✗✓✓  ✓✓       its geometric mean) to the precision, and the rate that passed
 *        └──────────────────────▶    is confirmed by a run of its own
 *
 *   loss of the appliance     lost + refused (its ring was full) + retryable answers
 *   loss of the generator     skipped: more than 0.1 % of a trial's requests, and the trial says
 *                             nothing about the appliance
 *
 * A trial that does not pass is made once more, since one stall of the host is no capacity; two in
 * a row count. The wire is behind one function, so that a simulated link in virtual time can take
 * its place. Threads: [control].
 */
#ifndef LOAD_SEARCH_H
#define LOAD_SEARCH_H

#include "eg_err.h"
#include "run.h"

#define LOAD_SEARCH_REPETITIONS_MAX 99u
#define LOAD_SEARCH_TRIALS_MAX      4096u
#define LOAD_SEARCH_PDRS            2u
#define LOAD_SEARCH_POINTS          3u

struct load_search_wish {
	double rate_min, rate_max; /* requests a second */
	double precision;          /* the interval's width, as a part of its lower end */
	double seconds;            /* of a trial */
	unsigned repetitions;      /* of the search for the NDR */
	bool no_pdr;               /* the NDR alone, which takes half the time */
	void *ctx;
	/* Offers `rate` for `seconds` and fills result (zeroed before, freed with load_result_free
	 * after). 0 or negative EG_E…: the search ends. */
	int (*run)(void *ctx, double rate, double seconds, struct load_result *result,
	    struct eg_error *err);
};

enum load_trial_verdict { LOAD_TRIAL_PASS, LOAD_TRIAL_FAIL, LOAD_TRIAL_GENERATOR };

struct load_trial_row {
	const char *goal;
	double rate;
	struct load_counts counts;
	uint64_t retryable;
	double loss_ratio, generator_ratio;
	enum load_trial_verdict verdict;
	uint64_t p50_ns, p99_ns;
};

enum load_limit {
	LOAD_LIMIT_APPLIANCE,
	LOAD_LIMIT_GENERATOR, /* above the rate found, the generator could not keep up */
	LOAD_LIMIT_RATE_MAX,  /* the highest rate passed */
	LOAD_LIMIT_NONE,      /* not even the lowest one passed: the rate is 0 */
};

struct load_goal {
	const char *name;
	double loss_ratio;
	unsigned cnt; /* repetitions */
	double rate[LOAD_SEARCH_REPETITIONS_MAX];
	double median, spread; /* spread: (highest - lowest) / median */
	enum load_limit limit; /* of the last repetition */
};

struct load_point {
	unsigned percent; /* of the NDR */
	double rate, loss_ratio;
	struct load_histogram latency;
};

struct load_search {
	struct load_search_wish wish;
	struct load_goal ndr, pdr[LOAD_SEARCH_PDRS];
	struct load_point point[LOAD_SEARCH_POINTS];
	unsigned point_cnt;
	unsigned trial_cnt;
	struct load_trial_row trial[LOAD_SEARCH_TRIALS_MAX];
	struct load_judge wrong;   /* of all trials: what was wrong */
	struct load_result result; /* of the last trial */
};

/* Runs all. 0; -EG_EINVAL where an answer was wrong (search->wrong has it), -EG_ELIMIT where the
 * rates would not settle, or what run said. `search` is zeroed but for wish; it is large. */
int load_search_run(struct load_search *search, struct eg_error *err);

/* Of a trial. */
double load_loss_ratio(const struct load_result *result);

#endif

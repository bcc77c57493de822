/* SPDX-License-Identifier: BSD-3-Clause */
#include "search.h"

#include <math.h>
#include <stdlib.h>

#define GENERATOR_RATIO_MAX 0.001
#define FIRST_STEP          1.1 /* from a guess of the overload; squared with each step */
#define CONFIRMS_MAX        8u
#define TRIES               2u

/* ── one trial ── */

static double ratio(uint64_t part, uint64_t whole)
{
	return whole != 0 ? (double)part / (double)whole : 1;
}

double load_loss_ratio(const struct load_result *r)
{
	return ratio(r->counts.lost + r->counts.refused + r->judge.retryable, r->counts.due);
}

static enum load_trial_verdict verdict_of(const struct load_trial_row *row, double loss_max)
{
	if (row->generator_ratio > GENERATOR_RATIO_MAX)
		return LOAD_TRIAL_GENERATOR;
	return row->loss_ratio <= loss_max ? LOAD_TRIAL_PASS : LOAD_TRIAL_FAIL;
}

static void note(struct load_search *s, const struct load_goal *goal, double rate)
{
	const struct load_result *r = &s->result;
	struct load_trial_row *row = &s->trial[s->trial_cnt++];

	*row = (struct load_trial_row){
	    .goal = goal->name,
	    .rate = rate,
	    .counts = r->counts,
	    .retryable = r->judge.retryable,
	    .loss_ratio = load_loss_ratio(r),
	    .generator_ratio = r->counts.due != 0 ? ratio(r->counts.skipped, r->counts.due) : 0,
	    .p50_ns = load_histogram_quantile_ns(&r->latency, 0.5),
	    .p99_ns = load_histogram_quantile_ns(&r->latency, 0.99),
	};
	row->verdict = verdict_of(row, goal->loss_ratio);
}

static int check_answers(struct load_search *s, struct eg_error *err)
{
	const struct load_judge *judge = &s->result.judge;

	if (judge->wrong == 0)
		return 0;
	for (unsigned i = 0; i < judge->wrong_shown; i++)
		load_judge_note_wrong(&s->wrong, judge->wrong_first[i].token,
		    judge->wrong_first[i].status, judge->wrong_first[i].cnt);
	s->wrong.wrong = judge->wrong;
	return eg_error_set(err, EG_EINVAL, "an answer was wrong: the search ends");
}

static int try_once(struct load_search *s, const struct load_goal *goal, double rate,
    double seconds, struct eg_error *err)
{
	int rc;

	if (s->trial_cnt == LOAD_SEARCH_TRIALS_MAX)
		return eg_error_set(err, EG_ELIMIT, "no rate after %u trials", s->trial_cnt);
	rc = s->wish.run(s->wish.ctx, rate, seconds, &s->result, err);
	if (rc == 0) {
		note(s, goal, rate);
		rc = check_answers(s, err);
	}
	load_result_free(&s->result);
	return rc;
}

static int try_rate(struct load_search *s, const struct load_goal *goal, double rate,
    enum load_trial_verdict *verdict, struct eg_error *err)
{
	int rc = 0;

	*verdict = LOAD_TRIAL_FAIL;
	for (unsigned i = 0; rc == 0 && i < TRIES && *verdict != LOAD_TRIAL_PASS; i++) {
		rc = try_once(s, goal, rate, s->wish.seconds, err);
		if (rc == 0)
			*verdict = s->trial[s->trial_cnt - 1].verdict;
	}
	return rc;
}

/* ── one goal ── */

struct interval {
	double low, high; /* passed (0: none yet), failed (0: none yet) */
	enum load_trial_verdict high_by;
};

static int probe(struct load_search *s, const struct load_goal *goal, double rate,
    struct interval *in, struct eg_error *err)
{
	enum load_trial_verdict verdict;
	int rc = try_rate(s, goal, rate, &verdict, err);

	if (rc != 0)
		return rc;
	if (verdict == LOAD_TRIAL_PASS) {
		in->low = rate;
	} else {
		in->high = rate;
		in->high_by = verdict;
	}
	return 0;
}

static double within(const struct load_search *s, double rate)
{
	return fmin(fmax(rate, s->wish.rate_min), s->wish.rate_max);
}

/* Upwards until one fails, or downwards until one passes, in growing steps. */
static int widen(struct load_search *s, const struct load_goal *goal, double guess, double step,
    struct interval *in, struct eg_error *err)
{
	double rate = within(s, guess);
	int rc = probe(s, goal, rate, in, err);

	for (; rc == 0 && in->high == 0 && rate < s->wish.rate_max; step *= step) {
		rate = within(s, rate * step);
		rc = probe(s, goal, rate, in, err);
	}
	for (; rc == 0 && in->low == 0 && rate > s->wish.rate_min; step *= step) {
		rate = within(s, rate / step);
		rc = probe(s, goal, rate, in, err);
	}
	return rc;
}

static int halve(
    struct load_search *s, const struct load_goal *goal, struct interval *in, struct eg_error *err)
{
	int rc = 0;

	while (
	    rc == 0 && in->low != 0 && in->high != 0 && in->high / in->low > 1 + s->wish.precision)
		rc = probe(s, goal, sqrt(in->low * in->high), in, err);
	return rc;
}

static enum load_limit limit_of(const struct interval *in)
{
	if (in->low == 0)
		return LOAD_LIMIT_NONE;
	if (in->high == 0)
		return LOAD_LIMIT_RATE_MAX;
	return in->high_by == LOAD_TRIAL_GENERATOR ? LOAD_LIMIT_GENERATOR : LOAD_LIMIT_APPLIANCE;
}

/* The rate found must pass once more; where it does not, it is the new upper end. */
static int confirm(
    struct load_search *s, struct load_goal *goal, struct interval *in, struct eg_error *err)
{
	int rc = 0;

	for (unsigned i = 0; rc == 0 && in->low != 0; i++) {
		double found = in->low;

		if (i == CONFIRMS_MAX)
			return eg_error_set(err, EG_ELIMIT,
			    "%s: none of %u rates that passed did so again: the host is too busy, "
			    "or "
			    "the trials are too short (--seconds)",
			    goal->name, CONFIRMS_MAX);
		rc = probe(s, goal, found, in, err);
		if (rc != 0 || in->high != found)
			break;
		in->low = 0;
		rc =
		    widen(s, goal, found / (1 + s->wish.precision), 1 + s->wish.precision, in, err);
		if (rc == 0)
			rc = halve(s, goal, in, err);
	}
	if (rc == 0) {
		goal->limit = limit_of(in);
		goal->rate[goal->cnt++] = in->low;
	}
	return rc;
}

static int find(
    struct load_search *s, struct load_goal *goal, double guess, double step, struct eg_error *err)
{
	struct interval in = {0, 0, LOAD_TRIAL_FAIL};
	int rc = widen(s, goal, guess, step, &in, err);

	if (rc == 0)
		rc = halve(s, goal, &in, err);
	return rc == 0 ? confirm(s, goal, &in, err) : rc;
}

/* ── all of them ── */

static int compare(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void sum_up(struct load_goal *goal)
{
	double sorted[LOAD_SEARCH_REPETITIONS_MAX];
	unsigned cnt = goal->cnt;

	memcpy(sorted, goal->rate, sizeof(sorted));
	qsort(sorted, cnt, sizeof(sorted[0]), compare);
	goal->median = (sorted[(cnt - 1) / 2] + sorted[cnt / 2]) / 2;
	goal->spread = goal->median > 0 ? (sorted[cnt - 1] - sorted[0]) / goal->median : 0;
}

/* What comes back of far too much is near the capacity. */
static int guess_by_overload(struct load_search *s, double *guess, struct eg_error *err)
{
	const struct load_goal overload = {.name = "overload"};
	const struct load_trial_row *row = &s->trial[s->trial_cnt];
	int rc = try_once(s, &overload, s->wish.rate_max, s->wish.seconds, err);

	if (rc == 0)
		*guess = (double)(row->counts.answered - row->retryable) / s->wish.seconds;
	return rc;
}

static int find_ndr(struct load_search *s, struct eg_error *err)
{
	double guess, step = FIRST_STEP;
	int rc = guess_by_overload(s, &guess, err);

	for (unsigned i = 0; rc == 0 && i < s->wish.repetitions; i++) {
		rc = find(s, &s->ndr, guess, step, err);
		if (rc == 0 && s->ndr.rate[i] != 0) {
			guess = s->ndr.rate[i];
			step = 1 + 2 * s->wish.precision;
		}
	}
	if (rc == 0)
		sum_up(&s->ndr);
	return rc;
}

static int find_pdrs(struct load_search *s, struct eg_error *err)
{
	double guess = s->ndr.median;
	int rc = 0;

	for (unsigned i = 0; rc == 0 && i < LOAD_SEARCH_PDRS; i++) {
		rc = find(s, &s->pdr[i], guess, 1 + 2 * s->wish.precision, err);
		if (rc != 0)
			break;
		sum_up(&s->pdr[i]);
		guess = fmax(guess, s->pdr[i].median);
	}
	return rc;
}

static int measure_points(struct load_search *s, struct eg_error *err)
{
	static const unsigned percent[LOAD_SEARCH_POINTS] = {10, 50, 90};
	const struct load_goal latency = {.name = "latency"};

	for (unsigned i = 0; i < LOAD_SEARCH_POINTS && s->ndr.median > 0; i++) {
		struct load_point *p = &s->point[i];
		int rc;

		p->percent = percent[i];
		p->rate = s->ndr.median * percent[i] / 100;
		rc = try_once(s, &latency, p->rate, s->wish.seconds, err);
		if (rc != 0)
			return rc;
		p->loss_ratio = s->trial[s->trial_cnt - 1].loss_ratio;
		p->latency = s->result.latency;
		s->point_cnt++;
	}
	return 0;
}

int load_search_run(struct load_search *s, struct eg_error *err)
{
	int rc;

	s->ndr = (struct load_goal){.name = "ndr"};
	s->pdr[0] = (struct load_goal){.name = "pdr", .loss_ratio = 0.001};
	s->pdr[1] = (struct load_goal){.name = "pdr", .loss_ratio = 0.005};
	rc = find_ndr(s, err);
	if (rc == 0 && !s->wish.no_pdr)
		rc = find_pdrs(s, err);
	return rc == 0 ? measure_points(s, err) : rc;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "search_report.h"

#include "report.h"

#include <stdio.h>

static void add(json_t *object, const char *name, json_t *value)
{
	(void)json_object_set_new(object, name, value);
}

static json_t *integer(uint64_t value)
{
	return json_integer((json_int_t)value);
}

static const char *const limits[] = {"appliance", "generator", "rate_max", "none"};
static const char *const verdicts[] = {"pass", "fail", "generator"};

/* ── JSON ── */

static json_t *conditions_of(const struct load_session *session, const struct load_search *s)
{
	json_t *c = load_report_conditions(session);

	add(c, "rate_min", json_real(s->wish.rate_min));
	add(c, "rate_max", json_real(s->wish.rate_max));
	add(c, "precision", json_real(s->wish.precision));
	add(c, "trial_s", json_real(s->wish.seconds));
	add(c, "repetitions", integer(s->wish.repetitions));
	return c;
}

static json_t *goal_of(const struct load_goal *goal)
{
	json_t *o = json_object(), *rates = json_array();

	for (unsigned i = 0; i < goal->cnt; i++)
		(void)json_array_append_new(rates, json_real(goal->rate[i]));
	add(o, "loss_ratio", json_real(goal->loss_ratio));
	add(o, "rate", json_real(goal->median));
	add(o, "rates", rates);
	add(o, "spread", json_real(goal->spread));
	add(o, "limited_by", json_string(limits[goal->limit]));
	return o;
}

static json_t *pdrs_of(const struct load_search *s)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < LOAD_SEARCH_PDRS && s->pdr[i].cnt != 0; i++)
		(void)json_array_append_new(list, goal_of(&s->pdr[i]));
	return list;
}

static json_t *points_of(const struct load_search *s)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < s->point_cnt; i++) {
		const struct load_point *p = &s->point[i];
		json_t *o = json_object();

		add(o, "percent_of_ndr", integer(p->percent));
		add(o, "rate", json_real(p->rate));
		add(o, "loss_ratio", json_real(p->loss_ratio));
		add(o, "latency_us", load_report_latency(&p->latency));
		(void)json_array_append_new(list, o);
	}
	return list;
}

static json_t *row_of(const struct load_trial_row *row)
{
	json_t *o = json_object();

	add(o, "goal", json_string(row->goal));
	add(o, "rate", json_real(row->rate));
	add(o, "due", integer(row->counts.due));
	add(o, "sent", integer(row->counts.sent));
	add(o, "refused", integer(row->counts.refused));
	add(o, "skipped", integer(row->counts.skipped));
	add(o, "answered", integer(row->counts.answered));
	add(o, "lost", integer(row->counts.lost));
	add(o, "retryable", integer(row->retryable));
	add(o, "loss_ratio", json_real(row->loss_ratio));
	add(o, "generator_ratio", json_real(row->generator_ratio));
	add(o, "verdict", json_string(verdicts[row->verdict]));
	add(o, "p50_us", json_real((double)row->p50_ns / 1e3));
	add(o, "p99_us", json_real((double)row->p99_ns / 1e3));
	return o;
}

static json_t *trials_of(const struct load_search *s)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < s->trial_cnt; i++)
		(void)json_array_append_new(list, row_of(&s->trial[i]));
	return list;
}

static void print_json(const struct load_session *session, const struct load_search *s)
{
	json_t *root = json_object();

	add(root, "format", json_string("edgate-load search"));
	add(root, "version", json_integer(LOAD_REPORT_VERSION));
	add(root, "conditions", conditions_of(session, s));
	add(root, "ndr", goal_of(&s->ndr));
	add(root, "pdr", pdrs_of(s));
	add(root, "latency", points_of(s));
	add(root, "trials", trials_of(s));
	add(root, "wrong", integer(s->wrong.wrong));
	add(root, "wrong_first", load_report_wrong(&s->wrong));
	add(root, "next", integer(session->popularity.first));
	add(root, "good", json_boolean(s->wrong.wrong == 0 && s->ndr.median > 0));
	load_report_print_json(root);
}

/* ── text ── */

static void print_goal(const char *name, const struct load_goal *goal)
{
	(void)printf("%-11s %10.0f requests/s, spread %.1f %%, limited by %s\n", name, goal->median,
	    goal->spread * 100, limits[goal->limit]);
}

static void print_text(const struct load_search *s)
{
	if (s->ndr.cnt != 0)
		print_goal("NDR", &s->ndr);
	if (s->pdr[0].cnt != 0)
		print_goal("PDR 0.1 %", &s->pdr[0]);
	if (s->pdr[1].cnt != 0)
		print_goal("PDR 0.5 %", &s->pdr[1]);
	for (unsigned i = 0; i < s->point_cnt; i++) {
		const struct load_point *p = &s->point[i];

		(void)printf(
		    "latency at %2u %% of NDR, %.0f/s: p50 %.1f, p99 %.1f, p99.9 %.1f us\n",
		    p->percent, p->rate, (double)load_histogram_quantile_ns(&p->latency, 0.5) / 1e3,
		    (double)load_histogram_quantile_ns(&p->latency, 0.99) / 1e3,
		    (double)load_histogram_quantile_ns(&p->latency, 0.999) / 1e3);
	}
	(void)printf("%u trials of %g s\n", s->trial_cnt, s->wish.seconds);
}

void load_report_search(const struct load_session *session, const struct load_search *search)
{
	if (session->options->json)
		print_json(session, search);
	else
		print_text(search);
	load_report_print_wrong(&search->wrong);
}

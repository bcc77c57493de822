/* SPDX-License-Identifier: BSD-3-Clause */
/* The capacity search over simulated links: what is known beforehand must be found. */
#include "eg_test.h"

#include "search.h"

#include <math.h>

struct link {
	double capacity;      /* answers so many a second, loses the rest */
	double generator;     /* offers at most so many */
	double base_loss;     /* of everything, as a line with noise has */
	unsigned stall_every; /* each so many trials lose a thousandth more */
	double wrong_above;   /* a wrong answer above this rate; 0: never */
	double sheds_above;   /* answers OVERLOADED instead of losing */
	unsigned trials;
	double highest;
};

static int run_link(
    void *ctx, double rate, double seconds, struct load_result *r, struct eg_error *err)
{
	static const struct load_token token = {.name = "t", .expected = EG_OK};
	struct link *l = ctx;
	double due = floor(rate * seconds), sent = fmin(due, l->generator * seconds);
	double answered = fmin(floor(sent * (1 - l->base_loss)), l->capacity * seconds);

	(void)err;
	memset(r, 0, sizeof(*r));
	l->trials++;
	l->highest = fmax(l->highest, rate);
	if (l->stall_every != 0 && l->trials % l->stall_every == 0)
		answered = fmin(answered, floor(sent * 0.999));
	r->counts.due = (uint64_t)due;
	r->counts.sent = (uint64_t)sent;
	r->counts.skipped = r->counts.due - r->counts.sent;
	r->counts.answered = (uint64_t)answered;
	if (l->sheds_above > 0 && rate > l->sheds_above) {
		r->counts.answered = r->counts.sent;
		r->judge.retryable =
		    r->counts.sent - (uint64_t)fmin(answered, l->sheds_above * seconds);
	}
	r->counts.lost = r->counts.sent - r->counts.answered;
	r->seconds = seconds;
	load_histogram_add(&r->latency, (uint64_t)(1e9 / rate));
	if (l->wrong_above > 0 && rate > l->wrong_above)
		load_judge_note_wrong(&r->judge, &token, EG_EXPIRED, 3);
	return 0;
}

static struct load_search *search_new(struct link *link)
{
	struct load_search *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	s->wish = (struct load_search_wish){.rate_min = 1000,
	    .rate_max = 1e7,
	    .precision = 0.01,
	    .seconds = 2,
	    .repetitions = 3,
	    .ctx = link,
	    .run = run_link};
	return s;
}

/* NDR within the precision below the capacity; PDR where the share that is lost is allowed. */
static void a_known_capacity_is_found(void **state)
{
	static const double capacities[] = {1001, 1500, 20000, 412345, 3e6, 9.9e6};

	(void)state;
	for (unsigned i = 0; i < 6; i++) {
		struct link link = {.capacity = capacities[i], .generator = 1e9};
		struct load_search *s = search_new(&link);
		struct eg_error err;

		assert_int_equal(load_search_run(s, &err), 0);
		assert_int_equal(s->ndr.limit, LOAD_LIMIT_APPLIANCE);
		assert_int_equal(s->ndr.cnt, 3);
		assert_true(s->ndr.median <= link.capacity + 1);
		assert_true(s->ndr.median >= link.capacity / 1.011);
		assert_true(s->ndr.spread <= 0.0101);
		for (unsigned k = 0; k < LOAD_SEARCH_PDRS; k++) {
			double most = link.capacity / (1 - s->pdr[k].loss_ratio);

			assert_true(s->pdr[k].median <= most + 1);
			assert_true(s->pdr[k].median >= most / 1.011);
		}
		assert_int_equal(s->point_cnt, 3);
		assert_int_equal(s->point[1].percent, 50);
		assert_true(fabs(s->point[1].rate - s->ndr.median / 2) < 1);
		assert_true(s->point[0].latency.cnt == 1);
		assert_true(link.trials < 80);
		free(s);
	}
}

/* A stall of the host in every seventh trial does not move what is found by more than twice the
 * precision: a trial that fails is made again. */
static void a_stall_is_no_capacity(void **state)
{
	struct link link = {.capacity = 500000, .generator = 1e9, .stall_every = 7};
	struct load_search *s = search_new(&link);
	struct eg_error err;

	(void)state;
	assert_int_equal(load_search_run(s, &err), 0);
	assert_true(s->ndr.median > 500000 / 1.021 && s->ndr.median <= 500001);
	free(s);
}

static void a_slow_generator_is_told_apart(void **state)
{
	struct link link = {.capacity = 1e9, .generator = 700000};
	struct load_search *s = search_new(&link);
	struct eg_error err;

	(void)state;
	assert_int_equal(load_search_run(s, &err), 0);
	assert_int_equal(s->ndr.limit, LOAD_LIMIT_GENERATOR);
	assert_true(s->ndr.median > 700000 / 1.011 && s->ndr.median < 700000 * 1.002);
	assert_int_equal(s->trial[0].verdict, LOAD_TRIAL_GENERATOR);
	free(s);
}

static void the_ends_of_the_range_are_named(void **state)
{
	struct link fast = {.capacity = 1e9, .generator = 1e9};
	struct link slow = {.capacity = 10, .generator = 1e9};
	struct load_search *s = search_new(&fast);
	struct eg_error err;

	(void)state;
	assert_int_equal(load_search_run(s, &err), 0);
	assert_int_equal(s->ndr.limit, LOAD_LIMIT_RATE_MAX);
	assert_true(s->ndr.median == 1e7 && fast.highest == 1e7);
	free(s);
	s = search_new(&slow);
	assert_int_equal(load_search_run(s, &err), 0);
	assert_int_equal(s->ndr.limit, LOAD_LIMIT_NONE);
	assert_true(s->ndr.median == 0);
	assert_int_equal(s->point_cnt, 0);
	free(s);
}

/* Some loss at every rate: no NDR, but a PDR that allows it. */
static void a_noisy_line_has_a_pdr_alone(void **state)
{
	struct link link = {.capacity = 80000, .generator = 1e9, .base_loss = 0.002};
	struct load_search *s = search_new(&link);
	struct eg_error err;

	(void)state;
	assert_int_equal(load_search_run(s, &err), 0);
	assert_int_equal(s->ndr.limit, LOAD_LIMIT_NONE);
	assert_int_equal(s->pdr[0].limit, LOAD_LIMIT_NONE);
	assert_int_equal(s->pdr[1].limit, LOAD_LIMIT_APPLIANCE);
	assert_true(s->pdr[1].median > 80000 / 0.995 / 1.011 && s->pdr[1].median < 80403);
	free(s);
}

static void no_pdr_is_searched_for_where_none_is_wanted(void **state)
{
	struct link link = {.capacity = 412345, .generator = 1e9};
	struct load_search *s = search_new(&link);
	struct eg_error err;

	(void)state;
	s->wish.no_pdr = true;
	assert_int_equal(load_search_run(s, &err), 0);
	assert_true(s->ndr.median > 412345 / 1.011 && s->ndr.median <= 412346);
	assert_int_equal(s->pdr[0].cnt + s->pdr[1].cnt, 0);
	assert_int_equal(s->point_cnt, LOAD_SEARCH_POINTS);
	free(s);
}

/* OVERLOADED is an answer, and not the one that was asked for. */
static void a_retryable_answer_is_loss(void **state)
{
	struct link link = {.capacity = 1e9, .generator = 1e9, .sheds_above = 250000};
	struct load_search *s = search_new(&link);
	struct eg_error err;

	(void)state;
	assert_int_equal(load_search_run(s, &err), 0);
	assert_true(s->ndr.median > 250000 / 1.011 && s->ndr.median <= 250001);
	free(s);
}

static void a_wrong_answer_ends_it(void **state)
{
	struct link link = {.capacity = 1e9, .generator = 1e9, .wrong_above = 1};
	struct load_search *s = search_new(&link);
	struct eg_error err;

	(void)state;
	assert_int_equal(load_search_run(s, &err), -EG_EINVAL);
	assert_int_equal(s->trial_cnt, 1);
	assert_int_equal(s->wrong.wrong, 3);
	assert_string_equal(s->wrong.wrong_first[0].token->name, "t");
	free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_known_capacity_is_found),
	    cmocka_unit_test(a_stall_is_no_capacity),
	    cmocka_unit_test(a_slow_generator_is_told_apart),
	    cmocka_unit_test(the_ends_of_the_range_are_named),
	    cmocka_unit_test(a_noisy_line_has_a_pdr_alone),
	    cmocka_unit_test(no_pdr_is_searched_for_where_none_is_wanted),
	    cmocka_unit_test(a_retryable_answer_is_loss),
	    cmocka_unit_test(a_wrong_answer_ends_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

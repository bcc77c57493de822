/* SPDX-License-Identifier: BSD-3-Clause */
#include "run.h"

#include "eg_clock.h"
#include "revocations.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define NS_PER_S         1e9
#define HEAD_START_NS    (20 * 1000 * 1000ull) /* for the threads to come up */
#define LOOK_EVERY_NS    (20 * 1000 * 1000ll)
#define SHOW_EVERY_NS    (500 * 1000 * 1000ull)
#define REVOCATIONS_NS   (10 * 1000 * 1000 * 1000ull)
#define PROGRESS_COLUMNS 79

static volatile sig_atomic_t stopped;

void load_run_stop(void)
{
	stopped = 1;
}

bool load_run_stopped(void)
{
	return stopped != 0;
}

struct run {
	struct load_session *session;
	struct load_plan plan;
	struct load_timing timing; /* with the warm-up */
	struct load_core *core[EG_WORKERS_MAX];
	pthread_t thread[EG_WORKERS_MAX];
	unsigned started;
	_Atomic unsigned ended;
	struct seat {
		struct run *run;
		unsigned idx;
	} seat[EG_WORKERS_MAX];
};

/* ── setting up ── */

/* The warm-up is a segment in front: its departures are sent, and counted nowhere. */
static int add_warmup(struct run *r, const struct load_trial *trial, struct eg_error *err)
{
	const struct load_profile *wanted = &trial->timing->profile;
	bool fits = true;

	r->timing = *trial->timing;
	r->timing.profile.cnt = 0;
	if (trial->warmup_s > 0)
		fits = load_profile_add(&r->timing.profile,
		    (struct load_segment){trial->warmup_s, wanted->segment[0].from_rate,
		        wanted->segment[0].from_rate});
	for (unsigned i = 0; fits && i < wanted->cnt; i++)
		fits = load_profile_add(&r->timing.profile, wanted->segment[i]);
	return fits ? 0
	            : eg_error_set(err, EG_ELIMIT,
	                  "the profile has no room for the warm-up: %u parts and a day at most",
	                  LOAD_SEGMENTS_MAX);
}

static uint64_t mono_ns(void *clock)
{
	(void)clock;
	return eg_clock_mono_ns();
}

static int set_plan(struct run *r, const struct load_trial *trial, struct eg_error *err)
{
	const struct load_options *o = r->session->options;
	bool open = trial->timing->profile.cnt != 0;

	r->plan = (struct load_plan){
	    .corpus = &r->session->corpus,
	    .popularity = &r->session->popularity,
	    .timing = open ? &r->timing : NULL,
	    .window = o->window,
	    .warmup_ns = (uint64_t)(trial->warmup_s * NS_PER_S),
	    .end_ns = (uint64_t)((trial->warmup_s + trial->seconds) * NS_PER_S),
	    .patience_ns = o->patience_us * 1000ull,
	    .timeout_ns = o->timeout_ms * 1000000ull,
	    .forge = o->mix == LOAD_MIX_FORGED,
	    .hostile = o->hostile,
	    .sightings = o->mix == LOAD_MIX_CHURN,
	    .spin = o->cpu_cnt != 0,
	    .seed = o->seed,
	    .core_cnt = r->session->lane_cnt,
	    .core = r->core,
	    .clock_ns = mono_ns,
	    .draining = r->session->lane_cnt,
	};
	randombytes_buf(&r->plan.id_base, sizeof(r->plan.id_base));
	return open ? add_warmup(r, trial, err) : 0;
}

static void *core_main(void *arg)
{
	struct seat *seat = arg;

	if (seat->run->session->port != NULL)
		eg_port_thread_enter();
	load_core_run(seat->run->core[seat->idx]);
	if (seat->run->session->port != NULL)
		eg_port_thread_leave();
	(void)atomic_fetch_add(&seat->run->ended, 1);
	return NULL;
}

static int start_core(struct run *r, unsigned idx, struct eg_error *err)
{
	const struct load_options *o = r->session->options;
	pthread_attr_t attr;
	cpu_set_t cpus;
	int rc = 0;

	r->seat[idx] = (struct seat){r, idx};
	(void)pthread_attr_init(&attr);
	if (o->cpu_cnt != 0) {
		CPU_ZERO(&cpus);
		CPU_SET((size_t)o->cpu[idx], &cpus);
		rc = pthread_attr_setaffinity_np(&attr, sizeof(cpus), &cpus);
	}
	if (rc == 0)
		rc = pthread_create(&r->thread[idx], &attr, core_main, &r->seat[idx]);
	(void)pthread_attr_destroy(&attr);
	if (rc == EINVAL && o->cpu_cnt != 0)
		return eg_error_set(err, EG_EINVAL,
		    "edgate-load may not run on CPU %d: `taskset -p $$` shows where it may",
		    o->cpu[idx]);
	if (rc != 0)
		return eg_error_set(err, EG_EIO, "cannot start a thread: %s", strerror(rc));
	r->started++;
	return 0;
}

static int init_cores(struct run *r, struct eg_error *err)
{
	int rc = 0;

	for (unsigned i = 0; rc == 0 && i < r->plan.core_cnt; i++)
		rc = load_core_init(&r->core[i], &r->plan, r->session->lane[i], i, err);
	return rc;
}

/* Where one thread cannot be started, the others must not wait for it. */
static int start_cores(struct run *r, struct eg_error *err)
{
	int rc = 0;

	r->plan.start_ns = eg_clock_mono_ns() + HEAD_START_NS;
	for (unsigned i = 0; rc == 0 && i < r->plan.core_cnt; i++)
		rc = start_core(r, i, err);
	if (rc != 0) {
		atomic_store(&r->plan.stop, true);
		(void)atomic_fetch_sub(&r->plan.draining, r->plan.core_cnt - r->started);
	}
	return rc;
}

/* ── while it runs ── */

struct shown {
	uint64_t at_ns, sent, answered;
};

static void show_line(const struct run *r, struct shown *last, uint64_t now_ns)
{
	struct shown now = {.at_ns = now_ns};
	double seconds = (double)(now_ns - last->at_ns) / NS_PER_S;
	uint64_t wrong = 0;

	for (unsigned i = 0; i < r->started; i++) {
		const struct load_progress *p = &r->core[i]->progress;

		now.sent += atomic_load_explicit(&p->sent, memory_order_relaxed);
		now.answered += atomic_load_explicit(&p->answered, memory_order_relaxed);
		wrong += atomic_load_explicit(&p->wrong, memory_order_relaxed);
	}
	(void)fprintf(stderr,
	    "\r%6.1f s  sent %.0f/s  answered %.0f/s  out %" PRIu64 "  wrong %" PRIu64 "   ",
	    now_ns > r->plan.start_ns ? (double)(now_ns - r->plan.start_ns) / NS_PER_S : 0.0,
	    (double)(now.sent - last->sent) / seconds,
	    (double)(now.answered - last->answered) / seconds,
	    now.sent > now.answered ? now.sent - now.answered : 0, wrong);
	*last = now;
}

static void watch(struct run *r)
{
	static const struct timespec look = {0, LOOK_EVERY_NS};
	bool show = !r->session->options->quiet && isatty(STDERR_FILENO) != 0;
	struct shown last = {.at_ns = eg_clock_mono_ns()};

	while (atomic_load(&r->ended) < r->started) {
		uint64_t now_ns;

		(void)nanosleep(&look, NULL);
		if (stopped != 0)
			atomic_store(&r->plan.stop, true);
		now_ns = eg_clock_mono_ns();
		if (show && now_ns - last.at_ns >= SHOW_EVERY_NS)
			show_line(r, &last, now_ns);
	}
	if (show)
		(void)fprintf(stderr, "\r%*s\r", PROGRESS_COLUMNS, "");
	for (unsigned i = 0; i < r->started; i++)
		(void)pthread_join(r->thread[i], NULL);
}

/* ── the sum ── */

static void add_counts(struct load_counts *into, const struct load_counts *from)
{
	const uint64_t *word = (const uint64_t *)from;
	uint64_t *sum = (uint64_t *)into;

	for (size_t i = 0; i < sizeof(*into) / sizeof(*sum); i++)
		sum[i] += word[i];
}

static void merge(const struct run *r, struct load_result *result)
{
	uint64_t last_ns = 0;

	for (unsigned i = 0; i < r->plan.core_cnt; i++) {
		const struct load_core *core = r->core[i];

		add_counts(&result->counts, &core->counts);
		load_histogram_merge(&result->latency, &core->latency);
		load_judge_merge(&result->judge, &core->judge, r->plan.corpus);
		last_ns = core->last_answer_ns > last_ns ? core->last_answer_ns : last_ns;
		last_ns = core->last_send_ns > last_ns ? core->last_send_ns : last_ns;
	}
	if (last_ns > r->plan.warmup_ns)
		result->seconds = (double)(last_ns - r->plan.warmup_ns) / NS_PER_S;
}

/* Where this run has ended the next one goes on: what a cache still holds lies behind. */
static void go_on(const struct run *r)
{
	struct load_popularity *p = &r->session->popularity;
	uint64_t taken = p->first;

	for (unsigned i = 0; i < r->plan.core_cnt; i++)
		taken += r->core[i]->flights.head;
	p->first = (uint32_t)(taken % p->cnt);
}

static int judge_revocations(const struct run *r, struct load_result *result, struct eg_error *err)
{
	const struct load_corpus *corpus = r->plan.corpus;
	struct load_revocations revocations;
	int rc = load_revocations_read(
	    &revocations, r->session->options->revocations, corpus, REVOCATIONS_NS, err);

	if (rc != 0)
		return rc;
	load_judge_revocations(&result->judge, corpus, revocations.list, revocations.cnt);
	load_revocations_free(&revocations);
	return 0;
}

static uint64_t bad_frames(const struct load_session *session)
{
	uint64_t cnt = 0;

	for (unsigned i = 0; i < session->lane_cnt; i++)
		cnt += session->lane[i]->bad_frames;
	return cnt;
}

static int run_cores(struct run *r, struct load_result *result, struct eg_error *err)
{
	uint64_t bad_before = bad_frames(r->session);
	int rc = init_cores(r, err);

	if (rc == 0)
		rc = start_cores(r, err);
	watch(r);
	if (rc != 0)
		return rc;
	merge(r, result);
	go_on(r);
	result->bad_frames = bad_frames(r->session) - bad_before;
	return r->plan.sightings ? judge_revocations(r, result, err) : 0;
}

int load_run(struct load_session *session, const struct load_trial *trial,
    struct load_result *result, struct eg_error *err)
{
	struct run *r = calloc(1, sizeof(*r));
	int rc;

	memset(result, 0, sizeof(*result));
	if (r == NULL)
		return eg_error_set(err, EG_ENOMEM, "no memory for a run");
	r->session = session;
	rc = set_plan(r, trial, err);
	if (rc == 0)
		rc = load_judge_init(&result->judge, r->plan.corpus, r->plan.sightings, err);
	if (rc == 0)
		rc = run_cores(r, result, err);
	for (unsigned i = 0; i < EG_WORKERS_MAX; i++)
		load_core_free(r->core[i]);
	free(r);
	return rc;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "run.h"

#include "doorbell.h"
#include "eg_log.h"
#include "engine.h"
#include "ports.h"
#include "privileges.h"
#include "report.h"
#include "rundir.h"
#include "slice.h"
#include "tracing.h"
#include "worker.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define CONTROL_PERIOD_MS 10
#define START_POLL_NS     1000000L
#define SIGNAL_ECHO_NS    500000000u

struct edgate {
	const struct eg_config *config;
	struct eg_engine engine;
	cpu_set_t allowed; /* CPUs of the process */
	cpu_set_t control; /* those of control and of the drivers' threads */
	struct eg_identity who;
	struct eg_rundir dir;
	struct eg_doorbell bell;
	struct eg_tracing tracing;
	struct eg_stats stats;
	struct eg_utc utc;
	struct eg_tick_rate ticks;
	struct eg_feed feed;
	struct eg_keytables *tables;
	struct eg_ports ports;
	struct eg_worker *worker; /* config->worker_cnt of them */
	unsigned prepared_cnt, started_cnt;
	atomic_bool stop;
	uint64_t ready_ns;
};

static _Atomic uint64_t stop_asked_ns; /* 0: not yet */

/* A second signal ends at once, but not the echo of the first: timeout(1) and a terminal signal the
 * process and its group. */
static void on_stop_signal(int signal)
{
	uint64_t now_ns = eg_clock_mono_ns(), first_ns = atomic_load(&stop_asked_ns);

	(void)signal;
	if (first_ns == 0)
		atomic_store(&stop_asked_ns, now_ns);
	else if (now_ns - first_ns > SIGNAL_ECHO_NS)
		_exit(1);
}

static void set_signals(void)
{
	struct sigaction stop = {.sa_handler = on_stop_signal, .sa_flags = SA_RESTART};
	struct sigaction ignore = {.sa_handler = SIG_IGN};

	(void)sigaction(SIGTERM, &stop, NULL);
	(void)sigaction(SIGINT, &stop, NULL);
	(void)sigaction(SIGPIPE, &ignore, NULL);
}

/* ── steps of the start, in order ── */

static int look_around(struct edgate *e, struct eg_error *err)
{
	int rc = eg_engine_choose(&e->engine, e->config, err);

	if (rc != 0)
		return rc;
	if (sched_getaffinity(0, sizeof(e->allowed), &e->allowed) != 0)
		return eg_error_set(
		    err, EG_EIO, "cannot read which CPUs to use: %s", strerror(errno));
	return eg_privileges_resolve(&e->who, e->config->user, e->config->state, err);
}

static int limit_privileges(struct edgate *e, struct eg_error *err)
{
	return eg_privileges_limit(&e->who, err);
}

static int open_rundir(struct edgate *e, struct eg_error *err)
{
	int rc = eg_rundir_open(&e->dir, e->config->run, err);

	if (rc == 0)
		rc = eg_stats_create(
		    &e->stats, e->dir.stats, e->config->worker_cnt, eg_clock_utc_ns(), err);
	if (rc == 0)
		(void)snprintf(e->stats.header->ed25519, sizeof(e->stats.header->ed25519), "%s",
		    e->engine.impl->name);
	if (rc == 0)
		rc = eg_doorbell_open(&e->bell, e->dir.socket, e->who.uid, e->who.gid, err);
	if (rc == 0 && e->who.change)
		rc = eg_rundir_give(&e->dir, e->who.uid, e->who.gid, err);
	return rc;
}

static int open_state(struct edgate *e, struct eg_error *err)
{
	eg_utc_init(&e->utc, eg_clock_mono_ns(), eg_clock_utc_ns());
	e->feed.stats = &e->stats;
	e->feed.utc = &e->utc;
	return eg_feed_open(&e->feed, e->config->state, e->config->worker_cnt, err);
}

/* Not on a worker's CPU where there is another: memif takes its rings away from a thread of its own
 * when the peer goes, and a worker that it interrupts within a burst would then read what is gone.
 */
static void choose_control_cpus(struct edgate *e)
{
	const struct eg_config *config = e->config;

	if (config->control_cpu >= 0) {
		CPU_ZERO(&e->control);
		CPU_SET((size_t)config->control_cpu, &e->control);
		return;
	}
	e->control = e->allowed;
	for (unsigned i = 0; i < config->worker_cnt; i++)
		if (config->worker[i].cpu >= 0)
			CPU_CLR((size_t)config->worker[i].cpu, &e->control);
	if (CPU_COUNT(&e->control) == 0)
		e->control = e->allowed;
}

static int pin_control(struct edgate *e, struct eg_error *err)
{
	choose_control_cpus(e);
	if (sched_setaffinity(0, sizeof(e->control), &e->control) != 0)
		return eg_error_set(err, EG_EINVAL,
		    "control_cpu: edgate may not run on CPU %d: `taskset -p $$` shows where it "
		    "may",
		    e->config->control_cpu);
	return 0;
}

static int open_ports(struct edgate *e, struct eg_error *err)
{
	int rc = eg_ports_open(&e->ports, e->config, &e->control, err);

	for (unsigned i = 0; i < e->ports.cnt; i++)
		eg_stats_add_port(&e->stats, e->ports.port[i]->name);
	return rc;
}

static int drop_privileges(struct edgate *e, struct eg_error *err)
{
	return eg_privileges_drop(&e->who, err);
}

/* Its thread gets our rights and our CPUs as they are by now. Nothing is built before the workers
 * answer: a key without a table is only slower. */
static int start_tables(struct edgate *e, struct eg_error *err)
{
	e->tables = eg_engine_start_tables(&e->engine, e->config, &e->stats, err);
	if (e->tables == NULL)
		return err->code;
	eg_feed_set_tables(&e->feed, e->tables);
	return 0;
}

/* What root could read is not enough: without the store no revocation would ever arrive. */
static int check_state(struct edgate *e, struct eg_error *err)
{
	int rc = eg_feed_check(&e->feed, err);

	if (rc != 0 && e->who.change)
		(void)eg_error_prefix(err, "as user %s", e->config->user);
	return rc;
}

static int prepare_workers(struct edgate *e, struct eg_error *err)
{
	const struct eg_worker_shared shared = {
	    .config = e->config,
	    .port = e->ports.port,
	    .stats = &e->stats,
	    .revoke = e->feed.revoke,
	    .utc = &e->utc,
	    .ed25519 = e->engine.impl,
	    .snapshot = e->feed.snapshot,
	    .epoch = e->feed.epoch,
	    .stop = &e->stop,
	};
	size_t bytes = e->config->worker_cnt * sizeof(*e->worker);
	int rc = 0;

	e->worker = aligned_alloc(EG_CACHE_LINE_BYTES, bytes);
	if (e->worker == NULL)
		return eg_error_set(err, EG_ENOMEM, "no memory for the workers");
	memset(e->worker, 0, bytes);
	for (unsigned i = 0; rc == 0 && i < e->config->worker_cnt; i++) {
		rc = eg_worker_prepare(&e->worker[i], &shared, i, err);
		e->prepared_cnt = i + 1;
	}
	return rc;
}

static bool have_all_left(const struct edgate *e, enum eg_worker_phase phase)
{
	for (unsigned i = 0; i < e->config->worker_cnt; i++)
		if (atomic_load_explicit(&e->worker[i].phase, memory_order_acquire) <= phase)
			return false;
	return true;
}

static int start_workers(struct edgate *e, struct eg_error *err)
{
	const struct timespec wait = {0, START_POLL_NS};

	eg_feed_launch(&e->feed, e->worker);
	for (unsigned i = 0; i < e->config->worker_cnt; i++) {
		int rc = eg_worker_start(&e->worker[i], e->config->worker[i].cpu, &e->allowed, err);

		if (rc != 0)
			return rc;
		e->started_cnt = i + 1;
	}
	while (!have_all_left(e, EG_WORKER_STARTING))
		(void)nanosleep(&wait, NULL);
	return 0;
}

static int say_ready(struct edgate *e, struct eg_error *err)
{
	(void)err;
	e->ready_ns = eg_clock_mono_ns();
	e->ticks = (struct eg_tick_rate){eg_clock_ticks(), e->ready_ns};
	e->tracing.worker = e->worker;
	e->tracing.worker_cnt = e->started_cnt;
	e->tracing.max_datagram_bytes = e->config->max_datagram_bytes;
	e->tracing.stats = &e->stats;
	atomic_store_explicit(&e->stats.header->ready, 1, memory_order_release);
	eg_report_ready(e->config, e->engine.impl->name, e->feed.epoch);
	return 0;
}

static int start(struct edgate *e, struct eg_error *err)
{
	static int (*const steps[])(struct edgate *, struct eg_error *) = {look_around,
	    limit_privileges, open_rundir, open_state, pin_control, open_ports, drop_privileges,
	    start_tables, check_state, prepare_workers, start_workers, say_ready};
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < sizeof(steps) / sizeof(steps[0]); i++)
		rc = steps[i](e, err);
	return rc;
}

/* ── afterwards ── */

/* Who reads the cycles of a stage wants to know what a cycle is. */
static void publish_tick_rate(struct edgate *e)
{
	uint64_t hz = eg_tick_rate_hz(&e->ticks, eg_clock_ticks(), eg_clock_mono_ns());

	atomic_store_explicit(&e->stats.header->ticks_hz, hz, memory_order_relaxed);
}

static void control(struct edgate *e)
{
	struct eg_doorbell_ask ask;

	eg_slice_shorten();
	while (atomic_load(&stop_asked_ns) == 0 && !have_all_left(e, EG_WORKER_ANSWERING)) {
		enum eg_ring ring = eg_doorbell_wait(&e->bell, CONTROL_PERIOD_MS, &ask);

		eg_feed_turn(&e->feed);
		eg_engine_turn(&e->engine, &e->feed);
		eg_ports_turn(&e->ports, &e->stats, eg_clock_mono_ns());
		publish_tick_rate(e);
		if (ring == EG_RING_TRACE)
			eg_tracing_begin(&e->tracing, &ask);
		eg_tracing_turn(&e->tracing);
	}
	eg_tracing_end(&e->tracing);
}

static void stop_workers(struct edgate *e)
{
	atomic_store_explicit(&e->stop, true, memory_order_relaxed);
	for (unsigned i = 0; i < e->started_cnt; i++)
		eg_worker_join(&e->worker[i]);
	if (e->stats.header != NULL)
		atomic_store_explicit(&e->stats.header->ready, 0, memory_order_release);
}

static int close_all(struct edgate *e)
{
	int rc = eg_ports_close(&e->ports);

	for (unsigned i = 0; i < e->prepared_cnt; i++)
		eg_worker_free(&e->worker[i]);
	free(e->worker);
	eg_feed_close(&e->feed);
	eg_keytables_free(e->tables);
	eg_doorbell_close(&e->bell);
	eg_stats_close(&e->stats);
	eg_rundir_close(&e->dir);
	return rc;
}

int edgate_run(const struct eg_config *config, struct eg_error *err)
{
	struct edgate e = {.config = config, .dir.fd = -1, .bell.fd = -1, .tracing.fd = -1};
	int rc, close_rc;

	set_signals();
	rc = start(&e, err);
	if (rc == 0)
		control(&e);
	stop_workers(&e);
	if (rc == 0)
		eg_report_final(&e.stats, eg_clock_mono_ns() - e.ready_ns);
	close_rc = close_all(&e);
	if (rc == 0 && close_rc != 0)
		rc = eg_error_set(err, EG_EIO, "a port did not end well: see above");
	return rc;
}

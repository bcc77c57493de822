/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A worker: one thread that serves one queue of one port with one pipeline.
 *
 *   rx burst ─▶ eg_pipeline_run ─▶ tx, what the port does not take is dropped by tx_full ─▶ idle
 *
 * [control] prepares all workers, starts them, and joins them; the loop itself allocates nothing,
 * takes no lock and calls the system only where the idle strategy sleeps.
 */
#ifndef EDGATE_WORKER_H
#define EDGATE_WORKER_H

#include "eg_config.h"
#include "eg_mailbox.h"
#include "eg_pipeline.h"
#include "eg_port.h"

#include <pthread.h>
#include <sched.h>

enum eg_worker_phase {
	EG_WORKER_STARTING,
	EG_WORKER_ANSWERING,
	EG_WORKER_FINISHED, /* its port has no more packets; it still takes its mail */
};

struct eg_worker {
	/* read-only after preparation */
	unsigned idx, queue;
	struct eg_port *port;
	struct eg_pipeline *pipeline;
	struct eg_mailbox *mailbox;
	struct eg_vcache *vcache;       /* NULL without a cache */
	struct eg_sample_ring *samples; /* NULL where verdicts are not sampled */
	struct eg_trace *trace;
	struct eg_core_stats *stats;
	bool dpdk, file_clock;
	enum eg_idle idle;
	uint32_t idle_sleep_us;
	const atomic_bool *stop;
	pthread_t thread;
	/* the worker's own */
	_Alignas(EG_CACHE_LINE_BYTES) struct eg_utc file_utc; /* with file_clock */
	unsigned empty_polls;
	uint64_t announce_ns; /* when next; UINT64_MAX: never */
	struct eg_pipeline_out out;
	/* the worker release-stores, control acquire-loads */
	_Alignas(EG_CACHE_LINE_BYTES) _Atomic enum eg_worker_phase phase;
};

/* What all workers have in common. */
struct eg_worker_shared {
	const struct eg_config *config;
	struct eg_port *const *port; /* by index of config->port */
	struct eg_stats *stats;
	struct eg_revoke *revoke;
	const struct eg_utc *utc;
	const struct eg_ed25519_impl *ed25519;
	const struct eg_snapshot *snapshot;
	uint64_t epoch;
	const atomic_bool *stop;
};

/* Allocates pipeline and mailbox; publishes the epoch. Free it even where this fails. */
int eg_worker_prepare(
    struct eg_worker *w, const struct eg_worker_shared *shared, unsigned idx, struct eg_error *err);
/* cpu -1: anywhere in `otherwise`. */
int eg_worker_start(struct eg_worker *w, int cpu, const cpu_set_t *otherwise, struct eg_error *err);
/* After *stop is set: everything received is answered or counted when it returns. */
void eg_worker_join(struct eg_worker *w);
void eg_worker_free(struct eg_worker *w);

#endif

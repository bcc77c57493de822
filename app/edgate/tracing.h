/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The trace that somebody has asked for, one at a time: orders it of all workers, sends what their
 * rings hold, and takes the order back when the other end is gone. [control]
 */
#ifndef EDGATE_TRACING_H
#define EDGATE_TRACING_H

#include "doorbell.h"
#include "worker.h"

struct eg_tracing {
	struct eg_worker *worker; /* worker_cnt of them; set before the first turn */
	unsigned worker_cnt;
	uint32_t max_datagram_bytes;
	const struct eg_stats *stats;
	int fd; /* -1: no trace */
	pid_t pid;
	uint8_t flags; /* enum eg_trace_ask_flag */
	uint32_t session;
	uint64_t lost;        /* that did not fit into the socket */
	uint64_t lost_before; /* what the workers had lost when it began */
};

/* Begins a trace, or says on ask->fd why not, and closes it. */
void eg_tracing_begin(struct eg_tracing *tracing, const struct eg_doorbell_ask *ask);
/* One round: sends what there is, ends the trace where nobody listens any more. */
void eg_tracing_turn(struct eg_tracing *tracing);
/* Ends the trace, if there is one. */
void eg_tracing_end(struct eg_tracing *tracing);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The worker's side of a trace (eg_trace.h): private to the pipeline. What it takes itself counts
 * as house. [worker]
 */
#ifndef EG_TRACE_IMPL_H
#define EG_TRACE_IMPL_H

#include "eg_trace.h"

struct eg_pipeline;
struct eg_pipeline_out;

/* What control last said: 0, or session, kind and number of the filter. One word, so that relaxed
 * loads and stores do. */
const _Atomic uint64_t *eg_trace_order(const struct eg_trace *trace);

/* The order has changed: what was watched under the old one is forgotten. */
void eg_trace_switch(struct eg_pipeline *p, uint64_t order);
/* These have just arrived, by a poll that took rx_cycles; nothing has touched them yet. */
void eg_trace_arrive(
    struct eg_pipeline *p, const struct eg_packet rx[], unsigned cnt, uint64_t rx_cycles);
/* The turn's answers and drops are in p->out, and still there. */
void eg_trace_depart(struct eg_pipeline *p);
/* The port has taken sent_cnt of the answers. */
void eg_trace_left(struct eg_pipeline *p, const struct eg_pipeline_out *out, unsigned sent_cnt);

#endif

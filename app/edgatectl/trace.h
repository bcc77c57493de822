/* SPDX-License-Identifier: BSD-3-Clause */
/* The parts of `edgatectl trace`. Threads: main alone. */
#ifndef CTL_TRACE_H
#define CTL_TRACE_H

#include "eg_err.h"
#include "eg_trace.h"

#include <jansson.h>

/* ── in words (trace_text.c) ── */

/* The time from the burst's rx to tx, split by stage. Each part is rounded where all up to it end,
 * so that the parts add up to the whole. All 0 where it is not known what a cycle is. */
struct trace_times {
	uint64_t all_ns;
	uint64_t stage_ns[EG_STAGE_COUNT];
};
struct trace_times trace_times_of(const struct eg_traced *packet);

void trace_print(const struct eg_traced *packet);
json_t *trace_json(const struct eg_traced *packet);

/* ── as a file (trace_pcap.c) ── */

struct trace_pcap;

/* A new file, mode 0600, in pcap's format with nanoseconds; one that is there is not touched. NULL
 * with the reason in err. */
struct trace_pcap *trace_pcap_open(const char *path, struct eg_error *err);
/* Request and reply, on disk before it returns. A datagram without headers gets Ethernet, IPv4 and
 * UDP with zeros for what is not known. */
int trace_pcap_put(struct trace_pcap *pcap, const struct eg_traced *packet, struct eg_error *err);
void trace_pcap_close(struct trace_pcap *pcap);

#endif

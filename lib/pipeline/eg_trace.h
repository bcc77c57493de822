/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A trace: what became of single packets, and where the core's time went while they were with it.
 *
 *             arrive ──────────── turns of the worker ────────── left
 *   rx burst ──▶ slot: the request's bytes,                 answer, drop, bytes of the reply,
 *                cycles by stage so far                     cycles by stage minus those
 *                                                             │ where the filter agrees
 *   control ◀── eg_trace_read ◀── ring of one worker ◀────────┘
 *
 * Packets are met at the two ends of a turn alone: no stage knows of a trace. While none is ordered
 * a worker loads one word a turn; while one is, up to EG_TRACE_OPEN packets at a time are watched,
 * and what finds no slot or no room in the ring is counted (trace_lost) and let go.
 *
 * Times are those of the core, not of the packet: a turn works on many packets at once, and the
 * cycles that pass between the arrival of one and its departure are split by what the core did in
 * them. So they add up to the time from rx to tx.
 *
 * Threads: one order word from control to the worker, by relaxed atomics; one ring from the worker
 * to control, release / acquire. Tokens are secrets: eg_trace_read hides them unless asked not to.
 * Memory: fixed, and untouched until a trace is ordered.
 */
#ifndef EG_TRACE_H
#define EG_TRACE_H

#include "eg_egt.h"
#include "eg_packet.h"

#define EG_TRACE_OPEN        64u   /* packets watched at a time */
#define EG_TRACE_ENTRIES     32u   /* of the ring: a power of two */
#define EG_TRACE_REPLY_BYTES 1024u /* kept of a reply: the longest VERIFY_R with its headers */

struct eg_netif;
struct eg_trace;

enum eg_trace_kind {
	EG_TRACE_ANY,
	EG_TRACE_VERDICT, /* packets with a record of this verdict */
	EG_TRACE_DROP,    /* packets that ended in this drop */
};

struct eg_trace_filter {
	uint8_t kind;   /* enum eg_trace_kind */
	uint8_t number; /* enum eg_verdict, enum eg_drop */
};

/* For packets of up to packet_max bytes with their headers. */
size_t eg_trace_footprint(uint32_t packet_max);
/* mem: footprint bytes, aligned to a cache line, owned by the caller. [control] */
struct eg_trace *eg_trace_init(void *mem, uint32_t packet_max);

/* [control] From the worker's next turn on: packets that arrive then and pass the filter. session
 * is not 0 and marks what comes of it: entries of an older one may still lie in the ring. */
void eg_trace_start(struct eg_trace *trace, uint32_t session, struct eg_trace_filter filter);
/* [control] From the worker's next turn on: none. */
void eg_trace_stop(struct eg_trace *trace);

/* One packet, as the worker noted it. */
struct eg_trace_entry {
	uint32_t session;
	bool dropped; /* number: enum eg_drop; otherwise enum eg_answer */
	uint8_t number;
	uint16_t reply_payload_off; /* UDP payload of an answer to EGT */
	uint32_t flags;             /* as the port delivered it: enum eg_packet_flag */
	uint32_t burst;             /* packets that arrived with it, itself included */
	uint32_t turns;             /* of the worker, from the one that it arrived in: 1 and more */
	uint64_t utc_ns;            /* of its arrival */
	uint64_t cycles[EG_STAGE_COUNT];
	uint32_t request_bytes, reply_bytes; /* on the wire; of these are here: */
	uint32_t request_kept, reply_kept;
	uint8_t *request, *reply;
};

/* [control] The oldest entry of the ring, in place until it is dropped; NULL where there is none.
 */
struct eg_trace_entry *eg_trace_peek(struct eg_trace *trace);
void eg_trace_drop(struct eg_trace *trace);

/* ── what is told of it ── */

struct eg_traced_record {
	uint16_t token_bytes;
	uint8_t fmt; /* enum eg_egt_fmt: what was said, else what the first bytes show */
	uint8_t status, detail;
	uint16_t rflags;
	uint32_t policy_id; /* 0: the default */
};

struct eg_traced {
	uint32_t worker;
	uint64_t lost;     /* packets that this trace could not keep up with so far */
	uint64_t ticks_hz; /* what a cycle is; 0: not known */
	uint64_t utc_ns;
	bool dropped, datagram; /* datagram: there are no headers in front of the UDP payload */
	uint8_t number;
	uint16_t base_port;
	uint32_t burst, turns;
	uint64_t cycles[EG_STAGE_COUNT];
	uint32_t request_bytes, reply_bytes;
	struct eg_span request, reply;
	uint8_t record_cnt; /* 0 where it was no VERIFY that was answered */
	struct eg_traced_record record[EG_EGT_RECORDS_MAX];
};

/* [control] Fills what an entry says: all but worker, lost and ticks_hz. The spans point into the
 * entry, where every byte of a token, and of what was dropped behind the first headers, becomes 'x'
 * unless with_tokens. netif, max_datagram_bytes: the pipeline's. */
void eg_trace_read(struct eg_trace_entry *entry, const struct eg_netif *netif,
    uint32_t max_datagram_bytes, bool with_tokens, struct eg_traced *traced);

#endif

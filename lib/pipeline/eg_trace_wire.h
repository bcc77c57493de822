/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A trace between edgatectl and edgate, over two sockets of one host:
 *
 *   edgatectl ── ctl.sock: ask (8 bytes), with one end of a socket pair ──▶ edgate
 *             ◀── the pair: ARMED, or REFUSED and why; then one PACKET for each ──
 *
 * The trace lasts as long as the pair: who closes it, or dies, ends the trace. Integers are
 * big-endian, each message is one datagram and begins with the version. Both parsers are total: any
 * bytes in, true only where all of them are understood. Threads: [any]; no allocation.
 *
 *   ask      "EGTR" · u8 version · u8 flags · u8 filter kind · u8 filter number
 *   ARMED    u8 version · u8 1
 *   REFUSED  u8 version · u8 2 · text
 *   PACKET   u8 version · u8 3 · the fields of struct eg_traced in order, with counts in front of
 *            cycles and records, and u32 lengths in front of the bytes
 */
#ifndef EG_TRACE_WIRE_H
#define EG_TRACE_WIRE_H

#include "eg_trace.h"

#define EG_TRACE_ASK_BYTES 8u

enum eg_trace_ask_flag {
	EG_TRACE_WITH_PACKETS = 1 << 0, /* the bytes of requests and replies too */
	EG_TRACE_WITH_TOKENS = 1 << 1,  /* and what is a secret in them */
};

struct eg_trace_ask {
	uint8_t flags;
	struct eg_trace_filter filter;
};

void eg_trace_write_ask(uint8_t bytes[EG_TRACE_ASK_BYTES], const struct eg_trace_ask *ask);
/* False where it is no ask, of another version, or names a flag or a filter that is none. */
bool eg_trace_parse_ask(struct eg_span bytes, struct eg_trace_ask *ask);

enum eg_trace_message_kind { EG_TRACE_ARMED = 1, EG_TRACE_REFUSED = 2, EG_TRACE_PACKET = 3 };

struct eg_trace_message {
	uint8_t kind;
	struct eg_span text;     /* of REFUSED; points into the message */
	struct eg_traced packet; /* of PACKET; its spans point into the message */
};

/* The longest message about a packet of up to packet_max bytes. */
#define EG_TRACE_MESSAGE_BYTES(packet_max) ((packet_max) + 2u * EG_TRACE_REPLY_BYTES + 1024u)

/* The message's length; 0 where there is no room for it. Only what belongs to its kind is read. */
size_t eg_trace_write_message(uint8_t *bytes, size_t room, const struct eg_trace_message *message);
bool eg_trace_parse_message(struct eg_span bytes, struct eg_trace_message *message);

#endif

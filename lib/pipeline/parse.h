/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Ethernet to UDP payload, and back: private to the pipeline.
 *
 * eg_parse_packet is total: it never reads past pkt->len, and ends in exactly one of three ways.
 * ARP, neighbour solicitations and echo requests are answered in place at once.
 */
#ifndef EG_PARSE_H
#define EG_PARSE_H

#include "eg_packet.h"
#include "eg_pipeline.h"

enum eg_parse_outcome {
	EG_PARSE_DROP,     /* `drop` says why */
	EG_PARSE_ANSWERED, /* pkt is the answer now: send it; `answer` says what it was */
	EG_PARSE_PAYLOAD,  /* a UDP payload for one of our ports */
};

struct eg_parsed {
	uint8_t outcome; /* enum eg_parse_outcome */
	uint8_t drop;    /* enum eg_drop */
	uint8_t answer;  /* enum eg_answer */
	bool ip6;
	bool datagram;   /* no headers at all: data is the payload */
	uint16_t l3_off; /* IP header */
	uint16_t l4_off; /* UDP header */
	uint16_t payload_off;
	uint16_t payload_bytes;
};

/* netif may be NULL only for DATAGRAM packets. A UDP payload longer than max_datagram_bytes is
 * too_big. Padding behind a UDP payload is cut off pkt->len. An answer made here is not longer than
 * its request, but for an advertisement, by up to 8 bytes where room allows. [worker] */
void eg_parse_packet(const struct eg_netif *netif, uint32_t max_datagram_bytes,
    struct eg_packet *pkt, struct eg_parsed *parsed);

/* Turns the request's headers into those of its answer with payload_bytes of UDP payload, in place:
 * addresses and ports swapped, IPv4 options cut out by moving nothing but the headers (payload
 * stays where it is, data moves up), IPv6 extension headers likewise, lengths, TTL 64, DF,
 * checksums (or the offload flags of netif). The payload must be written already. [worker] */
void eg_parse_reply(const struct eg_netif *netif, const struct eg_parsed *parsed,
    struct eg_packet *pkt, uint32_t payload_bytes);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The client's side of Ethernet, ARP, IPv4 and UDP. Written apart from lib/pipeline on purpose: a
 * generator that shared the server's code would share its mistakes and find none of them.
 */
#ifndef LOAD_FRAME_H
#define LOAD_FRAME_H

#include "eg_packet.h"
#include "eg_span.h"
#include "steer.h"

#define LOAD_HEADERS_BYTES   42u /* Ethernet, IPv4 without options, UDP; Ethernet and ARP too */
#define LOAD_FRAME_MIN_BYTES 60u

struct load_route {
	uint8_t mac[6], server_mac[6];
	uint8_t ip[4], server_ip[4];
	uint16_t server_port; /* the base port: answers come from one of its shards' */
};

enum load_frame_kind {
	LOAD_FRAME_OTHER,       /* not for us, or not whole */
	LOAD_FRAME_ARP_REQUEST, /* for our address */
	LOAD_FRAME_ARP_REPLY,   /* from the server */
	LOAD_FRAME_ANSWER,      /* a UDP payload from the server to one of our ports */
	LOAD_FRAME_BAD,         /* from the server to us, with a wrong length or checksum */
};

/* Asks for the server's MAC address: LOAD_FRAME_MIN_BYTES into frame. */
void load_frame_arp_request(const struct load_route *route, uint8_t *frame);
/* Turns the request in frame into its answer: LOAD_FRAME_MIN_BYTES. */
void load_frame_arp_answer(const struct load_route *route, uint8_t *frame);

/* The headers of all requests, but for lengths, ports and the sums over them. */
struct load_headers {
	uint8_t bytes[LOAD_HEADERS_BYTES];
	uint32_t ip_sum, udp_sum; /* of what is known, with the pseudo-header */
};

struct load_headers load_headers(const struct load_route *route);

/* The 16-bit ones' complement sum (RFC 1071), folded; an odd last byte counts as if a zero
 * followed. `sum` is of data of even length, or several such added up. */
uint32_t load_frame_sum(uint32_t sum, const uint8_t *data, size_t len);

/* Writes the headers before the payload of payload_bytes that stands at frame + LOAD_HEADERS_BYTES
 * and has the sum payload_sum: the payload itself is not read. */
void load_frame_udp(const struct load_headers *headers, uint16_t source_port, uint16_t server_port,
    size_t payload_bytes, uint32_t payload_sum, uint8_t *frame);

/* Total. payload is set for LOAD_FRAME_ANSWER and points into the packet. */
enum load_frame_kind load_frame_parse(
    const struct load_route *route, const struct eg_packet *pkt, struct eg_span *payload);

/* Of a LOAD_FRAME_ARP_REPLY: whose address it tells. */
const uint8_t *load_frame_arp_sender(const struct eg_packet *pkt);

#endif

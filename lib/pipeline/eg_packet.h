/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A packet as the pipeline sees it: bytes in memory that a port lent. No mbuf, no DPDK: the same
 * pipeline runs over a NIC, a pcap file, kernel sockets and edgatectl decide.
 *
 *   data                                  data + len        data + room
 *   │ Ethernet … UDP payload              │                 │
 *   │ or the UDP payload alone (DATAGRAM) │  may be written │
 *
 * Threads: one owner at a time, the port or a pipeline. The memory stays the port's.
 */
#ifndef EG_PACKET_H
#define EG_PACKET_H

#include <stdint.h>

enum eg_packet_flag {
	/* set by the port on receive */
	EG_PACKET_DATAGRAM = 1 << 0,      /* data is a UDP payload; the kernel did the rest */
	EG_PACKET_IP_CKSUM_GOOD = 1 << 1, /* the port has checked it: do not compute */
	EG_PACKET_IP_CKSUM_BAD = 1 << 2,
	EG_PACKET_L4_CKSUM_GOOD = 1 << 3,
	EG_PACKET_L4_CKSUM_BAD = 1 << 4,
	EG_PACKET_MULTI_SEGMENT = 1 << 5, /* only the first segment is here: to be dropped */
	EG_PACKET_TRUNCATED = 1 << 6,     /* longer than the port's buffer: to be dropped */
	EG_PACKET_SOURCE_BAD = 1 << 7,    /* DATAGRAM: source port 0 or one of ours */
	/* set by the pipeline on an answer, where the port offered it */
	EG_PACKET_TX_IP_CKSUM = 1 << 16,  /* the port fills the IPv4 header checksum */
	EG_PACKET_TX_UDP_CKSUM = 1 << 17, /* it fills UDP's; the pseudo-header sum is in place */
	EG_PACKET_TX_IP6 = 1 << 18,       /* IPv6, for offloads */
};

struct eg_packet {
	uint8_t *data;
	uint32_t len;
	uint32_t room;
	uint32_t flags;
	/* DATAGRAM: an IPv4 address, the upper half of an IPv6 one; 0: not known */
	uint64_t sender;
	uint16_t l2_bytes, l3_bytes; /* header lengths of an answer, for offloads */
	uint8_t answer;              /* of an answer: enum eg_answer; of a drop: enum eg_drop */
	void *handle;                /* the port's own */
};

#define EG_BURST_MAX 32u

#endif

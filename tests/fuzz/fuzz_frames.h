/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Frames for targets that start at Ethernet. Lengths and checksums stand between a mutated packet
 * and the code behind them, so an input may ask for them to be put right. Written apart from
 * lib/pipeline, so that the one checks the other.
 */
#ifndef EG_FUZZ_FRAMES_H
#define EG_FUZZ_FRAMES_H

#include "eg_span.h"

enum fuzz_fix {
	FUZZ_FIX_MAC = 1 << 0,       /* to us, from a unicast address */
	FUZZ_FIX_LENGTHS = 1 << 1,   /* of IP and UDP: as long as the frame */
	FUZZ_FIX_CHECKSUMS = 1 << 2, /* of IPv4, UDP, ICMP and ICMPv6 */
	FUZZ_FIX_ADDRESSES = 1 << 3, /* IP: from a neighbour, to us */
	FUZZ_FIX_PORTS = 1 << 4,     /* UDP: to ours */
};

/* Puts right what `fix` says, as far as the frame goes. */
void fuzz_fix_frame(uint8_t *frame, size_t len, unsigned fix);

#define FUZZ_HEADERS_MAX 70u /* two tags, Ethernet, IPv6, UDP */

/* Writes Ethernet (with these tags), IP and UDP in front of payload; returns the length. */
size_t fuzz_put_udp(uint8_t *frame, bool ip6, unsigned tags, struct eg_span payload);

/* An answer: are lengths and checksums what they must be? offload: the port fills checksums. */
bool fuzz_frame_is_sound(struct eg_span frame, bool offload);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The wire to the edgate: a port, our address on it and the server's. Used by one thread.
 */
#ifndef LOAD_LINK_H
#define LOAD_LINK_H

#include "eg_port.h"
#include "frame.h"

struct load_link {
	struct eg_port *port;
	struct load_route route;
	bool resolved;
	unsigned next_queue;
	uint64_t bad_frames; /* came from the server with a wrong length or checksum */
};

/* Who gets the payload of each datagram that comes from the server. */
struct load_sink {
	void *ctx;
	void (*datagram)(void *ctx, struct eg_span payload);
};

struct load_datagram {
	struct eg_span request; /* with any request_id */
	uint64_t request_id;    /* the one that is sent */
};

/* Asks by ARP until the server answers. -EG_EAGAIN: it did not within timeout_ns. Reads the clock.
 */
int load_link_resolve(struct load_link *link, uint64_t timeout_ns, struct eg_error *err);

/* Sends the first n ≤ EG_BURST_MAX it can, on the next queue in turn, and returns n. */
unsigned load_link_send(
    struct load_link *link, const struct load_datagram datagrams[], unsigned cnt);

/* One poll of every queue; answers ARP. Returns how many packets came. */
unsigned load_link_poll(struct load_link *link, const struct load_sink *sink);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One core's way to the edgate: some queues of a port, or some kernel sockets, behind one table of
 * functions.
 *
 *   take ─▶ slots ─▶ caller writes payloads ─▶ address ─▶ (caller may spoil the frame) ─▶ send
 *   receive ─▶ payloads that the lane lends ─▶ caller reads them ─▶ release
 *
 * At most EG_BURST_MAX packets at a time. Threads: opened and closed on [control]; then one core
 * uses it. Nothing blocks, nothing is allocated after open.
 */
#ifndef LOAD_LANE_H
#define LOAD_LANE_H

#include "eg_port.h"
#include "frame.h"
#include "steer.h"

struct load_slot {
	struct eg_packet pkt; /* where frames are whole; else only data, len and room */
	uint8_t *payload;
	unsigned source; /* index of the source port; for sockets */
	uint16_t server_port;
};

/* Where a request goes from and to. */
struct load_address {
	unsigned owner, source; /* into load_steer.source */
	uint16_t server_port;
};

struct load_lane {
	const struct load_lane_ops *ops;
	const struct load_steer *steer;
	bool whole_frames;   /* a slot's frame is ours from the first byte on */
	uint64_t bad_frames; /* came from the server with a wrong length or checksum */
};

struct load_lane_ops {
	/* Room for up to cnt payloads of the largest datagram, and LOAD_COPY_BYTES behind it.
	 * Returns for how many there is. */
	unsigned (*take)(struct load_lane *lane, struct load_slot slot[], unsigned cnt);
	/* The slot's payload of `bytes` with the sum payload_sum is ready. */
	void (*address)(struct load_lane *lane, struct load_slot *slot,
	    const struct load_address *address, size_t bytes, uint32_t payload_sum);
	/* Takes all cnt slots back; the first n have left, and n is returned. */
	unsigned (*send)(struct load_lane *lane, struct load_slot slot[], unsigned cnt);
	/* Up to EG_BURST_MAX payloads from the server; *came counts every packet that came. */
	unsigned (*receive)(struct load_lane *lane, struct eg_span payload[], unsigned *came);
	/* The payloads of the last receive are done with. */
	void (*release)(struct load_lane *lane);
	void (*close)(struct load_lane *lane);
};

/* Queues of a port that is open: idx, idx + step, … */
struct load_queues {
	struct eg_port *port;
	unsigned idx, step;
};

int load_lane_open_port(struct load_lane **lane, const struct load_queues *queues,
    const struct load_route *route, const struct load_steer *steer, struct eg_error *err);

/* Asks by ARP until the server answers, and keeps its MAC address in *route. -EG_EAGAIN: it did not
 * within timeout_ns. Reads the clock. */
int load_resolve(
    struct eg_port *port, struct load_route *route, uint64_t timeout_ns, struct eg_error *err);

/* A lane over kernel sockets to the server. With toeplitz steering they have the steered ports,
 * else the kernel chooses. -EG_EIO. */
int load_lane_open_socket(struct load_lane **lane, const struct load_route *route,
    const struct load_steer *steer, uint32_t datagram_bytes, struct eg_error *err);

#endif

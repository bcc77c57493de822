/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Ports: where packets come from and go to, behind one table of functions. The pipeline never knows
 * which it is. A port is opened on [control]; each of its queues is used by one worker alone.
 *
 *   rx: fills packets that the port owns until they come back by tx (consumed) or drop (released).
 */
#ifndef EG_PORT_H
#define EG_PORT_H

#include "eg_err.h"
#include "eg_packet.h"
#include "eg_pipeline.h"

struct eg_config_port;

struct eg_port;

struct eg_port_ops {
	const char *kind; /* "dpdk", "pcap", "socket" */
	/* [worker] Up to max (≤ EG_BURST_MAX) packets of the queue; never blocks. */
	unsigned (*rx)(struct eg_port *port, unsigned queue, struct eg_packet pkts[], unsigned max);
	/* [worker] Sends the first n it can and owns those; the rest stay the caller's. */
	unsigned (*tx)(struct eg_port *port, unsigned queue, struct eg_packet pkts[], unsigned cnt);
	/* [worker] Takes packets back without sending. */
	void (*drop)(struct eg_port *port, unsigned queue, struct eg_packet pkts[], unsigned cnt);
	/* [worker] A packet with `room` bytes for a frame of our own (announcements); false: none.
	 */
	bool (*alloc)(struct eg_port *port, unsigned queue, struct eg_packet *pkt);
	/* [worker] No more packets will ever come (end of a file). NULL: never. */
	bool (*finished)(const struct eg_port *port, unsigned queue);
	/* [worker] UTC of the packets last read, for ports whose clock is the file. NULL: none. */
	int64_t (*utc_ns)(const struct eg_port *port, unsigned queue);
	/* [control] after the workers have stopped */
	void (*close)(struct eg_port *port);
};

struct eg_port { /* first member of each kind's own structure */
	const struct eg_port_ops *ops;
	const char *name;
	unsigned queue_cnt;
	struct eg_netif netif; /* with the port's MAC and offloads filled in */
};

/* [control] Opens by the configured kind. err says what is missing and the remedy (which devices
 * exist, which driver holds them). */
int eg_port_open(struct eg_port **port, const struct eg_config_port *config,
    uint32_t max_datagram_bytes, uint16_t base_port, struct eg_error *err);

/* [control] EAL, once, before the first DPDK port: arguments as after the program's name. Not in a
 * build without DPDK: -EG_ENOTSUP. */
int eg_port_eal_init(int argc, char **argv, struct eg_error *err);
void eg_port_eal_cleanup(void);
bool eg_port_have_dpdk(void);

#endif

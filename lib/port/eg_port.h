/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Ports: where packets come from and go to, behind one table of functions. The pipeline never knows
 * which kind it is.
 *
 *              ┌────────── eg_port_ops ──────────┐
 *   dpdk   ◀───┤ rx     lends packets            │   any ethdev or vdev: whole frames
 *   pcap   ◀───┤ tx     takes them and sends     │   a file in and a file out: whole frames
 *   socket ◀───┤ drop   takes them, sends nothing│   kernel UDP sockets: EG_PACKET_DATAGRAM
 *              └─────────────────────────────────┘
 *
 * Ownership: a packet of rx or alloc belongs to the caller until it goes back, once, by tx or drop
 * of the same queue, in any order. Its memory is the port's; nothing is allocated after open.
 * Each queue can have EG_FRAMES_MAX + EG_BURST_MAX packets out; with all of them out rx gives none.
 * Threads: a port is opened and closed on [control]; each of its queues is used by one worker.
 */
#ifndef EG_PORT_H
#define EG_PORT_H

#include "eg_config.h"
#include "eg_err.h"
#include "eg_packet.h"
#include "eg_pipeline.h"

struct eg_port;

/* Headers that may stand before the largest datagram: Ethernet 14, two VLAN tags 8, IPv6 40 with
 * extension headers or IPv4 60, UDP 8; rounded up. */
#define EG_PORT_HEADERS_BYTES 256u

struct eg_port_ops {
	const char *kind; /* "dpdk", "pcap", "socket" */
	/* [worker] Up to max (at most EG_BURST_MAX are given) packets of the queue; never blocks.
	 */
	unsigned (*rx)(struct eg_port *port, unsigned queue, struct eg_packet pkts[], unsigned max);
	/* [worker] Sends what it can and returns how many; may reorder pkts so that those come
	 * first. The rest stay the caller's: a port does not keep a packet to try it again. */
	unsigned (*tx)(struct eg_port *port, unsigned queue, struct eg_packet pkts[], unsigned cnt);
	/* [worker] Takes packets back without sending. */
	void (*drop)(struct eg_port *port, unsigned queue, struct eg_packet pkts[], unsigned cnt);
	/* [worker] Packets with `room` bytes for frames of our own (announcements, requests), len
	 * 0: cnt of them, at most EG_BURST_MAX. False: not so many now, or (socket) never; then
	 * none. */
	bool (*alloc)(struct eg_port *port, unsigned queue, struct eg_packet pkts[], unsigned cnt);
	/* [worker] No more packets will ever come (end of a file). NULL: never. */
	bool (*finished)(const struct eg_port *port, unsigned queue);
	/* [worker] UTC of the packet last read, before that of the first one; for ports whose clock
	 * may be the file. One burst never spans two seconds. NULL: none. */
	int64_t (*utc_ns)(const struct eg_port *port, unsigned queue);
	/* [control] What the device says of itself, while workers use its queues: words of enum
	 * eg_device_word, 0 where it does not know. NULL: no device (pcap). */
	void (*look)(const struct eg_port *port, uint64_t word[EG_DEVICE_COUNT]);
	/* [control] After the workers have stopped; frees the port. 0, or a negative EG_E… where
	 * the input ended in a fault or the output is not whole; the reason is logged. */
	int (*close)(struct eg_port *port);
};

struct eg_port { /* first member of each kind's own structure */
	const struct eg_port_ops *ops;
	const char *name; /* the configuration's */
	unsigned queue_cnt;
	struct eg_netif netif; /* with the port's MAC and offloads filled in */
};

/* [control] Opens by the configured kind; allocates. err says what is missing and the remedy (which
 * devices exist, which driver holds them). `config` must outlive the port. */
int eg_port_open(struct eg_port **port, const struct eg_config_port *config,
    uint32_t max_datagram_bytes, uint16_t base_port, struct eg_error *err);

/* [control] Who the port is on the wire, as far as the configuration says it: MAC (zero where it is
 * the device's own), VLANs, addresses, gateways. No offloads. -EG_EINVAL, -EG_ELIMIT. */
int eg_port_netif_fill(struct eg_netif *netif, const struct eg_config_port *config,
    uint16_t base_port, struct eg_error *err);

#define EG_PORT_EAL_ARGS_MAX 64

/* [control] EAL, once, before the first DPDK port: at most EG_PORT_EAL_ARGS_MAX arguments as after
 * the program's name. Not in a build without DPDK: -EG_ENOTSUP. */
int eg_port_eal_init(int argc, char **argv, struct eg_error *err);
void eg_port_eal_cleanup(void);
bool eg_port_have_dpdk(void);

/* [worker] Around a thread's use of DPDK ports, after eg_port_eal_init: gives it packet buffer
 * caches of its own. Without it (or where DPDK has no more room for threads) all works, only
 * slower. */
void eg_port_thread_enter(void);
void eg_port_thread_leave(void);

#endif

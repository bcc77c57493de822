/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The packet path of one core: packets in, answers and drops out (docs/architecture.md, A worker).
 *
 *   rx burst ─▶ parse ─▶ frame ctx ─▶ 64-slot batch: route ▶ cache ▶ decode + claims ▶ queue ─┐
 *                 │                                        │hit                               │
 *          ARP, ND, echo                                   │   lanes full · deadline ·        │
 *                 │                                        │   rx empty · before a swap ◀─────┘
 *                 ▼                                        ▼              │
 *   tx, drop ◀── reply in place ◀── last record ◀── time, revocation ◀────┴─▶ cache, where OK
 *
 * One struct eg_pipeline per worker, used by that worker alone: no lock, no allocation, no system
 * call. Time is an argument, and so is the counter of cycles. It reads the snapshot it was given
 * last, any shard, and all applied epochs; it writes its own counters, applied epoch, cache and
 * ring of samples and, by operations from its mailbox, the shards it owns.
 */
#ifndef EG_PIPELINE_H
#define EG_PIPELINE_H

#include "eg_clock.h"
#include "eg_ed25519.h"
#include "eg_egt.h"
#include "eg_mailbox.h"
#include "eg_packet.h"
#include "eg_sample.h"
#include "eg_stage.h"
#include "eg_trace.h"
#include "eg_vcache.h"

#define EG_NETIF_ADDRS_MAX 8u

/* Who we are on the wire. */
struct eg_netif {
	uint8_t mac[6];
	bool tagged; /* outermost tag required: vlan_id (the inner of QinQ) */
	bool qinq;   /* service_vlan_id in front of vlan_id */
	uint16_t vlan_id;
	uint16_t service_vlan_id;
	uint16_t base_port; /* base … base + 63 are ours */
	uint8_t ip4_cnt, ip6_cnt;
	struct {
		uint8_t addr[4];
		uint8_t prefix_bits;
	} ip4[EG_NETIF_ADDRS_MAX];
	struct {
		uint8_t addr[16];
		uint8_t prefix_bits;
	} ip6[EG_NETIF_ADDRS_MAX];
	bool has_gateway4, has_gateway6; /* asked for at start, so that it learns us */
	uint8_t gateway4[4];
	uint8_t gateway6[16];
	bool tx_ip_cksum, tx_udp_cksum; /* the port fills them */
};

struct eg_pipeline_config {
	unsigned worker;     /* which core we are: index of our counters */
	unsigned worker_cnt; /* owners: shard mod worker_cnt */
	uint32_t max_datagram_bytes;
	uint64_t signature_deadline_ns; /* 20000 by default; 0: nothing waits for a later turn */
	const struct eg_netif *netif;   /* NULL where only DATAGRAM packets come */
	const struct eg_ed25519_impl *ed25519;
	struct eg_stats *stats;
	struct eg_revoke *revoke;
	const struct eg_utc *utc;
	uint64_t (*ticks)(void);            /* eg_clock_ticks; NULL: cycles are not measured */
	struct eg_vcache *vcache;           /* our own; NULL: nothing is cached */
	struct eg_sample_ring *samples;     /* for control to check; NULL: no verdict is sampled */
	uint32_t sample_every;              /* one verdict in so many (>= 1 with a ring) */
	struct eg_trace *trace;             /* NULL: no packet is ever traced */
	uint32_t sample_phase;              /* below sample_every, by chance: where to begin */
	struct eg_mailbox *mailbox;         /* NULL where state never changes */
	const struct eg_snapshot *snapshot; /* the first one; NULL: NOT_READY until one arrives */
	uint64_t epoch;                     /* in force at the start */
	const char *version;                /* told in PING_R */
};

#define EG_SIGNATURE_QUEUE_MAX 128u
#define EG_FRAMES_MAX          256u  /* frames in flight */
#define EG_PIPELINE_MAIL_MAX   1024u /* entries of mail a turn */

#define EG_PIPELINE_DEADLINE_NS 20000u

struct eg_pipeline;

/* Where packets leave; ownership goes with them. tx: answers in place. drop: counted already. */
struct eg_pipeline_out {
	struct eg_packet tx[EG_FRAMES_MAX + EG_BURST_MAX];
	struct eg_packet drop[EG_BURST_MAX];
	unsigned tx_cnt, drop_cnt;
};

size_t eg_pipeline_footprint(void);
/* mem: footprint bytes, aligned to a cache line, owned by the caller. config is copied, what it
 * points at stays the caller's. Publishes config->epoch as this worker's applied epoch. [control]
 */
struct eg_pipeline *eg_pipeline_init(void *mem, const struct eg_pipeline_config *config);

/* One turn of the worker, after one rx poll: takes cnt (0 … EG_BURST_MAX) packets, runs what can
 * run, fills `out` (emptied first) with what is done. cnt 0 says that rx came back empty:
 * everything queued is finished in this turn. Mail is taken at the start of a turn, at most
 * EG_PIPELINE_MAIL_MAX entries so that a flood of changes cannot stall packets; before a snapshot
 * or an engine is swapped, the signature queue is run dry. Counts polls, what is received, drops,
 * records and verdicts.
 *
 * The epoch that a frame answers is the minimum over all owners, loaded when the frame is admitted,
 * before any stage of its records. That is never too high: every word that was in force at that
 * epoch is visible by the acquire loads, the snapshot in use is at least as new as our own applied
 * epoch, and what is read later can only be newer. It never goes back, since no owner's does. */
void eg_pipeline_run(struct eg_pipeline *p, const struct eg_packet rx[], unsigned cnt,
    uint64_t now_ns, struct eg_pipeline_out *out);

/* After a turn's answers were offered to the port, which took the first sent_cnt of out->tx, and
 * the others and the drops were given back: counts those as answered and sent, the rest as dropped
 * by tx_full. To be called once for each turn that left answers or drops: until then answers count
 * as in flight. */
void eg_pipeline_sent(struct eg_pipeline *p, const struct eg_pipeline_out *out, unsigned sent_cnt);

/* What the worker did since the last stage ended, outside of the two functions above, was this:
 * house or idle. What stands between an end and eg_pipeline_run is rx. */
void eg_pipeline_stage(struct eg_pipeline *p, enum eg_stage stage, uint64_t items);

/* Frames still in flight (0 after a turn with cnt 0). */
unsigned eg_pipeline_in_flight(const struct eg_pipeline *p);

/* The frames with which a port announces itself at start, with the netif's VLAN tags: for each IPv4
 * address a gratuitous ARP request (RFC 5227), for each IPv6 address an MLDv2 report that joins its
 * solicited-node group (RFC 3810), for each an unsolicited neighbour advertisement (RFC 4861), then
 * an ARP request and a solicitation for the gateways. Writes frame i to buf (room: 128 bytes) and
 * returns its length, 0 past the last. [any] */
size_t eg_pipeline_announcement(
    const struct eg_netif *netif, unsigned i, uint8_t *buf, size_t room);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
#include "lane.h"

#include "eg_clock.h"

#include <poll.h>
#include <stdlib.h>

#define RESOLVE_EVERY_NS (100 * 1000 * 1000ull)

struct port_lane {
	struct load_lane base;
	struct eg_port *port;
	const struct load_route *route;
	struct load_headers headers;
	unsigned first_queue, queue_step; /* ours: first, first + step, … */
	unsigned tx_queue, rx_queue;      /* in turn */
	unsigned lent_queue, lent_cnt;
	struct eg_packet lent[EG_BURST_MAX];
};

static struct port_lane *port_lane(struct load_lane *lane)
{
	return (struct port_lane *)lane;
}

static unsigned next_queue(const struct port_lane *l, unsigned queue)
{
	queue += l->queue_step;
	return queue < l->port->queue_cnt ? queue : l->first_queue;
}

/* Gives one packet to the port, back to it where it does not take it. */
static void send_packet(struct eg_port *port, unsigned queue, struct eg_packet *pkt)
{
	if (port->ops->tx(port, queue, pkt, 1) == 0)
		port->ops->drop(port, queue, pkt, 1);
}

/* ── out ── */

static unsigned take_slots(struct load_lane *lane, struct load_slot slot[], unsigned cnt)
{
	struct port_lane *l = port_lane(lane);
	struct eg_packet pkts[EG_BURST_MAX];

	if (!l->port->ops->alloc(l->port, l->tx_queue, pkts, cnt))
		return 0;
	for (unsigned i = 0; i < cnt; i++) {
		slot[i].pkt = pkts[i];
		slot[i].payload = pkts[i].data + LOAD_HEADERS_BYTES;
	}
	return cnt;
}

static void address(struct load_lane *lane, struct load_slot *slot, const struct load_address *a,
    size_t bytes, uint32_t payload_sum)
{
	load_frame_udp(&port_lane(lane)->headers, lane->steer->source[a->owner][a->source],
	    a->server_port, bytes, payload_sum, slot->pkt.data);
	slot->pkt.len = LOAD_HEADERS_BYTES + (uint32_t)bytes;
}

static unsigned send_slots(struct load_lane *lane, struct load_slot slot[], unsigned cnt)
{
	struct port_lane *l = port_lane(lane);
	struct eg_packet pkts[EG_BURST_MAX];
	unsigned sent;

	for (unsigned i = 0; i < cnt; i++)
		pkts[i] = slot[i].pkt;
	sent = l->port->ops->tx(l->port, l->tx_queue, pkts, cnt);
	l->port->ops->drop(l->port, l->tx_queue, &pkts[sent], cnt - sent);
	l->tx_queue = next_queue(l, l->tx_queue);
	return sent;
}

/* ── in ── */

/* Returns false where the packet went out again. */
static bool take_other(struct port_lane *l, struct eg_packet *pkt, enum load_frame_kind kind)
{
	if (kind == LOAD_FRAME_ARP_REQUEST) {
		load_frame_arp_answer(l->route, pkt->data);
		pkt->len = LOAD_FRAME_MIN_BYTES;
		send_packet(l->port, l->rx_queue, pkt);
		return false;
	}
	l->base.bad_frames += kind == LOAD_FRAME_BAD;
	return true;
}

static unsigned receive_payloads(struct load_lane *lane, struct eg_span payload[], unsigned *came)
{
	struct port_lane *l = port_lane(lane);
	struct eg_packet pkts[EG_BURST_MAX];
	unsigned cnt;

	l->lent_queue = l->rx_queue;
	l->lent_cnt = 0;
	*came = l->port->ops->rx(l->port, l->rx_queue, pkts, EG_BURST_MAX);
	for (unsigned i = 0; i < *came; i++) {
		__builtin_prefetch(pkts[i].data);
		__builtin_prefetch(pkts[i].data + pkts[i].len - 1); /* most lie in two lines */
	}
	cnt = 0;
	for (unsigned i = 0; i < *came; i++) {
		enum load_frame_kind kind = load_frame_parse(l->route, &pkts[i], &payload[cnt]);

		if (kind == LOAD_FRAME_ANSWER)
			cnt++;
		else if (!take_other(l, &pkts[i], kind))
			continue;
		l->lent[l->lent_cnt++] = pkts[i];
	}
	l->rx_queue = next_queue(l, l->rx_queue);
	return cnt;
}

static void release(struct load_lane *lane)
{
	struct port_lane *l = port_lane(lane);

	l->port->ops->drop(l->port, l->lent_queue, l->lent, l->lent_cnt);
	l->lent_cnt = 0;
}

static void close_lane(struct load_lane *lane)
{
	free(lane);
}

static const struct load_lane_ops port_lane_ops = {
    .take = take_slots,
    .address = address,
    .send = send_slots,
    .receive = receive_payloads,
    .release = release,
    .close = close_lane,
};

int load_lane_open_port(struct load_lane **lane, const struct load_queues *queues,
    const struct load_route *route, const struct load_steer *steer, struct eg_error *err)
{
	struct port_lane *l = aligned_alloc(64, (sizeof(*l) + 63) / 64 * 64);

	if (l == NULL)
		return eg_error_set(err, EG_ENOMEM, "no memory for a lane");
	*l = (struct port_lane){
	    .base = {.ops = &port_lane_ops, .steer = steer, .whole_frames = true},
	    .port = queues->port,
	    .route = route,
	    .headers = load_headers(route),
	    .first_queue = queues->idx,
	    .queue_step = queues->step,
	    .tx_queue = queues->idx,
	    .rx_queue = queues->idx,
	};
	*lane = &l->base;
	return 0;
}

/* ── ARP ── */

static void ask(struct eg_port *port, const struct load_route *route)
{
	struct eg_packet pkt;

	if (!port->ops->alloc(port, 0, &pkt, 1))
		return;
	load_frame_arp_request(route, pkt.data);
	pkt.len = LOAD_FRAME_MIN_BYTES;
	send_packet(port, 0, &pkt);
}

static bool hear(struct eg_port *port, unsigned queue, struct load_route *route, unsigned *came)
{
	struct eg_packet pkts[EG_BURST_MAX];
	unsigned cnt = port->ops->rx(port, queue, pkts, EG_BURST_MAX);
	bool resolved = false;

	*came += cnt;
	for (unsigned i = 0; i < cnt; i++) {
		struct eg_span payload;

		if (load_frame_parse(route, &pkts[i], &payload) == LOAD_FRAME_ARP_REPLY) {
			memcpy(route->server_mac, load_frame_arp_sender(&pkts[i]),
			    sizeof(route->server_mac));
			resolved = true;
		}
	}
	port->ops->drop(port, queue, pkts, cnt);
	return resolved;
}

static bool hear_all(struct eg_port *port, struct load_route *route)
{
	bool resolved = false;
	unsigned came = 0;

	for (unsigned queue = 0; queue < port->queue_cnt; queue++)
		resolved |= hear(port, queue, route, &came);
	if (came == 0)
		(void)poll(NULL, 0, 1);
	return resolved;
}

int load_resolve(
    struct eg_port *port, struct load_route *route, uint64_t timeout_ns, struct eg_error *err)
{
	uint64_t start_ns = eg_clock_mono_ns(), now_ns = start_ns, asked_ns = 0;

	for (; now_ns - start_ns < timeout_ns; now_ns = eg_clock_mono_ns()) {
		if (now_ns - asked_ns >= RESOLVE_EVERY_NS) {
			ask(port, route);
			asked_ns = now_ns;
		}
		if (hear_all(port, route))
			return 0;
	}
	return eg_error_set(err, EG_EAGAIN,
	    "no ARP answer from %u.%u.%u.%u: is edgate running there, was it started first, and is "
	    "%u.%u.%u.%u in its subnet?",
	    route->server_ip[0], route->server_ip[1], route->server_ip[2], route->server_ip[3],
	    route->ip[0], route->ip[1], route->ip[2], route->ip[3]);
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "link.h"

#include <poll.h>

#define RESOLVE_EVERY_NS  (100 * 1000 * 1000ull)
#define REQUEST_ID_OFFSET 8u /* in an EGT header */

/* Gives one packet to the port, back to it where it does not take it. */
static void send_packet(struct load_link *link, unsigned queue, struct eg_packet *pkt)
{
	if (link->port->ops->tx(link->port, queue, pkt, 1) == 0)
		link->port->ops->drop(link->port, queue, pkt, 1);
}

static void ask(struct load_link *link)
{
	struct eg_packet pkt;

	if (!link->port->ops->alloc(link->port, 0, &pkt))
		return;
	load_frame_arp_request(&link->route, pkt.data);
	pkt.len = LOAD_FRAME_MIN_BYTES;
	send_packet(link, 0, &pkt);
}

int load_link_resolve(struct load_link *link, uint64_t timeout_ns, struct eg_error *err)
{
	uint64_t start_ns = eg_clock_mono_ns(), now_ns = start_ns, asked_ns = 0;

	for (; !link->resolved && now_ns - start_ns < timeout_ns; now_ns = eg_clock_mono_ns()) {
		if (now_ns - asked_ns >= RESOLVE_EVERY_NS) {
			ask(link);
			asked_ns = now_ns;
		}
		if (load_link_poll(link, NULL) == 0)
			(void)poll(NULL, 0, 1);
	}
	if (link->resolved)
		return 0;
	return eg_error_set(err, EG_EAGAIN,
	    "no ARP answer from %u.%u.%u.%u: is edgate running there, was it started first, and is "
	    "%u.%u.%u.%u in its subnet?",
	    link->route.server_ip[0], link->route.server_ip[1], link->route.server_ip[2],
	    link->route.server_ip[3], link->route.ip[0], link->route.ip[1], link->route.ip[2],
	    link->route.ip[3]);
}

/* Source ports change from request to request, so that a NIC spreads them over its queues. */
static bool make_packet(
    struct load_link *link, unsigned queue, const struct load_datagram *d, struct eg_packet *pkt)
{
	uint16_t source = (uint16_t)(LOAD_SOURCE_PORT + d->request_id % LOAD_SOURCE_PORT_CNT);

	if (!link->port->ops->alloc(link->port, queue, pkt))
		return false;
	memcpy(pkt->data + LOAD_HEADERS_BYTES, d->request.ptr, d->request.len);
	eg_store_be64(pkt->data + LOAD_HEADERS_BYTES + REQUEST_ID_OFFSET, d->request_id);
	load_frame_udp(&link->route, source, d->request.len, pkt->data);
	pkt->len = LOAD_HEADERS_BYTES + (uint32_t)d->request.len;
	return true;
}

unsigned load_link_send(
    struct load_link *link, const struct load_datagram datagrams[], unsigned cnt)
{
	struct eg_packet pkts[EG_BURST_MAX];
	unsigned queue = link->next_queue, made, sent;

	link->next_queue = (queue + 1) % link->port->queue_cnt;
	for (made = 0; made < cnt && made < EG_BURST_MAX; made++)
		if (!make_packet(link, queue, &datagrams[made], &pkts[made]))
			break;
	sent = link->port->ops->tx(link->port, queue, pkts, made);
	link->port->ops->drop(link->port, queue, &pkts[sent], made - sent);
	return sent;
}

/* Returns false where the packet went out again. */
static bool take(
    struct load_link *link, unsigned queue, struct eg_packet *pkt, const struct load_sink *sink)
{
	struct eg_span payload;

	switch (load_frame_parse(&link->route, pkt, &payload)) {
	case LOAD_FRAME_ARP_REQUEST:
		load_frame_arp_answer(&link->route, pkt->data);
		pkt->len = LOAD_FRAME_MIN_BYTES;
		send_packet(link, queue, pkt);
		return false;
	case LOAD_FRAME_ARP_REPLY:
		memcpy(link->route.server_mac, load_frame_arp_sender(pkt),
		    sizeof(link->route.server_mac));
		link->resolved = true;
		return true;
	case LOAD_FRAME_ANSWER:
		if (sink != NULL)
			sink->datagram(sink->ctx, payload);
		return true;
	case LOAD_FRAME_BAD:
		link->bad_frames++;
		return true;
	case LOAD_FRAME_OTHER:
		return true;
	}
	return true;
}

unsigned load_link_poll(struct load_link *link, const struct load_sink *sink)
{
	struct eg_packet pkts[EG_BURST_MAX];
	unsigned total = 0;

	for (unsigned queue = 0; queue < link->port->queue_cnt; queue++) {
		unsigned cnt = link->port->ops->rx(link->port, queue, pkts, EG_BURST_MAX);

		for (unsigned i = 0; i < cnt; i++)
			if (take(link, queue, &pkts[i], sink))
				link->port->ops->drop(link->port, queue, &pkts[i], 1);
		total += cnt;
	}
	return total;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "dpdk_impl.h"

#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <stdlib.h>

static struct dpdk_port *dpdk_port(struct eg_port *port)
{
	return (struct dpdk_port *)port;
}

static uint32_t rx_flags(const struct rte_mbuf *m)
{
	uint64_t ip = m->ol_flags & RTE_MBUF_F_RX_IP_CKSUM_MASK;
	uint64_t l4 = m->ol_flags & RTE_MBUF_F_RX_L4_CKSUM_MASK;
	uint32_t flags = 0;

	/* NONE: the field is not filled in, but the data is known to be whole (virtual devices). */
	if (ip == RTE_MBUF_F_RX_IP_CKSUM_GOOD || ip == RTE_MBUF_F_RX_IP_CKSUM_NONE)
		flags |= EG_PACKET_IP_CKSUM_GOOD;
	if (ip == RTE_MBUF_F_RX_IP_CKSUM_BAD)
		flags |= EG_PACKET_IP_CKSUM_BAD;
	if (l4 == RTE_MBUF_F_RX_L4_CKSUM_GOOD || l4 == RTE_MBUF_F_RX_L4_CKSUM_NONE)
		flags |= EG_PACKET_L4_CKSUM_GOOD;
	if (l4 == RTE_MBUF_F_RX_L4_CKSUM_BAD)
		flags |= EG_PACKET_L4_CKSUM_BAD;
	if (m->nb_segs != 1)
		flags |= EG_PACKET_MULTI_SEGMENT;
	return flags;
}

static struct eg_packet packet_of(struct rte_mbuf *m)
{
	return (struct eg_packet){
	    .data = rte_pktmbuf_mtod(m, uint8_t *),
	    .len = m->data_len,
	    .room = (uint32_t)m->buf_len - m->data_off,
	    .flags = rx_flags(m),
	    .handle = m,
	};
}

static uint64_t tx_flags(const struct eg_packet *pkt)
{
	uint64_t flags =
	    (pkt->flags & EG_PACKET_TX_IP6) != 0 ? RTE_MBUF_F_TX_IPV6 : RTE_MBUF_F_TX_IPV4;

	if ((pkt->flags & (EG_PACKET_TX_IP_CKSUM | EG_PACKET_TX_UDP_CKSUM)) == 0)
		return 0;
	if ((pkt->flags & EG_PACKET_TX_IP_CKSUM) != 0)
		flags |= RTE_MBUF_F_TX_IP_CKSUM;
	if ((pkt->flags & EG_PACKET_TX_UDP_CKSUM) != 0)
		flags |= RTE_MBUF_F_TX_UDP_CKSUM;
	return flags;
}

static struct rte_mbuf *mbuf_of(const struct eg_packet *pkt)
{
	struct rte_mbuf *m = pkt->handle;

	m->data_off = (uint16_t)(pkt->data - (uint8_t *)m->buf_addr);
	m->data_len = (uint16_t)pkt->len;
	m->pkt_len = pkt->len;
	m->ol_flags = tx_flags(pkt);
	m->tx_offload = (uint64_t)pkt->l2_bytes << RTE_MBUF_L2_LEN_OFS | (uint64_t)pkt->l3_bytes
	                                                                     << RTE_MBUF_L3_LEN_OFS;
	return m;
}

/* No device is asked to take tags off. What one took off all the same goes back, so that the
 * answer, which is made in the request's place, leaves with it. */
static struct rte_mbuf *with_tag(struct rte_mbuf *m)
{
	if ((m->ol_flags & RTE_MBUF_F_RX_VLAN_STRIPPED) != 0)
		(void)rte_vlan_insert(&m);
	return m;
}

static unsigned dpdk_rx(struct eg_port *port, unsigned queue, struct eg_packet pkts[], unsigned max)
{
	struct rte_mbuf *mbuf[EG_BURST_MAX];
	uint16_t want = (uint16_t)(max < EG_BURST_MAX ? max : EG_BURST_MAX);
	uint16_t cnt = rte_eth_rx_burst(dpdk_port(port)->id, (uint16_t)queue, mbuf, want);

	for (uint16_t i = 0; i < cnt; i++)
		pkts[i] = packet_of(with_tag(mbuf[i]));
	return cnt;
}

static unsigned dpdk_tx(struct eg_port *port, unsigned queue, struct eg_packet pkts[], unsigned cnt)
{
	struct rte_mbuf *mbuf[EG_BURST_MAX];
	unsigned sent = 0;

	while (sent < cnt) {
		uint16_t burst = (uint16_t)(cnt - sent < EG_BURST_MAX ? cnt - sent : EG_BURST_MAX);
		uint16_t taken;

		for (uint16_t i = 0; i < burst; i++)
			mbuf[i] = mbuf_of(&pkts[sent + i]);
		taken = rte_eth_tx_burst(dpdk_port(port)->id, (uint16_t)queue, mbuf, burst);
		sent += taken;
		if (taken < burst)
			break;
	}
	return sent;
}

static void dpdk_drop(struct eg_port *port, unsigned queue, struct eg_packet pkts[], unsigned cnt)
{
	(void)port;
	(void)queue;
	while (cnt != 0) {
		struct rte_mbuf *mbuf[EG_BURST_MAX];
		unsigned burst = cnt < EG_BURST_MAX ? cnt : EG_BURST_MAX;

		for (unsigned i = 0; i < burst; i++)
			mbuf[i] = pkts[i].handle;
		rte_pktmbuf_free_bulk(mbuf, burst);
		pkts += burst;
		cnt -= burst;
	}
}

static bool dpdk_alloc(struct eg_port *port, unsigned queue, struct eg_packet pkts[], unsigned cnt)
{
	struct rte_mbuf *mbuf[EG_BURST_MAX];

	(void)queue;
	if (cnt > EG_BURST_MAX || rte_pktmbuf_alloc_bulk(dpdk_port(port)->pool, mbuf, cnt) != 0)
		return false;
	for (unsigned i = 0; i < cnt; i++)
		pkts[i] = packet_of(mbuf[i]);
	return true;
}

static int dpdk_close(struct eg_port *port)
{
	eg_dpdk_device_close(dpdk_port(port));
	free(port);
	return 0;
}

static void look_at_link(uint16_t id, uint64_t word[])
{
	struct rte_eth_link link;

	if (rte_eth_link_get_nowait(id, &link) != 0)
		return;
	word[EG_DEVICE_link] = link.link_status == RTE_ETH_LINK_UP ? EG_LINK_UP : EG_LINK_DOWN;
	if (link.link_speed != RTE_ETH_SPEED_NUM_UNKNOWN)
		word[EG_DEVICE_link_mbps] = link.link_speed;
}

static void dpdk_look(const struct eg_port *port, uint64_t word[])
{
	uint16_t id = ((const struct dpdk_port *)port)->id;
	struct rte_eth_stats stats;

	look_at_link(id, word);
	if (rte_eth_stats_get(id, &stats) != 0)
		return;
	word[EG_DEVICE_rx_missed] = stats.imissed;
	word[EG_DEVICE_rx_errors] = stats.ierrors;
	word[EG_DEVICE_rx_no_buffer] = stats.rx_nombuf;
	word[EG_DEVICE_tx_errors] = stats.oerrors;
}

static const struct eg_port_ops dpdk_ops = {
    .kind = "dpdk",
    .rx = dpdk_rx,
    .tx = dpdk_tx,
    .drop = dpdk_drop,
    .alloc = dpdk_alloc,
    .look = dpdk_look,
    .close = dpdk_close,
};

int eg_port_open_dpdk(
    struct eg_port **port, const struct eg_port_params *params, struct eg_error *err)
{
	struct dpdk_port *p = calloc(1, sizeof(*p));
	int rc;

	if (p == NULL)
		return eg_error_set(err, EG_ENOMEM, "no memory for a port");
	p->base.ops = &dpdk_ops;
	p->base.netif = params->netif;
	rc = eg_dpdk_device_open(p, params, err);
	if (rc != 0) {
		(void)dpdk_close(&p->base);
		return rc;
	}
	*port = &p->base;
	return 0;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "parse_impl.h"

#define TAGS_MAX 2u

static bool is_broadcast(const uint8_t *mac)
{
	static const uint8_t all[EG_ETH_ADDR_BYTES] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

	return memcmp(mac, all, sizeof(all)) == 0;
}

/* 33:33 and the last 32 bits of a group (RFC 2464, section 7), which is one of two kinds for us:
 * ff02::1:ffxx:xxxx or ff02::1. */
static bool is_our_group(const struct eg_netif *netif, const uint8_t *mac)
{
	uint8_t group[16] = {0xff, 0x02};

	if (mac[0] != 0x33 || mac[1] != 0x33)
		return false;
	memcpy(group + 12, mac + 2, 4);
	if (mac[2] == 0xff)
		group[11] = 1;
	return eg_neighbour_is_our_group(netif, group);
}

static enum eg_drop parse_addresses(struct eg_parse *p)
{
	const uint8_t *dst = p->pkt->data;
	const uint8_t *src = dst + EG_ETH_ADDR_BYTES;

	if ((src[0] & 1) != 0)
		return EG_DROP_eth_source;
	if (memcmp(dst, p->netif->mac, EG_ETH_ADDR_BYTES) == 0)
		p->link_dst = EG_LINK_UNICAST;
	else if (is_broadcast(dst))
		p->link_dst = EG_LINK_BROADCAST;
	else if (is_our_group(p->netif, dst))
		p->link_dst = EG_LINK_GROUP6;
	else
		return EG_DROP_eth_not_for_us;
	return EG_DROP_COUNT;
}

/* cnt tags, outermost first. A priority tag (VLAN 0) names no VLAN: it is as good as none. */
static bool tags_match(const struct eg_netif *netif, const uint16_t vlan[], unsigned cnt)
{
	if (!netif->tagged)
		return cnt == 0 || (cnt == 1 && vlan[0] == 0);
	if (!netif->qinq)
		return cnt == 1 && vlan[0] == netif->vlan_id;
	return cnt == 2 && vlan[0] == netif->service_vlan_id && vlan[1] == netif->vlan_id;
}

/* Moves over the tags; *type is the ethertype behind them. */
static enum eg_drop parse_tags(struct eg_parse *p, uint16_t *type)
{
	const uint8_t *data = p->pkt->data;
	uint32_t off = EG_ETH_BYTES;
	uint16_t vlan[TAGS_MAX];
	unsigned cnt = 0;

	*type = eg_load_be16(data + off - 2);
	while (*type == EG_ETHERTYPE_VLAN || *type == EG_ETHERTYPE_QINQ) {
		if (cnt == TAGS_MAX)
			return EG_DROP_vlan_mismatch;
		if (p->end < off + EG_VLAN_TAG_BYTES)
			return EG_DROP_eth_short;
		vlan[cnt++] = eg_load_be16(data + off) & EG_VLAN_ID_MASK;
		off += EG_VLAN_TAG_BYTES;
		*type = eg_load_be16(data + off - 2);
	}
	p->out->l3_off = (uint16_t)off;
	return tags_match(p->netif, vlan, cnt) ? EG_DROP_COUNT : EG_DROP_vlan_mismatch;
}

static enum eg_drop parse_frame(struct eg_parse *p)
{
	enum eg_drop drop;
	uint16_t type;

	if (p->end < EG_ETH_BYTES)
		return EG_DROP_eth_short;
	drop = parse_addresses(p);
	if (drop == EG_DROP_COUNT)
		drop = parse_tags(p, &type);
	if (drop != EG_DROP_COUNT)
		return drop;
	if (type == EG_ETHERTYPE_IP4)
		return eg_parse_ip4(p);
	if (type == EG_ETHERTYPE_IP6)
		return eg_parse_ip6(p);
	return type == EG_ETHERTYPE_ARP ? eg_neighbour_arp(p) : EG_DROP_eth_type;
}

static enum eg_drop parse_datagram(struct eg_parse *p)
{
	if ((p->pkt->flags & EG_PACKET_SOURCE_BAD) != 0)
		return EG_DROP_udp_source_port;
	if (p->end > p->max_datagram_bytes)
		return EG_DROP_too_big;
	p->out->datagram = true;
	p->out->payload_bytes = (uint16_t)p->end;
	p->out->outcome = EG_PARSE_PAYLOAD;
	return EG_DROP_COUNT;
}

static enum eg_drop parse_any(struct eg_parse *p)
{
	if ((p->pkt->flags & EG_PACKET_MULTI_SEGMENT) != 0)
		return EG_DROP_rx_multi_segment;
	if ((p->pkt->flags & EG_PACKET_TRUNCATED) != 0)
		return EG_DROP_too_big;
	if ((p->pkt->flags & EG_PACKET_DATAGRAM) != 0)
		return parse_datagram(p);
	return parse_frame(p);
}

void eg_parse_packet(const struct eg_netif *netif, uint32_t max_datagram_bytes,
    struct eg_packet *pkt, struct eg_parsed *parsed)
{
	struct eg_parse p = {.netif = netif,
	    .pkt = pkt,
	    .max_datagram_bytes = max_datagram_bytes,
	    .end = pkt->len,
	    .out = parsed};
	enum eg_drop drop;

	*parsed = (struct eg_parsed){0};
	drop = parse_any(&p);
	if (drop == EG_DROP_COUNT)
		return;
	parsed->outcome = EG_PARSE_DROP;
	parsed->drop = (uint8_t)drop;
}

void eg_parse_swap_link(const struct eg_netif *netif, uint8_t *eth)
{
	memcpy(eth, eth + EG_ETH_ADDR_BYTES, EG_ETH_ADDR_BYTES);
	memcpy(eth + EG_ETH_ADDR_BYTES, netif->mac, EG_ETH_ADDR_BYTES);
}

void eg_parse_finish(struct eg_packet *pkt, uint32_t end)
{
	uint32_t padded = pkt->len < EG_ETH_MIN_BYTES ? pkt->len : EG_ETH_MIN_BYTES;

	if (end < padded) {
		memset(pkt->data + end, 0, padded - end);
		end = padded;
	}
	pkt->len = end;
	pkt->flags = 0;
}

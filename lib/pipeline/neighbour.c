/* SPDX-License-Identifier: BSD-3-Clause */
#include "parse_impl.h"

#include "checksum.h"

#define ARP_BYTES        28u
#define ARP_HARDWARE_ETH 1u
#define ARP_REQUEST      1u
#define ARP_REPLY        2u

#define ND_ADVERTISEMENT     136u
#define ND_FLAG_SOLICITED    0x40000000u
#define ND_FLAG_OVERRIDE     0x20000000u
#define ND_OPTION_NONE       0u
#define ND_OPTION_SOURCE_MAC 1u
#define ND_OPTION_TARGET_MAC 2u
#define ND_OPTION_BYTES      8u

#define MLD2_REPORT        143u
#define MLD2_REPORT_BYTES  28u /* with one record */
#define MLD2_TO_EXCLUDE    4u  /* "exclude nobody": join */
#define MLD_HOP_LIMIT      1u
#define IP6_HOP_BY_HOP     0u
#define ROUTER_ALERT_BYTES 8u

static const uint8_t all_nodes[16] = {0xff, 0x02, [15] = 0x01};
static const uint8_t all_mld2_routers[16] = {0xff, 0x02, [15] = 0x16};
static const uint8_t unspecified[16];

/* ff02::1:ffxx:xxxx of an address (RFC 4291, section 2.7.1). */
static void solicited_node(uint8_t group[16], const uint8_t addr[16])
{
	static const uint8_t prefix[13] = {0xff, 0x02, [11] = 0x01, [12] = 0xff};

	memcpy(group, prefix, sizeof(prefix));
	memcpy(group + 13, addr + 13, 3);
}

static void group_mac(uint8_t mac[EG_ETH_ADDR_BYTES], const uint8_t group[16])
{
	mac[0] = 0x33;
	mac[1] = 0x33;
	memcpy(mac + 2, group + 12, 4);
}

static bool is_solicited_node(const struct eg_netif *netif, const uint8_t addr[16])
{
	uint8_t group[16];

	for (unsigned i = 0; i < netif->ip6_cnt; i++) {
		solicited_node(group, netif->ip6[i].addr);
		if (memcmp(group, addr, 16) == 0)
			return true;
	}
	return false;
}

bool eg_neighbour_is_our_group(const struct eg_netif *netif, const uint8_t addr[16])
{
	return is_solicited_node(netif, addr) ||
	       (netif->ip6_cnt > 0 && memcmp(addr, all_nodes, 16) == 0);
}

static bool arp_is_well_formed(const uint8_t *arp, uint32_t bytes)
{
	return bytes >= ARP_BYTES && eg_load_be16(arp) == ARP_HARDWARE_ETH &&
	       eg_load_be16(arp + 2) == EG_ETHERTYPE_IP4 && arp[4] == EG_ETH_ADDR_BYTES &&
	       arp[5] == 4 && (arp[8] & 1) == 0;
}

enum eg_drop eg_neighbour_arp(struct eg_parse *p)
{
	uint8_t *arp = p->pkt->data + p->out->l3_off;
	uint8_t target[4];

	if (p->link_dst == EG_LINK_GROUP6)
		return EG_DROP_eth_not_for_us;
	if (!arp_is_well_formed(arp, p->end - p->out->l3_off))
		return EG_DROP_arp_malformed;
	/* A sender that claims our address does not ask for it. */
	if (eg_load_be16(arp + 6) != ARP_REQUEST || !eg_netif_has_ip4(p->netif, arp + 24) ||
	    eg_netif_has_ip4(p->netif, arp + 14))
		return EG_DROP_arp_not_for_us;

	memcpy(target, arp + 24, 4);
	eg_store_be16(arp + 6, ARP_REPLY);
	memcpy(arp + 18, arp + 8, 10);
	memcpy(arp + 8, p->netif->mac, EG_ETH_ADDR_BYTES);
	memcpy(arp + 14, target, 4);
	eg_parse_swap_link(p->netif, p->pkt->data);
	eg_parse_finish(p->pkt, p->out->l3_off + ARP_BYTES);
	p->out->outcome = EG_PARSE_ANSWERED;
	p->out->answer = EG_ANSWER_answered_arp;
	return EG_DROP_COUNT;
}

static void write_ip6(uint8_t *l3, const uint8_t *src, const uint8_t *dst, uint8_t hop_limit)
{
	eg_store_be32(l3, 6u << 28);
	l3[7] = hop_limit;
	memcpy(l3 + 8, src, 16);
	memcpy(l3 + 24, dst, 16);
}

/* The checksum of the ICMPv6 message of icmp_bytes that ends the packet at l3. */
static void write_icmp6_checksum(uint8_t *l3, uint32_t icmp_off, uint32_t icmp_bytes)
{
	uint64_t sum = eg_checksum_pseudo(l3, true, EG_IPPROTO_ICMP6, icmp_bytes);
	uint8_t *icmp = l3 + icmp_off;

	eg_store_be16(icmp + 2, 0);
	eg_store_be16(
	    icmp + 2, (uint16_t)~eg_checksum_fold(eg_checksum_add(sum, icmp, icmp_bytes)));
}

struct nd_message {
	uint8_t type;
	uint8_t option; /* with mac; or ND_OPTION_NONE */
	uint32_t flags;
	const uint8_t *src, *dst, *target;
	const uint8_t *mac;
};

/* Writes the IPv6 packet, at most 72 bytes, and returns its length. The message points outside. */
static uint32_t write_nd(uint8_t *l3, const struct nd_message *m)
{
	uint32_t icmp_bytes = EG_ND_NEED_BYTES;
	uint8_t *icmp = l3 + EG_IP6_BYTES;

	write_ip6(l3, m->src, m->dst, EG_ND_HOP_LIMIT);
	icmp[0] = m->type;
	icmp[1] = 0;
	eg_store_be32(icmp + 4, m->flags);
	memcpy(icmp + 8, m->target, 16);
	if (m->option != ND_OPTION_NONE) {
		icmp[icmp_bytes] = m->option;
		icmp[icmp_bytes + 1] = 1;
		memcpy(icmp + icmp_bytes + 2, m->mac, EG_ETH_ADDR_BYTES);
		icmp_bytes += ND_OPTION_BYTES;
	}
	eg_store_be16(l3 + 4, (uint16_t)icmp_bytes);
	l3[6] = EG_IPPROTO_ICMP6;
	write_icmp6_checksum(l3, EG_IP6_BYTES, icmp_bytes);
	return EG_IP6_BYTES + icmp_bytes;
}

/* RFC 4861, section 7.1.1, but for what IPv6 and ICMPv6 have checked. */
static bool solicitation_is_valid(
    const struct eg_netif *netif, const uint8_t *l3, struct eg_span icmp)
{
	bool probe = memcmp(l3 + 8, unspecified, 16) == 0;
	struct eg_reader r = eg_reader(icmp);
	struct eg_span fixed = eg_read_bytes(&r, EG_ND_NEED_BYTES);

	if (r.failed || l3[7] != EG_ND_HOP_LIMIT || fixed.ptr[1] != 0 || fixed.ptr[8] == 0xff)
		return false;
	if (probe && !is_solicited_node(netif, l3 + 24))
		return false;
	while (r.left > 0) {
		uint8_t type = eg_read_u8(&r);
		uint8_t units = eg_read_u8(&r);

		if (units == 0 || (type == ND_OPTION_SOURCE_MAC && (probe || units != 1)))
			return false;
		(void)eg_read_bytes(&r, units * ND_OPTION_BYTES - 2);
		if (r.failed)
			return false;
	}
	return true;
}

/* The advertisement takes the solicitation's place. Its option makes it up to 8 bytes longer; where
 * the frame has no room for them it goes without, as RFC 4861 7.2.4 allows to a unicast question.
 */
static void write_advertisement(struct eg_parse *p)
{
	uint8_t *l3 = p->pkt->data + p->out->l3_off;
	uint32_t with_option = p->out->l3_off + EG_IP6_BYTES + EG_ND_NEED_BYTES + ND_OPTION_BYTES;
	uint8_t asker[16], target[16];
	bool probe = memcmp(l3 + 8, unspecified, 16) == 0;
	struct nd_message m = {.type = ND_ADVERTISEMENT,
	    .option = with_option <= p->pkt->room ? ND_OPTION_TARGET_MAC : ND_OPTION_NONE,
	    .flags = ND_FLAG_OVERRIDE | (probe ? 0 : ND_FLAG_SOLICITED),
	    .src = target,
	    .dst = probe ? all_nodes : asker,
	    .target = target,
	    .mac = p->netif->mac};

	memcpy(asker, l3 + 8, 16);
	memcpy(target, p->pkt->data + p->out->l4_off + 8, 16);
	eg_parse_swap_link(p->netif, p->pkt->data);
	if (probe)
		group_mac(p->pkt->data, all_nodes);
	eg_parse_finish(p->pkt, p->out->l3_off + write_nd(l3, &m));
}

enum eg_drop eg_neighbour_solicitation(struct eg_parse *p)
{
	const uint8_t *l3 = p->pkt->data + p->out->l3_off;
	const uint8_t *icmp = p->pkt->data + p->out->l4_off;

	if (!solicitation_is_valid(p->netif, l3, eg_span(icmp, p->end - p->out->l4_off)))
		return EG_DROP_nd_malformed;
	if (!eg_netif_has_ip6(p->netif, icmp + 8))
		return EG_DROP_nd_not_for_us;
	write_advertisement(p);
	p->out->outcome = EG_PARSE_ANSWERED;
	p->out->answer = EG_ANSWER_answered_nd;
	return EG_DROP_COUNT;
}

static void put_link(
    struct eg_writer *w, const struct eg_netif *netif, const uint8_t *dst, uint16_t type)
{
	eg_write_bytes(w, eg_span(dst, EG_ETH_ADDR_BYTES));
	eg_write_bytes(w, eg_span(netif->mac, EG_ETH_ADDR_BYTES));
	if (netif->tagged && netif->qinq) {
		eg_write_be16(w, EG_ETHERTYPE_QINQ);
		eg_write_be16(w, netif->service_vlan_id);
	}
	if (netif->tagged) {
		eg_write_be16(w, EG_ETHERTYPE_VLAN);
		eg_write_be16(w, netif->vlan_id);
	}
	eg_write_be16(w, type);
}

static void put_group_link(
    struct eg_writer *w, const struct eg_netif *netif, const uint8_t group[16])
{
	uint8_t mac[EG_ETH_ADDR_BYTES];

	group_mac(mac, group);
	put_link(w, netif, mac, EG_ETHERTYPE_IP6);
}

/* A request from sender for target; for an address of its own it is the announcement of RFC 5227.
 */
static void put_arp_request(struct eg_writer *w, const struct eg_netif *netif,
    const uint8_t sender[4], const uint8_t target[4])
{
	static const uint8_t broadcast[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
	static const uint8_t nobody[EG_ETH_ADDR_BYTES];

	put_link(w, netif, broadcast, EG_ETHERTYPE_ARP);
	eg_write_be16(w, ARP_HARDWARE_ETH);
	eg_write_be16(w, EG_ETHERTYPE_IP4);
	eg_write_u8(w, EG_ETH_ADDR_BYTES);
	eg_write_u8(w, 4);
	eg_write_be16(w, ARP_REQUEST);
	eg_write_bytes(w, eg_span(netif->mac, EG_ETH_ADDR_BYTES));
	eg_write_bytes(w, eg_span(sender, 4));
	eg_write_bytes(w, eg_span(nobody, EG_ETH_ADDR_BYTES));
	eg_write_bytes(w, eg_span(target, 4));
}

static void put_nd(struct eg_writer *w, const struct eg_netif *netif, const struct nd_message *m)
{
	uint8_t *l3;

	put_group_link(w, netif, m->dst);
	l3 = eg_write_room(w, EG_IP6_BYTES + EG_ND_NEED_BYTES + ND_OPTION_BYTES);
	if (l3 != NULL)
		(void)write_nd(l3, m);
}

static void put_advertisement(
    struct eg_writer *w, const struct eg_netif *netif, const uint8_t addr[16])
{
	put_nd(w, netif,
	    &(struct nd_message){.type = ND_ADVERTISEMENT,
	        .option = ND_OPTION_TARGET_MAC,
	        .flags = ND_FLAG_OVERRIDE,
	        .src = addr,
	        .dst = all_nodes,
	        .target = addr,
	        .mac = netif->mac});
}

static bool is_link_local(const uint8_t addr[16])
{
	return addr[0] == 0xfe && (addr[1] & 0xc0) == 0x80;
}

/* RFC 3590: from a link-local address, or from :: by who has none. */
static const uint8_t *mld_source(const struct eg_netif *netif)
{
	for (unsigned i = 0; i < netif->ip6_cnt; i++)
		if (is_link_local(netif->ip6[i].addr))
			return netif->ip6[i].addr;
	return unspecified;
}

/* MLDv2 (RFC 3810): joins the solicited-node group of addr, so that switches let it through. */
static void put_group_join(
    struct eg_writer *w, const struct eg_netif *netif, const uint8_t addr[16])
{
	static const uint8_t router_alert[ROUTER_ALERT_BYTES] = {
	    EG_IPPROTO_ICMP6, 0, 5, 2, 0, 0, 1, 0};
	uint8_t *l3, *icmp;

	put_group_link(w, netif, all_mld2_routers);
	l3 = eg_write_room(w, EG_IP6_BYTES + ROUTER_ALERT_BYTES + MLD2_REPORT_BYTES);
	if (l3 == NULL)
		return;
	write_ip6(l3, mld_source(netif), all_mld2_routers, MLD_HOP_LIMIT);
	eg_store_be16(l3 + 4, ROUTER_ALERT_BYTES + MLD2_REPORT_BYTES);
	l3[6] = IP6_HOP_BY_HOP;
	memcpy(l3 + EG_IP6_BYTES, router_alert, sizeof(router_alert));
	icmp = l3 + EG_IP6_BYTES + ROUTER_ALERT_BYTES;
	memset(icmp, 0, MLD2_REPORT_BYTES);
	icmp[0] = MLD2_REPORT;
	eg_store_be16(icmp + 6, 1);
	icmp[8] = MLD2_TO_EXCLUDE;
	solicited_node(icmp + 12, addr);
	write_icmp6_checksum(l3, EG_IP6_BYTES + ROUTER_ALERT_BYTES, MLD2_REPORT_BYTES);
}

static bool same_prefix(const uint8_t *a, const uint8_t *b, unsigned prefix_bits)
{
	unsigned bytes = prefix_bits / 8;
	unsigned rest = prefix_bits % 8;

	if (memcmp(a, b, bytes) != 0)
		return false;
	return rest == 0 || (a[bytes] ^ b[bytes]) >> (8 - rest) == 0;
}

/* Which of our addresses asks for the gateway: one on its link, else the first. */
static void put_gateway4_request(struct eg_writer *w, const struct eg_netif *netif)
{
	unsigned best = 0;

	for (unsigned i = netif->ip4_cnt; i-- > 0;)
		if (same_prefix(netif->ip4[i].addr, netif->gateway4, netif->ip4[i].prefix_bits))
			best = i;
	put_arp_request(w, netif, netif->ip4[best].addr, netif->gateway4);
}

static void put_gateway6_solicitation(struct eg_writer *w, const struct eg_netif *netif)
{
	uint8_t group[16];
	unsigned best = 0;

	for (unsigned i = netif->ip6_cnt; i-- > 0;)
		if (same_prefix(netif->ip6[i].addr, netif->gateway6, netif->ip6[i].prefix_bits))
			best = i;
	solicited_node(group, netif->gateway6);
	put_nd(w, netif,
	    &(struct nd_message){.type = EG_ND_SOLICITATION,
	        .option = ND_OPTION_SOURCE_MAC,
	        .src = netif->ip6[best].addr,
	        .dst = group,
	        .target = netif->gateway6,
	        .mac = netif->mac});
}

static void put_announcement(struct eg_writer *w, const struct eg_netif *netif, unsigned i)
{
	if (i < netif->ip4_cnt) {
		put_arp_request(w, netif, netif->ip4[i].addr, netif->ip4[i].addr);
		return;
	}
	i -= netif->ip4_cnt;
	if (i < netif->ip6_cnt) {
		put_group_join(w, netif, netif->ip6[i].addr);
		return;
	}
	i -= netif->ip6_cnt;
	if (i < netif->ip6_cnt) {
		put_advertisement(w, netif, netif->ip6[i].addr);
		return;
	}
	i -= netif->ip6_cnt;
	if (netif->has_gateway4 && netif->ip4_cnt > 0) {
		if (i == 0)
			put_gateway4_request(w, netif);
		i--;
	}
	if (i == 0 && netif->has_gateway6 && netif->ip6_cnt > 0)
		put_gateway6_solicitation(w, netif);
}

size_t eg_pipeline_announcement(const struct eg_netif *netif, unsigned i, uint8_t *buf, size_t room)
{
	struct eg_writer w = eg_writer(buf, room);
	size_t len;

	put_announcement(&w, netif, i);
	len = (size_t)(w.ptr - buf);
	if (w.failed || len == 0)
		return 0;
	if (len < EG_ETH_MIN_BYTES && room >= EG_ETH_MIN_BYTES) {
		memset(buf + len, 0, EG_ETH_MIN_BYTES - len);
		len = EG_ETH_MIN_BYTES;
	}
	return len;
}

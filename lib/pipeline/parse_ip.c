/* SPDX-License-Identifier: BSD-3-Clause */
#include "parse_impl.h"

#include "checksum.h"

#include <endian.h>

#define IP4_FLAG_DF         0x4000u
#define IP4_FRAGMENT_MASK   0x3fffu /* MF and the offset */
#define IP4_FIRST_MULTICAST 224u    /* behind it: reserved addresses and broadcast */
#define IP4_LOOPBACK        127u
#define DSCP_MASK           0xfcu /* an answer does not speak ECN */

#define IPPROTO_ICMP4    1u
#define ICMP_BYTES       8u
#define ICMP4_ECHO       8u
#define ICMP4_ECHO_REPLY 0u
#define ICMP6_ECHO       128u
#define ICMP6_ECHO_REPLY 129u

#define IP6_EXTENSIONS_MAX  4u
#define IP6_HOP_BY_HOP      0u
#define IP6_ROUTING         43u
#define IP6_FRAGMENT        44u
#define IP6_ESP             50u
#define IP6_AH              51u
#define IP6_DESTINATION     60u
#define IP6_MOBILITY        135u
#define IP6_HIP             139u
#define IP6_SHIM6           140u
#define IP6_OPTION_PAD1     0u
#define IP6_OPTION_ACT_MASK 0xc0u /* not 0: "discard the packet where you do not know me" */

static uint8_t *l3_of(const struct eg_parse *p)
{
	return p->pkt->data + p->out->l3_off;
}

static uint8_t *l4_of(const struct eg_parse *p)
{
	return p->pkt->data + p->out->l4_off;
}

static uint32_t l4_bytes(const struct eg_parse *p)
{
	return p->end - p->out->l4_off;
}

bool eg_netif_has_ip4(const struct eg_netif *netif, const uint8_t addr[4])
{
	for (unsigned i = 0; i < netif->ip4_cnt; i++)
		if (memcmp(netif->ip4[i].addr, addr, 4) == 0)
			return true;
	return false;
}

bool eg_netif_has_ip6(const struct eg_netif *netif, const uint8_t addr[16])
{
	for (unsigned i = 0; i < netif->ip6_cnt; i++)
		if (memcmp(netif->ip6[i].addr, addr, 16) == 0)
			return true;
	return false;
}

/* Moves the link and the fixed IP header up to the upper layer: options and extensions go. */
static void close_up(const struct eg_parsed *parsed, struct eg_packet *pkt, uint16_t l3_bytes)
{
	uint32_t headers = (uint32_t)parsed->l3_off + l3_bytes;
	uint32_t gap = parsed->l4_off - headers;

	if (gap != 0)
		memmove(pkt->data + gap, pkt->data, headers);
	pkt->data += gap;
	pkt->len -= gap;
	pkt->room -= gap;
	pkt->l2_bytes = parsed->l3_off;
	pkt->l3_bytes = l3_bytes;
}

static void swap(uint8_t *a, uint8_t *b, size_t len)
{
	uint8_t tmp[16];

	memcpy(tmp, a, len);
	memcpy(a, b, len);
	memcpy(b, tmp, len);
}

/* Sums are taken from the words that are stored: to read them back in other pieces would wait for
 * the stores. RFC 6864: with DF the identification says nothing. */
static void reverse_ip4(const struct eg_netif *netif, struct eg_packet *pkt, uint32_t upper_bytes)
{
	uint8_t *ip = pkt->data + pkt->l2_bytes;
	const uint32_t dscp = ip[1] & DSCP_MASK, protocol = ip[9];
	const uint32_t length_word = 0x45u << 24 | dscp << 16 | (EG_IP4_BYTES + upper_bytes);
	const uint32_t life_word = EG_TTL << 24 | protocol << 16;
	const uint64_t sum =
	    (uint64_t)htobe32(length_word) + htobe32(IP4_FLAG_DF) + htobe32(life_word);

	eg_store_be32(ip, length_word);
	eg_store_be32(ip + 4, IP4_FLAG_DF);
	swap(ip + 12, ip + 16, 4);
	if (netif->tx_ip_cksum) {
		pkt->flags |= EG_PACKET_TX_IP_CKSUM;
		eg_store_be32(ip + 8, life_word);
		return;
	}
	eg_store_be32(
	    ip + 8, life_word | (uint16_t)~eg_checksum_fold(eg_checksum_add(sum, ip + 12, 8)));
}

static void reverse_ip6(struct eg_packet *pkt, uint8_t protocol, uint32_t upper_bytes)
{
	uint8_t *ip = pkt->data + pkt->l2_bytes;

	eg_store_be32(ip, 6u << 28 | (eg_load_be32(ip) & DSCP_MASK << 20));
	eg_store_be16(ip + 4, (uint16_t)upper_bytes);
	ip[6] = protocol;
	ip[7] = EG_TTL;
	swap(ip + 8, ip + 24, 16);
	pkt->flags |= EG_PACKET_TX_IP6;
}

/* Turns everything in front of the upper layer around, for an answer of upper_bytes behind it.
 * Returns where the upper layer starts. */
static uint8_t *reverse_headers(const struct eg_netif *netif, const struct eg_parsed *parsed,
    struct eg_packet *pkt, uint8_t protocol, uint32_t upper_bytes)
{
	close_up(parsed, pkt, parsed->ip6 ? EG_IP6_BYTES : EG_IP4_BYTES);
	eg_parse_finish(pkt, (uint32_t)pkt->l2_bytes + pkt->l3_bytes + upper_bytes);
	eg_parse_swap_link(netif, pkt->data);
	if (parsed->ip6)
		reverse_ip6(pkt, protocol, upper_bytes);
	else
		reverse_ip4(netif, pkt, upper_bytes);
	return pkt->data + pkt->l2_bytes + pkt->l3_bytes;
}

/* The checksum field of an answer whose length and payload are in place. */
static uint16_t answer_checksum(
    const struct eg_netif *netif, struct eg_packet *pkt, bool ip6, uint32_t upper_bytes)
{
	const uint8_t *l3 = pkt->data + pkt->l2_bytes, *udp = l3 + pkt->l3_bytes;
	uint64_t sum = eg_checksum_pseudo(l3, ip6, EG_IPPROTO_UDP, upper_bytes);
	uint16_t checksum;

	if (netif->tx_udp_cksum) {
		pkt->flags |= EG_PACKET_TX_UDP_CKSUM;
		return eg_checksum_fold(sum);
	}
	sum += htobe32(upper_bytes << 16);
	sum = eg_checksum_add(sum, udp, 4);
	sum = eg_checksum_add(sum, udp + EG_UDP_BYTES, upper_bytes - EG_UDP_BYTES);
	checksum = (uint16_t)~eg_checksum_fold(sum);
	return checksum != 0 ? checksum : 0xffff; /* RFC 768: 0 says "none" */
}

void eg_parse_reply(const struct eg_netif *netif, const struct eg_parsed *parsed,
    struct eg_packet *pkt, uint32_t payload_bytes)
{
	uint32_t upper_bytes = EG_UDP_BYTES + payload_bytes;
	uint32_t ports;
	uint8_t *udp;

	if (parsed->datagram) {
		pkt->len = payload_bytes;
		return;
	}
	udp = reverse_headers(netif, parsed, pkt, EG_IPPROTO_UDP, upper_bytes);
	ports = eg_load_be32(udp);
	eg_store_be32(udp, ports << 16 | ports >> 16);
	eg_store_be32(
	    udp + 4, upper_bytes << 16 | answer_checksum(netif, pkt, parsed->ip6, upper_bytes));
}

static bool is_our_port(const struct eg_netif *netif, uint16_t port)
{
	return port >= netif->base_port && port - netif->base_port < (int)EG_EGT_PORT_CNT;
}

static bool udp_checksum_is_good(const struct eg_parse *p, uint32_t udp_bytes)
{
	const uint8_t *udp = l4_of(p);
	uint64_t sum;

	if (eg_load_be16(udp + 6) == 0)
		return !p->out->ip6;
	if ((p->pkt->flags & EG_PACKET_L4_CKSUM_BAD) != 0)
		return false;
	if ((p->pkt->flags & EG_PACKET_L4_CKSUM_GOOD) != 0)
		return true;
	sum = eg_checksum_pseudo(l3_of(p), p->out->ip6, EG_IPPROTO_UDP, udp_bytes);
	return eg_checksum_fold(eg_checksum_add(sum, udp, udp_bytes)) == 0xffff;
}

static enum eg_drop parse_udp(struct eg_parse *p)
{
	const uint8_t *udp = l4_of(p);
	uint16_t source, udp_bytes;

	if (l4_bytes(p) < EG_UDP_BYTES)
		return EG_DROP_udp_malformed;
	udp_bytes = eg_load_be16(udp + 4);
	if (udp_bytes < EG_UDP_BYTES || udp_bytes > l4_bytes(p))
		return EG_DROP_udp_malformed;
	if (!udp_checksum_is_good(p, udp_bytes))
		return EG_DROP_udp_checksum;
	if (!is_our_port(p->netif, eg_load_be16(udp + 2)))
		return EG_DROP_udp_port;
	source = eg_load_be16(udp);
	if (source == 0 || is_our_port(p->netif, source))
		return EG_DROP_udp_source_port;
	if (udp_bytes - EG_UDP_BYTES > p->max_datagram_bytes)
		return EG_DROP_too_big;
	p->out->payload_off = (uint16_t)(p->out->l4_off + EG_UDP_BYTES);
	p->out->payload_bytes = (uint16_t)(udp_bytes - EG_UDP_BYTES);
	p->out->outcome = EG_PARSE_PAYLOAD;
	p->pkt->len = (uint32_t)p->out->payload_off + p->out->payload_bytes;
	return EG_DROP_COUNT;
}

/* sum: of the pseudo-header, where there is one. */
static bool icmp_is_whole(const struct eg_parse *p, uint64_t sum)
{
	return l4_bytes(p) >= ICMP_BYTES &&
	       eg_checksum_fold(eg_checksum_add(sum, l4_of(p), l4_bytes(p))) == 0xffff;
}

/* The pseudo-header's sum does not change when its addresses are swapped, so of everything under
 * the checksum only the type differs. An IPv4 reply may be zeros alone, over which only 0xffff is
 * right; over anything else it is as good as 0. */
static enum eg_drop answer_echo(struct eg_parse *p, uint8_t protocol, uint8_t reply_type)
{
	uint8_t *icmp = l4_of(p);
	uint16_t from = eg_load_be16(icmp);
	uint16_t checksum;

	icmp[0] = reply_type;
	checksum = eg_checksum_update(eg_load_be16(icmp + 2), from, eg_load_be16(icmp));
	eg_store_be16(icmp + 2, checksum != 0 ? checksum : 0xffff);
	(void)reverse_headers(p->netif, p->out, p->pkt, protocol, l4_bytes(p));
	p->out->outcome = EG_PARSE_ANSWERED;
	p->out->answer = EG_ANSWER_answered_echo;
	return EG_DROP_COUNT;
}

static enum eg_drop parse_icmp4(struct eg_parse *p)
{
	const uint8_t *icmp = l4_of(p);

	if (!icmp_is_whole(p, 0))
		return EG_DROP_icmp_malformed;
	if (icmp[0] != ICMP4_ECHO || icmp[1] != 0)
		return EG_DROP_icmp_type;
	return answer_echo(p, IPPROTO_ICMP4, ICMP4_ECHO_REPLY);
}

static bool is_subnet_broadcast(const struct eg_netif *netif, uint32_t addr)
{
	for (unsigned i = 0; i < netif->ip4_cnt; i++) {
		uint32_t host_mask;

		if (netif->ip4[i].prefix_bits > 30)
			continue; /* RFC 3021: /31 and /32 have no broadcast address */
		host_mask = UINT32_MAX >> netif->ip4[i].prefix_bits;
		if (addr == (eg_load_be32(netif->ip4[i].addr) | host_mask))
			return true;
	}
	return false;
}

static bool ip4_source_is_good(const struct eg_netif *netif, const uint8_t *source)
{
	return source[0] != 0 && source[0] != IP4_LOOPBACK && source[0] < IP4_FIRST_MULTICAST &&
	       !is_subnet_broadcast(netif, eg_load_be32(source)) &&
	       !eg_netif_has_ip4(netif, source);
}

/* Lengths first: behind this, end is the end of the IP packet and the header is all there. */
static enum eg_drop check_ip4_header(struct eg_parse *p)
{
	const uint8_t *ip = l3_of(p);
	uint32_t left = p->end - p->out->l3_off;
	uint32_t header_bytes, total_bytes;

	if (left < EG_IP4_BYTES || ip[0] >> 4 != 4)
		return EG_DROP_ip4_malformed;
	header_bytes = (ip[0] & 0x0fu) * 4;
	total_bytes = eg_load_be16(ip + 2);
	if (header_bytes < EG_IP4_BYTES || total_bytes < header_bytes || total_bytes > left)
		return EG_DROP_ip4_malformed;
	p->end = p->out->l3_off + total_bytes;
	p->out->l4_off = (uint16_t)(p->out->l3_off + header_bytes);
	if ((p->pkt->flags & EG_PACKET_IP_CKSUM_BAD) != 0)
		return EG_DROP_ip4_checksum;
	if ((p->pkt->flags & EG_PACKET_IP_CKSUM_GOOD) == 0 &&
	    eg_checksum_fold(eg_checksum_add(0, ip, header_bytes)) != 0xffff)
		return EG_DROP_ip4_checksum;
	return EG_DROP_COUNT;
}

enum eg_drop eg_parse_ip4(struct eg_parse *p)
{
	const uint8_t *ip = l3_of(p);
	enum eg_drop drop = check_ip4_header(p);

	if (drop != EG_DROP_COUNT)
		return drop;
	if ((eg_load_be16(ip + 6) & IP4_FRAGMENT_MASK) != 0)
		return EG_DROP_ip4_fragment;
	if (!eg_netif_has_ip4(p->netif, ip + 16))
		return EG_DROP_ip4_not_for_us;
	if (p->link_dst != EG_LINK_UNICAST)
		return EG_DROP_eth_not_for_us;
	if (!ip4_source_is_good(p->netif, ip + 12))
		return EG_DROP_ip4_source;
	if (ip[9] == EG_IPPROTO_UDP)
		return parse_udp(p);
	return ip[9] == IPPROTO_ICMP4 ? parse_icmp4(p) : EG_DROP_ip4_protocol;
}

/* For everything but neighbour discovery: asked by one host of one of our addresses. */
static enum eg_drop check_ip6_unicast(const struct eg_parse *p)
{
	static const uint8_t unspecified[16];
	const uint8_t *ip = l3_of(p);

	if (!eg_netif_has_ip6(p->netif, ip + 24))
		return EG_DROP_ip6_not_for_us;
	if (p->link_dst != EG_LINK_UNICAST)
		return EG_DROP_eth_not_for_us;
	if (memcmp(ip + 8, unspecified, 16) == 0)
		return EG_DROP_ip6_source;
	return EG_DROP_COUNT;
}

static enum eg_drop parse_icmp6(struct eg_parse *p)
{
	const uint8_t *icmp = l4_of(p);
	enum eg_drop drop;

	if (!icmp_is_whole(p, eg_checksum_pseudo(l3_of(p), true, EG_IPPROTO_ICMP6, l4_bytes(p))))
		return EG_DROP_icmp_malformed;
	if (icmp[0] == EG_ND_SOLICITATION)
		return eg_neighbour_solicitation(p);
	if (icmp[0] != ICMP6_ECHO || icmp[1] != 0)
		return EG_DROP_icmp_type;
	drop = check_ip6_unicast(p);
	return drop != EG_DROP_COUNT ? drop : answer_echo(p, EG_IPPROTO_ICMP6, ICMP6_ECHO_REPLY);
}

static bool ip6_source_is_good(const struct eg_netif *netif, const uint8_t *source)
{
	static const uint8_t loopback[16] = {[15] = 1};

	return source[0] != 0xff && memcmp(source, loopback, 16) != 0 &&
	       !eg_netif_has_ip6(netif, source);
}

static enum eg_drop check_ip6_header(struct eg_parse *p)
{
	const uint8_t *ip = l3_of(p);
	uint32_t left = p->end - p->out->l3_off;
	uint32_t total_bytes;

	if (left < EG_IP6_BYTES || ip[0] >> 4 != 6)
		return EG_DROP_ip6_malformed;
	total_bytes = EG_IP6_BYTES + eg_load_be16(ip + 4);
	if (total_bytes > left)
		return EG_DROP_ip6_malformed;
	p->end = p->out->l3_off + total_bytes;
	p->out->ip6 = true;
	if (!eg_netif_has_ip6(p->netif, ip + 24) && !eg_neighbour_is_our_group(p->netif, ip + 24))
		return EG_DROP_ip6_not_for_us;
	return ip6_source_is_good(p->netif, ip + 8) ? EG_DROP_COUNT : EG_DROP_ip6_source;
}

/* RFC 8200, section 4.2. Of the options none changes how an answer is made; one that forbids those
 * who do not know it to go on is obeyed. */
static enum eg_drop check_options(struct eg_span options)
{
	struct eg_reader r = eg_reader(options);

	while (r.left > 0) {
		uint8_t type = eg_read_u8(&r);

		if (type == IP6_OPTION_PAD1)
			continue;
		(void)eg_read_bytes(&r, eg_read_u8(&r));
		if (r.failed)
			return EG_DROP_ip6_malformed;
		if ((type & IP6_OPTION_ACT_MASK) != 0)
			return EG_DROP_ip6_extension;
	}
	return EG_DROP_COUNT;
}

/* header: the whole of it, 8 bytes or more. */
static enum eg_drop check_extension(uint8_t type, struct eg_span header)
{
	if (type == IP6_ROUTING)
		return header.ptr[3] == 0 ? EG_DROP_COUNT : EG_DROP_ip6_extension;
	return check_options(eg_span(header.ptr + 2, header.len - 2));
}

static bool is_extension(uint8_t next)
{
	switch (next) {
	case IP6_HOP_BY_HOP:
	case IP6_ROUTING:
	case IP6_FRAGMENT:
	case IP6_ESP:
	case IP6_AH:
	case IP6_DESTINATION:
	case IP6_MOBILITY:
	case IP6_HIP:
	case IP6_SHIM6:
		return true;
	default:
		return false;
	}
}

/* RFC 8200, section 4.3: hop-by-hop options stand directly behind the header, or nowhere. */
static bool may_skip(uint8_t next, unsigned seen)
{
	if (next == IP6_HOP_BY_HOP)
		return seen == 0;
	return (next == IP6_ROUTING || next == IP6_DESTINATION) && seen < IP6_EXTENSIONS_MAX;
}

/* Sets l4_off, and *next to the upper layer's protocol. */
static enum eg_drop skip_extensions(struct eg_parse *p, uint8_t *next)
{
	const uint8_t *ip = l3_of(p);
	struct eg_reader r =
	    eg_reader(eg_span(ip + EG_IP6_BYTES, p->end - p->out->l3_off - EG_IP6_BYTES));

	*next = ip[6];
	for (unsigned seen = 0; is_extension(*next); seen++) {
		uint8_t type = *next;
		struct eg_span header;
		enum eg_drop drop;

		if (type == IP6_FRAGMENT)
			return EG_DROP_ip6_fragment;
		if (!may_skip(type, seen))
			return EG_DROP_ip6_extension;
		header = eg_read_bytes(&r, r.left >= 8 ? (r.ptr[1] + 1u) * 8 : 8);
		if (r.failed)
			return EG_DROP_ip6_malformed;
		drop = check_extension(type, header);
		if (drop != EG_DROP_COUNT)
			return drop;
		*next = header.ptr[0];
	}
	p->out->l4_off = (uint16_t)(p->end - r.left);
	return EG_DROP_COUNT;
}

enum eg_drop eg_parse_ip6(struct eg_parse *p)
{
	uint8_t next = 0;
	enum eg_drop drop = check_ip6_header(p);

	if (drop == EG_DROP_COUNT)
		drop = skip_extensions(p, &next);
	if (drop != EG_DROP_COUNT)
		return drop;
	if (next == EG_IPPROTO_ICMP6)
		return parse_icmp6(p);
	drop = check_ip6_unicast(p);
	if (drop != EG_DROP_COUNT)
		return drop;
	return next == EG_IPPROTO_UDP ? parse_udp(p) : EG_DROP_ip6_protocol;
}

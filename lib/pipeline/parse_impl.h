/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What parse_eth.c, parse_ip.c and neighbour.c share.
 *
 *   eg_parse_packet ─▶ Ethernet, VLAN ─┬▶ eg_neighbour_arp
 *                                      ├▶ eg_parse_ip4 ─┬▶ echo
 *                                      └▶ eg_parse_ip6 ─┼▶ UDP
 *                                                       └▶ eg_neighbour_solicitation
 *
 * Every parser returns the reason to drop the packet, or EG_DROP_COUNT; then out->outcome is set.
 */
#ifndef EG_PARSE_IMPL_H
#define EG_PARSE_IMPL_H

#include "parse.h"

#define EG_ETH_BYTES       14u
#define EG_ETH_ADDR_BYTES  6u
#define EG_ETH_MIN_BYTES   60u /* the smallest frame, without its check sequence */
#define EG_ETHERTYPE_IP4   0x0800u
#define EG_ETHERTYPE_ARP   0x0806u
#define EG_ETHERTYPE_VLAN  0x8100u
#define EG_ETHERTYPE_QINQ  0x88a8u
#define EG_ETHERTYPE_IP6   0x86ddu
#define EG_VLAN_TAG_BYTES  4u
#define EG_VLAN_ID_MASK    0x0fffu
#define EG_IP4_BYTES       20u
#define EG_IP6_BYTES       40u
#define EG_UDP_BYTES       8u
#define EG_IPPROTO_UDP     17u
#define EG_IPPROTO_ICMP6   58u
#define EG_TTL             64u
#define EG_ND_HOP_LIMIT    255u
#define EG_ND_SOLICITATION 135u
#define EG_ND_NEED_BYTES   24u /* a solicitation or an advertisement without options */

/* How a frame was addressed on the link. */
enum eg_link_dst { EG_LINK_UNICAST, EG_LINK_BROADCAST, EG_LINK_GROUP6 };

/* A packet on its way through the parsers. */
struct eg_parse {
	const struct eg_netif *netif;
	struct eg_packet *pkt;
	uint32_t max_datagram_bytes;
	uint32_t end; /* behind the last byte that counts: of the frame, then of the IP packet */
	enum eg_link_dst link_dst;
	struct eg_parsed *out;
};

/* The IP header is at out->l3_off. */
enum eg_drop eg_parse_ip4(struct eg_parse *p);
enum eg_drop eg_parse_ip6(struct eg_parse *p);

/* ARP at out->l3_off: a request for an address of ours becomes its reply. */
enum eg_drop eg_neighbour_arp(struct eg_parse *p);
/* A neighbour solicitation (checksum verified, source unicast or ::) becomes its advertisement. */
enum eg_drop eg_neighbour_solicitation(struct eg_parse *p);
/* Is the address the solicited-node group of one of ours, or all-nodes? */
bool eg_neighbour_is_our_group(const struct eg_netif *netif, const uint8_t addr[16]);

bool eg_netif_has_ip4(const struct eg_netif *netif, const uint8_t addr[4]);
bool eg_netif_has_ip6(const struct eg_netif *netif, const uint8_t addr[16]);

/* Makes the sender the destination, and the netif the source. */
void eg_parse_swap_link(const struct eg_netif *netif, uint8_t *eth);

/* Ends an answer that stays where its request was: `end` bytes, padded with zeros to the smallest
 * frame as far as the request was that long, so that nothing is echoed and nothing grows. */
void eg_parse_finish(struct eg_packet *pkt, uint32_t end);

#endif

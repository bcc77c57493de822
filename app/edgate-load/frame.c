/* SPDX-License-Identifier: BSD-3-Clause */
#include "frame.h"

#include "eg_egt.h"

#include <endian.h>

#define ETH_BYTES  14u
#define IP4_BYTES  20u
#define UDP_BYTES  8u
#define TYPE_ARP   0x0806u
#define TYPE_IP4   0x0800u
#define PROTO_UDP  17u
#define ARP_ASK    1u
#define ARP_TELL   2u
#define ARP_FORM   0x0001080006040000u /* Ethernet, IPv4, their address lengths; operation 0 */
#define TTL        64u
#define DONT_SPLIT 0x4000u

static const uint8_t broadcast[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

static void put_eth(uint8_t *frame, const uint8_t to[6], const uint8_t from[6], uint16_t type)
{
	memcpy(frame, to, 6);
	memcpy(frame + 6, from, 6);
	eg_store_be16(frame + 12, type);
}

void load_frame_arp_request(const struct load_route *route, uint8_t *frame)
{
	memset(frame, 0, LOAD_FRAME_MIN_BYTES);
	put_eth(frame, broadcast, route->mac, TYPE_ARP);
	eg_store_be64(frame + 14, ARP_FORM | ARP_ASK);
	memcpy(frame + 22, route->mac, 6);
	memcpy(frame + 28, route->ip, 4);
	memcpy(frame + 38, route->server_ip, 4);
}

void load_frame_arp_answer(const struct load_route *route, uint8_t *frame)
{
	uint8_t asker[10];

	memcpy(asker, frame + 22, sizeof(asker));
	memset(frame, 0, LOAD_FRAME_MIN_BYTES);
	put_eth(frame, asker, route->mac, TYPE_ARP);
	eg_store_be64(frame + 14, ARP_FORM | ARP_TELL);
	memcpy(frame + 22, route->mac, 6);
	memcpy(frame + 28, route->ip, 4);
	memcpy(frame + 32, asker, sizeof(asker));
}

static uint32_t fold(uint64_t sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint32_t)((sum & 0xffff) + (sum >> 16));
}

/* The sum does not depend on byte order (RFC 1071, section 2 B): words are added as they lie in
 * memory, and the result is swapped once. */
uint32_t load_frame_sum(uint32_t sum, const uint8_t *data, size_t len)
{
	uint64_t total = 0;
	uint32_t word;

	for (; len >= sizeof(word); len -= sizeof(word), data += sizeof(word)) {
		memcpy(&word, data, sizeof(word));
		total += word;
	}
	word = 0;
	memcpy(&word, data, len);
	return fold((uint64_t)sum + be16toh((uint16_t)fold(total + word)));
}

/* Over good data with its checksum in place the result is 0. */
static uint16_t checksum(uint64_t sum)
{
	return (uint16_t)~fold(sum);
}

/* The pseudo-header is both addresses, the protocol and the length. */
static uint16_t udp_checksum(const uint8_t *ip, const uint8_t *udp, size_t len)
{
	return checksum(
	    load_frame_sum(load_frame_sum(PROTO_UDP + (uint32_t)len, ip + 12, 8), udp, len));
}

struct load_headers load_headers(const struct load_route *route)
{
	struct load_headers h = {.bytes = {0}};
	uint8_t *ip = h.bytes + ETH_BYTES;

	put_eth(h.bytes, route->server_mac, route->mac, TYPE_IP4);
	ip[0] = 0x45;
	eg_store_be16(ip + 6, DONT_SPLIT);
	ip[8] = TTL;
	ip[9] = PROTO_UDP;
	memcpy(ip + 12, route->ip, 4);
	memcpy(ip + 16, route->server_ip, 4);
	h.ip_sum = load_frame_sum(0, ip, IP4_BYTES);
	h.udp_sum = load_frame_sum(PROTO_UDP, ip + 12, 8);
	return h;
}

void load_frame_udp(const struct load_headers *headers, uint16_t source_port, uint16_t server_port,
    size_t payload_bytes, uint32_t payload_sum, uint8_t *frame)
{
	uint16_t udp_bytes = (uint16_t)(UDP_BYTES + payload_bytes);
	uint16_t ip_bytes = (uint16_t)(IP4_BYTES + udp_bytes), sum;
	uint8_t *ip = frame + ETH_BYTES, *udp = ip + IP4_BYTES;

	memcpy(frame, headers->bytes, sizeof(headers->bytes));
	eg_store_be16(ip + 2, ip_bytes);
	eg_store_be16(ip + 10, checksum((uint64_t)headers->ip_sum + ip_bytes));
	eg_store_be16(udp, source_port);
	eg_store_be16(udp + 2, server_port);
	eg_store_be16(udp + 4, udp_bytes);
	/* The length stands in the header and in the pseudo-header. */
	sum = checksum(
	    (uint64_t)headers->udp_sum + source_port + server_port + 2u * udp_bytes + payload_sum);
	eg_store_be16(udp + 6, sum != 0 ? sum : 0xffff);
}

static enum load_frame_kind parse_arp(const struct load_route *route, const uint8_t *frame)
{
	uint64_t form = eg_load_be64(frame + 14);

	if (form == (ARP_FORM | ARP_ASK) && memcmp(frame + 38, route->ip, 4) == 0)
		return LOAD_FRAME_ARP_REQUEST;
	if (form == (ARP_FORM | ARP_TELL) && memcmp(frame + 28, route->server_ip, 4) == 0)
		return LOAD_FRAME_ARP_REPLY;
	return LOAD_FRAME_OTHER;
}

static bool is_for_us(const struct load_route *route, const uint8_t *ip)
{
	uint16_t from = eg_load_be16(ip + IP4_BYTES), to = eg_load_be16(ip + IP4_BYTES + 2);

	return ip[0] == 0x45 && ip[9] == PROTO_UDP && memcmp(ip + 12, route->server_ip, 4) == 0 &&
	       memcmp(ip + 16, route->ip, 4) == 0 &&
	       (uint16_t)(from - route->server_port) < EG_EGT_PORT_CNT &&
	       (uint16_t)(to - LOAD_SOURCE_PORT) < LOAD_SOURCE_PORT_CNT;
}

static enum load_frame_kind parse_udp(
    const struct load_route *route, const struct eg_packet *pkt, struct eg_span *payload)
{
	const uint8_t *ip = pkt->data + ETH_BYTES, *udp = ip + IP4_BYTES;
	size_t ip_bytes = eg_load_be16(ip + 2), udp_bytes = eg_load_be16(udp + 4);

	if (!is_for_us(route, ip))
		return LOAD_FRAME_OTHER;
	if (ip_bytes > pkt->len - ETH_BYTES || udp_bytes < UDP_BYTES ||
	    ip_bytes != IP4_BYTES + udp_bytes)
		return LOAD_FRAME_BAD;
	if ((pkt->flags & EG_PACKET_IP_CKSUM_GOOD) == 0 &&
	    checksum(load_frame_sum(0, ip, IP4_BYTES)) != 0)
		return LOAD_FRAME_BAD;
	if ((pkt->flags & EG_PACKET_L4_CKSUM_GOOD) == 0 && udp_checksum(ip, udp, udp_bytes) != 0)
		return LOAD_FRAME_BAD;
	*payload = eg_span(udp + UDP_BYTES, udp_bytes - UDP_BYTES);
	return LOAD_FRAME_ANSWER;
}

enum load_frame_kind load_frame_parse(
    const struct load_route *route, const struct eg_packet *pkt, struct eg_span *payload)
{
	if (pkt->len < LOAD_HEADERS_BYTES ||
	    (pkt->flags & (EG_PACKET_MULTI_SEGMENT | EG_PACKET_TRUNCATED)) != 0)
		return LOAD_FRAME_OTHER;
	switch (eg_load_be16(pkt->data + 12)) {
	case TYPE_ARP:
		return parse_arp(route, pkt->data);
	case TYPE_IP4:
		return parse_udp(route, pkt, payload);
	default:
		return LOAD_FRAME_OTHER;
	}
}

const uint8_t *load_frame_arp_sender(const struct eg_packet *pkt)
{
	return pkt->data + 22;
}

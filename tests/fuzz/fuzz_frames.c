/* SPDX-License-Identifier: BSD-3-Clause */
#include "fuzz_frames.h"

#define ETH         14u
#define TYPE_IP4    0x0800u
#define TYPE_ARP    0x0806u
#define TYPE_VLAN   0x8100u
#define TYPE_QINQ   0x88a8u
#define TYPE_IP6    0x86ddu
#define IP4         20u
#define IP6         40u
#define UDP         8u
#define PROTO_ICMP  1u
#define PROTO_UDP   17u
#define PROTO_ICMP6 58u
#define BASE_PORT   25519u

static const uint8_t our_mac[6] = {2, 0, 0, 0, 0, 1}, their_mac[6] = {2, 0, 0, 0, 0, 2};
static const uint8_t our_ip4[4] = {10, 0, 0, 1}, their_ip4[4] = {10, 0, 0, 2};
static const uint8_t our_ip6[16] = {0xfd, [15] = 1}, their_ip6[16] = {0xfd, [15] = 2};

/* Where things are in a frame; l4 is 0 where there is no upper layer to be found. */
struct layout {
	uint8_t *l3, *l4;
	size_t l3_len, l4_len; /* to the end of the frame */
	bool ip6;
	uint8_t protocol;
};

static uint32_t add(uint32_t sum, const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		sum += (uint32_t)p[i] << (i % 2 == 0 ? 8 : 0);
	return sum;
}

static uint16_t fold(uint32_t sum)
{
	while (sum >> 16 != 0)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

/* Over the upper layer, with its pseudo-header where it has one. */
static uint16_t upper_sum(const struct layout *l)
{
	uint32_t sum = 0;

	if (l->ip6)
		sum = add(0, l->l3 + 8, 32);
	else if (l->protocol == PROTO_UDP)
		sum = add(0, l->l3 + 12, 8);
	if (l->ip6 || l->protocol == PROTO_UDP)
		sum += l->protocol + (uint32_t)l->l4_len;
	return fold(add(sum, l->l4, l->l4_len));
}

static void find_ip4(struct layout *l)
{
	size_t header = (l->l3[0] & 0x0fu) * 4u;

	l->protocol = l->l3[9];
	if (header < IP4 || header > l->l3_len)
		return;
	l->l4 = l->l3 + header;
	l->l4_len = l->l3_len - header;
}

static void find_ip6(struct layout *l)
{
	size_t off = IP6;

	l->ip6 = true;
	l->protocol = l->l3[6];
	while (l->protocol == 0 || l->protocol == 43 || l->protocol == 60) {
		if (off + 8 > l->l3_len || off + (l->l3[off + 1] + 1u) * 8u > l->l3_len)
			return;
		l->protocol = l->l3[off];
		off += (l->l3[off + 1] + 1u) * 8u;
	}
	l->l4 = l->l3 + off;
	l->l4_len = l->l3_len - off;
}

static struct layout find(uint8_t *frame, size_t len)
{
	struct layout l = {0};
	size_t off = ETH;
	unsigned type;

	if (len < ETH)
		return l;
	for (type = eg_load_be16(frame + 12); type == TYPE_VLAN || type == TYPE_QINQ;
	     type = eg_load_be16(frame + off - 2)) {
		off += 4;
		if (off > len)
			return l;
	}
	l.l3 = frame + off;
	l.l3_len = len - off;
	if (type == TYPE_IP4 && l.l3_len >= IP4)
		find_ip4(&l);
	else if (type == TYPE_IP6 && l.l3_len >= IP6)
		find_ip6(&l);
	return l;
}

static void fix_lengths(const struct layout *l)
{
	if (l->ip6)
		eg_store_be16(l->l3 + 4, (uint16_t)(l->l3_len - IP6));
	else
		eg_store_be16(l->l3 + 2, (uint16_t)l->l3_len);
	if (l->protocol == PROTO_UDP && l->l4_len >= UDP)
		eg_store_be16(l->l4 + 4, (uint16_t)l->l4_len);
}

static void fix_checksums(const struct layout *l)
{
	size_t at = l->protocol == PROTO_UDP ? 6 : 2;

	if (!l->ip6) {
		eg_store_be16(l->l3 + 10, 0);
		eg_store_be16(l->l3 + 10, (uint16_t)~fold(add(0, l->l3, (size_t)(l->l4 - l->l3))));
	}
	if (l->l4_len < 8 ||
	    (l->protocol != PROTO_UDP && l->protocol != PROTO_ICMP && l->protocol != PROTO_ICMP6))
		return;
	eg_store_be16(l->l4 + at, 0);
	eg_store_be16(l->l4 + at, (uint16_t)~upper_sum(l));
	if (l->protocol == PROTO_UDP && eg_load_be16(l->l4 + at) == 0)
		eg_store_be16(l->l4 + at, 0xffff);
}

void fuzz_fix_frame(uint8_t *frame, size_t len, unsigned fix)
{
	struct layout l = find(frame, len);

	if ((fix & FUZZ_FIX_MAC) != 0 && len >= 12) {
		memcpy(frame, our_mac, 6);
		memcpy(frame + 6, their_mac, 6);
	}
	if (l.l4 == NULL)
		return;
	if ((fix & FUZZ_FIX_ADDRESSES) != 0) {
		memcpy(l.l3 + (l.ip6 ? 8 : 12), l.ip6 ? their_ip6 : their_ip4, l.ip6 ? 16 : 4);
		memcpy(l.l3 + (l.ip6 ? 24 : 16), l.ip6 ? our_ip6 : our_ip4, l.ip6 ? 16 : 4);
	}
	if ((fix & FUZZ_FIX_PORTS) != 0 && l.protocol == PROTO_UDP && l.l4_len >= UDP)
		eg_store_be16(l.l4 + 2, (uint16_t)(BASE_PORT + l.l4[3] % 64));
	if ((fix & FUZZ_FIX_LENGTHS) != 0)
		fix_lengths(&l);
	if ((fix & FUZZ_FIX_CHECKSUMS) != 0)
		fix_checksums(&l);
}

size_t fuzz_put_udp(uint8_t *frame, bool ip6, unsigned tags, struct eg_span payload)
{
	static const uint8_t udp_ports[4] = {0x80, 0x00, 0x63, 0xaf};
	size_t headers = ETH + 4 * tags + (ip6 ? IP6 : IP4) + UDP;
	uint8_t *l3 = frame + ETH + 4 * tags;

	memset(frame, 0, headers);
	for (unsigned i = 0; i < tags; i++) {
		eg_store_be16(frame + 12 + 4 * i, i + 1 < tags ? TYPE_QINQ : TYPE_VLAN);
		eg_store_be16(frame + 14 + 4 * i, i + 1 < tags ? 200 : 100);
	}
	eg_store_be16(l3 - 2, ip6 ? TYPE_IP6 : TYPE_IP4);
	l3[0] = ip6 ? 0x60 : 0x45;
	l3[ip6 ? 6 : 9] = PROTO_UDP;
	l3[ip6 ? 7 : 8] = 64;
	memcpy(frame + headers - UDP, udp_ports, 4);
	if (payload.len != 0)
		memcpy(frame + headers, payload.ptr, payload.len);
	fuzz_fix_frame(frame, headers + payload.len,
	    FUZZ_FIX_MAC | FUZZ_FIX_ADDRESSES | FUZZ_FIX_LENGTHS | FUZZ_FIX_CHECKSUMS);
	return headers + payload.len;
}

/* The IP packet may be followed by padding up to the smallest frame. */
static bool cut_padding(struct layout *l)
{
	size_t whole = l->ip6 ? IP6 + eg_load_be16(l->l3 + 4) : eg_load_be16(l->l3 + 2);
	size_t header = (size_t)(l->l4 - l->l3);

	if (whole > l->l3_len || whole < header)
		return false;
	l->l3_len = whole;
	l->l4_len = whole - header;
	return true;
}

bool fuzz_frame_is_sound(struct eg_span frame, bool offload)
{
	struct layout l = find((uint8_t *)(uintptr_t)frame.ptr, frame.len);

	if (memcmp(frame.ptr + 6, our_mac, 6) != 0)
		return false;
	if (l.l4 == NULL) /* ARP */
		return l.l3 != NULL && eg_load_be16(l.l3 - 2) == TYPE_ARP;
	if (!cut_padding(&l))
		return false;
	if (l.protocol == PROTO_UDP && eg_load_be16(l.l4 + 4) != l.l4_len)
		return false;
	if (offload && l.protocol == PROTO_UDP)
		return true;
	if (!offload && !l.ip6 && fold(add(0, l.l3, IP4)) != 0xffff)
		return false;
	return upper_sum(&l) == 0xffff;
}

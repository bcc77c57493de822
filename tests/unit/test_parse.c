/* SPDX-License-Identifier: BSD-3-Clause */
#include "eg_test.h"

#include "checksum.h"
#include "parse.h"

#define FRAME_MAX   12000u
#define ROOM        (FRAME_MAX + 64u)
#define PAYLOAD_MAX 9000u
#define CLIENT_PORT 40000u
#define BASE_PORT   25519u

/* Our side is .1 and ::1, the client's .2 and ::2. */
static const uint8_t our_mac[6] = {2, 0, 0, 0, 0, 1};
static const uint8_t client_mac[6] = {2, 0, 0, 0, 0, 2};
static const uint8_t our4[4] = {192, 0, 2, 1};
static const uint8_t client4[4] = {192, 0, 2, 2};
static const uint8_t our6[16] = {0x20, 0x01, 0x0d, 0xb8, [13] = 0xaa, 0xbb, 0x01};
static const uint8_t client6[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = 0x02};
static const uint8_t our_group6[16] = {0xff, 0x02, [11] = 1, 0xff, 0xaa, 0xbb, 0x01};
static const uint8_t our_group_mac[6] = {0x33, 0x33, 0xff, 0xaa, 0xbb, 0x01};
static const uint8_t all_nodes6[16] = {0xff, 0x02, [15] = 1};
static const uint8_t all_nodes_mac[6] = {0x33, 0x33, 0, 0, 0, 1};
static const uint8_t broadcast_mac[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
static const uint8_t zeros[16];

static struct eg_netif netif_of(
    const uint8_t mac[6], const uint8_t ip4[4], const uint8_t ip6[16], uint16_t base_port)
{
	struct eg_netif n = {.base_port = base_port, .ip4_cnt = 1, .ip6_cnt = 1};

	memcpy(n.mac, mac, 6);
	memcpy(n.ip4[0].addr, ip4, 4);
	n.ip4[0].prefix_bits = 24;
	memcpy(n.ip6[0].addr, ip6, 16);
	n.ip6[0].prefix_bits = 64;
	return n;
}

static struct eg_netif us(void)
{
	return netif_of(our_mac, our4, our6, BASE_PORT);
}

/* --- An independent checksum, by the words of RFC 1071 --- */

static uint32_t naive_sum(uint32_t sum, const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		sum += i % 2 == 0 ? (uint32_t)p[i] << 8 : p[i];
		if (sum > 0xffff)
			sum -= 0xffff;
	}
	return sum;
}

static uint16_t naive_upper(
    const uint8_t *ip, bool ip6, uint8_t protocol, const uint8_t *upper, size_t len)
{
	uint8_t tail[4] = {(uint8_t)(len >> 8), (uint8_t)len, 0, protocol};
	uint32_t sum = ip6 ? naive_sum(0, ip + 8, 32) : naive_sum(0, ip + 12, 8);

	sum = naive_sum(sum, tail, 4);
	return (uint16_t)~naive_sum(sum, upper, len);
}

/* --- Packets by hand --- */

struct frame {
	uint8_t bytes[ROOM];
	uint32_t len;
	uint32_t l3, l4;
};

static struct frame f;

static void put(const void *bytes, size_t len)
{
	assert_true(f.len + len <= FRAME_MAX);
	memcpy(f.bytes + f.len, bytes, len);
	f.len += (uint32_t)len;
}

static void put16(unsigned v)
{
	put((uint8_t[]){(uint8_t)(v >> 8), (uint8_t)v}, 2);
}

static void begin(const uint8_t dst[6], unsigned ethertype)
{
	memset(&f, 0, sizeof(f));
	put(dst, 6);
	put(client_mac, 6);
	put16(ethertype);
	f.l3 = f.len;
}

static void insert_tag(unsigned tpid, unsigned tci)
{
	memmove(f.bytes + 16, f.bytes + 12, f.len - 12);
	f.len += 4;
	f.l3 += 4;
	f.l4 += 4;
	eg_store_be16(f.bytes + 12, (uint16_t)tpid);
	eg_store_be16(f.bytes + 14, (uint16_t)tci);
}

static void seal_ip4(void)
{
	uint8_t *ip = f.bytes + f.l3;

	eg_store_be16(ip + 10, 0);
	eg_store_be16(ip + 10, (uint16_t)~naive_sum(0, ip, f.l4 - f.l3));
}

static void begin_ip4(uint8_t protocol, size_t options_bytes, size_t upper_bytes)
{
	begin(our_mac, 0x0800);
	put((uint8_t[]){(uint8_t)(0x45 + options_bytes / 4), 0x03}, 2);
	put16((unsigned)(20 + options_bytes + upper_bytes));
	put((uint8_t[]){0x12, 0x34, 0, 0, 7, protocol, 0, 0}, 8);
	put(client4, 4);
	put(our4, 4);
	for (size_t i = 0; i < options_bytes; i++)
		put("\x01", 1);
	f.l4 = f.len;
	seal_ip4();
}

/* ext: extension headers as they are, the first of type `next`. */
static void begin_ip6(uint8_t next, struct eg_span ext, size_t upper_bytes)
{
	begin(our_mac, 0x86dd);
	put("\x61\x2a\xbc\xde", 4);
	put16((unsigned)(ext.len + upper_bytes));
	put((uint8_t[]){next, 255}, 2);
	put(client6, 16);
	put(our6, 16);
	if (ext.len > 0)
		put(ext.ptr, ext.len);
	f.l4 = f.len;
}

static void seal_upper(bool ip6, uint8_t protocol, size_t at)
{
	uint8_t *upper = f.bytes + f.l4;
	size_t len = f.len - f.l4;

	eg_store_be16(upper + at, 0);
	eg_store_be16(upper + at, protocol == 1
	                              ? (uint16_t)~naive_sum(0, upper, len)
	                              : naive_upper(f.bytes + f.l3, ip6, protocol, upper, len));
}

static void put_udp(bool ip6, size_t payload_bytes)
{
	put16(CLIENT_PORT);
	put16(BASE_PORT);
	put16((unsigned)(8 + payload_bytes));
	put16(0);
	for (size_t i = 0; i < payload_bytes; i++)
		put((uint8_t[]){(uint8_t)(i * 7 + 1)}, 1);
	seal_upper(ip6, 17, 6);
}

static void udp4(size_t options_bytes, size_t payload_bytes)
{
	begin_ip4(17, options_bytes, 8 + payload_bytes);
	put_udp(false, payload_bytes);
}

static void udp6(uint8_t next, struct eg_span ext, size_t payload_bytes)
{
	begin_ip6(next, ext, 8 + payload_bytes);
	put_udp(true, payload_bytes);
}

static void put_echo(bool ip6, uint8_t type, size_t data_bytes)
{
	put((uint8_t[]){type, 0, 0, 0, 0xab, 0xcd, 0, 1}, 8);
	for (size_t i = 0; i < data_bytes; i++)
		put((uint8_t[]){(uint8_t)i}, 1);
	seal_upper(ip6, ip6 ? 58 : 1, 2);
}

static void echo4(size_t options_bytes, size_t data_bytes)
{
	begin_ip4(1, options_bytes, 8 + data_bytes);
	put_echo(false, 8, data_bytes);
}

static void echo6(size_t data_bytes)
{
	begin_ip6(58, eg_span(NULL, 0), 8 + data_bytes);
	put_echo(true, 128, data_bytes);
}

static void arp(const uint8_t sender[4], const uint8_t target[4])
{
	begin(broadcast_mac, 0x0806);
	put("\0\1\x08\0\6\4\0\1", 8);
	put(client_mac, 6);
	put(sender, 4);
	put(zeros, 6);
	put(target, 4);
	put("padding of 18 byte", 18);
}

static void solicit(const uint8_t src[16], const uint8_t dst[16], struct eg_span options)
{
	begin_ip6(58, eg_span(NULL, 0), 24 + options.len);
	memcpy(f.bytes + f.l3 + 8, src, 16);
	memcpy(f.bytes + f.l3 + 24, dst, 16);
	memcpy(f.bytes, our_group_mac, 6);
	put("\x87\0\0\0\0\0\0\0", 8);
	put(our6, 16);
	if (options.len > 0)
		put(options.ptr, options.len);
	seal_upper(true, 58, 2);
}

static void solicit_with_mac(void)
{
	solicit(client6, our_group6, eg_span("\1\1\2\0\0\0\0\2", 8));
}

/* --- Asking --- */

static struct eg_packet packet(uint32_t flags)
{
	return (struct eg_packet){.data = f.bytes, .len = f.len, .room = ROOM, .flags = flags};
}

static struct eg_parsed parse_as(const struct eg_netif *n, struct eg_packet *pkt)
{
	struct eg_parsed p;

	eg_parse_packet(n, PAYLOAD_MAX, pkt, &p);
	return p;
}

/* The drop, or EG_DROP_COUNT for a payload and EG_DROP_COUNT + 1 + answer for an answer. */
static unsigned verdict_on(const struct eg_netif *n, uint32_t flags)
{
	struct eg_packet pkt = packet(flags);
	struct eg_parsed p = parse_as(n, &pkt);

	if (p.outcome == EG_PARSE_DROP)
		return p.drop;
	return p.outcome == EG_PARSE_PAYLOAD ? EG_DROP_COUNT : EG_DROP_COUNT + 1u + p.answer;
}

static unsigned verdict(void)
{
	struct eg_netif n = us();

	return verdict_on(&n, 0);
}

#define PAYLOAD            EG_DROP_COUNT
#define ANSWERED(what)     (EG_DROP_COUNT + 1u + EG_ANSWER_answered_##what)
#define assert_drop(what)  assert_int_equal(verdict(), EG_DROP_##what)
#define assert_payload()   assert_int_equal(verdict(), PAYLOAD)
#define assert_answered(w) assert_int_equal(verdict(), ANSWERED(w))

/* --- Tests --- */

static void checksums_agree_with_a_naive_one(void **state)
{
	uint8_t data[320];

	srand(1);
	for (unsigned round = 0; round < 20000; round++) {
		size_t len = (size_t)rand() % 300, off = (size_t)rand() % 8;
		uint16_t got;

		for (size_t i = 0; i < sizeof(data); i++)
			data[i] = round % 4 == 0 ? 0xff : (uint8_t)rand();
		got = eg_checksum_fold(eg_checksum_add(0, data + off, len));
		assert_int_equal(got, naive_sum(0, data + off, len));
	}
}

static void checksum_pieces_add_up(void **state)
{
	uint8_t data[101];

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 37);
	for (size_t cut = 0; cut <= sizeof(data); cut += 2)
		assert_int_equal(eg_checksum_fold(eg_checksum_add(eg_checksum_add(0, data, cut),
		                     data + cut, sizeof(data) - cut)),
		    naive_sum(0, data, sizeof(data)));
	assert_int_equal(eg_checksum_fold(eg_checksum_pseudo(data, true, 17, 70000)),
	    eg_checksum_fold(eg_checksum_add(eg_checksum_add(0, data + 8, 32),
	        (const uint8_t[]){0, 1, 0x11, 0x70, 0, 0, 0, 17}, 8)));
}

static void checksum_update_is_a_recomputation(void **state)
{
	uint8_t data[40];

	srand(2);
	for (unsigned round = 0; round < 20000; round++) {
		uint16_t field, from, to = (uint16_t)rand();

		for (size_t i = 0; i < sizeof(data); i++)
			data[i] = (uint8_t)rand();
		field = (uint16_t)~naive_sum(0, data, sizeof(data));
		from = eg_load_be16(data + 8);
		eg_store_be16(data + 8, to);
		assert_int_equal(
		    eg_checksum_update(field, from, to), (uint16_t)~naive_sum(0, data, 40));
	}
}

static void arp_request_is_answered_in_place(void **state)
{
	static const uint8_t expect[60] = {2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 6, 0, 1, 8, 0, 6,
	    4, 0, 2, 2, 0, 0, 0, 0, 1, 192, 0, 2, 1, 2, 0, 0, 0, 0, 2, 192, 0, 2, 2};

	arp(client4, our4);
	assert_answered(arp);
	assert_memory_equal(f.bytes, expect, sizeof(expect)); /* padding zeroed, not echoed */

	arp(zeros, our4); /* a probe */
	assert_answered(arp);
	arp(client4, our4);
	memcpy(f.bytes, our_mac, 6);
	assert_answered(arp);
}

static void arp_answer_keeps_its_length(void **state)
{
	struct eg_netif n = us();

	for (uint32_t len = 42; len < 100; len++) {
		struct eg_packet pkt;

		arp(client4, our4);
		f.len = len;
		pkt = packet(0);
		assert_int_equal(parse_as(&n, &pkt).outcome, EG_PARSE_ANSWERED);
		assert_int_equal(pkt.len, len < 60 ? len : 60);
	}
}

static void arp_that_is_not_for_us_is_dropped(void **state)
{
	arp(client4, client4);
	assert_drop(arp_not_for_us);
	arp(our4, our4); /* somebody claims our address */
	assert_drop(arp_not_for_us);
	arp(client4, our4);
	f.bytes[f.l3 + 7] = 2;
	assert_drop(arp_not_for_us);
	for (unsigned at = 0; at < 6; at++) {
		arp(client4, our4);
		f.bytes[f.l3 + at] ^= 0x10;
		assert_drop(arp_malformed);
	}
	arp(client4, our4);
	f.bytes[f.l3 + 8] |= 1; /* a group as the sender's hardware address */
	assert_drop(arp_malformed);
	arp(client4, our4);
	f.len = 41;
	assert_drop(arp_malformed);
	arp(client4, our4);
	memcpy(f.bytes, all_nodes_mac, 6);
	assert_drop(eth_not_for_us);
}

static void link_addresses_are_checked(void **state)
{
	for (f.len = 0; f.len < 14; f.len++)
		assert_drop(eth_short);
	udp4(0, 100);
	f.bytes[5] = 9;
	assert_drop(eth_not_for_us);
	udp4(0, 100);
	f.bytes[6] |= 1;
	assert_drop(eth_source);
	udp4(0, 100);
	f.bytes[12] = 0x88;
	assert_drop(eth_type);
	udp4(0, 100);
	memcpy(f.bytes, broadcast_mac, 6);
	assert_drop(eth_not_for_us);
	udp4(0, 100);
	memcpy(f.bytes, all_nodes_mac, 6);
	assert_drop(eth_not_for_us);
	udp6(17, eg_span(NULL, 0), 100);
	memcpy(f.bytes, our_group_mac, 6);
	assert_drop(eth_not_for_us);
	echo6(10);
	memcpy(f.bytes, our_group_mac, 6);
	assert_drop(eth_not_for_us);
	udp6(17, eg_span(NULL, 0), 100);
	memcpy(f.bytes, "\x33\x33\0\0\0\2", 6); /* all-routers: not joined */
	assert_drop(eth_not_for_us);
	memcpy(f.bytes, "\x33\x33\5\0\0\1", 6);
	assert_drop(eth_not_for_us);
}

static void vlan_tags_are_what_the_netif_says(void **state)
{
	/* rows: the frame's tags, outermost first (-1: none); columns: untagged, 7, QinQ 9/7 */
	static const struct {
		int outer, inner;
		bool fits[3];
	} rows[] = {
	    {-1, -1, {true, false, false}},
	    {0, -1, {true, false, false}},
	    {7, -1, {false, true, false}},
	    {8, -1, {false, false, false}},
	    {0x1007, -1, {false, true, false}}, /* a priority beside the id */
	    {0x2000, -1, {true, false, false}},
	    {9, 7, {false, false, true}},
	    {7, 9, {false, false, false}},
	    {9, 8, {false, false, false}},
	    {8, 7, {false, false, false}},
	    {0, 0, {false, false, false}},
	    {0, 7, {false, false, false}},
	};

	for (size_t r = 0; r < sizeof(rows) / sizeof(rows[0]); r++)
		for (unsigned c = 0; c < 3; c++) {
			struct eg_netif n = us();
			struct eg_packet pkt;
			struct eg_parsed p;

			n.tagged = c > 0;
			n.qinq = c == 2;
			n.vlan_id = 7;
			n.service_vlan_id = 9;
			udp4(0, 100);
			if (rows[r].inner >= 0)
				insert_tag(0x8100, (unsigned)rows[r].inner);
			if (rows[r].outer >= 0)
				insert_tag(
				    rows[r].inner >= 0 ? 0x88a8 : 0x8100, (unsigned)rows[r].outer);
			pkt = packet(0);
			p = parse_as(&n, &pkt);
			if (!rows[r].fits[c]) {
				assert_int_equal(p.outcome, EG_PARSE_DROP);
				assert_int_equal(p.drop, EG_DROP_vlan_mismatch);
				continue;
			}
			assert_int_equal(p.outcome, EG_PARSE_PAYLOAD);
			eg_parse_reply(&n, &p, &pkt, 50);
			assert_int_equal(pkt.l2_bytes, f.l3);
		}
	udp4(0, 100);
	insert_tag(0x8100, 7);
	insert_tag(0x8100, 7);
	insert_tag(0x8100, 7);
	assert_drop(vlan_mismatch);
	udp4(0, 100);
	insert_tag(0x8100, 0);
	f.len = 17;
	assert_drop(eth_short);
}

static void ip4_header_is_checked(void **state)
{
	udp4(0, 100);
	assert_payload();
	udp4(0, 100);
	f.bytes[f.l3] = 0x55;
	assert_drop(ip4_malformed);
	udp4(0, 100);
	f.bytes[f.l3] = 0x44;
	assert_drop(ip4_malformed);
	udp4(0, 100);
	f.len--; /* one byte less than the total length says */
	assert_drop(ip4_malformed);
	udp4(0, 100);
	eg_store_be16(f.bytes + f.l3 + 2, 19);
	assert_drop(ip4_malformed);
	udp4(40, 0);
	assert_payload();
	eg_store_be16(f.bytes + f.l3 + 2, 59);
	assert_drop(ip4_malformed);
	udp4(0, 100);
	f.bytes[f.l3 + 10] ^= 1;
	assert_drop(ip4_checksum);
	udp4(0, 100);
	f.bytes[f.l3 + 9] = 6;
	seal_ip4();
	assert_drop(ip4_protocol);
	udp4(0, 100);
	f.bytes[f.l3 + 19] = 9;
	seal_ip4();
	assert_drop(ip4_not_for_us);
}

static void ip4_fragments_are_dropped(void **state)
{
	static const uint16_t fragment[] = {0x2000, 0x0001, 0x1fff, 0x6000, 0x2001};

	for (size_t i = 0; i < sizeof(fragment) / sizeof(fragment[0]); i++) {
		udp4(0, 100);
		eg_store_be16(f.bytes + f.l3 + 6, fragment[i]);
		seal_ip4();
		assert_drop(ip4_fragment);
	}
	udp4(0, 100);
	eg_store_be16(f.bytes + f.l3 + 6, 0x4000);
	seal_ip4();
	assert_payload();
}

static void ip4_sources_are_hosts(void **state)
{
	static const uint8_t bad[][4] = {{0, 0, 0, 0}, {127, 0, 0, 1}, {224, 0, 0, 1},
	    {239, 1, 2, 3}, {255, 255, 255, 255}, {192, 0, 2, 255}, {192, 0, 2, 1}};
	static const uint8_t good[][4] = {
	    {192, 0, 3, 255}, {10, 0, 0, 1}, {223, 255, 255, 255}, {192, 0, 2, 254}, {1, 0, 0, 0}};

	for (size_t i = 0; i < sizeof(bad) / 4; i++) {
		begin_ip4(17, 0, 8 + 50);
		memcpy(f.bytes + f.l3 + 12, bad[i], 4);
		seal_ip4();
		put_udp(false, 50);
		assert_drop(ip4_source);
	}
	for (size_t i = 0; i < sizeof(good) / 4; i++) {
		begin_ip4(17, 0, 8 + 50);
		memcpy(f.bytes + f.l3 + 12, good[i], 4);
		seal_ip4();
		put_udp(false, 50);
		assert_payload();
	}
}

static void small_subnets_have_no_broadcast(void **state)
{
	struct eg_netif n = us();

	n.ip4[0].prefix_bits = 31;
	memcpy(n.ip4[0].addr, (const uint8_t[]){192, 0, 2, 2}, 4);
	begin_ip4(17, 0, 58);
	memcpy(f.bytes + f.l3 + 12, (const uint8_t[]){192, 0, 2, 3}, 4);
	memcpy(f.bytes + f.l3 + 16, n.ip4[0].addr, 4);
	seal_ip4();
	put_udp(false, 50);
	assert_int_equal(verdict_on(&n, 0), PAYLOAD);
	n.ip4[0].prefix_bits = 30;
	assert_int_equal(verdict_on(&n, 0), EG_DROP_ip4_source);
}

static void checksum_flags_of_the_port_count(void **state)
{
	struct eg_netif n = us();

	udp4(0, 100);
	assert_int_equal(verdict_on(&n, EG_PACKET_IP_CKSUM_BAD), EG_DROP_ip4_checksum);
	assert_int_equal(verdict_on(&n, EG_PACKET_L4_CKSUM_BAD), EG_DROP_udp_checksum);
	f.bytes[f.l3 + 10] ^= 1;
	assert_int_equal(verdict_on(&n, EG_PACKET_IP_CKSUM_GOOD), PAYLOAD);
	f.bytes[f.l4 + 6] ^= 1;
	assert_int_equal(
	    verdict_on(&n, EG_PACKET_IP_CKSUM_GOOD | EG_PACKET_L4_CKSUM_GOOD), PAYLOAD);
	assert_int_equal(verdict_on(&n, EG_PACKET_IP_CKSUM_GOOD), EG_DROP_udp_checksum);
	assert_int_equal(verdict_on(&n, EG_PACKET_MULTI_SEGMENT), EG_DROP_rx_multi_segment);
	assert_int_equal(verdict_on(&n, EG_PACKET_TRUNCATED), EG_DROP_too_big);
}

static void udp_is_checked(void **state)
{
	udp4(0, 100);
	eg_store_be16(f.bytes + f.l4 + 4, 7);
	assert_drop(udp_malformed);
	udp4(0, 100);
	eg_store_be16(f.bytes + f.l4 + 4, 109);
	assert_drop(udp_malformed);
	begin_ip4(17, 0, 7);
	put("\0\0\0\0\0\0\0", 7);
	assert_drop(udp_malformed);
	udp4(0, 100);
	f.bytes[f.l4 + 50] ^= 1;
	assert_drop(udp_checksum);
	udp4(0, 100);
	eg_store_be16(f.bytes + f.l4 + 6, 0);
	assert_payload();
	udp6(17, eg_span(NULL, 0), 100);
	assert_payload();
	udp6(17, eg_span(NULL, 0), 100);
	eg_store_be16(f.bytes + f.l4 + 6, 0);
	assert_drop(udp_checksum);
	udp6(17, eg_span(NULL, 0), 100);
	f.bytes[f.l4 + 50] ^= 1;
	assert_drop(udp_checksum);
}

static unsigned verdict_on_ports(unsigned source, unsigned destination)
{
	udp4(0, 100);
	eg_store_be16(f.bytes + f.l4, (uint16_t)source);
	eg_store_be16(f.bytes + f.l4 + 2, (uint16_t)destination);
	seal_upper(false, 17, 6);
	return verdict();
}

static void udp_ports_are_ours_and_not_ours(void **state)
{
	assert_int_equal(verdict_on_ports(CLIENT_PORT, BASE_PORT - 1), EG_DROP_udp_port);
	assert_int_equal(verdict_on_ports(CLIENT_PORT, BASE_PORT), PAYLOAD);
	assert_int_equal(verdict_on_ports(CLIENT_PORT, BASE_PORT + 63), PAYLOAD);
	assert_int_equal(verdict_on_ports(CLIENT_PORT, BASE_PORT + 64), EG_DROP_udp_port);
	assert_int_equal(verdict_on_ports(0, BASE_PORT), EG_DROP_udp_source_port);
	assert_int_equal(verdict_on_ports(BASE_PORT, BASE_PORT), EG_DROP_udp_source_port);
	assert_int_equal(verdict_on_ports(BASE_PORT + 63, BASE_PORT), EG_DROP_udp_source_port);
	assert_int_equal(verdict_on_ports(BASE_PORT - 1, BASE_PORT), PAYLOAD);
	assert_int_equal(verdict_on_ports(BASE_PORT + 64, BASE_PORT), PAYLOAD);
}

static void payload_limit_is_exact(void **state)
{
	udp4(0, PAYLOAD_MAX);
	assert_payload();
	udp4(0, PAYLOAD_MAX + 1);
	assert_drop(too_big);
	udp6(17, eg_span(NULL, 0), PAYLOAD_MAX);
	assert_payload();
	udp6(17, eg_span(NULL, 0), PAYLOAD_MAX + 1);
	assert_drop(too_big);
	udp4(0, 0);
	assert_payload();
}

static void payload_is_cut_out_of_its_frame(void **state)
{
	struct eg_netif n = us();
	struct eg_packet pkt;
	struct eg_parsed p;

	udp4(12, 100);
	put("junk", 4);
	pkt = packet(0);
	p = parse_as(&n, &pkt);
	assert_int_equal(p.outcome, EG_PARSE_PAYLOAD);
	assert_false(p.ip6);
	assert_int_equal(p.l3_off, 14);
	assert_int_equal(p.l4_off, 14 + 32);
	assert_int_equal(p.payload_off, 14 + 32 + 8);
	assert_int_equal(p.payload_bytes, 100);
	assert_int_equal(pkt.len, 14 + 32 + 8 + 100);
}

/* A reply, checked field by field with the naive checksum. */
static void check_reply4(const struct eg_packet *pkt, size_t payload_bytes)
{
	const uint8_t *ip = pkt->data + pkt->l2_bytes, *udp = ip + 20;

	assert_int_equal(pkt->len, pkt->l2_bytes + 28 + payload_bytes);
	assert_int_equal(pkt->l3_bytes, 20);
	assert_memory_equal(pkt->data, client_mac, 6);
	assert_memory_equal(pkt->data + 6, our_mac, 6);
	assert_int_equal(ip[0], 0x45);
	assert_int_equal(ip[1], 0x00); /* ECN taken out */
	assert_int_equal(eg_load_be16(ip + 2), 28 + payload_bytes);
	assert_int_equal(eg_load_be16(ip + 6), 0x4000);
	assert_int_equal(ip[8], 64);
	assert_int_equal(naive_sum(0, ip, 20), 0xffff);
	assert_memory_equal(ip + 12, our4, 4);
	assert_memory_equal(ip + 16, client4, 4);
	assert_int_equal(eg_load_be16(udp), BASE_PORT);
	assert_int_equal(eg_load_be16(udp + 2), CLIENT_PORT);
	assert_int_equal(eg_load_be16(udp + 4), 8 + payload_bytes);
	assert_int_not_equal(eg_load_be16(udp + 6), 0);
	assert_int_equal(naive_upper(ip, false, 17, udp, 8 + payload_bytes), 0);
}

static void reply4_cuts_options_out(void **state)
{
	struct eg_netif n = us();

	for (size_t options = 0; options <= 40; options += 4)
		for (size_t payload = 30; payload <= 100; payload++) {
			struct eg_packet pkt;
			struct eg_parsed p;
			uint8_t expect[100];

			udp4(options, 100);
			memcpy(expect, f.bytes + f.l4 + 8, payload);
			pkt = packet(0);
			p = parse_as(&n, &pkt);
			assert_int_equal(p.outcome, EG_PARSE_PAYLOAD);
			eg_parse_reply(&n, &p, &pkt, (uint32_t)payload);
			assert_ptr_equal(pkt.data, f.bytes + options);
			assert_int_equal(pkt.room, ROOM - options);
			check_reply4(&pkt, payload);
			assert_memory_equal(pkt.data + 42, expect, payload);
		}
}

static void reply6_cuts_extensions_out(void **state)
{
	static const uint8_t ext[] = {60, 0, 5, 2, 0, 0, 1, 0, /* hop-by-hop: router alert, PadN */
	    43, 1, 1, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 17, 0, 4, 0, 0, 0, 0, 0};
	struct eg_netif n = us();
	struct eg_packet pkt;
	struct eg_parsed p;
	const uint8_t *ip;

	udp6(0, eg_span(ext, sizeof(ext)), 100);
	pkt = packet(0);
	p = parse_as(&n, &pkt);
	assert_int_equal(p.outcome, EG_PARSE_PAYLOAD);
	assert_true(p.ip6);
	eg_parse_reply(&n, &p, &pkt, 60);
	assert_ptr_equal(pkt.data, f.bytes + sizeof(ext));
	assert_int_equal(pkt.len, 14 + 40 + 8 + 60);
	assert_int_equal(pkt.l3_bytes, 40);
	assert_int_equal(pkt.flags, EG_PACKET_TX_IP6);
	assert_memory_equal(pkt.data, client_mac, 6);
	ip = pkt.data + 14;
	assert_int_equal(eg_load_be32(ip), 0x60000000 | (0x12u & 0xfc) << 20);
	assert_int_equal(eg_load_be16(ip + 4), 68);
	assert_int_equal(ip[6], 17);
	assert_int_equal(ip[7], 64);
	assert_memory_equal(ip + 8, our6, 16);
	assert_memory_equal(ip + 24, client6, 16);
	assert_int_equal(naive_upper(ip, true, 17, ip + 40, 68), 0);
}

static void reply_leaves_checksums_to_the_port(void **state)
{
	struct eg_netif n = us();
	struct eg_packet pkt;
	struct eg_parsed p;
	uint8_t pseudo[] = {192, 0, 2, 1, 192, 0, 2, 2, 0, 17, 0, 58};

	n.tx_ip_cksum = true;
	n.tx_udp_cksum = true;
	udp4(0, 100);
	pkt = packet(EG_PACKET_IP_CKSUM_GOOD | EG_PACKET_L4_CKSUM_GOOD);
	p = parse_as(&n, &pkt);
	eg_parse_reply(&n, &p, &pkt, 50);
	assert_int_equal(pkt.flags, EG_PACKET_TX_IP_CKSUM | EG_PACKET_TX_UDP_CKSUM);
	assert_int_equal(eg_load_be16(pkt.data + 14 + 10), 0);
	assert_int_equal(eg_load_be16(pkt.data + 34 + 6), naive_sum(0, pseudo, sizeof(pseudo)));
}

/* A checksum that comes out as 0 must be sent as 0xffff. */
static void reply_never_says_no_checksum(void **state)
{
	struct eg_netif n = us();
	unsigned all_ones = 0;

	for (unsigned v = 0; v < 0x10000; v++) {
		struct eg_packet pkt;
		struct eg_parsed p;

		udp4(0, 40);
		eg_store_be16(f.bytes + f.l4 + 8, (uint16_t)v);
		seal_upper(false, 17, 6);
		if (eg_load_be16(f.bytes + f.l4 + 6) == 0)
			eg_store_be16(f.bytes + f.l4 + 6, 0xffff);
		pkt = packet(0);
		p = parse_as(&n, &pkt);
		eg_parse_reply(&n, &p, &pkt, 40);
		assert_int_not_equal(eg_load_be16(pkt.data + 40), 0);
		all_ones += eg_load_be16(pkt.data + 40) == 0xffff;
	}
	assert_int_equal(all_ones, 1);
}

static void datagrams_have_no_headers(void **state)
{
	struct eg_packet pkt;
	struct eg_parsed p;

	udp4(0, 100);
	pkt = packet(EG_PACKET_DATAGRAM);
	eg_parse_packet(NULL, f.len, &pkt, &p);
	assert_int_equal(p.outcome, EG_PARSE_PAYLOAD);
	assert_true(p.datagram);
	assert_int_equal(p.payload_off, 0);
	assert_int_equal(p.payload_bytes, f.len);
	eg_parse_reply(NULL, &p, &pkt, 36);
	assert_ptr_equal(pkt.data, f.bytes);
	assert_int_equal(pkt.len, 36);

	pkt = packet(EG_PACKET_DATAGRAM);
	eg_parse_packet(NULL, f.len - 1, &pkt, &p);
	assert_int_equal(p.drop, EG_DROP_too_big);
	pkt = packet(EG_PACKET_DATAGRAM | EG_PACKET_SOURCE_BAD);
	eg_parse_packet(NULL, f.len, &pkt, &p);
	assert_int_equal(p.drop, EG_DROP_udp_source_port);
}

static void echo_is_answered(void **state)
{
	for (size_t data = 0; data <= 1600; data += data < 70 ? 1 : 153) {
		struct eg_netif n = us();
		size_t options = data % 11 * 4;
		struct eg_packet pkt;
		const uint8_t *ip;

		echo4(options, data);
		pkt = packet(0);
		assert_int_equal(parse_as(&n, &pkt).outcome, EG_PARSE_ANSWERED);
		ip = pkt.data + 14;
		assert_memory_equal(pkt.data, client_mac, 6);
		assert_memory_equal(ip + 12, our4, 4);
		assert_int_equal(naive_sum(0, ip, 20), 0xffff);
		assert_int_equal(eg_load_be16(ip + 2), 28 + data);
		assert_int_equal(ip[20], 0);
		assert_int_equal(naive_sum(0, ip + 20, 8 + data), 0xffff);
		assert_true(pkt.len <= f.len);

		echo6(data);
		pkt = packet(0);
		assert_int_equal(parse_as(&n, &pkt).outcome, EG_PARSE_ANSWERED);
		ip = pkt.data + 14;
		assert_memory_equal(ip + 8, our6, 16);
		assert_int_equal(ip[40], 129);
		assert_int_equal(naive_upper(ip, true, 58, ip + 40, 8 + data), 0);
		assert_int_equal(pkt.len, f.len);
	}
}

/* Id, sequence number and data of zero: RFC 1624's update gives 0, the sum over the reply 0xffff.
 */
static void echo_of_zeros_has_a_checksum(void **state)
{
	struct eg_netif n = us();
	struct eg_packet pkt;

	begin_ip4(1, 0, 24);
	put((const uint8_t[]){8, 0, 0, 0}, 4);
	put(zeros, 16);
	put(zeros, 4);
	seal_upper(false, 1, 2);
	pkt = packet(0);
	assert_int_equal(parse_as(&n, &pkt).outcome, EG_PARSE_ANSWERED);
	assert_int_equal(eg_load_be16(pkt.data + 14 + 20 + 2), 0xffff);
}

static void other_icmp_is_dropped(void **state)
{
	echo4(0, 20);
	f.bytes[f.l4 + 10] ^= 1;
	assert_drop(icmp_malformed);
	echo6(20);
	f.bytes[f.l4 + 10] ^= 1;
	assert_drop(icmp_malformed);
	begin_ip4(1, 0, 7);
	put("\x08\0\xf7\xff\0\0\0", 7);
	assert_drop(icmp_malformed);
	begin_ip4(1, 0, 28);
	put_echo(false, 0, 20);
	assert_drop(icmp_type);
	begin_ip6(58, eg_span(NULL, 0), 28);
	put_echo(true, 129, 20);
	assert_drop(icmp_type);
	begin_ip6(58, eg_span(NULL, 0), 28); /* echo to all nodes is not ours to answer */
	memcpy(f.bytes + f.l3 + 24, all_nodes6, 16);
	put_echo(true, 128, 20);
	memcpy(f.bytes, all_nodes_mac, 6);
	assert_drop(ip6_not_for_us);
	begin_ip6(58, eg_span(NULL, 0), 28);
	memcpy(f.bytes + f.l3 + 8, zeros, 16);
	put_echo(true, 128, 20);
	assert_drop(ip6_source);
}

static void ip6_header_is_checked(void **state)
{
	static const uint8_t loopback[16] = {[15] = 1};

	udp6(17, eg_span(NULL, 0), 50);
	f.bytes[f.l3] = 0x41;
	assert_drop(ip6_malformed);
	udp6(17, eg_span(NULL, 0), 50);
	f.len--;
	assert_drop(ip6_malformed);
	udp6(17, eg_span(NULL, 0), 50);
	f.bytes[f.l3 + 6] = 6;
	assert_drop(ip6_protocol);
	udp6(17, eg_span(NULL, 0), 50);
	f.bytes[f.l3 + 6] = 59;
	assert_drop(ip6_protocol);
	udp6(17, eg_span(NULL, 0), 50);
	f.bytes[f.l3 + 39] ^= 1;
	assert_drop(ip6_not_for_us);
	udp6(17, eg_span(NULL, 0), 50);
	memcpy(f.bytes + f.l3 + 24, our_group6, 16);
	assert_drop(ip6_not_for_us);
	for (unsigned i = 0; i < 4; i++) {
		const uint8_t *bad[] = {all_nodes6, loopback, our6, zeros};

		begin_ip6(17, eg_span(NULL, 0), 58);
		memcpy(f.bytes + f.l3 + 8, bad[i], 16);
		put_udp(true, 50);
		assert_drop(ip6_source);
	}
}

static unsigned verdict_on_ext(uint8_t next, const void *ext, size_t len)
{
	udp6(next, eg_span(ext, len), 50);
	return verdict();
}

static void ip6_extensions_are_skipped_or_named(void **state)
{
	uint8_t chain[5 * 8];

	assert_int_equal(verdict_on_ext(0, "\x11\0\1\4\0\0\0\0", 8), PAYLOAD);
	assert_int_equal(verdict_on_ext(0, "\x11\0\0\0\0\0\0\0", 8), PAYLOAD); /* Pad1 only */
	assert_int_equal(verdict_on_ext(60, "\x11\0\x1e\4\0\0\0\0", 8), PAYLOAD);
	assert_int_equal(verdict_on_ext(43, "\x11\0\4\0\0\0\0\0", 8), PAYLOAD);
	assert_int_equal(verdict_on_ext(43, "\x11\0\4\1\0\0\0\0", 8), EG_DROP_ip6_extension);
	assert_int_equal(verdict_on_ext(44, "\x11\0\0\0\0\0\0\0", 8), EG_DROP_ip6_fragment);
	assert_int_equal(verdict_on_ext(60, "\x2c\0\1\4\0\0\0\0", 8), EG_DROP_ip6_fragment);
	assert_int_equal(verdict_on_ext(51, "\x11\0\0\0\0\0\0\0", 8), EG_DROP_ip6_extension);
	assert_int_equal(verdict_on_ext(50, "\x11\0\0\0\0\0\0\0", 8), EG_DROP_ip6_extension);
	assert_int_equal(verdict_on_ext(135, "\x11\0\0\0\0\0\0\0", 8), EG_DROP_ip6_extension);
	/* an option that says "discard if unknown", one that runs over the end, a header that does
	 */
	assert_int_equal(verdict_on_ext(60, "\x11\0\x5e\4\0\0\0\0", 8), EG_DROP_ip6_extension);
	assert_int_equal(verdict_on_ext(60, "\x11\0\x1e\5\0\0\0\0", 8), EG_DROP_ip6_malformed);
	assert_int_equal(verdict_on_ext(60, "\x11\0\0\0\0\0\0\1", 8), EG_DROP_ip6_malformed);
	assert_int_equal(verdict_on_ext(60, "\x11\x20\1\4\0\0\0\0", 8), EG_DROP_ip6_malformed);
	/* hop-by-hop in the second place */
	assert_int_equal(
	    verdict_on_ext(60, "\0\0\1\4\0\0\0\0\x11\0\1\4\0\0\0\0", 16), EG_DROP_ip6_extension);

	for (size_t i = 0; i < sizeof(chain); i += 8)
		memcpy(chain + i, i + 8 < 32 ? "\x3c\0\1\4\0\0\0\0" : "\x11\0\1\4\0\0\0\0", 8);
	assert_int_equal(verdict_on_ext(60, chain, 32), PAYLOAD);
	chain[24] = 60;
	assert_int_equal(verdict_on_ext(60, chain, 40), EG_DROP_ip6_extension);
	begin_ip6(60, eg_span(NULL, 0), 0); /* nothing where a header is promised */
	assert_drop(ip6_malformed);
}

/* The advertisement that answers to `dst`, `flags` in its first byte. */
static void check_advertisement(const struct eg_packet *pkt, const uint8_t dst[16], uint8_t flags)
{
	const uint8_t *ip = pkt->data + 14;
	size_t icmp_bytes = pkt->len - 54;

	assert_memory_equal(pkt->data + 6, our_mac, 6);
	assert_int_equal(ip[7], 255);
	assert_int_equal(ip[6], 58);
	assert_int_equal(eg_load_be16(ip + 4), icmp_bytes);
	assert_memory_equal(ip + 8, our6, 16);
	assert_memory_equal(ip + 24, dst, 16);
	assert_int_equal(ip[40], 136);
	assert_int_equal(ip[41], 0);
	assert_int_equal(eg_load_be32(ip + 44), (uint32_t)flags << 24);
	assert_memory_equal(ip + 48, our6, 16);
	assert_int_equal(naive_upper(ip, true, 58, ip + 40, icmp_bytes), 0);
	if (icmp_bytes == 32) {
		assert_memory_equal(ip + 64, "\2\1", 2);
		assert_memory_equal(ip + 66, our_mac, 6);
	}
}

static void solicitations_are_answered(void **state)
{
	struct eg_netif n = us();
	struct eg_packet pkt;

	solicit_with_mac();
	pkt = packet(0);
	assert_int_equal(parse_as(&n, &pkt).outcome, EG_PARSE_ANSWERED);
	assert_int_equal(pkt.len, f.len);
	assert_memory_equal(pkt.data, client_mac, 6);
	check_advertisement(&pkt, client6, 0x60);

	solicit(client6, our6, eg_span(NULL, 0)); /* unicast: no option, 8 bytes shorter */
	memcpy(f.bytes, our_mac, 6);
	pkt = packet(0);
	assert_int_equal(parse_as(&n, &pkt).outcome, EG_PARSE_ANSWERED);
	assert_int_equal(pkt.len, f.len + 8);
	check_advertisement(&pkt, client6, 0x60);

	solicit(zeros, our_group6, eg_span(NULL, 0)); /* is the address taken? */
	pkt = packet(0);
	assert_int_equal(parse_as(&n, &pkt).outcome, EG_PARSE_ANSWERED);
	assert_memory_equal(pkt.data, all_nodes_mac, 6);
	check_advertisement(&pkt, all_nodes6, 0x20);

	solicit(client6, our6, eg_span(NULL, 0)); /* no room for the option: without it */
	pkt = packet(0);
	pkt.room = f.len + 7;
	assert_int_equal(parse_as(&n, &pkt).outcome, EG_PARSE_ANSWERED);
	assert_int_equal(pkt.len, f.len);
	check_advertisement(&pkt, client6, 0x60);
}

static void bad_solicitations_are_dropped(void **state)
{
	static const struct {
		const char *options;
		size_t len;
		bool good;
	} rows[] = {
	    {"\1\1\2\0\0\0\0\2", 8, true},
	    {"\x0e\1\1\2\3\4\5\6", 8, true},
	    {"\x0e\1\1\2\3\4\5\6\1\1\2\0\0\0\0\2", 16, true},
	    {"\1\0\2\0\0\0\0\2", 8, false},
	    {"\x0e\0\2\0\0\0\0\2", 8, false},
	    {"\1\2\2\0\0\0\0\2", 8, false},
	    {"\1\2\2\0\0\0\0\2\0\0\0\0\0\0\0\0", 16, false},
	    {"\1\1\2\0\0\0\0", 7, false},
	    {"\1", 1, false},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		solicit(client6, our_group6, eg_span(rows[i].options, rows[i].len));
		assert_int_equal(verdict(), rows[i].good ? ANSWERED(nd) : EG_DROP_nd_malformed);
	}
	solicit_with_mac();
	f.bytes[f.l3 + 7] = 254;
	assert_drop(nd_malformed);
	solicit_with_mac();
	f.bytes[f.l4 + 1] = 1;
	seal_upper(true, 58, 2);
	assert_drop(nd_malformed);
	solicit_with_mac();
	f.bytes[f.l4 + 8] = 0xff;
	seal_upper(true, 58, 2);
	assert_drop(nd_malformed);
	solicit_with_mac();
	f.bytes[f.l4 + 2] ^= 1;
	assert_drop(icmp_malformed);
	solicit_with_mac();
	f.bytes[f.l4 + 8] ^= 1; /* the same group, another address */
	seal_upper(true, 58, 2);
	assert_drop(nd_not_for_us);
	solicit(zeros, our_group6, eg_span("\1\1\2\0\0\0\0\2", 8));
	assert_drop(nd_malformed);
	solicit(zeros, our_group6, eg_span("\x0e\1\1\2\3\4\5\6", 8)); /* RFC 7527 nonce */
	assert_answered(nd);
	solicit(zeros, our6, eg_span(NULL, 0));
	assert_drop(nd_malformed);
	solicit(our6, our_group6, eg_span(NULL, 0));
	assert_drop(ip6_source);
	begin_ip6(58, eg_span(NULL, 0), 20);
	put("\x87\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 20);
	seal_upper(true, 58, 2);
	assert_drop(nd_malformed);
}

/* --- Anything at all --- */

#define KINDS 9u

static void build_kind(unsigned kind)
{
	static const uint8_t ext[] = {60, 0, 5, 2, 0, 0, 1, 0, 17, 0, 1, 4, 0, 0, 0, 0};

	switch (kind) {
	case 0:
		arp(client4, our4);
		break;
	case 1:
		udp4(0, 60);
		break;
	case 2:
		udp4(8, 61);
		break;
	case 3:
		udp6(17, eg_span(NULL, 0), 60);
		break;
	case 4:
		udp6(0, eg_span(ext, sizeof(ext)), 61);
		break;
	case 5:
		echo4(4, 31);
		break;
	case 6:
		echo6(30);
		break;
	case 7:
		solicit_with_mac();
		break;
	default:
		solicit(zeros, our_group6, eg_span(NULL, 0));
		break;
	}
}

/* The netif of whoever the answer in pkt is for. */
static struct eg_netif peer_of(const struct eg_packet *pkt)
{
	const uint8_t *ip = pkt->data + 14, *udp;
	bool ip6 = ip[-2] == 0x86;
	struct eg_netif n = netif_of(client_mac, client4, client6, 0);

	if ((pkt->data[0] & 1) == 0)
		memcpy(n.mac, pkt->data, 6);
	if (ip6 && ip[24] != 0xff)
		memcpy(n.ip6[0].addr, ip + 24, 16);
	if (!ip6)
		memcpy(n.ip4[0].addr, ip + 16, 4);
	n.ip4[0].prefix_bits = 32;
	udp = ip + (ip6 ? 40 : 20);
	n.base_port = eg_load_be16(udp + 2);
	if (n.base_port < eg_load_be16(udp))
		n.base_port = (uint16_t)(n.base_port > 63 ? n.base_port - 63 : 0);
	return n;
}

/* An answer, read by its receiver: not for it to answer, but with nothing wrong before that. */
static void check_answer(struct eg_packet *pkt, const struct eg_parsed *p)
{
	struct eg_netif peer = peer_of(pkt);
	struct eg_parsed back;

	pkt->flags = 0;
	back = parse_as(&peer, pkt);
	if (p->outcome == EG_PARSE_PAYLOAD) {
		assert_int_equal(back.outcome, EG_PARSE_PAYLOAD);
		assert_int_equal(back.payload_bytes, p->payload_bytes);
		return;
	}
	assert_int_equal(back.outcome, EG_PARSE_DROP);
	assert_int_equal(back.drop,
	    p->answer == EG_ANSWER_answered_arp ? EG_DROP_arp_not_for_us : EG_DROP_icmp_type);
}

/* In a heap block of exactly its length, so that the sanitizer sees a byte too far. */
static unsigned parse_exact(const struct eg_netif *n, const uint8_t *bytes, uint32_t len, bool room)
{
	uint8_t *copy = malloc(len + (room ? 8 : 0) + 1) + 1;
	struct eg_packet pkt = {.data = copy, .len = len, .room = len + (room ? 8 : 0)};
	struct eg_parsed p;

	memcpy(copy, bytes, len);
	p = parse_as(n, &pkt);
	assert_in_range(p.outcome, EG_PARSE_DROP, EG_PARSE_PAYLOAD);
	assert_in_range(p.drop, 0, EG_DROP_COUNT - 1);
	if (p.outcome == EG_PARSE_PAYLOAD) {
		assert_true((uint32_t)p.payload_off + p.payload_bytes == pkt.len && pkt.len <= len);
		eg_parse_reply(n, &p, &pkt, p.payload_bytes);
	}
	if (p.outcome != EG_PARSE_DROP) {
		assert_true(pkt.data >= copy && pkt.data + pkt.len <= copy + len + (room ? 8 : 0));
		assert_true(pkt.len <= len || p.answer == EG_ANSWER_answered_nd);
		check_answer(&pkt, &p);
	}
	free(copy - 1);
	return p.outcome;
}

static void every_prefix_is_read_within_its_bounds(void **state)
{
	struct eg_netif n = us();

	for (unsigned kind = 0; kind < KINDS; kind++) {
		uint32_t whole;

		build_kind(kind);
		whole = kind == 0 ? 42 : f.len;
		for (uint32_t len = 0; len <= f.len; len++)
			assert_int_equal(
			    parse_exact(&n, f.bytes, len, false) != EG_PARSE_DROP, len >= whole);
	}
}

/* Most mutations die at a checksum, so every other packet is told to be good by its port. */
static void random_mutations_are_survived(void **state)
{
	struct eg_netif n = us();
	unsigned alive = 0;

	srand(3);
	for (unsigned round = 0; round < 200000; round++) {
		unsigned mutations = 1 + (unsigned)rand() % 3;

		build_kind(round % KINDS);
		for (unsigned m = 0; m < mutations; m++)
			f.bytes[(unsigned)rand() % f.len] = (uint8_t)rand();
		if (round % 2 == 0) {
			uint8_t protocol = f.bytes[13] == 0xdd ? 58 : 1;

			if (round % KINDS >= 1 && round % KINDS <= 4)
				seal_upper(protocol == 58, 17, 6);
			else if (round % KINDS > 4)
				seal_upper(protocol == 58, protocol, 2);
			if (protocol == 1 && round % KINDS != 0)
				seal_ip4();
		}
		alive += parse_exact(&n, f.bytes, f.len - (unsigned)rand() % 20 / 19, rand() % 2) !=
		         EG_PARSE_DROP;
	}
	assert_in_range(alive, 20000, 180000);
}

/* --- Announcements --- */

static struct eg_netif announcer(void)
{
	struct eg_netif n = us();

	n.ip4_cnt = 2;
	memcpy(n.ip4[1].addr, (const uint8_t[]){10, 0, 0, 1}, 4);
	n.ip4[1].prefix_bits = 8;
	n.ip6_cnt = 2;
	memcpy(n.ip6[1].addr, (const uint8_t[]){0xfe, 0x80, [15] = 9}, 16);
	n.ip6[1].prefix_bits = 64;
	n.has_gateway4 = true;
	memcpy(n.gateway4, (const uint8_t[]){10, 9, 9, 9}, 4);
	n.has_gateway6 = true;
	memcpy(n.gateway6, (const uint8_t[]){0xfe, 0x80, [15] = 0x77}, 16);
	return n;
}

static void announcements_come_in_order(void **state)
{
	struct eg_netif n = announcer();
	uint8_t buf[128];

	for (unsigned i = 0; i < 8; i++) {
		size_t len = eg_pipeline_announcement(&n, i, buf, sizeof(buf));
		const uint8_t *ip = buf + 14;

		assert_in_range(len, 60, 128);
		assert_memory_equal(buf + 6, our_mac, 6);
		if (i < 2) {
			assert_memory_equal(buf, broadcast_mac, 6);
			assert_memory_equal(ip, "\0\1\x08\0\6\4\0\1", 8);
			assert_memory_equal(ip + 14, n.ip4[i].addr, 4);
			assert_memory_equal(ip + 24, n.ip4[i].addr, 4);
		} else if (i < 4) {
			assert_memory_equal(buf, "\x33\x33\0\0\0\x16", 6);
			assert_int_equal(len, 90);
			assert_int_equal(ip[7], 1);
			assert_memory_equal(ip + 8, n.ip6[1].addr, 16); /* the link-local one */
			assert_memory_equal(ip + 40, "\x3a\0\5\2\0\0\1\0", 8);
			assert_int_equal(ip[48], 143);
			assert_int_equal(eg_load_be16(ip + 54), 1);
			assert_memory_equal(ip + 56, "\4\0\0\0", 4);
			assert_memory_equal(ip + 60, "\xff\2\0\0\0\0\0\0\0\0\0\1\xff", 13);
			assert_memory_equal(ip + 73, n.ip6[i - 2].addr + 13, 3);
			assert_int_equal(naive_upper(ip, true, 58, ip + 48, 28), 0);
		} else if (i < 6) {
			assert_memory_equal(buf, all_nodes_mac, 6);
			assert_int_equal(len, 86);
			assert_int_equal(ip[7], 255);
			assert_memory_equal(ip + 8, n.ip6[i - 4].addr, 16);
			assert_int_equal(ip[40], 136);
			assert_int_equal(ip[44], 0x20);
			assert_memory_equal(ip + 48, n.ip6[i - 4].addr, 16);
			assert_memory_equal(ip + 66, our_mac, 6);
			assert_int_equal(naive_upper(ip, true, 58, ip + 40, 32), 0);
		}
	}
	assert_int_equal(eg_pipeline_announcement(&n, 8, buf, sizeof(buf)), 0);
	assert_int_equal(eg_pipeline_announcement(&n, UINT32_MAX, buf, sizeof(buf)), 0);
	assert_int_equal(eg_pipeline_announcement(&n, 4, buf, 85), 0);
}

/* The gateway, an edgate for this purpose, answers both questions to the address that asked. */
static void gateways_would_answer(void **state)
{
	struct eg_netif n = announcer();
	struct eg_netif gateway = netif_of(client_mac, n.gateway4, n.gateway6, 1);
	uint8_t buf[128];

	for (unsigned i = 6; i < 8; i++) {
		struct eg_packet pkt = {.data = buf, .room = sizeof(buf)};
		struct eg_parsed p;

		pkt.len = (uint32_t)eg_pipeline_announcement(&n, i, buf, sizeof(buf));
		p = parse_as(&gateway, &pkt);
		assert_int_equal(p.outcome, EG_PARSE_ANSWERED);
		assert_int_equal(p.answer, i == 6 ? EG_ANSWER_answered_arp : EG_ANSWER_answered_nd);
		if (i == 6)
			assert_memory_equal(buf + 14 + 24, n.ip4[1].addr, 4);
		else
			assert_memory_equal(buf + 14 + 24, n.ip6[1].addr, 16);
	}
}

static void announcements_carry_the_tags(void **state)
{
	struct eg_netif n = announcer();
	uint8_t plain[128], tagged[128];

	n.vlan_id = 7;
	n.service_vlan_id = 9;
	for (unsigned i = 0; i < 8; i++) {
		size_t len, plain_len;

		n.tagged = n.qinq = false;
		plain_len = eg_pipeline_announcement(&n, i, plain, sizeof(plain));
		n.tagged = n.qinq = true;
		len = eg_pipeline_announcement(&n, i, tagged, sizeof(tagged));
		assert_memory_equal(tagged + 12, "\x88\xa8\0\x09\x81\0\0\7", 8);
		assert_memory_equal(tagged + 20, plain + 12, 30);
		assert_int_equal(len, plain_len == 60 ? 60 : plain_len + 8);
		n.qinq = false;
		len = eg_pipeline_announcement(&n, i, tagged, sizeof(tagged));
		assert_memory_equal(tagged + 12, "\x81\0\0\7", 4);
		assert_memory_equal(tagged + 16, plain + 12, 30);
	}
}

static void announcements_skip_what_is_not_configured(void **state)
{
	struct eg_netif n = announcer();
	uint8_t buf[128];

	n.ip4_cnt = 0; /* nobody to ask for the IPv4 gateway */
	assert_int_equal(eg_pipeline_announcement(&n, 4, buf, sizeof(buf)), 86);
	assert_int_equal(buf[14 + 40], 135);
	assert_int_equal(eg_pipeline_announcement(&n, 5, buf, sizeof(buf)), 0);
	n.ip6_cnt = 1; /* no link-local address: MLD from :: */
	assert_int_equal(eg_pipeline_announcement(&n, 0, buf, sizeof(buf)), 90);
	assert_memory_equal(buf + 14 + 8, zeros, 16);
	n.ip6_cnt = 0;
	assert_int_equal(eg_pipeline_announcement(&n, 0, buf, sizeof(buf)), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(checksums_agree_with_a_naive_one),
	    cmocka_unit_test(checksum_pieces_add_up),
	    cmocka_unit_test(checksum_update_is_a_recomputation),
	    cmocka_unit_test(arp_request_is_answered_in_place),
	    cmocka_unit_test(arp_answer_keeps_its_length),
	    cmocka_unit_test(arp_that_is_not_for_us_is_dropped),
	    cmocka_unit_test(link_addresses_are_checked),
	    cmocka_unit_test(vlan_tags_are_what_the_netif_says),
	    cmocka_unit_test(ip4_header_is_checked),
	    cmocka_unit_test(ip4_fragments_are_dropped),
	    cmocka_unit_test(ip4_sources_are_hosts),
	    cmocka_unit_test(small_subnets_have_no_broadcast),
	    cmocka_unit_test(checksum_flags_of_the_port_count),
	    cmocka_unit_test(udp_is_checked),
	    cmocka_unit_test(udp_ports_are_ours_and_not_ours),
	    cmocka_unit_test(payload_limit_is_exact),
	    cmocka_unit_test(payload_is_cut_out_of_its_frame),
	    cmocka_unit_test(reply4_cuts_options_out),
	    cmocka_unit_test(reply6_cuts_extensions_out),
	    cmocka_unit_test(reply_leaves_checksums_to_the_port),
	    cmocka_unit_test(reply_never_says_no_checksum),
	    cmocka_unit_test(datagrams_have_no_headers),
	    cmocka_unit_test(echo_is_answered),
	    cmocka_unit_test(echo_of_zeros_has_a_checksum),
	    cmocka_unit_test(other_icmp_is_dropped),
	    cmocka_unit_test(ip6_header_is_checked),
	    cmocka_unit_test(ip6_extensions_are_skipped_or_named),
	    cmocka_unit_test(solicitations_are_answered),
	    cmocka_unit_test(bad_solicitations_are_dropped),
	    cmocka_unit_test(every_prefix_is_read_within_its_bounds),
	    cmocka_unit_test(random_mutations_are_survived),
	    cmocka_unit_test(announcements_come_in_order),
	    cmocka_unit_test(gateways_would_answer),
	    cmocka_unit_test(announcements_carry_the_tags),
	    cmocka_unit_test(announcements_skip_what_is_not_configured),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench.h"

#include "checksum.h"

#include <stdlib.h>

#define ETH_BYTES     14u
#define IP_BYTES      20u
#define UDP_BYTES     8u
#define HEADERS_BYTES (ETH_BYTES + IP_BYTES + UDP_BYTES)
#define CLIENT_PORT   40000u

#define NETIF                                                                                      \
	.mac = {2, 0, 0, 0, 0, 1}, .base_port = EG_EGT_PORT, .ip4_cnt = 1,                         \
	.ip4 = {{.addr = {192, 0, 2, 1}, .prefix_bits = 24}}

const struct eg_netif bench_netif = {NETIF};
const struct eg_netif bench_netif_offload = {NETIF, .tx_ip_cksum = true, .tx_udp_cksum = true};

static size_t write_request(
    uint8_t *frame, size_t room, const struct bench_corpus *corpus, unsigned first, unsigned tokens)
{
	struct eg_writer writer = eg_writer(frame, room);
	size_t bytes;

	eg_egt_begin_request(&writer, EG_EGT_VERIFY, 0, (uint8_t)tokens, first + 1, 0);
	for (unsigned i = 0; i < tokens; i++) {
		const struct eg_egt_record record = {
		    .policy_id = 1, .token = bench_corpus_token(corpus, first + i)};

		eg_egt_put_record(&writer, &record);
	}
	bytes = eg_egt_finish_request(&writer, frame, (uint8_t)tokens);
	bench_need(bytes != 0, "a request");
	return bytes;
}

static void put_checksum(uint8_t *field, uint64_t sum)
{
	eg_store_be16(field, (uint16_t)~eg_checksum_fold(sum));
}

/* Ethernet, IPv4 and UDP with both checksums, in front of the payload. */
static void write_headers(uint8_t *frame, size_t payload_bytes)
{
	static const uint8_t eth[ETH_BYTES] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0};
	static const uint8_t ip[IP_BYTES] = {
	    0x45, 0, 0, 0, 0, 0, 0x40, 0, 64, 17, 0, 0, 192, 0, 2, 2, 192, 0, 2, 1};
	uint8_t *l3 = frame + ETH_BYTES, *l4 = l3 + IP_BYTES;
	uint32_t udp_bytes = (uint32_t)(UDP_BYTES + payload_bytes);
	uint64_t sum;

	memcpy(frame, eth, sizeof(eth));
	memcpy(l3, ip, sizeof(ip));
	eg_store_be16(l3 + 2, (uint16_t)(IP_BYTES + udp_bytes));
	put_checksum(l3 + 10, eg_checksum_add(0, l3, IP_BYTES));
	eg_store_be16(l4, CLIENT_PORT);
	eg_store_be16(l4 + 2, EG_EGT_PORT);
	eg_store_be16(l4 + 4, (uint16_t)udp_bytes);
	eg_store_be16(l4 + 6, 0);
	sum = eg_checksum_pseudo(l3, false, 17, udp_bytes);
	put_checksum(l4 + 6, eg_checksum_add(sum, l4, udp_bytes));
}

void bench_frames_init(struct bench_frames *frames, const struct bench_corpus *corpus,
    unsigned tokens, enum bench_link link)
{
	size_t headers = link == BENCH_ETHERNET ? HEADERS_BYTES : 0;
	size_t room = 64 + tokens * (corpus->token_bytes + 8);

	frames->cnt = BENCH_TOKENS / tokens;
	frames->tokens = tokens;
	frames->link = link;
	frames->stride = (headers + room + 127) / 64 * 64;
	frames->fresh = calloc(frames->cnt, frames->stride);
	frames->port = calloc(frames->cnt, frames->stride);
	frames->packet = calloc(frames->cnt, sizeof(*frames->packet));
	bench_need(frames->fresh && frames->port && frames->packet, "memory for frames");
	for (unsigned i = 0; i < frames->cnt; i++) {
		uint8_t *frame = frames->fresh + i * frames->stride;
		size_t payload = write_request(frame + headers, room, corpus, i * tokens, tokens);

		frames->bytes = headers + payload;
		if (link == BENCH_ETHERNET)
			write_headers(frame, payload);
	}
}

void bench_frames_free(struct bench_frames *frames)
{
	free(frames->fresh);
	free(frames->port);
	free(frames->packet);
}

void bench_frames_receive(struct bench_frames *frames, uint32_t flags)
{
	memcpy(frames->port, frames->fresh, frames->cnt * frames->stride);
	for (unsigned i = 0; i < frames->cnt; i++)
		frames->packet[i] = (struct eg_packet){
		    .data = frames->port + i * frames->stride,
		    .len = (uint32_t)frames->bytes,
		    .room = (uint32_t)frames->stride,
		    .flags = flags,
		};
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The other end of edgate-load's wire with next to nothing behind it: every request is answered OK
 * without a look at its tokens. What edgate-load reaches against this is its own ceiling.
 *
 * usage: reflect VDEV [EAL argument …]        (ends with SIGTERM)
 *
 * VDEV is a memif server, as net_memif0,role=server,socket=/tmp/m.sock,socket-abstract=no. It is
 * 192.0.2.1 there, answers ARP and asks nobody.
 */
#include "eg_egt.h"
#include "eg_log.h"
#include "eg_port.h"

#include <endian.h>
#include <signal.h>
#include <stdlib.h>

#define HEADERS_BYTES 42u
#define IP_AT         14u
#define UDP_AT        34u
#define TYPE_ARP      0x0806u
#define TYPE_IP4      0x0800u
#define ARP_BYTES     42u
#define TRIES         1000u /* to send, before the rest is dropped */

static volatile sig_atomic_t stop;

static void on_signal(int number)
{
	(void)number;
	stop = 1;
}

static void swap(uint8_t *a, uint8_t *b, size_t len)
{
	uint8_t keep[6];

	memcpy(keep, a, len);
	memcpy(a, b, len);
	memcpy(b, keep, len);
}

static void answer_arp(const struct eg_port *port, struct eg_packet *pkt)
{
	uint8_t *arp = pkt->data + IP_AT;

	memcpy(pkt->data, pkt->data + 6, 6);
	memcpy(pkt->data + 6, port->netif.mac, 6);
	eg_store_be16(arp + 6, 2);
	swap(arp + 8, arp + 18, 6);
	swap(arp + 14, arp + 24, 4);
	memcpy(arp + 8, port->netif.mac, 6);
}

/* RFC 1071, over an even number of bytes in which the checksum's own place is 0. */
static uint16_t checksum(uint64_t sum, const uint8_t *data, size_t len)
{
	uint32_t word;

	sum = htobe16((uint16_t)sum);
	for (size_t i = 0; i < len; i += 2) {
		uint16_t half;

		memcpy(&half, data + i, sizeof(half));
		sum += half;
	}
	word = (uint32_t)((sum & 0xffff) + (sum >> 16));
	return be16toh((uint16_t) ~((word & 0xffff) + (word >> 16)));
}

static void answer_request(struct eg_packet *pkt)
{
	static const struct eg_egt_answer ok = {.status = EG_OK};
	uint8_t *frame = pkt->data, *payload = frame + HEADERS_BYTES;
	uint64_t id = eg_load_be64(payload + 8);
	size_t bytes = eg_egt_write_response(payload, EG_EGT_VERIFY_R, id, 1, &ok, 1);

	swap(frame, frame + 6, 6);
	swap(frame + IP_AT + 12, frame + IP_AT + 16, 4);
	swap(frame + UDP_AT, frame + UDP_AT + 2, 2);
	eg_store_be16(frame + IP_AT + 2, (uint16_t)(28 + bytes));
	eg_store_be16(frame + IP_AT + 10, 0);
	eg_store_be16(frame + IP_AT + 10, checksum(0, frame + IP_AT, 20));
	eg_store_be16(frame + UDP_AT + 4, (uint16_t)(8 + bytes));
	eg_store_be16(frame + UDP_AT + 6, 0);
	/* From the addresses on; the rest of the pseudo-header is the protocol and the length. */
	eg_store_be16(
	    frame + UDP_AT + 6, checksum(17 + 8 + bytes, frame + IP_AT + 12, 8 + 8 + bytes));
	pkt->len = (uint32_t)(HEADERS_BYTES + bytes);
}

static bool answer(const struct eg_port *port, struct eg_packet *pkt)
{
	uint16_t type = pkt->len >= ARP_BYTES ? eg_load_be16(pkt->data + 12) : 0;

	if (type == TYPE_ARP) {
		answer_arp(port, pkt);
		return true;
	}
	if (type != TYPE_IP4 || pkt->len < HEADERS_BYTES + EG_EGT_RESPONSE_BYTES(1))
		return false;
	answer_request(pkt);
	return true;
}

static void turn(struct eg_port *port)
{
	struct eg_packet pkts[EG_BURST_MAX], out[EG_BURST_MAX], bad[EG_BURST_MAX];
	unsigned cnt = port->ops->rx(port, 0, pkts, EG_BURST_MAX), out_cnt = 0, bad_cnt = 0,
	         sent = 0;

	for (unsigned i = 0; i < cnt; i++)
		__builtin_prefetch(pkts[i].data);
	for (unsigned i = 0; i < cnt; i++) {
		if (answer(port, &pkts[i]))
			out[out_cnt++] = pkts[i];
		else
			bad[bad_cnt++] = pkts[i];
	}
	for (unsigned i = 0; sent < out_cnt && i < TRIES; i++)
		sent += port->ops->tx(port, 0, &out[sent], out_cnt - sent);
	port->ops->drop(port, 0, &out[sent], out_cnt - sent);
	port->ops->drop(port, 0, bad, bad_cnt);
}

int main(int argc, char **argv)
{
	static char name[] = "reflect";
	struct eg_config_port config = {.name = name,
	    .kind = EG_PORT_DPDK,
	    .vdev = argc > 1 ? argv[1] : NULL,
	    .queues = 1,
	    .vlan = -1,
	    .service_vlan = -1,
	    .addr_cnt = 1,
	    .addr = {{.family = 4, .prefix_bits = 24, .bytes = {192, 0, 2, 1}}}};
	struct eg_port *port;
	struct eg_error err;

	eg_log_init("reflect", EG_LOG_INFO);
	if (argc < 2 || eg_port_eal_init(argc - 2, argv + 2, &err) != 0 ||
	    eg_port_open(&port, &config, EG_EGT_DATAGRAM_BYTES, EG_EGT_PORT, &err) != 0) {
		eg_log(EG_LOG_ERROR, "%s", argc < 2 ? "usage: reflect VDEV [EAL …]" : err.text);
		return EXIT_FAILURE;
	}
	(void)signal(SIGINT, on_signal);
	(void)signal(SIGTERM, on_signal);
	while (stop == 0)
		turn(port);
	(void)port->ops->close(port);
	eg_port_eal_cleanup();
	return EXIT_SUCCESS;
}

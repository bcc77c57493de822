/* SPDX-License-Identifier: BSD-3-Clause */
#include "eg_test.h"

#include "eg_port.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define DATAGRAM_MAX 1232u

static uint16_t base_port; /* 64 ports that were free when the test began */

static struct eg_config_port loopback(unsigned queues)
{
	return (struct eg_config_port){
	    .name = (char *)(uintptr_t) "test",
	    .kind = EG_PORT_SOCKET,
	    .queues = queues,
	    .vlan = -1,
	    .service_vlan = -1,
	    .addr_cnt = 1,
	    .addr = {{.family = 4, .prefix_bits = 8, .bytes = {127, 0, 0, 1}}},
	};
}

static struct sockaddr_in at(uint16_t port)
{
	struct sockaddr_in sa = {.sin_family = AF_INET, .sin_port = htons(port)};

	sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return sa;
}

static int find_ports(void **state)
{
	struct eg_config_port config = loopback(1);
	struct eg_error err;

	(void)state;
	for (unsigned i = 0; i < 20; i++) {
		struct eg_port *port;

		base_port = (uint16_t)(20000 + (unsigned)(getpid() + (int)i * 7) % 150 * 64);
		if (eg_port_open(&port, &config, DATAGRAM_MAX, base_port, &err) == 0)
			return port->ops->close(port);
	}
	(void)fprintf(stderr, "%s\n", err.text);
	return -1;
}

static struct eg_port *open_port(unsigned queues)
{
	struct eg_config_port config = loopback(queues);
	struct eg_port *port = NULL;
	struct eg_error err;
	int rc = eg_port_open(&port, &config, DATAGRAM_MAX, base_port, &err);

	if (rc != 0)
		fail_msg("%s", err.text);
	port->name = "test"; /* config was ours alone */
	return port;
}

static int client_at(uint16_t port)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in sa = at(port);
	struct timeval patience = {.tv_sec = 2};

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)), 0);
	return fd;
}

static void send_to(int fd, uint16_t port, const void *data, size_t len)
{
	struct sockaddr_in sa = at(port);

	assert_int_equal(
	    sendto(fd, data, len, 0, (struct sockaddr *)&sa, sizeof(sa)), (ssize_t)len);
}

static uint16_t receive_from(int fd, uint8_t *data, size_t room, ssize_t *len)
{
	struct sockaddr_in sa;
	socklen_t bytes = sizeof(sa);

	*len = recvfrom(fd, data, room, 0, (struct sockaddr *)&sa, &bytes);
	assert_true(*len >= 0);
	return ntohs(sa.sin_port);
}

/* Polls all queues in turn until something comes; NULL-safe end after two seconds. */
static unsigned poll_rx(
    struct eg_port *port, struct eg_packet pkts[], unsigned max, unsigned *queue)
{
	for (unsigned i = 0; i < 2000; i++) {
		for (*queue = 0; *queue < port->queue_cnt; ++*queue) {
			unsigned cnt = port->ops->rx(port, *queue, pkts, max);

			if (cnt != 0)
				return cnt;
		}
		(void)poll(NULL, 0, 1);
	}
	return 0;
}

static void answers_from_the_port_that_was_asked(void **state)
{
	struct eg_port *port = open_port(1);
	int fd = client_at(0);

	(void)state;
	for (unsigned i = 0; i < EG_EGT_PORT_CNT; i++) {
		uint8_t byte = (uint8_t)i, back[8];
		struct eg_packet pkt;
		unsigned queue;
		ssize_t len;

		send_to(fd, (uint16_t)(base_port + i), &byte, 1);
		assert_int_equal(poll_rx(port, &pkt, 1, &queue), 1);
		assert_int_equal(pkt.flags, EG_PACKET_DATAGRAM);
		assert_int_equal(pkt.len, 1);
		assert_int_equal(pkt.room, DATAGRAM_MAX);
		assert_int_equal(pkt.data[0], byte);
		pkt.data[1] = 0x55;
		pkt.len = 2;
		assert_int_equal(port->ops->tx(port, queue, &pkt, 1), 1);
		assert_int_equal(receive_from(fd, back, sizeof(back), &len), base_port + i);
		assert_int_equal(len, 2);
		assert_int_equal(back[0], byte);
		assert_int_equal(back[1], 0x55);
	}
	(void)close(fd);
	assert_int_equal(port->ops->close(port), 0);
}

static void a_burst_of_100_is_answered_whole(void **state)
{
	struct eg_port *port = open_port(1);
	int fd = client_at(0);
	bool seen[100] = {false};
	unsigned cnt = 0;

	(void)state;
	for (uint8_t i = 0; i < 100; i++)
		send_to(fd, (uint16_t)(base_port + i % 3), &i, 1);
	while (cnt < 100) {
		struct eg_packet pkts[EG_BURST_MAX];
		unsigned queue, n = poll_rx(port, pkts, EG_BURST_MAX, &queue);

		assert_in_range(n, 1, EG_BURST_MAX);
		assert_int_equal(port->ops->tx(port, queue, pkts, n), n);
		cnt += n;
	}
	for (unsigned i = 0; i < 100; i++) {
		uint8_t back[8];
		ssize_t len;
		uint16_t from = receive_from(fd, back, sizeof(back), &len);

		assert_int_equal(len, 1);
		assert_in_range(back[0], 0, 99);
		assert_int_equal(from, base_port + back[0] % 3);
		assert_false(seen[back[0]]);
		seen[back[0]] = true;
	}
	(void)close(fd);
	assert_int_equal(port->ops->close(port), 0);
}

static void every_queue_gets_its_share(void **state)
{
	struct eg_port *port = open_port(2);
	unsigned from_queue[2] = {0, 0};

	(void)state;
	for (unsigned i = 0; i < 64; i++) {
		int fd = client_at(0);
		struct eg_packet pkt;
		unsigned queue;

		send_to(fd, base_port, "x", 1);
		assert_int_equal(poll_rx(port, &pkt, 1, &queue), 1);
		from_queue[queue]++;
		port->ops->drop(port, queue, &pkt, 1);
		(void)close(fd);
	}
	assert_int_not_equal(from_queue[0], 0);
	assert_int_not_equal(from_queue[1], 0);
	assert_int_equal(port->ops->close(port), 0);
}

static void the_longest_fits_and_one_more_is_truncated(void **state)
{
	struct eg_port *port = open_port(1);
	int fd = client_at(0);
	uint8_t data[DATAGRAM_MAX + 1] = {7};
	struct eg_packet pkt;
	unsigned queue;

	(void)state;
	send_to(fd, base_port, data, DATAGRAM_MAX);
	assert_int_equal(poll_rx(port, &pkt, 1, &queue), 1);
	assert_int_equal(pkt.flags, EG_PACKET_DATAGRAM);
	assert_int_equal(pkt.len, DATAGRAM_MAX);
	port->ops->drop(port, queue, &pkt, 1);

	send_to(fd, base_port, data, DATAGRAM_MAX + 1);
	assert_int_equal(poll_rx(port, &pkt, 1, &queue), 1);
	assert_int_equal(pkt.flags, EG_PACKET_DATAGRAM | EG_PACKET_TRUNCATED);
	assert_int_equal(pkt.len, DATAGRAM_MAX);
	port->ops->drop(port, queue, &pkt, 1);

	send_to(fd, base_port, data, 0);
	assert_int_equal(poll_rx(port, &pkt, 1, &queue), 1);
	assert_int_equal(pkt.len, 0);
	port->ops->drop(port, queue, &pkt, 1);
	(void)close(fd);
	assert_int_equal(port->ops->close(port), 0);
}

/* Sends to the port from the given source port and returns the flags that came of it. */
static uint32_t flags_from(struct eg_port *port, uint16_t source)
{
	int fd = client_at(source);
	struct eg_packet pkt = {.flags = 0};
	unsigned queue;

	send_to(fd, base_port, "x", 1);
	assert_int_equal(poll_rx(port, &pkt, 1, &queue), 1);
	port->ops->drop(port, queue, &pkt, 1);
	(void)close(fd);
	return pkt.flags;
}

/* The port listens on 127.0.0.1 alone, so another server can sit at our ports on 127.0.0.2. */
static uint32_t flags_from_other_server(struct eg_port *port, uint16_t source)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in sa = at(source);
	struct eg_packet pkt = {.flags = 0};
	unsigned queue;

	sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1);
	assert_int_equal(bind(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
	send_to(fd, base_port, "x", 1);
	assert_int_equal(poll_rx(port, &pkt, 1, &queue), 1);
	port->ops->drop(port, queue, &pkt, 1);
	(void)close(fd);
	return pkt.flags;
}

static void a_source_port_of_ours_is_flagged(void **state)
{
	struct eg_port *port = open_port(1);
	const uint32_t bad = EG_PACKET_DATAGRAM | EG_PACKET_SOURCE_BAD;

	(void)state;
	assert_int_equal(flags_from_other_server(port, base_port), bad);
	assert_int_equal(flags_from_other_server(port, (uint16_t)(base_port + 63)), bad);
	assert_int_equal(
	    flags_from_other_server(port, (uint16_t)(base_port + 64)), EG_PACKET_DATAGRAM);
	assert_int_equal(
	    flags_from_other_server(port, (uint16_t)(base_port - 1)), EG_PACKET_DATAGRAM);
	assert_int_equal(flags_from(port, 0), EG_PACKET_DATAGRAM);
	assert_int_equal(port->ops->close(port), 0);
}

static void packets_out_are_bounded_and_come_back(void **state)
{
	struct eg_port *port = open_port(1);
	int fd = client_at(0);
	static struct eg_packet pkts[EG_FRAMES_MAX + EG_BURST_MAX];
	const unsigned most = EG_FRAMES_MAX + EG_BURST_MAX;
	unsigned cnt = 0, queue;

	(void)state;
	while (cnt < most) {
		for (unsigned i = 0; i < 16; i++)
			send_to(fd, base_port, "x", 1);
		cnt += poll_rx(port, &pkts[cnt], 16 < most - cnt ? 16 : most - cnt, &queue);
	}
	send_to(fd, base_port, "y", 1);
	assert_int_equal(port->ops->rx(port, 0, pkts, 1), 0);
	port->ops->drop(port, 0, pkts, most);
	assert_int_equal(poll_rx(port, pkts, 1, &queue), 1);
	port->ops->drop(port, 0, pkts, 1);
	(void)close(fd);
	assert_int_equal(port->ops->close(port), 0);
}

/* The kernel refuses what is longer than a UDP datagram can be: the others must still leave. */
static void one_refused_answer_holds_up_no_other(void **state)
{
	struct eg_port *port = open_port(1);
	int fd = client_at(0);
	struct eg_packet pkts[3];
	unsigned queue, cnt = 0;
	uint8_t back[8];
	ssize_t len;

	(void)state;
	for (unsigned i = 0; i < 3; i++)
		send_to(fd, base_port, &"abc"[i], 1);
	while (cnt < 3)
		cnt += poll_rx(port, &pkts[cnt], 3 - cnt, &queue);
	pkts[1].len = 70000;
	assert_int_equal(port->ops->tx(port, queue, pkts, 3), 2);
	assert_int_equal(pkts[2].len, 70000);
	port->ops->drop(port, queue, &pkts[2], 1);
	(void)receive_from(fd, back, sizeof(back), &len);
	assert_int_equal(back[0], 'a');
	(void)receive_from(fd, back, sizeof(back), &len);
	assert_int_equal(back[0], 'c');
	(void)close(fd);
	assert_int_equal(port->ops->close(port), 0);
}

/* Small datagrams take a page of the receive buffer each: it is full long before all are there. */
static void what_finds_the_buffer_full_is_missed(void **state)
{
	struct eg_port *port = open_port(2);
	const unsigned sent = 100000;
	int fd = client_at(0);
	uint64_t word[EG_DEVICE_COUNT] = {0};
	struct eg_packet pkt;
	unsigned cnt = 0;

	(void)state;
	port->ops->look(port, word);
	assert_int_equal(word[EG_DEVICE_rx_missed], 0);
	assert_int_equal(word[EG_DEVICE_link], EG_LINK_UNKNOWN);
	for (unsigned i = 0; i < sent; i++)
		send_to(fd, base_port, "x", 1);
	port->ops->look(port, word);
	for (unsigned queue = 0; queue < 2; queue++)
		while (port->ops->rx(port, queue, &pkt, 1) == 1) {
			port->ops->drop(port, queue, &pkt, 1);
			cnt++;
		}
	assert_int_equal(word[EG_DEVICE_rx_missed], sent - cnt);
	assert_int_not_equal(cnt, sent);
	(void)close(fd);
	assert_int_equal(port->ops->close(port), 0);
}

static void a_second_server_is_told_where_the_first_is(void **state)
{
	struct eg_config_port config = loopback(1);
	struct eg_port *first = open_port(2), *second;
	struct eg_error err;
	char where[64];

	(void)state;
	(void)snprintf(where, sizeof(where), "127.0.0.1 port %u", base_port);
	assert_int_equal(eg_port_open(&second, &config, DATAGRAM_MAX, base_port, &err), -EG_EIO);
	assert_non_null(strstr(err.text, "port test: "));
	assert_non_null(strstr(err.text, where));
	assert_non_null(strstr(err.text, "another process listens there"));
	assert_int_equal(first->ops->close(first), 0);
}

static void refusals_say_what_is_wrong(void **state)
{
	struct eg_config_port foreign = loopback(1), any = loopback(1), none = loopback(1);
	struct eg_config_port idle = loopback(0), fine = loopback(1);
	struct eg_port *port;
	struct eg_error err;

	(void)state;
	memcpy(foreign.addr[0].bytes, (uint8_t[]){192, 0, 2, 77}, 4);
	assert_int_equal(eg_port_open(&port, &foreign, DATAGRAM_MAX, base_port, &err), -EG_EIO);
	assert_non_null(strstr(err.text, "192.0.2.77 port "));
	assert_non_null(strstr(err.text, "no interface of this host"));
	memset(any.addr[0].bytes, 0, 4);
	assert_int_equal(eg_port_open(&port, &any, DATAGRAM_MAX, base_port, &err), -EG_EINVAL);
	none.addr_cnt = 0;
	assert_int_equal(eg_port_open(&port, &none, DATAGRAM_MAX, base_port, &err), -EG_EINVAL);
	assert_int_equal(eg_port_open(&port, &idle, DATAGRAM_MAX, base_port, &err), -EG_EINVAL);
	assert_int_equal(
	    eg_port_open(&port, &fine, DATAGRAM_MAX, UINT16_MAX - 62, &err), -EG_EINVAL);
	assert_int_equal(eg_port_open(&port, &fine, DATAGRAM_MAX, 0, &err), -EG_EINVAL);
}

static void a_netif_holds_what_the_configuration_says(void **state)
{
	struct eg_config_port config = loopback(1);
	struct eg_netif netif;
	struct eg_error err;

	(void)state;
	config.has_mac = true;
	memcpy(config.mac, (uint8_t[]){2, 0, 0, 0, 0, 9}, 6);
	config.vlan = 100;
	config.service_vlan = 200;
	config.addr_cnt = 2;
	config.addr[1] = (struct eg_config_addr){6, 64, {0x20, 0x01, 0x0d, 0xb8, [15] = 1}};
	config.gateway_cnt = 2;
	config.gateway[0] = (struct eg_config_addr){4, 32, {192, 0, 2, 254}};
	config.gateway[1] = (struct eg_config_addr){6, 128, {0xfe, 0x80, [15] = 1}};
	assert_int_equal(eg_port_netif_fill(&netif, &config, 25519, &err), 0);
	assert_memory_equal(netif.mac, config.mac, 6);
	assert_true(netif.tagged && netif.qinq);
	assert_int_equal(netif.vlan_id, 100);
	assert_int_equal(netif.service_vlan_id, 200);
	assert_int_equal(netif.base_port, 25519);
	assert_int_equal(netif.ip4_cnt, 1);
	assert_int_equal(netif.ip4[0].prefix_bits, 8);
	assert_int_equal(netif.ip6_cnt, 1);
	assert_memory_equal(netif.ip6[0].addr, config.addr[1].bytes, 16);
	assert_true(netif.has_gateway4 && netif.has_gateway6);
	assert_memory_equal(netif.gateway4, config.gateway[0].bytes, 4);
	assert_memory_equal(netif.gateway6, config.gateway[1].bytes, 16);
	config.gateway[1] = config.gateway[0];
	assert_int_equal(eg_port_netif_fill(&netif, &config, 25519, &err), -EG_ELIMIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(answers_from_the_port_that_was_asked),
	    cmocka_unit_test(a_burst_of_100_is_answered_whole),
	    cmocka_unit_test(every_queue_gets_its_share),
	    cmocka_unit_test(the_longest_fits_and_one_more_is_truncated),
	    cmocka_unit_test(a_source_port_of_ours_is_flagged),
	    cmocka_unit_test(packets_out_are_bounded_and_come_back),
	    cmocka_unit_test(one_refused_answer_holds_up_no_other),
	    cmocka_unit_test(what_finds_the_buffer_full_is_missed),
	    cmocka_unit_test(a_second_server_is_told_where_the_first_is),
	    cmocka_unit_test(refusals_say_what_is_wrong),
	    cmocka_unit_test(a_netif_holds_what_the_configuration_says),
	};

	return cmocka_run_group_tests(tests, find_ports, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* Over virtual devices, without root or hugepages. A net_ring gives back what it was sent. */
#include "eg_test.h"

#include "eg_port.h"

#include <pthread.h>

#define DATAGRAM_MAX 1232u

static bool have_eal;

static int start_eal(void **state)
{
	char *args[] = {(char *)(uintptr_t) "--no-huge", (char *)(uintptr_t) "--no-shconf",
	    (char *)(uintptr_t) "--no-pci", (char *)(uintptr_t) "--no-telemetry",
	    (char *)(uintptr_t) "-m", (char *)(uintptr_t) "128"};
	struct eg_error err = {.code = 0};
	int rc = eg_port_eal_init((int)(sizeof(args) / sizeof(args[0])), args, &err);

	(void)state;
	have_eal = rc == 0;
	if (!eg_port_have_dpdk())
		assert_int_equal(rc, -EG_ENOTSUP);
	if (!have_eal)
		(void)fprintf(stderr, "SKIPPED: %s\n", err.text);
	return 0;
}

static int end_eal(void **state)
{
	(void)state;
	if (have_eal)
		eg_port_eal_cleanup();
	return 0;
}

static struct eg_config_port device(const char *vdev, const char *name)
{
	return (struct eg_config_port){
	    .name = (char *)(uintptr_t) "test",
	    .kind = EG_PORT_DPDK,
	    .vdev = (char *)(uintptr_t)vdev,
	    .device = (char *)(uintptr_t)name,
	    .queues = 1,
	    .vlan = -1,
	    .service_vlan = -1,
	};
}

static struct eg_port *open_ring(uint32_t max_datagram_bytes)
{
	static struct eg_config_port config;
	struct eg_port *port = NULL;
	struct eg_error err;

	config = device("net_ring0", NULL);
	config.has_mac = true;
	memcpy(config.mac, (uint8_t[]){2, 0, 0, 0, 0, 7}, 6);
	if (eg_port_open(&port, &config, max_datagram_bytes, 25519, &err) != 0)
		fail_msg("%s", err.text);
	return port;
}

static void a_build_without_dpdk_says_so(void **state)
{
	struct eg_config_port config = device("net_ring0", NULL);
	struct eg_port *port;
	struct eg_error err;

	(void)state;
	if (eg_port_have_dpdk())
		return;
	assert_int_equal(eg_port_open(&port, &config, DATAGRAM_MAX, 25519, &err), -EG_ENOTSUP);
	assert_non_null(strstr(err.text, "no DPDK"));
}

static void frames_go_out_and_come_in(void **state)
{
	struct eg_packet pkts[EG_BURST_MAX + 1];
	struct eg_port *port;

	(void)state;
	if (!have_eal)
		return;
	port = open_ring(DATAGRAM_MAX);
	assert_string_equal(port->ops->kind, "dpdk");
	assert_memory_equal(port->netif.mac, "\2\0\0\0\0\7", 6);
	assert_int_equal(port->ops->rx(port, 0, pkts, EG_BURST_MAX), 0);
	for (unsigned i = 0; i <= EG_BURST_MAX; i++) {
		assert_true(port->ops->alloc(port, 0, &pkts[i], 1));
		assert_int_equal(pkts[i].len, 0);
		assert_true(pkts[i].room >= DATAGRAM_MAX + 62);
		memset(pkts[i].data, (int)i, 60 + i);
		pkts[i].len = 60 + i;
	}
	assert_int_equal(port->ops->tx(port, 0, pkts, EG_BURST_MAX + 1), EG_BURST_MAX + 1);
	assert_int_equal(port->ops->rx(port, 0, pkts, EG_BURST_MAX + 1), EG_BURST_MAX);
	for (unsigned i = 0; i < EG_BURST_MAX; i++) {
		assert_int_equal(pkts[i].len, 60 + i);
		assert_int_equal(pkts[i].data[0], i);
		assert_int_equal(pkts[i].data[59 + i], i);
		assert_int_equal(pkts[i].flags & EG_PACKET_MULTI_SEGMENT, 0);
	}
	port->ops->drop(port, 0, pkts, EG_BURST_MAX);
	assert_int_equal(port->ops->rx(port, 0, pkts, EG_BURST_MAX), 1);
	port->ops->drop(port, 0, pkts, 1);
	assert_int_equal(port->ops->close(port), 0);
}

static void a_device_says_how_it_is(void **state)
{
	uint64_t word[EG_DEVICE_COUNT] = {0};
	struct eg_port *port;

	(void)state;
	if (!have_eal)
		return;
	port = open_ring(DATAGRAM_MAX);
	port->ops->look(port, word);
	assert_int_equal(word[EG_DEVICE_link], EG_LINK_UP);
	assert_int_equal(word[EG_DEVICE_link_mbps], 10000);
	assert_int_equal(word[EG_DEVICE_rx_missed], 0);
	assert_int_equal(port->ops->close(port), 0);
}

/* The pipeline cuts headers out of a request and moves the start of its answer. */
static void a_moved_start_is_kept(void **state)
{
	struct eg_packet pkt;
	struct eg_port *port;
	uint32_t room;

	(void)state;
	if (!have_eal)
		return;
	port = open_ring(DATAGRAM_MAX);
	assert_true(port->ops->alloc(port, 0, &pkt, 1));
	room = pkt.room;
	for (unsigned i = 0; i < 100; i++)
		pkt.data[i] = (uint8_t)i;
	pkt.data += 8;
	pkt.len = 92;
	pkt.flags = EG_PACKET_TX_IP_CKSUM | EG_PACKET_TX_UDP_CKSUM;
	assert_int_equal(port->ops->tx(port, 0, &pkt, 1), 1);
	assert_int_equal(port->ops->rx(port, 0, &pkt, 1), 1);
	assert_int_equal(pkt.len, 92);
	assert_int_equal(pkt.room, room - 8);
	assert_int_equal(pkt.data[0], 8);
	assert_int_equal(pkt.data[91], 99);
	port->ops->drop(port, 0, &pkt, 1);
	assert_int_equal(port->ops->close(port), 0);
}

static void every_buffer_comes_back(void **state)
{
	struct eg_packet pkts[EG_BURST_MAX];
	struct eg_port *port;

	(void)state;
	if (!have_eal)
		return;
	port = open_ring(DATAGRAM_MAX);
	for (unsigned turn = 0; turn < 1000; turn++) {
		assert_true(port->ops->alloc(port, 0, pkts, EG_BURST_MAX));
		for (unsigned i = 0; i < EG_BURST_MAX; i++)
			pkts[i].len = 64;
		assert_int_equal(port->ops->tx(port, 0, pkts, EG_BURST_MAX), EG_BURST_MAX);
		assert_int_equal(port->ops->rx(port, 0, pkts, EG_BURST_MAX), EG_BURST_MAX);
		port->ops->drop(port, 0, pkts, EG_BURST_MAX);
	}
	assert_int_equal(port->ops->close(port), 0);
}

static void *use_ring(void *arg)
{
	struct eg_port *port = arg;
	struct eg_packet pkts[EG_BURST_MAX];
	unsigned back = 0;

	eg_port_thread_enter();
	for (unsigned i = 0; i < EG_BURST_MAX && port->ops->alloc(port, 0, &pkts[i], 1); i++)
		pkts[i].len = 64;
	(void)port->ops->tx(port, 0, pkts, EG_BURST_MAX);
	back = port->ops->rx(port, 0, pkts, EG_BURST_MAX);
	port->ops->drop(port, 0, pkts, back);
	eg_port_thread_leave();
	return back == EG_BURST_MAX ? port : NULL;
}

static void a_thread_of_our_own_can_use_a_port(void **state)
{
	struct eg_port *port;
	pthread_t thread;
	void *result;

	(void)state;
	if (!have_eal)
		return;
	port = open_ring(DATAGRAM_MAX);
	assert_int_equal(pthread_create(&thread, NULL, use_ring, port), 0);
	assert_int_equal(pthread_join(thread, &result), 0);
	assert_ptr_equal(result, port);
	assert_int_equal(port->ops->close(port), 0);
}

static void a_jumbo_datagram_fits_one_buffer(void **state)
{
	struct eg_packet pkt;
	struct eg_port *port;

	(void)state;
	if (!have_eal)
		return;
	port = open_ring(8900);
	assert_true(port->ops->alloc(port, 0, &pkt, 1));
	assert_true(pkt.room >= 8900 + 62);
	port->ops->drop(port, 0, &pkt, 1);
	assert_int_equal(port->ops->close(port), 0);
}

/* What vdev says and what devargs says reach the driver together. */
static void devargs_reach_the_driver(void **state)
{
	struct eg_config_port config = device("net_null0,size=72", NULL);
	struct eg_packet pkt;
	struct eg_port *port;
	struct eg_error err;

	(void)state;
	if (!have_eal)
		return;
	config.devargs = (char *)(uintptr_t) "copy=1";
	if (eg_port_open(&port, &config, DATAGRAM_MAX, 25519, &err) != 0)
		fail_msg("%s", err.text);
	assert_int_equal(port->ops->rx(port, 0, &pkt, 1), 1);
	assert_int_equal(pkt.len, 72);
	port->ops->drop(port, 0, &pkt, 1);
	assert_int_equal(port->ops->close(port), 0);
	config.vdev = (char *)(uintptr_t) "net_null0";
	config.devargs = (char *)(uintptr_t) "nonsense=1";
	assert_true(eg_port_open(&port, &config, DATAGRAM_MAX, 25519, &err) < 0);
}

static void refuse(const struct eg_config_port *config, uint32_t max_datagram, const char *reason)
{
	struct eg_port *port;
	struct eg_error err;

	assert_true(eg_port_open(&port, config, max_datagram, 25519, &err) < 0);
	if (strstr(err.text, reason) == NULL)
		fail_msg("\"%s\" is not in \"%s\"", reason, err.text);
}

static void refusals_say_what_is_there_and_what_to_do(void **state)
{
	struct eg_config_port config;
	struct eg_port *ring;

	(void)state;
	if (!have_eal)
		return;
	config = device(NULL, "net_absent0");
	refuse(&config, DATAGRAM_MAX, "there is no device net_absent0; DPDK sees: none");
	ring = open_ring(DATAGRAM_MAX);
	refuse(&config, DATAGRAM_MAX, "DPDK sees: net_ring0");
	assert_int_equal(ring->ops->close(ring), 0);
	config = device("net_nonsense0,x=y", NULL);
	refuse(&config, DATAGRAM_MAX, "net_nonsense0,x=y");
	config = device(",x=y", NULL);
	refuse(&config, DATAGRAM_MAX, "begins with a name");
	config = device(NULL, NULL);
	refuse(&config, DATAGRAM_MAX, "device or vdev");
	config = device("net_ring0", NULL);
	refuse(&config, EG_EGT_DATAGRAM_MAX, "max_datagram");
	config.dpdk.rx_checksum = EG_SWITCH_ON;
	refuse(&config, DATAGRAM_MAX, "rx_checksum: on, but the device cannot");
	config.dpdk.rx_checksum = EG_SWITCH_OFF;
	config.queues = 2000;
	refuse(&config, DATAGRAM_MAX, "2000 queues wanted");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_build_without_dpdk_says_so),
	    cmocka_unit_test(frames_go_out_and_come_in),
	    cmocka_unit_test(a_device_says_how_it_is),
	    cmocka_unit_test(a_moved_start_is_kept),
	    cmocka_unit_test(every_buffer_comes_back),
	    cmocka_unit_test(a_thread_of_our_own_can_use_a_port),
	    cmocka_unit_test(a_jumbo_datagram_fits_one_buffer),
	    cmocka_unit_test(devargs_reach_the_driver),
	    cmocka_unit_test(refusals_say_what_is_there_and_what_to_do),
	};

	return cmocka_run_group_tests(tests, start_eal, end_eal);
}

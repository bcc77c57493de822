/* SPDX-License-Identifier: BSD-3-Clause */
#include "eg_test.h"

#include "eg_port.h"

#include <pcap/pcap.h>
#include <unistd.h>

#define DATAGRAM_MAX 1232u
#define SECOND       EG_NS_PER_S

static char folder[] = "/tmp/eg_port_pcap.XXXXXX";
static char in_name[64], out_name[64];

static int make_folder(void **state)
{
	(void)state;
	if (mkdtemp(folder) == NULL)
		return -1;
	(void)snprintf(in_name, sizeof(in_name), "%s/in.pcap", folder);
	(void)snprintf(out_name, sizeof(out_name), "%s/out.pcap", folder);
	return 0;
}

static int remove_folder(void **state)
{
	(void)state;
	(void)unlink(in_name);
	(void)unlink(out_name);
	return rmdir(folder);
}

static struct eg_config_port files(void)
{
	return (struct eg_config_port){
	    .name = (char *)(uintptr_t) "test",
	    .kind = EG_PORT_PCAP,
	    .pcap_in = in_name,
	    .pcap_out = out_name,
	    .queues = 1,
	    .has_mac = true,
	    .mac = {2, 0, 0, 0, 0, 1},
	    .vlan = -1,
	    .service_vlan = -1,
	};
}

static struct eg_port *open_files(void)
{
	static struct eg_config_port config;
	struct eg_port *port = NULL;
	struct eg_error err;

	config = files();
	if (eg_port_open(&port, &config, DATAGRAM_MAX, 25519, &err) != 0)
		fail_msg("%s", err.text);
	return port;
}

struct record {
	int64_t utc_ns;
	uint32_t captured, len;
};

/* Packet i is `captured` bytes of the value i. */
static void write_input(int link, unsigned precision, const struct record records[], size_t cnt)
{
	pcap_t *format = pcap_open_dead_with_tstamp_precision(link, 65535, precision);
	pcap_dumper_t *out = pcap_dump_open(format, in_name);
	const int64_t unit = precision == PCAP_TSTAMP_PRECISION_NANO ? 1 : 1000;
	static u_char data[4096];

	assert_non_null(out);
	for (size_t i = 0; i < cnt; i++) {
		struct pcap_pkthdr header = {
		    .ts = {.tv_sec = records[i].utc_ns / SECOND,
		        .tv_usec = records[i].utc_ns % SECOND / unit},
		    .caplen = records[i].captured,
		    .len = records[i].len,
		};

		memset(data, (int)i, sizeof(data));
		pcap_dump((u_char *)out, &header, data);
	}
	pcap_dump_close(out);
	pcap_close(format);
}

/* Answers every packet with its first byte and 0xaa behind it; returns how many came. */
static unsigned run(struct eg_port *port, unsigned burst)
{
	struct eg_packet pkts[EG_BURST_MAX];
	unsigned cnt = 0, n;

	while ((n = port->ops->rx(port, 0, pkts, burst)) != 0) {
		for (unsigned i = 0; i < n; i++) {
			pkts[i].data[1] = 0xaa;
			pkts[i].len = 2;
		}
		assert_int_equal(port->ops->tx(port, 0, pkts, n), n);
		cnt += n;
	}
	return cnt;
}

static size_t read_file(const char *name, uint8_t *data, size_t room)
{
	FILE *f = fopen(name, "rb");
	size_t len;

	assert_non_null(f);
	len = fread(data, 1, room, f);
	(void)fclose(f);
	return len;
}

static void reads_answers_and_ends(void **state)
{
	static const struct record records[] = {
	    {1700000000 * SECOND + 123456789, 60, 60},
	    {1700000001 * SECOND + 1, 61, 61},
	};
	struct eg_packet pkt;
	struct eg_port *port;
	struct pcap_pkthdr *header;
	const u_char *data;
	char text[PCAP_ERRBUF_SIZE];
	pcap_t *out;

	(void)state;
	write_input(DLT_EN10MB, PCAP_TSTAMP_PRECISION_NANO, records, 2);
	port = open_files();
	assert_string_equal(port->ops->kind, "pcap");
	assert_memory_equal(port->netif.mac, "\2\0\0\0\0\1", 6);
	assert_true(port->ops->utc_ns(port, 0) == records[0].utc_ns);
	for (unsigned i = 0; i < 2; i++) {
		assert_false(port->ops->finished(port, 0));
		assert_int_equal(port->ops->rx(port, 0, &pkt, 1), 1);
		assert_int_equal(pkt.len, records[i].captured);
		assert_int_equal(pkt.flags, 0);
		assert_true(pkt.room >= DATAGRAM_MAX + 62);
		assert_int_equal(pkt.data[pkt.len - 1], i);
		assert_true(port->ops->utc_ns(port, 0) == records[i].utc_ns);
		pkt.len = 42 + i;
		assert_int_equal(port->ops->tx(port, 0, &pkt, 1), 1);
	}
	assert_int_equal(port->ops->rx(port, 0, &pkt, 1), 0);
	assert_true(port->ops->finished(port, 0));
	assert_true(port->ops->utc_ns(port, 0) == records[1].utc_ns);
	assert_int_equal(port->ops->close(port), 0);

	out = pcap_open_offline_with_tstamp_precision(out_name, PCAP_TSTAMP_PRECISION_NANO, text);
	assert_non_null(out);
	assert_int_equal(pcap_datalink(out), DLT_EN10MB);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(pcap_next_ex(out, &header, &data), 1);
		assert_int_equal(header->len, 42 + i);
		assert_int_equal(header->caplen, 42 + i);
		assert_int_equal(data[41], i);
		assert_true(header->ts.tv_sec * SECOND + header->ts.tv_usec == records[i].utc_ns);
	}
	assert_int_equal(pcap_next_ex(out, &header, &data), PCAP_ERROR_BREAK);
	pcap_close(out);
}

static void microseconds_are_read_as_such(void **state)
{
	static const struct record records[] = {{1700000000 * SECOND + 123456000, 60, 60}};
	struct eg_port *port;

	(void)state;
	write_input(DLT_EN10MB, PCAP_TSTAMP_PRECISION_MICRO, records, 1);
	port = open_files();
	assert_true(port->ops->utc_ns(port, 0) == records[0].utc_ns);
	assert_int_equal(run(port, 1), 1);
	assert_int_equal(port->ops->close(port), 0);
}

static void the_same_input_gives_the_same_bytes(void **state)
{
	static struct record records[100];
	static uint8_t first[16384], again[16384];
	size_t len;

	(void)state;
	for (unsigned i = 0; i < 100; i++)
		records[i] = (struct record){1700000000 * SECOND + i * 1000, 60 + i, 60 + i};
	write_input(DLT_EN10MB, PCAP_TSTAMP_PRECISION_NANO, records, 100);
	for (unsigned i = 0; i < 2; i++) {
		struct eg_port *port = open_files();

		assert_int_equal(run(port, EG_BURST_MAX), 100);
		assert_int_equal(port->ops->close(port), 0);
		if (i == 0)
			len = read_file(out_name, first, sizeof(first));
	}
	assert_int_equal(len, 24 + 100 * (16 + 2));
	assert_int_equal(read_file(out_name, again, sizeof(again)), len);
	assert_memory_equal(first, again, len);
}

static void a_burst_stays_in_one_second(void **state)
{
	static const struct record records[] = {
	    {10 * SECOND, 60, 60},
	    {11 * SECOND - 1, 60, 60},
	    {11 * SECOND, 60, 60},
	    {10 * SECOND, 60, 60},
	};
	static const unsigned bursts[] = {2, 1, 1, 0};
	struct eg_packet pkts[EG_BURST_MAX];
	struct eg_port *port;

	(void)state;
	write_input(DLT_EN10MB, PCAP_TSTAMP_PRECISION_NANO, records, 4);
	port = open_files();
	for (unsigned i = 0; i < 4; i++) {
		assert_int_equal(port->ops->rx(port, 0, pkts, EG_BURST_MAX), bursts[i]);
		port->ops->drop(port, 0, pkts, bursts[i]);
	}
	assert_int_equal(port->ops->close(port), 0);
}

static void what_is_not_whole_is_flagged(void **state)
{
	static const struct record records[] = {
	    {SECOND, 60, 61},     /* cut by the capture */
	    {SECOND, 4000, 4000}, /* larger than any frame of ours */
	    {SECOND, 0, 0},
	    {SECOND, 1400, 1400},
	};
	struct eg_packet pkts[4];
	struct eg_port *port;

	(void)state;
	write_input(DLT_EN10MB, PCAP_TSTAMP_PRECISION_NANO, records, 4);
	port = open_files();
	assert_int_equal(port->ops->rx(port, 0, pkts, 4), 4);
	assert_int_equal(pkts[0].flags, EG_PACKET_TRUNCATED);
	assert_int_equal(pkts[0].len, 60);
	assert_int_equal(pkts[1].flags, EG_PACKET_TRUNCATED);
	assert_int_equal(pkts[1].len, pkts[1].room);
	assert_int_equal(pkts[2].flags, 0);
	assert_int_equal(pkts[2].len, 0);
	assert_int_equal(pkts[3].flags, 0);
	port->ops->drop(port, 0, pkts, 4);
	assert_int_equal(port->ops->close(port), 0);
}

static void packets_out_are_bounded_and_come_back(void **state)
{
	static struct record records[EG_FRAMES_MAX + 2 * EG_BURST_MAX];
	static struct eg_packet pkts[EG_FRAMES_MAX + 2 * EG_BURST_MAX];
	const unsigned most = EG_FRAMES_MAX + EG_BURST_MAX;
	struct eg_port *port;
	struct eg_packet own;
	unsigned cnt = 0, n;

	(void)state;
	for (unsigned i = 0; i < most + EG_BURST_MAX; i++)
		records[i] = (struct record){SECOND, 60, 60};
	write_input(DLT_EN10MB, PCAP_TSTAMP_PRECISION_NANO, records, most + EG_BURST_MAX);
	port = open_files();
	while ((n = port->ops->rx(port, 0, &pkts[cnt], EG_BURST_MAX)) != 0)
		cnt += n;
	assert_int_equal(cnt, most);
	assert_false(port->ops->finished(port, 0));
	assert_false(port->ops->alloc(port, 0, &own, 1));
	port->ops->drop(port, 0, pkts, 1);
	assert_false(port->ops->alloc(port, 0, pkts, 2)); /* all or none */
	assert_true(port->ops->alloc(port, 0, &own, 1));
	assert_true(own.room >= 128);
	assert_int_equal(own.len, 0);
	port->ops->drop(port, 0, &own, 1);
	port->ops->drop(port, 0, &pkts[1], most - 1);
	assert_int_equal(run(port, EG_BURST_MAX), EG_BURST_MAX);
	assert_true(port->ops->finished(port, 0));
	assert_int_equal(port->ops->close(port), 0);
}

/* Cut in the middle of the last packet: what came before is answered, and close tells. */
static void a_broken_file_ends_and_is_told(void **state)
{
	static const struct record records[] = {{SECOND, 60, 60}, {SECOND, 60, 60}};
	struct eg_port *port;

	(void)state;
	write_input(DLT_EN10MB, PCAP_TSTAMP_PRECISION_NANO, records, 2);
	assert_int_equal(truncate(in_name, 24 + 2 * (16 + 60) - 1), 0);
	port = open_files();
	assert_int_equal(run(port, EG_BURST_MAX), 1);
	assert_true(port->ops->finished(port, 0));
	assert_int_equal(port->ops->close(port), -EG_ECORRUPT);
}

static void an_empty_capture_is_finished_at_once(void **state)
{
	struct eg_port *port;

	(void)state;
	write_input(DLT_EN10MB, PCAP_TSTAMP_PRECISION_NANO, NULL, 0);
	port = open_files();
	assert_true(port->ops->finished(port, 0));
	assert_int_equal(run(port, EG_BURST_MAX), 0);
	assert_int_equal(port->ops->close(port), 0);
}

static void an_output_that_cannot_be_written_is_told(void **state)
{
	static const struct record records[] = {{SECOND, 60, 60}};
	struct eg_config_port config = files();
	struct eg_port *port;
	struct eg_error err;

	(void)state;
	write_input(DLT_EN10MB, PCAP_TSTAMP_PRECISION_NANO, records, 1);
	config.pcap_out = (char *)(uintptr_t) "/dev/full";
	assert_int_equal(eg_port_open(&port, &config, DATAGRAM_MAX, 25519, &err), 0);
	assert_int_equal(run(port, 1), 1);
	assert_int_equal(port->ops->close(port), -EG_EIO);
}

static void refuse(const struct eg_config_port *config, const char *reason)
{
	struct eg_port *port;
	struct eg_error err;

	assert_true(eg_port_open(&port, config, DATAGRAM_MAX, 25519, &err) < 0);
	if (strstr(err.text, reason) == NULL)
		fail_msg("\"%s\" is not in \"%s\"", reason, err.text);
}

static void refusals_say_what_is_wrong(void **state)
{
	static const struct record records[] = {{SECOND, 60, 60}};
	struct eg_config_port config = files();

	(void)state;
	write_input(DLT_LINUX_SLL, PCAP_TSTAMP_PRECISION_NANO, records, 1);
	refuse(&config, "LINUX_SLL");
	write_input(DLT_EN10MB, PCAP_TSTAMP_PRECISION_NANO, records, 1);
	config.pcap_out = in_name;
	refuse(&config, "the file that is read");
	config = files();
	config.pcap_out = (char *)(uintptr_t) "/nonexistent/out.pcap";
	refuse(&config, "/nonexistent/out.pcap");
	config = files();
	config.queues = 2;
	refuse(&config, "one queue");
	config = files();
	config.has_mac = false;
	refuse(&config, "needs mac");
	config = files();
	config.pcap_in = NULL;
	refuse(&config, "needs pcap_in");
	config = files();
	assert_int_equal(truncate(in_name, 10), 0);
	refuse(&config, in_name);
	assert_int_equal(unlink(in_name), 0);
	refuse(&config, "No such file");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_answers_and_ends),
	    cmocka_unit_test(microseconds_are_read_as_such),
	    cmocka_unit_test(the_same_input_gives_the_same_bytes),
	    cmocka_unit_test(a_burst_stays_in_one_second),
	    cmocka_unit_test(what_is_not_whole_is_flagged),
	    cmocka_unit_test(packets_out_are_bounded_and_come_back),
	    cmocka_unit_test(a_broken_file_ends_and_is_told),
	    cmocka_unit_test(an_empty_capture_is_finished_at_once),
	    cmocka_unit_test(an_output_that_cannot_be_written_is_told),
	    cmocka_unit_test(refusals_say_what_is_wrong),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}

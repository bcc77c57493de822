/* SPDX-License-Identifier: BSD-3-Clause */
#include "eg_test.h"

#include "address.h"
#include "eg_config.h"
#include "eg_cpu.h"

#include <unistd.h>

#define FULL                                                                                       \
	"# every key\n"                                                                            \
	"name: demo\n"                                                                             \
	"state: /var/lib/edgate\n"                                                                 \
	"run: /tmp/run\n"                                                                          \
	"user: nobody\n"                                                                           \
	"mode: plain\n"                                                                            \
	"base_port: 65472\n"                                                                       \
	"max_datagram: 9000\n"                                                                     \
	"idle: sleep:100000\n"                                                                     \
	"ed25519: sodium\n"                                                                        \
	"cache: {memory: 3M}\n"                                                                    \
	"signature_deadline_us: 7\n"                                                               \
	"control_cpu: 3\n"                                                                         \
	"eal: [--in-memory, \"-m\", \"256\"]\n"                                                    \
	"ports:\n"                                                                                 \
	"  - name: p0\n"                                                                           \
	"    kind: dpdk\n"                                                                         \
	"    device: net_af_packet0\n"                                                             \
	"    vdev: \"net_af_packet0,iface=eg0\"\n"                                                 \
	"    devargs: \"blocksz=8192,qpairs=2\"\n"                                                 \
	"    rx_descriptors: 32768\n"                                                              \
	"    tx_descriptors: 32\n"                                                                 \
	"    rss: [ipv4, ipv6_udp]\n"                                                              \
	"    rx_checksum: on\n"                                                                    \
	"    tx_checksum: off\n"                                                                   \
	"    fast_free: auto\n"                                                                    \
	"    queues: 2\n"                                                                          \
	"    mac: 02:00:00:00:0a:Fe\n"                                                             \
	"    vlan: 4094\n"                                                                         \
	"    service_vlan: 1\n"                                                                    \
	"    addresses: [192.0.2.1/24, \"2001:db8::1/64\"]\n"                                      \
	"    gateway: [192.0.2.254, \"fe80::1\"]\n"                                                \
	"  - name: file-1\n"                                                                       \
	"    kind: pcap\n"                                                                         \
	"    addresses: [198.51.100.1/32]\n"                                                       \
	"    mac: 02:00:00:00:00:01\n"                                                             \
	"    pcap_in: in.pcap\n"                                                                   \
	"    pcap_out: out.pcap\n"                                                                 \
	"    clock: system\n"                                                                      \
	"workers:\n"                                                                               \
	"  - {port: file-1, queue: 0, cpu: 0}\n"                                                   \
	"  - {port: p0, queue: 1, cpu: 1023}\n"                                                    \
	"  - {port: p0}\n"

static struct eg_error err;
static struct eg_config config;

static int parse(const char *text)
{
	memset(&err, 0, sizeof(err));
	return eg_config_parse(&config, "e.yaml", eg_span_str(text), &err);
}

static void expect_ok(const char *text)
{
	if (parse(text) != 0)
		fail_msg("%s\nrefused: %s", text, err.text);
}

static void test_full(void **state)
{
	const struct eg_config_port *p = &config.port[0];
	static const uint8_t mac[6] = {2, 0, 0, 0, 0x0a, 0xfe};

	expect_ok(FULL);
	assert_string_equal(config.name, "demo");
	assert_string_equal(config.state, "/var/lib/edgate");
	assert_string_equal(config.run, "/tmp/run");
	assert_string_equal(config.user, "nobody");
	assert_string_equal(config.ed25519, "sodium");
	assert_int_equal(config.sample_every, 4096);
	assert_true(config.plain);
	assert_int_equal(config.base_port, 65472);
	assert_int_equal(config.max_datagram_bytes, 9000);
	assert_int_equal(config.idle, EG_IDLE_SLEEP);
	assert_int_equal(config.idle_sleep_us, 100000);
	assert_int_equal(config.signature_deadline_ns, 7000);
	assert_int_equal(config.cache_bytes, 3u << 20);
	assert_int_equal(config.control_cpu, 3);
	assert_int_equal(config.eal_cnt, 3);
	assert_string_equal(config.eal[2], "256");
	assert_int_equal(config.port_cnt, 2);
	assert_int_equal(p->kind, EG_PORT_DPDK);
	assert_string_equal(p->device, "net_af_packet0");
	assert_int_equal(p->queues, 2);
	assert_string_equal(p->devargs, "blocksz=8192,qpairs=2");
	assert_int_equal(p->dpdk.rx_desc_cnt, 32768);
	assert_int_equal(p->dpdk.tx_desc_cnt, 32);
	assert_true(p->dpdk.has_rss);
	assert_int_equal(p->dpdk.rss, EG_RSS_IPV4 | EG_RSS_IPV6_UDP);
	assert_int_equal(p->dpdk.rx_checksum, EG_SWITCH_ON);
	assert_int_equal(p->dpdk.tx_checksum, EG_SWITCH_OFF);
	assert_int_equal(p->dpdk.fast_free, EG_SWITCH_AUTO);
	assert_true(p->has_mac);
	assert_memory_equal(p->mac, mac, 6);
	assert_int_equal(p->vlan, 4094);
	assert_int_equal(p->service_vlan, 1);
	assert_int_equal(p->addr_cnt, 2);
	assert_int_equal(p->addr[0].prefix_bits, 24);
	assert_int_equal(p->addr[1].family, 6);
	assert_int_equal(p->addr[1].bytes[15], 1);
	assert_int_equal(p->gateway_cnt, 2);
	assert_int_equal(config.port[1].kind, EG_PORT_PCAP);
	assert_false(config.port[1].file_clock);
	assert_int_equal(config.worker_cnt, 3);
	assert_int_equal(config.worker[0].port, 1);
	assert_int_equal(config.worker[1].cpu, 1023);
	assert_int_equal(config.worker[2].queue, 0);
	assert_int_equal(config.worker[2].cpu, -1);
	eg_config_free(&config);
}

#define SOCKET_PORT "ports: [{name: s, kind: socket, addresses: [127.0.0.1]}]\n"

static void test_defaults(void **state)
{
	expect_ok("name: d\nstate: s\n"
	          "ports: [{name: s, kind: socket, queues: 2, addresses: [127.0.0.1, \"::1\"]}]\n");
	assert_string_equal(config.run, "/run/edgate/d");
	assert_string_equal(config.user, "edgate");
	assert_null(config.ed25519);
	assert_int_equal(config.sample_every, 4096);
	assert_true(config.table_budget_bytes <= 20u << 20);
	assert_true(
	    eg_cpu_l3_bytes() == 0 || config.table_budget_bytes <= eg_cpu_l3_bytes() / 100 * 60);
	assert_true(config.table_budget_bytes > 0);
	assert_false(config.plain);
	assert_int_equal(config.base_port, 25519);
	assert_int_equal(config.max_datagram_bytes, 1232);
	assert_int_equal(config.idle, EG_IDLE_SLEEP);
	assert_int_equal(config.idle_sleep_us, 50);
	assert_int_equal(config.signature_deadline_ns, 20000);
	assert_int_equal(config.cache_bytes, 16u << 20);
	assert_int_equal(config.control_cpu, -1);
	assert_int_equal(config.eal_cnt, 0);
	assert_int_equal(config.port[0].vlan, -1);
	assert_int_equal(config.port[0].service_vlan, -1);
	assert_int_equal(config.port[0].addr[0].prefix_bits, 32);
	assert_int_equal(config.port[0].addr[1].prefix_bits, 128);
	assert_int_equal(config.worker_cnt, 2);
	assert_int_equal(config.worker[1].queue, 1);
	assert_int_equal(config.worker[1].cpu, -1);
	eg_config_free(&config);
}

#define TOP(key) "name: d\nstate: s\n" SOCKET_PORT key

static void test_ed25519_as_a_mapping(void **state)
{
	static const struct {
		const char *budget;
		uint64_t bytes;
	} budgets[] = {{"0", 0}, {"123", 123}, {"512K", 512u << 10}, {"20M", 20u << 20},
	    {"64G", UINT64_C(64) << 30}};
	char text[256];

	for (size_t i = 0; i < sizeof(budgets) / sizeof(budgets[0]); i++) {
		(void)snprintf(text, sizeof(text),
		    "name: d\nstate: s\n" SOCKET_PORT
		    "ed25519:\n  impl: portable\n  table_budget: %s\n  sample: 0\n",
		    budgets[i].budget);
		expect_ok(text);
		assert_string_equal(config.ed25519, "portable");
		assert_int_equal(config.table_budget_bytes, budgets[i].bytes);
		assert_int_equal(config.sample_every, 0);
		eg_config_free(&config);
	}
	expect_ok("name: d\nstate: s\ned25519: {sample: 7}\n" SOCKET_PORT);
	assert_null(config.ed25519);
	assert_int_equal(config.sample_every, 7);
	eg_config_free(&config);
}

static void test_limits_accepted(void **state)
{
	static const char *const good[] = {
	    TOP("base_port: 1\n"),
	    TOP("max_datagram: 128\n"),
	    TOP("max_datagram: 65507\n"),
	    TOP("idle: spin\n"),
	    TOP("cache: {memory: 0}\n"),
	    TOP("cache: {memory: 64K}\n"),
	    TOP("cache: {memory: 64G}\n"),
	    TOP("cache: {}\n"),
	    TOP("idle: pause\n"),
	    TOP("idle: sleep:1\n"),
	    TOP("control_cpu: 0\n"),
	    TOP("signature_deadline_us: 0\n"),
	    TOP("workers: [{port: s}]\n"),
	    TOP("mode: plain\n"),
	    "name: abcdefghijklmnopqrstuvwxyz-12345\nstate: s\n" SOCKET_PORT,
	    "name: d\nstate: s\nmode: plain\n"
	    "ports: [{name: s, kind: socket, addresses: [127.0.0.1, 192.0.2.1/24]}]\n",
	    "name: d\nstate: s\n"
	    "ports: [{name: s, kind: pcap, pcap_in: a, pcap_out: b, vlan: 1,\n"
	    "         mac: 02:00:00:00:00:01, addresses: [127.1.2.3/8], gateway: [127.0.0.2]}]\n",
	};

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		expect_ok(good[i]);
		eg_config_free(&config);
	}
}

#define PORT(keys)                                                                                 \
	"name: d\nstate: s\nmode: plain\nports:\n  - name: p\n    kind: dpdk\n    device: "        \
	"x\n" keys
#define ADDR       "    addresses: [192.0.2.1/24]\n"
#define MAC        "    mac: 02:00:00:00:00:01\n"
#define PCAP(keys) "name: d\nstate: s\nmode: plain\nports:\n  - name: p\n    kind: pcap\n" keys

static const struct {
	const char *text, *refusal;
} refused[] = {
    /* shape */
    {"", "e.yaml: is empty"},
    {"# nothing\n", "e.yaml: is empty"},
    {"[]", "e.yaml:1: a configuration is keys with their values"},
    {"word", "e.yaml:1: a configuration is keys with their values"},
    {"name: d\n\tstate: s\n", "e.yaml:2: name: found a tab character that violates indentation"},
    {"name: d\nports: [{name: p}\n", "e.yaml:3: ports: did not find expected ',' or ']'"},
    {"name: d\n---\nname: e\n", "e.yaml:2: a second document begins here"},
    {"name: &a d\nstate: *a\n", "e.yaml:2: state: an alias: write the value out"},
    {"name: d\n? [a]\n: b\n", "e.yaml:2: a key must be a word"},
    {"name: \"a\\0b\"\n", "e.yaml:1: name: a NUL byte in the value"},
    {"a: [[[[[[[[[[1]]]]]]]]]]\n", "e.yaml:1: a[0][0][0][0][0][0][0][0]: nested too deep"},
    /* unknown keys, kinds of values */
    {TOP("foo: 1\n"), "e.yaml:4: foo: unknown key"},
    {PORT("    queues: 1\n    adress: 1\n"), "e.yaml:9: ports[0].adress: unknown key"},
    {PORT(ADDR "  - name: q\n    ports: 1\n"), "e.yaml:10: ports[1].ports: unknown key"},
    {PORT(ADDR "workers:\n  - {port: p,\n     core: 1}\n"),
        "e.yaml:11: workers[0].core: unknown key"},
    {TOP("Mode: plain\n"), "e.yaml:4: Mode: unknown key"},
    {TOP("mode: plain\nmode: plain\n"), "e.yaml:5: mode: is given twice"},
    {PORT(ADDR "    queues: 1\n    queues: 1\n"), "e.yaml:10: ports[0].queues: is given twice"},
    {TOP("base_port: many\n"), "e.yaml:4: base_port: must be a whole number"},
    {TOP("base_port: 1.5\n"), "e.yaml:4: base_port: must be a whole number"},
    {TOP("base_port:\n"), "e.yaml:4: base_port: must be a whole number"},
    {TOP("base_port: 99999999999999999999\n"), "e.yaml:4: base_port: must be a whole number"},
    {TOP("base_port: 1x\n"), "e.yaml:4: base_port: must be a whole number"},
    {TOP("base_port: 0x10\n"), "e.yaml:4: base_port: must be a whole number"},
    {TOP("base_port: \"-\"\n"), "e.yaml:4: base_port: must be a whole number"},
    {TOP("base_port: [1]\n"), "e.yaml:4: base_port: must be a single value"},
    {TOP("idle: [spin]\n"), "e.yaml:4: idle: must be a single value"},
    {TOP("ed25519: [sodium]\n"), "e.yaml:4: ed25519: must be a single value"},
    {TOP("ed25519: {name: sodium}\n"), "e.yaml:4: ed25519.name: unknown key"},
    {TOP("ed25519:\n  impl: a\n  impl: b\n"), "e.yaml:6: ed25519.impl: is given twice"},
    {TOP("ed25519: {impl: \"\"}\n"), "e.yaml:4: ed25519.impl: is empty"},
    {TOP("ed25519: {sample: often}\n"), "e.yaml:4: ed25519.sample: must be a whole number"},
    {TOP("ed25519: {table_budget: 20MB}\n"), "e.yaml:4: ed25519.table_budget: must be a number of "
                                             "bytes, as 20M or 512K, of at most 64G, "
                                             "not 20MB"},
    {TOP("ed25519: {table_budget: 65G}\n"), "e.yaml:4: ed25519.table_budget: must be a number of "
                                            "bytes, as 20M or 512K, of at most 64G, "
                                            "not 65G"},
    {TOP("cache: 16M\n"), "e.yaml:4: cache: must be keys with their values"},
    {TOP("cache: {size: 1}\n"), "e.yaml:4: cache.size: unknown key"},
    {TOP("cache: {memory: 63K}\n"),
        "e.yaml:4: cache.memory: must be 0 or a number of bytes, as 16M, from 64K to 64G, not 63K"},
    {TOP("cache: {memory: lots}\n"), "e.yaml:4: cache.memory: must be 0 or a number of bytes, as "
                                     "16M, from 64K to 64G, not lots"},
    {TOP("cache: {memory: 65G}\n"),
        "e.yaml:4: cache.memory: must be 0 or a number of bytes, as 16M, from 64K to 64G, not 65G"},
    {TOP("eal: --no-pci\n"), "e.yaml:4: eal: must be a list: [a, b]"},
    {TOP("workers: [1]\n"), "e.yaml:4: workers[0]: must be keys with their values"},
    {PORT("    addresses: [1, 2, 3, 4, 5, 6, 7, 8,\n      9]\n"),
        "e.yaml:8: ports[0].addresses: more than 8 entries"},
    {TOP("include: other.yaml\n"), "e.yaml:4: include: only a file can include"},
    {PORT(ADDR "    include: other.yaml\n"), "e.yaml:9: include: only a file can include"},
    /* devices */
    {PORT(ADDR "    rx_descriptors: 31\n"),
        "e.yaml:9: ports[0].rx_descriptors: must be 32 to 32768, not 31"},
    {PORT(ADDR "    tx_descriptors: 32769\n"),
        "e.yaml:9: ports[0].tx_descriptors: must be 32 to 32768, not 32769"},
    {PORT(ADDR "    rss: []\n"), "e.yaml:9: ports[0].rss: is empty"},
    {PORT(ADDR "    rss: [ipv4_udp,\n      none]\n"),
        "e.yaml:10: ports[0].rss[1]: must be ipv4, ipv4_udp, ipv6 or ipv6_udp, or alone none, not "
        "none"},
    {PORT(ADDR "    rss: udp\n"), "e.yaml:9: ports[0].rss: must be a list: [a, b]"},
    {PORT(ADDR "    rx_checksum: yes\n"),
        "e.yaml:9: ports[0].rx_checksum: must be on, off or auto, not yes"},
    {PORT(ADDR "    tx_checksum: 1\n"),
        "e.yaml:9: ports[0].tx_checksum: must be on, off or auto, not 1"},
    {PORT(ADDR "    fast_free: true\n"),
        "e.yaml:9: ports[0].fast_free: must be on, off or auto, not true"},
    {PORT(ADDR "    devargs: \"\"\n"), "e.yaml:9: ports[0].devargs: is empty"},
    {PORT(ADDR "    devargs: a=1\n"),
        "e.yaml:9: ports[0].devargs: go with a vdev, or a device that is a PCI address, not x"},
    {"name: d\nstate: s\nmode: plain\neal: [-a, \"0000:3b:00.0\"]\nports:\n  - name: p\n    kind: "
     "dpdk\n    device: 0000:3b:00.0\n    devargs: a=1\n" ADDR,
        "e.yaml:9: ports[0].devargs: eal[1] names 0000:3b:00.0 too: with devargs DPDK is told of "
        "it already"},
    {"name: d\nstate: s\nmode: plain\nports:\n  - name: p\n    kind: dpdk\n    device: "
     "net_af_xdp0\n    vdev: \"net_af_xdp0,iface=e\"\n    queues: 2\n" ADDR,
        "e.yaml:9: ports[0].queues: 2, but the driver makes 1: write queue_count=2 in vdev or "
        "devargs"},
    {"name: d\nstate: s\nmode: plain\nports:\n  - name: p\n    kind: dpdk\n    device: "
     "virtio_user7\n    vdev: virtio_user7\n    devargs: \"queues=3\"\n    queues: 4\n" ADDR,
        "e.yaml:10: ports[0].queues: 4, but the driver makes 3: write queues=4 in vdev or "
        "devargs"},
    {PCAP("    rx_descriptors: 64\n    pcap_in: a\n    pcap_out: b\n" ADDR MAC),
        "e.yaml:7: ports[0].rx_descriptors: a port of kind pcap does not have it"},
    /* top level */
    {"state: s\n" SOCKET_PORT, "e.yaml:1: name: is required"},
    {"name: d\n" SOCKET_PORT, "e.yaml:1: state: is required"},
    {"name: d\nstate:\n" SOCKET_PORT, "e.yaml:2: state: is empty"},
    {"name: d\nstate: s\n", "e.yaml:1: ports: at least one port is required"},
    {"name: d\nstate: s\nports: []\n", "e.yaml:3: ports: at least one port is required"},
    {"state: s\nname: D\n" SOCKET_PORT, "e.yaml:2: name: must be 1 to 32 of a-z, 0-9 and '-'"},
    {"name: abcdefghijklmnopqrstuvwxyz-123456\nstate: s\n" SOCKET_PORT,
        "e.yaml:1: name: must be 1 to 32 of a-z, 0-9 and '-'"},
    {"name: ../x\nstate: s\n" SOCKET_PORT, "e.yaml:1: name: must be 1 to 32 of a-z, 0-9 and '-'"},
    {TOP("base_port: 0\n"), "e.yaml:4: base_port: must be 1 to 65472, not 0"},
    {TOP("base_port: 65473\n"), "e.yaml:4: base_port: must be 1 to 65472, not 65473"},
    {TOP("max_datagram: 127\n"), "e.yaml:4: max_datagram: must be 128 to 65507, not 127"},
    {TOP("max_datagram: 65508\n"), "e.yaml:4: max_datagram: must be 128 to 65507, not 65508"},
    {PORT(ADDR "max_datagram: 9001\n"),
        "e.yaml:9: max_datagram: must be at most 9000 with a dpdk port (ports[0]), not 9001"},
    {TOP("control_cpu: -1\n"), "e.yaml:4: control_cpu: must be 0 to 1023, not -1"},
    {TOP("signature_deadline_us: 1000001\n"),
        "e.yaml:4: signature_deadline_us: must be 0 to 1000000, not 1000001"},
    {TOP("idle: sleep:0\n"),
        "e.yaml:4: idle: must be spin, pause or sleep:MICROSECONDS (1 to 100000), not sleep:0"},
    {TOP("idle: sleep:100001\n"), "e.yaml:4: idle: must be spin, pause or sleep:MICROSECONDS (1 "
                                  "to 100000), not sleep:100001"},
    {TOP("idle: sleep:5x\n"),
        "e.yaml:4: idle: must be spin, pause or sleep:MICROSECONDS (1 to 100000), not sleep:5x"},
    {TOP("eal: [--no-pci,\n  \"--lcores=0@0\"]\n"),
        "e.yaml:5: eal[1]: --lcores follows from control_cpu and workers"},
    {TOP("eal: [\"\"]\n"), "e.yaml:4: eal[0]: is empty"},
    /* mode */
    {TOP("mode: sealed\n"),
        "e.yaml:4: mode: sealed does not exist yet: write mode: plain where the network between "
        "clients and edgate may see tokens"},
    {"name: d\nstate: s\nports:\n  - name: p\n    kind: socket\n    addresses:\n      - 127.0.0.1\n"
     "      - 10.0.0.1/8\n",
        "e.yaml:8: ports[0].addresses[1]: is not loopback, and tokens would travel in the clear "
        "(sealed mode does not exist yet): where the network may see them, write mode: plain at "
        "the top"},
    /* ports */
    {"name: d\nstate: s\nports:\n  - kind: socket\n", "e.yaml:4: ports[0].name: is required"},
    {"name: d\nstate: s\nports:\n  - name: p\n",
        "e.yaml:4: ports[0].kind: is required: dpdk, pcap or socket"},
    {"name: d\nstate: s\nports:\n  - name: p\n    kind: xdp\n",
        "e.yaml:5: ports[0].kind: must be dpdk, pcap or socket, not xdp"},
    {"name: d\nstate: s\nports:\n  - name: p\n    kind: dpdk\n" ADDR,
        "e.yaml:4: ports[0].device: is required for a port of kind dpdk"},
    {PCAP("    pcap_in: a\n" ADDR),
        "e.yaml:5: ports[0].pcap_out: is required for a port of kind pcap"},
    {PCAP("    pcap_out: a\n" ADDR),
        "e.yaml:5: ports[0].pcap_in: is required for a port of kind pcap"},
    {PCAP("    pcap_in: a\n    pcap_out: b\n" ADDR),
        "e.yaml:5: ports[0].mac: is required for a port of kind pcap"},
    {PCAP("    pcap_in: a\n    pcap_out: a\n" ADDR MAC),
        "e.yaml:8: ports[0].pcap_out: is the same file as pcap_in: it would be overwritten"},
    {PCAP("    pcap_in: a\n    pcap_out: b\n    queues: 2\n" ADDR MAC),
        "e.yaml:9: ports[0].queues: a port of kind pcap has exactly 1 queue"},
    {PCAP("    pcap_in: a\n    pcap_out: b\n    clock: mine\n" ADDR MAC),
        "e.yaml:9: ports[0].clock: must be file or system, not mine"},
    {PORT(""), "e.yaml:5: ports[0].addresses: is required for a port of kind dpdk"},
    {PORT(ADDR "    clock: file\n"),
        "e.yaml:9: ports[0].clock: a port of kind dpdk does not have it"},
    {"name: d\nstate: s\nports:\n  - name: p\n    kind: socket\n    vlan: 1\n" ADDR,
        "e.yaml:6: ports[0].vlan: a port of kind socket does not have it"},
    {PORT(ADDR "    vdev: \"y,iface=z\"\n"),
        "e.yaml:9: ports[0].vdev: makes a device y, but device is x: they must be the same"},
    {PORT(ADDR "    queues: 0\n"), "e.yaml:9: ports[0].queues: must be 1 to 64, not 0"},
    {PORT(ADDR "    queues: 65\n"), "e.yaml:9: ports[0].queues: must be 1 to 64, not 65"},
    {PORT(ADDR "    vlan: 0\n"), "e.yaml:9: ports[0].vlan: must be 1 to 4094, not 0"},
    {PORT(ADDR "    vlan: 4095\n"), "e.yaml:9: ports[0].vlan: must be 1 to 4094, not 4095"},
    {PORT(ADDR "    service_vlan: 5\n"),
        "e.yaml:9: ports[0].service_vlan: stands in front of vlan, which is not written"},
    {PORT(ADDR "    mac: 01:00:00:00:00:01\n"), "e.yaml:9: ports[0].mac: 01:00:00:00:00:01 is a "
                                                "multicast address: a port needs an address of "
                                                "its own"},
    {PORT(ADDR "    mac: 00:00:00:00:00:00\n"), "e.yaml:9: ports[0].mac: 00:00:00:00:00:00 is no "
                                                "address: a port needs an address of its own"},
    {PORT(ADDR "    mac: 2:0:0:0:0:1\n"),
        "e.yaml:9: ports[0].mac: must be like 02:00:00:00:00:01, not 2:0:0:0:0:1"},
    {PORT("    addresses: []\n"), "e.yaml:8: ports[0].addresses: is required for a port of kind "
                                  "dpdk"},
    {PORT("    addresses: [192.0.2.1]\n"),
        "e.yaml:8: ports[0].addresses[0]: 192.0.2.1 needs its prefix, like 192.0.2.1/24"},
    {PORT("    addresses: [192.0.2.1/33]\n"),
        "e.yaml:8: ports[0].addresses[0]: must be an address with its prefix, like 192.0.2.1/24 or "
        "2001:db8::1/64, not 192.0.2.1/33"},
    {PORT("    addresses: [\"2001:db8::1/0\"]\n"),
        "e.yaml:8: ports[0].addresses[0]: must be an address with its prefix, like 192.0.2.1/24 or "
        "2001:db8::1/64, not 2001:db8::1/0"},
    {PORT("    addresses: [224.0.0.1/24]\n"),
        "e.yaml:8: ports[0].addresses[0]: 224.0.0.1/24 is not an address of one host"},
    {"name: d\nstate: s\nports: [{name: s, kind: socket, addresses: [\"::\"]}]\n",
        "e.yaml:3: ports[0].addresses[0]: :: is not an address of one host"},
    {PORT("    addresses: [0.0.0.0/24]\n"),
        "e.yaml:8: ports[0].addresses[0]: 0.0.0.0/24 is not an address of one host"},
    {PORT("    addresses: [\"2001:db8::1/64\",\n      \"2001:DB8:0::1/64\"]\n"),
        "e.yaml:9: ports[0].addresses[1]: 2001:DB8:0::1/64 is given twice"},
    {PORT(ADDR "    gateway: [192.0.2.1/24]\n"),
        "e.yaml:9: ports[0].gateway[0]: must be an address without prefix, like 192.0.2.254, not "
        "192.0.2.1/24"},
    {PORT(ADDR "    gateway: [192.0.3.1]\n"), "e.yaml:9: ports[0].gateway[0]: 192.0.3.1 is not on "
                                              "the link of any of the port's addresses"},
    {PORT(ADDR "    gateway: [192.0.2.2, 192.0.2.3]\n"),
        "e.yaml:9: ports[0].gateway[1]: a second gateway for IPv4"},
    {PORT(ADDR "  - {name: p, kind: socket, addresses: [127.0.0.1]}\n"),
        "e.yaml:9: ports[1].name: p is the name of ports[0] already"},
    {PORT(ADDR "  - {name: q, kind: dpdk, device: x, addresses: [192.0.2.9/24]}\n"),
        "e.yaml:9: ports[1].device: x is the device of ports[0] already"},
    /* workers */
    {TOP("workers: [{queue: 0}]\n"), "e.yaml:4: workers[0].port: is required: a port's name"},
    {TOP("workers: [{port: t}]\n"), "e.yaml:4: workers[0].port: t is not the name of a port"},
    {TOP("workers: [{port: s, queue: 1}]\n"), "e.yaml:4: workers[0].queue: must be 0 to 0, not 1"},
    {TOP("workers: [{port: s, cpu: -2}]\n"), "e.yaml:4: workers[0].cpu: must be 0 to 1023, not -2"},
    {TOP("workers:\n  - {port: s}\n  - {port: s}\n"),
        "e.yaml:6: workers[1]: queue 0 of port s is served by workers[0] already"},
    {PORT(ADDR "    queues: 2\nworkers:\n  - {port: p, queue: 1}\n"),
        "e.yaml:10: workers: queue 0 of port p has no worker"},
    {PORT(ADDR "    queues: 64\n  - {name: q, kind: socket, addresses: [127.0.0.1]}\n"),
        "e.yaml:4: ports: more than 64 queues, each with a worker"},
};

static void test_refusals(void **state)
{
	unsigned wrong_cnt = 0;

	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		int rc = parse(refused[i].text);

		assert_int_equal(rc, err.code);
		if (rc == 0 || strcmp(err.text, refused[i].refusal) != 0) {
			print_error("%s\nsaid:     %s\nexpected: %s\n", refused[i].text, err.text,
			    refused[i].refusal);
			wrong_cnt++;
		}
		assert_null(rc != 0 ? config.name : NULL);
		eg_config_free(&config);
	}
	assert_int_equal(wrong_cnt, 0);
}

/* Whatever is cut off or damaged: an answer, no crash, no leak (sanitizer builds). */
static void test_truncations(void **state)
{
	const size_t n = strlen(FULL);

	for (size_t len = 0; len <= n; len++) {
		if (eg_config_parse(&config, "e.yaml", eg_span(FULL, len), &err) == 0)
			eg_config_free(&config);
		else
			assert_non_null(strstr(err.text, "e.yaml"));
	}
}

static void test_damage(void **state)
{
	static const char marks[] = "\n :[]{}-#&*!|>'\"%@`,?\t\\0\x01\x80\xff";
	char text[sizeof(FULL)];

	for (size_t at = 0; at < sizeof(FULL) - 1; at++) {
		memcpy(text, FULL, sizeof(FULL));
		for (size_t m = at % 3; m < sizeof(marks); m += 3) {
			text[at] = marks[m];
			if (eg_config_parse(
			        &config, "e.yaml", eg_span(text, sizeof(FULL) - 1), &err) == 0)
				eg_config_free(&config);
		}
	}
}

#define DEVICE(name, keys)                                                                         \
	"name: d\nstate: s\nmode: plain\nports:\n  - name: p\n    kind: dpdk\n" ADDR               \
	"    device: " name "\n" keys

static void test_device_defaults(void **state)
{
	const struct eg_config_device *dpdk = &config.port[0].dpdk;

	expect_ok(DEVICE("0000:3b:00.0", ""));
	assert_null(config.port[0].devargs);
	assert_int_equal(dpdk->rx_desc_cnt, 0);
	assert_int_equal(dpdk->tx_desc_cnt, 0);
	assert_false(dpdk->has_rss);
	assert_int_equal(dpdk->rx_checksum, EG_SWITCH_AUTO);
	assert_int_equal(dpdk->tx_checksum, EG_SWITCH_AUTO);
	assert_int_equal(dpdk->fast_free, EG_SWITCH_OFF);
	eg_config_free(&config);
	expect_ok(DEVICE("0000:3b:00.0", "    rss: [none]\n    devargs: mprq_en=1\n"));
	assert_true(dpdk->has_rss);
	assert_int_equal(dpdk->rss, 0);
	assert_string_equal(config.port[0].devargs, "mprq_en=1");
	eg_config_free(&config);
}

/* A driver that makes fewer queues than are wanted is told of before it is asked. */
static void test_device_queues(void **state)
{
	expect_ok(
	    DEVICE("net_vhost1", "    vdev: \"net_vhost1,iface=/s,queues=3\"\n    queues: 3\n"));
	eg_config_free(&config);
	expect_ok(DEVICE("net_memif0", "    vdev: net_memif0\n    queues: 3\n"));
	eg_config_free(&config);
	expect_ok(DEVICE("net_vhost_mine", "    vdev: net_vhost_mine\n    queues: 3\n"));
	eg_config_free(&config);
}

static void test_pci_addresses(void **state)
{
	assert_true(eg_config_is_pci_address("0000:3b:00.0"));
	assert_true(eg_config_is_pci_address("10a0:ff:1f.7"));
	assert_false(eg_config_is_pci_address("3b:00.0"));
	assert_false(eg_config_is_pci_address("0000:3b:00.0,x=1"));
	assert_false(eg_config_is_pci_address("0000:3b:00.01"));
	assert_false(eg_config_is_pci_address("net_memif0"));
	assert_false(eg_config_is_pci_address(""));
}

static void test_load(void **state)
{
	char path[] = "/tmp/edgate-test-config-XXXXXX";
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, FULL, strlen(FULL)), strlen(FULL));
	assert_int_equal(eg_config_load(&config, path, &err), 0);
	eg_config_free(&config);
	assert_int_equal(ftruncate(fd, 1 << 20), 0);
	assert_int_equal(eg_config_load(&config, path, &err), -EG_ELIMIT);
	assert_int_equal(close(fd), 0);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(eg_config_load(&config, path, &err), -EG_ENOENT);
	assert_non_null(strstr(err.text, path));
	assert_int_equal(eg_config_load(&config, "/", &err), -EG_EIO);
}

static void test_within(void **state)
{
	struct eg_config_addr net, addr;
	bool has_prefix;

	assert_true(eg_address_parse(&net, "10.1.2.3/20", &has_prefix));
	assert_true(eg_address_parse(&addr, "10.1.15.255", &has_prefix));
	assert_true(eg_address_is_within(&addr, &net));
	assert_true(eg_address_parse(&addr, "10.1.16.0", &has_prefix));
	assert_false(eg_address_is_within(&addr, &net));
	assert_true(eg_address_parse(&addr, "::1", &has_prefix));
	assert_false(eg_address_is_within(&addr, &net));
	assert_false(eg_address_parse(&addr, "10.1.16.0/", &has_prefix));
	assert_false(eg_address_parse(&addr, "10.1.16/8", &has_prefix));
	assert_false(eg_address_parse(&addr, "", &has_prefix));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_full),
	    cmocka_unit_test(test_defaults),
	    cmocka_unit_test(test_limits_accepted),
	    cmocka_unit_test(test_ed25519_as_a_mapping),
	    cmocka_unit_test(test_device_defaults),
	    cmocka_unit_test(test_device_queues),
	    cmocka_unit_test(test_pci_addresses),
	    cmocka_unit_test(test_refusals),
	    cmocka_unit_test(test_truncations),
	    cmocka_unit_test(test_damage),
	    cmocka_unit_test(test_load),
	    cmocka_unit_test(test_within),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

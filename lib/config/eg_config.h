/* SPDX-License-Identifier: BSD-3-Clause */
/* clang-format off */
/*
 * edgate's configuration: YAML → one checked structure, or a refusal that names file, line and
 * path. No hardware is touched: `edgate --check FILE` is exactly this. [control]; allocates.
 *
 * `include: FILE` in any mapping brings in the keys of that file which the mapping does not have
 * itself (include.h): drivers-config/drivers/ has the keys of a port for each kind of device.
 *
 *   name: demo                      # instance, 1–32 of [a-z0-9-]
 *   state: /var/lib/edgate          # directory made by `edgatectl --state DIR init`
 *   run: /run/edgate/demo           # default /run/edgate/<name>
 *   user: edgate                    # who to be after start, when started as root; default edgate
 *   mode: plain                     # tokens in the clear: required unless every address is loopback
 *   base_port: 25519                # default 25519; base … base + 63 are ours
 *   max_datagram: 1232              # bytes, 128–65507 (dpdk: 9000); default 1232
 *   idle: sleep:50                  # spin | pause | sleep:MICROSECONDS; default sleep:50
 *   ed25519:                        # or only a name: `ed25519: sodium`
 *     impl: portable                # implementation; default the best of this CPU
 *     table_budget: 20M             # bytes of comb tables in use, with K, M or G; 0: none; default
 *                                   # 60 % of the last-level cache, at most 20M
 *     sample: 4096                  # one verdict in so many is checked again; 0: none; default 4096
 *   cache:
 *     memory: 16M                   # of each worker's verified cache, with K, M or G; 0: none;
 *                                   # default 16M
 *   signature_deadline_us: 20       # default 20
 *   control_cpu: 0                  # default: not pinned
 *   eal: [--in-memory, --no-pci]    # further EAL arguments
 *   ports:
 *     - name: p0
 *       kind: dpdk                  # dpdk | pcap | socket
 *       addresses: [192.0.2.1/24, "2001:db8::1/64"]  # kind socket: the prefix may be left out
 *       queues: 1                   # default 1; kind pcap: exactly 1
 *       device: net_af_packet0      # kind dpdk: ethdev by name or PCI address
 *       vdev: "net_af_packet0,iface=eg0"  # kind dpdk: made at start
 *       devargs: "qpairs=2"         # kind dpdk: arguments of the driver, added to vdev's, or given
 *                                   # to DPDK with the device where that is a PCI address
 *       rx_descriptors: 1024        # kind dpdk, 32–32768, for each queue; default 1024, or the nearest
 *       tx_descriptors: 1024        # that the device can; where it is written it must be possible
 *       rss: [ipv4_udp, ipv6_udp]   # kind dpdk: what spreads over the queues, of ipv4, ipv4_udp, ipv6,
 *                                   # ipv6_udp, all of which the device must know; [none]: nothing.
 *                                   # Default: of ipv4_udp and ipv6_udp what the device knows
 *       rx_checksum: auto           # kind dpdk: does the device check IPv4 and UDP; on: it must, off,
 *       tx_checksum: auto           # auto (default): what it can; and does it fill them in
 *       fast_free: off              # kind dpdk: it gives buffers back unlooked at; on, off, auto
 *       pcap_in: in.pcap            # kind pcap
 *       pcap_out: out.pcap          # kind pcap
 *       clock: file                 # kind pcap: time is the packets' (default), or system
 *       mac: 02:00:00:00:00:01      # dpdk (default: the device's own), pcap (required)
 *       vlan: 100                   # dpdk, pcap; service_vlan: 200 in front of it for QinQ
 *       gateway: [192.0.2.254]      # dpdk, pcap: asked for at start so that it learns us
 *   workers:                        # default: one for each queue of each port, not pinned
 *     - {port: p0, queue: 0, cpu: 1}  # queue: default 0; cpu: default not pinned
 */
/* clang-format on */
#ifndef EG_CONFIG_H
#define EG_CONFIG_H

#include "eg_egt.h"
#include "eg_err.h"
#include "eg_stats.h"

#define EG_CONFIG_PORTS_MAX EG_PORTS_MAX
#define EG_CONFIG_ADDRS_MAX 8u
#define EG_CONFIG_ARGS_MAX  32u
#define EG_CONFIG_RSS_MAX   4u

#define EG_CONFIG_RUN_ROOT "/run/edgate"

enum eg_idle { EG_IDLE_SPIN, EG_IDLE_PAUSE, EG_IDLE_SLEEP };
enum eg_port_kind { EG_PORT_DPDK, EG_PORT_PCAP, EG_PORT_SOCKET };

enum eg_switch { EG_SWITCH_AUTO, EG_SWITCH_OFF, EG_SWITCH_ON };
enum eg_rss { EG_RSS_IPV4 = 1, EG_RSS_IPV4_UDP = 2, EG_RSS_IPV6 = 4, EG_RSS_IPV6_UDP = 8 };

struct eg_config_addr {
	uint8_t family; /* 4 or 6 */
	uint8_t prefix_bits;
	uint8_t bytes[16];
};

struct eg_config_device {                  /* kind dpdk; zeros: as if nothing was written */
	uint16_t rx_desc_cnt, tx_desc_cnt; /* 0: not written */
	bool has_rss;
	unsigned rss; /* set of enum eg_rss; 0: no hashing */
	enum eg_switch rx_checksum, tx_checksum, fast_free;
};

struct eg_config_port {
	char *name;
	enum eg_port_kind kind;
	char *device, *vdev, *devargs; /* dpdk */
	struct eg_config_device dpdk;
	char *pcap_in, *pcap_out;
	bool file_clock; /* pcap */
	unsigned queues;
	bool has_mac;
	uint8_t mac[6];
	int vlan, service_vlan; /* -1: none */
	unsigned addr_cnt, gateway_cnt;
	struct eg_config_addr addr[EG_CONFIG_ADDRS_MAX];
	struct eg_config_addr gateway[EG_CONFIG_ADDRS_MAX];
};

struct eg_config_worker {
	unsigned port; /* index into port */
	unsigned queue;
	int cpu; /* -1: not pinned */
};

struct eg_config {
	char *name, *state, *run, *user, *ed25519;
	bool plain; /* mode: plain was written */
	uint16_t base_port;
	uint32_t max_datagram_bytes;
	enum eg_idle idle;
	uint32_t idle_sleep_us;
	uint64_t signature_deadline_ns;
	uint64_t table_budget_bytes;
	uint32_t sample_every; /* 0: never */
	uint64_t cache_bytes;  /* of each worker; 0: no cache */
	int control_cpu;       /* -1: not pinned */
	unsigned eal_cnt, port_cnt, worker_cnt;
	char *eal[EG_CONFIG_ARGS_MAX];
	struct eg_config_port port[EG_CONFIG_PORTS_MAX];
	struct eg_config_worker worker[EG_WORKERS_MAX];
};

/* Loads and checks. On failure nothing is allocated and err says file, line and path. */
int eg_config_load(struct eg_config *config, const char *path, struct eg_error *err);
/* The same from memory; `name` stands for the file in messages. */
int eg_config_parse(
    struct eg_config *config, const char *name, struct eg_span text, struct eg_error *err);
void eg_config_free(struct eg_config *config);

/* "dpdk", "pcap", "socket". */
const char *eg_config_port_kind_name(enum eg_port_kind kind);
/* "0000:3b:00.0" */
bool eg_config_is_pci_address(const char *device);

#endif

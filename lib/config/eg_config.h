/* SPDX-License-Identifier: BSD-3-Clause */
/* clang-format off */
/*
 * edgate's configuration: YAML → one checked structure, or a refusal that names file, line and
 * path. No hardware is touched: `edgate --check FILE` is exactly this. [control]; allocates.
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

#define EG_CONFIG_PORTS_MAX 16u
#define EG_CONFIG_ADDRS_MAX 8u
#define EG_CONFIG_ARGS_MAX  32u

#define EG_CONFIG_RUN_ROOT "/run/edgate"

enum eg_idle { EG_IDLE_SPIN, EG_IDLE_PAUSE, EG_IDLE_SLEEP };
enum eg_port_kind { EG_PORT_DPDK, EG_PORT_PCAP, EG_PORT_SOCKET };

struct eg_config_addr {
	uint8_t family; /* 4 or 6 */
	uint8_t prefix_bits;
	uint8_t bytes[16];
};

struct eg_config_port {
	char *name;
	enum eg_port_kind kind;
	char *device, *vdev; /* dpdk */
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

#endif

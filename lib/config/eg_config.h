/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * edgate's configuration: YAML → one checked structure, or a refusal that names file, line and
 * path. No hardware is touched: `edgate --check FILE` is exactly this. [control]; allocates.
 *
 *   name: demo                      # instance; the run directory is /run/edgate/<name>
 *   state: /var/lib/edgate          # directory made by `edgatectl --state DIR init`
 *   run: /run/edgate/demo           # optional
 *   user: edgate                    # who to be after start, when started as root
 *   mode: plain                     # tokens in the clear: required unless every address is
 * loopback base_port: 25519 max_datagram: 1232 idle: sleep:50                  # spin | pause |
 * sleep:MICROSECONDS ed25519: sodium                 # optional: implementation by name
 *   signature_deadline_us: 20
 *   control_cpu: 0
 *   eal: [--in-memory, --no-pci]    # further EAL arguments
 *   ports:
 *     - name: p0
 *       kind: dpdk                  # dpdk | pcap | socket
 *       device: net_af_packet0      # ethdev by name or PCI address
 *       vdev: "net_af_packet0,iface=eg0"   # optional: made at start
 *       queues: 1
 *       mac: 02:00:00:00:00:01      # optional: the device's own
 *       vlan: 100                   # optional; service_vlan: 200 in front of it for QinQ
 *       addresses: [192.0.2.1/24, "2001:db8::1/64"]
 *       gateway: [192.0.2.254]      # optional: asked for at start so that it learns us
 *       pcap_in: in.pcap            # kind pcap
 *       pcap_out: out.pcap
 *       clock: file                 # kind pcap: time is the packets'; or system
 *   workers:
 *     - {port: p0, queue: 0, cpu: 1}
 */
#ifndef EG_CONFIG_H
#define EG_CONFIG_H

#include "eg_egt.h"
#include "eg_err.h"
#include "eg_stats.h"

#define EG_CONFIG_PORTS_MAX 16u
#define EG_CONFIG_ADDRS_MAX 8u
#define EG_CONFIG_ARGS_MAX  32u

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
	bool file_clock;
	unsigned queues;
	bool has_mac;
	uint8_t mac[6];
	int vlan, service_vlan; /* -1: none */
	unsigned addr_cnt, gateway_cnt;
	struct eg_config_addr addr[EG_CONFIG_ADDRS_MAX];
	struct eg_config_addr gateway[EG_CONFIG_ADDRS_MAX];
};

struct eg_config_worker {
	unsigned port; /* index */
	unsigned queue;
	int cpu; /* -1: not pinned */
};

struct eg_config {
	char *name, *state, *run, *user, *ed25519;
	bool plain;
	uint16_t base_port;
	uint32_t max_datagram_bytes;
	enum eg_idle idle;
	uint32_t idle_sleep_us;
	uint64_t signature_deadline_ns;
	int control_cpu;
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

#endif

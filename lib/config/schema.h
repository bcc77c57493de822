/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The shape of a configuration file, as libcyaml loads it: texts, unchecked; NULL: not written. The
 * checks turn it into struct eg_config. Numbers are texts too: libcyaml 1.3 reads "1x" as 1.
 */
#ifndef EG_CONFIG_SCHEMA_H
#define EG_CONFIG_SCHEMA_H

#include "source.h"

struct eg_raw_port {
	char *name, *kind, *device, *vdev, *mac, *pcap_in, *pcap_out, *clock;
	char *queues, *vlan, *service_vlan;
	char *devargs, *rx_descriptors, *tx_descriptors, *rx_checksum, *tx_checksum, *fast_free;
	char **addresses, **gateway, **rss;
	unsigned addresses_count, gateway_count, rss_count;
};

struct eg_raw_worker {
	char *port, *queue, *cpu;
};

struct eg_raw_ed25519 {
	char *impl, *table_budget, *sample;
};

struct eg_raw_cache {
	char *memory;
};

struct eg_raw {
	char *name, *state, *run, *user, *mode, *idle;
	/* `ed25519` is a name or a mapping; either way the name is in impl. */
	bool has_ed25519_mapping;
	struct eg_raw_ed25519 ed25519;
	struct eg_raw_cache cache;
	char *base_port, *max_datagram, *signature_deadline_us, *control_cpu;
	char **eal;
	struct eg_raw_port *ports;
	struct eg_raw_worker *workers;
	unsigned eal_count, ports_count, workers_count;
};

/* Unknown keys, keys that stand twice and values of a wrong kind are refused. */
int eg_raw_load(struct eg_raw **raw, const struct eg_source *src);
void eg_raw_free(struct eg_raw *raw);

#endif

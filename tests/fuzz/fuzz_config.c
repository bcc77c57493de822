/* SPDX-License-Identifier: BSD-3-Clause */
/* The YAML configuration. Input = the file. */
#include "fuzz.h"

#include "eg_config.h"

/* What later code takes for granted. */
static void check_port(const struct eg_config_port *port)
{
	FUZZ_CHECK(port->name != NULL && port->queues >= 1);
	FUZZ_CHECK(port->addr_cnt <= EG_CONFIG_ADDRS_MAX);
	FUZZ_CHECK(port->gateway_cnt <= EG_CONFIG_ADDRS_MAX);
	FUZZ_CHECK(eg_config_port_kind_name(port->kind) != NULL);
	FUZZ_CHECK(port->kind != EG_PORT_PCAP || (port->queues == 1 && port->has_mac));
	FUZZ_CHECK(port->vlan >= -1 && port->vlan < 4096);
	FUZZ_CHECK(port->dpdk.rx_desc_cnt <= 32768 && port->dpdk.tx_desc_cnt <= 32768);
	FUZZ_CHECK(port->dpdk.rss < 16 && (port->dpdk.has_rss || port->dpdk.rss == 0));
	FUZZ_CHECK(port->devargs == NULL || port->kind == EG_PORT_DPDK);
	for (unsigned i = 0; i < port->addr_cnt; i++) {
		const struct eg_config_addr *addr = &port->addr[i];

		FUZZ_CHECK(addr->family == 4 || addr->family == 6);
		FUZZ_CHECK(addr->prefix_bits <= (addr->family == 4 ? 32 : 128));
	}
	fuzz_mark("port", eg_config_port_kind_name(port->kind));
}

static void check(const struct eg_config *config)
{
	FUZZ_CHECK(config->name != NULL && config->state != NULL && config->run != NULL);
	FUZZ_CHECK(config->port_cnt >= 1 && config->port_cnt <= EG_CONFIG_PORTS_MAX);
	FUZZ_CHECK(config->worker_cnt >= 1 && config->worker_cnt <= EG_WORKERS_MAX);
	FUZZ_CHECK(config->eal_cnt <= EG_CONFIG_ARGS_MAX);
	FUZZ_CHECK(config->base_port >= 1);
	FUZZ_CHECK(config->base_port + EG_EGT_PORT_CNT - 1 <= UINT16_MAX);
	FUZZ_CHECK(config->max_datagram_bytes >= 128);
	FUZZ_CHECK(config->max_datagram_bytes <= EG_EGT_DATAGRAM_MAX);
	for (unsigned i = 0; i < config->port_cnt; i++)
		check_port(&config->port[i]);
	for (unsigned i = 0; i < config->worker_cnt; i++) {
		const struct eg_config_worker *worker = &config->worker[i];

		FUZZ_CHECK(worker->port < config->port_cnt);
		FUZZ_CHECK(worker->queue < config->port[worker->port].queues);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct eg_config a, b;
	struct fuzz_copy at0 = fuzz_copy(eg_span(data, size), 0);
	struct fuzz_copy at1 = fuzz_copy(eg_span(data, size), 1);
	struct eg_error why = {0}, why2 = {0};
	const int rc = eg_config_parse(&a, "fuzz.yaml", at0.span, &why);

	FUZZ_CHECK(eg_config_parse(&b, "fuzz.yaml", at1.span, &why2) == rc);
	FUZZ_CHECK(strcmp(why.text, why2.text) == 0);
	fuzz_mark("config", rc == 0 ? "accepted" : "refused");
	if (rc == 0) {
		check(&a);
		FUZZ_CHECK(a.port_cnt == b.port_cnt && a.worker_cnt == b.worker_cnt);
		eg_config_free(&a);
		eg_config_free(&b);
	} else {
		FUZZ_CHECK(strncmp(why.text, "fuzz.yaml:", 10) == 0);
	}
	fuzz_copy_free(&at0);
	fuzz_copy_free(&at1);
	return 0;
}

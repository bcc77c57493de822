/* SPDX-License-Identifier: BSD-3-Clause */
#include "eg_port.h"

#include "port_impl.h"

#include <string.h>

static int add_address(
    struct eg_netif *netif, const struct eg_config_addr *addr, struct eg_error *err)
{
	unsigned cnt = addr->family == 4 ? netif->ip4_cnt : netif->ip6_cnt;

	if (addr->family != 4 && addr->family != 6)
		return eg_error_set(err, EG_EINVAL,
		    "an address is neither IPv4 nor IPv6 (family %u)", addr->family);
	if (cnt == EG_NETIF_ADDRS_MAX)
		return eg_error_set(
		    err, EG_ELIMIT, "more than %u addresses of one family", EG_NETIF_ADDRS_MAX);
	if (addr->family == 4) {
		memcpy(netif->ip4[cnt].addr, addr->bytes, sizeof(netif->ip4[cnt].addr));
		netif->ip4[cnt].prefix_bits = addr->prefix_bits;
		netif->ip4_cnt++;
	} else {
		memcpy(netif->ip6[cnt].addr, addr->bytes, sizeof(netif->ip6[cnt].addr));
		netif->ip6[cnt].prefix_bits = addr->prefix_bits;
		netif->ip6_cnt++;
	}
	return 0;
}

static int add_gateway(
    struct eg_netif *netif, const struct eg_config_addr *gateway, struct eg_error *err)
{
	bool *has = gateway->family == 4 ? &netif->has_gateway4 : &netif->has_gateway6;

	if (*has)
		return eg_error_set(
		    err, EG_ELIMIT, "more than one IPv%u gateway: name one", gateway->family);
	*has = true;
	if (gateway->family == 4)
		memcpy(netif->gateway4, gateway->bytes, sizeof(netif->gateway4));
	else
		memcpy(netif->gateway6, gateway->bytes, sizeof(netif->gateway6));
	return 0;
}

static void fill_vlans(struct eg_netif *netif, const struct eg_config_port *config)
{
	netif->tagged = config->vlan >= 0;
	netif->qinq = netif->tagged && config->service_vlan >= 0;
	if (netif->tagged)
		netif->vlan_id = (uint16_t)config->vlan;
	if (netif->qinq)
		netif->service_vlan_id = (uint16_t)config->service_vlan;
}

int eg_port_netif_fill(struct eg_netif *netif, const struct eg_config_port *config,
    uint16_t base_port, struct eg_error *err)
{
	int rc = 0;

	memset(netif, 0, sizeof(*netif));
	if (base_port == 0 || base_port > UINT16_MAX - (EG_EGT_PORT_CNT - 1))
		return eg_error_set(err, EG_EINVAL, "base_port %u: %u ports from it must exist",
		    base_port, EG_EGT_PORT_CNT);
	netif->base_port = base_port;
	if (config->has_mac)
		memcpy(netif->mac, config->mac, sizeof(netif->mac));
	fill_vlans(netif, config);
	for (unsigned i = 0; rc == 0 && i < config->addr_cnt; i++)
		rc = add_address(netif, &config->addr[i], err);
	for (unsigned i = 0; rc == 0 && i < config->gateway_cnt; i++)
		rc = add_gateway(netif, &config->gateway[i], err);
	return rc;
}

static int open_by_kind(
    struct eg_port **port, const struct eg_port_params *params, struct eg_error *err)
{
	switch (params->config->kind) {
	case EG_PORT_DPDK:
		return eg_port_open_dpdk(port, params, err);
	case EG_PORT_PCAP:
		return eg_port_open_pcap(port, params, err);
	case EG_PORT_SOCKET:
		return eg_port_open_socket(port, params, err);
	}
	return eg_error_set(err, EG_EINVAL, "kind %d is unknown", (int)params->config->kind);
}

int eg_port_open(struct eg_port **port, const struct eg_config_port *config,
    uint32_t max_datagram_bytes, uint16_t base_port, struct eg_error *err)
{
	struct eg_port_params params = {
	    .config = config, .max_datagram_bytes = max_datagram_bytes, .base_port = base_port};
	int rc = eg_port_netif_fill(&params.netif, config, base_port, err);

	if (rc == 0 && config->queues == 0)
		rc = eg_error_set(err, EG_EINVAL, "no queues: give it one for each worker");
	if (rc == 0)
		rc = open_by_kind(port, &params, err);
	if (rc != 0) {
		(void)eg_error_prefix(err, "port %s", config->name);
		return rc;
	}
	(*port)->name = config->name;
	return 0;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "check.h"
#include "address.h"

#include <stddef.h>

#define DPDK   (1u << EG_PORT_DPDK)
#define PCAP   (1u << EG_PORT_PCAP)
#define SOCKET (1u << EG_PORT_SOCKET)

/* Which kinds of port know a key, and which cannot do without. */
static const struct {
	const char *key;
	size_t offset; /* of a pointer in eg_raw_port, NULL where the key is not written */
	unsigned known, required;
} keys[] = {
    {"device", offsetof(struct eg_raw_port, device), DPDK, DPDK},
    {"vdev", offsetof(struct eg_raw_port, vdev), DPDK, 0},
    {"pcap_in", offsetof(struct eg_raw_port, pcap_in), PCAP, PCAP},
    {"pcap_out", offsetof(struct eg_raw_port, pcap_out), PCAP, PCAP},
    {"devargs", offsetof(struct eg_raw_port, devargs), DPDK, 0},
    {"rx_descriptors", offsetof(struct eg_raw_port, rx_descriptors), DPDK, 0},
    {"tx_descriptors", offsetof(struct eg_raw_port, tx_descriptors), DPDK, 0},
    {"rss", offsetof(struct eg_raw_port, rss), DPDK, 0},
    {"rx_checksum", offsetof(struct eg_raw_port, rx_checksum), DPDK, 0},
    {"tx_checksum", offsetof(struct eg_raw_port, tx_checksum), DPDK, 0},
    {"fast_free", offsetof(struct eg_raw_port, fast_free), DPDK, 0},
    {"clock", offsetof(struct eg_raw_port, clock), PCAP, 0},
    {"mac", offsetof(struct eg_raw_port, mac), DPDK | PCAP, PCAP},
    {"vlan", offsetof(struct eg_raw_port, vlan), DPDK | PCAP, 0},
    {"service_vlan", offsetof(struct eg_raw_port, service_vlan), DPDK | PCAP, 0},
    {"gateway", offsetof(struct eg_raw_port, gateway), DPDK | PCAP, 0},
    {"addresses", offsetof(struct eg_raw_port, addresses), DPDK | PCAP | SOCKET,
        DPDK | PCAP | SOCKET},
};

struct port_check {
	struct eg_source *src;
	struct eg_raw_port *raw;
	struct eg_config_port *port;
	unsigned idx;
};

static const char *at(const struct port_check *c, const char *key)
{
	return eg_source_at(c->src, "ports[%u].%s", c->idx, key);
}

static int check_kind(const struct port_check *c)
{
	static const char *const kinds[] = {
	    [EG_PORT_DPDK] = "dpdk", [EG_PORT_PCAP] = "pcap", [EG_PORT_SOCKET] = "socket"};
	const char *text = c->raw->kind;
	int kind = text != NULL ? eg_check_word(text, kinds, COUNT_OF(kinds)) : -1;

	if (text == NULL)
		return eg_source_refuse(c->src, at(c, "kind"), "is required: dpdk, pcap or socket");
	if (kind < 0)
		return eg_source_refuse(
		    c->src, at(c, "kind"), "must be dpdk, pcap or socket, not %s", text);
	c->port->kind = (enum eg_port_kind)kind;
	return 0;
}

static int check_keys(const struct port_check *c)
{
	const char *kind = eg_config_port_kind_name(c->port->kind);
	unsigned bit = 1u << c->port->kind;

	for (unsigned i = 0; i < COUNT_OF(keys); i++) {
		const void *written;

		memcpy(&written, (const uint8_t *)c->raw + keys[i].offset, sizeof(written));
		if (written != NULL && (keys[i].known & bit) == 0)
			return eg_source_refuse(
			    c->src, at(c, keys[i].key), "a port of kind %s does not have it", kind);
		if (written == NULL && (keys[i].required & bit) != 0)
			return eg_source_refuse(
			    c->src, at(c, keys[i].key), "is required for a port of kind %s", kind);
	}
	return 0;
}

static int check_texts(const struct port_check *c)
{
	struct eg_raw_port *raw = c->raw;
	struct eg_config_port *port = c->port;

	if (eg_check_text(c->src, at(c, "device"), &raw->device, false, &port->device) != 0 ||
	    eg_check_text(c->src, at(c, "vdev"), &raw->vdev, false, &port->vdev) != 0 ||
	    eg_check_text(c->src, at(c, "pcap_in"), &raw->pcap_in, false, &port->pcap_in) != 0 ||
	    eg_check_text(c->src, at(c, "pcap_out"), &raw->pcap_out, false, &port->pcap_out) != 0)
		return -EG_EINVAL;
	if (port->pcap_in != NULL && strcmp(port->pcap_in, port->pcap_out) == 0)
		return eg_source_refuse(c->src, at(c, "pcap_out"),
		    "is the same file as pcap_in: it would be overwritten");
	return 0;
}

static int check_vdev(const struct port_check *c)
{
	const struct eg_config_port *port = c->port;
	size_t n = port->vdev != NULL ? strcspn(port->vdev, ",") : 0;

	if (port->vdev == NULL ||
	    (n == strlen(port->device) && memcmp(port->vdev, port->device, n) == 0))
		return 0;
	return eg_source_refuse(c->src, at(c, "vdev"),
	    "makes a device %.*s, but device is %s: they must be the same", (int)n, port->vdev,
	    port->device);
}

static int check_clock(const struct port_check *c)
{
	static const char *const clocks[] = {"file", "system"};
	const char *text = c->raw->clock != NULL ? c->raw->clock : clocks[0];
	int clock = eg_check_word(text, clocks, COUNT_OF(clocks));

	if (clock < 0)
		return eg_source_refuse(
		    c->src, at(c, "clock"), "must be file or system, not %s", text);
	c->port->file_clock = c->port->kind == EG_PORT_PCAP && clock == 0;
	return 0;
}

static int check_queues(const struct port_check *c)
{
	int64_t queues;

	if (eg_check_number(c->src, at(c, "queues"), c->raw->queues,
	        (struct eg_limits){1, EG_WORKERS_MAX, 1}, &queues) != 0)
		return -EG_EINVAL;
	if (c->port->kind == EG_PORT_PCAP && queues != 1)
		return eg_source_refuse(
		    c->src, at(c, "queues"), "a port of kind pcap has exactly 1 queue");
	c->port->queues = (unsigned)queues;
	return 0;
}

static int check_vlans(const struct port_check *c)
{
	static const struct eg_limits limits = {1, 4094, -1};
	int64_t vlan, service_vlan;

	if (eg_check_number(c->src, at(c, "vlan"), c->raw->vlan, limits, &vlan) != 0 ||
	    eg_check_number(
	        c->src, at(c, "service_vlan"), c->raw->service_vlan, limits, &service_vlan) != 0)
		return -EG_EINVAL;
	if (service_vlan >= 0 && vlan < 0)
		return eg_source_refuse(
		    c->src, at(c, "service_vlan"), "stands in front of vlan, which is not written");
	c->port->vlan = (int)vlan;
	c->port->service_vlan = (int)service_vlan;
	return 0;
}

static int check_mac(const struct port_check *c)
{
	static const uint8_t zero[6];
	const char *text = c->raw->mac;

	if (text == NULL)
		return 0;
	if (!eg_mac_parse(c->port->mac, text))
		return eg_source_refuse(
		    c->src, at(c, "mac"), "must be like 02:00:00:00:00:01, not %s", text);
	if ((c->port->mac[0] & 1) != 0 || memcmp(c->port->mac, zero, sizeof(zero)) == 0)
		return eg_source_refuse(c->src, at(c, "mac"),
		    "%s is %s: a port needs an address of its own", text,
		    c->port->mac[0] & 1 ? "a multicast address" : "no address");
	c->port->has_mac = true;
	return 0;
}

static int check_address(const struct port_check *c, unsigned k)
{
	const char *text = c->raw->addresses[k];
	struct eg_config_addr *addr = &c->port->addr[k];
	bool has_prefix;
	const char *path = eg_source_at(c->src, "ports[%u].addresses[%u]", c->idx, k);

	if (!eg_address_parse(addr, text, &has_prefix))
		return eg_source_refuse(c->src, path,
		    "must be an address with its prefix, like 192.0.2.1/24 or 2001:db8::1/64, not "
		    "%s",
		    text);
	if (!has_prefix && c->port->kind != EG_PORT_SOCKET)
		return eg_source_refuse(c->src, path, "%s needs its prefix, like %s/%u", text, text,
		    addr->family == 4 ? 24u : 64u);
	if (eg_address_is_group(addr) || eg_address_is_any(addr))
		return eg_source_refuse(c->src, path, "%s is not an address of one host", text);
	for (unsigned i = 0; i < k; i++)
		if (eg_address_eq(addr, &c->port->addr[i]))
			return eg_source_refuse(c->src, path, "%s is given twice", text);
	c->port->addr_cnt = k + 1;
	return 0;
}

static int check_addresses(const struct port_check *c)
{
	if (c->raw->addresses_count == 0)
		return eg_source_refuse(
		    c->src, at(c, "addresses"), "at least one address is required");
	for (unsigned k = 0; k < c->raw->addresses_count; k++)
		if (check_address(c, k) != 0)
			return -EG_EINVAL;
	return 0;
}

static bool is_on_link(const struct eg_config_port *port, const struct eg_config_addr *addr)
{
	for (unsigned i = 0; i < port->addr_cnt; i++)
		if (eg_address_is_within(addr, &port->addr[i]))
			return true;
	return eg_address_is_link_local(addr);
}

static int check_gateway(const struct port_check *c, unsigned k)
{
	const char *text = c->raw->gateway[k];
	struct eg_config_addr *addr = &c->port->gateway[k];
	const char *path = eg_source_at(c->src, "ports[%u].gateway[%u]", c->idx, k);
	bool has_prefix;

	if (!eg_address_parse(addr, text, &has_prefix) || has_prefix)
		return eg_source_refuse(c->src, path,
		    "must be an address without prefix, like 192.0.2.254, not %s", text);
	if (eg_address_is_group(addr) || eg_address_is_any(addr) || !is_on_link(c->port, addr))
		return eg_source_refuse(
		    c->src, path, "%s is not on the link of any of the port's addresses", text);
	for (unsigned i = 0; i < k; i++)
		if (c->port->gateway[i].family == addr->family)
			return eg_source_refuse(
			    c->src, path, "a second gateway for IPv%u", addr->family);
	c->port->gateway_cnt = k + 1;
	return 0;
}

static int check_gateways(const struct port_check *c)
{
	for (unsigned k = 0; k < c->raw->gateway_count; k++)
		if (check_gateway(c, k) != 0)
			return -EG_EINVAL;
	return 0;
}

int eg_config_check_port(const struct eg_check *c, unsigned idx)
{
	static int (*const checks[])(const struct port_check *) = {check_kind, check_keys,
	    check_texts, check_vdev, check_clock, check_queues, check_vlans, check_mac,
	    check_addresses, check_gateways};
	const struct port_check pc = {c->src, &c->raw->ports[idx], &c->config->port[idx], idx};

	c->config->port_cnt = idx + 1;
	if (eg_check_name(c->src, at(&pc, "name"), &pc.raw->name, &pc.port->name) != 0)
		return -EG_EINVAL;
	for (unsigned i = 0; i < COUNT_OF(checks); i++)
		if (checks[i](&pc) != 0)
			return -EG_EINVAL;
	return pc.port->kind == EG_PORT_DPDK ? eg_config_check_device(c, idx) : 0;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "check.h"

#include <stdio.h>
#include <stdlib.h>

#define DESC_MIN          32
#define DESC_MAX          32768
#define DEVARGS_BYTES_MAX 400u

/* Drivers of virtual devices that make as many queues as an argument says, and without it one. */
static const struct {
	const char *driver, *argument;
} queue_arguments[] = {
    {"net_af_packet", "qpairs"},
    {"eth_af_packet", "qpairs"},
    {"net_af_xdp", "queue_count"},
    {"net_vhost", "queues"},
    {"eth_vhost", "queues"},
    {"net_virtio_user", "queues"},
    {"virtio_user", "queues"},
};

struct device_check {
	struct eg_source *src;
	const struct eg_config *config;
	struct eg_raw_port *raw;
	struct eg_config_port *port;
	unsigned idx;
};

static const char *at(const struct device_check *c, const char *key)
{
	return eg_source_at(c->src, "ports[%u].%s", c->idx, key);
}

bool eg_config_is_pci_address(const char *device)
{
	unsigned domain, bus, slot, function;
	int end = -1;

	if (strspn(device, "0123456789abcdefABCDEF:.") != strlen(device))
		return false;
	return sscanf(device, "%4x:%2x:%2x.%1x%n", &domain, &bus, &slot, &function, &end) == 4 &&
	       end == (int)strlen(device);
}

/* Arguments that `eal` gives the device too would take ours away, or be taken away by them. */
static int check_eal(const struct device_check *c)
{
	for (unsigned i = 0; i < c->config->eal_cnt; i++)
		if (strstr(c->config->eal[i], c->port->device) != NULL)
			return eg_source_refuse(c->src, at(c, "devargs"),
			    "eal[%u] names %s too: with devargs DPDK is told of it already", i,
			    c->port->device);
	return 0;
}

static int check_devargs(const struct device_check *c)
{
	if (eg_check_text(c->src, at(c, "devargs"), &c->raw->devargs, false, &c->port->devargs) !=
	    0)
		return -EG_EINVAL;
	if (c->port->devargs != NULL && strlen(c->port->devargs) > DEVARGS_BYTES_MAX)
		return eg_source_refuse(
		    c->src, at(c, "devargs"), "more than %u bytes", DEVARGS_BYTES_MAX);
	if (c->port->devargs == NULL || c->port->vdev != NULL)
		return 0;
	if (!eg_config_is_pci_address(c->port->device))
		return eg_source_refuse(c->src, at(c, "devargs"),
		    "go with a vdev, or a device that is a PCI address, not %s", c->port->device);
	return check_eal(c);
}

static int check_descriptors(const struct device_check *c)
{
	static const struct eg_limits limits = {DESC_MIN, DESC_MAX, 0};
	int64_t rx, tx;

	if (eg_check_number(c->src, at(c, "rx_descriptors"), c->raw->rx_descriptors, limits, &rx) !=
	        0 ||
	    eg_check_number(c->src, at(c, "tx_descriptors"), c->raw->tx_descriptors, limits, &tx) !=
	        0)
		return -EG_EINVAL;
	c->port->dpdk.rx_desc_cnt = (uint16_t)rx;
	c->port->dpdk.tx_desc_cnt = (uint16_t)tx;
	return 0;
}

static int check_rss(const struct device_check *c)
{
	static const char *const fields[] = {"ipv4", "ipv4_udp", "ipv6", "ipv6_udp"}; /* by bit */
	struct eg_config_device *dpdk = &c->port->dpdk;

	dpdk->has_rss = c->raw->rss != NULL;
	if (c->raw->rss_count == 1 && strcmp(c->raw->rss[0], "none") == 0)
		return 0;
	for (unsigned i = 0; i < c->raw->rss_count; i++) {
		int bit = eg_check_word(c->raw->rss[i], fields, COUNT_OF(fields));

		if (bit < 0)
			return eg_source_refuse(c->src,
			    eg_source_at(c->src, "ports[%u].rss[%u]", c->idx, i),
			    "must be ipv4, ipv4_udp, ipv6 or ipv6_udp, or alone none, not %s",
			    c->raw->rss[i]);
		dpdk->rss |= 1u << bit;
	}
	return 0;
}

static int check_switch(const struct device_check *c, const char *key, const char *text,
    enum eg_switch standard, enum eg_switch *out)
{
	static const char *const words[] = {
	    [EG_SWITCH_AUTO] = "auto", [EG_SWITCH_OFF] = "off", [EG_SWITCH_ON] = "on"};
	int word = text != NULL ? eg_check_word(text, words, COUNT_OF(words)) : (int)standard;

	if (word < 0)
		return eg_source_refuse(
		    c->src, at(c, key), "must be on, off or auto, not %s", text);
	*out = (enum eg_switch)word;
	return 0;
}

static int check_switches(const struct device_check *c)
{
	struct eg_config_device *dpdk = &c->port->dpdk;

	if (check_switch(
	        c, "rx_checksum", c->raw->rx_checksum, EG_SWITCH_AUTO, &dpdk->rx_checksum) != 0 ||
	    check_switch(
	        c, "tx_checksum", c->raw->tx_checksum, EG_SWITCH_AUTO, &dpdk->tx_checksum) != 0 ||
	    check_switch(c, "fast_free", c->raw->fast_free, EG_SWITCH_OFF, &dpdk->fast_free) != 0)
		return -EG_EINVAL;
	return 0;
}

/* Its value in "…,name=VALUE,…"; 0 where it is not there. */
static unsigned long argument_in(const char *list, const char *name)
{
	size_t n = strlen(name);

	for (const char *p = list; p != NULL; p = strchr(p, ',')) {
		p += *p == ',';
		if (strncmp(p, name, n) == 0 && p[n] == '=')
			return strtoul(p + n + 1, NULL, 10);
	}
	return 0;
}

static const char *queue_argument(const char *vdev)
{
	for (unsigned i = 0; i < COUNT_OF(queue_arguments); i++) {
		size_t n = strlen(queue_arguments[i].driver);

		if (strncmp(vdev, queue_arguments[i].driver, n) == 0 &&
		    strspn(vdev + n, "0123456789") == strcspn(vdev + n, ","))
			return queue_arguments[i].argument;
	}
	return NULL;
}

static int check_vdev_queues(const struct device_check *c)
{
	const struct eg_config_port *port = c->port;
	const char *name = port->vdev != NULL ? queue_argument(port->vdev) : NULL;
	unsigned long made;

	if (name == NULL)
		return 0;
	made = argument_in(port->vdev, name);
	if (made == 0)
		made = argument_in(port->devargs, name);
	if (made == 0)
		made = 1;
	if (port->queues <= made)
		return 0;
	return eg_source_refuse(c->src, at(c, "queues"),
	    "%u, but the driver makes %lu: write %s=%u in vdev or devargs", port->queues, made,
	    name, port->queues);
}

int eg_config_check_device(const struct eg_check *check, unsigned idx)
{
	static int (*const checks[])(const struct device_check *) = {
	    check_devargs, check_descriptors, check_rss, check_switches, check_vdev_queues};
	const struct device_check c = {
	    check->src, check->config, &check->raw->ports[idx], &check->config->port[idx], idx};

	for (unsigned i = 0; i < COUNT_OF(checks); i++)
		if (checks[i](&c) != 0)
			return -EG_EINVAL;
	return 0;
}

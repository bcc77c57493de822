/* SPDX-License-Identifier: BSD-3-Clause */
#include "dpdk_choose.h"
#include "dpdk_impl.h"
#include "eg_log.h"
#include "eg_port_need.h"

#include <errno.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <string.h>
#include <unistd.h>

#define MTU_DEFAULT_BYTES 1500u
#define IP6_UDP_BYTES     48u
#define DEVICE_LIST_BYTES 256u
#define DEVARGS_BYTES     512u
#define HUGE_PAGE_BYTES   (2u << 20)
#define SMALL_PAGE_BYTES  4096u

/* What the steps share. */
struct opening {
	struct dpdk_port *p;
	const struct eg_port_params *params;
	struct rte_eth_dev_info info;
	uint16_t rx_desc_cnt, tx_desc_cnt;
};

/* ── finding the device ── */

/* Many drivers return a bare -1, which is no errno. */
static const char *reason(int rc)
{
	return rc == -1 ? "the driver refuses" : strerror(-rc);
}

/* The driver's arguments: those of vdev behind its name, and devargs. */
static int join_devargs(const char *vdev, const char *devargs, char *out, struct eg_error *err)
{
	const char *comma = strchr(vdev, ',');
	int n = snprintf(out, DEVARGS_BYTES, "%s%s%s", comma != NULL ? comma + 1 : "",
	    comma != NULL && devargs != NULL ? "," : "", devargs != NULL ? devargs : "");

	if ((unsigned)n < DEVARGS_BYTES)
		return 0;
	return eg_error_set(err, EG_ELIMIT,
	    "vdev \"%.40s…\": more than %u bytes of arguments with devargs", vdev,
	    DEVARGS_BYTES - 1);
}

static int make_vdev(
    struct dpdk_port *p, const char *vdev, const char *devargs, struct eg_error *err)
{
	size_t bytes = strcspn(vdev, ",");
	char args[DEVARGS_BYTES];
	int rc = join_devargs(vdev, devargs, args, err);

	if (rc != 0)
		return rc;
	if (bytes == 0 || bytes >= sizeof(p->vdev))
		return eg_error_set(
		    err, EG_EINVAL, "vdev \"%s\": it begins with a name, as in net_memif0,…", vdev);
	memcpy(p->vdev, vdev, bytes);
	rc = rte_eal_hotplug_add("vdev", p->vdev, args);
	if (rc == 0)
		return 0;
	p->vdev[0] = '\0';
	return eg_error_set(err, EG_EIO,
	    "vdev \"%s\" cannot be made: %s; the driver's own message may stand above (unknown "
	    "name, missing interface, no right to use it, or the socket file of a killed process "
	    "still there: remove it)",
	    vdev, reason(rc));
}

static void list_devices(char *text, size_t room)
{
	size_t len = 0;

	(void)snprintf(text, room, "none");
	for (uint16_t id = 0; id < RTE_MAX_ETHPORTS && len < room; id++) {
		char name[RTE_ETH_NAME_MAX_LEN];

		if (rte_eth_dev_is_valid_port(id) && rte_eth_dev_get_name_by_port(id, name) == 0)
			len += (size_t)snprintf(
			    text + len, room - len, "%s%s", len != 0 ? ", " : "", name);
	}
}

/* The kernel driver that holds a PCI device, or NULL. */
static const char *kernel_driver(const char *device, char *target, size_t room)
{
	char path[256];
	ssize_t len;

	(void)snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/driver", device);
	len = readlink(path, target, room - 1);
	if (len <= 0)
		return NULL;
	target[len] = '\0';
	return strrchr(target, '/') != NULL ? strrchr(target, '/') + 1 : target;
}

static int not_found(const char *device, struct eg_error *err)
{
	char devices[DEVICE_LIST_BYTES], path[256], target[256];
	const char *driver = kernel_driver(device, target, sizeof(target));

	list_devices(devices, sizeof(devices));
	(void)snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s", device);
	if (driver != NULL)
		return eg_error_set(err, EG_ENOENT,
		    "DPDK does not see device %s (it sees: %s): the kernel driver %s holds it; "
		    "unless that is vfio-pci, bind it: dpdk-devbind.py -b vfio-pci %s; and take "
		    "--no-pci out of `eal`",
		    device, devices, driver, device);
	if (access(path, F_OK) == 0)
		return eg_error_set(err, EG_ENOENT,
		    "DPDK does not see device %s (it sees: %s): no driver holds it; bind one: "
		    "dpdk-devbind.py -b vfio-pci %s",
		    device, devices, device);
	return eg_error_set(err, EG_ENOENT,
	    "there is no device %s; DPDK sees: %s (dpdk-devbind.py -s lists PCI devices, `vdev` "
	    "makes a virtual one)",
	    device, devices);
}

static int find_device(struct opening *o, struct eg_error *err)
{
	const struct eg_config_port *config = o->params->config;
	const char *device = config->device;
	int rc = config->vdev != NULL ? make_vdev(o->p, config->vdev, config->devargs, err) : 0;

	if (rc != 0)
		return rc;
	if (device == NULL)
		device = o->p->vdev;
	if (device[0] == '\0')
		return eg_error_set(err, EG_EINVAL, "kind dpdk needs device or vdev");
	if (rte_eth_dev_get_port_by_name(device, &o->p->id) != 0)
		return not_found(device, err);
	o->p->found = true;
	rc = rte_eth_dev_info_get(o->p->id, &o->info);
	if (rc != 0)
		return eg_error_set(err, EG_EIO, "%s: no information: %s", device, reason(rc));
	return 0;
}

/* ── setting it up ── */

static int check_queues(struct opening *o, struct eg_error *err)
{
	unsigned queues = o->params->config->queues;
	unsigned rx = o->info.max_rx_queues, tx = o->info.max_tx_queues;
	unsigned most = rx < tx ? rx : tx;

	if (queues <= most)
		return 0;
	return eg_error_set(err, EG_ELIMIT,
	    "%u queues wanted, the device has %u: lower `queues` and `workers`, or give a vdev "
	    "more (net_af_packet: qpairs=%u)",
	    queues, most, queues);
}

static int configure(struct opening *o, struct eg_error *err)
{
	uint16_t queues = (uint16_t)o->params->config->queues;
	struct eg_dpdk_choice choice;
	int rc = eg_dpdk_choose(&choice, o->params->config, &o->info, err);

	if (rc != 0)
		return rc;
	o->rx_desc_cnt = choice.rx_desc_cnt;
	o->tx_desc_cnt = choice.tx_desc_cnt;
	rc = rte_eth_dev_configure(o->p->id, queues, queues, &choice.conf);
	if (rc == 0)
		rc = rte_eth_dev_adjust_nb_rx_tx_desc(o->p->id, &o->rx_desc_cnt, &o->tx_desc_cnt);
	if (rc != 0)
		return eg_error_set(
		    err, EG_EIO, "the device refuses %u queues: %s", queues, reason(rc));
	o->p->base.queue_cnt = queues;
	o->p->base.netif.tx_ip_cksum =
	    (choice.conf.txmode.offloads & RTE_ETH_TX_OFFLOAD_IPV4_CKSUM) != 0;
	o->p->base.netif.tx_udp_cksum =
	    (choice.conf.txmode.offloads & RTE_ETH_TX_OFFLOAD_UDP_CKSUM) != 0;
	return 0;
}

static int make_pool(struct opening *o, struct eg_error *err)
{
	const struct eg_port_buffers need = eg_port_need_buffers(o->params->config->queues,
	    o->params->max_datagram_bytes, o->rx_desc_cnt, o->tx_desc_cnt);
	const uint32_t page = rte_eal_has_hugepages() ? HUGE_PAGE_BYTES : SMALL_PAGE_BYTES;
	char name[RTE_MEMPOOL_NAMESIZE];
	_Static_assert(EG_PORT_HEADROOM_BYTES == RTE_PKTMBUF_HEADROOM, "DPDK's own");

	if (need.room_bytes > UINT16_MAX)
		return eg_error_set(err, EG_ELIMIT,
		    "max_datagram %u: a packet must fit one buffer of 64 KiB with its headers",
		    o->params->max_datagram_bytes);
	(void)snprintf(name, sizeof(name), "eg_port%u", o->p->id);
	o->p->pool = rte_pktmbuf_pool_create(name, need.cnt, EG_PORT_CACHE_CNT, 0,
	    (uint16_t)need.room_bytes, rte_eth_dev_socket_id(o->p->id));
	if (o->p->pool == NULL)
		return eg_error_set(err, EG_ENOMEM,
		    "no memory for %u packet buffers, %u MB: %s; reserve more hugepages, or with "
		    "--no-huge raise -m in `eal`",
		    need.cnt, (unsigned)((eg_port_buffers_bytes(&need, page) >> 20) + 1),
		    rte_strerror(rte_errno));
	return 0;
}

static int set_up_queues(struct opening *o, struct eg_error *err)
{
	int socket = rte_eth_dev_socket_id(o->p->id);
	unsigned numa = socket < 0 ? (unsigned)SOCKET_ID_ANY : (unsigned)socket;
	int rc = 0;

	for (uint16_t i = 0; rc == 0 && i < o->params->config->queues; i++) {
		rc = rte_eth_rx_queue_setup(
		    o->p->id, i, o->rx_desc_cnt, numa, &o->info.default_rxconf, o->p->pool);
		if (rc == 0)
			rc = rte_eth_tx_queue_setup(
			    o->p->id, i, o->tx_desc_cnt, numa, &o->info.default_txconf);
	}
	if (rc != 0)
		return eg_error_set(err, EG_EIO, "a queue cannot be set up: %s", reason(rc));
	return 0;
}

static void set_mtu(const struct opening *o)
{
	uint32_t mtu = o->params->max_datagram_bytes + IP6_UDP_BYTES;
	int rc = mtu > MTU_DEFAULT_BYTES ? rte_eth_dev_set_mtu(o->p->id, (uint16_t)mtu) : 0;

	if (rc != 0 && rc != -ENOTSUP)
		eg_log(EG_LOG_WARNING, "port %s: MTU %u: %s; larger datagrams may be lost",
		    o->params->config->name, mtu, reason(rc));
}

/* A device that keeps its own address can still pass the frames for ours. */
static int set_mac(const struct opening *o, struct eg_error *err)
{
	struct rte_ether_addr mac;
	int rc;

	if (!o->params->config->has_mac) {
		rc = rte_eth_macaddr_get(o->p->id, &mac);
		if (rc != 0)
			return eg_error_set(
			    err, EG_EIO, "the device has no MAC address: set `mac`");
		memcpy(o->p->base.netif.mac, mac.addr_bytes, sizeof(mac.addr_bytes));
		return 0;
	}
	memcpy(mac.addr_bytes, o->params->config->mac, sizeof(mac.addr_bytes));
	rc = rte_eth_dev_default_mac_addr_set(o->p->id, &mac);
	if (rc != 0 && rc != -ENOTSUP)
		eg_log(EG_LOG_WARNING, "port %s: the device keeps its own MAC address: %s",
		    o->params->config->name, reason(rc));
	if (rc != 0)
		(void)rte_eth_promiscuous_enable(o->p->id);
	return 0;
}

/* Neighbour solicitations come to groups. A device that offers no filter passes all frames. */
static void join_groups(const struct opening *o)
{
	int rc = o->p->base.netif.ip6_cnt != 0 ? rte_eth_allmulticast_enable(o->p->id) : 0;

	if (rc != 0 && rc != -ENOTSUP)
		eg_log(EG_LOG_WARNING,
		    "port %s: multicast is refused: %s; IPv6 neighbours may not find us",
		    o->params->config->name, reason(rc));
}

static int start(struct opening *o, struct eg_error *err)
{
	int rc = set_mac(o, err);

	if (rc != 0)
		return rc;
	set_mtu(o);
	rc = rte_eth_dev_start(o->p->id);
	if (rc != 0)
		return eg_error_set(err, EG_EIO,
		    "the device does not start: %s; the driver's own message stands above (a memif "
		    "client needs its server first)",
		    reason(rc));
	o->p->started = true;
	join_groups(o);
	return 0;
}

int eg_dpdk_device_open(
    struct dpdk_port *p, const struct eg_port_params *params, struct eg_error *err)
{
	int (*const step[])(struct opening *, struct eg_error *) = {
	    find_device, check_queues, configure, make_pool, set_up_queues, start};
	struct opening o = {.p = p, .params = params};
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < RTE_DIM(step); i++)
		rc = step[i](&o, err);
	return rc;
}

void eg_dpdk_device_close(struct dpdk_port *p)
{
	if (p->started)
		(void)rte_eth_dev_stop(p->id);
	if (p->found)
		(void)rte_eth_dev_close(p->id);
	if (p->vdev[0] != '\0')
		(void)rte_eal_hotplug_remove("vdev", p->vdev);
	rte_mempool_free(p->pool);
}

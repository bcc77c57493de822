/* SPDX-License-Identifier: BSD-3-Clause */
/* preflight: NICs with their drivers, the interfaces that virtual devices use, the IOMMU. */
#include "preflight.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PCI       "/sys/bus/pci/devices/%s"
#define CLASS_NET 0x0200 /* upper half of the class: Ethernet */

#define CAP_NET_ADMIN 12u
#define CAP_NET_RAW   13u

/* What drives a NIC in DPDK 22.11, by PCI vendor and device (the drivers' own lists), and the most
 * queues that it hashes over: ICE_MAX_Q_PER_TC, I40E_MAX_Q_PER_TC, VIRTIO_MAX_RX_QUEUES of its
 * drivers, for ENA the EC2 User Guide; mlx5 has more than edgate has workers. */
static const struct family {
	const char *name;
	bool keeps_kernel_driver; /* works beside it: must not be bound to vfio-pci */
	unsigned queues;
	unsigned vendor;
	unsigned device[12];
} families[] = {
    {"mlx5", true, EG_WORKERS_MAX, 0x15b3,
        {0x1017, 0x1018, 0x1019, 0x101a, 0x101b, 0x101c, 0x101d, 0x101e, 0x101f, 0x1021}},
    {"ice", false, 256, 0x8086, {0x1591, 0x1592, 0x1593, 0x1599, 0x159a, 0x159b}},
    {"i40e", false, 64, 0x8086,
        {0x1572, 0x1580, 0x1581, 0x1583, 0x1584, 0x1585, 0x1586, 0x1587, 0x1588, 0x1589, 0x158a,
            0x158b}},
    {"ena", false, 32, 0x1d0f, {0xec20, 0xec21}},
    {"virtio", false, 128, 0x1af4, {0x1000, 0x1041}},
};

static unsigned hex_of(const struct pf *pf, const char *device, const char *name)
{
	char text[PF_TEXT];

	if (!pf_text(pf, text, PCI "/%s", device, name))
		return 0;
	return (unsigned)strtoul(text, NULL, 16);
}

static const struct family *family_of(const struct pf *pf, const char *device)
{
	unsigned vendor = hex_of(pf, device, "vendor"), id = hex_of(pf, device, "device");

	for (size_t i = 0; id != 0 && i < sizeof(families) / sizeof(families[0]); i++)
		for (size_t k = 0; families[i].vendor == vendor && k < 12; k++)
			if (families[i].device[k] == id)
				return &families[i];
	return NULL;
}

/* ── the device and its driver ── */

/* Another Ethernet device of the host, to name in place of one that is not there. */
static bool find_other(const struct pf *pf, char other[PF_TEXT])
{
	char prefix[8];

	for (unsigned domain = 0; domain < 2; domain++) {
		(void)snprintf(prefix, sizeof(prefix), "%04x:", domain);
		for (unsigned bus = 0; bus < 256; bus++) {
			(void)snprintf(prefix, sizeof(prefix), "%04x:%02x", domain, bus);
			if (pf_names(pf, prefix, other, "/sys/bus/pci/devices") != 0 &&
			    hex_of(pf, other, "class") >> 8 == CLASS_NET)
				return true;
		}
	}
	return false;
}

static void say_missing(struct pf *pf, const char *device)
{
	char other[PF_TEXT];

	if (find_other(pf, other))
		pf_red(pf, "device",
		    pf_fix(pf, "sed -i 's/%s/%s/g' %s", device, other, pf->shell.file),
		    "there is no PCI device %s; one that is there is %s", device, other);
	else
		pf_red(pf, "device", pf_fix(pf, "echo 1 > /sys/bus/pci/rescan"),
		    "there is no PCI device %s, nor any other Ethernet device", device);
}

/* "mlx5_core" and its like stay; everything else gives way to vfio-pci. */
static void check_kept_driver(
    struct pf *pf, const char *device, const struct family *family, const char *driver)
{
	if (strcmp(driver, "mlx5_core") != 0)
		pf_red(pf, "driver",
		    pf_fix(pf, "modprobe mlx5_core && dpdk-devbind.py -b mlx5_core %s", device),
		    "%s has driver %s; %s works beside mlx5_core, which must keep it", device,
		    driver[0] != '\0' ? driver : "none", family->name);
	else if (!pf_exists(pf, PCI "/infiniband", device) ||
	         !pf_exists(pf, "/sys/class/infiniband_verbs"))
		pf_red(pf, "driver", pf_fix(pf, "modprobe -a mlx5_ib ib_uverbs"),
		    "%s has mlx5_core, but not the verbs that DPDK uses (mlx5_ib, ib_uverbs)",
		    device);
	else
		pf_green(pf, "driver", "%s has mlx5_core with verbs", device);
}

static const char *bind_fix(struct pf *pf, const char *device)
{
	bool loaded = pf_exists(pf, "/sys/bus/pci/drivers/vfio-pci");

	return pf_fix(
	    pf, "%sdpdk-devbind.py -b vfio-pci %s", loaded ? "" : "modprobe vfio-pci && ", device);
}

static void check_driver(struct pf *pf, const char *device, const struct family *family)
{
	char driver[PF_TEXT] = "", interface[PF_TEXT] = "";

	(void)pf_link(pf, driver, PCI "/driver", device);
	(void)pf_names(pf, "", interface, PCI "/net", device);
	if (family != NULL && family->keeps_kernel_driver)
		check_kept_driver(pf, device, family, driver);
	else if (strcmp(driver, "vfio-pci") == 0)
		pf_green(pf, "driver", "%s has vfio-pci", device);
	else if (strcmp(driver, "uio_pci_generic") == 0 || strcmp(driver, "igb_uio") == 0)
		pf_yellow(pf, "driver", bind_fix(pf, device),
		    "%s has %s: it works, without an IOMMU between device and memory", device,
		    driver);
	else if (driver[0] == '\0')
		pf_red(pf, "driver", bind_fix(pf, device), "%s has no driver", device);
	else
		pf_red(pf, "driver", bind_fix(pf, device),
		    "%s is the kernel's (driver %s%s%s): binding it takes it away from there",
		    device, driver, interface[0] != '\0' ? ", interface " : "", interface);
}

static void check_iommu(struct pf *pf, const char *device)
{
	char driver[PF_TEXT] = "", unsafe[PF_TEXT] = "", vendor[PF_TEXT] = "";

	(void)pf_field(pf, "/proc/cpuinfo", "vendor_id", vendor, sizeof(vendor));
	(void)pf_link(pf, driver, PCI "/driver", device);
	(void)pf_text(pf, unsafe, "/sys/module/vfio/parameters/enable_unsafe_noiommu_mode");
	if (strcmp(driver, "mlx5_core") == 0 || strstr(driver, "uio") != NULL)
		return;
	if (pf_exists(pf, PCI "/iommu_group", device))
		pf_green(pf, "iommu", "%s is in an IOMMU group", device);
	else if (unsafe[0] == 'Y')
		pf_yellow(pf, "iommu", NULL,
		    "no IOMMU: vfio-pci works in its unsafe mode, and %s can reach all memory",
		    device);
	else if (strcmp(vendor, "AuthenticAMD") == 0)
		pf_red(pf, "iommu",
		    pf_fix(pf, "modprobe vfio enable_unsafe_noiommu_mode=1 && echo Y > "
		               "/sys/module/vfio/parameters/enable_unsafe_noiommu_mode"),
		    "%s is in no IOMMU group, and vfio-pci needs one: the firmware switches AMD's "
		    "on; where there is none (the command) the device can reach all memory",
		    device);
	else
		pf_red(pf, "iommu",
		    pf_fix(pf, "sed -i 's/^GRUB_CMDLINE_LINUX=\"/&intel_iommu=on iommu=pt /' "
		               "/etc/default/grub && update-grub && reboot"),
		    "%s is in no IOMMU group, and vfio-pci needs one (in a virtual machine without "
		    "one: echo Y > /sys/module/vfio/parameters/enable_unsafe_noiommu_mode)",
		    device);
}

/* ── what it is asked for ── */

/* A driver of the kernel shows how many queues it has; else the family's limit counts. */
static void check_queues(
    struct pf *pf, const struct eg_config_port *port, const struct family *family)
{
	char interface[PF_TEXT];
	unsigned most = family != NULL ? family->queues : 0;

	if (pf_names(pf, "", interface, PCI "/net", port->device) != 0) {
		unsigned shown =
		    pf_names(pf, "rx-", NULL, PCI "/net/%s/queues", port->device, interface);

		most = shown != 0 && (most == 0 || shown < most) ? shown : most;
	}
	if (most == 0)
		pf_yellow(pf, "queues", NULL,
		    "%s is a device that edgate has no file for: %u queues "
		    "may be more than it has",
		    port->device, port->queues);
	else if (port->queues > most)
		pf_red(pf, "queues",
		    pf_fix(pf, "sed -i -E 's/^( *queues: *)%u\\b/\\1%u/' %s", port->queues, most,
		        pf->shell.file),
		    "port %s wants %u queues, %s has %u", port->name, port->queues, port->device,
		    most);
	else
		pf_green(pf, "queues", "%u of at most %u of %s%s%s", port->queues, most,
		    port->device, family != NULL ? ", driver " : "",
		    family != NULL ? family->name : "");
}

/* Packets that cross between sockets cost a hundred ns each. */
static void check_node(struct pf *pf, unsigned idx)
{
	const struct eg_config_port *port = &pf->config->port[idx];
	int node = pf_node_of_device(pf, port->device);
	cpu_set_t near;
	bool far = false;

	if (node < 0 || !pf_cpus(pf, &near, "/sys/devices/system/node/node%d/cpulist", node))
		return;
	for (unsigned i = 0; i < pf->config->worker_cnt; i++) {
		int cpu = pf->config->worker[i].cpu;

		if (pf->config->worker[i].port != idx || cpu < 0 || CPU_ISSET((size_t)cpu, &near))
			continue;
		far = true;
		pf_yellow(pf, "numa", pf_move_fix(pf, cpu, &near),
		    "worker %u is on CPU %d of node %d, its NIC %s on node %d", i, cpu,
		    pf_node_of_cpu(pf, cpu), port->device, node);
	}
	if (!far)
		pf_green(pf, "numa", "the workers of %s are on its node %d", port->device, node);
}

static void check_pci(struct pf *pf, unsigned idx)
{
	const struct eg_config_port *port = &pf->config->port[idx];
	const struct family *family = family_of(pf, port->device);

	if (pf_has_eal(pf, "--no-pci"))
		pf_red(pf, "device",
		    pf_fix(pf, "sed -i 's/\"\\?--no-pci\"\\?,\\? *//' %s", pf->shell.file),
		    "port %s is the PCI device %s, and `eal` says --no-pci", port->name,
		    port->device);
	if (!pf_exists(pf, PCI, port->device)) {
		say_missing(pf, port->device);
		return;
	}
	check_driver(pf, port->device, family);
	check_iommu(pf, port->device);
	check_queues(pf, port, family);
	check_node(pf, idx);
}

/* ── virtual devices over interfaces of the kernel ── */

/* The value of "iface=" in a vdev's arguments. */
static bool interface_of(const struct eg_config_port *port, char name[PF_TEXT])
{
	const char *lists[] = {port->vdev, port->devargs};

	for (unsigned i = 0; i < 2; i++) {
		const char *at = lists[i] != NULL ? strstr(lists[i], "iface=") : NULL;

		if (at != NULL) {
			(void)snprintf(name, PF_TEXT, "%.*s", (int)strcspn(at + 6, ","), at + 6);
			return true;
		}
	}
	return false;
}

static void check_net_rights(struct pf *pf, const char *device)
{
	if (pf_has_capability(pf, CAP_NET_ADMIN) && pf_has_capability(pf, CAP_NET_RAW))
		pf_green(pf, "rights", "CAP_NET_ADMIN and CAP_NET_RAW, which %s needs", device);
	else
		pf_red(pf, "rights", pf_fix(pf, "sudo edgate --config %s", pf->shell.file),
		    "%s needs CAP_NET_ADMIN and CAP_NET_RAW: start edgate as root, it becomes "
		    "`user` %s once its ports are open",
		    device, pf->config->user);
}

static void check_interface(struct pf *pf, const struct eg_config_port *port)
{
	char name[PF_TEXT], flags[PF_TEXT];

	if (strncmp(port->vdev, "net_af_", 7) != 0 || !interface_of(port, name))
		return;
	if (!pf_exists(pf, "/sys/class/net/%s", name))
		pf_red(pf, "interface",
		    pf_fix(pf, "ip link add %s type veth peer name %.11s-peer", name, name),
		    "there is no interface %s for %s (the command makes a veth pair; or name one "
		    "that exists)",
		    name, port->device);
	else if (pf_text(pf, flags, "/sys/class/net/%s/flags", name) &&
	         (strtoul(flags, NULL, 16) & 1) == 0)
		pf_red(pf, "interface", pf_fix(pf, "ip link set %s up", name), "%s is down", name);
	else
		pf_green(pf, "interface", "%s is there and up", name);
	check_net_rights(pf, port->device);
}

/* ── without a configuration ── */

static void say_device(struct pf *pf, const char *device)
{
	const struct family *family = family_of(pf, device);
	char driver[PF_TEXT] = "none";

	(void)pf_link(pf, driver, PCI "/driver", device);
	pf_green(pf, "device", "%s: Ethernet %04x:%04x%s%s, node %d, driver %s", device,
	    hex_of(pf, device, "vendor"), hex_of(pf, device, "device"),
	    family != NULL ? ", DPDK's " : "", family != NULL ? family->name : "",
	    pf_node_of_device(pf, device), driver);
}

void pf_check_devices(struct pf *pf)
{
	char device[PF_TEXT];

	if (pf->config == NULL) {
		if (find_other(pf, device))
			say_device(pf, device);
		else
			pf_green(pf, "device", "no Ethernet device on PCI");
		return;
	}
	for (unsigned i = 0; i < pf->config->port_cnt; i++) {
		const struct eg_config_port *port = &pf->config->port[i];

		if (pf_is_pci(port))
			check_pci(pf, i);
		else if (port->kind == EG_PORT_DPDK && port->vdev != NULL)
			check_interface(pf, port);
	}
}

# SPDX-License-Identifier: BSD-3-Clause
"""What packets travelled over. A number is a NIC's only where the port that edgate was given is one:
that is derived from the port's configuration and from what the kernel knows of the device, never from
what somebody calls it, and it is derived again whenever a result is read."""
import pathlib
import re

PCI_ADDRESS = re.compile(r"[0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]")
PCI_ETHERNET = "0x0200"
PARAVIRTUAL = {"0x1af4": "virtio", "0x15ad": "vmxnet3", "0x1414": "netvsc", "0x5853": "xen"}
USER_SPACE = ("vfio-pci", "uio_pci_generic", "igb_uio", "mlx4_core", "mlx5_core", "mana")
EXPLAINED = {
    "net_memif": "memif: memory that two processes of this host share",
    "net_virtio_user": "virtio_user and vhost: memory that two processes of this host share",
    "net_vhost": "vhost and virtio_user: memory that two processes of this host share",
    "net_af_packet": "AF_PACKET: an interface of the kernel",
    "net_af_xdp": "AF_XDP: an interface of the kernel",
    "net_tap": "TAP: an interface of the kernel",
    "net_pcap": "a pcap file or libpcap",
    "net_ring": "a ring within one process",
    "net_null": "nothing: packets from nowhere",
}


class LinkError(Exception):
    """A result says of its link what its port does not bear out."""


def pci_evidence(device, sysfs="/sys"):
    """What the kernel knows of a PCI device: {} where it knows none of that address."""
    at = pathlib.Path(sysfs, "bus/pci/devices", device)
    if not PCI_ADDRESS.fullmatch(device) or not at.is_dir():
        return {}
    words = {name: (at / name).read_text().strip() for name in ("class", "vendor", "device")
             if (at / name).is_file()}
    words["driver"] = (at / "driver").resolve().name if (at / "driver").exists() else ""
    return words


def link_of(port, sysfs="/sys"):
    """Of a port as in edgate's configuration: kind, and for dpdk device and vdev."""
    keys = ("kind", "device", "vdev")
    port = {key: str(port[key]) for key in keys if port.get(key)}
    return derive(port, pci_evidence(port.get("device", ""), sysfs))


def derive(port, pci):
    kind, text = classify(port, pci)
    return {"kind": kind, "text": text, "port": port, "pci": pci}


def classify(port, pci):
    if port.get("kind") == "socket":
        return "socket", "kernel sockets over loopback"
    if port.get("kind") == "pcap":
        return "pcap", "a pcap file"
    if port.get("kind") != "dpdk":
        return "unknown", "unknown"
    device = port.get("vdev") or port.get("device", "")
    if "vdev" in port or not PCI_ADDRESS.fullmatch(device):
        driver = re.match(r"[a-z_]*", device)[0]
        return "vdev", f"virtual device ({EXPLAINED.get(driver, driver or 'without a name')})"
    return classify_pci(device, pci)


def classify_pci(device, pci):
    if not str(pci.get("class", "")).startswith(PCI_ETHERNET):
        return "unknown", f"{device}: no Ethernet device that this host's kernel knows"
    if pci.get("vendor") in PARAVIRTUAL:
        return "paravirtual", f"{device}: {PARAVIRTUAL[pci['vendor']]}, a hypervisor's software device"
    if pci.get("driver") not in USER_SPACE:
        return "unknown", f"{device}: its driver is no driver that DPDK works with"
    return "nic", f"NIC {device} ({pci['vendor']}:{pci.get('device', '?')}, {pci['driver']})"


def is_nic(link):
    verify(link)
    return link["kind"] == "nic"


def verify(link):
    """Raises LinkError where the link does not follow from its own port."""
    if not isinstance(link, dict) or not isinstance(link.get("port"), dict):
        raise LinkError("a figure without the port that it was measured on")
    right = derive(link["port"], link.get("pci") or {})
    if (link.get("kind"), link.get("text")) != (right["kind"], right["text"]):
        raise LinkError(f"the result calls its link \"{link.get('kind')}: {link.get('text')}\", but its port "
                        f"is {right['kind']}: {right['text']}")
    return link

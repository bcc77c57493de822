# SPDX-License-Identifier: BSD-3-Clause
"""edgate over af_packet on a veth pair, two queues and two workers, against the kernel's own stack in a
network namespace: ARP, neighbour discovery, ping, UDP clients, and packets that scapy built. Root only."""
import os
import subprocess
import sys
import time
import unittest

import egt
from harness import ISSUER, World, have_root_netns, program, run, skip

PORT = """  - name: p0
    kind: dpdk
    device: net_af_packet0
    vdev: "net_af_packet0,iface=eg0,qpairs=2"
    queues: 2
    addresses: [192.0.2.1/24, "2001:db8::1/64"]
"""
WORKERS = "  - {port: p0, queue: 0, cpu: 0}\n  - {port: p0, queue: 1, cpu: 1}\n"
EAL = '["--no-huge", "--no-shconf", "--no-telemetry", "--no-pci", "-m", "256"]'


class Veth(unittest.TestCase):
    def setUp(self):
        w = self.world = World("veth")
        self.addCleanup(w.__exit__)
        self.srv, self.cli = f"edgate-s{os.getpid()}", f"edgate-c{os.getpid()}"
        w.make_netns(self.srv, self.cli)
        run("ip", "-n", self.srv, "link", "add", "eg0", "type", "veth", "peer", "name", "eg1",
            "netns", self.cli)
        run("ip", "netns", "exec", self.srv, "sysctl", "-qw", "net.ipv6.conf.eg0.disable_ipv6=1")
        run("ip", "-n", self.srv, "link", "set", "eg0", "up")
        run("ip", "-n", self.cli, "link", "set", "lo", "up")
        run("ip", "-n", self.cli, "link", "set", "eg1", "up")
        run("ip", "-n", self.cli, "addr", "add", "192.0.2.2/24", "dev", "eg1")
        run("ip", "-n", self.cli, "addr", "add", "2001:db8::2/64", "dev", "eg1", "nodad")
        run("ip", "netns", "exec", self.cli, "ethtool", "-K", "eg1", "tx", "off")
        w.make_state()
        w.config(PORT, WORKERS, f"idle: sleep:50\neal: {EAL}\n")
        w.start(["ip", "netns", "exec", self.srv])

    def inside(self, *args, **kw):
        return run("ip", "netns", "exec", self.cli, *args, **kw)

    def verify(self, host, token, *more):
        return self.inside(program("edgatectl"), "verify", host, *more, token.decode()).stdout.strip()

    def test_kernel_client(self):
        w = self.world
        self.inside("ping", "-c", "2", "-W", "2", "192.0.2.1")
        self.inside("ping", "-c", "2", "-W", "2", "2001:db8::1")
        token = w.token("--jti", "veth-1")
        for host in ("192.0.2.1", "[2001:db8::1]", "192.0.2.1:25582"):
            self.assertEqual(self.verify(host, token), "OK")
        # Many source ports, so that the fanout gives both workers something to do.
        for _ in range(40):
            self.assertEqual(self.verify("192.0.2.1", token), "OK")
        cores = w.stats()["per_worker"]
        self.assertEqual(len(cores), 2)
        for core in cores:
            self.assertGreater(core["answers"]["answered_verify"], 0, "both queues answer")
        self.announced_twice()
        w.ctl("revoke", "jti", ISSUER, "veth-1", "--exp", "4000000000")
        self.assertEqual(self.verify("192.0.2.1", token, "--until", "REVOKED"), "REVOKED")
        w.stop()

    def announced_twice(self):
        """Each round: ARP, and for IPv6 a group report and an advertisement; the second after 2 s."""
        end = time.monotonic() + 10
        while self.world.stats()["counters"]["announcements"] < 6:
            self.assertLess(time.monotonic(), end)
            time.sleep(0.1)

    def test_scapy(self):
        token = self.world.token()
        try:
            import importlib.util
            if importlib.util.find_spec("scapy") is None and subprocess.run(
                    ["/usr/bin/python3", "-c", "import scapy"], capture_output=True).returncode != 0:
                raise ImportError
        except ImportError:
            self.skipTest("SKIPPED: scapy is not installed")
        client = os.path.join(os.path.dirname(__file__), "..", "..", "pktgen-scripts", "scapy_verify.py")
        done = self.inside("/usr/bin/python3", client, "eg1", "192.0.2.1", token.decode())
        self.assertIn("OK", done.stdout)
        self.world.stop()


if __name__ == "__main__":
    if not have_root_netns():
        skip("network namespaces need root")
    unittest.main(verbosity=2)

# SPDX-License-Identifier: BSD-3-Clause
"""edgate over af_packet on a veth pair, two queues and two workers, against the kernel's own stack in a
network namespace: ARP, neighbour discovery, ping, UDP clients, and packets that scapy built. Root only."""
import os
import subprocess
import sys
import time
import unittest

import egt
from harness import ISSUER, VethWorld, have_root_netns, program, skip


class Veth(unittest.TestCase):
    def setUp(self):
        self.world = VethWorld("veth")
        self.addCleanup(self.world.__exit__)
        self.world.up()

    def verify(self, host, token, *more):
        return self.world.inside(program("edgatectl"), "verify", host, *more, token.decode()).stdout.strip()

    def test_trace_of_whole_frames(self):
        """Headers and all, of IPv4 and IPv6; no token among them."""
        w, path = self.world, f"{self.world.dir}/trace.pcap"
        token = w.token()
        with subprocess.Popen([program("edgatectl"), "--run", w.rundir, "trace", "--count", "2", "--timeout", "20",
                               "--status", "OK", "--pcap", path], stdout=subprocess.PIPE) as trace:
            while not os.path.exists(path):  # it is made once the trace has begun
                self.assertIsNone(trace.poll())
                time.sleep(0.05)
            for host in ("192.0.2.1", "[2001:db8::1]"):
                self.assertEqual(self.verify(host, token), "OK")
            trace.communicate()
        self.assertEqual(trace.returncode, 0)
        packets = [frame for _, frame in egt.read_pcap(path)]
        self.assertEqual([frame[12:14].hex() for frame in packets], ["0800", "0800", "86dd", "86dd"])
        for at, request, answer in ((42, *packets[:2]), (62, *packets[2:])):
            self.assertEqual(request[at + 24:at + 24 + len(token)], b"x" * len(token))
            self.assertEqual(egt.Response(answer[at:]).statuses, ["OK"])
            self.assertEqual((request[:6], request[6:12]), (answer[6:12], answer[:6]))
        w.stop()

    def test_no_thread_keeps_a_right(self):
        """Not even those that DPDK has started before the ports were open. The world's user is nobody."""
        tasks = f"/proc/{self.world.process.pid}/task"
        self.assertGreater(len(os.listdir(tasks)), 3)
        for task in os.listdir(tasks):
            with open(f"{tasks}/{task}/status") as text:
                status = dict(line.rstrip("\n").split(":\t", 1) for line in text)
            with self.subTest(status["Name"]):
                for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
                    self.assertEqual(int(status[name], 16), 0, name)
                self.assertEqual(status["NoNewPrivs"], "1")
                self.assertNotIn("0", status["Uid"].split())
        self.world.stop()

    def test_kernel_client(self):
        w = self.world
        self.world.inside("ping", "-c", "2", "-W", "2", "192.0.2.1")
        self.world.inside("ping", "-c", "2", "-W", "2", "2001:db8::1")
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
        done = self.world.inside("/usr/bin/python3", client, "eg1", "192.0.2.1", token.decode())
        self.assertIn("OK", done.stdout)
        self.world.stop()


if __name__ == "__main__":
    if not have_root_netns():
        skip("network namespaces need root")
    unittest.main(verbosity=2)

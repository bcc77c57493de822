# SPDX-License-Identifier: BSD-3-Clause
"""Two processes over memif or virtio, without root and without hugepages: the table of a corpus, then load."""
import os
import time
import unittest

import load_json
from harness import ROOT, World, program, run

PORT = """  - name: p0
    include: {root}/drivers-config/drivers/{driver}.yaml
    device: net_{driver}0
    vdev: "net_{driver}0,{ours}"
    queues: 1
    addresses: [192.0.2.1/24]
"""
EAL = ["--no-huge", "--no-shconf", "--no-telemetry", "--no-pci", "-m", "256"]


class Pair(unittest.TestCase):
    def setUp(self):
        self.world = World("memif")
        self.addCleanup(self.world.__exit__)

    def start(self, count, mix, idle, ready=True):
        w, corpus = self.world, f"{self.world.dir}/corpus"
        run(program("edgate-token"), "corpus", "--out", corpus, "--count", count, "--issuers", "3", "--mix", mix)
        w.ctl("init", *(["--group", "nogroup"] if os.geteuid() == 0 else []))
        run("sh", f"{corpus}/setup.sh", w.state, program("edgatectl"))
        eal = ", ".join(f'"{a}"' for a in EAL)
        w.config(PORT.format(root=ROOT, driver=self.driver, ours=self.ours.format(dir=w.dir)),
                 "  - {port: p0, queue: 0, cpu: 1}\n",
                 f"idle: {idle}\neal: [{eal}]\n")
        w.start(ready=ready)

    def load(self, *args, check=True):
        return run(
            program("edgate-load"), *[f"--eal={a}" for a in EAL],
            "--vdev", self.theirs.format(dir=self.world.dir),
            "--server", "192.0.2.1", "--client", "192.0.2.2", "--corpus", f"{self.world.dir}/corpus/corpus.tsv",
            *args, check=check, timeout=120)

    def wait_for(self, condition):
        end = time.monotonic() + 60
        while not condition():
            self.assertLess(time.monotonic(), end, self.world.output())
            time.sleep(0.1)

    def await_link(self, state):
        self.wait_for(lambda: self.world.stats()["ports"]["p0"]["link"] == state)


class Memif(Pair):
    driver, ours = "memif", "role=server,socket={dir}/memif.sock,socket-abstract=no"
    theirs = "net_memif0,role=client,socket={dir}/memif.sock,socket-abstract=no"

    def test_corpus(self):
        self.start(600, "OK=40,EXPIRED=10,BAD_SIGNATURE=10,REVOKED=10,BAD_AUD=10,UNKNOWN_KEY=10,MALFORMED=10",
                   "sleep:50")
        self.load("--table")
        self.load("--seconds", "2")
        for mix in (["W3"], ["W4", "--rate", "2000"], ["W6", "--rate", "2000"]):
            got = load_json.check_run(self.load("--json", "--seconds", "1", "--patience", "5000000", "--mix", *mix).stdout)
            self.assertTrue(got["good"] and got["requests"]["skipped"] == 0)
        self.assertGreater(got["hostile"]["sent"], 1000)
        self.overload()
        self.world.stop()

    def overload(self):
        """Far more than it can do: the ring is full, and that is nobody's fault but the appliance's."""
        got = load_json.check_run(self.load("--json", "--seconds", "0.5", "--rate", "2e6").stdout)
        self.assertGreater(got["requests"]["refused"], 0)

    def test_wrong_expectation(self):
        self.start(20, "OK=100", "sleep:50")
        path = f"{self.world.dir}/corpus/corpus.tsv"
        with open(path) as text:
            lines = text.readlines()
        lines[3] = lines[3].replace("\tOK\t", "\tREVOKED\t")
        with open(path, "w") as out:
            out.writelines(lines)
        done = self.load("--rate", "1000", "--seconds", "0.5", check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("wrong: t3: expected REVOKED, answered OK", done.stderr)
        self.world.stop()

    def test_peer_comes_and_goes(self):
        """While the worker polls without a pause: the driver takes the rings away under it."""
        self.start(20, "OK=100", "spin")
        self.await_link("down")
        for _ in range(8):
            self.load("--table")
        self.world.stop()


class VirtioUser(Pair):
    """edgate has the driver's end of a vhost-user socket, and its peer the device's."""
    driver, ours = "virtio_user", "path={dir}/virtio.sock,server=1,queues=1"
    theirs = "net_vhost0,iface={dir}/virtio.sock,queues=1,client=1"

    def test_the_next_peer_is_served_too(self):
        """The driver waits for the first one before edgate is ready."""
        self.start(20, "OK=100", "sleep:50", ready=False)
        self.wait_for(lambda: os.path.exists(f"{self.world.dir}/virtio.sock"))
        for _ in range(3):
            self.load("--table")
            self.world.await_ready()
        self.await_link("down")
        self.assertIn("port p0: the link is down", self.world.output())
        self.world.stop()


if __name__ == "__main__":
    unittest.main(verbosity=2)

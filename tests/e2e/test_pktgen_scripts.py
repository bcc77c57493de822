# SPDX-License-Identifier: BSD-3-Clause
"""pktgen-scripts: a corpus as packets through the real edgate, each answer as the corpus says; the scripts of
Pktgen-DPDK and TRex before stand-ins of their interfaces, and before Pktgen itself where it is."""
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
import types
import unittest

import egt
from harness import NOW, ROOT, World, program, run

SCRIPTS = os.path.join(ROOT, "pktgen-scripts")
MAKE_PCAP = os.path.join(SCRIPTS, "make_pcap")
STUB = os.path.join(os.path.dirname(os.path.abspath(__file__)), "pktgen_stub.lua")
LUA = shutil.which("lua5.3") or shutil.which("lua5.4") or shutil.which("lua")
PKTGEN = os.environ.get("PKTGEN") or shutil.which("pktgen")
HUGE = "/sys/kernel/mm/hugepages/hugepages-2048kB/{}_hugepages"
SERVER = ["192.0.2.1/24", "2001:db8::1/64"]
PORT = """  - name: p0
    kind: pcap
    pcap_in: {dir}/in.pcap
    pcap_out: {dir}/out.pcap
    mac: 02:00:00:00:00:01
    addresses: [192.0.2.1/24, "2001:db8::1/64"]
"""


def datagram_of(frame):
    """What the UDP of a frame carries; None: it has none (an announcement)."""
    at = 18 if frame[12:14] == b"\x81\x00" else 14
    is_ip4 = frame[at] >> 4 == 4
    if frame[at + (9 if is_ip4 else 6)] != 17:
        return None
    return frame[at + (20 if is_ip4 else 40) + 8:]


class Corpus(unittest.TestCase):
    """One corpus for all: its files are what make_pcap reads."""

    @classmethod
    def setUpClass(cls):
        cls.world = World("pktgen")
        cls.corpus = f"{cls.world.dir}/corpus"
        run(program("edgate-token"), "corpus", "--out", cls.corpus, "--count", 400, "--issuers", 2, "--seed", 7,
            "--fmt", "mixed", "--now", NOW)
        cls.world.ctl("init", *(["--group", "nogroup"] if os.geteuid() == 0 else []))
        run("sh", f"{cls.corpus}/setup.sh", cls.world.state, program("edgatectl"))

    @classmethod
    def tearDownClass(cls):
        cls.world.__exit__()

    def make(self, *args):
        self.said = run(MAKE_PCAP, f"{self.corpus}/corpus.tsv", f"{self.world.dir}/in.pcap", "--expect",
                        f"{self.world.dir}/expect", "--time", NOW, *args).stdout
        with open(f"{self.world.dir}/expect") as lines:
            return {int(request): status for request, status in (line.split() for line in lines)}

    def frames(self):
        return [frame for _, frame in egt.read_pcap(f"{self.world.dir}/in.pcap")]

    def answers(self, more=""):
        """{request id: status} of what edgate answers."""
        self.world.config(PORT.format(dir=self.world.dir) + more, "  - {port: p0, queue: 0}\n")
        self.world.start()
        self.counters = self.world.wait(120)
        found = {}
        for _, frame in egt.read_pcap(f"{self.world.dir}/out.pcap"):
            payload = datagram_of(frame)
            if payload is not None:
                response = egt.Response(payload)
                found[response.request_id] = response.statuses[0]
        return found

    def expect_all(self, expected, more=""):
        self.assertGreater(len(expected), 300)
        self.assertGreater(len(set(expected.values())), 10)
        self.assertEqual(self.answers(more), expected)
        self.assertEqual(self.counters["answered_verify"], len(expected))

    def test_every_answer_is_the_corpus_s(self):
        self.expect_all(self.make())

    def test_over_ipv6_in_a_vlan(self):
        self.expect_all(self.make("--server", "2001:db8::1", "--client", "2001:db8::2", "--vlan", "100"),
                        "    vlan: 100\n")

    def test_to_the_port_of_the_shard(self):
        self.expect_all(self.make("--shards", "--source-ports", "3"))
        ports = {(frame[34:36], frame[36:38]) for frame in self.frames()}
        self.assertEqual({int.from_bytes(p[0], "big") for p in ports}, {40000, 40001, 40002})
        self.assertGreater(len({p[1] for p in ports}), 40)
        # one worker owns all shards: nothing is missed
        self.assertNotIn("steer_miss", self.counters)

    def test_again_and_shuffled(self):
        expected = self.make("--count", "900", "--seed", "5")
        first = self.frames()
        self.make("--count", "900", "--seed", "5")
        self.assertEqual(self.frames(), first)
        self.make("--count", "900", "--seed", "6")
        self.assertNotEqual(self.frames(), first)
        self.assertGreater(len(expected), 400)
        self.expect_all(self.make("--count", "900", "--seed", "5"))

    def test_what_does_not_fit_is_told(self):
        expected = self.make("--max-datagram", "400")
        self.assertRegex(self.said, r"[1-9]\d* left out, longer than 400 bytes")
        self.assertLess(len(expected), 400)
        self.assertTrue(all(len(frame) <= 442 for frame in self.frames()))

    def test_usage(self):
        for args in (["--server", "::1"], ["--vlan", "4095"], ["--server-mac", "1:2"], ["--count", "0"]):
            done = run(MAKE_PCAP, f"{self.corpus}/corpus.tsv", f"{self.world.dir}/x", *args, check=False)
            self.assertEqual(done.returncode, 2, args)
        with open(f"{self.world.dir}/bad.tsv", "w") as bad:
            bad.write("one field\n")
        done = run(MAKE_PCAP, f"{self.world.dir}/bad.tsv", f"{self.world.dir}/x", check=False)
        self.assertIn("bad.tsv:1: not a line of a corpus", done.stderr)


@unittest.skipIf(LUA is None, "SKIPPED: no lua here")
class Lua(unittest.TestCase):
    """Before a stand-in that has Pktgen's functions and no others."""

    def script(self, name, capacity, line=1000000, **settings):
        env = {"PATH": os.environ["PATH"], "EDGATE_PKTGEN_SCRIPTS": SCRIPTS,
               **{f"EDGATE_PKTGEN_{key.upper()}": str(value) for key, value in settings.items()}}
        done = subprocess.run([LUA, STUB, os.path.join(SCRIPTS, name), str(capacity), str(line)], env=env,
                              capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertTrue(done.stdout.endswith("quit\n"))
        return done.stdout

    def test_throughput_is_found(self):
        said = self.script("rfc2544.lua", 314159, step_pct=0.01)
        found = re.search(r"throughput: ([\d.]+) % of line rate, (\d+) requests/s, confirmed for 60 s", said)
        self.assertAlmostEqual(float(found[1]), 31.4159, delta=0.011)
        self.assertLessEqual(int(found[2]), 314159)
        self.assertEqual(said.count("confirm "), 1)

    def test_all_is_answered(self):
        said = self.script("rfc2544.lua", 2000000)
        self.assertIn("throughput: 100.0000 %", said)
        self.assertEqual(said.count("trial "), 1)

    def test_nothing_is_answered(self):
        self.assertIn("throughput: none", self.script("rfc2544.lua", 0))

    def test_a_loss_that_counts_as_none(self):
        said = self.script("rfc2544.lua", 500000, loss_pct=10, step_pct=0.01)
        self.assertAlmostEqual(float(re.search(r"throughput: ([\d.]+) %", said)[1]), 500000 / 0.9 / 10000, delta=0.011)

    def test_ramp(self):
        said = self.script("ramp.lua", 500000, from_pct=10, to_pct=100, steps=10, seconds=2)
        rows = re.findall(r"ramp +rate +([\d.]+) %  sent +(\d+)  answered +(\d+)  lost +(\d+)", said)
        self.assertEqual([float(row[0]) for row in rows], [10.0 * i for i in range(1, 11)])
        self.assertEqual([int(row[3]) > 0 for row in rows], [False] * 5 + [True] * 5)
        self.assertEqual(rows[9][1:], ("2000000", "1000000", "1000000"))

    def test_results_in_a_file(self):
        with tempfile.NamedTemporaryFile("r") as out:
            said = self.script("ramp.lua", 500000, steps=1, out=out.name)
            self.assertEqual(out.read() + "quit\n", said)


class Trex(unittest.TestCase):
    def profile(self):
        calls = []

        class STLProfile:
            @staticmethod
            def load_pcap(pcap_file, ipg_usec=None, speedup=1.0, loop_count=1, vm=None, packet_hook=None,
                          split_mode=None, min_ipg_usec=None):
                calls.append((pcap_file, ipg_usec, loop_count))
                return types.SimpleNamespace(get_streams=lambda: ["stream"])

        api = types.ModuleType("trex_stl_lib.api")
        api.STLProfile = STLProfile
        sys.modules["trex_stl_lib"], sys.modules["trex_stl_lib.api"] = types.ModuleType("trex_stl_lib"), api
        sys.dont_write_bytecode = True
        spec = importlib.util.spec_from_file_location("trex_edgate", os.path.join(SCRIPTS, "trex_edgate.py"))
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module, calls

    def test_profile(self):
        module, calls = self.profile()
        streams = module.register().get_streams(["--pcap=r.pcap", "--pps=50000"], direction=0, port_id=0)
        self.assertEqual(streams, ["stream"])
        self.assertEqual(calls, [("r.pcap", 20.0, 0)])
        with self.assertRaises(SystemExit), open(os.devnull, "w") as null:
            stderr, sys.stderr = sys.stderr, null
            try:
                module.register().get_streams(["--pcap=r.pcap", "--pps=0"])
            finally:
                sys.stderr = stderr


def free_huge_pages():
    try:
        with open(HUGE.format("free")) as file:
            return int(file.read())
    except OSError:
        return 0


@unittest.skipIf(PKTGEN is None, "SKIPPED: there is no pktgen (Pktgen-DPDK; PKTGEN names one)")
@unittest.skipIf(os.geteuid() != 0, "SKIPPED: pktgen needs root")
@unittest.skipIf(PKTGEN is not None and free_huge_pages() < 600, "SKIPPED: pktgen needs 600 free huge pages")
class Pktgen(unittest.TestCase):
    """The real one, over virtio_user and vhost."""

    def test_ramp(self):
        with World("pktgen-real") as world:
            socket, corpus = f"{world.dir}/vhost.sock", f"{world.dir}/corpus"
            run(program("edgate-token"), "corpus", "--out", corpus, "--count", 200)
            world.ctl("init", "--group", "nogroup")
            run("sh", f"{corpus}/setup.sh", world.state, program("edgatectl"))
            run(MAKE_PCAP, f"{corpus}/corpus.tsv", f"{world.dir}/in.pcap")
            world.config(f"""  - name: p0
    include: {ROOT}/drivers-config/drivers/vhost.yaml
    device: net_vhost0
    vdev: "net_vhost0,iface={socket},queues=1"
    mac: "02:00:00:00:00:01"
    addresses: [192.0.2.1/24]
""", "  - {port: p0, queue: 0, cpu: 0}\n",
                         'control_cpu: 0\nidle: sleep:20\neal: ["--in-memory", "--no-pci", "--no-telemetry"]\n')
            world.start()
            done = run(os.path.join(SCRIPTS, "pktgen-run"), os.path.join(SCRIPTS, "ramp.lua"),
                       f"{world.dir}/in.pcap", "--socket", socket, "--timeout", "90", check=False,
                       env={**os.environ, "PKTGEN": PKTGEN, "EDGATE_PKTGEN_OUT": f"{world.dir}/ramp",
                            "EDGATE_PKTGEN_SECONDS": "1", "EDGATE_PKTGEN_STEPS": "2",
                            "EDGATE_PKTGEN_FROM_PCT": "0.1", "EDGATE_PKTGEN_TO_PCT": "0.2"})
            with open(f"{world.dir}/ramp") as out:
                rows = re.findall(r"ramp .* sent +(\d+)  answered +(\d+)", out.read())
            self.assertEqual(done.returncode, 0, done.stdout[-2000:] + done.stderr[-2000:])
            self.assertEqual(len(rows), 2)
            for sent, answered in rows:
                self.assertGreater(int(sent), 0)
                self.assertGreater(int(answered), int(sent) / 2)
            counters = world.stop()
            self.assertGreater(counters["answered_verify"], 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)

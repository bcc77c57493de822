# SPDX-License-Identifier: BSD-3-Clause
"""drivers-config: every file is a configuration that edgate accepts, or keys of a port that it does."""
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

EDGATE = os.environ["EDGATE"]
DIR = pathlib.Path(os.environ["EDGATE_SOURCE_ROOT"]) / "drivers-config"
ADDRESS = "addresses: [192.0.2.1/24]"
# What the operator writes beside the include.
BESIDE = {
    "mlx5": 'device: "0000:3b:00.0", queues: 4',
    "ice": 'device: "0000:3b:00.0", queues: 4',
    "i40e": 'device: "0000:3b:00.0", queues: 4',
    "ena": 'device: "0000:00:06.0", queues: 4',
    "virtio": 'device: "0000:00:04.0", queues: 2',
    "memif": 'device: net_memif0, vdev: "net_memif0,role=server,socket=s", queues: 2',
    "af_packet": 'device: net_af_packet0, vdev: "net_af_packet0,iface=e,qpairs=2", queues: 2',
    "af_xdp": 'device: net_af_xdp0, vdev: "net_af_xdp0,iface=e"',
    "virtio_user": 'device: virtio_user0, vdev: "virtio_user0,path=/s,queues=2", queues: 2',
    "vhost": 'device: net_vhost0, vdev: "net_vhost0,iface=/s,queues=2", queues: 2',
    "pcap": 'pcap_in: a, pcap_out: b, mac: "02:00:00:00:00:01"',
    "socket": "queues: 2",
}


class Drivers(unittest.TestCase):
    def check(self, path, exit_status=0):
        done = subprocess.run([EDGATE, "--check", path], capture_output=True, text=True)
        self.assertEqual(done.returncode, exit_status, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def with_port(self, keys):
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as config:
            config.write(f"name: d\nstate: /s\nmode: plain\nports:\n  - {{name: p0, {keys}, {ADDRESS}}}\n")
            config.flush()
            yield config.name

    def test_examples(self):
        examples = sorted(DIR.glob("*.yaml"))
        self.assertGreaterEqual(len(examples), 5)
        for path in examples:
            self.assertIn("correct", self.check(path))

    def test_a_file_for_each(self):
        self.assertEqual({p.stem for p in (DIR / "drivers").glob("*.yaml")}, set(BESIDE))

    def test_each_with_one_include(self):
        for name, beside in BESIDE.items():
            for config in self.with_port(f"include: {DIR}/drivers/{name}.yaml, {beside}"):
                self.assertIn("correct: 1 port", self.check(config), name)

    def test_what_stands_beside_wins(self):
        for config in self.with_port(f"include: {DIR}/drivers/ice.yaml, {BESIDE['ice']}, rx_descriptors: 7"):
            self.assertIn(f"{config}:5: ports[0].rx_descriptors: must be 32 to 32768", self.check(config, 1))

    def test_each_says_where_it_is_from(self):
        for path in (DIR / "drivers").glob("*.yaml"):
            text = re.sub(r"[\s#]+", " ", path.read_text())
            self.assertIn("keys of a port", text, path)
            if path.stem in ("mlx5", "ice", "i40e", "ena", "virtio"):
                self.assertRegex(text, r"Sources?: DPDK 22\.11 guide", path)
                self.assertRegex(text, r"Not tried on a", path)
            elif "kind: dpdk" in text:
                self.assertRegex(text, r"Source: DPDK 22\.11 guide", path)

    def test_the_table_of_the_readme(self):
        named = set(re.findall(r"`drivers/(\w+)\.yaml`", (DIR / "README.md").read_text()))
        self.assertEqual(named, set(BESIDE))


if __name__ == "__main__":
    unittest.main()

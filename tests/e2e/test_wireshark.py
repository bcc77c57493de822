# SPDX-License-Identifier: BSD-3-Clause
"""The Wireshark dissector of pktgen-scripts, run by tshark over what edgate has answered, over frames that
are wrong in one way each, and over frames that are wrong in any way."""
import os
import random
import re
import shutil
import struct
import subprocess
import unittest

import egt
import test_pcap
from harness import NOW, ROOT, World

SCRIPT = os.path.join(ROOT, "pktgen-scripts", "wireshark", "egt.lua")
CLIENT, SERVER = bytes([192, 0, 2, 2]), bytes([192, 0, 2, 1])
MAC, OTHER_MAC = bytes([2, 0, 0, 0, 0, 1]), bytes([2, 0, 0, 0, 0, 2])
SEALED_FLAG = 1


def asked(payload, port=5000, to_port=egt.PORT):
    return egt.ether(MAC, OTHER_MAC, 0x800,
                     egt.ip4(CLIENT, SERVER, 17, egt.udp(CLIENT, SERVER, port, to_port, payload)))


def answered(payload, port=5000):
    return egt.ether(OTHER_MAC, MAC, 0x800,
                     egt.ip4(SERVER, CLIENT, 17, egt.udp(SERVER, CLIENT, egt.PORT, port, payload)))


def response(answers, more=b"", kind=egt.VERIFY_R, flags=0):
    body = struct.pack(">Q", 1 << 48 | 5) + b"".join(struct.pack(">BBHII", *a) for a in answers) + more
    return egt.header(kind, flags, max(1, len(answers)), 16 + len(body), 1) + body


class Wireshark(unittest.TestCase):
    def setUp(self):
        if shutil.which("tshark") is None:
            self.skipTest("SKIPPED: needs tshark")
        self.world = World("wireshark")
        self.addCleanup(self.world.__exit__)

    def tshark(self, packets, *args):
        path = f"{self.world.dir}/read.pcap"
        egt.write_pcap(path, [(NOW + i, packet) for i, packet in enumerate(packets)])
        done = subprocess.run(["tshark", "-n", "-X", f"lua_script:{SCRIPT}", "-r", path, *args],
                              capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        for text in (done.stdout, done.stderr):
            self.assertNotIn("Lua Error", text)
        return done.stdout

    def fields(self, packets, *names):
        """A list for each packet: the values of these fields, those of one that repeats as a list."""
        columns = [arg for name in names for arg in ("-e", name)]
        lines = self.tshark(packets, "-T", "fields", "-E", "separator=/t", *columns).splitlines()
        self.assertEqual(len(lines), len(packets))
        return [[cell.split(",") if "," in cell else cell for cell in line.split("\t")] for line in lines]

    def faults(self, packets):
        """The names of the faults that are seen in each."""
        trees = re.split(r"^Frame \d+:", self.tshark(packets, "-V", "-O", "egt"), flags=re.M)[1:]
        self.assertEqual(len(trees), len(packets))
        with open(SCRIPT) as script:
            texts = dict(re.findall(r'^fault\("(\w+)", "([^"]+)"', script.read(), re.M))
        return [{name for name, text in texts.items() if text in tree} for tree in trees]

    # ── what edgate says ──

    def test_names_are_those_of_edgate(self):
        with open(SCRIPT) as script:
            text = script.read()
        with open(os.path.join(ROOT, "lib", "stats", "counters.def")) as counters:
            counters = counters.read()
        for table, kind in (("STATUS", "VERDICT"), ("DETAIL", "DETAIL")):
            listed = re.search(rf"^local {table} = {{(.*?)^}}", text, re.M | re.S)[1]
            names = {int(n): name for n, name in re.findall(r'\[(\d+)\] = "([A-Z_]+)"', listed)}
            self.assertEqual(
                names, {int(n): name for n, name in re.findall(rf"^EG_{kind}\((\d+), (\w+),", counters, re.M)})

    def test_requests_and_answers(self):
        token = test_pcap.Pcap.make(self, self.world)
        expired = self.world.token("--exp", "1", now=NOW)
        requests = [egt.request([token], 7, policy=1), egt.request([token, expired, b"x"], 8, flags=egt.STRICT_ORDER),
                    egt.request([token], 9, min_epoch=1 << 63), egt.ping(10)]
        replies, _ = test_pcap.Pcap.answer(self, self.world, [asked(request) for request in requests])
        by_id = {reply[50:58]: reply for reply in replies}
        packets = [packet for request in requests for packet in (asked(request), by_id[request[8:16]])]
        rows = self.fields(packets, "egt.type", "egt.request_id", "egt.length", "egt.status", "egt.token_length",
                           "egt.policy_id", "egt.response_to", "_ws.col.Protocol", "_ws.col.Info")
        sizes = [str(len(t)) for t in (token, expired, b"x")]
        ids = [f"0x{n:016x}" for n in (7, 8, 9, 10)]
        lengths = [[str(len(requests[i])), str(len(by_id[requests[i][8:16]][42:]))] for i in range(4)]
        self.assertEqual(rows, [
            ["1", ids[0], lengths[0][0], "", sizes[0], "1", "", "EGT", "VERIFY 1"],
            ["2", ids[0], lengths[0][1], "1", "", "", "1", "EGT", "VERIFY_R 1 OK"],
            ["1", ids[1], lengths[1][0], "", sizes, ["0"] * 3, "", "EGT", "VERIFY 3"],
            ["2", ids[1], lengths[1][1], ["1", "9", "2"], "", "", "3", "EGT", "VERIFY_R 3 OK EXPIRED MALFORMED"],
            ["1", ids[2], lengths[2][0], "", sizes[0], "0", "", "EGT", "VERIFY 1"],
            ["2", ids[2], lengths[2][1], "69", "", "", "5", "EGT", "VERIFY_R 1 STALE"],
            ["3", ids[3], lengths[3][0], "", "0", "0", "", "EGT", "PING 1"],
            ["4", ids[3], lengths[3][1], "", "", "", "7", "EGT", "PING_R 1 "],
        ])
        self.assertEqual(self.faults(packets), [set()] * len(packets))
        rows = self.fields(packets, "egt.ready", "egt.shards", "egt.base_port", "egt.server_version",
                           "egt.epoch_generation", "egt.exp", "egt.rflags_sig_checked", "egt.flags_strict_order",
                           "egt.min_epoch", "egt.time")
        self.assertEqual(rows[1], ["", "", "", "", "1", str(NOW + 3600), "1", "0", "", "1.000000000"])
        self.assertEqual((rows[2][7], rows[4][8]), ("1", "0x8000000000000000"))
        self.assertEqual(rows[7][:3], ["1", "64", str(egt.PORT)])
        self.assertRegex(rows[7][3], r"\A\d+\.\d+\.\d+")

    def test_other_ports(self):
        rows = self.fields([asked(egt.request([b"abc"]), to_port=port) for port in (25582, 25583, 9)]
                           + [asked(b"\xe6\xa7 no EGT at all", to_port=9)], "_ws.col.Protocol")
        self.assertEqual(rows, [["EGT"]] * 3 + [["UDP"]])

    def test_what_is_not_built_yet(self):
        claims = bytes([1, 16]) + bytes(16) + bytes([5, 2, 1, 2])
        with_claims = response([(1, 0, 0x80, 0, 0), (65, 0, 0, 0, 250)], struct.pack(">H", len(claims)) + claims)
        sealed = egt.header(egt.VERIFY, SEALED_FLAG, 1, 80, 1) + bytes(range(64))
        rows = self.fields([answered(with_claims), asked(sealed)], "egt.claim_type", "egt.retry_after",
                           "egt.cache_for", "egt.seal_client_id", "egt.seal_seq", "egt.sealed", "egt.seal_tag")
        self.assertEqual(rows[0][:3], [["1", "5"], "250", "0"])
        self.assertEqual(rows[1][3:5], ["0x00010203", str(int.from_bytes(range(8, 16), "big"))])
        self.assertEqual([len(bytes.fromhex(cell)) for cell in rows[1][5:]], [32, 16])
        self.assertEqual(self.faults([answered(with_claims), asked(sealed)]), [set(), set()])

    # ── what is wrong ──

    def test_one_fault_each(self):
        good = egt.request([b"a.b.c" * 9], pad=3)

        def changed(at, *values):
            return good[:at] + bytes(values) + good[at + len(values):]

        wrong = [
            ("version", asked(changed(2, 2))),
            ("type", asked(changed(3, 9))),
            ("flags", asked(changed(4, 0x20))),
            ("flags", asked(egt.header(egt.PING, egt.MIN_EPOCH, 1, 64, 1) + bytes(48))),
            ("count", asked(changed(5, 0))),
            ("count", asked(changed(5, 65))),
            ("length", asked(changed(6, 0, 17))),
            ("record", asked(changed(19, 1))),
            ("record", asked(changed(16, 0xff, 0xff))),
            ("padding", asked(good[:-1] + b"\1")),
            ("short", asked(good[:12])),
            ("short", answered(response([(1, 0, 0, 0, 0)])[:-1])),
            ("room", asked(egt.header(egt.VERIFY, 0, 1, 27, 1) + struct.pack(">HBBI", 3, 0, 0, 0) + b"abc")),
            ("status", answered(response([(99, 0, 0, 0, 0)]))),
            ("status", answered(response([(0, 0, 0, 0, 0)]))),
            ("trailing", answered(response([(1, 0, 0, 0, 0)], b"more"))),
        ]
        for (name, _), found in zip(wrong, self.faults([packet for _, packet in wrong])):
            with self.subTest(name):
                self.assertIn(name, found)
        self.assertEqual(self.faults([asked(good)]), [set()])

    def test_any_bytes(self):
        """Mutated and cut: the dissector never fails, and every packet is EGT or not."""
        rng = random.Random(5)
        whole = [egt.request([b"a.b.c", b"", b"x" * 40], 3, min_epoch=5), egt.ping(),
                 response([(1, 0, 0x80, 9, 9), (15, 8, 0x80, 0, 0)], struct.pack(">H", 4) + b"\1\2ab" + b"\0\0"),
                 response([], struct.pack(">BBHHHQ", 1, 1, 64, egt.PORT, 0, NOW) + b"\1\3abc", egt.PING_R),
                 egt.header(egt.VERIFY, SEALED_FLAG, 1, 60, 1) + bytes(44)]
        packets = []
        for _ in range(1500):
            frame = bytearray(rng.choice(whole))
            for _ in range(rng.randrange(4)):
                frame[rng.randrange(2, len(frame))] = rng.randrange(256)
            packets.append(asked(bytes(frame[:rng.randrange(len(frame) + 1)] if rng.random() < .5 else frame)))
        self.assertEqual(self.tshark(packets, "-V", "-O", "egt").count("Frame "), len(packets))


if __name__ == "__main__":
    unittest.main(verbosity=2)

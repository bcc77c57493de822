# SPDX-License-Identifier: BSD-3-Clause
"""Packets of every kind through the real binary over pcap files: each one is answered as it must be or
dropped under its name, then a flood of mutated packets, and the columns add up. Needs no privileges."""
import json
import os
import random
import struct
import sys
import unittest

import egt
import frames
from harness import AUDIENCE, ISSUER, NOW, ROOT, World, names_of

PORT = """  - name: p0
    kind: pcap
    pcap_in: {dir}/in.pcap
    pcap_out: {dir}/out.pcap
    clock: file
    mac: 02:00:00:00:00:01
    addresses: [192.0.2.1/24, "2001:db8::1/64"]
"""
GOLDEN = os.path.join(ROOT, "tests", "e2e", "golden-answers.txt")
# RFC 8037 A.1: a key that everybody knows, so that the answers are the same on every machine.
KEY = {"kty": "OKP", "crv": "Ed25519", "kid": "k1", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
SECRET = {**KEY, "d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"}


class Pcap(unittest.TestCase):
    def make(self, world, more=""):
        with open(f"{world.dir}/issuer.private.jwk", "w") as out:
            json.dump(SECRET, out)
        with open(f"{world.dir}/issuer.jwks", "w") as out:
            json.dump({"keys": [KEY]}, out)
        group = ["--group", "nogroup"] if os.geteuid() == 0 else []
        world.ctl("init", *group)
        world.ctl("issuer", "add", ISSUER, "--jwks", f"{world.dir}/issuer.jwks")
        world.ctl("policy", "set", "1", "--issuer", ISSUER, "--audience", AUDIENCE)
        world.config(PORT.format(dir=world.dir) + more, "  - {port: p0, queue: 0}\n")
        return world.token(now=NOW)

    def answer(self, world, packets):
        """Runs edgate over these packets: answers without announcements, and the counters."""
        # The store was written today; a clock at NOW of the packets must not be before it.
        egt.write_pcap(f"{world.dir}/in.pcap", [(NOW, p) for p in packets])
        world.start()
        counters = world.wait(120)
        answers = [p for _, p in egt.read_pcap(f"{world.dir}/out.pcap")]
        announced = counters.get("announcements", 0)
        return answers[announced:], counters

    def test_every_kind(self):
        with World("pcap") as world:
            token = self.make(world)
            good = frames.answered(token)
            bad = frames.dropped(token)
            answers, counters = self.answer(world, [g[1] for g in good] + [b[1] for b in bad])
            self.assertEqual(len(answers), len(good))
            # A signature takes its turn, so answers may overtake each other.
            by_id = {self.identity(reply): reply for reply in answers}
            lines = []
            for name, asked, _, statuses in good:
                with self.subTest(name):
                    reply = by_id[self.identity(asked)]
                    lines.append(f"{name}: {reply.hex()}")
                    self.check_reply(asked, reply, statuses)
            self.check_counts(counters, [g[2] for g in good] + [b[0] for b in bad])
            if os.environ.get("EDGATE_WRITE_GOLDEN"):
                with open(GOLDEN, "w") as out:
                    out.write("\n".join(lines) + "\n")
            with open(GOLDEN) as golden:
                self.assertEqual(lines, golden.read().splitlines())

    def test_tags(self):
        """Requests in a VLAN, and in one inside a service VLAN: answers leave in the same."""
        outer, inner = (0x88A8, 200), (0x8100, 100)
        for more, tags, foreign in (
                ("    vlan: 100\n", [inner], [[], [(0x8100, 101)], [(0x8100, 0)], [inner, inner], [outer, inner]]),
                ("    vlan: 100\n    service_vlan: 200\n", [outer, inner],
                 [[], [inner], [outer], [inner, outer], [outer, (0x8100, 101)], [outer, inner, inner]])):
            with self.subTest(more), World("tags") as world:
                self.check_tags(world, more, tags, foreign)

    def check_tags(self, world, more, tags, foreign):
        token = self.make(world, more)
        good = frames.answered(token)
        answers, counters = self.answer(
            world, [frames.tagged(g[1], tags) for g in good] + [frames.tagged(good[0][1], f) for f in foreign])
        self.assertEqual(len(answers), len(good))
        self.assertEqual(counters["vlan_mismatch"], len(foreign))
        self.assertGreater(counters["announcements"], 0)
        for _, frame in egt.read_pcap(f"{world.dir}/out.pcap"):
            self.assertEqual(frame, frames.tagged(frame[:12] + frame[12 + 4 * len(tags):], tags))
        by_id = {self.identity(a): a for a in (a[:12] + a[12 + 4 * len(tags):] for a in answers)}
        for name, asked, _, statuses in good:
            with self.subTest(name):
                self.check_reply(asked, by_id[self.identity(asked)], statuses)

    def identity(self, frame):
        """The same for a packet and its answer: request id, or the protocol."""
        at = {b"\x08\x00": 14 + (frame[14] & 15) * 4, b"\x86\xdd": 54}.get(frame[12:14], 0)
        magic = frame.find(struct.pack(">H", egt.MAGIC), at) if at else -1
        if magic >= 0:
            return frame[magic + 8:magic + 16]
        return {0: "ARP", 54: "ICMPv6"}.get(at, "ICMP") + (
            "ND" if at == 54 and frame[54] in (135, 136) else "")

    def check_counts(self, counters, expected):
        for name in sorted(set(expected)):
            with self.subTest(name):
                self.assertEqual(counters.get(name, 0), expected.count(name), name)

    def check_reply(self, asked, reply, statuses):
        self.assertEqual(reply[6:12], frames.SERVER_MAC)
        self.assertEqual(reply[:6], frames.CLIENT_MAC)
        if statuses is not None:
            at = 14 + (20 if reply[12:14] == b"\x08\x00" else 40)
            src, dst = (reply[26:30], reply[30:34]) if at == 34 else (reply[22:38], reply[38:54])
            self.assertEqual(reply[at:], egt.udp(src, dst, *[
                int.from_bytes(reply[at + i:at + i + 2], "big") for i in (0, 2)], reply[at + 8:]))
            if at == 34:
                self.assertEqual(egt.checksum(reply[14:34]), 0)
            self.assertEqual(egt.Response(reply[at + 8:]).statuses, statuses)
        self.assertLessEqual(len(reply), max(len(asked), 86))

    def test_flood_of_mutations(self):
        seed = int(os.environ.get("EDGATE_SEED", random.randrange(1 << 32)))
        print(f"seed {seed}", file=sys.stderr)
        rng = random.Random(seed)
        with World("flood") as world:
            token = self.make(world)
            kinds = [g[1] for g in frames.answered(token)] + [b[1] for b in frames.dropped(token)]
            packets = [frames.mutated(rng, rng.choice(kinds)) for _ in range(20000)]
            answers, counters = self.answer(world, packets)
            self.assertEqual(counters["rx_packets"], len(packets))
            self.assertEqual(len(answers), sum(
                counters.get(name, 0) for name in names_of("ANSWER")))


if __name__ == "__main__":
    unittest.main(verbosity=2)

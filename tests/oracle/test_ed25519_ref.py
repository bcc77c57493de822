#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""The reference against what others published, the frozen verdict files against the reference."""
import os
import pathlib
import re
import unittest

import ed25519_families
import ed25519_ref as ref

ROOT = pathlib.Path(os.environ.get("EDGATE_SOURCE_ROOT", pathlib.Path(__file__).parents[2]))
VECTORS = pathlib.Path(os.environ.get("EDGATE_VECTORS", ROOT / ".." / "shared" / "vectors"))


def rows(path):
    for line in path.read_text(encoding="ascii").splitlines():
        if not line.startswith("#"):
            name, pk, msg, sig, expect, _ = line.split("\t")
            yield name, *(bytes.fromhex(f.replace("-", "")) for f in (pk, msg, sig)), expect


class Reference(unittest.TestCase):
    def check_published(self, name, step=1):
        path = VECTORS / name
        if not path.exists():
            self.skipTest(f"SKIPPED: {path} is not there")
        for row, pk, msg, sig, expect in list(rows(path))[::step]:
            self.assertEqual(ref.verify(pk, msg, sig), expect == "valid", f"{name}: {row}")

    def test_rfc8032(self):
        self.check_published("ed25519-rfc8032.tsv")

    def test_wycheproof(self):
        self.check_published("ed25519-wycheproof.tsv")

    def test_libsodium(self):
        self.check_published("ed25519-libsodium-kat.tsv", step=7)

    def test_group(self):
        self.assertTrue(ref.equal(ref.multiply(ref.L, ref.B), ref.IDENTITY))
        self.assertFalse(any(ref.equal(ref.multiply(4, ref.TORSION[i]), ref.IDENTITY)
                             for i in (1, 3, 5, 7)))
        for i, t in enumerate(ref.TORSION):
            self.assertTrue(ref.equal(ref.add(t, ref.negative(ref.TORSION[1])),
                                      ref.TORSION[(i + 7) % 8]))
            x, y = t[0] * pow(t[2], -1, ref.P), t[1] * pow(t[2], -1, ref.P)
            self.assertEqual((y * y - x * x - 1 - ref.D * x * x * y * y) % ref.P, 0)
            self.assertIn(ref.encode(t), ref.SMALL_ORDER)

    def test_decode(self):
        self.assertEqual(ref.encode(ref.B).hex(), "58" + "66" * 31)
        self.assertIsNone(ref.decode(bytes([1] + 30 * [0] + [0x80])))  # x = 0 with a sign
        self.assertIsNone(ref.decode((2).to_bytes(32, "little")))
        self.assertIsNone(ref.decode(ref.P.to_bytes(32, "little")))


class Frozen(unittest.TestCase):
    """Making the files asks the reference about every row: what is committed is what it says."""

    def test_files_are_what_the_reference_says(self):
        for name in ed25519_families.FILES:
            text = (ROOT / "tests" / "vectors" / name).read_text(encoding="ascii")
            self.assertTrue(text == ed25519_families.make(name), f"{name} differs: see --check")

    def test_known_answers(self):
        source = (ROOT / "lib" / "ed25519" / "known_answers.c").read_text(encoding="utf-8")
        row = re.compile(r'\{"([\w-]+)", (true|false),((?:\s*"[0-9a-f]*",?)+)\}', re.ASCII)
        found = row.findall(source)
        self.assertEqual(len(found), source.count('    {"'))
        self.assertGreater(len(found), 30)
        for name, valid, texts in found:
            pk, msg, sig = (bytes.fromhex("".join(re.findall(r'"(\w*)"', field)))
                            for field in re.split(r',\s*(?=")', texts.strip()))
            self.assertEqual(ref.verify(pk, msg, sig), valid == "true", name)


if __name__ == "__main__":
    unittest.main()

# SPDX-License-Identifier: BSD-3-Clause
"""edgatectl selftest: known answers, and verdicts on rows of a file."""
import os
import subprocess
import unittest

from cli import EDGATECTL, ROOT, VECTORS, CliTest, run

FROZEN = ROOT / "tests" / "vectors"


def table(path):
    lines = path.read_text(encoding="ascii").splitlines()
    return [line.split("\t") for line in lines if not line.startswith("#")]


class SelfTest(CliTest):
    def selftest(self, *args, exit_status=0, stdin=None):
        return self.expect(exit_status, run(EDGATECTL, "selftest", *args, stdin=stdin))

    def verdicts(self, content, exit_status=0):
        done = self.selftest("--vectors", self.write("rows.tsv", content), exit_status=exit_status)
        return done.stdout.splitlines(), done.stderr

    def check_file(self, path):
        if not path.exists():
            self.skipTest(f"SKIPPED: {path} is not there")
        expected = [f"{row[0]}\t{int(row[4] == 'valid')}" for row in table(path)]
        self.assertEqual(self.selftest("--vectors", path).stdout.splitlines(), expected)

    def setUp(self):
        super().setUp()
        rows = table(FROZEN / "ed25519-families.tsv")
        self.good = next(row for row in rows if row[4] == "valid" and row[2] != "-")
        self.bad = next(row for row in rows if row[5] == "bit-of-sig")

    def test_known_answers(self):
        self.assertIn("'sodium'", self.selftest("--impl", "sodium").stdout)
        self.assertRegex(self.selftest().stdout, r"^Ed25519 '\w+': all known answers are right\n$")
        self.assertEqual(self.selftest("--impl", "none", exit_status=1).stdout, "")

    def test_implementation_by_environment(self):
        done = subprocess.run([EDGATECTL, "selftest"], capture_output=True, text=True, check=False,
                              env={**os.environ, "EDGATE_ED25519": "none"})
        self.assertEqual(self.expect(1, done).stdout, "")

    def test_frozen_files(self):
        for path in sorted(FROZEN.glob("ed25519-*.tsv")):
            self.check_file(path)

    def test_vectors(self):
        for name in ("rfc8032", "wycheproof", "libsodium-kat"):
            with self.subTest(name):
                self.check_file(VECTORS / f"ed25519-{name}.tsv")

    def test_stdin(self):
        line = "\t".join(self.good)
        self.assertEqual(self.selftest("--vectors", "-", stdin=line).stdout,
                         f"{self.good[0]}\t1\n")

    def test_forms_of_a_line(self):
        _, pk, msg, sig = self.good[:4]
        bad = self.bad[1:4]
        rows = ["# a comment\twith tabs", "", "\t".join(["four", pk, msg, sig]),
                "\t".join(["more", pk, msg, sig, "invalid", "x", "", "y"]),
                "\t".join(["upper", pk.upper(), msg.upper(), sig.upper()]),
                "\t".join(["crlf", pk, msg, sig]) + "\r", "\r", "\t".join(["", *bad]),
                "\t".join(["spaces in it", *bad, "valid"])]
        expected = ["four\t1", "more\t1", "upper\t1", "crlf\t1", "\t0", "spaces in it\t0"]
        self.assertEqual(self.verdicts("\n".join(rows))[0], expected)
        self.assertEqual(self.verdicts("\n".join(rows) + "\n")[0], expected)
        self.assertEqual(self.verdicts("\r\n".join(row.rstrip("\r") for row in rows))[0], expected)
        self.assertEqual(self.verdicts(""), ([], ""))

    def test_wrong_lengths_are_0(self):
        _, pk, msg, sig = self.good[:4]
        rows = [["a", pk[:-2], msg, sig], ["b", pk + "00", msg, sig], ["c", pk, msg, sig[:-2]],
                ["d", pk, msg, sig + "00"], ["e", "-", "-", "-"], ["f", "", "", ""],
                ["g", pk, "-", sig], ["h", pk, msg, "-"], ["ok", pk, msg, sig]]
        self.assertEqual(self.verdicts("".join("\t".join(r) + "\n" for r in rows))[0],
                         [f"{r[0]}\t0" for r in rows[:-1]] + ["ok\t1"])

    def test_a_wrong_line_is_named(self):
        _, pk, msg, sig = self.good[:4]
        first = "\t".join(["first", pk, msg, sig])
        for wrong, word in (
                (f"x\t{pk}\t{msg}\t{sig[:-1]}", "sig"), (f"x\t{pk}\t{msg}0\t{sig}", "msg"),
                (f"x\tzz{pk[2:]}\t{msg}\t{sig}", "pk"), (f"x\t{pk}\t{msg}", "sig"),
                (f"x\t{pk}\t0x00\t{sig}", "msg"), ("x", "pk"), (f"x\t{pk}\t{msg}\t -", "sig"),
                (f"x\t{pk}\t--\t{sig}", "msg"), (f"x\t{pk}\t\0\0\t{sig}", "msg")):
            out, err = self.verdicts(f"# one\n{first}\n\n{wrong}\n{first}\n", exit_status=1)
            self.assertEqual(out, ["first\t1"])  # what stands before is answered
            self.assertIn("rows.tsv:4: ", err)
            self.assertIn(word, err)

    def test_files_that_cannot_be_read(self):
        for path in (self.dir / "none", self.dir):
            self.assertIn(str(path), self.selftest("--vectors", path, exit_status=1).stderr)
        self.selftest("--vectors", exit_status=2)
        self.selftest("operand", exit_status=2)

    def test_huge_messages_and_many_rows(self):
        good, bad = "\t".join(self.good[:4]), "\t".join(self.bad[:4])
        huge = "\t".join(["huge", self.good[1], "ab" * 10_000_000, self.good[3]])
        rows = [good, huge, huge] + [good, bad] * 300 + [huge]
        self.assertEqual(self.verdicts("\n".join(rows))[0],
                         [f"{self.good[0]}\t1", "huge\t0", "huge\t0"]
                         + [f"{self.good[0]}\t1", f"{self.bad[0]}\t0"] * 300 + ["huge\t0"])

    def test_a_long_message_that_is_right(self):
        row = max((r for r in table(FROZEN / "ed25519-families.tsv") if r[4] == "valid"),
                  key=lambda r: len(r[2]))
        self.assertGreaterEqual(len(row[2]), 8192)
        self.assertEqual(self.verdicts("\t".join(row))[0], [f"{row[0]}\t1"])


if __name__ == "__main__":
    unittest.main()

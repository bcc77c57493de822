# SPDX-License-Identifier: BSD-3-Clause
"""edgatectl decide: lines in, statuses out, by the real pipeline."""
import base64
import json
import time
import unittest

from cli import EDGATECTL, NOW, CliTest, run

ISS = "https://as.example"
TOKEN_MAX = 65507 - 24


class Decide(CliTest):
    def setUp(self):
        super().setUp()
        self.ctl("init")
        self.key, jwks = self.keygen("as", "--kid", "k1")
        self.ctl("issuer", "add", ISS, "--jwks", jwks)
        self.ctl("policy", "set", 1, "--issuer", ISS, "--audience", "a")
        self.good = self.sign(self.key, "--iss", ISS, "--aud", "a", "--exp", "+60", "--jti", "j1",
                              "--sub", "s1", "--sid", "d1", "--iat", "-60")

    def raw(self, data, *args, exit_status=0):
        path = self.write("tokens", data)
        return self.ctl("decide", "--now", NOW, *args, path, exit_status=exit_status)

    def test_one_status_a_line(self):
        self.assertEqual(self.decide([self.good, "", "x", self.good]),
                         ["OK", "MALFORMED", "MALFORMED", "OK"])

    def test_lines_are_exact(self):
        good = self.good.encode()
        for data, statuses in ((b"", []), (b"\n", ["MALFORMED"]), (good, ["OK"]),
                               (good + b"\n", ["OK"]), (good + b"\r\n", ["MALFORMED"]),
                               (b" " + good + b"\n", ["MALFORMED"]),
                               (b"\n\n" + good, ["MALFORMED", "MALFORMED", "OK"]),
                               (good + b"\0\n\0\n", ["MALFORMED", "MALFORMED"]),
                               (b"\x7f\n", ["MALFORMED"])):
            with self.subTest(data[-8:]):
                self.assertEqual(self.raw(data).stdout.split(), statuses)

    def test_hex_is_a_cwt(self):
        self.assertEqual(self.raw("d28443a10127\nabc\nABCD\nxx\n").stdout.split()[1::2],
                         ["MALFORMED", "MALFORMED"])
        for line, status in ((b"d28443a10127", "MALFORMED"), (b"84", "MALFORMED"),
                             (b"deadbeef", "MALFORMED"), (bytes.fromhex("d284"), "MALFORMED"),
                             (b"\x84", "MALFORMED"), (b"\xff\xfe", "MALFORMED")):
            with self.subTest(line):
                self.assertEqual(self.raw(line).stdout.strip(), status)

    def test_long_lines(self):
        for length, status in ((4097, "MALFORMED"), (TOKEN_MAX, "MALFORMED"),
                               (TOKEN_MAX + 1, "TOO_BIG"), (10 * TOKEN_MAX, "TOO_BIG")):
            with self.subTest(length):
                done = self.raw("z" * length + "\n" + self.good)
                self.assertEqual(done.stdout.split(), [status, "OK"])
        done = self.raw("ab" * TOKEN_MAX + "\n" + "ab" * (TOKEN_MAX + 1))
        self.assertNotEqual(done.stdout.split()[0], "TOO_BIG")
        self.assertEqual(done.stdout.split()[1], "TOO_BIG")

    def test_now(self):
        for now, status in ((NOW, "OK"), (NOW + 59, "OK"), (NOW + 60, "EXPIRED"),
                            (NOW - 61, "ISSUED_IN_FUTURE")):
            done = self.ctl("decide", "--now", now, "-", stdin=self.good)
            self.assertEqual(done.stdout.strip(), status)

    def test_a_time_before_the_store_was_made(self):
        old = self.token("sign", "--key", self.key, "--iss", ISS, "--aud", "a", "--exp",
                         1000000060).stdout
        self.assertEqual(self.ctl("decide", "--now", 1000000000, "-", stdin=old).stdout, "OK\n")

    def test_without_now_the_clock(self):
        token = self.token("sign", "--key", self.key, "--iss", ISS, "--aud", "a", "--exp", "+60",
                           "--iat", "now").stdout
        self.assertEqual(self.ctl("decide", "-", stdin=token).stdout, "OK\n")

    def test_json(self):
        first, second = map(json.loads, self.decide([self.good, "x"], "--json"))
        self.assertEqual((first["line"], first["status"], first["detail"], first["exp"]),
                         (1, "OK", "NONE", NOW + 60))
        self.assertIn("SIG_CHECKED", first["flags"])
        self.assertEqual((second["line"], second["status"]), (2, "MALFORMED"))
        self.assertNotIn("SIG_CHECKED", second["flags"])

    def test_exit_status(self):
        self.raw("x\n")
        self.ctl("decide", "--now", NOW, "--exit-status", "-", stdin=self.good)
        done = run(EDGATECTL, "--state", self.state, "decide", "--exit-status", "-", stdin="x\n")
        self.assertEqual((done.returncode, done.stdout), (1, "MALFORMED\n"))

    def test_policy(self):
        self.ctl("policy", "set", 2, "--issuer", ISS, "--audience", "b")
        self.assertEqual(self.decide([self.good], "--policy", 1), ["OK"])
        self.assertEqual(self.decide([self.good], "--policy", 2), ["BAD_AUD"])
        self.assertEqual(self.decide([self.good], "--policy", 3), ["UNKNOWN_POLICY"])

    def test_an_empty_store_accepts_nothing(self):
        self.state = self.dir / "empty"
        self.ctl("init")
        self.assertNotIn("OK", self.decide([self.good, "x"]))

    def test_revocation_by_every_handle(self):
        token = self.good
        # Each is looked at before the one above, so each shows although the others are in force.
        for args, detail in ((("sid", ISS, "d1", "--exp", NOW + 60), "SID"),
                             (("jti", ISS, "j1", "--exp", NOW + 60), "JTI"),
                             (("subject", ISS, "s1", "--until", NOW - 60), "SUBJECT"),
                             (("issuer", ISS, "--until", NOW - 60), "ISSUER"),
                             (("key", ISS, "k1"), "KEY")):
            with self.subTest(detail):
                self.ctl("revoke", *args)
                answer, = map(json.loads, self.decide([token], "--json"))
                self.assertEqual((answer["status"], answer["detail"]), ("REVOKED", detail))

    def explain(self, token, *args):
        return json.loads(self.ctl("explain", "--now", NOW, "--json", *args, token).stdout)

    def test_explain_each_layer(self):
        self.assertEqual(self.explain(self.good), {"line": 1, "status": "OK", "detail": "NONE",
                                                   "layer": None, "since": None})
        # As above: each is looked at before the one above.
        for args, layer in ((("sid", ISS, "d1", "--exp", NOW + 60), "R4"),
                            (("jti", ISS, "j1", "--exp", NOW + 60), "R4"),
                            (("subject", ISS, "s1", "--until", NOW - 60), "R3"),
                            (("issuer", ISS, "--until", NOW - 60), "R2"),
                            (("key", ISS, "k1"), "R1")):
            with self.subTest(args[0]):
                epoch = self.ctl("revoke", *args).stdout.split()[-1]
                row = self.explain(self.good)
                self.assertEqual((row["layer"], row["since"]["epoch"]), (layer, epoch))
                self.assertRegex(row["since"]["what"], f"^revoke {args[0]} ")
                self.assertAlmostEqual(row["since"]["utc_ns"] / 1e9, time.time(), delta=60)
        text = self.ctl("explain", "--now", NOW, "-", stdin=f"{self.good}\nx\n").stdout
        self.assertRegex(text, r"^REVOKED KEY: .* \(layer R1\)\n  since 20\d\d-.*Z, epoch 1\.\d+, "
                               r"by uid \d+: revoke key k1 of https://as\.example\nMALFORMED ")

    def test_explain_the_oldest_cutoff_that_counts(self):
        self.ctl("revoke", "subject", ISS, "s1", "--until", NOW - 61)  # before its iat
        first = self.ctl("revoke", "subject", ISS, "s1", "--until", NOW - 60).stdout.split()[-1]
        self.ctl("revoke", "subject", ISS, "s1", "--until", NOW)
        self.assertEqual(self.explain(self.good)["since"]["epoch"], first)
        self.ctl("unrevoke", "subject", ISS, "s1")
        self.assertEqual(self.explain(self.good)["status"], "OK")
        again = self.ctl("revoke", "subject", ISS, "s1", "--until", NOW).stdout.split()[-1]
        self.assertEqual(self.explain(self.good)["since"]["epoch"], again)

    def listed(self, idx):
        return self.sign(self.key, "--iss", ISS, "--aud", "a", "--exp", "+60", "--claim",
                         f'status={{"status_list":{{"idx":{idx},"uri":"{ISS}/l"}}}}')

    def test_explain_an_index(self):
        self.assertEqual(self.explain(self.listed(7))["layer"], "R5")  # STATUS_UNKNOWN
        self.ctl("list", "add", f"{ISS}/l", "--issuer", ISS, "--bits", 2, "--entries", 16)
        self.ctl("list", "import", "--raw", f"{ISS}/l", self.write("raw", b"\0\0\0\x40"))
        row = self.explain(self.listed(15))
        self.assertEqual((row["status"], row["since"]["what"]),
                         ("REVOKED", f"list import {ISS}/l, raw (not signed), 16 entries, iat 0, exp 0"))
        for change, idx, what in (
                (("suspend", "3,5-8"), 7, "suspend index .* 3,5-8 "),
                (("revoke", "6-7"), 7, "revoke index .* 6-7 "),
                (("revoke", "0-15"), 7, "revoke index .* 6-7 "),
                (("revoke", "0-15"), 9, "revoke index .* 0-15 "),
                (("unrevoke", "7,15"), 15, "list import ")):
            with self.subTest(change):
                self.ctl(change[0], "index", f"{ISS}/l", change[1])
                self.assertRegex(self.explain(self.listed(idx))["since"]["what"], "^" + what)
        self.assertEqual(self.explain(self.listed(7))["status"], "OK")

    def test_explain_more_than_the_audit_keeps(self):
        self.ctl("list", "add", f"{ISS}/l", "--issuer", ISS, "--bits", 1, "--entries", 4000)
        self.ctl("revoke", "index", f"{ISS}/l", ",".join(str(i) for i in range(0, 4000, 2)))
        self.assertFalse(self.explain(self.listed(10))["since"]["unsure"])
        self.assertIsNone(self.explain(self.listed(3998))["since"])
        text = self.ctl("explain", "--now", NOW, self.listed(3998)).stdout
        self.assertIn("a newer change, of more indices than the audit keeps", text)

    def test_a_cutoff_is_inclusive(self):
        self.ctl("revoke", "subject", ISS, "s1", "--until", NOW - 61)
        self.assertEqual(self.decide([self.good]), ["OK"])
        self.ctl("revoke", "subject", ISS, "s1", "--until", NOW - 60)
        self.assertEqual(self.decide([self.good]), ["REVOKED"])

    def check_corpus(self, *args):
        name = "-".join(args)
        out = self.dir / name
        self.state = self.dir / f"{name}.state"
        self.token("corpus", "--out", out, "--count", 1000, "--issuers", 3, "--seed", 1,
                   "--now", NOW, *args)
        done = run("/bin/sh", out / "setup.sh", self.state, EDGATECTL)
        self.assertEqual(done.returncode, 0, done.stderr)
        rows = [r.split("\t") for r in (out / "corpus.tsv").read_text().splitlines()]
        answers = self.decide([row[2] for row in rows])
        self.assertEqual(len(rows), 1000)
        wrong = [(row[0], row[1], a) for row, a in zip(rows, answers) if row[1] != a]
        self.assertEqual((len(answers), wrong), (1000, []))
        return {row[1] for row in rows}

    def test_a_corpus_is_what_it_says(self):
        for size in ("minimal", "rfc9068", "status"):
            with self.subTest(size):
                self.check_corpus("--size", size)

    def test_a_corpus_of_another_format(self):
        for fmt in ("cwt", "paseto", "mixed"):
            with self.subTest(fmt):
                kinds = self.check_corpus("--fmt", fmt, "--size", "status")
                self.assertEqual("BAD_TYP" in kinds, fmt != "paseto")

    def test_fmt(self):
        cwt = self.sign(self.key, "--fmt", "cwt", "--iss", ISS, "--aud", "a", "--exp", "+60")
        paseto = self.sign(self.key, "--fmt", "paseto", "--iss", ISS, "--aud", "a", "--exp", "+60")
        untagged = cwt[2:]
        tokens = [self.good, cwt, untagged, paseto]
        for fmt, statuses in ((None, ["OK", "OK", "OK", "OK"]),
                              ("detect", ["OK", "OK", "MALFORMED", "OK"]),
                              ("jwt", ["OK", "MALFORMED", "MALFORMED", "MALFORMED"]),
                              ("cwt", ["MALFORMED", "OK", "OK", "MALFORMED"]),
                              ("paseto", ["MALFORMED", "MALFORMED", "MALFORMED", "OK"])):
            with self.subTest(fmt):
                args = ("--fmt", fmt) if fmt else ()
                self.assertEqual(self.decide(tokens, *args), statuses)
        self.assertEqual(self.decide([cwt.upper()]), ["OK"])
        self.expect(2, run(EDGATECTL, "decide", "--fmt", "xml", "-"))

    def test_a_binary_cti(self):
        cti = "00ff" + "ab" * 14
        token = self.mint_cwt_with_cti(bytes.fromhex(cti))
        self.assertEqual(self.decide([token]), ["OK"])
        self.ctl("revoke", "cti", ISS, cti, "--exp", NOW + 60)  # the text, not the bytes
        self.assertEqual(self.decide([token]), ["OK"])
        self.ctl("revoke", "cti", ISS, cti, "--hex", "--exp", NOW + 60)
        self.assertEqual(self.decide([token]), ["REVOKED"])
        for bad in ("", "abc", "xy", "00" * 256):
            self.ctl("revoke", "cti", ISS, bad, "--hex", "--exp", NOW + 60, exit_status=2)
            self.ctl("unrevoke", "cti", ISS, bad, "--hex", exit_status=2)
        self.ctl("unrevoke", "cti", ISS, cti)  # again the text
        self.assertEqual(self.decide([token]), ["REVOKED"])
        self.ctl("unrevoke", "cti", ISS, cti, "--hex")
        self.assertEqual(self.decide([token]), ["OK"])

    def mint_cwt_with_cti(self, cti):
        """edgate-token writes text; the same token with other bytes is signed here."""
        try:
            from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
        except ImportError as missing:
            self.skipTest(f"SKIPPED: {missing}")
        jwk = json.loads(self.key.read_text())
        key = Ed25519PrivateKey.from_private_bytes(base64.urlsafe_b64decode(jwk["d"] + "="))
        payload = (b"\xa4\x01" + bytes([0x60 + len(ISS)]) + ISS.encode() + b"\x03\x61a\x04\x1a" +
                   (NOW + 60).to_bytes(4, "big") + b"\x07" + bytes([0x40 + len(cti)]) + cti)
        protected = b"\x43\xa1\x01\x27"
        payload = b"\x58" + bytes([len(payload)]) + payload
        signature = key.sign(b"\x84\x6aSignature1" + protected + b"\x40" + payload)
        return (b"\xd2\x84" + protected + b"\xa1\x04\x42k1" + payload + b"\x58\x40" + signature).hex()


if __name__ == "__main__":
    unittest.main()

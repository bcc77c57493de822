# SPDX-License-Identifier: BSD-3-Clause
"""edgatectl list: status lists that are made here, imported, shown, exported, grown."""
import base64
import gzip
import json
import os
import time
import unittest
import zlib

from cli import CliTest

ISS = "https://as.example"
URI = "https://as.example/list"


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Lists(CliTest):
    def setUp(self):
        super().setUp()
        self.ctl("init")
        self.key, self.jwks = self.keygen("as", "--kid", "k1")
        self.ctl("issuer", "add", ISS, "--jwks", self.jwks)
        self.ctl("policy", "set", 1, "--issuer", ISS, "--audience", "any")
        self.ctl("list", "add", URI, "--issuer", ISS, "--bits", 2, "--entries", 1000)
        self.now = int(time.time())

    def mint(self, plain, name="list.jwt", **claims):
        """A status list token by edgate-token, written to a file."""
        payload = {"sub": URI, "iat": self.now, "status_list": {
            "bits": 2, "lst": b64(zlib.compress(plain))}, **claims}
        options = [x for k, v in payload.items() for x in ("--claim", f"{k}={json.dumps(v)}")]
        token = self.token("sign", "--key", self.key, "--typ", "statuslist+jwt", *options).stdout
        return self.write(name, token)

    def imported(self, path, *options, exit_status=0):
        return self.ctl("list", "import", URI, path, *options, exit_status=exit_status)

    def shown(self):
        return json.loads(self.ctl("list", "show", URI, "--json").stdout)

    def values(self, *indices):
        rows = json.loads(self.ctl("list", "show", URI, ",".join(map(str, indices)), "--json").stdout)
        return [row["value"] for row in rows]

    def ask(self, idx):
        status = json.dumps({"status_list": {"idx": idx, "uri": URI}})
        token = self.token("sign", "--key", self.key, "--iss", ISS, "--exp", "+600",
                           "--claim", f"status={status}").stdout
        return self.ctl("decide", "-", stdin=token).stdout.split()

    def test_a_jwt_is_imported_and_decides(self):
        self.imported(self.mint(bytes([0b1001]) + bytes(249), ttl=60, exp=self.now + 600), "--jwt")
        self.assertNotIn("not signed", self.ctl("audit", "--last", 1).stdout)
        self.assertEqual(self.ask(0), ["REVOKED"])
        self.assertEqual(self.ask(1), ["SUSPENDED"])
        self.assertEqual(self.ask(2), ["OK"])
        shown = self.shown()
        self.assertEqual((shown["imported"], shown["iat"], shown["exp"], shown["freshness"]),
                         ("jwt", self.now, self.now + 600, "fresh"))
        self.assertIn(shown["ttl_end"] - self.now, range(60, 70))
        self.assertEqual(shown["counts"], {"valid": 998, "revoked": 1, "suspended": 1})
        self.assertEqual(shown["memory_bytes"], 4096)

    def test_a_short_list_says_nothing_of_the_rest(self):
        self.imported(self.mint(bytes(2)), "--jwt")
        self.assertEqual(self.ask(7), ["OK"])
        self.assertEqual(self.ask(8), ["STATUS_UNKNOWN"])
        self.ctl("revoke", "index", URI, 8)
        self.assertEqual(self.ask(8), ["REVOKED"])
        self.assertEqual(self.shown()["counts"], {"unknown": 991, "valid": 8, "revoked": 1})

    def test_errors_name_the_file_and_the_reason(self):
        for words, claims in (("another list", {"sub": "x"}), ("expired", {"exp": 5}),
                              ("future", {"iat": self.now + 4000})):
            path = self.mint(bytes(250), **claims)
            self.assertRegex(self.imported(path, "--jwt", exit_status=1).stderr, f"{path}: .*{words}")
        path = self.mint(bytes(251))
        self.assertRegex(self.imported(path, "--jwt", exit_status=1).stderr, "list grow")
        self.assertRegex(self.imported(path, "--cwt", exit_status=1).stderr, f"{path}: ")
        self.assertRegex(self.imported(self.write("e", b""), "--jwt", exit_status=1).stderr, "e: ")
        self.assertEqual(self.shown()["imported"], "never")

    def test_a_file_that_is_larger_than_any_list_is_not_read(self):
        path = self.write("huge", b"")
        os.truncate(path, 3_000_000_000)  # a hole
        for form in ("--raw", "--jwt", "--cwt"):
            self.assertIn(f"{path}: it has 3000000000 bytes, at most 2150000000 are taken",
                          self.imported(path, form, exit_status=1).stderr)

    def test_what_is_older_needs_force(self):
        self.imported(self.mint(bytes([1]) + bytes(249)), "--jwt")
        older = self.mint(bytes([2]) + bytes(249), iat=self.now - 5)
        self.assertIn("older", self.imported(older, "--jwt", exit_status=1).stderr)
        self.assertEqual(self.values(0), [1])
        self.imported(older, "--jwt", "--force")
        self.assertEqual(self.values(0), [2])
        self.assertIn("forced", self.ctl("audit", "--last", 1).stdout)

    def test_raw_bytes_do_not_let_an_older_list_in(self):
        newest = self.mint(bytes([1]) + bytes(249))
        self.imported(newest, "--jwt")
        raw = self.write("raw", bytes([2]) + bytes(249))
        self.assertIn("raw bytes do not say", self.imported(raw, "--raw", exit_status=1).stderr)
        self.imported(raw, "--raw", "--force")
        self.imported(raw, "--raw")  # raw over raw as ever
        self.assertEqual((self.shown()["imported"], self.shown()["iat"], self.values(0)), ("raw", None, [2]))
        self.assertIn("iat 0", self.ctl("audit", "--last", 1).stdout)
        older = self.mint(bytes([3]) + bytes(249), "older.jwt", iat=self.now - 5)
        self.assertIn(f"older (iat {self.now - 5}) than what raw bytes replaced (iat {self.now})",
                      self.imported(older, "--jwt", exit_status=1).stderr)
        self.assertEqual(self.values(0), [2])
        self.imported(newest, "--jwt")
        self.assertEqual(self.values(0), [1])
        self.ctl("state", "verify")

    def test_the_operators_layer_stays(self):
        self.ctl("revoke", "index", URI, "3,900-999")
        self.ctl("suspend", "index", URI, "4")
        self.imported(self.mint(bytes(250)), "--jwt")
        self.assertEqual(self.values(3, 4, 5, 900, 999), [1, 2, 0, 1, 1])
        self.ctl("unrevoke", "index", URI, "3")
        self.assertEqual(self.values(3), [0])

    def test_what_is_exported_is_imported_elsewhere(self):
        self.ctl("revoke", "index", URI, "1,5-7")
        self.ctl("suspend", "index", URI, "9")
        for form, more in (("jwt", ["--key", self.key, "--ttl", 60]),
                           ("cwt", ["--key", self.key, "--exp", "+60"]), ("raw", [])):
            with self.subTest(form):
                path = self.dir / f"out.{form}"
                self.ctl("list", "export", URI, path, f"--{form}", *more)
                other = CliTest()
                other.dir, other.state = self.dir, self.dir / f"state-{form}"
                other.ctl("init")
                other.ctl("issuer", "add", ISS, "--jwks", self.jwks)
                other.ctl("list", "add", URI, "--issuer", ISS, "--bits", 2, "--entries", 1000)
                other.ctl("list", "import", URI, path, f"--{form}")
                rows = json.loads(other.ctl("list", "show", URI, "0,1,5,6,7,9", "--json").stdout)
                self.assertEqual([r["value"] for r in rows], [0, 1, 1, 1, 1, 2])

    def test_an_exported_jwt_is_what_the_draft_says(self):
        self.ctl("list", "export", URI, self.dir / "out", "--jwt", "--key", self.key, "--ttl", 60)
        header, payload, _ = (self.dir / "out").read_text(encoding="ascii").split(".")
        self.assertEqual(json.loads(unb64(header)),
                         {"alg": "EdDSA", "typ": "statuslist+jwt", "kid": "k1"})
        payload = json.loads(unb64(payload))
        self.assertEqual((payload["sub"], payload["ttl"], payload["status_list"]["bits"]), (URI, 60, 2))
        self.assertEqual(zlib.decompress(unb64(payload["status_list"]["lst"])), bytes(250))

    def test_an_export_is_as_long_as_what_is_known(self):
        self.imported(self.mint(bytes(3)), "--jwt")
        self.ctl("list", "export", URI, self.dir / "out", "--jwt", "--key", self.key)
        payload = json.loads(unb64((self.dir / "out").read_text(encoding="ascii").split(".")[1]))
        self.assertEqual(zlib.decompress(unb64(payload["status_list"]["lst"])), bytes(3))
        self.ctl("list", "export", URI, self.dir / "out", "--raw")
        self.assertEqual((self.dir / "out").read_bytes(), bytes(3))

    def test_an_export_replaces_files_alone(self):
        pipe, link = self.dir / "pipe", self.dir / "link"
        os.mkfifo(pipe)
        link.symlink_to("out")
        for path in (pipe, link, self.dir):
            said = self.ctl("list", "export", URI, path, "--raw", exit_status=1).stderr
            self.assertIn(f"{path} is there and no regular file", said)
        self.assertTrue(pipe.is_fifo() and link.is_symlink())

    def test_export_says_what_is_missing(self):
        self.ctl("list", "export", URI, self.dir / "x", "--jwt", "--key", self.dir / "none",
                 exit_status=1)
        self.ctl("list", "export", "urn:x", self.dir / "x", "--raw", exit_status=1)
        self.ctl("list", "export", URI, self.dir / "none" / "x", "--raw", exit_status=1)
        self.assertFalse((self.dir / "x").exists())

    def test_export_refuses_times_that_no_verifier_takes(self):
        for option, value, words in (("--exp", "-1", "--exp: '-1' is not in the future"),
                                     ("--exp", "now", "not in the future"), ("--exp", "5", "not in the future"),
                                     ("--ttl", "0", "--ttl must be 1 or more")):
            done = self.ctl("list", "export", URI, self.dir / "x", "--jwt", "--key", self.key, option, value,
                            exit_status=2)
            self.assertIn(words, done.stderr)
        self.assertFalse((self.dir / "x").exists())

    def test_a_credential_is_converted(self):
        uri = f"{URI}/w3c"
        self.ctl("list", "add", uri, "--issuer", ISS, "--bits", 1, "--entries", 131072)
        bits = bytearray(16384)
        bits[0] = 0x80  # the first entry is the highest bit
        bits[-1] = 0x01
        path = self.write("vc.json", {
            "id": uri, "type": ["VerifiableCredential", "BitstringStatusListCredential"],
            "issuer": {"id": ISS}, "validFrom": "2026-01-01T00:00:00Z", "credentialSubject": {
                "type": "BitstringStatusList", "statusPurpose": "revocation",
                "encodedList": "u" + b64(gzip.compress(bytes(bits)))}})
        said = self.ctl("list", "import", uri, path, "--w3c", exit_status=1).stderr
        self.assertIn("does not check its proof", said)
        self.assertIn("--unsigned", said)
        self.ctl("list", "import", uri, path, "--raw", "--unsigned", exit_status=2)
        self.ctl("list", "import", uri, path, "--w3c", "--unsigned")
        rows = json.loads(self.ctl("list", "show", uri, "0,1,131070,131071", "--json").stdout)
        self.assertEqual([r["value"] for r in rows], [1, 0, 0, 1])
        self.assertIn("w3c (not signed)", self.ctl("audit", "--last", 1).stdout)

    def test_a_list_grows(self):
        self.ctl("list", "grow", URI, 1000, exit_status=1)
        self.ctl("list", "grow", URI, 100000)
        self.ctl("revoke", "index", URI, 99999)
        self.assertEqual(self.values(998, 99999), [0, 1])
        self.imported(self.mint(bytes(25000)), "--jwt")
        self.assertEqual(self.ask(99998), ["OK"])

    def test_show_refuses_what_is_not_there(self):
        self.ctl("list", "show", "urn:x", exit_status=1)
        self.ctl("list", "show", URI, 1000, exit_status=2)
        self.ctl("list", "show", URI, "1,", exit_status=2)
        self.assertIn("entries", self.ctl("list", "show", URI).stdout)

    def test_a_key_outside_its_window_counts_no_more(self):
        self.ctl("key", "window", ISS, "k1", "--until", "-10")
        self.assertEqual(self.ask(1), ["REVOKED"])
        self.assertIn("window", self.imported(self.mint(bytes(250)), "--jwt", exit_status=1).stderr)
        self.ctl("key", "window", ISS, "k1", "--from", "-100")
        self.assertEqual(self.ask(1), ["OK"])


if __name__ == "__main__":
    unittest.main()

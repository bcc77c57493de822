# SPDX-License-Identifier: BSD-3-Clause
"""edgate-token: keys, signing, inspecting, corpora."""
import base64
import collections
import json
import shutil
import stat
import subprocess
import unittest

from cli import EDGATE_TOKEN, NOW, CliTest, run


def part(token, i):
    text = token.split(".")[i]
    return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))


class Usage(CliTest):
    def test_help(self):
        self.assertIn("corpus", self.expect(0, run(EDGATE_TOKEN, "--help")).stdout)
        for command in ("keygen", "sign", "inspect", "corpus"):
            done = self.token(command, "--help")
            self.assertTrue(done.stdout.startswith(f"usage: edgate-token {command}"))

    def test_wrong_command_lines(self):
        key, _ = self.keygen()
        for line in ("", "frob", "keygen x", "sign", "inspect", "inspect a b", "corpus",
                     "corpus --out x --size big", "corpus --out x --mix OK", "corpus --out x --mix OK=0",
                     "corpus --out x --mix FOO=1", "corpus --out x --issuers 0",
                     "corpus --out x --issuers 17", "corpus --out x --count x",
                     f"sign --key {key} --exp never", f"sign --key {key} --claim x",
                     f"sign --key {key} --claim x=y", f"sign --key {key} --claim =1"):
            with self.subTest(line):
                self.expect(2, run(EDGATE_TOKEN, *line.split()))


class Keys(CliTest):
    def test_files_and_modes(self):
        private, public = self.keygen("k", "--kid", "me")
        self.assertEqual(stat.S_IMODE(private.stat().st_mode), 0o600)
        key, = json.loads(public.read_text())["keys"]
        self.assertEqual((key["kty"], key["crv"], key["kid"]), ("OKP", "Ed25519", "me"))
        self.assertNotIn("d", public.read_text().replace('"kid"', "").replace("Ed25519", "")
                         .replace("EdDSA", "") .split("x")[0])
        self.assertNotIn("d", key)

    def test_a_private_key_is_not_overwritten(self):
        private, _ = self.keygen("k")
        before = private.read_text()
        self.token("keygen", "--out", self.dir / "k", exit_status=1)
        self.assertEqual(private.read_text(), before)
        private.chmod(0o644)
        self.token("keygen", "--out", self.dir / "k", "--force")
        self.assertNotEqual(private.read_text(), before)
        self.assertEqual(stat.S_IMODE(private.stat().st_mode), 0o600)

    def test_kid_is_the_thumbprint(self):
        rfc = {"kty": "OKP", "crv": "Ed25519", "d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
               "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
        path = self.write("rfc8037.jwk", rfc)
        token = self.token("sign", "--key", path).stdout
        self.assertEqual(part(token, 0)["kid"], "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k")

    def test_keys_that_are_none(self):
        private, _ = self.keygen("k")
        good = json.loads(private.read_text())
        for bad in ({}, [], good | {"kty": "EC"}, good | {"crv": "X25519"}, good | {"d": "AAAA"},
                    good | {"d": "A" * 43}, good | {"kid": ""}, good | {"kid": "k" * 256}):
            self.token("sign", "--key", self.write("bad.jwk", bad), exit_status=1)

    @unittest.skipUnless(shutil.which("openssl"), "SKIPPED: openssl is not installed")
    def test_from_openssl(self):
        pem = self.dir / "k.pem"
        subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", pem], check=True)
        der = subprocess.run(["openssl", "pkey", "-in", pem, "-pubout", "-outform", "der"],
                             check=True, capture_output=True).stdout
        _, public = self.keygen("k", "--from-pem", pem)
        x = json.loads(public.read_text())["keys"][0]["x"]
        self.assertEqual(base64.urlsafe_b64decode(x + "="), der[-32:])

    def test_pem_is_read_strictly(self):
        prefix = bytes.fromhex("302e020100300506032b657004220420")
        seed = bytes(range(32))

        def pem(der, name="PRIVATE KEY"):
            return (f"-----BEGIN {name}-----\n{base64.b64encode(der).decode()}\n"
                    f"-----END {name}-----\n")

        self.keygen("good", "--from-pem", self.write("good.pem", pem(prefix + seed)))
        x25519 = prefix.replace(b"\x2b\x65\x70", b"\x2b\x65\x6e")
        for i, bad in enumerate((pem(prefix + seed[1:]), pem(prefix + seed + b"x"),
                                 pem(x25519 + seed), pem(prefix + seed, "PUBLIC KEY"), "",
                                 pem(prefix + seed) + "x", pem(prefix + seed)[:-5],
                                 pem(prefix + seed).replace("M", "*"))):
            with self.subTest(i):
                path = self.write("bad.pem", bad)
                done = self.token("keygen", "--out", self.dir / "bad", "--from-pem", path,
                                  exit_status=1)
                self.assertIn(str(path), done.stderr)
        self.assertFalse((self.dir / "bad.jwks").exists())


class Sign(CliTest):
    def setUp(self):
        super().setUp()
        self.key, self.jwks = self.keygen("k", "--kid", "k1")

    def test_claims(self):
        token = self.sign(self.key, "--iss", "i", "--sub", "s", "--aud", "a", "--jti", "j", "--sid",
                          "d", "--exp", "+300", "--nbf", "-5", "--iat", "now", "--claim",
                          'n={"a": [1]}')
        self.assertEqual(part(token, 0), {"alg": "EdDSA", "typ": "JWT", "kid": "k1"})
        self.assertEqual(part(token, 1), {
            "iss": "i", "sub": "s", "aud": "a", "jti": "j", "sid": "d", "exp": NOW + 300,
            "nbf": NOW - 5, "iat": NOW, "n": {"a": [1]}})

    def test_nothing_is_added(self):
        self.assertEqual(part(self.sign(self.key), 1), {})

    def test_two_audiences_are_an_array(self):
        token = self.sign(self.key, "--aud", "a", "--aud", "b")
        self.assertEqual(part(token, 1), {"aud": ["a", "b"]})

    def test_claims_from_a_file_and_options_over_them(self):
        path = self.write("claims.json", {"iss": "file", "x": 1.5})
        token = self.sign(self.key, "--claims", path, "--iss", "option")
        self.assertEqual(part(token, 1), {"iss": "option", "x": 1.5})
        bad = self.write("bad.json", '{"a":1,\n"a":2}')
        self.assertIn("bad.json, line 2", self.token("sign", "--key", self.key, "--claims", bad,
                                                     exit_status=1).stderr)

    def test_header_members(self):
        token = self.sign(self.key, "--header", 'crit=["x"]', "--header", "kid=null")
        self.assertEqual(part(token, 0), {"alg": "EdDSA", "typ": "JWT", "crit": ["x"]})

    def test_inspect_says_what_it_did(self):
        token = self.sign(self.key, "--exp", NOW)
        done = self.token("inspect", token)
        self.assertIn("NOT VERIFIED", done.stdout)
        self.assertIn("exp: Friday, 15 January 2027, 08:00:00 UTC", done.stdout)
        done = self.token("inspect", "-", "--jwks", self.jwks, stdin=token + "\n")
        self.assertIn("signature: verified", done.stdout)

    def test_inspect_refuses_a_wrong_signature(self):
        header, payload, signature = self.sign(self.key).split(".")
        forged = "B" if signature[0] == "A" else "A"
        for bad in (f"{header}.{payload}.{forged}{signature[1:]}", f"{header}.{payload}.",
                    f"{header}.e30x.{signature}"):
            done = run(EDGATE_TOKEN, "inspect", "--jwks", self.jwks, bad)
            self.assertEqual(done.returncode, 1)
            self.assertNotIn("signature: verified", done.stdout)

    def test_inspect_with_the_wrong_key(self):
        _, other = self.keygen("other", "--kid", "k2")
        done = run(EDGATE_TOKEN, "inspect", "--jwks", other, self.sign(self.key))
        self.assertEqual((done.returncode, "NOT VERIFIED" in done.stdout), (1, True))

    def test_inspect_shows_no_control_bytes(self):
        payload = base64.urlsafe_b64encode(b"\x1b[31m").decode().rstrip("=")
        self.assertNotIn("\x1b", self.token("inspect", f"e30.{payload}.").stdout)
        self.token("inspect", "nonsense", exit_status=1)


class Corpus(CliTest):
    def corpus(self, name, *args):
        self.token("corpus", "--out", self.dir / name, "--now", NOW, *args)
        lines = (self.dir / name / "corpus.tsv").read_text().splitlines()
        return [line.split("\t") for line in lines]

    def test_a_seed_fixes_every_byte(self):
        for name in ("a", "b"):
            self.corpus(name, "--seed", 7, "--issuers", 2, "--count", 100)
        for path in (self.dir / "a").iterdir():
            self.assertEqual(path.read_bytes(), (self.dir / "b" / path.name).read_bytes())
        self.corpus("c", "--seed", 8, "--issuers", 2, "--count", 100)
        self.assertNotEqual((self.dir / "a" / "issuer-1.jwks").read_text(),
                            (self.dir / "c" / "issuer-1.jwks").read_text())

    def test_the_mix_is_kept(self):
        rows = self.corpus("a", "--count", 200, "--mix", "OK=1,EXPIRED=2,REVOKED=1")
        self.assertEqual(collections.Counter(row[1] for row in rows),
                         {"OK": 50, "EXPIRED": 100, "REVOKED": 50})
        self.assertEqual(len({row[0] for row in rows}), 200)

    def test_an_older_corpus_stays(self):
        self.corpus("a")
        self.token("corpus", "--out", self.dir / "a", exit_status=1)
        self.token("corpus", "--out", self.dir / "a", "--force")

    def test_none_at_all(self):
        self.assertEqual(self.corpus("a", "--count", 0), [])


if __name__ == "__main__":
    unittest.main()

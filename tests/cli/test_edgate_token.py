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


class OtherFormats(CliTest):
    CLAIMS = ("--iss", "i", "--sub", "s", "--aud", "a", "--exp", "+300", "--iat", "now")

    def setUp(self):
        super().setUp()
        self.key, self.jwks = self.keygen("k", "--kid", "k1")

    def inspect(self, token, *args, exit_status=0):
        done = run(EDGATE_TOKEN, "inspect", token, *args)
        self.assertEqual(done.returncode, exit_status, done.stdout + done.stderr)
        self.assertTrue((done.stdout + done.stderr).isascii())
        self.assertNotRegex(done.stdout + done.stderr, r"[\x00-\x09\x0b-\x1f\x7f]")
        return done.stdout

    def test_cwt_bytes(self):
        token = self.sign(self.key, "--fmt", "cwt", *self.CLAIMS, "--cti", "j1", "--claim",
                          'status={"status_list": {"idx": 70000, "uri": "u"}}', "--claim",
                          'cnf={"3": "x"}', "--claim", "-70000=[true, null, -1, 1.5]")
        self.assertEqual(token[:-128], (
            "d284" "4a" "a3" "0127" "10183d" "04426b31" "a0" "5852" "a9"  # 61 as typ
            "016169" "026173" "07426a31" "036161" "041a6b49d32c" "061a6b49d200"
            "19ffff" "a1" "6b7374617475735f6c697374" "a2" "63696478" "1a00011170" "63757269" "6175"
            "08" "a1" "6133" "6178" "3a0001116f" "84" "f5" "f6" "20" "fb3ff8000000000000" "5840"))

    def test_cwt_header(self):
        token = self.sign(self.key, "--fmt", "cwt", "--header", 'crit=[1]', "--header", "kid=null",
                          "--header", "33=1", "--header", 'alg="Ed25519"', "--typ", "x/y")
        self.assertEqual(token[:-128], "d284" "4e" "a4" "0132" "1063782f79" "028101" "182101"
                         "a0" "41a0" "5840")

    def test_inspect_cwt(self):
        token = self.sign(self.key, "--fmt", "cwt", *self.CLAIMS, "--claim", 'x="\\u001b[31m\\u00e9"')
        text = self.inspect(token)
        self.assertIn("NOT VERIFIED", text)
        self.assertIn('{1: "i", 2: "s", 3: "a", 4: 1800000300, 6: 1800000000, "x": "\\u001B[31m\\u00E9"}', text)
        self.assertIn("signature: verified", self.inspect(token, "--jwks", self.jwks))
        self.assertIn("signature: verified", self.inspect(token[2:], "--jwks", self.jwks))
        forged = token[:-1] + ("0" if token[-1] != "0" else "1")
        self.assertIn("signature: BAD", self.inspect(forged, "--jwks", self.jwks, exit_status=1))

    def test_inspect_what_is_no_cwt(self):
        for token in ("00", "ff", "d284", "9fff", "c1" * 1000, "81" * 1000, "9bffffffffffffffff",
                      "a201000100", "61ff", "f97e00", "3bffffffffffffffff",
                      "d28443a10127a0631b5b3143" + "5840" + "00" * 64):
            self.inspect(token, exit_status=1)
        text = self.inspect("d28443a10127a043" + "ff1b5b" + "5840" + "00" * 64)
        self.assertIn("payload:  ... (not strict CBOR) h'ff1b5b'", text)

    def test_paseto_parts(self):
        token = self.sign(self.key, "--fmt", "paseto", *self.CLAIMS, "--header", 'wpk="x"')
        version, purpose, body, footer = token.split(".")
        raw = base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))
        self.assertEqual((version, purpose), ("v4", "public"))
        self.assertEqual(json.loads(raw[:-64]), {
            "iss": "i", "sub": "s", "aud": "a", "exp": "2027-01-15T08:05:00Z",
            "iat": "2027-01-15T08:00:00Z"})
        self.assertEqual(part(token, 3), {"kid": "k1", "wpk": "x"})
        bare = self.sign(self.key, "--fmt", "paseto", "--header", "kid=null")
        self.assertEqual(bare.count("."), 2)

    def test_inspect_paseto(self):
        token = self.sign(self.key, "--fmt", "paseto", *self.CLAIMS, "--implicit-assertion", "t1")
        self.assertIn("2027-01-15T08:05:00Z", self.inspect(token))
        self.inspect(token, "--jwks", self.jwks, exit_status=1)
        text = self.inspect(token, "--jwks", self.jwks, "--implicit-assertion", "t1")
        self.assertIn("signature: verified", text)
        for bad in ("v4.public.", "v4.public.AAAA", "v4.public.=", "v2.public.AAAA", "v4.local.AAAA"):
            self.inspect(bad, exit_status=1)
        control = base64.urlsafe_b64encode(b"\x1b[31m" + b"\0" * 64).decode().rstrip("=")
        self.inspect(f"v4.public.{control}.{control}")

    def test_wrong_command_lines(self):
        for args in (("--fmt", "xml"), ("--fmt", "paseto", "--typ", "x"),
                     ("--implicit-assertion", "x"), ("--fmt", "cwt", "--implicit-assertion", "x")):
            self.expect(2, run(EDGATE_TOKEN, "sign", "--key", self.key, *args))
        for args in (("--fmt", "xml"), ("--fmt", "paseto", "--mix", "BAD_TYP=1")):
            self.expect(2, run(EDGATE_TOKEN, "corpus", "--out", self.dir / "x", *args))


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

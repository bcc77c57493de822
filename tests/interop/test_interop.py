# SPDX-License-Identifier: BSD-3-Clause
"""Tokens that other libraries minted are accepted; tokens that edgate-token minted verify in them.
Status lists of @sd-jwt/jwt-status-list are imported, and what is exported reads the same there."""
import json
import os
import random
import subprocess
import sys
import time
import unittest

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "e2e"))
from harness import AUDIENCE, ISSUER, NOW, World  # noqa: E402

CLAIMS = {"iss": ISSUER, "aud": [AUDIENCE, "other"], "sub": "zoë", "jti": "i-1", "exp": NOW + 300,
          "iat": NOW, "nbf": NOW, "scope": "read write", "nested": {"a": [1, 2.5, None, True]}}
CWT_CLAIMS = {"iss": ISSUER, "aud": AUDIENCE, "sub": "zoë", "cti": "c-1", "exp": NOW + 300, "iat": NOW,
              "nbf": NOW + 0.0, "status": {"status_list": {"idx": 7, "uri": f"{ISSUER}/list"}},
              "scope": "read write", "nested": {"a": [1, 2.5, None, True]}}
PASETO_CLAIMS = {**CLAIMS, "aud": AUDIENCE}


class StatusLists(unittest.TestCase):
    URI = ISSUER + "/sl"

    def node(self, *args):
        if not os.path.isdir(os.path.join(HERE, "node_modules", "@sd-jwt", "jwt-status-list")):
            self.skipTest("SKIPPED: @sd-jwt/jwt-status-list is not installed")
        try:
            done = subprocess.run(["node", os.path.join(HERE, "status_list.mjs"), *map(str, args)],
                                  capture_output=True, text=True)
        except FileNotFoundError as missing:
            self.skipTest(f"SKIPPED: {missing}")
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.strip()

    def values_in(self, world, cnt):
        rows = world.ctl("list", "show", self.URI, ",".join(map(str, range(cnt))), "--json").stdout
        return [row["value"] for row in json.loads(rows)]

    def check_bits(self, bits):
        rnd = random.Random(bits)
        values = [rnd.randrange(1 << bits) if rnd.random() < 0.3 else 0 for _ in range(4096)]
        claims = {"iss": ISSUER, "sub": self.URI, "iat": int(time.time()), "ttl": 600}
        with World("interop") as world:
            world.make_state()
            world.ctl("list", "add", self.URI, "--issuer", ISSUER, "--bits", bits, "--entries", 4096)
            token = self.node("make", f"{world.dir}/issuer.private.jwk", json.dumps(claims), bits,
                              json.dumps(values))
            with open(f"{world.dir}/list.jwt", "w") as file:
                file.write(token)
            world.ctl("list", "import", self.URI, f"{world.dir}/list.jwt", "--jwt")
            self.assertEqual(self.values_in(world, 4096), values)
            world.ctl("revoke", "index", self.URI, "0-99")
            world.ctl("list", "export", self.URI, f"{world.dir}/out.jwt", "--jwt", "--key",
                      f"{world.dir}/issuer.private.jwk")
            read = json.loads(self.node("read", f"{world.dir}/out.jwt"))
            self.assertEqual(read, {"bits": bits, "values": [1] * 100 + values[100:]})

    def test_lists_of_every_width_both_ways(self):
        for bits in (1, 2, 4, 8):
            with self.subTest(bits=bits):
                self.check_bits(bits)


class Interop(unittest.TestCase):
    def library(self, script, *args):
        """What a script prints; the test is skipped, with the reason, where its library is absent."""
        if script.endswith(".py"):
            command = ["/usr/bin/python3"]
        else:
            command = ["node"]
            if not os.path.isdir(os.path.join(HERE, "node_modules", "jose")):
                self.skipTest("SKIPPED: the npm packages of tests/interop are not installed (npm ci)")
        try:
            done = subprocess.run([*command, os.path.join(HERE, script), *map(str, args)],
                                  capture_output=True, text=True)
        except FileNotFoundError as missing:
            self.skipTest(f"SKIPPED: {missing}")
        if done.returncode == 77:
            self.skipTest(done.stderr.strip())
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.strip()

    def check_minter(self, claims, mint):
        """mint(world, claims) is asked for tokens that are right, expired, ours, another's."""
        with World("interop") as world:
            world.make_state()
            tokens = [mint(world, claims), mint(world, {**claims, "exp": NOW}),
                      mint(world, {**claims, "aud": "elsewhere"}),
                      mint(world, {**claims, "iss": "https://evil.example"})]
            done = world.ctl("decide", "--now", str(NOW), "-", input="\n".join(tokens))
            self.assertEqual(done.stdout.split(), ["OK", "EXPIRED", "BAD_AUD", "BAD_ISS"])
            world.ctl("revoke", "index", f"{ISSUER}/list", "7")
            world.ctl("revoke", "jti", ISSUER, "i-1", "--exp", str(NOW + 300))
            done = world.ctl("decide", "--now", str(NOW), "-", input=tokens[0])
            self.assertEqual(done.stdout.split(), ["REVOKED"])

    def private(self, world):
        return f"{world.dir}/issuer.private.jwk"

    def check_verifier(self, fmt, verify, *args):
        """verify(world, token) gets a token of edgate-token and prints its claims."""
        with World("interop") as world:
            world.make_state()
            token = world.token("--fmt", fmt, "--claim", 'deep={"x":[1,"é"]}', "--claim",
                                f'status={{"status_list":{{"idx":7,"uri":"{ISSUER}/list"}}}}', *args,
                                now=NOW).decode()
            self.assertEqual(json.loads(verify(world, token))["sub"], "alice")

    # ── JWT ──

    def test_pyjwt_to_edgate(self):
        self.check_minter(CLAIMS, lambda world, claims: self.library(
            "mint_pyjwt.py", self.private(world), json.dumps(claims), '{"typ": "at+jwt"}'))

    def test_jose_to_edgate(self):
        self.check_minter(CLAIMS, lambda world, claims: self.library(
            "mint_jose.mjs", self.private(world), json.dumps(claims)))

    def test_edgate_token_to_pyjwt(self):
        script = ("import sys, json, jwt\n"
                  "key = jwt.PyJWK(json.load(open(sys.argv[1]))['keys'][0], 'EdDSA').key\n"
                  "print(json.dumps(jwt.decode(sys.argv[2], key, ['EdDSA'], audience=sys.argv[3],\n"
                  "                            options={'verify_exp': False})))")

        def verify(world, token):
            done = subprocess.run(["/usr/bin/python3", "-c", script, f"{world.dir}/issuer.jwks", token,
                                   AUDIENCE], capture_output=True, text=True)
            if "ModuleNotFoundError" in done.stderr:
                self.skipTest("SKIPPED: PyJWT is not installed")
            self.assertEqual(done.returncode, 0, done.stderr)
            return done.stdout
        self.check_verifier("jwt", verify)

    def test_edgate_token_to_jose(self):
        self.check_verifier("jwt", lambda world, token: self.library(
            "verify_jose.mjs", f"{world.dir}/issuer.jwks", token, AUDIENCE, NOW))

    # ── CWT ──

    def test_cbor2_to_edgate(self):
        self.check_minter(CWT_CLAIMS, lambda world, claims: self.library(
            "cwt_cbor2.py", "mint", self.private(world), json.dumps(claims)))

    def test_auth0_cose_to_edgate(self):
        self.check_minter(CWT_CLAIMS, lambda world, claims: self.library(
            "mint_cose.mjs", self.private(world), json.dumps(claims)))

    def test_auth0_cose_with_a_protected_kid(self):
        self.check_minter(CWT_CLAIMS, lambda world, claims: self.library(
            "mint_cose.mjs", self.private(world), json.dumps(claims), "protected"))

    def test_edgate_token_to_cbor2(self):
        self.check_verifier("cwt", lambda world, token: self.library(
            "cwt_cbor2.py", "verify", f"{world.dir}/issuer.jwks", token), "--cti", "c-1")

    def test_edgate_token_to_auth0_cose(self):
        self.check_verifier("cwt", lambda world, token: self.library(
            "verify_cose.mjs", f"{world.dir}/issuer.jwks", token))

    # ── PASETO ──

    def test_paseto_to_edgate(self):
        self.check_minter(PASETO_CLAIMS, lambda world, claims: self.library(
            "mint_paseto.mjs", self.private(world), json.dumps(claims)))

    def test_edgate_token_to_paseto(self):
        self.check_verifier("paseto", lambda world, token: self.library(
            "verify_paseto.mjs", f"{world.dir}/issuer.jwks", token, AUDIENCE, NOW))

    def test_implicit_assertions(self):
        self.check_verifier("paseto", lambda world, token: self.library(
            "verify_paseto.mjs", f"{world.dir}/issuer.jwks", token, AUDIENCE, NOW, "tenant-7"),
            "--implicit-assertion", "tenant-7")
        with World("interop") as world:
            world.make_state()
            world.ctl("policy", "set", "2", "--issuer", ISSUER, "--audience", AUDIENCE,
                      "--implicit-assertion", "tenant-7")
            token = self.library("mint_paseto.mjs", self.private(world), json.dumps(PASETO_CLAIMS),
                                 "{}", "tenant-7")
            for policy, status in (("1", "BAD_SIGNATURE"), ("2", "OK")):
                done = world.ctl("decide", "--now", str(NOW), "--policy", policy, "-", input=token)
                self.assertEqual(done.stdout.split(), [status])


if __name__ == "__main__":
    unittest.main(verbosity=2)

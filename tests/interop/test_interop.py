# SPDX-License-Identifier: BSD-3-Clause
"""Tokens that PyJWT and jose minted are accepted; tokens that edgate-token minted verify in them.
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
MINTERS = {
    "PyJWT": (["/usr/bin/python3", os.path.join(HERE, "mint_pyjwt.py")], None),
    "jose": (["node", os.path.join(HERE, "mint_jose.mjs")], os.path.join(HERE, "node_modules", "jose")),
}


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
    def mint(self, name, world, claims, header="{}"):
        command, needs = MINTERS[name]
        if needs is not None and not os.path.isdir(needs):
            self.skipTest(f"SKIPPED: {name} is not installed")
        try:
            done = subprocess.run([*command, f"{world.dir}/issuer.private.jwk", json.dumps(claims), header],
                                  capture_output=True, text=True)
        except FileNotFoundError as missing:
            self.skipTest(f"SKIPPED: {missing}")
        if done.returncode == 77:
            self.skipTest(done.stderr.strip())
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.strip()

    def check_minter(self, name):
        with World("interop") as world:
            world.make_state()
            tokens = [self.mint(name, world, CLAIMS),
                      self.mint(name, world, CLAIMS, '{"typ": "at+jwt"}'),
                      self.mint(name, world, {**CLAIMS, "exp": NOW}),
                      self.mint(name, world, {**CLAIMS, "aud": "elsewhere"}),
                      self.mint(name, world, {**CLAIMS, "iss": "https://evil.example"})]
            done = world.ctl("decide", "--now", str(NOW), "-", input="\n".join(tokens))
            self.assertEqual(done.stdout.split(), ["OK", "OK", "EXPIRED", "BAD_AUD", "BAD_ISS"])

    def test_pyjwt_to_edgate(self):
        self.check_minter("PyJWT")

    def test_jose_to_edgate(self):
        self.check_minter("jose")

    def test_edgate_token_to_pyjwt(self):
        with World("interop") as world:
            world.make_state()
            token = world.token("--claim", 'deep={"x":[1,"é"]}').decode()
            script = ("import sys, json, jwt\n"
                      "key = jwt.PyJWK(json.load(open(sys.argv[1]))['keys'][0], 'EdDSA').key\n"
                      "print(jwt.decode(sys.argv[2], key, ['EdDSA'], audience=sys.argv[3])['sub'])")
            done = subprocess.run(["/usr/bin/python3", "-c", script, f"{world.dir}/issuer.jwks", token,
                                   AUDIENCE], capture_output=True, text=True)
            if "ModuleNotFoundError" in done.stderr:
                self.skipTest("SKIPPED: PyJWT is not installed")
            self.assertEqual(done.stdout.strip(), "alice", done.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)

# SPDX-License-Identifier: BSD-3-Clause
"""Third-party and shared vectors through the programs."""
import unittest

from cli import EDGATE_TOKEN, CliTest, run, vectors

ISS = "https://as.example.com"
URI = "https://as.example.com/sl/1"


class Vectors(CliTest):
    def set_up_reference_state(self, keys):
        jwks = self.write("as.jwks", {"keys": [
            {"kty": "OKP", "crv": "Ed25519", "kid": k["kid"], "x": k["x"]} for k in keys]})
        self.ctl("init")
        self.ctl("issuer", "add", ISS, "--jwks", jwks)
        self.ctl("policy", "set", 1, "--issuer", ISS, "--audience", "https://api.example.com",
                 "--typ", "JWT,at+jwt", "--skew", 0)
        self.ctl("list", "add", URI, "--issuer", ISS, "--bits", 1, "--entries", 16)
        self.ctl("list", "import", URI, self.write("list", bytes.fromhex("b9a3")), "--raw")
        self.ctl("revoke", "jti", ISS, "t-dead", "--exp", 1800003600)
        self.ctl("revoke", "subject", ISS, "user-9", "--until", 1799999970)

    def test_jwt_edgate_status_by_status(self):
        head, rows = vectors("jwt-edgate.jsonl")
        self.set_up_reference_state(head["_keys"])
        answers = self.decide([row["token"] for row in rows])
        wrong = [(row["id"], row["expect"], answer)
                 for row, answer in zip(rows, answers) if row["expect"] != answer]
        self.assertEqual((len(answers), wrong), (head["_count"], []))

    def test_jws_wycheproof_is_refused(self):
        keys = vectors("jwt-edgate.jsonl")[0]["_keys"]
        head, rows = vectors("jws-wycheproof.jsonl")
        self.set_up_reference_state(keys)
        answers = self.decide([row["jws"] for row in rows])
        self.assertEqual(len(answers), head["_count"])
        self.assertNotIn("OK", answers)

    def test_jwk_wycheproof_is_refused(self):
        _, rows = vectors("jwk-wycheproof.jsonl")
        self.ctl("init")
        for row in rows:
            with self.subTest(row["tcId"]):
                path = self.write("keys.jwks", row["key"])
                self.ctl("issuer", "add", ISS, "--jwks", path, exit_status=1)
        self.assertEqual(self.ctl("issuer", "list", "--json").stdout, "[]\n")

    def test_jws_rfc8037_has_a_right_signature_and_no_claims(self):
        _, rows = vectors("jws-rfc8037.jsonl")
        path = self.write("rfc.jwk", rows[0]["jwk"])
        done = run(EDGATE_TOKEN, "inspect", "--jwks", path, rows[0]["jws"])
        self.assertEqual(self.expect(0, done).stdout.count("signature: verified"), 1)
        self.assertIn("Example of Ed25519 signing", done.stdout)
        self.ctl("init")
        self.ctl("issuer", "add", ISS, "--jwks", path)
        self.ctl("policy", "set", 1, "--issuer", ISS, "--audience", "any")
        self.assertEqual(self.decide([rows[0]["jws"]]), ["MALFORMED"])


if __name__ == "__main__":
    unittest.main()

# SPDX-License-Identifier: BSD-3-Clause
"""Third-party and shared vectors through the programs."""
import ast
import base64
import json
import unittest

from cli import EDGATE_TOKEN, NOW, ROOT, CliTest, run, vectors

ISS = "https://as.example.com"
URI = "https://as.example.com/sl/1"


class OwnVectors(CliTest):
    """tests/vectors: each row by status and detail."""

    def set_up_state(self, setup):
        jwks = self.write("as.jwks", {"keys": [
            {"kty": "OKP", "crv": "Ed25519", "kid": k["kid"], "x": k["x"]} for k in setup["keys"]]})
        self.ctl("init")
        self.ctl("issuer", "add", setup["iss"], "--jwks", jwks)
        self.ctl("policy", "set", 1, "--issuer", setup["iss"], "--audience", setup["aud"])
        for uri, status_list in setup["lists"].items():
            data = bytes.fromhex(status_list["bytes"])
            self.ctl("list", "add", uri, "--issuer", setup["iss"], "--bits", status_list["bits"],
                     "--entries", len(data) * 8 // status_list["bits"])
            self.ctl("list", "import", uri, self.write("list", data), "--raw")
        exp = ("--exp", setup["now"] + 3600)
        self.ctl("revoke", "jti", setup["iss"], setup["jti"], *exp)
        self.ctl("revoke", "sid", setup["iss"], setup["sid"], *exp)
        self.ctl("revoke", "cti", setup["iss"], setup["cti_hex"], "--hex", *exp)
        subject, until = setup["subject"]
        self.ctl("revoke", "subject", setup["iss"], subject, "--until", until)

    def check(self, name, field):
        path = ROOT / "tests" / "vectors" / name
        setup, *rows = map(json.loads, path.read_text().splitlines())
        self.assertEqual((len(rows), setup["now"]), (setup["_count"], NOW))
        self.set_up_state(setup)
        answers = list(map(json.loads, self.decide([row[field] for row in rows], "--json")))
        wrong = [(row["id"], row["expect"], row["detail"], a["status"], a["detail"])
                 for row, a in zip(rows, answers)
                 if (row["expect"], row["detail"]) != (a["status"], a["detail"])]
        self.assertEqual((len(answers), wrong), (len(rows), []))

    def test_jwt(self):
        self.check("jwt.jsonl", "token")

    def test_cwt(self):
        self.check("cwt.jsonl", "cwt_hex")

    def test_paseto(self):
        self.check("paseto.jsonl", "token")

    def test_the_files_are_what_the_script_writes(self):
        script = ROOT / "tests" / "vectors" / "make_vectors.py"
        done = run("/usr/bin/python3", script, "--check")
        if "ModuleNotFoundError" in done.stderr:
            self.skipTest("SKIPPED: python3-cryptography is not installed")
        self.assertEqual((done.returncode, done.stdout), (0, ""), done.stderr)


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

    def check_status_by_status(self, name, field):
        self.set_up_reference_state(vectors("jwt-edgate.jsonl")[0]["_keys"])
        head, rows = vectors(name)
        answers = self.decide([row[field] for row in rows])
        wrong = [(row["id"], row["expect"], answer)
                 for row, answer in zip(rows, answers) if row["expect"] != answer]
        self.assertEqual((len(answers), wrong), (head["_count"], []))

    def test_cwt_edgate_status_by_status(self):
        self.check_status_by_status("cwt-edgate.jsonl", "cwt_hex")

    def test_paseto_edgate_status_by_status(self):
        self.check_status_by_status("paseto-edgate.jsonl", "token")

    def test_paseto_v4(self):
        """Their tokens have no iss; v4.local, and other versions, are not ours to verify."""
        head, rows = vectors("paseto-v4.jsonl")
        self.set_up_reference_state(vectors("jwt-edgate.jsonl")[0]["_keys"])
        answers = self.decide([row["token"] for row in rows])
        self.assertEqual(len(answers), head["_count"])
        for row, answer in zip(rows, answers):
            public = row["token"].startswith("v4.public.")
            self.assertEqual(answer, "BAD_ISS" if public else "UNSUPPORTED_ALG", row["name"])

    def test_paseto_v4_signatures(self):
        verified = 0
        for row in vectors("paseto-v4.jsonl")[1]:
            if "public-key" not in row:
                continue
            kid = json.loads(row["footer"])["kid"] if row["footer"].startswith("{") else "any"
            jwks = self.write("k.jwks", self.jwk_of(bytes.fromhex(row["public-key"]), kid))
            done = run(EDGATE_TOKEN, "inspect", "--jwks", jwks, "--implicit-assertion",
                       row["implicit-assertion"], row["token"])
            self.assertEqual(done.returncode == 0, not row["expect-fail"], done.stdout + done.stderr)
            verified += done.stdout.count("signature: verified")
        self.assertEqual(verified, 3)

    @staticmethod
    def jwk_of(public, kid):
        x = base64.urlsafe_b64encode(public).decode().rstrip("=")
        return {"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": kid, "x": x}]}

    # alg and tag are what refuses the others; Ed448 is told by the length of its signature, and
    # sign-pass-01 has its alg unprotected. The payload of the only Ed25519 one is no map.
    COSE_MALFORMED = {"CWT/A_4.json": "TOKEN", "CWT/A_5.json": "TOKEN", "CWT/A_6.json": "TOKEN",
                      "CWT/A_7.json": "TOKEN", "eddsa-examples/eddsa-01.json": "TOKEN",
                      "eddsa-examples/eddsa-02.json": "TOKEN",
                      "eddsa-examples/eddsa-sig-01.json": "PAYLOAD",
                      "eddsa-examples/eddsa-sig-02.json": "SIGNATURE",
                      "sign1-tests/sign-fail-01.json": "TOKEN",
                      "sign1-tests/sign-pass-01.json": "ALG"}

    def test_cose_examples(self):
        head, rows = vectors("cose-examples.jsonl")
        self.set_up_reference_state(vectors("jwt-edgate.jsonl")[0]["_keys"])
        answers = list(map(json.loads, self.decide([row["cbor_hex"] for row in rows], "--json")))
        self.assertEqual(len(answers), head["_count"])
        for row, answer in zip(rows, answers):
            expected = ("UNSUPPORTED_ALG", "NONE")
            if row["file"] in self.COSE_MALFORMED:
                expected = ("MALFORMED", self.COSE_MALFORMED[row["file"]])
            self.assertEqual((answer["status"], answer["detail"]), expected, row["file"])

    def test_cose_example_signature(self):
        for row in vectors("cose-examples.jsonl")[1]:
            if row["file"] == "eddsa-examples/eddsa-sig-01.json":
                key = row["key"] if isinstance(row["key"], dict) else ast.literal_eval(row["key"])
                jwks = self.write("k.jwks", self.jwk_of(bytes.fromhex(key["x_hex"]), key["kid"]))
                done = run(EDGATE_TOKEN, "inspect", "--jwks", jwks, row["cbor_hex"])
                self.assertIn("signature: verified", done.stdout)
                return
        self.fail("the Ed25519 example is not there")

    def test_status_list_tokens_of_es256(self):
        self.set_up_reference_state(vectors("jwt-edgate.jsonl")[0]["_keys"])
        tokens = [row.get("statuslist_jwt") or row.get("statuslist_cwt_hex") or row.get("cwt_hex")
                  for row in vectors("status-list-ietf.jsonl")[1]]
        tokens = [token for token in tokens if token is not None]
        self.assertEqual(self.decide(tokens), ["UNSUPPORTED_ALG"] * 3)

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

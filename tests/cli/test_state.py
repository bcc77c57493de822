# SPDX-License-Identifier: BSD-3-Clause
"""edgatectl state, audit, suspend and unrevoke: the store as an operator handles it."""
import json
import os
import sqlite3
import unittest

from cli import NOW, CliTest

ISS = "https://issuer.example"
URI = "https://issuer.example/lists/1"
JWK = {"kty": "OKP", "crv": "Ed25519", "kid": "k1",
       "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}


class State(CliTest):
    def setUp(self):
        super().setUp()
        self.ctl("init")
        self.ctl("issuer", "add", ISS, "--jwks", self.write("jwk.json", JWK))
        self.ctl("list", "add", URI, "--issuer", ISS, "--bits", 2, "--entries", 1000)

    def db(self, sql):
        with sqlite3.connect(self.state / "edgate.db") as db:
            return db.execute(sql).fetchall()

    def audit(self, *args):
        return [row["what"] for row in json.loads(self.ctl("audit", "--json", *args).stdout)]

    def test_audit_tells_who_changed_what(self):
        self.ctl("revoke", "jti", ISS, "t-1", "--exp", NOW)
        self.ctl("suspend", "index", URI, "7,20-29")
        self.ctl("unrevoke", "index", URI, "25")
        self.ctl("unrevoke", "jti", ISS, "t-1")
        self.assertEqual(self.audit("--last", 4), [
            f"revoke jti t-1 of {ISS}, exp {NOW}",
            f"suspend index {URI} 7,20-29 (11 indices)",
            f"unrevoke index {URI} 25 (1 indices)",
            f"unrevoke jti t-1 of {ISS}"])
        rows = json.loads(self.ctl("audit", "--json").stdout)
        self.assertEqual(rows[0]["what"], "init")
        self.assertEqual({row["uid"] for row in rows}, {os.getuid()})
        self.assertIn("unrevoke jti", self.ctl("audit").stdout)

    def test_what_is_not_revoked_cannot_be_taken_back(self):
        for line in (["jti", ISS, "x"], ["subject", ISS, "x"], ["issuer", ISS]):
            self.assertIn("is not revoked", self.ctl("unrevoke", *line, exit_status=1).stderr)
        self.ctl("list", "add", URI + "/1bit", "--issuer", ISS, "--bits", 1, "--entries", 8)
        self.assertIn("one bit", self.ctl("suspend", "index", URI + "/1bit", 1, exit_status=1).stderr)

    def test_verify(self):
        self.assertIn("sound", self.ctl("state", "verify").stdout)
        self.ctl("revoke", "jti", ISS, "t-1", "--exp", NOW)
        self.db("UPDATE event SET body = zeroblob(9) WHERE sequence = 3")
        self.assertIn("table event, sequence 3", self.ctl("state", "verify", exit_status=1).stderr)

    def test_backup_and_restore(self):
        backup = self.dir / "backup"
        self.ctl("revoke", "jti", ISS, "t-1", "--exp", NOW)
        self.ctl("state", "backup", backup)
        self.assertIn("overwrites nothing", self.ctl("state", "backup", backup, exit_status=1).stderr)
        self.ctl("revoke", "jti", ISS, "t-2", "--exp", NOW)
        done = self.ctl("state", "restore", backup)
        self.assertEqual(done.stdout, "done: epoch 2.3\n")
        self.assertIn("sound", self.ctl("state", "verify").stdout)
        self.assertEqual(self.audit()[-1], "restore from a backup")
        self.assertNotIn("t-2", " ".join(self.audit()))
        self.assertEqual(self.ctl("state", "restore", backup).stdout, "done: epoch 3.3\n")
        self.assertEqual(self.ctl("revoke", "jti", ISS, "t-3", "--exp", NOW).stdout.split()[:3],
                         ["done:", "epoch", "3.4"])
        self.assertEqual(sorted(p.name for p in self.state.iterdir() if "new" in p.name), [])

    def test_restore_over_a_damaged_store(self):
        backup = self.dir / "backup"
        self.ctl("state", "backup", backup)
        (self.state / "edgate.db").write_bytes(b"\0" * 8192)
        self.assertIn("edgate.db", self.ctl("state", "verify", exit_status=1).stderr)
        self.ctl("state", "restore", backup)
        self.assertIn("sound", self.ctl("state", "verify").stdout)
        aside = [p for p in self.state.iterdir() if p.name.startswith("edgate.db.damaged-")]
        self.assertEqual(len(aside), 1)

    def test_a_damaged_backup_changes_nothing(self):
        backup = self.dir / "backup"
        self.ctl("state", "backup", backup)
        with sqlite3.connect(backup) as db:
            db.execute("UPDATE event SET body = zeroblob(9) WHERE sequence = 2")
        before = self.db("SELECT generation, sequence FROM meta")
        self.assertIn("table event, sequence 2",
                      self.ctl("state", "restore", backup, exit_status=1).stderr)
        self.assertIn("nosuch", self.ctl("state", "restore", self.dir / "nosuch", exit_status=1).stderr)
        self.assertEqual(self.db("SELECT generation, sequence FROM meta"), before)
        self.assertEqual([p.name for p in self.state.iterdir() if "new" in p.name], [])


if __name__ == "__main__":
    unittest.main()

# SPDX-License-Identifier: BSD-3-Clause
"""edgatectl state, audit, suspend and unrevoke: the store as an operator handles it."""
import fcntl
import json
import os
import sqlite3
import unittest

from cli import EDGATECTL, NOW, CliTest, run

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

    def test_audit_shows_bytes_once(self):
        self.ctl("revoke", "cti", ISS, "0001ff5c", "--hex", "--exp", NOW)
        self.assertIn(f"revoke cti \\x00\\x01\\xff\\x5c of {ISS}", self.ctl("audit").stdout)
        self.assertEqual(self.audit("--last", 1), [f"revoke cti \\x00\\x01\\xff\\x5c of {ISS}, exp {NOW}"])

    def values(self, *indices):
        rows = json.loads(self.ctl("list", "show", URI, ",".join(map(str, indices)), "--json").stdout)
        return [row["value"] for row in rows]

    def test_indices_from_a_file(self):
        path = self.write("indices", "7-9\n5\n998\n6\n999")  # the last line without a line feed
        done = self.ctl("revoke", "index", URI, "--file", path)
        self.assertEqual(done.stderr, "")
        self.assertEqual(self.values(4, 5, 6, 7, 9, 10, 997, 998, 999), [0, 1, 1, 1, 1, 0, 0, 1, 1])
        self.assertEqual(self.audit("--last", 1), [f"revoke index {URI} 5-9,998-999 (7 indices)"])
        self.ctl("unrevoke", "index", URI, "--file", "-", stdin="0-999\n")
        self.ctl("suspend", "index", URI, "--file", "-", stdin="3\n")
        self.assertEqual(self.values(3, 5, 999), [2, 0, 0])

    def test_values_from_a_file(self):
        path = self.write("values", b"t-1\nt 2\n\xff\x00\n")
        done = self.ctl("revoke", "jti", ISS, "--file", path, "--exp", "+600")
        self.assertEqual(done.stdout, "done: epoch 1.5\n")
        self.assertEqual([line.split(" of ")[0] for line in self.audit("--last", 3)],
                         ["revoke jti t-1", "revoke jti t\\x202", "revoke jti \\xff\\x00"])
        self.ctl("revoke", "cti", ISS, "--file", "-", "--hex", "--exp", "+600", stdin="00ff\n0aBB\n")
        self.assertEqual([line.split(" of ")[0] for line in self.audit("--last", 2)],
                         ["revoke cti \\x00\\xff", "revoke cti \\x0a\\xbb"])
        self.ctl("revoke", "subject", ISS, "--file", "-", "--until", NOW, stdin="alice\nbob\n")
        self.assertEqual(self.audit("--last", 2), [f"revoke subject {who} of {ISS}, until {NOW}"
                                                   for who in ("alice", "bob")])
        for kind, value in (("jti", "t-1"), ("jti", "t 2"), ("sid", "x"), ("subject", "bob")):
            self.ctl("unrevoke", kind, ISS, value, exit_status=1 if kind == "sid" else 0)
        self.ctl("state", "verify")

    def test_a_line_at_fault_is_named_and_nothing_is_changed(self):
        before = self.db("SELECT sequence FROM meta"), self.db("SELECT count(*) FROM audit")
        index = ["revoke", "index", URI, "--file", "-"]
        jti = ["revoke", "jti", ISS, "--exp", NOW, "--file", "-"]
        for args, text, words in ((index, "1\n2-\n", "line 2: '2-'"), (index, "1\n\n2\n", "line 2: it is empty"),
                                  (index, "1\n2\r\n", "line 2: it ends with a carriage return"),
                                  (index, "9-7\n", "line 1: '9-7'"), (index, "1,2\n", "line 1: '1,2'"),
                                  (index, " 1\n", "line 1: ' 1'"), (index, "1\n4294967296\n", "line 2:"),
                                  (index, "1\n\x1b[2J\n", "line 2: '\\x1b[2J'"), (index, "", "stdin is empty"),
                                  (index, "0-999\n1000\n", "index 1000"),
                                  (jti, "a\n" + "x" * 256 + "\n", "line 2: it has 256 bytes"),
                                  (jti, "a\n\n", "line 2: it is empty"), (jti, "a\r\n", "carriage return"),
                                  (jti + ["--hex"], "00\n0g\n", "line 2: it is not the hex")):
            with self.subTest(text[:20]):
                self.assertIn(words, self.ctl(*args, stdin=text, exit_status=1).stderr)
        self.ctl("revoke", "jti", "https://nobody.example", "--exp", NOW, "--file", "-", stdin="a\n", exit_status=1)
        self.ctl("revoke", "index", URI, "--file", self.dir / "nosuch", exit_status=1)
        for line in (["index", URI], ["index", URI, "3", "--file", "-"], ["jti", ISS, "--exp", NOW],
                     ["jti", ISS, "a", "--exp", NOW, "--file", "-"], ["subject", ISS]):
            self.ctl("revoke", *line, exit_status=2)
        self.assertEqual((self.db("SELECT sequence FROM meta"), self.db("SELECT count(*) FROM audit")), before)

    def test_values_are_all_there_or_none(self):
        """More of them than the log holds, so that they are folded; and refused where one cannot be."""
        text = "".join(f"t-{i}\n" for i in range(5000))
        done = self.ctl("revoke", "sid", ISS, "--exp", "+600", "--file", "-", "--progress", stdin=text)
        self.assertRegex(done.stderr, r"(?s)\A(\d+ of 5000 values stored\n)*5000 of 5000 values stored\n\Z")
        self.assertEqual(self.db("SELECT sequence, checkpoint FROM meta"), [(5002, 5002)])
        self.ctl("unrevoke", "sid", ISS, "t-0")
        self.ctl("unrevoke", "sid", ISS, "t-4999")
        self.ctl("state", "verify")
        self.db("CREATE TRIGGER stop BEFORE INSERT ON event WHEN NEW.sequence = 5007 BEGIN SELECT RAISE(ABORT, 'x'); END")
        before = self.db("SELECT sequence FROM meta"), self.db("SELECT count(*) FROM audit")
        self.ctl("revoke", "jti", ISS, "--exp", NOW, "--file", "-", stdin="a\nb\nc\nd\n", exit_status=1)
        self.assertEqual((self.db("SELECT sequence FROM meta"), self.db("SELECT count(*) FROM audit")), before)

    def test_what_is_not_revoked_cannot_be_taken_back(self):
        for line, words in ((["jti", ISS, "x"], f"jti x of {ISS}"), (["subject", ISS, "x"], f"subject x of {ISS}"),
                            (["issuer", ISS], f": issuer {ISS}")):
            self.assertIn(f"{words} is not revoked", self.ctl("unrevoke", *line, exit_status=1).stderr)
        self.ctl("list", "add", URI + "/1bit", "--issuer", ISS, "--bits", 1, "--entries", 8)
        self.assertIn("one bit", self.ctl("suspend", "index", URI + "/1bit", 1, exit_status=1).stderr)

    def test_an_id_that_is_long_past_is_stored_with_a_warning(self):
        for exp, words in (("-361", "nothing comes into force"), ("1", "nothing comes into force"),
                           ("-300", None), ("+60", None)):
            done = self.ctl("revoke", "jti", ISS, "t-1", "--exp", exp)
            self.assertIn("done: epoch", done.stdout)
            self.assertRegex(done.stderr, f"^edgatectl: .*{words}" if words else r"\A\Z")
        self.assertIn("exp 1", self.audit()[-3])
        done = self.ctl("revoke", "jti", "https://nobody.example", "t-1", "--exp", "1", exit_status=1)
        self.assertNotIn("comes into force", done.stderr)

    def test_a_change_that_cannot_be_told_is_stored_and_says_so(self):
        backup = self.dir / "backup"
        self.ctl("state", "backup", backup)
        program = [EDGATECTL, "--state", str(self.state)]
        for number, (line, where) in enumerate((
                ("revoke jti https://issuer.example a --exp +60", ">/dev/full"),
                ("revoke jti https://issuer.example b --exp +60", ">&-"),
                ("revoke jti https://issuer.example c --exp +60 --wait", ">&-"))):
            done = run("/bin/sh", "-c", f'"$@" {where}', "sh", *program, *line.split())
            self.assertEqual(done.returncode, 1)
            self.assertRegex(done.stderr, rf"\Aedgatectl: error: the change is stored \(epoch 1\.{number + 3}\), but "
                             r"its output could not be written: .*\n\Z")
        self.assertEqual(len([line for line in self.audit() if line.startswith("revoke jti")]), 3)
        done = run("/bin/sh", "-c", '"$@" >/dev/full', "sh", *program, "state", "restore", backup)
        self.assertEqual(done.returncode, 1)
        self.assertIn("the change is stored (epoch 2.2)", done.stderr)

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

    def test_the_generation_outlives_a_store_that_cannot_be_read(self):
        backup = self.dir / "backup"
        self.ctl("state", "backup", backup)
        self.assertIn("epoch 2.", self.ctl("state", "restore", backup).stdout)
        (self.state / "edgate.db").write_bytes(b"\0" * 8192)
        self.assertIn("epoch 3.", self.ctl("state", "restore", backup).stdout)
        (self.state / "edgate.db").unlink()
        self.assertIn("epoch 4.", self.ctl("state", "restore", backup).stdout)
        (self.state / "edgate.generation").write_text("x", encoding="ascii")
        self.assertIn("epoch 5.", self.ctl("state", "restore", backup).stdout)

    def test_restores_come_one_after_the_other(self):
        backup = self.dir / "backup"
        self.ctl("state", "backup", backup)
        before = self.db("SELECT generation, sequence FROM meta")
        with open(self.state / "edgate.generation", "w", encoding="ascii") as kept:
            fcntl.flock(kept, fcntl.LOCK_EX)
            self.assertIn("another restore",
                          self.ctl("state", "restore", backup, exit_status=1).stderr)
        self.assertEqual(self.db("SELECT generation, sequence FROM meta"), before)

    def test_what_a_killed_restore_left_goes_with_the_next(self):
        backup = self.dir / "backup"
        self.ctl("state", "backup", backup)
        for name in ("aB3xY9", "aB3xY9-journal", "aB3xY9-wal", "aB3xY9-shm"):
            (self.state / f"edgate.db.new-{name}").write_bytes(b"x")
        kept = [self.state / f"edgate.db.new{name}" for name in
                ("", "-aB3xY", "-aB3xY9z", "-aB3xY9-old", "-aB3.Y9", "-LinkLk", "-FolDer")]
        for path in kept[:-2] + [backup.with_name("backup.new-aB3xY9")]:
            path.write_bytes(b"x")
        kept[-2].symlink_to(backup)
        kept[-1].mkdir()
        self.ctl("state", "restore", backup)
        self.assertEqual({p for p in self.state.iterdir() if ".new" in p.name}, set(kept))
        self.assertTrue(backup.with_name("backup.new-aB3xY9").exists())

    def test_a_busy_store_is_not_set_aside(self):
        backup = self.dir / "backup"
        self.ctl("state", "backup", backup)
        db = sqlite3.connect(self.state / "edgate.db", isolation_level=None)
        db.execute("PRAGMA locking_mode=EXCLUSIVE")
        db.execute("BEGIN IMMEDIATE")
        self.assertIn("busy", self.ctl("state", "restore", backup, exit_status=1).stderr)
        db.close()
        self.assertEqual([p.name for p in self.state.iterdir() if "damaged" in p.name], [])

    def test_a_damaged_backup_changes_nothing(self):
        backup = self.dir / "backup"
        self.ctl("state", "backup", backup)
        with sqlite3.connect(backup) as db:
            db.execute("UPDATE event SET body = zeroblob(9) WHERE sequence = 2")
        before = self.db("SELECT generation, sequence FROM meta")
        self.assertIn("table event, sequence 2",
                      self.ctl("state", "restore", backup, exit_status=1).stderr)
        self.assertIn("nosuch: No such file",
                      self.ctl("state", "restore", self.dir / "nosuch", exit_status=1).stderr)
        self.assertIn("is not a file", self.ctl("state", "restore", self.dir, exit_status=1).stderr)
        self.assertEqual(self.db("SELECT generation, sequence FROM meta"), before)
        self.assertEqual([p.name for p in self.state.iterdir() if "new" in p.name], [])


if __name__ == "__main__":
    unittest.main()

# SPDX-License-Identifier: BSD-3-Clause
"""Each layer of revocation, as a running edgate answers and as `edgatectl explain` tells it: which layer, by
which change, and from when on. Taken back, the token passes again and nothing is left to explain."""
import json
import time
import unittest

from harness import ISSUER
from test_socket import Server

EXP = str(int(time.time()) + 3600)
JKT = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"


class Explain(Server):
    def wait_status(self, token, status, within_s=5.0):
        end = time.monotonic() + within_s
        while self.statuses(token) != [status]:
            self.assertLess(time.monotonic(), end, f"not {status}: {self.world.output()}")
            time.sleep(0.002)

    def explain(self, text):
        return json.loads(self.world.ctl("explain", "--json", text).stdout)

    def check(self, layer, detail, change, back, *claims):
        """change refuses a token with these claims, by that layer alone; back lets it pass again."""
        w = self.world
        text = w.token(*claims).decode()
        token = bytes.fromhex(text) if "cwt" in claims else text.encode()
        self.wait_status(token, "OK")
        self.assertIsNone(self.explain(text)["layer"])
        begun_ns = time.time_ns()
        epoch = w.ctl(*change, "--wait").stdout.split()[2]
        status = "SUSPENDED" if change[0] == "suspend" else "REVOKED"
        self.wait_status(token, status)
        row = self.explain(text)
        self.assertEqual((row["status"], row["layer"], row["detail"]), (status, layer, detail))
        self.assertEqual(row["since"]["epoch"], epoch)
        self.assertTrue(begun_ns <= row["since"]["utc_ns"] <= time.time_ns())
        self.assertRegex(row["since"]["what"], f"^{change[0]} {change[1]} ")
        self.assertFalse(row["since"]["unsure"])
        w.ctl(*back, "--wait")
        self.wait_status(token, "OK")
        row = self.explain(text)
        self.assertEqual((row["status"], row["layer"], row["since"]), ("OK", None, None))
        w.stop()

    def by_value(self, layer, kind, detail, value, limit, *claims):
        where = (ISSUER, value) if value else (ISSUER,)
        self.check(layer, detail, ("revoke", kind, *where, *limit), ("unrevoke", kind, *where), *claims)

    def test_r1_key_window(self):
        past = str(int(time.time()) - 10)
        self.check("R1", "KEY", ("key", "window", ISSUER, "k1", "--until", past),
                   ("key", "window", ISSUER, "k1"))

    def test_r1_revoked_key(self):
        """For good, and it counts more than a window that was set later."""
        w, text = self.world, self.world.token().decode()
        epoch = w.ctl("revoke", "key", ISSUER, "k1", "--wait").stdout.split()[2]
        w.ctl("key", "window", ISSUER, "k1", "--until", "5", "--wait")
        self.wait_status(text.encode(), "REVOKED")
        row = self.explain(text)
        self.assertEqual((row["layer"], row["detail"], row["since"]["epoch"]), ("R1", "KEY", epoch))
        w.stop()

    def test_r2_issuer(self):
        self.by_value("R2", "issuer", "ISSUER", None, ("--until", EXP), "--iat", "now")

    def test_r3_subject(self):
        self.by_value("R3", "subject", "SUBJECT", "alice", ("--until", EXP), "--iat", "now")

    def test_r4_jti(self):
        self.by_value("R4", "jti", "JTI", "t-1", ("--exp", EXP), "--jti", "t-1")

    def test_r4_cti(self):
        self.by_value("R4", "cti", "CTI", "c-1", ("--exp", EXP), "--fmt", "cwt", "--cti", "c-1")

    def test_r4_sid(self):
        self.by_value("R4", "sid", "SID", "s-1", ("--exp", EXP), "--sid", "s-1")

    def test_r4_jkt(self):
        self.by_value("R4", "jkt", "JKT", JKT, ("--exp", EXP), "--claim", f'cnf={{"jkt":"{JKT}"}}')

    def test_r5_list(self):
        uri = f"{ISSUER}/list"
        self.check("R5", "LIST", ("revoke", "index", uri, "5-9"), ("unrevoke", "index", uri, "7"),
                   "--claim", f'status={{"status_list":{{"idx":7,"uri":"{uri}"}}}}')

    def test_r5_suspended(self):
        uri = f"{ISSUER}/two"
        self.world.ctl("list", "add", uri, "--issuer", ISSUER, "--bits", "2", "--entries", "100")
        self.check("R5", "NONE", ("suspend", "index", uri, "7"), ("unrevoke", "index", uri, "7"),
                   "--claim", f'status={{"status_list":{{"idx":7,"uri":"{uri}"}}}}')


if __name__ == "__main__":
    unittest.main()

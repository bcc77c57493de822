# SPDX-License-Identifier: BSD-3-Clause
"""Comb tables under load, over kernel sockets: issuers come and go while tables are built and
swapped, and no answer is wrong, late by seconds, or lost."""
import base64
import collections
import json
import os
import pathlib
import re
import threading
import time
import unittest

import egt
from harness import AUDIENCE, ISSUER, program, run
from test_socket import Server

ISSUERS = 6


class Load:
    """One thread that asks about the tokens in turn and judges every answer."""

    def __init__(self, test, tokens):
        self.test, self.tokens = test, tokens
        self.seen = collections.Counter()
        self.stopped = threading.Event()
        self.thread = threading.Thread(target=self.run)

    def run(self):
        i = 0
        while not self.stopped.is_set():
            name, token, allowed = self.tokens[i % len(self.tokens)]
            i += 1
            payload = self.test.ask(egt.request([token, token[:-3] + b"AAA", token]))
            if payload is None:
                self.seen["lost"] += 1
                continue
            good, forged, again = egt.Response(payload).statuses
            self.seen[(name, good)] += 1
            if good not in allowed or again not in allowed or forged not in ("BAD_SIGNATURE", "UNKNOWN_KEY"):
                self.seen[f"wrong: {name}: {good} {forged} {again}"] += 1

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stopped.set()
        self.thread.join()


class Tables(Server):
    EXTRA = "cache: {memory: 0}\ned25519: {impl: portable, table_budget: 9M, sample: 3}\n"

    def setUp(self):
        super().setUp()
        self.others = [f"https://issuer-{i}.example" for i in range(ISSUERS)]
        self.world.ctl("policy", "set", "1", "--issuer", ",".join([ISSUER, *self.others]), "--audience",
                       AUDIENCE)

    def keygen(self, i):
        run(program("edgate-token"), "keygen", "--kid", f"k-{i}", "--out", f"{self.world.dir}/other-{i}")

    def add(self, i):
        self.world.ctl("issuer", "add", self.others[i], "--jwks", f"{self.world.dir}/other-{i}.jwks")

    def token_of(self, i):
        return run(program("edgate-token"), "sign", "--key", f"{self.world.dir}/other-{i}.private.jwk",
                   "--iss", self.others[i], "--aud", AUDIENCE, "--sub", "alice", "--now", int(time.time()),
                   "--exp", "+3600").stdout.strip().encode()

    def rows(self):
        rows = json.loads(self.world.ctl("key", "tables", "--json").stdout)
        return {row["kid"]: row for row in rows}

    def wait_for(self, condition, within_s=120):
        end = time.monotonic() + within_s
        while time.monotonic() < end:
            if condition():
                return
            time.sleep(0.05)
        self.fail(f"not within {within_s} s:\n{self.world.ctl('key', 'tables').stdout}{self.world.output()}")

    def test_issuers_come_and_go_under_load(self):
        for i in range(ISSUERS):
            self.keygen(i)
        tokens = [("first", self.world.token(), {"OK"})]
        tokens += [(f"k-{i}", self.token_of(i), {"OK", "UNKNOWN_KEY"}) for i in range(ISSUERS)]
        with Load(self, tokens) as load:
            for i in range(ISSUERS):
                self.add(i)
                self.wait_for(lambda: load.seen[(f"k-{i}", "OK")] > 3)  # without waiting for a table
            self.wait_for(lambda: all(row.get("window") for row in self.rows().values()))
            for i in range(0, ISSUERS, 2):
                self.world.ctl("issuer", "remove", self.others[i])
                self.add(i)
            self.wait_for(lambda: all(row.get("window") for row in self.rows().values()))
            time.sleep(0.5)
        rows, stats = self.rows(), self.world.stats()
        self.assertEqual([name for name in load.seen if str(name).startswith("wrong")], [], load.seen)
        self.assertEqual(load.seen["lost"], 0)
        self.assertEqual(len(rows), 1 + ISSUERS)
        for row in rows.values():
            self.assertIn(row["window"], (6, 7, 9, 12))
            self.assertEqual((row["point"], row["ed25519"]), ("prime", "portable"))
            self.assertGreater(row["bytes"], 100000)
            self.assertGreater(row["signatures"], 0)
        state = stats["state"]
        self.assertLessEqual(sum(row["bytes"] for row in rows.values()), state["table_bytes"])
        self.assertLessEqual(state["table_bytes"], 9 << 20)
        self.assertGreater(stats["counters"]["snapshots"], 2 * (ISSUERS + 3))  # tables were swapped in
        self.assertGreater(state["signature_checks"], 0)
        self.assertEqual(state["signature_disagreements"], 0)
        self.assertEqual(stats["counters"]["signature_fallbacks"], 0)
        epoch = state["epoch"]
        time.sleep(0.3)
        self.assertEqual(self.world.stats()["state"]["epoch"], epoch)
        self.assertIn("Ed25519 tables: 7 of 7 keys have one", self.world.output())
        self.world.stop()

    def test_the_hot_key_gets_the_wide_table(self):
        for i in range(ISSUERS):
            self.keygen(i)
            self.add(i)
        self.wait_for(lambda: all(row.get("window") for row in self.rows().values()))
        with Load(self, [("k-3", self.token_of(3), {"OK"})]) as load:
            self.wait_for(lambda: self.rows()["k-3"]["window"] == 12)
        self.assertEqual(load.seen["lost"], 0)
        self.assertEqual([name for name in load.seen if str(name).startswith("wrong")], [], load.seen)
        self.assertGreater(self.rows()["k-3"]["per_second"], 0)
        self.world.stop()


class Damage(Server):
    """Memory that changes under a running edgate, as bad hardware would change it: no means for that
    are built in, this test writes into the process from outside."""
    EXTRA = "cache: {memory: 0}\ned25519: {impl: portable, sample: 1}\n"

    def table_places(self, public):
        """Where tables of this key lie in the process: the key, then recoding 0, width 12, 21 windows."""
        head, pid = public + bytes([0, 12, 21, 0]), self.world.process.pid
        with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb") as mem:
            # without a file, on ordinary pages or on reserved ones
            memory = r"^(\w+)-(\w+) rw-p \w+ (?:00:00 0|\S+ \d+ +/anon_hugepage \(deleted\))\s*$"
            for first, last in re.findall(memory, maps.read(), re.M):
                first, last = int(first, 16), int(last, 16)
                if last - first > 64 << 20:
                    continue
                mem.seek(first)
                at = mem.read(last - first).find(head)
                if at >= 0:
                    yield first + at

    def damage(self, places):
        with open(f"/proc/{self.world.process.pid}/mem", "wb", buffering=0) as mem:
            for place in places:
                mem.seek(place + 64)
                mem.write(b"\x55" * 1000000)

    def test_a_core_with_a_damaged_table_falls_back(self):
        if os.geteuid() != 0:
            self.skipTest("SKIPPED: needs root")
        w, token = self.world, self.world.token()
        with open(f"{w.dir}/issuer.jwks") as jwks:
            x = json.load(jwks)["keys"][0]["x"]
        public = base64.urlsafe_b64decode(x + "=")
        end = time.monotonic() + 20
        while "keys have one" not in w.output():
            self.assertLess(time.monotonic(), end, w.output())
            time.sleep(0.05)
        self.assertEqual(self.statuses(token), ["OK"])
        self.damage(list(self.table_places(public)))
        answers = [self.statuses(token)[0]]
        while answers[-50:] != ["OK"] * 50:
            self.assertLess(len(answers), 5000, "both cores must have been switched by now")
            answers.append(self.statuses(token)[0])
            time.sleep(0.002)
        self.assertIn("BAD_SIGNATURE", answers)
        stats = w.stats()
        self.assertEqual([worker["ed25519"] for worker in stats["per_worker"]], ["sodium"] * 2)
        self.assertEqual(stats["counters"]["signature_fallbacks"], 2)
        self.assertGreaterEqual(stats["state"]["signature_disagreements"], 2)
        self.assertIn("ALARM", w.ctl("stats").stdout)
        alarm = re.search(r"ALARM: worker \d .*refused what libsodium accepts.*", w.output())[0]
        self.assertIn(public.hex(), alarm)
        for part in token.decode().split("."):
            self.assertNotIn(part[:20], w.output())
        w.stop()


class NoTables(Server):
    EXTRA = "cache: {memory: 0}\ned25519: sodium\n"

    def test_libsodium_needs_none(self):
        self.assertEqual(self.statuses(self.world.token()), ["OK"])
        time.sleep(0.3)
        state = self.world.stats()["state"]
        self.assertEqual((state["ed25519"], state["table_bytes"], state["table_budget"]), ("sodium", 0, 0))
        self.assertEqual(self.world.stats()["per_worker"][0]["ed25519"], "sodium")
        self.world.stop()

    def test_check_says_what_tables_need(self):
        said = self.check("sodium").stdout
        self.assertIn("correct", said)
        self.assertNotIn("tables", said)
        for name in ("portable", "ifma"):  # whatever this CPU is
            self.assertRegex(self.check(name).stdout, r"Ed25519: tables of [0-9.]+ MB in use.*at most [0-9.]+ MB "
                                                      r"while they are exchanged: \d+ huge pages of 2 MB hold all")
        refused = self.check("portabel")
        self.assertEqual((refused.returncode, refused.stdout), (1, ""))
        self.assertIn("there is no implementation 'portabel'", refused.stderr)
        self.world.stop()

    def check(self, name):
        path = pathlib.Path(self.world.dir, "edgate.yaml")
        other = path.with_name("other.yaml")
        other.write_text(path.read_text().replace("ed25519: sodium", f"ed25519: {name}"))
        return run(program("edgate"), "--check", other, check=False)


if __name__ == "__main__":
    unittest.main(verbosity=2)

#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The oracle against the vector files, and edgatectl decide against the oracle.

EDGATE_ORACLE_TOKENS (100000) and EDGATE_ORACLE_SEED (1) choose the generated ones.
"""
import base64
import json
import os
import pathlib
import sys
import unittest

try:
    import compare
    import decide
    import rules
except ModuleNotFoundError as missing:
    sys.exit(print(f"SKIPPED: {missing}") or 77)

ROOT = pathlib.Path(os.environ.get("EDGATE_SOURCE_ROOT", pathlib.Path(__file__).parents[2]))
VECTORS = pathlib.Path(os.environ.get("EDGATE_VECTORS", ROOT / ".." / "shared" / "vectors"))
ISS, AUD = b"https://as.example.com", b"https://api.example.com"
FORMATS = {"jwt": ("token", decide.DETECT), "cwt": ("cwt_hex", decide.CWT),
           "paseto": ("token", decide.DETECT)}


def load(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def keys_of(rows):
    return {ISS: {k["kid"].encode(): decide.Key(base64.urlsafe_b64decode(k["x"] + "="))
                  for k in rows}}


def world(keys, lists, denied, subject):
    lists = {uri.encode(): decide.StatusList(ISS, entry["bits"], bytes.fromhex(entry["bytes"]))
             for uri, entry in lists.items()}
    return decide.World(1800000000, keys_of(keys), lists, frozenset(denied), {},
                        {(ISS, subject[0].encode()): subject[1]})


class Vectors(unittest.TestCase):
    def check(self, name, rows, asked):
        field, fmt = FORMATS[name]
        policy = decide.Policy((ISS,), (AUD,))
        wrong = []
        for row in rows:
            token = row[field].encode() if field == "token" else bytes.fromhex(row[field])
            said = decide.decide(token, fmt, policy, asked)
            if (said.status != row["expect"]
                    or said.detail != row.get("detail", said.detail)):
                wrong.append((row["id"], row["expect"], row.get("detail"), said))
        self.assertEqual(wrong, [])

    def test_own(self):
        for name in FORMATS:
            head, *rows = load(ROOT / "tests" / "vectors" / f"{name}.jsonl")
            denied = [("JTI", ISS, head["jti"].encode()), ("SID", ISS, head["sid"].encode()),
                      ("CTI", ISS, bytes.fromhex(head["cti_hex"]))]
            with self.subTest(name):
                self.check(name, rows, world(head["keys"], head["lists"], denied, head["subject"]))

    def test_shared(self):
        if not VECTORS.exists():
            self.skipTest(f"SKIPPED: {VECTORS} is not there")
        keys = load(VECTORS / "jwt-edgate.jsonl")[0]["_keys"]
        asked = world(keys, {"https://as.example.com/sl/1": {"bits": 1, "bytes": "b9a3"}},
                      [("JTI", ISS, b"t-dead")], ("user-9", 1799999970))
        for name in FORMATS:
            head, *rows = load(VECTORS / f"{name}-edgate.jsonl")
            with self.subTest(name):
                self.assertEqual(len(rows), head["_count"])
                self.check(name, rows, asked)


@unittest.skipUnless("EDGATECTL" in os.environ, "SKIPPED: EDGATECTL names no edgatectl")
class Generated(unittest.TestCase):
    def test_the_earlier_of_two_broken_rules_is_answered(self):
        cases = list(rules.cases())
        wrong = []
        with compare.opened_store(os.environ["EDGATECTL"]):
            asked = [case[0] for case in cases]
            expected = {id(case[0]): case[1:] for case in cases}
            for one, oracle, edgate in compare.both(asked):
                status, detail = expected[id(one)]
                same = (oracle.status, oracle.detail) == (status, detail)
                if not same or not compare.agree(oracle, edgate):
                    wrong.append((one.path, (status, detail), oracle, edgate))
        for one in wrong[:20]:
            print(*one, flush=True)
        print(f"{len(cases)} tokens with no, one or two rules broken", flush=True)
        self.assertEqual(len(wrong), 0, "answered differently: see above")

    def test_edgate_decides_as_the_oracle_does(self):
        tokens = int(os.environ.get("EDGATE_ORACLE_TOKENS", 100000))
        seed = os.environ.get("EDGATE_ORACLE_SEED", "1")
        differ = compare.compare(os.environ["EDGATECTL"], tokens, seed,
                                 jobs=min(2, len(os.sched_getaffinity(0))))
        self.assertEqual(differ, 0, "answered differently: see above")


if __name__ == "__main__":
    unittest.main()

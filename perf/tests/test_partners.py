#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""What edgate is compared with checks its own answers: a partner that does nothing, or something else, must
not look fast."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
sys.dont_write_bytecode = True
from capacity import corpus  # noqa: E402

ENGINE = os.path.join(os.environ.get("EDGATE_BUILD", HERE.parents[1] / "build"), "perf", "baseline", "bare_engine")
LIBRARIES = HERE.parent / "baseline" / "libraries.py"


class Partners(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        cls.paths = corpus.make(cls.folder, int(time.time()), 100, 100)
        cls.issuers = [f"--issuer={issuer}={cls.paths[issuer]}" for issuer in corpus.ISSUERS]

    def engine(self, path, *options):
        return subprocess.run([ENGINE, "--corpus", path, "--rounds", "2", *self.issuers, *options],
                              capture_output=True, text=True)

    def corpus_with(self, change):
        """The valid tokens, one of them changed: (status, token) → (status, token)."""
        rows = [line.split("\t")[1:] for line in pathlib.Path(self.paths["cold-213"]).read_text().splitlines()]
        rows[70] = change(*rows[70])
        return corpus.write(self.folder / "changed.tsv", rows)

    def test_engine(self):
        for windows in ([], ["--window", "6"], ["--window", "0", "--window", "9"]):
            done = self.engine(self.paths["cold-213"], *windows)
            self.assertEqual(done.returncode, 0, done.stderr)
            got = json.loads(done.stdout)
            self.assertEqual((got["tokens"], len(got["wall_ns"]), len(got["cpu_ns"])), (100, 2, 2))

    def test_engine_finds_a_forgery(self):
        path = self.corpus_with(lambda status, token: ("BAD_SIGNATURE", corpus.forged(token)))
        self.assertEqual(self.engine(path).returncode, 0)

    def test_engine_must_agree_with_the_corpus(self):
        for change in (lambda status, token: (status, corpus.forged(token)),
                       lambda status, token: ("BAD_SIGNATURE", token)):
            done = self.engine(self.corpus_with(change))
            self.assertEqual((done.returncode, done.stdout), (1, ""))
            self.assertIn("wrong verdict", done.stderr)

    def test_engine_refuses(self):
        self.assertEqual(self.engine("/nowhere").returncode, 1)
        self.assertEqual(self.engine(self.paths["cold-213"], "--window", "5").returncode, 1)
        self.assertEqual(self.engine(self.paths["cold-213"], "--rounds", "0").returncode, 2)

    def libraries(self, path, **env):
        done = subprocess.run([sys.executable, LIBRARIES, "--corpus", path, *self.issuers, "--audience",
                               corpus.AUDIENCE, "--seconds", "0", "--tokens", "100"],
                              capture_output=True, text=True, env=os.environ | env)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def test_libraries(self):
        for name, got in self.libraries(self.paths["cold-213"]).items():
            if "not_measured" in got:
                print(f"SKIPPED: {name}: {got['not_measured']}")
            else:
                self.assertGreater(min(got["wall_ns"]), 0, name)

    def test_libraries_must_accept_valid_tokens(self):
        for name, got in self.libraries(self.corpus_with(lambda status, token: (status, corpus.forged(token)))).items():
            self.assertIn("not_measured", got, name)

    def test_library_that_is_not_there(self):
        got = self.libraries(self.paths["cold-213"], PATH="/nowhere")
        self.assertEqual(got["jose"], {"not_measured": "Node.js is not installed"})


if __name__ == "__main__":
    unittest.main(verbosity=2)

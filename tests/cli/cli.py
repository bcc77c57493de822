# SPDX-License-Identifier: BSD-3-Clause
"""What the tests of the command lines share: run a program, a store of its own, the vectors."""
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

EDGATECTL = os.environ["EDGATECTL"]
EDGATE_TOKEN = os.environ["EDGATE_TOKEN"]
ROOT = pathlib.Path(os.environ["EDGATE_SOURCE_ROOT"])
VECTORS = pathlib.Path(os.environ.get("EDGATE_VECTORS", ROOT / ".." / "shared" / "vectors"))
NOW = 1800000000


def run(program, *args, stdin=None):
    """The finished process; stdout and stderr as text (bytes that are no UTF-8 are escaped)."""
    return subprocess.run([program, *map(str, args)], input=stdin, capture_output=True, timeout=120,
                          env={"PATH": "/usr/bin:/bin"}, encoding="utf-8", errors="backslashreplace")


def vectors(name):
    """First line and rows of a vectors file; skips the test, with the reason, where it is absent."""
    path = VECTORS / name
    if not path.exists():
        raise unittest.SkipTest(f"SKIPPED: {path} is not there")
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return rows[0], rows[1:]


class CliTest(unittest.TestCase):
    maxDiff = 4000

    def setUp(self):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="edgate-cli-"))
        self.addCleanup(shutil.rmtree, self.dir)
        self.state = self.dir / "state"

    def expect(self, exit_status, done):
        """Checks the exit status, and that an error says something on stderr and only there."""
        self.assertEqual(done.returncode, exit_status, f"{done.args}\n{done.stdout}{done.stderr}")
        if exit_status != 0:
            self.assertRegex(done.stderr, r"^edgate(ctl|-token): ")
        return done

    def ctl(self, *args, exit_status=0, stdin=None):
        return self.expect(exit_status, run(EDGATECTL, "--state", self.state, *args, stdin=stdin))

    def token(self, *args, exit_status=0, stdin=None):
        return self.expect(exit_status, run(EDGATE_TOKEN, *args, stdin=stdin))

    def write(self, name, content):
        path = self.dir / name
        if isinstance(content, (dict, list)):
            content = json.dumps(content)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def keygen(self, name="key", *args):
        self.token("keygen", "--out", self.dir / name, *args)
        return self.dir / f"{name}.private.jwk", self.dir / f"{name}.jwks"

    def sign(self, key, *args):
        return self.token("sign", "--key", key, "--now", NOW, *args).stdout.strip()

    def decide(self, tokens, *args, exit_status=0):
        """The statuses of tokens, by the real pipeline at NOW."""
        text = "".join(f"{t}\n" for t in tokens)
        return self.ctl("decide", "--now", NOW, *args, "-", stdin=text,
                        exit_status=exit_status).stdout.split("\n")[:-1]

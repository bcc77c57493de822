# SPDX-License-Identifier: BSD-3-Clause
"""Runs the examples of docs/tokens.md: each command must succeed, and print what stands below it."""
import os
import pathlib
import re
import subprocess
import unittest

from cli import EDGATE_TOKEN, EDGATECTL, ROOT, CliTest

MARK = "--- end of command ---"


def examples(text):
    """(command, expected lines) of all console blocks, in order."""
    found = []
    for block in re.findall(r"^```console\n(.*?)^```$", text, re.M | re.S):
        for line in block.splitlines():
            if line.startswith("$ "):
                found.append((line[2:], []))
            else:
                found[-1][1].append(line)
    return found


class TokensPage(CliTest):
    def test_examples(self):
        commands = examples((ROOT / "docs" / "tokens.md").read_text(encoding="utf-8"))
        script = "set -e\n" + "".join(f"{command}\necho '{MARK}'\n" for command, _ in commands)
        path = os.pathsep.join(str(pathlib.Path(p).parent) for p in (EDGATECTL, EDGATE_TOKEN))
        done = subprocess.run(["/bin/sh", "-c", script], cwd=self.dir, capture_output=True, text=True,
                              timeout=120, env={"PATH": f"{path}:/usr/bin:/bin"})
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        printed = done.stdout.split(MARK + "\n")[:-1]
        self.assertEqual(len(printed), len(commands))
        for (command, expected), got in zip(commands, printed):
            if expected:
                self.assertEqual(got.splitlines(), expected, command)
        self.assertGreaterEqual(sum(bool(expected) for _, expected in commands), 12)


if __name__ == "__main__":
    unittest.main()

#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""perf/run from end to end, as short as it can be: the programs start, answer and stop, and a report is
written that says that its figures mean nothing. No figure is looked at."""
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "tests" / "e2e"))
sys.path.insert(0, str(HERE.parent))
from capacity import cases  # noqa: E402
from harness import program, skip  # noqa: E402


class Smoke(unittest.TestCase):
    def test_smoke(self):
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run([sys.executable, HERE.parent / "run", "--smoke", "--no-build", "--out", folder],
                                  capture_output=True, text=True, timeout=200)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            result, report = (next(pathlib.Path(folder).glob(f"*.{kind}")).read_text() for kind in ("json", "html"))
        result = json.loads(result)
        self.assertIn("mean nothing", result["purpose"])
        self.assertIn("mean nothing", report)
        busy = any(case.get("not_measured") in (cases.NO_NDR, cases.NO_ANSWER) for case in result["cases"].values())
        for name, case in result["cases"].items():
            self.assertEqual(case.get("wrong", 0), 0, name)
            if not (busy and name in ("w2-213", "overload", "plain")):
                self.assertNotIn("not_measured", case, name)
        if busy:
            print("SKIPPED: the host is too busy: no rate without loss, or no answer in time")
        self.assertIn(result["cases"]["w2-213"]["link"]["kind"], ("vdev", "socket"))
        self.assertEqual(result["cases"]["plain"]["link"]["kind"], "socket")

    def test_killed(self):
        """What it has started ends with it, and its folder is gone."""
        for number, status in ((signal.SIGTERM, 143), (signal.SIGINT, 130)):
            with tempfile.TemporaryDirectory() as folder, subprocess.Popen(
                    [sys.executable, HERE.parent / "run", "--smoke", "--no-build", "--only", "socket", "--out", folder],
                    env={**os.environ, "TMPDIR": folder}, start_new_session=True, stderr=subprocess.PIPE, text=True,
                    preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)) as process:
                os.chmod(folder, 0o755)
                deadline = time.monotonic() + 60
                while not any("ready" in log.read_text() for log in pathlib.Path(folder).glob("*/edgate.log")):
                    self.assertIsNone(process.poll())
                    self.assertLess(time.monotonic(), deadline)
                    time.sleep(0.05)
                process.send_signal(number)
                self.assertNotIn("Traceback", process.communicate(timeout=60)[1])
                self.assertEqual(process.returncode, status)
                self.assertEqual(os.listdir(folder), [])
                with self.assertRaises(ProcessLookupError):
                    os.killpg(process.pid, 0)


if __name__ == "__main__":
    if len(os.sched_getaffinity(0)) < 2:
        skip("perf/run takes two CPUs")
    if "search" not in subprocess.run([program("edgate-load"), "--help"], capture_output=True, text=True).stdout:
        skip("this edgate-load cannot search")
    unittest.main(verbosity=2)

# SPDX-License-Identifier: BSD-3-Clause
"""edgatectl against a running edgate: here one that is played by this test, byte by byte from
docs/protocol.md, so that the two ends are not the same code."""
import fcntl
import json
import os
import pty
import re
import select
import socket
import struct
import subprocess
import termios
import threading
import time
import unittest

from cli import EDGATECTL, CliTest, run

HEADER = struct.Struct(">HBBBBHQ")
ANSWER = struct.Struct(">BBHII")
EPOCH = 1 << 48 | 5


class Server:
    """Answers every token by the status that stands in `statuses` under its bytes."""

    def __init__(self, statuses, wrong_id=False):
        self.statuses, self.wrong_id = statuses, wrong_id
        self.policies = []
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.name = f"127.0.0.1:{self.socket.getsockname()[1]}"
        self.thread = threading.Thread(target=self.serve)
        self.thread.start()

    def serve(self):
        while True:
            frame, peer = self.socket.recvfrom(65535)
            if frame == b"stop":
                return
            self.socket.sendto(self.answer(frame), peer)

    def answer(self, frame):
        magic, version, kind, flags, count, length, request = HEADER.unpack_from(frame)
        assert (magic, version, flags, length) == (0xE6A7, 1, 0, len(frame)), frame
        assert len(frame) >= 24 + 12 * count, "shorter than its answer"
        if self.wrong_id:
            request ^= 1
        body = self.pong() if kind == 3 else self.records(frame[16:], count)
        return HEADER.pack(magic, 1, kind + 1, 0, count, 24 + len(body), request) + struct.pack(
            ">Q", EPOCH) + body

    @staticmethod
    def pong():
        return struct.pack(">BBHHHQ", 1, 0, 64, 25519, 0, 1800000000)

    def records(self, rest, count):
        out = b""
        for _ in range(count):
            size, _, zero, policy = struct.unpack_from(">HBBI", rest)
            assert zero == 0
            self.policies.append(policy)
            out += ANSWER.pack(self.statuses.get(rest[8:8 + size], 2), 0, 1, 1800000300, 0)
            rest = rest[8 + size:]
        return out

    def stop(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.sendto(b"stop", self.socket.getsockname())
        self.thread.join()
        self.socket.close()


class Verify(CliTest):
    def serve(self, *args, **kwargs):
        server = Server(*args, **kwargs)
        self.addCleanup(server.stop)
        return server

    def test_one_status_a_token(self):
        server = self.serve({b"a.b.c": 1, b"d.e.f": 9})
        done = self.ctl("verify", server.name, "a.b.c", "d.e.f", "x", "", "--policy", 7)
        self.assertEqual(done.stdout.split(), ["OK", "EXPIRED", "MALFORMED", "MALFORMED"])
        self.assertEqual(set(server.policies), {7})

    def test_tokens_from_stdin(self):
        server = self.serve({b"a.b.c": 1})
        done = self.ctl("verify", server.name, "-", stdin="a.b.c\n\nx")
        self.assertEqual(done.stdout.split(), ["OK", "MALFORMED", "MALFORMED"])

    def test_a_token_over_the_datagram_is_not_sent(self):
        server = self.serve({b"x" * 1208: 1, b"x" * 1209: 1})
        for more, status in (([], "TOO_BIG"), (["--max-datagram", 1233], "OK")):
            done = self.ctl("verify", server.name, "x" * 1208, "x" * 1209, *more)
            self.assertEqual(done.stdout.split(), ["OK", status])

    def test_json(self):
        server = self.serve({b"a.b.c": 1})
        answer = json.loads(self.ctl("verify", server.name, "--json", "a.b.c").stdout)
        self.assertEqual(answer, {"line": 1, "status": "OK", "detail": "NONE", "exp": 1800000300,
                                  "flags": ["SIG_CHECKED"]})

    def test_exit_status(self):
        server = self.serve({b"a.b.c": 1})
        self.ctl("verify", server.name, "a.b.c", "--exit-status")
        done = run(EDGATECTL, "verify", server.name, "x", "--exit-status")
        self.assertEqual((done.returncode, done.stdout), (1, "MALFORMED\n"))

    def test_an_unknown_status_is_no_accept(self):
        server = self.serve({b"a": 200, b"b": 0})
        done = run(EDGATECTL, "verify", server.name, "a", "b", "--timeout", 20, "--exit-status")
        self.assertEqual(done.returncode, 1)
        self.assertNotIn("OK", done.stdout.split())

    def test_no_answer(self):
        server = self.serve({b"a.b.c": 1}, wrong_id=True)
        for host in (server.name, "127.0.0.1:1"):
            done = self.ctl("verify", host, "--timeout", 20, "a.b.c", exit_status=1)
            self.assertIn(host, done.stderr)
            self.assertEqual(done.stdout, "")
            self.ctl("ping", host, "--timeout", 20, exit_status=1)

    def test_a_host_that_is_none(self):
        for host in ("", "127.0.0.1:0", "127.0.0.1:65536", "127.0.0.1:x", "[::1", "no such host"):
            with self.subTest(host):
                self.ctl("verify", host, "a", exit_status=1)

    def test_ping(self):
        server = self.serve({})
        self.assertIn("ready: epoch 1.5", self.ctl("ping", server.name).stdout)
        self.assertEqual(json.loads(self.ctl("ping", server.name, "--json").stdout)["shards"], 64)


class Doorbell(CliTest):
    def test_a_change_rings(self):
        self.ctl("init")
        rundir = self.dir / "run"
        rundir.mkdir()
        _, jwks = self.keygen()
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as bell:
            bell.bind(str(rundir / "ctl.sock"))
            bell.settimeout(5)
            self.ctl("--run", rundir, "issuer", "add", "https://a", "--jwks", jwks)
            self.assertEqual(bell.recv(64), b"poke")
            self.ctl("--run", rundir, "issuer", "remove", "https://b", exit_status=1)
            bell.settimeout(0.05)
            self.assertRaises(TimeoutError, bell.recv, 64)

    def test_nobody_listens(self):
        self.ctl("init")
        _, jwks = self.keygen()
        done = self.ctl("--run", self.dir / "none", "issuer", "add", "https://a", "--jwks", jwks)
        self.assertEqual(done.stderr, "")

    def test_stats_without_edgate(self):
        self.assertIn("none", self.ctl("stats", "--run", self.dir / "none", exit_status=1).stderr)
        bad = self.dir / "bad"
        bad.mkdir()
        self.write("bad/stats", "no counters")
        self.ctl("stats", "--run", bad, exit_status=1)


class Screen:
    """A program on a terminal of this size."""

    def __init__(self, rows, columns, *args):
        self.master, slave = pty.openpty()
        self.slave = slave
        self.resize(rows, columns)
        self.process = subprocess.Popen([str(a) for a in args], stdin=slave, stdout=slave, stderr=slave,
                                        start_new_session=True,
                                        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        self.kept = b""

    def resize(self, rows, columns):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def read_until(self, mark, timeout_s=10):
        end = time.monotonic() + timeout_s
        while mark not in self.kept:
            assert select.select([self.master], [], [], end - time.monotonic())[0], self.kept
            self.kept += os.read(self.master, 65536)
        text, self.kept = self.kept.split(mark, 1)
        return (text + mark).decode().replace("\r", "")

    def write(self, keys):
        os.write(self.master, keys)

    def echoes(self):
        return bool(termios.tcgetattr(self.slave)[3] & termios.ECHO)

    def wait(self):
        return self.process.wait(timeout=10)

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.master)
        os.close(self.slave)


class Segment(CliTest):
    """A run directory with the counters that tests/cli/run_segment.c puts there."""

    def start(self, *args):
        self.rundir = self.dir / "run"
        self.rundir.mkdir()
        self.process = subprocess.Popen([os.environ["RUN_SEGMENT"], self.rundir, *args],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.addCleanup(self.stop)
        self.assertEqual(self.process.stdout.readline(), b"ready\n")

    def stop(self):
        if self.process.poll() is None:
            self.process.communicate()

    def stats(self, *args):
        return self.ctl("--run", self.rundir, "stats", *args).stdout

    def test_stats(self):
        self.start()
        stats = json.loads(self.stats("--json"))
        self.assertEqual(stats["state"]["pid"], self.process.pid)
        self.assertEqual((stats["state"]["running"], stats["state"]["ready"]), (True, True))
        self.assertEqual(stats["state"]["epoch"], "1.2")
        self.assertEqual((stats["verdicts"]["OK"], stats["drops"]["ip4_fragment"]), (30, 3))
        self.assertEqual(stats["totals"], {"received": 40, "answered": 30, "dropped": 3,
                                           "in_flight": 7, "records": 30, "verdicts": 30})
        self.assertEqual([w["verdicts"]["OK"] for w in stats["per_worker"]], [10, 20])
        self.assertEqual([w["epoch"] for w in stats["per_worker"]], ["1.3", "1.2"])

    def test_ports(self):
        self.start()
        self.assertEqual(json.loads(self.stats("--json"))["ports"], {"p0": {
            "link": "up", "link_mbps": None, "rx_missed": 9, "rx_errors": 0, "rx_no_buffer": 0, "tx_errors": 0}})
        self.assertRegex(self.stats(), r"\nport p0\n  link +up\n  link_mbps +-\n  rx_missed +9\n  rx_errors +0\n")
        self.assertIn("\nport p0  link up  rx_missed 9  rx_errors 0 ",
                      self.ctl("--run", self.rundir, "top", "--once", "--interval", "50").stdout)

    def test_text_shows_what_is_not_zero(self):
        self.start()
        self.assertRegex(self.stats(), r"\n  ip4_fragment +3\n")
        self.assertNotIn("egt_magic", self.stats())
        self.assertRegex(self.stats("--all"), r"\n  egt_magic +0\n")
        self.assertIn("worker 1, epoch 1.2", self.stats())

    def test_cycles_and_ratios(self):
        self.start()
        stats = json.loads(self.stats("--json"))
        self.assertEqual(stats["stages"]["rx"], {
            "cycles": 300, "items": 40, "bursts": 2, "share": 300 / 1900, "cycles_per_packet": 7.5,
            "cycles_per_item": 7.5, "items_per_burst": 20})
        self.assertEqual(stats["stages"]["tx"]["cycles_per_item"], None)
        self.assertEqual(stats["ratios"], {
            "busy": 900 / 1900, "cache_hits": 0.75, "empty_polls": 0.75, "packets_per_burst": 20, "signature_batch_fill": 15,
            "steer_hits": 4 / 6, "queue_skew": 1})
        self.assertEqual([w["stages"]["rx"]["cycles"] for w in stats["per_worker"]], [100, 200])
        self.assertRegex(self.stats(), r"\n  decode +31\.6 +15\.0 +30\.0 +10\.0\n")

    def test_top_on_paper(self):
        """What the interval added, not what stood there before."""
        self.start()
        top = subprocess.Popen([EDGATECTL, "--run", self.rundir, "top", "--batch", "2", "--interval", "500"],
                               stdout=subprocess.PIPE, text=True)
        first = [top.stdout.readline()]
        while not first[-1].startswith("drops/s"):
            first.append(top.stdout.readline())
        self.process.stdin.write(b"x")
        self.process.stdin.flush()
        second = top.communicate()[0]
        self.assertEqual(top.returncode, 0)
        self.assertRegex("".join(first), r"\ncore 1 +0 +0 +0 +0 +- +- +- ")
        self.assertRegex(second, r"\ncore 1 +\d\d +0 +0 +1\d\d +0\.0 +100\.0 +0\.0 .* 1\.2\n")
        self.assertRegex(second, r"\ncore 1  \[p{100,}\]\n")
        self.assertRegex(second, r"\nqueue skew 2\.00 ")
        self.assertRegex(second, r"\np parse +100\.0 +33\.33? +30\.00?\n")
        self.assertRegex(second, r"\nverdicts/s  EXPIRED 1\d\d\n")

    def test_top_needs_a_terminal_or_a_number(self):
        self.start()
        done = self.ctl("--run", self.rundir, "top", exit_status=2)
        self.assertIn("--once or --batch", done.stderr)
        self.ctl("--run", self.rundir, "top", "--batch", "0", exit_status=2)
        self.ctl("--run", self.rundir, "top", "--once", "--interval", "1", exit_status=2)

    def test_top_without_edgate(self):
        done = self.ctl("--run", self.dir / "none", "top", "--once", exit_status=1)
        self.assertIn("is edgate running", done.stderr)
        self.start()
        self.stop()
        done = self.ctl("--run", self.rundir, "top", "--once", exit_status=1)
        self.assertIn("process %d is gone" % self.process.pid, done.stderr)

    def test_top_on_a_terminal(self):
        """Drawn to the terminal's size, drawn again when that changes, given back at its end."""
        self.start()
        screen = Screen(24, 60, EDGATECTL, "--run", self.rundir, "top", "--interval", "100")
        self.addCleanup(screen.close)
        self.assertIn("core 1", screen.read_until(b"\033[J"))
        narrow = screen.read_until(b"\033[J").split("\n")
        self.assertLessEqual(max(len(re.sub(r"\033\[[?0-9]*[A-Za-z]", "", line)) for line in narrow), 60)
        self.assertLessEqual(len(narrow), 24)
        screen.resize(4, 200)
        end = time.monotonic() + 10
        while len(wide := screen.read_until(b"\033[J").split("\n")) != 4:
            self.assertLess(time.monotonic(), end)
        self.assertIn("busy %", wide[3])
        screen.write(b"q")
        self.assertIn("\033[?1049l", screen.read_until(b"\033[?1049l"))
        self.assertEqual(screen.wait(), 0)
        self.assertTrue(screen.echoes(), "the terminal is as it was")

    def test_top_ends_with_edgate(self):
        self.start()
        screen = Screen(24, 80, EDGATECTL, "--run", self.rundir, "top", "--interval", "50")
        self.addCleanup(screen.close)
        screen.read_until(b"\033[J")
        self.process.kill()
        self.process.communicate()
        self.assertIn("is gone", screen.read_until(b"is gone"))
        self.assertEqual(screen.wait(), 1)

    def test_a_process_that_is_gone(self):
        self.start()
        self.stop()
        self.assertIn("the process is gone", self.stats())
        self.assertEqual(json.loads(self.stats("--json"))["state"]["running"], False)

    def test_wait_until_it_is_applied(self):
        self.start()
        self.ctl("init")
        _, jwks = self.keygen()
        done = self.ctl("--run", self.rundir, "issuer", "add", "https://a", "--jwks", jwks, "--wait")
        self.assertRegex(done.stdout, r"\Adone: epoch \d+\.\d+\napplied: \d+\.\d ms\n\Z")

    def test_wait_in_vain(self):
        self.start("deaf")
        self.ctl("init")
        _, jwks = self.keygen()
        for _ in range(3):
            done = self.ctl("--run", self.rundir, "issuer", "add", "https://a", "--jwks", jwks)
        done = self.ctl("--run", self.rundir, "revoke", "issuer", "https://a", "--wait=30",
                        exit_status=1)
        self.assertIn("within 30 ms", done.stderr)

    def test_wait_for_nobody(self):
        """Not the 60 s that it might wait: the process that made the run directory is gone."""
        self.start("deaf")
        self.ctl("init")
        _, jwks = self.keygen()
        self.ctl("issuer", "add", "https://a", "--jwks", jwks)
        self.process.kill()
        self.process.communicate()
        for rundir in (self.rundir, self.dir / "none"):
            done = self.ctl("--run", rundir, "issuer", "add", "https://b", "--jwks", jwks,
                            "--wait=3600000", exit_status=1)
            self.assertIn("done: epoch", done.stdout)
            self.assertIn("the change is stored, but", done.stderr)
            self.assertNotIn("within", done.stderr)


if __name__ == "__main__":
    unittest.main()

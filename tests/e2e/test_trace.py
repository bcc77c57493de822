# SPDX-License-Identifier: BSD-3-Clause
"""What a running edgate tells about itself: cycles by stage, and traces of single packets."""
import json
import os
import shutil
import socket
import stat
import struct
import subprocess
import threading
import time
import unittest

import egt
from harness import ROOT, names_of, program, run
from test_socket import Server

STAGES = names_of("STAGE")


class Load:
    """Sends these payloads again and again until it is left."""

    def __init__(self, port, *payloads):
        self.port, self.payloads, self.over = port, payloads, threading.Event()
        self.thread = threading.Thread(target=self.send)

    def __enter__(self):
        self.thread.start()

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()

    def send(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.connect(("127.0.0.1", self.port))
            while not self.over.is_set():
                for payload in self.payloads:
                    try:
                        s.send(payload)
                    except ConnectionRefusedError:  # edgate has ended
                        pass
                time.sleep(0.002)


class Trace(Server):
    EXTRA = "cache: {memory: 0}\n"  # each token goes all the way

    def setUp(self):
        super().setUp()
        self.live, self.expired = self.world.token(), self.world.token("--exp", "1")
        self.load = Load(self.base, egt.request([self.live]), egt.request([self.expired]),
                         egt.request([self.live, self.expired], policy=7), b"junk")

    def trace(self, *args, **kwargs):
        return self.world.ctl("trace", "--timeout", "20", *args, **kwargs)

    def traced(self, *args):
        return [json.loads(line) for line in self.trace("--json", *args).stdout.splitlines()]

    def follow(self, *args):
        """A trace that runs on, once it has shown a packet."""
        process = subprocess.Popen(
            [program("edgatectl"), "--run", self.world.rundir, "trace", "--count", "1000000", *args],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        process.stdout.readline()
        return process

    def counter(self, name):
        return self.world.stats()["counters"][name]

    def wait_until_none_is_traced(self, within_s=10):
        """The order has been taken back: under load, nothing more is counted."""
        end, before = time.monotonic() + within_s, -1
        while (now := self.counter("traced")) != before:
            self.assertLess(time.monotonic(), end, "nobody listens, and it goes on")
            before = now
            time.sleep(0.3)

    def test_cycles_by_stage_grow(self):
        with self.load:
            time.sleep(0.3)
            first = self.world.stats()
            time.sleep(0.5)
            second = self.world.stats()
        for name in STAGES:
            with self.subTest(name):
                self.assertGreater(second["stages"][name]["cycles"], first["stages"][name]["cycles"])
        self.assertEqual(second["stages"]["rx"]["items"], second["stages"]["parse"]["items"])
        self.assertGreater(second["stages"]["signature"]["items"], first["stages"]["signature"]["items"])
        for worker in range(2):
            cycles = [sum(stage["cycles"] for stage in stats["per_worker"][worker]["stages"].values())
                      for stats in (first, second)]
            # All stages are all the time: what passed between is what the counter ran, within a turn or two.
            seconds = (cycles[1] - cycles[0]) / second["state"]["ticks_hz"]
            self.assertGreater(seconds, 0.4)
            self.assertLess(seconds, 5)
        self.world.stop()

    def test_five_of_a_status(self):
        with self.load:
            packets = self.traced("--count", "5", "--status", "EXPIRED")
        self.assertEqual(len(packets), 5)
        for packet in packets:
            self.assertEqual(packet["end"], "answered_verify")
            self.assertIn("EXPIRED", [record["status"] for record in packet["records"]])
            self.assertGreater(packet["ns"], 0)
            self.assertEqual(sum(packet["stages_ns"].values()), packet["ns"])
            self.assertEqual(sorted(packet["stages_ns"]), sorted(STAGES))
            self.assertGreaterEqual(packet["turns"], 1)
            record = packet["records"][-1]
            self.assertEqual((record["fmt"], record["token_bytes"]), ("JWT", len(self.expired)))
            self.assertLess(abs(packet["utc_ns"] / 1e9 - time.time()), 30)
        self.world.stop()

    def test_of_a_drop_and_in_words(self):
        with self.load:
            packets = self.traced("--count", "2", "--status", "egt_short")
            words = self.trace("--count", "4").stdout
        self.assertEqual({(p["end"], p["dropped"], p["request_bytes"]) for p in packets},
                         {("egt_short", True, 4)})
        self.assertRegex(words, r"us:  rx \d+\.\d+ ")
        self.assertNotIn(self.live.decode()[:12], words)
        self.world.stop()

    def test_nothing_while_none_is_asked_for(self):
        with self.load:
            time.sleep(0.3)
            self.assertEqual(self.counter("traced"), 0)
            self.trace("--count", "1")
            self.wait_until_none_is_traced()
        self.assertGreater(self.counter("traced"), 0)
        self.assertNotIn("eyJ", self.world.output())
        self.world.stop()

    def test_one_at_a_time_and_it_dies(self):
        with self.load:
            first = self.follow("--status", "OK")
            done = self.trace(check=False)
            self.assertEqual(done.returncode, 1)
            self.assertIn(f"process {first.pid} is tracing already", done.stderr)
            first.kill()
            first.communicate()
            self.wait_until_none_is_traced()
            self.assertEqual(len(self.traced("--count", "3")), 3)
        self.world.stop()

    def test_a_trace_ends_with_edgate(self):
        with self.load:
            process = self.follow()
            self.world.stop()
            self.assertEqual(process.wait(timeout=10), 1)
            process.stdout.close()
        done = self.trace(check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("is edgate running", done.stderr)

    def test_too_few_in_time(self):
        done = self.world.ctl("trace", "--count", "3", "--timeout", "1", check=False)
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("0 of 3 packets within 1 s", done.stderr)
        self.world.stop()

    def test_what_is_no_ask_is_not_heard(self):
        ask = b"EGTR\1\0\0\0"
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
            s.connect(f"{self.world.rundir}/ctl.sock")
            for bytes_, kind in ((ask, socket.SOCK_STREAM), (ask[:7], socket.SOCK_SEQPACKET),
                                 (ask + b"\0", socket.SOCK_SEQPACKET), (b"poke", socket.SOCK_SEQPACKET)):
                ours, theirs = socket.socketpair(socket.AF_UNIX, kind)
                with ours, theirs, self.subTest((bytes_, kind)):
                    socket.send_fds(s, [bytes_], [theirs.fileno()])
                    theirs.close()
                    ours.settimeout(5)
                    self.assertEqual(ours.recv(64), b"", "closed at once")
            s.send(ask)  # nobody to answer
        self.assertEqual(self.statuses(self.live), ["OK"])
        self.assertEqual(self.counter("traced"), 0)
        self.world.stop()

    def pcap(self, *args):
        path = f"{self.world.dir}/{len(args)}.pcap"
        with self.load:
            self.trace("--count", "20", "--pcap", path, *args)
        with open(path, "rb") as file:
            data = file.read()
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
        self.assertEqual(struct.unpack("=I", data[:4])[0], 0xA1B23C4D)
        return path, data

    def test_a_file_without_tokens(self):
        path, data = self.pcap()
        for token in (self.live, self.expired):
            for piece in token.split(b"."):
                self.assertNotIn(piece[:12], data)
        packets = [frame for _, frame in egt.read_pcap(path)]
        payloads = [frame[42:] for frame in packets if len(frame) > 60]
        requests = [p for p in payloads if p[3] == egt.VERIFY]
        answers = [egt.Response(p) for p in payloads if p[3] == egt.VERIFY_R]
        self.assertEqual(len(requests), len(answers))
        self.assertGreater(len(answers), 5)
        self.assertIn(egt.request([b"x" * len(self.live)]), requests)
        self.assertIn(["EXPIRED"], [answer.statuses for answer in answers])
        done = self.trace("--pcap", path, check=False)
        self.assertIn("is not there yet", done.stderr)
        self.world.stop()

    def test_tshark_reads_the_file(self):
        if shutil.which("tshark") is None:
            self.skipTest("SKIPPED: needs tshark")
        path, _ = self.pcap("--status", "EXPIRED")
        script = os.path.join(ROOT, "pktgen-scripts", "wireshark", "egt.lua")
        rows = run("tshark", "-n", "-X", f"lua_script:{script}", "-r", path, "-T", "fields", "-E", "separator=/t",
                   "-e", "egt.type", "-e", "egt.status", "-e", "egt.response_to", "-e", "egt.time",
                   "-e", "_ws.malformed").stdout.splitlines()
        rows = [row.split("\t") for row in rows]
        self.assertEqual(len(rows), 40)
        for request, answer in zip(rows[::2], rows[1::2]):
            self.assertEqual((request[0], answer[0], request[4], answer[4]), ("1", "2", "", ""))
            self.assertIn("9", answer[1])
            self.assertGreater(float(answer[3]), 0)
        self.world.stop()

    def test_a_file_with_tokens(self):
        done = self.trace("--with-tokens", check=False)
        self.assertEqual(done.returncode, 2)
        _, data = self.pcap("--with-tokens")
        self.assertIn(self.live, data)
        self.assertIn("with tokens", self.world.output())
        self.assertNotIn(self.live.decode(), self.world.output())
        self.world.stop()


if __name__ == "__main__":
    unittest.main(verbosity=2)

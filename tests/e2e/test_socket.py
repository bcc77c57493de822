# SPDX-License-Identifier: BSD-3-Clause
"""The kernel-socket port on loopback: no DPDK, no privileges. A client, a revocation, hostile frames."""
import base64
import ctypes
import json
import os
import random
import socket
import struct
import time
import unittest
import zlib

import egt
from harness import ISSUER, World, program, run

PORT = "  - name: p0\n    kind: socket\n    queues: 2\n    addresses: [127.0.0.1/8]\n"
WORKERS = "  - {port: p0, queue: 0}\n  - {port: p0, queue: 1}\n"


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Server(unittest.TestCase):
    EXTRA = ""

    def setUp(self):
        self.world = World("socket")
        self.addCleanup(self.world.__exit__)
        self.world.make_state()
        # A base port of our own: an edgate on this machine may hold the default.
        self.base = random.randrange(30000, 60000)
        self.world.config(PORT, WORKERS, f"base_port: {self.base}\nidle: sleep:50\n{self.EXTRA}")
        self.world.start()

    def ask(self, payload, port=None, timeout_s=2.0):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.settimeout(timeout_s)
            s.connect(("127.0.0.1", port or self.base))
            s.send(payload)
            try:
                return s.recv(65535)
            except socket.timeout:
                return None

    def statuses(self, *tokens, **kw):
        return egt.Response(self.ask(egt.request(tokens, **kw))).statuses


def slice_ns(tid):
    """How long the thread keeps its CPU at a time, by sched_getattr(2) (x86-64, arm64); 0: not told."""
    number = {"x86_64": 315, "aarch64": 275}[os.uname().machine]
    attr = ctypes.create_string_buffer(48)
    if ctypes.CDLL(None, use_errno=True).syscall(number, tid, attr, len(attr), 0) != 0:
        raise OSError(ctypes.get_errno(), "sched_getattr")
    return struct.unpack_from("=Q", attr, 24)[0]


class Socket(Server):
    def test_control_alone_works_in_short_slices(self):
        w = self.world
        if slice_ns(0) == 0:
            self.skipTest("SKIPPED: this kernel does not tell slices (Linux 6.12 does)")
        tids = [int(t) for t in os.listdir(f"/proc/{w.process.pid}/task")]
        short = [t for t in tids if slice_ns(t) == 100000]
        self.assertEqual(short, [w.process.pid])
        self.assertGreater(len(tids), 2)
        w.stop()

    def test_answers_and_revocations(self):
        w = self.world
        live = w.token("--jti", "j1", "--sid", "s1")
        listed = w.token("--claim", f'status={{"status_list":{{"idx":7,"uri":"{ISSUER}/list"}}}}')
        self.assertEqual(self.statuses(live, listed, b"nonsense"), ["OK", "OK", "MALFORMED"])
        self.assertEqual(self.statuses(w.token("--exp", "1")), ["EXPIRED"])
        self.assertEqual(egt.Response(self.ask(egt.request([live]), self.base + 63)).statuses, ["OK"])
        for command, token in (
                (("jti", ISSUER, "j1", "--exp", str(int(time.time()) + 3600)), live),
                (("index", f"{ISSUER}/list", "7"), listed)):
            with self.subTest(command[0]):
                w.ctl("revoke", *command)
                self.assertTrue(self.turns(token, "REVOKED"))
        other = w.token("--sub", "bob")
        self.assertEqual(self.statuses(other), ["OK"])
        w.ctl("revoke", "subject", ISSUER, "bob")
        self.assertTrue(self.turns(other, "REVOKED"))
        third = w.token("--sub", "carol")
        self.assertEqual(self.statuses(third), ["OK"])
        w.ctl("revoke", "key", ISSUER, "k1")
        self.assertTrue(self.turns(third, "REVOKED"))
        # The JWKS does not bring the key back.
        w.ctl("issuer", "add", ISSUER, "--jwks", f"{w.dir}/issuer.jwks")
        time.sleep(0.1)
        self.assertEqual(self.statuses(third), ["REVOKED"])
        self.world.stop()

    def turns(self, token, status, within_s=2.0, **kw):
        end = time.monotonic() + within_s
        while time.monotonic() < end:
            if self.statuses(token, **kw) == [status]:
                return True
        return False

    def test_own_revocation_is_read(self):
        """MIN_EPOCH: the answer is STALE or at that epoch, never an OK from before."""
        w = self.world
        for i in range(20):
            token = w.token("--jti", f"m{i}")
            epoch = w.ctl("revoke", "jti", ISSUER, f"m{i}", "--exp", str(int(time.time()) + 60)).stdout
            generation, sequence = epoch.split()[-1].split(".")
            wanted = int(generation) << 48 | int(sequence)
            answer = egt.Response(self.ask(egt.request([token], min_epoch=wanted)))
            self.assertIn(answer.statuses, (["REVOKED"], ["STALE"]))
            if answer.statuses == ["REVOKED"]:
                self.assertGreaterEqual(answer.epoch, wanted)
        self.world.stop()

    def test_a_state_that_grows_old(self):
        """Without contact to the store a strict policy answers STALE; with it again, as before."""
        w = self.world
        w.ctl("policy", "set", "2", "--issuer", ISSUER, "--audience", "any", "--freshness", "strict:1")
        w.ctl("policy", "set", "3", "--issuer", ISSUER, "--audience", "any", "--freshness", "bounded:1")
        token = w.token()
        self.assertTrue(self.turns(token, "OK", policy=2))
        os.rename(f"{w.state}/edgate.db", f"{w.state}/away")
        self.assertTrue(self.turns(token, "STALE", within_s=5, policy=2))
        self.assertEqual(self.statuses(token, policy=3), ["OK"])
        self.assertEqual(self.statuses(token), ["OK"])
        os.rename(f"{w.state}/away", f"{w.state}/edgate.db")
        self.assertTrue(self.turns(token, "OK", policy=2))
        self.assertGreater(w.stop()["state_stale"], 1)

    def test_a_list_grows_and_is_imported_in_use(self):
        w, uri = self.world, f"{ISSUER}/list"
        listed = w.token("--claim", f'status={{"status_list":{{"idx":300000,"uri":"{uri}"}}}}')
        self.assertEqual(self.statuses(listed), ["STATUS_UNKNOWN"])
        w.ctl("list", "grow", uri, "300001")
        self.assertTrue(self.turns(listed, "OK"))
        plain = bytearray(37501)
        plain[37500] = 1
        claim = json.dumps({"bits": 1, "lst": b64(zlib.compress(bytes(plain)))})
        with open(f"{w.dir}/list.jwt", "w") as out:
            out.write(run(program("edgate-token"), "sign", "--key", f"{w.dir}/issuer.private.jwk", "--typ",
                          "statuslist+jwt", "--sub", uri, "--iat", "now", "--claim",
                          f"status_list={claim}").stdout)
        w.ctl("list", "import", uri, f"{w.dir}/list.jwt", "--jwt")
        self.assertTrue(self.turns(listed, "REVOKED"))
        w.stop()

    def test_hostile_frames(self):
        rng = random.Random(1)
        token = self.world.token()
        good = egt.request([token, b"x"], 5)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.connect(("127.0.0.1", self.base))
            for i in range(5000):
                frame = bytearray(good)
                for _ in range(rng.choice([1, 2, 8])):
                    frame[rng.randrange(24 if i % 2 else len(frame))] = rng.randrange(256)
                s.send(bytes(frame[:rng.randrange(len(frame))] if i % 3 == 0 else frame))
                if i % 50 == 0:
                    time.sleep(0.002)
        self.assertEqual(self.statuses(token), ["OK"])
        self.world.stop()

    def test_kill_and_restart(self):
        """What was acknowledged is in force after kill -9."""
        w = self.world
        token = w.token("--jti", "k9")
        w.ctl("revoke", "jti", ISSUER, "k9", "--exp", str(int(time.time()) + 3600))
        w.process.kill()
        w.process.wait()
        w.start()
        self.assertEqual(self.statuses(token), ["REVOKED"])
        self.world.stop()

    def test_store_of_root_alone(self):
        """edgate, which is not root by then, could not follow it: it says so and does not start."""
        if os.geteuid() != 0:
            self.skipTest("SKIPPED: needs root")
        self.world.stop()
        os.chmod(self.world.state, 0o700)
        done = run(program("edgate"), "--config", f"{self.world.dir}/edgate.yaml", check=False, timeout=30)
        self.assertEqual(done.returncode, 1)
        self.assertIn("as user nobody", done.stderr)
        self.assertEqual(os.listdir(self.world.rundir), [])


class Jumbo(Server):
    EXTRA = "max_datagram: 9000\n"

    def test_long_frames(self):
        token = self.world.token("--claim", 'pad="' + "x" * 2867 + '"')
        self.assertTrue(4090 <= len(token) <= 4096, len(token))
        self.assertEqual(self.statuses(token, token), ["OK", "OK"])
        self.assertEqual(self.statuses(token + b"A" * (4097 - len(token))), ["MALFORMED"])
        small = self.world.token()
        self.assertEqual(self.statuses(*[small] * 28, *[b"x" * 20] * 36),
                         ["OK"] * 28 + ["MALFORMED"] * 36)
        self.assertIsNotNone(self.ask(egt.request([small], pad=9000 - len(egt.request([small])))))
        self.assertIsNone(self.ask(egt.request([small], pad=9001 - len(egt.request([small]))), timeout_s=0.3))
        self.world.stop()


if __name__ == "__main__":
    unittest.main(verbosity=2)

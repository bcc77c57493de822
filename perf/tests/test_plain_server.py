#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""The server that edgate is compared with gives the statuses that edgate gives: to a corpus with every
status, and to tokens that are wrong in the ways that hasty servers do not see."""
import base64
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
import unittest

ROOT = os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "..")
sys.path.insert(0, os.path.join(ROOT, "tests", "e2e"))
import egt  # noqa: E402
from harness import BUILD, World, program, run  # noqa: E402

AUDIENCE = "https://api.example"
ISSUER = "https://issuer-1.example"
NO_STATE = ("REVOKED", "STATUS_UNKNOWN")  # what the plain server has no state for
SOCKET = "  - name: p0\n    kind: socket\n    queues: 1\n    addresses: [127.0.0.1/8]\n"


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Server:
    """A socket that asks one of the two."""

    def __init__(self, port):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.settimeout(5)
        self.socket.connect(("127.0.0.1", port))
        self.id = 0

    def ask(self, tokens, **options):
        self.id += 1
        self.socket.send(egt.request(tokens, request_id=self.id, **options))
        answer = egt.Response(self.socket.recv(2048))
        assert answer.request_id == self.id
        return answer.statuses

    def is_silent(self, frame):
        self.socket.send(frame)
        self.socket.send(egt.ping(request_id=0xE0D))
        return egt.Response(self.socket.recv(2048)).request_id == 0xE0D


class PlainServer(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        w = cls.world = World("plain")
        cls.addClassCleanup(w.__exit__)
        run(program("edgate-token"), "corpus", "--out", f"{w.dir}/corpus", "--count", "600", "--issuers", "3")
        w.ctl("init", *(["--group", "nogroup"] if os.geteuid() == 0 else []))
        run("sh", f"{w.dir}/corpus/setup.sh", w.state, program("edgatectl"))
        port = random.randrange(30000, 50000)
        w.config(SOCKET, "  - {port: p0, queue: 0}\n", f"base_port: {port}\nidle: sleep:50\n")
        w.start()
        issuers = [f"--issuer=https://issuer-{i}.example={w.dir}/corpus/issuer-{i}.jwks" for i in (1, 2, 3)]
        cls.plain = subprocess.Popen(
            [os.path.join(BUILD, "perf", "baseline", "plain_server"), *issuers, "--audience", AUDIENCE,
             "--port", str(port + 100)], stdout=subprocess.PIPE, text=True)
        cls.addClassCleanup(cls.stop_plain)
        assert cls.plain.stdout.readline() == "ready\n"
        cls.servers = {"edgate": Server(port), "plain": Server(port + 100)}
        cls.addClassCleanup(lambda: [s.socket.close() for s in cls.servers.values()])

    @classmethod
    def stop_plain(cls):
        cls.plain.send_signal(signal.SIGTERM)
        rest, _ = cls.plain.communicate(timeout=10)
        count = {name: int(value) for name, value in (line.split() for line in rest.splitlines())}
        assert cls.plain.returncode == 0 and count["received"] == count["answered"] + count["dropped"], rest

    def corpus(self):
        with open(f"{self.world.dir}/corpus/corpus.tsv") as lines:
            return [line.rstrip("\n").split("\t") for line in lines if not line.startswith("#")]

    def statuses(self, tokens, **options):
        """What both say: equal, or the test fails."""
        said = {name: server.ask(tokens, **options) for name, server in self.servers.items()}
        self.assertEqual(said["edgate"], said["plain"], (tokens, options))
        return said["plain"]

    def sign(self, header=None, claims=None, payload=None):
        """A token by the key of the first issuer; claims replace those of a token that passes."""
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
        with open(f"{self.world.dir}/corpus/issuer-1.private.jwk") as file:
            seed = json.load(file)["d"]
        key = Ed25519PrivateKey.from_private_bytes(base64.urlsafe_b64decode(seed + "="))
        header = {"alg": "EdDSA", "kid": "k1"} if header is None else header
        whole = {"iss": ISSUER, "aud": AUDIENCE, "exp": int(time.time()) + 600, **(claims or {})}
        payload = json.dumps(whole).encode() if payload is None else payload
        text = f"{b64(json.dumps(header).encode())}.{b64(payload)}"
        return f"{text}.{b64(key.sign(text.encode()))}".encode()

    def test_corpus(self):
        seen = set()
        for name, expected, token in self.corpus():
            if expected not in NO_STATE:
                self.assertEqual(self.statuses([token.encode()]), [expected], name)
                seen.add(expected)
        self.assertGreaterEqual(len(seen), 12, seen)

    def test_several_in_a_frame(self):
        lines = [line for line in self.corpus() if line[1] not in NO_STATE][:2]
        tokens = [line[2].encode() for line in lines]
        self.assertEqual(self.statuses(tokens), [line[1] for line in lines])

    def test_no_lists_fail_closed(self):
        token = self.sign(claims={"status": {"status_list": {"idx": 1, "uri": "https://nowhere.example"}}})
        self.assertEqual(self.statuses([token]), ["STATUS_UNKNOWN"])

    def test_hard_tokens(self):
        now, good = int(time.time()), self.sign()
        head, body, signature = good.split(b".")
        last = b"B" if signature[-1:] != b"B" else b"C"
        cases = {
            "OK": [good, self.sign(claims={"aud": ["x", AUDIENCE]}),
                   self.sign(claims={"exp": now + 600.5, "nbf": now - 10.5}),
                   self.sign({"alg": "Ed25519", "kid": "k1", "typ": "Application/AT+JWT"}),
                   self.sign({"alg": "EdDSA"})],
            "MALFORMED": [b"", b".", b"a.b", good + b"=", good + b".", b"." + body + b"." + signature,
                          good[:-1] + last, head + b"." + body + b".", self.sign(payload=b"[]"),
                          self.sign(payload=b'{"exp":1,"exp":2}'), self.sign(payload=b'{"a":1} x'),
                          self.sign(claims={"exp": "soon"}), self.sign(claims={"aud": [1]}),
                          self.sign(claims={"aud": ["a"] * 17}), self.sign(claims={"sub": "s" * 256}),
                          self.sign(claims={"cnf": 1}), self.sign(claims={"exp": 253402300800}),
                          self.sign(claims={"status": {"status_list": {"idx": -1, "uri": "u"}}}),
                          self.sign({"kid": "k1"}), self.sign({"alg": "EdDSA", "kid": 1}),
                          self.sign({"alg": "EdDSA", "typ": 1}), self.sign({"alg": "EdDSA", "cty": 1})],
            "UNSUPPORTED_ALG": [self.sign({"alg": "RS256"}), self.sign({"alg": "none", "crit": ["b64"]})],
            "UNSUPPORTED_CRIT": [self.sign({"alg": "EdDSA", "b64": False, "zip": "DEF"})],
            "UNSUPPORTED": [self.sign({"alg": "EdDSA", "zip": "DEF"}), self.sign({"alg": "EdDSA", "cty": "jwt"})],
            "BAD_TYP": [self.sign({"alg": "EdDSA", "typ": "application/application/jwt"})],
            "BAD_ISS": [self.sign(claims={"iss": ISSUER + "/"})],
            "UNKNOWN_KEY": [self.sign({"alg": "EdDSA", "kid": "K1"})],
            "EXPIRED": [self.sign(claims={"exp": now - 5}), self.sign(claims={"exp": -1, "aud": "x"})],
            "NOT_YET_VALID": [self.sign(claims={"nbf": now + 500.5})],
            "ISSUED_IN_FUTURE": [self.sign(claims={"iat": now + 500})],
            "BAD_AUD": [self.sign(claims={"aud": []}), self.sign(claims={"aud": AUDIENCE.upper()})],
        }
        for status, tokens in cases.items():
            for token in tokens:
                self.assertEqual(self.statuses([token]), [status], token)

    def test_strict_order(self):
        forged = self.sign(claims={"exp": 1})[:-8] + b"AAAAAAAA"
        self.assertEqual(self.statuses([forged]), ["EXPIRED"])
        self.assertEqual(self.statuses([forged], flags=egt.STRICT_ORDER), ["BAD_SIGNATURE"])

    def test_policies(self):
        self.assertEqual(self.statuses([self.sign()], policy=1), ["OK"])
        self.assertEqual(self.statuses([self.sign()], policy=7), ["UNKNOWN_POLICY"])

    def test_silence(self):
        whole = egt.request([self.sign()])
        for frame in (whole[:-1], b"", b"\0" * 64, egt.header(2, 0, 1, 36, 1) + bytes(20)):
            for name, server in self.servers.items():
                self.assertTrue(server.is_silent(frame), (name, frame))


if __name__ == "__main__":
    unittest.main(verbosity=2)

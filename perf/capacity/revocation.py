# SPDX-License-Identifier: BSD-3-Clause
"""Revocations by edgatectl while edgate is asked: how soon one answers, and what a stream of them does to a
load. edgatectl runs on the generator's CPU."""
import os
import pathlib
import random
import re
import socket
import subprocess
import threading
import time

from . import corpus
from .stand import egt, program

PAUSE_S = 0.0002  # between two questions
GIVE_UP_S = 30


class Asker:
    def __init__(self, port):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.settimeout(2)
        self.socket.connect(("127.0.0.1", port))
        self.id = random.getrandbits(32)

    def status(self, token):
        self.id += 1
        self.socket.send(egt.request([token], request_id=self.id))
        while True:
            answer = egt.Response(self.socket.recv(2048))
            if answer.request_id == self.id:
                return answer.statuses[0]


def revoke(stand, claims, **how):
    """Starts edgatectl, which revokes the token with these claims by its jti."""
    return subprocess.Popen(
        [program("edgatectl"), "--state", stand.world.state, "--run", stand.world.rundir, "revoke", "jti",
         claims["iss"], claims["jti"], "--exp", str(claims["exp"])],
        stdout=subprocess.PIPE, text=True, preexec_fn=lambda: os.sched_setaffinity(0, {stand.load_cpu}), **how)


def sample(stand, asker, mint, n):
    """Seconds from the start of edgatectl to its return, and to the first REVOKED."""
    issuer, header, claims = mint.access(n, jti=f"sample-{random.getrandbits(64):x}")
    token = mint.sign(issuer, header, claims).encode()
    assert asker.status(token) == "OK", "a token that nobody revoked"
    returned = []
    started = time.monotonic()
    process = revoke(stand, claims)
    waiter = threading.Thread(target=lambda: (process.communicate(), returned.append(time.monotonic())))
    waiter.start()
    while asker.status(token) != "REVOKED":
        assert time.monotonic() < started + GIVE_UP_S, "the answer did not turn"
        time.sleep(PAUSE_S)
    turned = time.monotonic()
    waiter.join()
    assert process.returncode == 0, "edgatectl revoke failed"
    return returned[0] - started, turned - started


def measure(stand, port, samples):
    """[(seconds to the return, seconds to REVOKED)]"""
    asker, mint = Asker(port.base), corpus.Mint(stand.now_s)
    try:
        return [sample(stand, asker, mint, n) for n in range(samples)]
    finally:
        asker.socket.close()


class Churn:
    """Revokes tokens of a corpus of its own, one after the other, and writes down each with its epoch, as
    edgate-load's mix W5 reads it."""

    def __init__(self, stand, count):
        self.stand, self.stopped, self.fault = stand, threading.Event(), None
        first = random.getrandbits(30)
        mint, self.rows = corpus.Mint(stand.now_s), []
        for n in range(first, first + count):
            issuer, header, claims = mint.access(n)
            self.rows.append((mint.sign(issuer, header, claims), claims))
        self.corpus = corpus.write(f"{stand.world.dir}/churn.tsv", [("OK", token) for token, _ in self.rows])
        self.file = pathlib.Path(stand.world.dir, "churn.revocations")
        self.file.write_text("")
        self.thread = threading.Thread(target=self.work)

    def work(self):
        with open(self.file, "a", buffering=1) as out:
            for n, (_, claims) in enumerate(self.rows):
                if self.stopped.is_set():
                    break
                done, _ = revoke(self.stand, claims).communicate()
                epoch = re.search(r"epoch (\d+\.\d+)", done)
                if epoch is None:
                    self.fault = "edgatectl revoke failed"
                    break
                out.write(f"t{n}\t{epoch[1]}\n")
            out.write("end\n")

    def count(self):
        return len(self.file.read_text().splitlines()) - 1

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stopped.set()
        self.thread.join()

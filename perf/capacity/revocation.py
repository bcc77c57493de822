# SPDX-License-Identifier: BSD-3-Clause
"""How soon a revocation answers: edgatectl revokes a token by jti while a client asks for it, over the
kernel's loopback, again and again."""
import random
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


def sample(stand, asker, mint, n):
    """Seconds from the start of edgatectl to its return, and to the first REVOKED."""
    issuer, header, claims = mint.access(n, jti=f"sample-{random.getrandbits(64):x}")
    token = mint.sign(issuer, header, claims).encode()
    assert asker.status(token) == "OK", "a token that nobody revoked"
    returned = []
    started = time.monotonic()
    process = subprocess.Popen(
        [program("edgatectl"), "--state", stand.world.state, "--run", stand.world.rundir, "revoke", "jti", issuer,
         claims["jti"], "--exp", str(claims["exp"])], stdout=subprocess.DEVNULL)
    waiter = threading.Thread(target=lambda: (process.wait(), returned.append(time.monotonic())))
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

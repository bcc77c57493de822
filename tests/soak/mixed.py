#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Good and hostile packets mixed, over veth through the real binary, for some minutes: no crash, no
growth of memory, no uncounted packet, and good tokens answered OK all the while. Root only.

usage: EDGATE_BUILD=build mixed.py [MINUTES]          (default 10)
"""
import os
import random
import re
import socket
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "e2e"))
import egt  # noqa: E402
import frames  # noqa: E402
from harness import ISSUER, VethWorld, have_root_netns, skip  # noqa: E402


def send(seconds, seed, token):
    """In the client's namespace: hostile packets at some thousands a second, and a good one now and then
    that must be answered OK."""
    rng = random.Random(seed)
    kinds = [g[1] for g in frames.answered(token)] + [d[1] for d in frames.dropped(token)]
    raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    raw.bind(("eg1", 0))
    client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    client.settimeout(0.5)
    client.connect(("192.0.2.1", egt.PORT))
    sent = asked = answered = 0
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for _ in range(40):
            try:
                raw.send(frames.mutated(rng, rng.choice(kinds))[:1500])
                sent += 1
            except OSError:  # shorter than an Ethernet header: the kernel keeps it
                pass
        asked += 1
        client.send(egt.request([token], asked))
        try:
            while True:
                reply = egt.Response(client.recv(65535))
                if reply.request_id == asked:
                    break
            assert reply.statuses == ["OK"], reply.statuses
            answered += 1
        except (socket.timeout, ConnectionError):
            pass
    print(f"{sent} hostile packets sent, {answered} of {asked} good requests answered OK")
    assert answered > asked * 0.9


def rss_kb(pid):
    with open(f"/proc/{pid}/status") as status:
        return int(re.search(r"VmRSS:\s+(\d+)", status.read())[1])


def main():
    if len(sys.argv) > 1 and sys.argv[1] == "--send":
        send(float(sys.argv[2]), int(sys.argv[3]), sys.argv[4].encode())
        return
    if not have_root_netns():
        skip("network namespaces need root")
    # In a sanitizer build freed memory must not look like growth; leaks are reported at exit.
    os.environ.setdefault("ASAN_OPTIONS", "quarantine_size_mb=1")
    minutes = float(sys.argv[1]) if len(sys.argv) > 1 else 10
    seed = random.randrange(1 << 32)
    print(f"{minutes} minutes, seed {seed}")
    with VethWorld("soak") as world:
        world.up()
        token = world.token("--exp", "+86400").decode()
        time.sleep(5)
        # `ip netns exec` has become edgate, so the process is edgate's own.
        before = rss_kb(world.process.pid)
        sender = subprocess.Popen(["ip", "netns", "exec", world.cli, sys.executable, __file__, "--send",
                                   str(minutes * 60), str(seed), token])
        revoked = 0
        while sender.poll() is None:
            time.sleep(1)
            world.ctl("revoke", "jti", ISSUER, f"soak-{revoked}", "--exp", "4000000000")
            revoked += 1
        after = rss_kb(world.process.pid)
        for name, count in world.stop().items():
            print(f"{name:26} {count}")
        print(f"resident memory {before} kB before, {after} kB after; {revoked} revocations applied")
        assert sender.returncode == 0
        assert after - before < 8192, "memory grew"
    print("soak: passed")


if __name__ == "__main__":
    main()

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
from harness import ISSUER, ROOT, World, have_root_netns, run, skip  # noqa: E402

PORT = """  - name: p0
    kind: dpdk
    device: net_af_packet0
    vdev: "net_af_packet0,iface=eg0,qpairs=2"
    queues: 2
    mac: 02:00:00:00:00:01
    addresses: [192.0.2.1/24, "2001:db8::1/64"]
"""
WORKERS = "  - {port: p0, queue: 0, cpu: 0}\n  - {port: p0, queue: 1, cpu: 1}\n"
EXTRA = 'idle: sleep:50\neal: ["--no-huge", "--no-shconf", "--no-telemetry", "--no-pci", "-m", "256"]\n'


def mutate(rng, frame):
    frame = bytearray(frame)
    for _ in range(rng.choice([0, 1, 1, 2, 8])):
        frame[rng.randrange(len(frame))] = rng.randrange(256)
    if rng.random() < 0.2:
        del frame[max(14, rng.randrange(len(frame))):]
    return bytes(frame)


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
                raw.send(mutate(rng, rng.choice(kinds))[:1500])
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
    return int(re.search(r"VmRSS:\s+(\d+)", open(f"/proc/{pid}/status").read())[1])


def edgate_pid(world):
    """`ip netns exec` replaces itself by edgate, so the process is edgate's own."""
    return world.process.pid


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
    srv, cli = f"edgate-s{os.getpid()}", f"edgate-c{os.getpid()}"
    with World("soak") as world:
        world.make_netns(srv, cli)
        run("ip", "-n", srv, "link", "add", "eg0", "address", "02:00:00:00:00:01", "type", "veth",
            "peer", "name", "eg1", "netns", cli)
        run("ip", "-n", srv, "link", "set", "eg0", "up")
        for args in (["link", "set", "lo", "up"], ["link", "set", "eg1", "up"],
                     ["addr", "add", "192.0.2.2/24", "dev", "eg1"]):
            run("ip", "-n", cli, *args)
        run("ip", "netns", "exec", cli, "ethtool", "-K", "eg1", "tx", "off")
        world.make_state()
        world.config(PORT, WORKERS, EXTRA)
        world.start(["ip", "netns", "exec", srv])
        token = world.token("--exp", "+86400").decode()
        time.sleep(5)
        before = rss_kb(edgate_pid(world))
        sender = subprocess.Popen(["ip", "netns", "exec", cli, sys.executable, __file__, "--send",
                                   str(minutes * 60), str(seed), token])
        revoked = 0
        while sender.poll() is None:
            time.sleep(1)
            world.ctl("revoke", "jti", ISSUER, f"soak-{revoked}", "--exp", "4000000000")
            revoked += 1
        after = rss_kb(edgate_pid(world))
        text = world.stop()
        print(text[-3000:])
        print(f"resident memory {before} kB before, {after} kB after; {revoked} revocations applied")
        names = re.findall(r"^EG_(?:DROP|ANSWER)\((\w+),",
                           open(os.path.join(ROOT, "lib", "stats", "counters.def")).read(), re.M)
        counted = {m[1]: int(m[2]) for m in re.finditer(r"^\s*(\w+)\s+(\d+)$", text, re.M)}
        assert sender.returncode == 0
        assert counted["rx_packets"] == sum(counted.get(n, 0) for n in names), "an uncounted packet"
        assert after - before < 8192, "memory grew"
    print("soak: passed")


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Measures what a user sees: the rate over memif, and how soon a revocation answers.

usage: end_to_end.py [--samples N] [--rounds N] [--seconds S] [--json FILE]

The programs are those of build/ ($EDGATE_BUILD). No root, no hugepages."""
import argparse
import json
import os
import random
import socket
import statistics
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "tests", "e2e"))
import egt  # noqa: E402
from harness import ISSUER, World, program, run  # noqa: E402

EAL = ["--no-huge", "--no-shconf", "--no-pci", "--log-level=critical", "-m", "256"]
MEMIF = """  - name: p0
    kind: dpdk
    device: net_memif0
    vdev: "net_memif0,role=server,socket={dir}/memif.sock,socket-abstract=no"
    queues: 1
    addresses: [192.0.2.1/24]
"""
SOCKET = "  - name: p0\n    kind: socket\n    queues: 1\n    addresses: [127.0.0.1/8]\n"
CORPUS = ["--count", "2000", "--mix", "OK=90,EXPIRED=4,BAD_SIGNATURE=4,REVOKED=2"]
PAUSE_S = 0.0002
LOADS = {  # name: options of edgate-load
    "closed loop, 64 requests in flight": ["--window", "64"],
    "closed loop, 1 request in flight": ["--window", "1"],
    "open loop, 5000 requests/s": ["--rate", "5000"],
}


def summary(values):
    figures = {"median": statistics.median(values), "min": min(values), "max": max(values)}
    if len(values) >= 100:
        figures["p99"] = statistics.quantiles(values, n=100, method="inclusive")[98]
    return figures


# ── memif ──

def figures_of(result):
    return {"tokens_per_s": result["rates"]["tokens"], "p50_us": result["latency_us"]["p50"],
            "p99_us": result["latency_us"]["p99"], "lost": result["requests"]["lost"],
            "wrong": result["tokens"]["wrong"]}


def memif_load(rounds, seconds):
    with World("perf-memif") as w:
        run(program("edgate-token"), "corpus", "--out", f"{w.dir}/corpus", *CORPUS)
        w.ctl("init", *(["--group", "nogroup"] if os.geteuid() == 0 else []))
        run("sh", f"{w.dir}/corpus/setup.sh", w.state, program("edgatectl"))
        eal = ", ".join(f'"{a}"' for a in EAL)
        w.config(MEMIF.format(dir=w.dir), f"  - {{port: p0, queue: 0, cpu: {int(os.cpu_count() > 1)}}}\n",
                 f"idle: spin\neal: [{eal}]\n")
        w.start()
        load = [program("edgate-load"), *[f"--eal={a}" for a in EAL], "--json", "--seconds", seconds,
                "--vdev", f"net_memif0,role=client,socket={w.dir}/memif.sock,socket-abstract=no",
                "--server", "192.0.2.1", "--client", "192.0.2.2", "--corpus", f"{w.dir}/corpus/corpus.tsv"]
        got = {name: [] for name in LOADS}
        for _ in range(rounds):
            for name, options in LOADS.items():
                got[name].append(figures_of(json.loads(run(*load, *options).stdout)))
        w.stop()
    return {name: {key: summary([r[key] for r in results]) for key in results[0]}
            for name, results in got.items()}


# ── revocation ──

class Asker:
    def __init__(self, port):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.settimeout(2)
        self.socket.connect(("127.0.0.1", port))
        self.id = 0

    def status(self, token):
        self.id += 1
        self.socket.send(egt.request([token], request_id=self.id))
        while True:
            answer = egt.Response(self.socket.recv(2048))
            if answer.request_id == self.id:
                return answer.statuses[0]


def one_revocation(w, asker, n):
    """Seconds from the start of edgatectl to its return, and to the first REVOKED."""
    jti, exp = f"sample-{n}", str(int(time.time()) + 3600)
    token = w.token("--jti", jti)
    assert asker.status(token) == "OK"
    returned = []
    started = time.monotonic()
    process = subprocess.Popen([program("edgatectl"), "--state", w.state, "--run", w.rundir, "revoke", "jti",
                                ISSUER, jti, "--exp", exp], stdout=subprocess.DEVNULL)
    waiter = threading.Thread(target=lambda: (process.wait(), returned.append(time.monotonic())))
    waiter.start()
    while asker.status(token) != "REVOKED":
        assert time.monotonic() < started + 30, "the answer did not turn"
        time.sleep(PAUSE_S)
    turned = time.monotonic()
    waiter.join()
    assert process.returncode == 0
    return returned[0] - started, turned - started


def revocation(samples):
    with World("perf-revoke") as w:
        w.make_state()
        port = random.randrange(30000, 60000)
        w.config(SOCKET, "  - {port: p0, queue: 0}\n", f"base_port: {port}\nidle: sleep:50\n")
        w.start()
        asker = Asker(port)
        times = [one_revocation(w, asker, n) for n in range(samples)]
        asker.socket.close()
        w.stop()
    return {"edgatectl returned (on disk), ms": summary([r * 1e3 for r, _ in times]),
            "first REVOKED, ms": summary([t * 1e3 for _, t in times]),
            "first REVOKED after the return, ms": summary([(t - r) * 1e3 for r, t in times])}


# ── report ──

def show(title, figures):
    print(f"{title:<48}" + "".join(f"  {name} {value:.1f}" for name, value in figures.items()), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", type=int, default=100, help="revocations (100)")
    parser.add_argument("--rounds", type=int, default=5, help="of load over memif (5)")
    parser.add_argument("--seconds", type=int, default=5, help="of each load (5)")
    parser.add_argument("--json", help="file for the figures")
    args = parser.parse_args()
    result = {"load": os.getloadavg(), "revocation": revocation(args.samples)}
    for name, figures in result["revocation"].items():
        show(name, figures)
    result["memif"] = memif_load(args.rounds, args.seconds)
    for name, keys in result["memif"].items():
        for key, figures in keys.items():
            show(f"{name}: {key}", figures)
    if args.json:
        with open(args.json, "w") as out:
            json.dump(result, out, indent=2)


if __name__ == "__main__":
    main()

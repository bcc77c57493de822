#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""How soon an acknowledged revocation is in force: one spinning worker on one core, everything else
(control, writer, a client that asks at 1 kHz over a kernel socket) on another.

usage: revoke_latency.py [--samples N] [--worker-cpu N] [--other-cpu N] [--json FILE]

The programs are those of build/ ($EDGATE_BUILD). No root, no hugepages."""
import argparse
import json
import os
import random
import statistics
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "tests", "e2e"))
from harness import BUILD, ISSUER, World, run  # noqa: E402

PORT = "  - name: p0\n    kind: socket\n    queues: 1\n    addresses: [127.0.0.1/8]\n"
URI = f"{ISSUER}/latency"
BAR = 50


def measure(samples, worker_cpu, other_cpu):
    """(milliseconds from the acknowledgement to the first REVOKED, milliseconds without a CPU) of each."""
    os.sched_setaffinity(0, {worker_cpu, other_cpu})
    with World("latency") as w:
        w.make_state()
        w.ctl("list", "add", URI, "--issuer", ISSUER, "--bits", "1", "--entries", samples)
        with open(f"{w.dir}/tokens", "wb") as out:
            for i in range(samples):
                out.write(w.token("--claim", f'status={{"status_list":{{"idx":{i},"uri":"{URI}"}}}}') + b"\n")
        base = random.randrange(30000, 60000)
        w.config(PORT, f"  - {{port: p0, queue: 0, cpu: {worker_cpu}}}\n",
                 f"base_port: {base}\nidle: spin\ncontrol_cpu: {other_cpu}\n")
        w.start()
        try:
            done = run("taskset", "-c", other_cpu, os.path.join(BUILD, "perf", "revoke_latency"), w.state,
                       w.rundir, f"127.0.0.1:{base}", URI, f"{w.dir}/tokens", w.process.pid)
        except AssertionError:
            print(w.output(), file=sys.stderr)
            raise
        w.stop()
    return [tuple(int(n) / 1e6 for n in line.split()) for line in done.stdout.splitlines()]


def histogram(values, step):
    """A line for each step of milliseconds; what is far off shares the last."""
    top = 50
    counts = [0] * (top + 1)
    for value in values:
        counts[min(top, max(0, int(value / step)))] += 1
    last = max(i for i, n in enumerate(counts) if n)
    for i, n in enumerate(counts[:last + 1]):
        end = "  more" if i == top else f"{(i + 1) * step:6.2f}"
        print(f"{i * step:6.2f} … {end} ms {n:6} {'#' * round(n * BAR / max(counts))}")


def summary(which, values):
    """Prints and returns the percentiles."""
    if len(values) < 2:
        print(f"{which}: {len(values)} revocations, too few")
        return {}
    cuts = statistics.quantiles(values, n=100, method="inclusive")
    figures = {"p50": cuts[49], "p90": cuts[89], "p99": cuts[98], "max": max(values)}
    print(f"{which}: {len(values)} revocations, acknowledged → first REVOKED, ms: " +
          ", ".join(f"{name} {value:.2f}" for name, value in figures.items()) +
          f"; load {os.getloadavg()[0]:.1f}")
    return figures


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", type=int, default=300, help="revocations (300)")
    parser.add_argument("--worker-cpu", type=int, default=1, help="of the worker (1)")
    parser.add_argument("--other-cpu", type=int, default=0, help="of all the rest (0)")
    parser.add_argument("--waited", type=float, default=0.5, metavar="MS",
                        help="show those apart in which the host kept threads waiting for no longer (0.5)")
    parser.add_argument("--json", help="file for the figures")
    args = parser.parse_args()
    samples = measure(args.samples, args.worker_cpu, args.other_cpu)
    values = [took for took, _ in samples]
    alone = [took for took, waited in samples if waited <= args.waited]
    histogram(values, 0.1)
    figures = summary("all", values)
    figures_alone = summary(f"those in which no thread of edgate, writer or client waited more than "
                            f"{args.waited:g} ms for a CPU", alone)
    if args.json:
        with open(args.json, "w") as out:
            json.dump({"load": os.getloadavg(), "figures_ms": figures, "figures_alone_ms": figures_alone,
                       "samples_ms": samples}, out)


if __name__ == "__main__":
    main()

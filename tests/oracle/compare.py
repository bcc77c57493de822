#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Asks edgatectl decide and the oracle about the same generated tokens, status by status.

usage: EDGATECTL=build/app/edgatectl/edgatectl compare.py [TOKENS [SEED [PROCESSES]]]

A block of tokens comes from its own number alone, "SEED/BLOCK", so that one disagreement is made
again by
running one block: compare.py --block SEED/BLOCK. Every disagreement is printed with the line, what
was done
to it, and both answers. Exit 1 where there was one.
"""
import collections
import json
import multiprocessing
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import decide  # noqa: E402
import mutate  # noqa: E402
import world  # noqa: E402

BLOCK = 5000
SHOWN_MAX = 20
HEX = re.compile(rb"(?:[0-9a-fA-F]{2})+")
POLICIES = {number: world.policy(options) for number, options in world.POLICIES.items()}
WORLD = world.world()
STORE = None


def meaning(line, mode):
    """What decide takes a line for: hex is a CWT unless another format was said."""
    if mode not in ("jwt", "paseto") and HEX.fullmatch(line):
        return bytes.fromhex(line.decode()), decide.CWT if mode == "line" else mode
    return line, decide.DETECT if mode == "line" else mode


def answers(store, asked, policy, mode):
    command = store.command("decide", "--now", world.NOW, "--json", "--policy", policy)
    command += [] if mode == "line" else ["--fmt", mode]
    done = subprocess.run(command + ["-"], input=b"".join(a.line + b"\n" for a in asked),
                          capture_output=True, check=True)
    out = [json.loads(line) for line in done.stdout.splitlines()]
    if len(out) != len(asked):
        raise RuntimeError(f"{len(asked)} lines, {len(out)} answers: {done.stderr}")
    return out


def run_block(name):
    """(number of tokens, how often each status, disagreements)."""
    rng, groups = random.Random(name), collections.defaultdict(list)
    for _ in range(BLOCK):
        asked = mutate.draw(rng)
        groups[asked.policy, asked.mode].append(asked)
    counts, wrong = collections.Counter(), []
    for (policy, mode), group in sorted(groups.items()):
        for asked, answer in zip(group, answers(STORE, group, policy, mode)):
            status, detail = decide.decide(*meaning(asked.line, mode), POLICIES[policy], WORLD)
            counts[status] += 1
            if status != answer["status"] or detail not in (None, answer["detail"]):
                wrong.append((name, asked, (status, detail), (answer["status"], answer["detail"])))
    return BLOCK, counts, wrong


def show(disagreement):
    name, asked, oracle, edgate = disagreement
    print(f"block {name} policy {asked.policy} mode {asked.mode} path {'/'.join(asked.path)}\n"
          f"  oracle {oracle} edgate {edgate}\n  {asked.line!r}", flush=True)


def open_store(edgatectl, directory):
    global STORE
    STORE = world.Store(edgatectl, pathlib.Path(directory))


def compare(edgatectl, tokens, seed, processes):
    """How many tokens were answered differently."""
    blocks = [f"{seed}/{i}" for i in range(-(-tokens // BLOCK))]
    done, differ, counts, start = 0, 0, collections.Counter(), time.monotonic()
    with tempfile.TemporaryDirectory(prefix="edgate-oracle-") as directory:
        open_store(edgatectl, directory)
        with multiprocessing.get_context("fork").Pool(processes) as pool:
            for number, seen, wrong in pool.imap_unordered(run_block, blocks):
                done, differ, counts = done + number, differ + len(wrong), counts + seen
                for one in wrong[:max(0, SHOWN_MAX - differ + len(wrong))]:
                    show(one)
    print(f"seed {seed}: {done} tokens, {differ} answered differently, "
          f"{time.monotonic() - start:.0f} s\n{dict(counts.most_common())}", flush=True)
    return differ


def main(args):
    edgatectl = os.environ["EDGATECTL"]
    if args[:1] == ["--block"]:
        with tempfile.TemporaryDirectory(prefix="edgate-oracle-") as directory:
            open_store(edgatectl, directory)
            wrong = run_block(args[1])[2]
        for one in wrong:
            show(one)
        return bool(wrong)
    tokens = int(args[0]) if args else 100000
    seed = args[1] if len(args) > 1 else str(random.SystemRandom().randrange(1 << 32))
    processes = int(args[2]) if len(args) > 2 else len(os.sched_getaffinity(0))
    return compare(edgatectl, tokens, seed, processes) != 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

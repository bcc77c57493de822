#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Asks edgatectl decide and the oracle about the same generated tokens, status by status.

A block of 10000 tokens comes from its name alone, "SEED/NUMBER", so that a disagreement is made
again by running one block: --block SEED/NUMBER. Every disagreement is printed with the line, what
was done to it, and both answers. Exit 1 where there was one.
"""
import argparse
import collections
import contextlib
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

BLOCK = 10000
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


def answers(group, policy, mode):
    command = STORE.command("decide", "--now", world.NOW, "--json", "--policy", policy)
    command += [] if mode == "line" else ["--fmt", mode]
    done = subprocess.run(command + ["-"], input=b"".join(a.line + b"\n" for a in group),
                          capture_output=True, check=True)
    out = [json.loads(line) for line in done.stdout.splitlines()]
    if len(out) != len(group):
        raise RuntimeError(f"{len(group)} lines, {len(out)} answers: {done.stderr}")
    return out


def both(tokens):
    """(Asked, the oracle's Answer, edgate's as a dict) of each, in groups of policy and format."""
    groups = collections.defaultdict(list)
    for asked in tokens:
        groups[asked.policy, asked.mode].append(asked)
    for (policy, mode), group in sorted(groups.items()):
        for asked, edgate in zip(group, answers(group, policy, mode)):
            yield asked, decide.decide(*meaning(asked.line, mode), POLICIES[policy], WORLD), edgate


def agree(oracle, edgate):
    """Equal in all that the documents fix."""
    flags = set(edgate["flags"])
    same = oracle.status == edgate["status"] and oracle.detail == edgate["detail"]
    same = same and oracle.sig_checked == ("SIG_CHECKED" in flags)
    same = same and not flags - {"SIG_CHECKED", "CNF_PRESENT"}
    if oracle.exp is None:
        return same
    return same and oracle.exp == edgate["exp"] and oracle.cnf_present == ("CNF_PRESENT" in flags)


def run_block(name):
    """(number of tokens, how often each status, disagreements)."""
    rng = random.Random(name)
    counts, wrong = collections.Counter(), []
    for asked, oracle, edgate in both([mutate.draw(rng) for _ in range(BLOCK)]):
        counts[oracle.status] += 1
        if not agree(oracle, edgate):
            wrong.append((name, asked, oracle, edgate))
    return BLOCK, counts, wrong


def show(disagreement):
    name, asked, oracle, edgate = disagreement
    print(f"block {name} policy {asked.policy} mode {asked.mode} faults {'/'.join(asked.path)}\n"
          f"  oracle {oracle}\n  edgate {edgate}\n  {asked.line!r}", flush=True)


@contextlib.contextmanager
def opened_store(edgatectl):
    """The world in a directory of edgatectl, for as long as the context lasts."""
    global STORE
    with tempfile.TemporaryDirectory(prefix="edgate-oracle-") as directory:
        STORE = world.Store(edgatectl, pathlib.Path(directory))
        yield


def compare(edgatectl, tokens, seed, jobs=1, first_block=0):
    """How many tokens were answered differently."""
    blocks = [f"{seed}/{i}" for i in range(first_block, -(-tokens // BLOCK))]
    done, differ, counts, start = 0, 0, collections.Counter(), time.monotonic()
    print(f"seed {seed}: blocks {first_block} to {-(-tokens // BLOCK) - 1}", flush=True)
    with opened_store(edgatectl), multiprocessing.get_context("fork").Pool(jobs) as pool:
        for number, seen, wrong in pool.imap(run_block, blocks):
            done, differ, counts = done + number, differ + len(wrong), counts + seen
            for one in wrong[:max(0, SHOWN_MAX - differ + len(wrong))]:
                show(one)
            if done % (2 * BLOCK) == 0:
                print(f"{done} tokens, next --first-block {first_block + done // BLOCK}, "
                      f"{differ} answered differently", flush=True)
    print(f"seed {seed}: {done} tokens, {differ} answered differently, "
          f"{time.monotonic() - start:.0f} s\n{dict(counts.most_common())}", flush=True)
    return differ


def run_one(edgatectl, name):
    with opened_store(edgatectl):
        wrong = run_block(name)[2]
    for one in wrong:
        show(one)
    print(f"block {name}: {len(wrong)} answered differently")
    return len(wrong)


def main(tokens=100000):
    parser = argparse.ArgumentParser(
        description="edgatectl decide (named by EDGATECTL) against the oracle")
    parser.add_argument("--tokens", type=int, default=tokens)
    parser.add_argument("--seed", default=str(random.SystemRandom().randrange(1 << 32)))
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--first-block", type=int, default=0, help="go on with this one")
    parser.add_argument("--block", metavar="SEED/NUMBER", help="this block alone")
    args, edgatectl = parser.parse_args(), os.environ["EDGATECTL"]
    if args.block:
        return run_one(edgatectl, args.block) != 0
    return compare(edgatectl, args.tokens, args.seed, args.jobs, args.first_block) != 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Generated tokens for as long as it takes: edgatectl decide against the oracle of tests/oracle.

usage: EDGATECTL=build/app/edgatectl/edgatectl oracle.py [TOKENS [SEED [PROCESSES]]]

By default 10000000 tokens and a seed by chance, which is printed first. Goes on after a
disagreement, shows the first ones whole, and exits 1 if there was one.
"""
import pathlib
import random
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "oracle"))
import compare  # noqa: E402

if __name__ == "__main__":
    defaults = ["10000000", str(random.SystemRandom().randrange(1 << 32))]
    tokens, seed, *processes = sys.argv[1:] + defaults[len(sys.argv) - 1:]
    print(f"seed {seed}: {tokens} tokens", flush=True)
    sys.exit(compare.main([tokens, seed, *processes]))

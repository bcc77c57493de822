#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Generated tokens for as long as it takes: edgatectl decide against the oracle of tests/oracle.

usage: EDGATECTL=build/app/edgatectl/edgatectl oracle.py [--tokens N] [--seed S] [--jobs J]
           [--first-block B] | --block S/B

By default 10000000 tokens and a seed by chance, which is printed first. Every 20000 tokens a line
says from which block an interrupted run goes on. Goes on after a disagreement, shows the first ones
whole, and exits 1 if there was one.
"""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "oracle"))
import compare  # noqa: E402

if __name__ == "__main__":
    sys.exit(compare.main(tokens=10000000))

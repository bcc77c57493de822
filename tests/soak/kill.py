#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""kill -9 at many random moments: edgate, and edgatectl in the middle of a revocation. Each that was
acknowledged is in force after the restart, each range is there as a whole or not at all.

usage: EDGATE_BUILD=build kill.py [KILLS [SEED]]          (default 500, a random seed, which is printed)
"""
import os
import random
import sys

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "e2e"))
from harness import World  # noqa: E402
from killing import Killing  # noqa: E402


def main():
    kills = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.randrange(1 << 32)
    print(f"seed {seed}", flush=True)
    with World("kill") as world:
        killing = Killing(world, seed)
        while killing.kills < kills:
            killing.round()
            if killing.restarts % 20 == 0:
                print(f"{killing.kills} kills, {len(killing.acked)} acknowledged", flush=True)
        killing.finish()
        print(f"{killing.kills} kills, {killing.restarts} restarts, {len(killing.acked)} revocations "
              f"acknowledged and in force, {len(killing.unsure)} killed before they said so, 0 lost")


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: BSD-3-Clause
"""Durability: 25 kills and more of edgate and edgatectl under a stream of revocations."""
import os
import unittest

from harness import World
from killing import Killing


class Kill(unittest.TestCase):
    def test_what_was_acknowledged_is_in_force(self):
        seed = int(os.environ.get("EDGATE_SEED", "1"))
        print(f"seed {seed}")
        with World("kill") as world:
            killing = Killing(world, seed)
            while killing.kills < 25:
                killing.round()
            killing.finish()
            self.assertGreater(len(killing.acked), 10)
            self.assertGreater(len(killing.unsure), 0)
            print(f"{killing.kills} kills, {killing.restarts} restarts, {len(killing.acked)} acknowledged, "
                  f"none lost")


if __name__ == "__main__":
    unittest.main(verbosity=2)

# SPDX-License-Identifier: BSD-3-Clause
"""kill -9 at random moments under a stream of revocations: what was acknowledged is in force after the
restart, a range is there as a whole or not at all, and the store is sound. For test_kill.py (some
rounds) and the soak (many)."""
import json
import random
import subprocess
import time

from harness import ISSUER, program

LIST = f"{ISSUER}/long"
ENTRIES = 1 << 26
RANGE = 60000  # the log is folded after some twenty of them: kills meet checkpoints too
PORT = "  - name: p0\n    kind: socket\n    queues: 2\n    addresses: [127.0.0.1/8]\n"
WORKERS = "  - {port: p0, queue: 0}\n  - {port: p0, queue: 1}\n"


class Killing:
    def __init__(self, world, seed):
        self.world, self.rng = world, random.Random(seed)
        self.next_index = 0
        self.acked, self.unsure = [], []  # ranges (first, last)
        self.kills = self.restarts = 0
        world.make_state()
        world.ctl("list", "add", LIST, "--issuer", ISSUER, "--bits", "1", "--entries", ENTRIES)
        world.config(PORT, WORKERS,
                     f"base_port: {self.rng.randrange(30000, 60000)}\nidle: sleep:50\n")
        world.start()

    def revoke(self, kill_after_s):
        """One revocation; kill -9 to edgatectl after so many seconds (None: let it end)."""
        first, self.next_index = self.next_index, self.next_index + RANGE
        last = first + (RANGE - 1 if self.rng.random() < 0.5 else 0)
        child = subprocess.Popen(
            [program("edgatectl"), "--state", self.world.state, "--run", self.world.rundir,
             "revoke", "index", LIST, f"{first}-{last}"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if kill_after_s is not None:
            time.sleep(kill_after_s)
            child.kill()
            self.kills += 1
        out, err = child.communicate()
        if "done: epoch" in out:
            self.acked.append((first, last))
        else:
            assert kill_after_s is not None, err
            self.unsure.append((first, last))

    def kill_edgate(self):
        self.world.process.kill()
        self.world.process.wait()
        self.kills += 1

    def round(self):
        """A few revocations, of which some are killed; edgate is killed at some moment among them."""
        when = self.rng.randrange(4)
        for i in range(4):
            if i == when:
                self.kill_edgate()
            self.revoke(self.rng.random() * 0.006 if self.rng.random() < 0.6 else None)
        self.world.start()
        self.restarts += 1
        self.check(self.acked[-4:], self.unsure[-4:])

    def statuses(self, indices):
        """By the store, with the same code as the data plane, in one process."""
        lines = b"\n".join(self.token(i) for i in indices) + b"\n"
        done = subprocess.run([program("edgatectl"), "--state", self.world.state, "decide", "-", "--json"],
                              input=lines, capture_output=True)
        assert done.returncode == 0, done.stderr
        return [json.loads(line)["status"] for line in done.stdout.splitlines()]

    def token(self, index):
        return self.world.token(
            "--claim", f'status={{"status_list":{{"idx":{index},"uri":"{LIST}"}}}}')

    def check(self, acked, unsure):
        ranges = acked + unsure
        indices = [i for first, last in ranges for i in (first, (first + last) // 2, last)]
        found = self.statuses(indices) if indices else []
        for n, (first, last) in enumerate(ranges):
            seen = found[3 * n:3 * n + 3]
            assert len(set(seen)) == 1, f"{first}-{last} is half there: {seen}"
            assert seen[0] in ("REVOKED", "OK"), seen
            assert n >= len(acked) or seen[0] == "REVOKED", f"{first}-{last} was acknowledged and is lost"

    def finish(self):
        """Everything again, by the running edgate's own eyes and from end to end of the store."""
        for at in range(0, len(self.acked), 50):
            self.check(self.acked[at:at + 50], [])
        assert "sound" in self.world.ctl("state", "verify").stdout
        self.world.stop()

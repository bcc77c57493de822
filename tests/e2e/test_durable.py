# SPDX-License-Identifier: BSD-3-Clause
"""The store under a running edgate: restored, gone, read-only, full, damaged, written by two at once, and
not read for a while. Service goes on, nothing acknowledged is lost, epochs never go back."""
import hashlib
import os
import re
import resource
import signal
import sqlite3
import subprocess
import time
import unittest

import egt
from harness import ISSUER, program, run
from test_socket import Server

EXP = str(int(time.time()) + 3600)


def row_sum(db, table):
    """The checksum of a small row, by docs/revocation.md."""
    *values, _ = db.execute(f"SELECT * FROM {table}").fetchone()
    h = hashlib.blake2b(table.encode() + b"\0", digest_size=16)
    for value in values:
        if isinstance(value, int):
            h.update(b"i" + (value & (1 << 64) - 1).to_bytes(8, "big"))
        else:
            h.update(b"b" + len(value).to_bytes(8, "big") + value)
    return h.digest()


class Durable(Server):
    def answer(self, token):
        response = egt.Response(self.ask(egt.request([token])))
        return response.statuses[0], response.epoch

    def revoke(self, jti):
        return self.change("revoke", "jti", ISSUER, jti, "--exp", EXP)

    def change(self, *args):
        """The epoch of an acknowledged change."""
        out = self.world.ctl(*args).stdout
        generation, sequence = out.split()[2].split(".")
        return int(generation) << 48 | int(sequence)

    def wait_epoch(self, epoch, within_s=5.0):
        """What every core has applied by then is at least this."""
        end = time.monotonic() + within_s
        seen = 0
        while time.monotonic() < end:
            now = self.answer(b"x")[1]
            self.assertGreaterEqual(now, seen, "the epoch went back")
            seen = now
            if seen >= epoch:
                return seen
            time.sleep(0.002)
        self.fail(f"epoch {seen:#x} is not {epoch:#x} yet:\n{self.world.output()}")

    def wait_log(self, words, within_s=5.0):
        end = time.monotonic() + within_s
        while words not in self.world.output():
            self.assertLess(time.monotonic(), end, f"no '{words}' in\n{self.world.output()}")
            time.sleep(0.01)

    def read_only(self):
        """The state directory read-only, for all that opens it from now on."""
        if os.geteuid() != 0:
            self.skipTest("SKIPPED: needs root to mount")
        world = self.world
        if subprocess.run(["mount", "--bind", world.state, world.state], capture_output=True).returncode:
            self.skipTest("SKIPPED: may not mount")
        self.addCleanup(subprocess.run, ["umount", "-l", world.state], capture_output=True)
        run("mount", "-o", "remount,ro,bind", world.state)

    def test_restore_under_a_running_edgate(self):
        w, backup = self.world, f"{self.world.dir}/backup"
        before, after = w.token("--jti", "before"), w.token("--jti", "after")
        self.revoke("before")
        w.ctl("state", "backup", backup)
        old = self.wait_epoch(self.revoke("after"))
        self.assertEqual([self.answer(t)[0] for t in (before, after)], ["REVOKED", "REVOKED"])
        w.ctl("state", "restore", backup)
        new = self.wait_epoch((old >> 48) + 1 << 48)
        self.assertEqual(new >> 48, (old >> 48) + 1)
        self.assertEqual([self.answer(t)[0] for t in (before, after)], ["REVOKED", "OK"])
        self.wait_epoch(self.revoke("after"))
        self.assertEqual(self.answer(after)[0], "REVOKED")
        w.stop()

    def test_a_directory_that_vanishes_and_comes_back(self):
        w = self.world
        token, dead = w.token("--jti", "alive"), w.token("--jti", "dead")
        epoch = self.wait_epoch(self.revoke("dead"))
        os.rename(w.state, w.state + ".away")
        self.wait_log("serving the state of before")
        self.assertEqual((self.answer(token), self.answer(dead)),
                         (("OK", epoch), ("REVOKED", epoch)))
        done = w.ctl("revoke", "jti", ISSUER, "alive", "--exp", EXP, check=False)
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        os.rename(w.state + ".away", w.state)
        self.wait_log("the state can be read again")
        self.wait_epoch(self.revoke("alive"))
        self.assertEqual(self.answer(token)[0], "REVOKED")
        self.assertEqual(w.output().count("serving the state of before"), 1)
        w.stop()

    def test_a_disk_that_becomes_read_only(self):
        w = self.world
        token = w.token("--jti", "alive")
        self.read_only()
        done = w.ctl("revoke", "jti", ISSUER, "alive", "--exp", EXP, check=False)
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("edgate.db", done.stderr)
        self.assertEqual(self.answer(token)[0], "OK")
        run("umount", "-l", w.state)
        self.wait_epoch(self.revoke("alive"))
        self.assertEqual(self.answer(token)[0], "REVOKED")
        w.stop()

    def small_disk(self):
        """edgate anew, with its state on a file system of 2 MB."""
        w = self.world
        w.stop()
        os.rename(w.state, w.state + ".before")
        os.mkdir(w.state)
        if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "none", w.state],
                                               capture_output=True).returncode != 0:
            self.skipTest("SKIPPED: may not mount")
        self.addCleanup(subprocess.run, ["umount", "-l", w.state], capture_output=True)
        run("cp", "-a", w.state + ".before/.", w.state)
        w.start()

    def test_a_full_disk(self):
        """A change that finds no room is refused as a whole; with room again everything goes on."""
        w = self.world
        self.small_disk()
        token, uri = w.token("--jti", "last"), f"{ISSUER}/list"
        acked, ranges = [], ",".join(str(i) for i in range(0, 1000, 2))
        with open(f"{w.state}/ballast", "wb") as file:
            try:
                file.write(bytes(8 << 20))
            except OSError:
                pass
        for i in range(50):  # what the log still had room for, and then no more
            done = w.ctl("revoke", "index", uri, ranges, check=False)
            if done.returncode != 0:
                break
            acked.append(done.stdout.split()[2])
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("nothing was changed", done.stderr)
        self.assertEqual(self.answer(token)[0], "OK")
        os.remove(f"{w.state}/ballast")
        self.assertIn("sound", w.ctl("state", "verify").stdout)
        epoch = self.revoke("last")
        if acked:  # the refused one took no epoch
            self.assertEqual(epoch & 0xffffffff, int(acked[-1].split(".")[1]) + 1)
        self.wait_epoch(epoch)
        self.assertEqual(self.answer(token)[0], "REVOKED")
        w.stop()

    def test_a_file_that_may_not_grow(self):
        """No file may grow beyond what it has: for SQLite that is a write that fails, as ENOSPC is."""
        w = self.world
        token = w.token("--jti", "alive")
        list_args = ("list", "import", "--raw", f"{ISSUER}/big", f"{w.dir}/big")
        added = self.change("list", "add", f"{ISSUER}/big", "--issuer", ISSUER, "--bits", "8",
                            "--entries", 1 << 20)
        with open(f"{w.dir}/big", "wb") as file:
            file.write(b"\1" * (1 << 20))

        def small():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 18, 1 << 18))

        epoch = self.wait_epoch(added)
        done = w.ctl(*list_args, check=False, preexec_fn=small)
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("nothing was changed", done.stderr)
        self.assertEqual(self.answer(token), ("OK", epoch))
        self.assertIn("sound", w.ctl("state", "verify").stdout)
        w.ctl(*list_args)
        self.wait_epoch(self.revoke("alive"))
        self.assertEqual(self.answer(token)[0], "REVOKED")
        w.stop()

    def test_a_damaged_store(self):
        """Refused by name while edgate runs and at its start; a restore brings everything back."""
        w, backup = self.world, f"{self.world.dir}/backup"
        token, dead = w.token("--jti", "alive"), w.token("--jti", "dead")
        self.revoke("dead")
        w.ctl("state", "backup", backup)
        epoch = self.wait_epoch(self.revoke("other"))
        with sqlite3.connect(f"{w.state}/edgate.db") as db:
            sequence = db.execute("SELECT sequence FROM meta").fetchone()[0] + 1
            db.execute("INSERT INTO event VALUES (?, x'00', x'00')", (sequence,))
            db.execute("UPDATE meta SET sequence = ?", (sequence,))
            db.execute("UPDATE meta SET checksum = ?", (row_sum(db, "meta"),))
        named = f"table event, sequence {sequence}: checksum mismatch"
        self.wait_log(named)
        self.assertEqual((self.answer(token), self.answer(dead)),
                         (("OK", epoch), ("REVOKED", epoch)))
        w.stop()
        done = run(program("edgate"), "--config", f"{w.dir}/edgate.yaml", check=False, timeout=30)
        self.assertEqual(done.returncode, 1)
        self.assertIn(named, done.stderr + done.stdout)
        w.ctl("state", "restore", backup)
        w.start()
        self.assertGreater(self.answer(token)[1], epoch)
        self.assertEqual((self.answer(token)[0], self.answer(dead)[0]), ("OK", "REVOKED"))
        w.stop()

    def test_two_writers(self):
        """Both acknowledge all of theirs, under epochs of their own, and all of it is in force."""
        w = self.world
        script = ('i=0; while [ $i -lt 20 ]; do "$0" --state "$1" --run "$2" revoke jti "$3" "$4-$i"'
                  ' --exp "$5" || exit 1; i=$((i+1)); done')
        writers = [subprocess.Popen(["/bin/sh", "-c", script, program("edgatectl"), w.state, w.rundir,
                                     ISSUER, name, EXP], stdout=subprocess.PIPE, text=True)
                   for name in ("a", "b")]
        lines = [line for p in writers for line in p.communicate()[0].splitlines()]
        self.assertEqual([p.returncode for p in writers], [0, 0])
        self.assertEqual(len(set(lines)), 40)
        self.wait_epoch(1 << 48 | max(int(line.split(".")[1]) for line in lines))
        tokens = [w.token("--jti", f"{name}-{i}") for name in ("a", "b") for i in range(20)]
        statuses = [s for t in tokens for s in self.statuses(t)]
        self.assertEqual(statuses, ["REVOKED"] * 40)
        w.stop()

    def test_a_reader_that_stalls(self):
        """Changes are acknowledged without it; then it catches up, and the log beside the store, which it
        does not hold back while it stands still between two reads, stays small."""
        w = self.world
        uri = f"{ISSUER}/list"
        w.process.send_signal(signal.SIGSTOP)
        self.addCleanup(lambda: w.process and w.process.send_signal(signal.SIGCONT))
        begin = time.monotonic()
        while time.monotonic() < begin + 1.0:
            w.ctl("revoke", "index", uri, "0-999")
            w.ctl("unrevoke", "index", uri, "0-999")
        epoch = self.revoke("last")
        size = os.path.getsize(f"{w.state}/edgate.db-wal")
        w.process.send_signal(signal.SIGCONT)
        self.wait_epoch(epoch)
        self.assertEqual(self.answer(w.token("--jti", "last"))[0], "REVOKED")
        self.assertLess(size, 16 << 20)
        w.stop()

    def test_wait_tells_epoch_and_milliseconds(self):
        done = self.world.ctl("revoke", "jti", ISSUER, "w", "--exp", EXP, "--wait")
        self.assertRegex(done.stdout, re.compile(r"\Adone: epoch 1\.\d+\napplied: \d+\.\d ms\n\Z"))
        self.assertEqual(self.answer(self.world.token("--jti", "w"))[0], "REVOKED")
        self.world.process.kill()
        self.world.process.wait()
        done = self.world.ctl("revoke", "jti", ISSUER, "v", "--exp", EXP, "--wait=3600000", check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("there is no edgate to wait for", done.stderr)
        self.world.start()
        self.assertEqual(self.answer(self.world.token("--jti", "v"))[0], "REVOKED")
        self.world.stop()


if __name__ == "__main__":
    unittest.main(verbosity=2)

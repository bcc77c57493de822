# SPDX-License-Identifier: BSD-3-Clause
"""edgate-load over kernel sockets: no DPDK, no privileges. Mixes, its JSON, what fails a run, exit codes."""
import json
import os
import random
import re
import subprocess
import threading
import time
import unittest

import load_json
from harness import AUDIENCE, World, program, run

ISSUER_1 = "https://issuer-1.example"  # of edgate-token corpus
PORT = "  - name: p0\n    kind: socket\n    queues: 2\n    addresses: [127.0.0.1/8]\n"
WORKERS = "  - {port: p0, queue: 0}\n  - {port: p0, queue: 1}\n"
PATIENT = ["--patience", "5000000", "--timeout", "5000"]  # other programs may have the CPU for long


class Load(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = w = World("load")
        cls.corpus = f"{w.dir}/corpus/corpus.tsv"
        run(program("edgate-token"), "corpus", "--out", f"{w.dir}/corpus", "--count", "400", "--issuers", "2",
            "--fmt", "mixed", "--mix", "OK=50,EXPIRED=10,BAD_SIGNATURE=10,REVOKED=10,BAD_AUD=10,MALFORMED=10")
        w.ctl("init", *(["--group", "nogroup"] if os.geteuid() == 0 else []))
        run("sh", f"{w.dir}/corpus/setup.sh", w.state, program("edgatectl"))
        # Not among edgate-load's own source ports.
        cls.base = random.randrange(42000, 60000)
        w.config(PORT, WORKERS, f"base_port: {cls.base}\nidle: sleep:50\n")
        w.start()

    @classmethod
    def tearDownClass(cls):
        try:
            cls.world.stop()
        finally:
            cls.world.__exit__()

    def load(self, *args, status=0, corpus=None, base=None):
        done = run(program("edgate-load"), *args, "--udp", f"127.0.0.1:{base or self.base}", "--corpus",
                   corpus or self.corpus, check=False, timeout=120)
        self.assertEqual(done.returncode, status, f"{args}\n{done.stdout}{done.stderr}")
        return done

    def run_json(self, *args, status=0, corpus=None):
        done = self.load("run", *args, *PATIENT, "--json", status=status, corpus=corpus)
        return load_json.check_run(done.stdout, "--histogram" in args)

    def test_open_loop(self):
        got = self.run_json("--rate", "2000", "--seconds", "1", "--warmup", "0.2", "--histogram")
        self.assertEqual(got["requests"]["due"], 2000)
        self.assertEqual(got["tokens"]["right"], 2000)
        self.assertEqual(got["latency_from"], "due")
        self.assertAlmostEqual(got["rates"]["due"], 2000, delta=200)
        self.assertTrue(got["good"])

    def test_closed_loop_and_several_tokens(self):
        got = self.run_json("--seconds", "0.5", "--window", "32", "--frame-tokens", "8", "--popularity", "uniform")
        self.assertEqual(got["latency_from"], "sent")
        self.assertGreater(got["tokens"]["answered"], got["requests"]["answered"])

    def test_schedules(self):
        for args, due in ((["--profile", "ramp:0,2000,0.5+spike:200,0.1+hold:200,0.5"], 800),
                          (["--rate", "2000", "--seconds", "0.4", "--arrivals", "burst:100"], 800)):
            self.assertEqual(self.run_json(*args)["requests"]["due"], due)
        poisson = self.run_json("--rate", "2000", "--seconds", "1", "--arrivals", "poisson", "--seed", "3")
        self.assertAlmostEqual(poisson["requests"]["due"], 2000, delta=300)

    def test_cores_and_steering(self):
        cpus = ",".join(map(str, sorted(os.sched_getaffinity(0))[:2]))
        for steer in (["none"], ["port"], ["toeplitz", "--workers", "2"]):
            got = self.run_json("--cpus", cpus, "--rate", "1000", "--seconds", "0.5", "--steer", *steer)
            self.assertEqual(got["requests"]["answered"], 500)
            self.assertEqual(got["conditions"]["cores"], len(cpus.split(",")))

    def test_mixes(self):
        short = ["--rate", "1000", "--seconds", "0.4"]
        cached = self.run_json("--mix", "W1", "--set", "8", *short)
        self.assertEqual(cached["statuses"], {"OK": 400})
        self.assertEqual(cached["conditions"]["requests"], 8)
        cold = self.run_json("--mix", "W2", "--cache-entries", "50", *short)
        self.assertEqual(cold["statuses"], {"OK": 400})
        forged = self.run_json("--mix", "W3", *short)
        self.assertEqual(forged["statuses"], {"BAD_SIGNATURE": 400})
        self.assertEqual(forged["tokens"]["sig_checked"], 400)
        zipf = self.run_json("--mix", "W4", *short)
        self.assertEqual(zipf["conditions"]["popularity"], "zipf:0.99")
        hostile = self.run_json("--mix", "W6", "--hostile", "3", *short)
        self.assertEqual(hostile["hostile"]["sent"], 1200)
        self.assertEqual(hostile["hostile"]["accepted"], 0)
        self.assertGreater(hostile["hostile"]["answered"], 0)

    def test_cold_wants_a_large_corpus(self):
        done = self.load("--mix", "W2", "--cache-entries", "1000", status=3)
        self.assertIn("4000 valid tokens", done.stderr)
        self.load("--mix", "W2", status=2)

    def test_one_wrong_expectation_fails_the_run(self):
        """The first valid token of the corpus is said to be expired."""
        with open(self.corpus) as text:
            lines = text.readlines()
        victim = next(i for i, line in enumerate(lines) if "\tOK\t" in line)
        lines[victim] = lines[victim].replace("\tOK\t", "\tEXPIRED\t")
        name, wrong = lines[victim].split("\t")[0], f"{self.world.dir}/wrong.tsv"
        with open(wrong, "w") as out:
            out.writelines(lines)
        got = self.run_json("--rate", "1000", "--seconds", "0.8", corpus=wrong, status=1)
        self.assertFalse(got["good"])
        self.assertEqual(got["wrong_first"],
                         [{"name": name, "expected": "EXPIRED", "answered": "OK", "count": 2}])
        self.assertEqual(got["tokens"]["wrong"], 2)
        done = self.load("table", corpus=wrong, status=1)
        self.assertEqual(done.stdout.count("<- wrong"), 1)
        self.load("--table")

    def test_churn(self):
        """Tokens are revoked under the load; then once more with a story that is not true."""
        ids, corpus = range(12), f"{self.world.dir}/churn.tsv"
        with open(corpus, "w") as out:
            for i in ids:
                out.write(f"c{i}\tOK\t{self.token(i)}\n")
        told, lie = f"{self.world.dir}/revoked", f"{self.world.dir}/lie"
        open(told, "w").close()
        revoker = threading.Thread(target=self.revoke_all, args=(ids, told))
        revoker.start()
        got = self.run_json("--mix", "W5", "--rate", "2000", "--seconds", "3", "--revocations", told, corpus=corpus)
        revoker.join()
        self.assertGreater(got["statuses"]["REVOKED"], 0)
        self.assertGreater(got["statuses"]["OK"], 0)
        with open(told) as text, open(lie, "w") as out:  # c0 is not said to be revoked, but is
            out.write("".join(line for line in text if not line.startswith("c0\t")))
        got = self.run_json("--mix", "W5", "--rate", "2000", "--seconds", "0.3", "--revocations", lie,
                            corpus=corpus, status=1)
        self.assertEqual(got["wrong_first"][0]["name"], "c0")

    def token(self, i):
        return run(program("edgate-token"), "sign", "--key", f"{self.world.dir}/corpus/issuer-1.private.jwk",
                   "--iss", ISSUER_1, "--aud", AUDIENCE, "--sub", "a", "--jti", f"churn-{i}",
                   "--exp", "+3600").stdout.strip()

    def revoke_all(self, ids, told):
        time.sleep(0.3)
        with open(told, "a") as out:
            for i in ids:
                text = self.world.ctl("revoke", "jti", ISSUER_1, f"churn-{i}", "--exp", "+3600").stdout
                out.write(f"c{i}\t{re.search(r'epoch ([0-9.]+)', text)[1]}\n")
                out.flush()
            out.write("end\n")

    def test_search(self):
        """What it finds is not judged here: this host may be busy. What it says must be sound."""
        done = self.load("search", "--rate-min", "100", "--rate-max", "1000", "--precision", "0.2", "--seconds", "0.3",
                         "--warmup", "0.1", "--repetitions", "2", *PATIENT, "--json")
        got = load_json.check_search(done.stdout)
        self.assertEqual(len(got["ndr"]["rates"]), 2)
        self.assertEqual([p["percent_of_ndr"] for p in got["latency"]], [10, 50, 90])
        self.assertGreaterEqual(got["ndr"]["rate"], 100)
        text = self.load("search", "--rate-min", "100", "--rate-max", "200", "--precision", "0.5", "--seconds", "0.2",
                         "--repetitions", "1", *PATIENT).stdout
        self.assertIn("NDR", text)

    def test_nobody_there(self):
        done = self.load("--seconds", "0.1", "--timeout", "100", base=random.randrange(20000, 24000), status=1)
        self.assertIn("no answer came", done.stderr)

    def test_nobody_reads(self):
        """A pipe that is closed, or the socket of a virtio_user whose edgate has gone, is an error, not the end."""
        ours, theirs = os.pipe()
        os.close(ours)
        done = subprocess.run([program("edgate-load"), "--udp", f"127.0.0.1:{self.base}", "--corpus", self.corpus,
                               "--seconds", "0.1"], stdout=theirs, stderr=subprocess.PIPE, text=True, timeout=120)
        os.close(theirs)
        self.assertEqual(done.returncode, 1)
        self.assertIn("could not be written", done.stderr)

    def test_usage(self):
        for args in (["--rate", "-1"], ["--rate", "1", "--profile", "hold:1,1"], ["--mix", "W7"], ["--hostile", "1"],
                     ["--cpus", "1,1"], ["--nonsense"], ["run", "operand"], ["--mix", "W5"], ["--list-bits", "3"],
                     ["--arrivals", "burst:0"], ["--arrivals", "poisson"], ["--profile", "hold:1,1", "--seconds", "2"],
                     ["--rss-key", "00"], ["search", "--rate-min", "2", "--rate-max", "1"]):
            self.load(*args, status=2)
        self.assertEqual(run(program("edgate-load"), check=False).returncode, 2)
        self.load(corpus="/nonexistent", status=3)
        self.assertIn("Is a directory", self.load(corpus=self.world.dir, status=3).stderr)
        damaged = f"{self.world.dir}/damaged.tsv"
        with open(self.corpus, "rb") as whole, open(damaged, "wb") as out:
            out.write(whole.readline() + bytes(100) + whole.read())
        self.assertIn("a byte 0 at", self.load(corpus=damaged, status=3).stderr)
        for command in ([], ["run"], ["search"], ["table"]):
            text = run(program("edgate-load"), *command, "--help").stdout
            self.assertIn("--corpus FILE", text)

    def test_the_page_shows_what_is_printed(self):
        run_example, search_example = load_json.examples_of_the_page()
        load_json.check_run(json.dumps(run_example) + "\n")
        load_json.check_search(json.dumps(search_example) + "\n")

    def test_ends_when_it_is_told_to(self):
        process = subprocess.Popen([program("edgate-load"), "--udp", f"127.0.0.1:{self.base}", "--corpus", self.corpus,
                                    "--seconds", "60", "--rate", "1000", "--json"], stdout=subprocess.PIPE, text=True)
        time.sleep(1)
        process.terminate()
        out, _ = process.communicate(timeout=20)
        self.assertEqual(process.returncode, 0)
        self.assertLess(load_json.check_run(out)["seconds"], 30)


if __name__ == "__main__":
    unittest.main(verbosity=2)

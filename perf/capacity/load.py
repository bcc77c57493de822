# SPDX-License-Identifier: BSD-3-Clause
"""edgate-load as the cases see it: one trial at a rate, or one search for the capacity. Every answer is
checked by edgate-load itself; docs/edgate-load.md says what its JSON means."""
import json
import os
import subprocess

FORMATS = {"run": "edgate-load run", "search": "edgate-load search"}
SPARE_S = 120  # beyond what a command should take
SEED = 1  # the same load in every round
WARMUP_S = 0.3
PATIENCE_US = 20000  # a host takes a CPU away for 10 to 15 ms now and then: what was due then goes out late


class LoadError(Exception):
    """edgate-load did not do it, and why."""


def first_on_its_cpu():
    """edgate's control shares the generator's CPU: its time slices are not to be in the latencies. Root's right."""
    return ["nice", "-n", "-20"] if os.geteuid() == 0 else []


class Load:
    """The generator with everything that stays the same: program, CPU, address, corpus, mix."""

    def __init__(self, program, link_args, corpus, mix, cpu, places):
        self.corpus, self.places = corpus, places  # where the last trial ended in each corpus: what is cold stays so
        self.command = [program, *link_args, "--corpus", corpus, *mix, "--cpus", cpu, "--seed", SEED,
                        "--patience", PATIENCE_US, "--quiet", "--json"]

    def ask(self, verb, options, seconds):
        program, *rest = self.command
        first = ["--first", self.places.get(self.corpus, 0)]
        command = [str(word) for word in (*first_on_its_cpu(), program, verb, *rest, *options, *first)]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + SPARE_S)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise LoadError(f"edgate-load: {error}") from error
        result = read(verb, done)
        self.places[self.corpus] = result["next"]
        return result

    def trial(self, rate, seconds, histogram=False):
        options = ["--rate", round(rate), "--seconds", seconds, "--warmup", WARMUP_S]
        return self.ask("run", options + (["--histogram"] if histogram else []), seconds)

    def closed(self, window, seconds):
        """As fast as answers come, so many requests in flight."""
        options = ["--window", window, "--seconds", seconds, "--warmup", WARMUP_S]
        return self.ask("run", options, seconds)

    def search(self, low, high, trial_s, precision, pdr=True):
        """One search, without repetitions: the cases repeat it in rounds that take turns."""
        options = ["--rate-min", round(low), "--rate-max", round(high), "--seconds", trial_s, "--warmup", WARMUP_S,
                   "--precision", precision, "--repetitions", 1]
        return self.ask("search", options + ([] if pdr else ["--no-pdr"]), 60 * trial_s)


def read(verb, done):
    """Exit status 1 is a wrong answer: it is in the JSON, and fails the claim, not the measurement."""
    try:
        result = json.loads(done.stdout)
    except json.JSONDecodeError:
        result = {}
    if done.returncode not in (0, 1) or result.get("format") != FORMATS[verb]:
        last = (done.stderr.strip() or done.stdout.strip() or "no word").splitlines()[-1]
        raise LoadError(f"edgate-load {verb}: exit {done.returncode}: {last}")
    if result["version"] != 1:
        raise LoadError(f"edgate-load {verb}: version {result['version']} of its JSON is not known here")
    return result


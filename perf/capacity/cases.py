# SPDX-License-Identifier: BSD-3-Clause
"""What is measured. A round runs every case once, in turn, so that what changes on the machine meets all
of them; figures are medians of rounds with the lowest and the highest. The first round also draws
the curves. A case that cannot be measured says why and stops nothing else."""
import contextlib
import copy
import dataclasses
import statistics
import threading
import time

from . import corpus, revocation
from .load import LoadError

RATE_MIN, RATE_MAX = 1000, 8e6  # requests a second, for the first search
AGAIN = (0.6, 1.5)  # of the first round's NDR: where later rounds search
LATER = 0.4  # of the first round's time that a later one takes: no curves, no PDRs
OVERLOAD = 3.0  # times NDR
NO_NDR = "no rate passed without loss"
NO_ANSWER = "nothing was answered while it counted"
ATTEMPTS = 3  # to bring a set-up through a round
COLD_PCT = 1  # of answers that W2 may have from the cache
CHURN_TOKENS = 1000
ENGINE_ROUNDS = 40  # of 40 to 60 ms: as much as the host's speed is to be averaged over
WINDOW = 256  # requests in flight where a server is kept busy
TURNS = 5  # of W2 and W3, in one round
CURVE = (0.1, 0.25, 0.5, 0.75, 0.9, 1.0, 1.1, 1.5, 2.0, 3.0)  # of NDR
SPECTRA = (0.1, 0.5, 0.9)
BUSY = 0.9  # where stages are looked at


@dataclasses.dataclass(frozen=True)
class Plan:
    rounds: int
    budget_s: float  # no further round where it would not end by then
    trial_s: float
    precision: float
    cold: int  # tokens of a corpus that no cache holds
    warm: int  # tokens that W1 repeats: few enough that no set of the cache has too many
    mixed: int  # tokens of every status
    engine_tokens: int
    revocations: int
    settle_s: float  # at most, until the tables of the keys in use are built
    curve: tuple
    purpose: str = "measurement"
    only: tuple = ()  # cases where none is named; else all


PLANS = {
    "full": Plan(5, 720, 0.8, 0.02, 65536, 2048, 4000, 16384, 100, 20, CURVE),
    "quick": Plan(1, 120, 0.3, 0.05, 16384, 512, 4000, 8192, 50, 20, (0.1, 0.5, 0.9, 1.5, 3.0)),
    "smoke": Plan(1, 20, 0.2, 0.3, 2048, 64, 200, 512, 3, 0, (0.5, 0.9, 3.0), "smoke test: these figures mean nothing",
                  ("w2-213", "overload", "engine-213", "plain", "revocation", "PyJWT")),
}


@dataclasses.dataclass(frozen=True)
class Case:
    name: str
    short: str  # for charts
    title: str
    stage: str  # the set-up it runs in; set-ups of a round stand in STAGES
    corpus: str
    mix: str = "W2"
    how: str = "search"  # the method of Suite
    needs: tuple = ()


CASES = (
    Case("w2-213", "W2, 213 bytes", "edgate, all valid and cold (W2), 213-byte JWT", "edgate", "cold-213"),
    Case("engine-213", "engine alone", "bare engine, the same tokens as w2-213", "edgate", "cold-213", how="engine"),
    Case("w3-213", "W3, forged", "edgate, all forged and distinct (W3), 213-byte JWT", "edgate", "cold-213", "W3"),
    Case("w3-213-busy", "W3, 256 in flight", "edgate, W3 with 256 requests in flight, 213-byte JWT", "edgate",
         "cold-213", "W3", "beside_w2"),
    Case("overload", "W2 at 3 × NDR", "edgate, W2 offered at 3 × NDR, 213-byte JWT", "edgate", "cold-213",
         how="overload", needs=("w2-213",)),
    Case("w2-570", "W2, 570 bytes", "edgate, all valid and cold (W2), 570-byte JWT", "edgate", "cold-570"),
    Case("engine-570", "engine alone, 570 bytes", "bare engine, the same tokens as w2-570", "edgate", "cold-570",
         how="engine"),
    Case("w1-213", "W1, cached", "edgate, all cached (W1), 213-byte JWT", "edgate", "cold-213", "W1"),
    Case("w2-213-busy", "W2, 256 in flight", "edgate, W2 with 256 requests in flight, 213-byte JWT", "edgate",
         "cold-213", how="closed"),
    Case("w2-570-busy", "W2, 570 bytes, 256 in flight", "edgate, W2 with 256 requests in flight, 570-byte JWT",
         "edgate", "cold-570", how="closed"),
    Case("w1-213-busy", "W1, 256 in flight", "edgate, W1 with 256 requests in flight, 213-byte JWT", "edgate",
         "cold-213", "W1", "closed"),
    Case("w4", "W4, everything", "edgate, every status, Zipf 0.99 (W4), 570-byte JWT", "edgate", "mixed", "W4",
         "closed"),
    Case("w5", "W5, churn", "edgate, Zipf 0.99 while edgatectl revokes (W5), 570-byte JWT", "edgate", "", "W5",
         "churn"),
    Case("w6", "W6, hostile", "edgate, hostile frames among good ones (W6), 570-byte JWT", "edgate", "mixed", "W6",
         "closed"),
    Case("sodium", "edgate with libsodium", "edgate with libsodium as its engine, W2, 213-byte JWT", "sodium",
         "cold-213", how="closed"),
    Case("socket", "edgate, kernel sockets", "edgate over kernel sockets, W2, 213-byte JWT", "socket", "cold-213",
         how="closed"),
    Case("plain", "plain server", "plain server (kernel sockets, libsodium, jansson), W2, 213-byte JWT", "plain",
         "cold-213", how="closed"),
    Case("revocation", "revocation", "from edgatectl revoke jti to REVOKED", "socket", "", how="revocation"),
    Case("jose", "jose (npm)", "jose (npm), 213-byte JWT", "libraries", "cold-213", how="library"),
    Case("fast-jwt", "fast-jwt (npm)", "fast-jwt (npm), 213-byte JWT", "libraries", "cold-213", how="library"),
    Case("PyJWT", "PyJWT", "PyJWT, 213-byte JWT", "libraries", "cold-213", how="library"),
)
STAGES = ("edgate", "sodium", "socket", "plain", "libraries")
OF_EDGATE = ("edgate", "sodium", "socket")


def choose(names=()):
    """The cases of these names with what they need, in order; all of them without a name."""
    known = {case.name: case for case in CASES}
    unknown = sorted(set(names) - set(known))
    if unknown:
        raise ValueError(f"there is no case {', '.join(unknown)}; there are {', '.join(known)}")
    wanted = set(names) or set(known)
    for name in list(wanted):
        wanted |= set(known[name].needs)
    return [case for case in CASES if case.name in wanted]


class Refused(LoadError):
    """What was measured is not what the case is about, in this round or another."""


class Suite:
    def __init__(self, stand, plan, cases, say=lambda text: None, clock=time.monotonic):
        self.stand, self.plan, self.cases, self.say = stand, plan, cases, say
        self.found = {case.name: {"mix": case.mix, "values": {}} for case in cases}
        self.windows = [0] * len(corpus.ISSUERS)
        self.clock, self.rounds = clock, 0  # rounds that are over: also the number of the one that runs
        self.engine_name, self.configurations, self.incidents = "not asked", {}, []
        self.libraries = {}

    def run(self):
        """As many rounds as there is time for: a further one only where it will be over in time."""
        start, passed, expected = self.clock(), 0, 0
        for turn in range(self.plan.rounds):
            if passed + expected > self.plan.budget_s:
                self.incidents.append(f"{turn} of {self.plan.rounds} rounds: the time was over")
                break
            self.run_round()
            self.rounds, before, passed = turn + 1, passed, self.clock() - start
            expected = LATER * passed if turn == 0 else passed - before
        return {name: finish(found) for name, found in self.found.items()}

    def run_round(self):
        for stage in STAGES:
            wanted = [case for case in self.cases if case.stage == stage and "refused" not in self.found[case.name]]
            if wanted:
                self.say(f"round {self.rounds + 1} of {self.plan.rounds}: {stage}")
                self.run_stage(stage, wanted)

    def run_stage(self, stage, wanted):
        """A set-up that dies takes its figures with it, and is tried again: that is told, not hidden."""
        before = copy.deepcopy(self.found)
        for attempt in range(ATTEMPTS):
            try:
                with getattr(self, "stage_" + stage)() as port:
                    for case in wanted:
                        self.run_case(case, port)
                return
            except (AssertionError, LoadError, OSError) as error:
                self.found, reason = copy.deepcopy(before), reason_of(error)
                self.incidents.append(f"{stage}: {reason}")
                self.say(self.incidents[-1])
        for case in wanted:
            self.fail(case, reason)

    def run_case(self, case, port):
        if case.stage in OF_EDGATE:
            self.configurations[case.stage] = self.stand.configuration()
        before = copy.deepcopy(self.found[case.name])
        try:
            if port is not None and case.how != "engine":
                self.found[case.name]["link"] = port.link
            getattr(self, case.how)(case, port)
        except (LoadError, AssertionError, KeyError) as error:
            self.stand.check_alive()
            wrong = self.found[case.name].get("wrong")
            self.found[case.name] = before | ({} if wrong is None else {"wrong": wrong, "link": port.link})
            self.fail(case, reason_of(error), for_good=isinstance(error, Refused))

    def fail(self, case, reason, for_good=False):
        """Of this round; the other rounds count, unless no round could be right."""
        found = self.found[case.name]
        found.setdefault("failed_rounds", []).append(reason)
        if for_good:
            found["refused"] = reason

    # ── set-ups ──

    def stage_edgate(self):
        return self.keep_windows(self.stand.edgate(self.stand.ports))

    @contextlib.contextmanager
    def keep_windows(self, edgate):
        """The bare engine gets the tables that this edgate has."""
        with edgate as port:
            self.windows = self.stand.windows()
            self.engine_name = self.stand.stats()["state"]["ed25519"]
            yield port

    def stage_sodium(self):
        return self.stand.edgate(self.stand.ports, extra="ed25519: sodium\n", tables=False)

    def stage_socket(self):
        return self.stand.edgate(self.stand.sockets)

    def stage_plain(self):
        return self.stand.plain_server()

    def stage_libraries(self):
        self.libraries = self.stand.libraries("cold-213", 2 * self.plan.trial_s)
        return contextlib.nullcontext()

    # ── how ──

    def load(self, case, port):
        if case.mix == "W1" and not self.stand.has_cache:
            raise Refused("this edgate has no cache")
        return self.stand.load(port, case.corpus, case.mix, self.plan.warm)

    def note(self, case, **values):
        if 0 in (values.get("rate"), values.get("goodput")):
            raise LoadError(NO_ANSWER)
        for name, value in values.items():
            self.found[case.name]["values"].setdefault(name, {})[self.rounds] = value

    def count_wrong(self, case, count):
        found = self.found[case.name]
        found["wrong"] = found.get("wrong", 0) + count

    def search(self, case, port):
        load, plan, found = self.load(case, port), self.plan, self.found[case.name]
        before = list(found["values"].get("ndr", {}).values())
        low, high = [before[0] * factor for factor in AGAIN] if before else (RATE_MIN, RATE_MAX)
        got = load.search(low, high, plan.trial_s, plan.precision, pdr=not before and case.mix == "W2")
        self.count_wrong(case, got["wrong"])
        if got["ndr"]["rate"] <= 0:
            raise LoadError(NO_NDR)
        self.note(case, ndr=got["ndr"]["rate"], **{
            f"pdr_{pdr['loss_ratio']:g}": pdr["rate"] for pdr in got["pdr"]})
        found.setdefault("limited_by", []).append(got["ndr"]["limited_by"])
        for point in got["latency"]:
            for quantile in ("p50", "p99"):
                self.note(case, **{f"{quantile}_ns_at_{point['percent_of_ndr']}":
                                   1e3 * point["latency_us"][quantile]})
        if "curve" not in found:
            self.curve(case, load, got["ndr"]["rate"])

    def curve(self, case, load, ndr):
        found = self.found[case.name]
        found["curve"], found["spectra"] = [], {}
        for part in self.plan.curve:
            before = self.stand.stats() if part == BUSY else None
            trial = load.trial(part * ndr, self.plan.trial_s, histogram=part in SPECTRA)
            self.count_wrong(case, trial["tokens"]["wrong"])
            found["curve"].append(point_of(part, trial))
            if part in SPECTRA:
                found["spectra"][str(round(100 * part))] = trial.get("histogram_us", [])
            if before is not None:
                found["stages"] = stages_between(before, self.stand.stats())
            found["statuses"] = trial["statuses"]
        if case.mix == "W2" and max(point["cached_pct"] for point in found["curve"]) > COLD_PCT:
            raise Refused("the cache held tokens that were to be cold")

    def overload(self, case, port):
        ndr = self.found["w2-213"]["values"].get("ndr", {}).get(self.rounds)
        if ndr is None:
            raise LoadError("there is no NDR to offer three times")
        trial = self.load(case, port).trial(OVERLOAD * ndr, self.plan.trial_s)
        self.count_wrong(case, trial["tokens"]["wrong"])
        self.note(case, goodput=trial["rates"]["goodput"], offered=offered(trial), p99_ns=1e3 * p99(trial))
        self.found[case.name]["statuses"] = trial["statuses"]

    def closed(self, case, port):
        self.note_closed(case, self.load(case, port).closed(WINDOW, 2 * self.plan.trial_s))

    def beside_w2(self, case, port):
        """In turns that are short beside what the host's speed takes to change."""
        loads = self.stand.load(port, case.corpus, "W2", self.plan.warm), self.load(case, port)
        pairs = [[load.closed(WINDOW, self.plan.trial_s / 2) for load in loads] for _ in range(TURNS)]
        self.count_wrong(case, sum(trial["tokens"]["wrong"] for pair in pairs for trial in pair))
        rates = [[trial["rates"]["tokens"] for trial in pair] for pair in pairs]
        if not all(map(all, rates)):
            raise LoadError(NO_ANSWER)
        self.note(case, rate=statistics.median(w3 for _, w3 in rates),
                  over_w2=statistics.median(w3 / w2 for w2, w3 in rates))
        self.found[case.name]["statuses"] = pairs[-1][1]["statuses"]

    def note_closed(self, case, trial):
        self.count_wrong(case, trial["tokens"]["wrong"])
        self.note(case, rate=trial["rates"]["tokens"], p50_ns=1e3 * trial["latency_us"]["p50"], p99_ns=1e3 * p99(trial))
        self.found[case.name]["statuses"] = trial["statuses"]

    def churn(self, case, port):
        """Tokens end where they are revoked: the writer stops first, so that its file has its last line."""
        churn = revocation.Churn(self.stand, CHURN_TOKENS)
        load = self.stand.load_of(port, churn.corpus, ["--mix", "W5", "--revocations", churn.file])
        with churn:
            ender = threading.Timer(2 * self.plan.trial_s, churn.stopped.set)
            ender.start()
            trial = load.closed(WINDOW, 2 * self.plan.trial_s)
            ender.join()
        if churn.fault:
            raise LoadError(churn.fault)
        self.note_closed(case, trial)
        self.note(case, revocations=churn.count())

    def engine(self, case, port):
        with self.stand.paused():
            got = self.stand.bare_engine(case.corpus, self.windows, self.plan.engine_tokens, ENGINE_ROUNDS)
        self.note(case, rate=1e9 / statistics.median(got["wall_ns"]), cpu_ns=statistics.median(got["cpu_ns"]))
        self.found[case.name] |= {"engine": got["engine"], "windows": self.windows}

    def revocation(self, case, port):
        times = revocation.measure(self.stand, port, self.plan.revocations)
        self.note(case, returned_ms=1e3 * statistics.median(r for r, _ in times),
                  revoked_ms=1e3 * statistics.median(t for _, t in times),
                  revoked_ms_worst=1e3 * max(t for _, t in times))

    def library(self, case, port):
        got = self.libraries[case.name]
        if "not_measured" in got:
            raise LoadError(got["not_measured"])
        self.note(case, rate=1e9 / statistics.median(got["wall_ns"]))
        self.found[case.name]["version"] = f"{got['version']}, {got['runtime']}"


def reason_of(error):
    """One line; of a log the last one too, which says why."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return (lines[0] if len(lines) == 1 else f"{lines[0]} {lines[-1]}")[:300]


def p99(trial):
    return trial["latency_us"]["p99"]


def offered(trial):
    """What was on the schedule and not left out by edgate-load's own fault."""
    requests = trial["requests"]
    return trial["rates"]["due"] * (1 - requests["skipped"] / requests["due"])


def point_of(part, trial):
    requests, latency = trial["requests"], trial["latency_us"]
    return {"part_of_ndr": part, "offered": offered(trial), "goodput": trial["rates"]["goodput"],
            "lost": requests["lost"] + requests["refused"], "due": requests["due"], "skipped": requests["skipped"],
            "cached_pct": 100 * trial["tokens"]["cached"] / max(trial["tokens"]["answered"], 1),
            "latency_us": {name: latency[name] for name in ("p50", "p99", "p999", "max")}}


def stages_between(before, after):
    """Cycles a packet by stage, where this edgate counts them."""
    if "stages" not in after:
        return {"not_measured": "this edgate counts no cycles by stage"}
    packets = after["totals"]["received"] - before["totals"]["received"]
    rows = {}
    for name, stage in after["stages"].items():
        delta = {key: stage[key] - before["stages"][name][key] for key in ("cycles", "items", "bursts")}
        rows[name] = delta | {"cycles_per_packet": delta["cycles"] / packets if packets else 0}
    return rows


def finish(found):
    """Values of rounds become figures. Where no round gave any, or one showed that none can be right, it says
    why not."""
    values = found.pop("values")
    if found.get("refused") or not values:
        return found | {"not_measured": found.get("refused") or found.get("failed_rounds", ["not run"])[0]}
    found["figures"] = {name: figure(by_round) for name, by_round in values.items()}
    return found


def figure(by_round):
    got = list(by_round.values())
    return {"rounds": list(by_round), "values": got, "median": statistics.median(got), "min": min(got), "max": max(got)}

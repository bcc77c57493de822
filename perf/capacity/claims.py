# SPDX-License-Identifier: BSD-3-Clause
"""What must hold. Each claim is a figure made of cases of one run, with a least (or most) value that
must be reached and one that is the goal. They were stated for a machine with AVX-512 IFMA, one worker
core, the generator on another; the verdict is told on any machine, with what it lacks."""
import dataclasses
import statistics
import typing

STATED_FOR = "a CPU with AVX-512 IFMA (engine `ifma`), one worker core, the generator on another core"
BATCH_RECORDS = 64  # of a worker's batch: one batch time is 64 / NDR


class NotMeasured(Exception):
    """Why there is no figure."""


def case(result, name):
    found = result["cases"].get(name)
    if found is None:
        raise NotMeasured(f"{name}: not among the cases of this run")
    if "not_measured" in found:
        raise NotMeasured(f"{name}: {found['not_measured']}")
    return found


def by_round(result, name, figure):
    got = case(result, name)["figures"].get(figure)
    if not got:
        raise NotMeasured(f"{name}: without {figure}")
    return dict(zip(got.get("rounds", range(len(got["values"]))), got["values"]))


def values(result, name, figure):
    return list(by_round(result, name, figure).values())


def ratio(result, over, under):
    """Round by round, since a host's speed moves from one to the next; each of the two is (case, figure)."""
    over, under = by_round(result, *over), by_round(result, *under)
    both = [over[turn] / under[turn] for turn in over if turn in under]
    if not both:
        raise NotMeasured("no round has both")
    return spread(both)


def spread(got):
    return [min(got), statistics.median(got), max(got)]


def of_engine(size):
    return lambda r: ratio(r, (f"w2-{size}", "ndr"), (f"engine-{size}", "rate"))


def goodput_in_overload(result):
    return ratio(result, ("overload", "goodput"), ("w2-213", "ndr"))


def latency_in_batches(result):
    batch_ns = 1e9 * BATCH_RECORDS / statistics.median(values(result, "w2-213", "ndr"))
    return spread([ns / batch_ns for ns in values(result, "w2-213", "p99_ns_at_50")])


def wrong_answers(result):
    counts = [c["wrong"] for c in result["cases"].values() if c.get("wrong") is not None]
    if not counts:
        raise NotMeasured("no case that checks answers")
    return spread([sum(counts)])


@dataclasses.dataclass(frozen=True)
class Claim:
    name: str
    title: str
    must: float
    goal: typing.Optional[float]
    unit: str
    figure: typing.Callable  # result → [low, middle, high]
    at_most: bool = False
    within_spread: bool = False  # "not slower than": rounds that overlap are no difference


CLAIMS = (
    Claim("w2-213", "W2, 213-byte JWT, 4 issuers: NDR over the bare engine", 0.70, 0.85, "%", of_engine(213)),
    Claim("w2-570", "W2, 570-byte JWT, 4 issuers: NDR over the bare engine", 0.60, 0.75, "%", of_engine(570)),
    Claim("w2-plain", "W2, 213-byte JWT: NDR over the kernel-socket + libsodium server, per core", 32, 45, "×",
          lambda r: ratio(r, ("w2-213", "ndr"), ("plain", "rate"))),
    Claim("w1", "W1 (cached), 213-byte JWT: NDR", 3e6, 5e6, "/s", lambda r: spread(values(r, "w1-213", "ndr"))),
    Claim("w3", "W3 (forged, distinct) over W2, in turns, 256 in flight", 1.0, None, "%",
          lambda r: spread(values(r, "w3-213-busy", "over_w2")), within_spread=True),
    Claim("overload", "W2 offered at 3 × NDR: goodput over NDR", 0.90, 0.97, "%", goodput_in_overload),
    Claim("latency", "p99 latency at 50 % of NDR, in batch times (64 / NDR)", 5, 2, "×", latency_in_batches,
          at_most=True),
    Claim("wrong", "wrong answers, all cases", 0, 0, "", wrong_answers, at_most=True),
)


def reached(claim, value, bound):
    return value <= bound if claim.at_most else value >= bound


def verdict_of(claim, figure):
    low, middle, high = figure
    if not reached(claim, middle, claim.must):
        return "met within the spread" if claim.within_spread and low < claim.must <= high else "missed"
    if claim.goal is None:
        return "met"
    return "goal reached" if reached(claim, middle, claim.goal) else "met"


def judge(result):
    rows = []
    for claim in CLAIMS:
        row = {"name": claim.name, "title": claim.title, "must": claim.must, "goal": claim.goal,
               "unit": claim.unit, "at_most": claim.at_most}
        try:
            low, middle, high = claim.figure(result)
            row |= {"value": middle, "low": low, "high": high, "verdict": verdict_of(claim, (low, middle, high))}
        except NotMeasured as reason:
            row |= {"verdict": "not measured", "reason": str(reason)}
        rows.append(row)
    return rows

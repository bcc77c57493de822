# SPDX-License-Identifier: BSD-3-Clause
"""The shape of edgate-load's JSON, version 1, and what must hold between its numbers. The examples of
docs/edgate-load.md are checked by it too."""
import json
import os
import re

INT, REAL, TEXT, FLAG = "int", "real", "text", "flag"


def maybe(kind):
    return ("maybe", kind)


CONDITIONS = {
    "wire": TEXT, "device": TEXT, "cores": INT, "cpus": maybe([INT]), "queues": maybe(INT), "corpus_tokens": INT,
    "requests": INT, "request_bytes": REAL, "frame_tokens": INT, "mix": maybe(TEXT), "popularity": TEXT,
    "steer": TEXT, "rate": maybe(REAL), "window": maybe(INT), "arrivals": maybe(TEXT), "profile": maybe(TEXT),
    "warmup_s": REAL, "timeout_ms": INT, "patience_us": INT, "seed": INT}
LATENCY = {"count": INT, **{name: REAL for name in ("min", "mean", "p50", "p90", "p99", "p999", "p9999", "max")}}
WRONG = {"name": TEXT, "expected": TEXT, "answered": TEXT, "count": INT}
RUN = {
    "format": TEXT, "version": INT, "conditions": CONDITIONS, "seconds": REAL,
    "requests": {name: INT for name in ("due", "sent", "refused", "skipped", "behind", "answered", "lost", "late",
                                        "duplicate", "foreign", "bad_frames")},
    "tokens": {name: INT for name in ("answered", "right", "wrong", "retryable", "cached", "sig_checked",
                                      "steer_miss")},
    "statuses": {None: INT}, "hostile": {"sent": INT, "answered": INT, "accepted": INT},
    "rates": {name: REAL for name in ("due", "sent", "answered", "tokens", "goodput")},
    "latency_from": TEXT, "latency_us": LATENCY, "wrong_first": [WRONG], "next": INT,
    "good": FLAG}
GOAL = {"loss_ratio": REAL, "rate": REAL, "rates": [REAL], "spread": REAL, "limited_by": TEXT}
SEARCH = {
    "format": TEXT, "version": INT,
    "conditions": {**CONDITIONS, "rate_min": REAL, "rate_max": REAL, "precision": REAL, "trial_s": REAL,
                   "repetitions": INT},
    "ndr": GOAL, "pdr": [GOAL],
    "latency": [{"percent_of_ndr": INT, "rate": REAL, "loss_ratio": REAL, "latency_us": LATENCY}],
    "trials": [{"goal": TEXT, "rate": REAL, "due": INT, "sent": INT, "refused": INT, "skipped": INT, "answered": INT,
                "lost": INT, "retryable": INT, "loss_ratio": REAL, "generator_ratio": REAL, "verdict": TEXT,
                "p50_us": REAL, "p99_us": REAL}],
    "wrong": INT, "wrong_first": [WRONG], "next": INT, "good": FLAG}


def check(value, kind, path="$"):
    if isinstance(kind, tuple):
        if value is not None:
            check(value, kind[1], path)
    elif isinstance(kind, list):
        assert isinstance(value, list), path
        for i, item in enumerate(value):
            check(item, kind[0], f"{path}[{i}]")
    elif isinstance(kind, dict):
        assert isinstance(value, dict), path
        names = value.keys() if None in kind else kind.keys()
        assert value.keys() == names, f"{path}: {sorted(value.keys() ^ names)}"
        for name, item in value.items():
            check(item, kind.get(name, kind.get(None)), f"{path}.{name}")
    else:
        types = {INT: int, REAL: (int, float), TEXT: str, FLAG: bool}
        assert isinstance(value, types[kind]) and (kind == FLAG or not isinstance(value, bool)), f"{path}: {value!r}"


def check_run(text, histogram=False):
    """The object, where it is one line of the right shape whose counts add up."""
    assert text.count("\n") == 1 and text.endswith("\n"), text
    result = json.loads(text)
    check(result, {**RUN, "histogram_us": [[REAL]]} if histogram else RUN)
    assert (result["format"], result["version"]) == ("edgate-load run", 1)
    r, t = result["requests"], result["tokens"]
    assert r["due"] == r["sent"] + r["refused"] + r["skipped"], r
    assert r["sent"] == r["answered"] + r["lost"], r
    assert t["answered"] <= t["right"] + t["wrong"] + t["retryable"], t
    assert sum(result["statuses"].values()) == t["answered"], result
    assert result["latency_us"]["count"] <= r["answered"], result
    if histogram:
        assert sum(count for _, count in result["histogram_us"]) == result["latency_us"]["count"], result
    return result


def check_search(text):
    assert text.count("\n") == 1 and text.endswith("\n"), text
    result = json.loads(text)
    check(result, SEARCH)
    assert (result["format"], result["version"]) == ("edgate-load search", 1)
    for trial in result["trials"]:
        assert trial["due"] == trial["sent"] + trial["refused"] + trial["skipped"], trial
        assert trial["sent"] == trial["answered"] + trial["lost"], trial
    return result


def examples_of_the_page():
    """The ```json blocks of docs/edgate-load.md, in order."""
    page = os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "..", "docs", "edgate-load.md")
    with open(page) as text:
        return [json.loads(block) for block in re.findall(r"```json\n(.*?)```", text.read(), re.S)]

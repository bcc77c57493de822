# SPDX-License-Identifier: BSD-3-Clause
"""What of a result stands in docs/performance.md: what is between <!-- capacity --> and
<!-- /capacity --> there is replaced."""
import pathlib
import re

from . import conditions, page
from .svg import short

MARKS = re.compile(r"(<!-- capacity -->\n).*?(<!-- /capacity -->)", re.S)


def spread(figure, text=short):
    middle = text(figure["median"])
    return middle if figure["min"] == figure["max"] else f"{middle} ({text(figure['min'])} to {text(figure['max'])})"


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|---|" + "---:|" * (len(head) - 1)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows]) + "\n"


def sentence(result):
    c = result["conditions"]
    rounds = result["rounds"]
    huge = c["memory"]["hugepages"]
    pages = huge.get("2048kB", "none") if isinstance(huge, dict) else huge
    doubts = " ".join(conditions.doubts(result)) or "Nothing else ran."
    return (f"{c['cpu']['model']}, {c['cpu']['cpus']} CPUs, engine `{result['engine']}`; commit "
            f"{c['source']['commit']}; {rounds} round{'s' if rounds != 1 else ''}; governor {c['cpu']['governor']}, "
            f"2 MiB pages: {pages}; DPDK {c['software']['dpdk']}. {doubts}\n")


def claim_rows(result):
    for row in result["claims"]:
        sign = "≤" if row["at_most"] else "≥"
        value = row["verdict"]
        if "value" in row:
            value = page.figure_text(row["value"], row["unit"])
            low, high = (page.figure_text(row[end], row["unit"]) for end in ("low", "high"))
            value += f" ({low} to {high})" if low != high else ""
        goal = "" if row["goal"] is None else f"{sign} {page.figure_text(row['goal'], row['unit'])}"
        yield row["title"], value, f"{sign} {page.figure_text(row['must'], row['unit'])}", goal, row["verdict"]


def case_rows(result):
    for name, case in result["cases"].items():
        if "not_measured" in case:
            yield page.title_of(name), f"not measured: {case['not_measured']}", "", ""
            continue
        figures, rate = case["figures"], page.rate_of(case)
        if rate is None:
            yield page.title_of(name), page.other_figures(case), "", ""
            continue
        p50, p99 = (figures.get(f"{q}_ns_at_50") or figures.get(f"{q}_ns") for q in ("p50", "p99"))
        latency = ["" if f is None else spread(f, page.duration_ns) for f in (p50, p99)]
        yield page.title_of(name), spread(rate), *latency


def text(result):
    """Raises LinkError like the page."""
    over = "" if page.over_nic(result) else "**No network card is in these figures.** "
    claims = table(("claim", "measured", "must", "goal", "verdict"), claim_rows(result))
    cases = table(("case, one worker core", "tokens/s", "p50", "p99"), case_rows(result))
    return f"{over}{sentence(result)}\n{claims}\n{cases}"


def put_into(path, result):
    if result["purpose"] != "measurement":
        raise ValueError(f"this result is not for {path}: {result['purpose']}")
    old = pathlib.Path(path).read_text()
    new, count = MARKS.subn(lambda m: f"{m[1]}{text(result)}{m[2]}", old)
    if count != 1:
        raise ValueError(f"{path}: <!-- capacity --> … <!-- /capacity --> must stand there once")
    pathlib.Path(path).write_text(new)

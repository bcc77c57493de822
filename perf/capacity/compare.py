# SPDX-License-Identifier: BSD-3-Clause
"""Two results side by side. A difference counts only where the rounds of the one and of the other do not
overlap; with one round each nothing can be told, and that is said."""
import dataclasses

from . import link

CONDITIONS = (("source", "commit"), ("source", "dirty"), ("host",), ("cpu", "model"), ("cpu", "microcode"),
              ("cpu", "governor"), ("cpu", "smt"), ("software", "kernel"), ("software", "kernel_command_line"),
              ("software", "dpdk"), ("software", "compiler"), ("software", "buildtype"), ("memory", "hugepages"))
EXPECTED = {("source", "commit")}  # may differ without a word of warning
AT_LEAST = 2  # rounds on either side, to know a spread


@dataclasses.dataclass
class Row:
    case: str
    figure: str
    a: dict
    b: dict

    @property
    def change(self):
        return self.b["median"] / self.a["median"] - 1 if self.a["median"] else 0.0

    @property
    def verdict(self):
        if min(len(self.a["values"]), len(self.b["values"])) < AT_LEAST:
            return "spread unknown"
        if self.b["min"] > self.a["max"]:
            return "higher"
        return "lower" if self.b["max"] < self.a["min"] else "within spread"


def dig(tree, path):
    for key in path:
        tree = tree.get(key) if isinstance(tree, dict) else None
    return tree


def differing_conditions(a, b):
    """(name, a's, b's) of all that makes the two hard to compare."""
    rows = [(".".join(path), dig(a["conditions"], path), dig(b["conditions"], path)) for path in CONDITIONS
            if path not in EXPECTED]
    rows += [("plan." + key, a["plan"].get(key), b["plan"].get(key)) for key in sorted(a["plan"])]
    for name in sorted(set(a["cases"]) & set(b["cases"])):
        links = [link.verify(r["cases"][name]["link"])["text"] if "link" in r["cases"][name] else None
                 for r in (a, b)]
        rows.append((f"link of {name}", *links))
    return [row for row in rows if row[1] != row[2]]


def rows_of(a, b):
    """Every figure that both results have, and the names of cases that only one has."""
    rows, alone = [], []
    for name in sorted(set(a["cases"]) | set(b["cases"])):
        figures = [r["cases"].get(name, {}).get("figures") for r in (a, b)]
        if None in figures:
            alone += [name] if figures != [None, None] else []
            continue
        rows += [Row(name, figure, figures[0][figure], figures[1][figure])
                 for figure in figures[0] if figure in figures[1]]
    return rows, alone


def number(value):
    return f"{value:,.0f}".replace(",", " ") if abs(value) >= 100 else f"{value:.4g}"


def text(a, b):
    lines = ["A  {} ({})".format(a["conditions"]["source"]["commit"], a["started"]),
             "B  {} ({})".format(b["conditions"]["source"]["commit"], b["started"]), ""]
    different = differing_conditions(a, b)
    if different:
        lines.append("Conditions differ: a difference of figures may come from them.")
        lines += [f"  {name}: {one} | {other}" for name, one, other in different] + [""]
    rows, alone = rows_of(a, b)
    lines.append(f"{'case':<12} {'figure':<16} {'A median':>12} {'(min … max)':>25} {'B median':>12} "
                 f"{'(min … max)':>25} {'change':>8}  ")
    for row in rows:
        spreads = [f"({number(f['min'])} … {number(f['max'])})" for f in (row.a, row.b)]
        lines.append(f"{row.case:<12} {row.figure:<16} {number(row.a['median']):>12} {spreads[0]:>25} "
                     f"{number(row.b['median']):>12} {spreads[1]:>25} {100 * row.change:>+7.1f}%  {row.verdict}")
    if alone:
        lines += ["", "Measured in one of the two alone: " + ", ".join(alone)]
    flagged = sum(row.verdict in ("higher", "lower") for row in rows)
    return "\n".join(lines + ["", f"{flagged} of {len(rows)} figures differ by more than the spread of their rounds."])

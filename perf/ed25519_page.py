#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Puts what bench_ed25519 measured into docs/performance-ed25519.md and docs/performance-ed25519.svg.

usage: ed25519_page.py RESULTS.json [PAGE.md]

The page's text stays as it is; what stands between <!-- NAME --> and <!-- /NAME --> is replaced:
host, ratios, batches, messages, phases, memory.
"""
import json
import pathlib
import re
import sys

PAGE = pathlib.Path(__file__).resolve().parents[1] / "docs" / "performance-ed25519.md"
COLOURS = {"ifma": "#1b6ca8", "avx2": "#2a9d4a", "portable": "#c9772b", "sodium": "#777777",
           "openssl": "#b0413e"}
ORDER = list(COLOURS)


class Results:
    def __init__(self, data):
        self.host, self.rounds = data["host"], data["rounds"]
        self.phases, self.memory = data["phases"], data["table_memory"]
        self.rows = data["results"]
        impls = {row["impl"] for row in self.rows}
        self.impls = [i for i in ORDER if i in impls] + sorted(impls - set(ORDER))
        self.keys = list(dict.fromkeys((r["issuers"], r["tables"]) for r in self.rows))

    def find(self, impl, key, msg, batch):
        for r in self.rows:
            if (r["impl"], (r["issuers"], r["tables"]), r["msg_bytes"]) == (impl, key, msg) and \
                    r["batch"] == (128 if impl in ("sodium", "openssl") else batch):
                return r
        return None

    def values(self, field):
        return sorted({r[field] for r in self.rows})


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|---|" + "---:|" * (len(head) - 1)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def name_of(key):
    issuers, tables = key
    return f"{issuers} issuer{'s' if issuers > 1 else ''}" if tables else "no tables"


def number(n):
    return f"{n:,.0f}".replace(",", " ")


def cell(row):
    return f"{number(row['ns_median'])} ({row['ratio_libsodium']:.1f}×)" if row else "–"


def host(r):
    h = r.host
    return (f"{h['cpu']}, {h['cpus']} CPUs; load {h['load'].split()[0]}, governor {h['governor']}; Linux "
            f"{h['kernel']}; compiler {h['compiler']}; commit {h['commit']}; {r.rounds} rounds.")


def ratios(r):
    head = ["128 bytes, batch 128"] + [f"`{i}`" for i in r.impls]
    return table(head, [[name_of(k)] + [cell(r.find(i, k, 128, 128)) for i in r.impls]
                        for k in r.keys])


def spread(r):
    best = r.impls[0]
    rows = []
    for k in r.keys:
        row = r.find(best, k, 128, 128)
        if row:
            rows.append([name_of(k)] + [number(row[f"ns_{x}"]) for x in ("median", "min", "max")])
    return table([f"`{best}`, 128 bytes, batch 128", "median ns", "lowest", "highest"], rows)


def batches(r):
    best, sizes = r.impls[0], r.values("batch")
    return table([f"`{best}`, 128 bytes"] + [f"batch {b}" for b in sizes],
                 [[name_of(k)] + [cell(r.find(best, k, 128, b)) for b in sizes] for k in r.keys])


def messages(r):
    best, sizes = r.impls[0], r.values("msg_bytes")
    return table([f"`{best}`, batch 128"] + [f"{m} bytes" for m in sizes],
                 [[name_of(k)] + [cell(r.find(best, k, m, 128)) for m in sizes] for k in r.keys])


def phases(r):
    names = list(r.phases[0]["tsc"]) if r.phases else []
    rows = []
    for p in r.phases:
        total = sum(p["tsc"].values())
        rows.append([f"`{p['impl']}`, {name_of((p['issuers'], p['tables']))}"] +
                    [f"{number(p['tsc'][n])} ({100 * p['tsc'][n] / total:.0f} %)" for n in names] +
                    [number(total)])
    return table(["TSC ticks a verification"] + names + ["all"], rows)


def memory(r):
    return table(["", "keys with a table", "window bits", "MiB with B's table", "pages"],
                 [[name_of((m["issuers"], m["tables"])), str(m["keys_with_table"]),
                   str(m["window_bits"]) if m["keys_with_table"] else "–",
                   f"{m['bytes'] / 2**20:.1f}", m["pages"]] for m in r.memory])


def plot(r):
    """Bars: times libsodium by implementation, one group for each number of issuers."""
    bars = [(k, i, r.find(i, k, 128, 128)) for k in r.keys for i in r.impls]
    top = max(row["ratio_libsodium"] for _, _, row in bars if row) * 1.1
    width, left, base, height = 760, 50, 300, 250
    group = (width - left - 20) / len(r.keys)
    bar = group * 0.8 / len(r.impls)
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} 360" '
           'font-family="sans-serif" font-size="11">',
           f'<rect width="{width}" height="360" fill="white"/>',
           '<text x="10" y="20" font-size="13">Verifications in the time of one by libsodium '
           '(128 bytes, batch 128)</text>']
    for tick in range(0, int(top) + 1, max(1, int(top / 8) or 1)):
        y = base - height * tick / top
        out.append(f'<line x1="{left}" x2="{width - 10}" y1="{y:.1f}" y2="{y:.1f}" stroke="#ddd"/>'
                   f'<text x="{left - 6}" y="{y + 4:.1f}" text-anchor="end">{tick}</text>')
    for n, (key, impl, row) in enumerate(bars):
        x = left + group * (n // len(r.impls)) + bar * (n % len(r.impls)) + group * 0.1
        if row:
            tall = height * row["ratio_libsodium"] / top
            out.append(f'<rect x="{x:.1f}" y="{base - tall:.1f}" width="{bar * 0.92:.1f}" '
                       f'height="{tall:.1f}" fill="{COLOURS.get(impl, "#000")}"/>'
                       f'<text x="{x + bar / 2:.1f}" y="{base - tall - 3:.1f}" font-size="9" '
                       f'text-anchor="middle">{row["ratio_libsodium"]:.1f}</text>')
        if n % len(r.impls) == 0:
            out.append(f'<text x="{x + group * 0.4:.1f}" y="{base + 16}" '
                       f'text-anchor="middle">{name_of(key)}</text>')
    for n, impl in enumerate(r.impls):
        x = left + 110 * n
        out.append(f'<rect x="{x}" y="332" width="12" height="12" fill="{COLOURS.get(impl, "#000")}"/>'
                   f'<text x="{x + 17}" y="342">{impl}</text>')
    return "\n".join(out + ["</svg>", ""])


def main(args):
    results = Results(json.loads(pathlib.Path(args[0]).read_text(encoding="utf-8")))
    page = pathlib.Path(args[1]) if len(args) > 1 else PAGE
    text = page.read_text(encoding="utf-8")
    for make in (host, ratios, spread, batches, messages, phases, memory):
        name = make.__name__
        text, cnt = re.subn(f"<!-- {name} -->.*?<!-- /{name} -->",
                            lambda _: f"<!-- {name} -->\n{make(results)}\n<!-- /{name} -->", text,
                            flags=re.S)
        if cnt != 1:
            sys.exit(f"{page}: <!-- {name} --> … <!-- /{name} --> must stand there once")
    page.write_text(text, encoding="utf-8")
    page.with_suffix(".svg").write_text(plot(results), encoding="utf-8")
    return 0


if __name__ == "__main__":
    if len(sys.argv) < 2 or sys.argv[1] in ("-h", "--help"):
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1:]))

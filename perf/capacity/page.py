# SPDX-License-Identifier: BSD-3-Clause
"""The report: one HTML file without scripts and without anything from elsewhere."""
import math

from . import cases, claims, conditions, link, svg
from .svg import duration, escape, short

STYLE = """
:root { color-scheme: light dark;
  --ground: #ffffff; --panel: #f6f7f9; --text: #1b2026; --quiet: #5c6670; --rule: #d9dee4; --grid: #e8ebef;
  --good: #17703c; --good-ground: #e2f4e8; --bad: #a4262c; --bad-ground: #fbe7e7; --warn: #7a5200;
  --warn-ground: #fdf3d8; --none: #5c6670; --none-ground: #eceff2;
  --s0: #2f6fb7; --s1: #c9661d; --s2: #2c8a57; --s3: #b0397b; --s4: #6f56b8; --s5: #8a7a1d; --s6: #1e8c93;
  --s7: #7b8794; --s8: #a8443f; --s9: #4f6d2f; }
@media (prefers-color-scheme: dark) { :root {
  --ground: #14181d; --panel: #1c2229; --text: #e4e8ec; --quiet: #98a3ae; --rule: #323b45; --grid: #28303a;
  --good: #7fd6a0; --good-ground: #17382a; --bad: #f19b9b; --bad-ground: #47201f; --warn: #f0cd7a;
  --warn-ground: #40330f; --none: #98a3ae; --none-ground: #28303a;
  --s0: #6ea8e8; --s1: #ef9d5c; --s2: #68c492; --s3: #e283b6; --s4: #ab97ea; --s5: #d3c260; --s6: #5fc6cd;
  --s7: #9aa7b4; --s8: #e58a84; --s9: #a5c47f; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--text);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", "Liberation Sans", Arial, sans-serif; }
main { max-width: 1180px; margin: 0 auto; padding: 32px 24px 64px; }
h1 { font-size: 27px; line-height: 1.2; margin: 0 0 4px; letter-spacing: -0.01em; }
h2 { font-size: 19px; margin: 44px 0 6px; padding-top: 14px; border-top: 1px solid var(--rule); }
h3 { font-size: 15px; margin: 0 0 6px; font-weight: 600; }
p { margin: 6px 0 12px; max-width: 78ch; }
.quiet, .quiet td, small { color: var(--quiet); }
.chips { display: flex; flex-wrap: wrap; gap: 8px; margin: 14px 0; }
.chip, .pill { border-radius: 999px; padding: 2px 11px; font-size: 13px; white-space: nowrap; }
.chip { background: var(--panel); border: 1px solid var(--rule); white-space: normal; }
.pill { font-weight: 600; }
.good { color: var(--good); background: var(--good-ground); }
.bad { color: var(--bad); background: var(--bad-ground); }
.warn { color: var(--warn); background: var(--warn-ground); }
.none { color: var(--none); background: var(--none-ground); }
.box { border-radius: 8px; padding: 11px 15px; margin: 12px 0; max-width: none; }
.box p { margin: 0; max-width: none; } .box ul { margin: 4px 0 0; padding-left: 20px; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 14px; font-variant-numeric: tabular-nums; }
th { text-align: left; font-weight: 600; color: var(--quiet); font-size: 13px; vertical-align: bottom; }
th, td { padding: 7px 12px 7px 0; border-bottom: 1px solid var(--rule); vertical-align: top; }
th.n, td.n { text-align: right; white-space: nowrap; }
td small { display: block; }
.grid2 { display: grid; grid-template-columns: repeat(auto-fill, minmax(440px, 1fr)); gap: 18px; }
@media (max-width: 520px) { .grid2 { grid-template-columns: 1fr; } }
figure { margin: 0; padding: 14px 16px 10px; background: var(--panel); border-radius: 10px; }
figure.wide { margin-top: 12px; }
svg { display: block; width: 100%; height: auto; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 16px; margin: 8px 0 2px; font-size: 12.5px; color: var(--quiet); }
.key { display: inline-flex; align-items: center; gap: 6px; } .key svg { width: 26px; flex: none; }
svg text { font-family: inherit; fill: var(--text); }
svg .tick { font-size: 11px; fill: var(--quiet); } svg .axis { font-size: 12px; fill: var(--quiet); }
svg .label { font-size: 13px; }
.grid { stroke: var(--grid); stroke-width: 1; }
.guide { stroke: var(--quiet); stroke-width: 1; stroke-dasharray: 2 3; }
.whisker { stroke: var(--text); stroke-width: 1.5; }
.line { fill: none; stroke-width: 2; stroke-linejoin: round; }
""" + "\n".join(f".line.s{n} {{ stroke: var(--s{n}); }} .dot.s{n}, .bar.s{n} {{ fill: var(--s{n}); }}"
                for n in range(svg.STATUS_COLOURS)) + """
dl { display: grid; grid-template-columns: minmax(110px, 170px) 1fr; gap: 4px 16px; font-size: 13.5px; margin: 8px 0; }
dt { color: var(--quiet); } dd { margin: 0; overflow-wrap: anywhere; }
details { margin: 12px 0; } summary { cursor: pointer; color: var(--quiet); }
pre { font: 12.5px/1.45 ui-monospace, "Liberation Mono", monospace; background: var(--panel); border-radius: 8px;
  padding: 12px 16px; overflow-x: auto; }
code { font: 13px ui-monospace, "Liberation Mono", monospace; }
@media print { main { max-width: none; padding: 0; } figure, tr { break-inside: avoid; } }
"""

PILLS = {"goal reached": "good", "met": "good", "met within the spread": "good", "missed": "bad",
         "not measured": "none"}
PARTNERS = ("engine-213", "w1-213", "w2-213", "w3-213", "w2-213-busy", "w1-213-busy", "socket",
            "sodium", "plain", "jose", "fast-jwt", "PyJWT")


def measured(result, names=None):
    """Cases with figures, by name."""
    return {name: case for name, case in result["cases"].items()
            if "figures" in case and (names is None or name in names)}


def rate_of(case):
    """Tokens a second, by the strictest measure that the case has; None where it is about something else."""
    return next((case["figures"][name] for name in ("ndr", "goodput", "rate") if name in case["figures"]), None)


# ── head ──

def over_nic(result):
    """True where some figure is a NIC's. Verifies the link of every case whose answers came over one,
    whatever it calls itself."""
    return any([link.is_nic(case.get("link")) for case in result["cases"].values()
                if "link" in case or "wrong" in case])


def title_of(name):
    """By the name alone: what a result says of itself is not asked."""
    return next((case.title for case in cases.CASES if case.name == name), name)


def short_of(name):
    return next((case.short for case in cases.CASES if case.name == name), name)


def head(result):
    nic, c = over_nic(result), result["conditions"]
    dirty = " with changes" if c["source"]["dirty"] else ""
    chips = [f"commit {c['source']['commit']}{dirty}", c["cpu"]["model"], f"engine {result['engine']}",
             f"{result['rounds']} round{'s' if result['rounds'] != 1 else ''}"]
    chips += sorted({case["link"]["text"] for case in result["cases"].values() if "link" in case})
    out = (f"<h1>edgate: capacity report</h1><p class=\"quiet\">{escape(c['host'])}, {escape(result['started'])}, "
           f"{result['seconds'] / 60:.1f} minutes</p>"
           f"<div class=\"chips\">{''.join(f'<span class=chip>{escape(t)}</span>' for t in chips)}</div>")
    if result["purpose"] != "measurement":
        out += f'<div class="box bad"><p><b>{escape(result["purpose"]).capitalize()}.</b></p></div>'
    if not nic:
        out += ('<div class="box none"><p><b>No network card is in these figures.</b> Packets crossed memory or the '
                "kernel's loopback: nothing here says what edgate does on a 25G or 100G port.</p></div>")
    found = conditions.doubts(result)
    if found:
        items = "".join(f"<li>{escape(text)}</li>" for text in found)
        out += f'<div class="box warn"><p><b>Believe these figures less:</b></p><ul>{items}</ul></div>'
    return out


# ── claims ──

def figure_text(value, unit):
    if unit == "%":
        return f"{100 * value:.1f} %"
    if unit == "/s":
        return f"{short(value)}/s"
    return f"{value:.3g}{' ' + unit if unit else ''}"


def claim_row(row):
    sign = "≤" if row["at_most"] else "≥"
    goal = "" if row["goal"] is None else f"{sign} {figure_text(row['goal'], row['unit'])}"
    if "value" in row:
        value = f"<b>{figure_text(row['value'], row['unit'])}</b>"
        low, high = (figure_text(row[end], row["unit"]) for end in ("low", "high"))
        value += f"<small>{low} … {high}</small>" if low != high else ""
    else:
        value = f"<small>{escape(row['reason'])}</small>"
    return (f"<tr><td>{escape(row['title'])}</td><td class=n>{value}</td>"
            f"<td class=n>{sign} {figure_text(row['must'], row['unit'])}</td><td class=n>{goal}</td>"
            f"<td><span class=\"pill {PILLS[row['verdict']]}\">{row['verdict']}</span></td></tr>")


def claim_table(result):
    rows = "".join(claim_row(row) for row in result["claims"])
    here = ("as here" if result["engine"] == "ifma" else
            f"which this one is not: its engine is <code>{escape(result['engine'])}</code>")
    return (f"<h2>What must hold</h2><p class=quiet>Stated for {escape(claims.STATED_FOR).replace('`', '')}, {here}. "
            "Ratios are of medians; below them, what the rounds allow at worst and at best. With one round "
            "there is no spread.</p><div class=scroll><table><thead><tr><th>claim<th class=n>measured<th class=n>must"
            f"<th class=n>goal<th>verdict</tr></thead><tbody>{rows}</tbody></table></div>")


# ── figures ──

def spread_text(figure, text):
    if figure is None:
        return ""
    out = f"<b>{text(figure['median'])}</b>"
    if figure["min"] != figure["max"]:
        out += f"<small>{text(figure['min'])} … {text(figure['max'])}</small>"
    return out


def duration_ns(ns):
    return duration(ns / 1e3)


OTHER = {"returned_ms": "on disk, edgatectl returned", "revoked_ms": "REVOKED answered", "revoked_ms_worst": "at worst"}


def other_figures(case):
    return "; ".join(f"{words} after {case['figures'][name]['median']:.1f} ms" for name, words in OTHER.items()
                     if name in case["figures"])


def case_row(name, case):
    first = f"<tr><td>{escape(title_of(name))}<small>{escape(name)}"
    first += f", {escape(case['version'])}" if "version" in case else ""
    first += f"; {escape(case['link']['text'])}" if "link" in case else ""
    first += "</small></td>"
    if "not_measured" in case:
        return f"{first}<td colspan=6><span class=\"pill none\">not measured</span> " \
               f"<small>{escape(case['not_measured'])}</small></td></tr>"
    if rate_of(case) is None:
        return f"{first}<td colspan=6>{escape(other_figures(case))}<small>medians of rounds</small></td></tr>"
    figures = case["figures"]
    limits = sorted(set(case.get("limited_by", [])) - {"appliance"})
    note = f"<small>limited by {escape(', '.join(limits))}</small>" if limits else ""
    cells = [spread_text(rate_of(case), short) + note, spread_text(figures.get("pdr_0.001"), short),
             spread_text(figures.get("p50_ns_at_50") or figures.get("p50_ns"), duration_ns),
             spread_text(figures.get("p99_ns_at_50") or figures.get("p99_ns"), duration_ns),
             f"{1e9 / rate_of(case)['median']:,.0f}".replace(",", " "),
             "" if case.get("wrong") is None else str(case["wrong"])]
    return first + "".join(f"<td class=n>{cell}</td>" for cell in cells) + "</tr>"


def case_table(result):
    rows = "".join(case_row(name, case) for name, case in result["cases"].items())
    return ("<h2>Every case</h2><p class=quiet>Tokens a second on one worker core: NDR (no loss) where the case was "
            "searched, else what came back with 256 requests in flight or in overload. Latency from the intended "
            "departure, at 50 % of NDR; with requests in flight, from the send.</p><div class=scroll><table><thead>"
            "<tr><th>case<th class=n>tokens/s<th class=n>PDR 0.1 %<th class=n>p50<th class=n>p99"
            f"<th class=n>ns a token<th class=n>wrong</tr></thead><tbody>{rows}</tbody></table></div>")


def partners(result):
    found = measured(result, PARTNERS)
    rows = [(short_of(name), rate_of(case)["median"],
             0 if name.startswith("w") else 1 if name.startswith("engine") else 7,
             (rate_of(case)["min"], rate_of(case)["max"]))
            for name, case in found.items()]
    if len(rows) < 2:
        return ""
    rows.sort(key=lambda row: -row[1])
    return ("<h2>Beside others</h2><p class=quiet>Tokens a second of 213-byte JWTs by 4 issuers, on one core, on a "
            "<b>logarithmic</b> scale. Lines: lowest to highest round.</p><figure class=wide>"
            f"{svg.bars('tokens a second by program', rows, log=True, unit='/s')}</figure>")


# ── curves ──

def latency_plot(name, case):
    points = case["curve"]
    lat = [p["latency_us"] for p in points if p["latency_us"]["p50"] > 0]
    most_x = max(p["offered"] for p in points)
    low, high = min(p["p50"] for p in lat), max(p["p99"] for p in lat)
    plot = svg.Plot(f"latency against offered load, {name}", (0, most_x), (low / 1.5, high * 1.5, "log"),
                    "offered, tokens/s", "latency", y_text=duration)
    plot.upright(case["figures"]["ndr"]["median"], "NDR")
    for series, quantile in ((1, "p99"), (0, "p50")):
        plot.line([(p["offered"], p["latency_us"][quantile]) for p in points if p["latency_us"]["p50"] > 0],
                  series, quantile)
    return plot.svg() + svg.legend([(0, "p50"), (1, "p99")])


def goodput_plot(name, case):
    points = case["curve"]
    most_x, most_y = max(p["offered"] for p in points), max(p["goodput"] for p in points)
    plot = svg.Plot(f"goodput against offered load, {name}", (0, most_x), (0, 1.15 * most_y),
                    "offered, tokens/s", "right answers/s")
    top = min(most_x, 1.15 * most_y)
    plot.guide([(0, 0), (top, top)], "all that was offered")
    plot.upright(case["figures"]["ndr"]["median"], "NDR")
    plot.line([(p["offered"], p["goodput"]) for p in points], 2, "goodput")
    return plot.svg() + svg.legend([(2, "goodput")])


def curves(result):
    out = ""
    for name, case in measured(result).items():
        if case.get("curve"):
            out += (f"<figure><h3>{escape(title_of(name))}</h3>{latency_plot(name, case)}</figure>"
                    f"<figure><h3>Goodput: {escape(name)}</h3>{goodput_plot(name, case)}</figure>")
    return out and ("<h2>Latency and goodput by load</h2><p class=quiet>Open loop: requests leave on a schedule, "
                    "whatever comes back, and latency counts from when each should have left. Above the NDR the "
                    f"queue is full, and its length is the latency.</p><div class=grid2>{out}</div>")


# ── spectra ──

def quantiles(buckets):
    """[(nines, µs)]: nines 0 is the fastest answer, 1 is p90, 2 is p99, 3 is p99.9."""
    total = sum(count for _, count in buckets)
    points, below = [], 0
    for edge, count in buckets:
        points.append((-math.log10(1 - below / total), edge))
        below += count
    return points


def spectrum_plot(name, case):
    lines = [(part, quantiles(b)) for part, b in sorted(case["spectra"].items(), key=lambda kv: int(kv[0])) if b]
    most_x = max(points[-1][0] for _, points in lines)
    edges = [edge for _, points in lines for _, edge in points]
    plot = svg.Plot(f"latency spectrum, {name}", (0, max(most_x, 1)), (min(edges) / 1.3, max(edges) * 1.3, "log"),
                    "percentile", "latency", x_text=nines_text, y_text=duration)
    for series, (part, points) in enumerate(lines):
        plot.line(thin(points), series, f"{part} % of NDR", markers=False)
    return plot.svg() + svg.legend([(s, f"at {part} % of NDR") for s, (part, _) in enumerate(lines)])


def thin(points, most=240):
    """As many points as can be seen."""
    return points[::max(1, len(points) // most)] + points[-1:]


def nines_text(nines):
    if nines != int(nines):
        return ""
    return {0: "0", 1: "90", 2: "99"}.get(int(nines), "99." + "9" * (int(nines) - 2))


def spectra(result):
    out = "".join(f"<figure><h3>{escape(title_of(name))}</h3>{spectrum_plot(name, case)}</figure>"
                  for name, case in measured(result).items() if any(case.get("spectra", {}).values()))
    return out and ("<h2>Spectra of latency</h2><p class=quiet>How long the slowest part of the answers took; each "
                    f"step to the right is ten times rarer.</p><div class=grid2>{out}</div>")


# ── verdicts, stages ──

def verdict_mix(result):
    rows = [(short_of(name), case["statuses"]) for name, case in measured(result).items() if case.get("statuses")]
    if not rows:
        return ""
    total = {}
    for _, counts in rows:
        for status, count in counts.items():
            total[status] = total.get(status, 0) + count
    order = sorted(total, key=lambda s: (s != "OK", -total[s]))
    keys = [(n % svg.STATUS_COLOURS, status) for n, status in enumerate(order)]
    return ("<h2>Verdicts</h2><p class=quiet>What was answered, as shares of each case.</p><figure class=wide>"
            f"{svg.stacks('answers by status', rows, order)}{svg.legend(keys, boxes=True)}</figure>")


def stage_text(stage, row):
    """With what one burst of it holds: a signature stage whose bursts are small wastes lanes."""
    return f"{stage} ({row['items'] / row['bursts']:.3g} a burst)" if row["bursts"] else stage


def stage_bars(result):
    out, reasons = "", set()
    for name, case in measured(result).items():
        stages = case.get("stages", {})
        if "not_measured" in stages:
            reasons.add(stages["not_measured"])
            continue
        rows = [(stage_text(stage, row), row["cycles_per_packet"], 0, None)
                for stage, row in stages.items() if row["cycles"] > 0 and stage != "idle"]
        if rows:
            bars = svg.bars("cycles by stage", rows, wide=560, left=190)
            out += f"<figure><h3>{escape(title_of(name))}</h3>{bars}</figure>"
    if not out and not reasons:
        return ""
    out = out and f"<div class=grid2>{out}</div>"
    notes = "".join(f'<p><span class="pill none">not measured</span> {escape(r)}</p>' for r in sorted(reasons))
    return ("<h2>Cycles by stage</h2><p class=quiet>Cycles of the time-stamp counter a packet, at 90 % of NDR; in "
            "brackets the packets, records or signatures of one burst. Polls that brought nothing are left out."
            f"</p>{out or notes}")


# ── conditions ──

def flat(tree, prefix=""):
    for key, value in tree.items():
        name = f"{prefix}{key}".replace("_", " ")
        if isinstance(value, dict):
            yield from flat(value, f"{name} ")
        else:
            yield name, value


def shown(value):
    if isinstance(value, bool):
        return "yes" if value else "no"
    return " ".join(str(v) for v in value) if isinstance(value, (list, tuple)) else str(value)


def card(title, rows):
    items = "".join(f"<dt>{escape(name)}</dt><dd>{escape(shown(value))}</dd>" for name, value in rows)
    return f"<figure><h3>{escape(title)}</h3><dl>{items}</dl></figure>"


def condition_cards(result):
    c = result["conditions"]
    own = ("cpu", "memory", "software")
    cards = [card("run", flat({name: value for name, value in c.items() if name not in own}))]
    cards += [card(name, flat(c[name])) for name in own] + [card("plan", flat(result["plan"]))]
    files = "".join(f"<details><summary>configuration of edgate: {escape(stage)}</summary><pre>{escape(text)}</pre>"
                    "</details>" for stage, text in result["configurations"].items())
    return f"<h2>Conditions</h2><div class=grid2>{''.join(cards)}</div>{files}"


def page(result):
    """The whole document. Raises LinkError where a figure is called what its port was not."""
    body = "".join(part(result) for part in (
        head, claim_table, case_table, partners, curves, spectra, verdict_mix, stage_bars, condition_cards))
    title = f"edgate capacity {result['conditions']['host']} {result['started']}"
    return (f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            f"<style>{STYLE}</style></head><body><main>{body}</main></body></html>\n")

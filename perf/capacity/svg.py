# SPDX-License-Identifier: BSD-3-Clause
"""Plots as inline SVG: text and shapes take their colours from the page's style sheet, so that they are
legible on light and on dark ground."""
import html
import math

WIDTH, HEIGHT = 560, 300
LEFT, RIGHT, TOP, BOTTOM = 64, 16, 16, 44
STATUS_COLOURS = 10  # series classes s0 … s9 of the style sheet


def escape(text):
    return html.escape(str(text), quote=True)


def short(value):
    """1234567 → 1.23 M"""
    for unit, size in (("M", 1e6), ("k", 1e3)):
        if abs(value) >= size * 0.9995:
            return f"{value / size:.3g} {unit}"
    return f"{value:.3g}" if value < 100 else f"{value:.0f}"


def duration(us):
    """Microseconds with the unit that suits them."""
    if us >= 1e6:
        return f"{us / 1e6:.3g} s"
    return f"{us / 1e3:.3g} ms" if us >= 1e3 else f"{us:.3g} µs"


def linear_ticks(low, high, most=6):
    """Round values that cover low … high."""
    if high <= low:
        high = low + 1
    raw = (high - low) / most
    size = 10 ** math.floor(math.log10(raw))
    step = next(size * m for m in (1, 2, 2.5, 5, 10) if size * m >= raw * 0.999)
    first = math.ceil(low / step - 1e-9)
    return [step * n for n in range(first, math.floor(high / step + 1e-9) + 1)]


def log_ticks(low, high):
    """Powers of ten, with 2 and 5 between where there are few."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    factors = (1,) if len(powers) > 4 else (1, 2, 5)
    return [f * 10.0 ** p for p in powers for f in factors if low * 0.999 <= f * 10.0 ** p <= high * 1.001]


class Axis:
    """Values to pixels."""

    def __init__(self, low, high, start, end, log=False):
        self.log = log
        if log:
            low, high = max(low, 1e-9), max(high, low * 1.0001, 1e-9)
        elif high <= low:
            high = low + 1
        self.low, self.high, self.start, self.end = low, high, start, end

    def at(self, value):
        def scale(v):
            return math.log10(v) if self.log else v
        value = min(max(value, self.low), self.high)
        part = (scale(value) - scale(self.low)) / (scale(self.high) - scale(self.low))
        return self.start + part * (self.end - self.start)

    def ticks(self):
        return log_ticks(self.low, self.high) if self.log else linear_ticks(self.low, self.high)


class Plot:
    """Lines over two axes. What is drawn last lies on top."""

    def __init__(self, title, x, y, x_label, y_label, x_text=short, y_text=short):
        self.title, self.x_label, self.y_label = title, x_label, y_label
        self.x = Axis(*x[:2], LEFT, WIDTH - RIGHT, log=len(x) > 2)
        self.y = Axis(*y[:2], HEIGHT - BOTTOM, TOP, log=len(y) > 2)
        self.parts = []
        self.grid(x_text, y_text)

    def grid(self, x_text, y_text):
        bottom, right = HEIGHT - BOTTOM, WIDTH - RIGHT
        for value in self.y.ticks():
            at = self.y.at(value)
            self.parts.append(f'<line class="grid" x1="{LEFT}" x2="{right}" y1="{at:.1f}" y2="{at:.1f}"/>'
                              f'<text class="tick" x="{LEFT - 7}" y="{at + 4:.1f}" text-anchor="end">'
                              f"{escape(y_text(value))}</text>")
        for value in self.x.ticks():
            at = self.x.at(value)
            self.parts.append(f'<line class="grid" x1="{at:.1f}" x2="{at:.1f}" y1="{TOP}" y2="{bottom}"/>'
                              f'<text class="tick" x="{at:.1f}" y="{bottom + 16}" text-anchor="middle">'
                              f"{escape(x_text(value))}</text>")
        middle = (TOP + bottom) / 2
        self.parts.append(f'<text class="axis" x="{(LEFT + right) / 2}" y="{HEIGHT - 8}" text-anchor="middle">'
                          f"{escape(self.x_label)}</text>"
                          f'<text class="axis" transform="translate(13 {middle}) rotate(-90)" '
                          f'text-anchor="middle">{escape(self.y_label)}</text>')

    def line(self, points, series, label="", markers=True):
        if not points:
            return
        at = [(self.x.at(x), self.y.at(y)) for x, y in points]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in at)
        self.parts.append(f'<polyline class="line s{series}" points="{path}"><title>{escape(label)}</title>'
                          "</polyline>")
        if markers:
            self.parts += [f'<circle class="dot s{series}" cx="{x:.1f}" cy="{y:.1f}" r="3"/>' for x, y in at]

    def guide(self, points, label):
        (x1, y1), (x2, y2) = [(self.x.at(x), self.y.at(y)) for x, y in points]
        self.parts.append(f'<line class="guide" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}">'
                          f"<title>{escape(label)}</title></line>")

    def upright(self, value, label):
        at = self.x.at(value)
        left = at > WIDTH - RIGHT - 70
        self.guide([(value, self.y.low), (value, self.y.high)], label)
        self.parts.append(f'<text class="tick" x="{at + (-5 if left else 5):.1f}" y="{TOP + 11}" '
                          f'text-anchor="{"end" if left else "start"}">{escape(label)}</text>')

    def svg(self):
        return frame(self.title, WIDTH, HEIGHT, self.parts)


def frame(title, width, height, parts):
    return (f'<svg role="img" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">'
            f"<title>{escape(title)}</title>{''.join(parts)}</svg>")


def legend(entries, boxes=False):
    """[(series, text)] as a row of HTML: beside each text a piece of its line, or a box of its colour."""
    shape = '<rect class="bar s{0}" x="6" width="12" height="10" rx="2"/>' if boxes else \
        '<line class="line s{0}" x1="1" x2="25" y1="5" y2="5"/>'
    keys = "".join(f'<span class="key"><svg viewBox="0 0 26 10" width="26" height="10" aria-hidden="true">'
                   f"{shape.format(series)}</svg>{escape(text)}</span>" for series, text in entries)
    return f'<div class="legend">{keys}</div>'


def bars(title, rows, log=False, unit="", wide=860, left=210):
    """Horizontal bars: (label, value, series, (low, high) or None)."""
    tall, right = 26, 90
    height = tall * len(rows) + 8
    most = max(value for _, value, _, _ in rows)
    least = min(value for _, value, _, _ in rows)
    axis = Axis(10 ** math.floor(math.log10(least) - 0.01) if log else 0, most, left, wide - right, log)
    parts = []
    for n, (label, value, series, spread) in enumerate(rows):
        y, end = 4 + tall * n, axis.at(value)
        parts.append(f'<text class="label" x="{left - 10}" y="{y + 17}" text-anchor="end">{escape(label)}</text>'
                     f'<rect class="bar s{series}" x="{left}" y="{y + 4}" width="{max(end - left, 1):.1f}" '
                     f'height="{tall - 9}" rx="2"/>')
        if spread:
            low, high = axis.at(spread[0]), axis.at(spread[1])
            parts.append(f'<line class="whisker" x1="{low:.1f}" x2="{high:.1f}" y1="{y + 12.5}" y2="{y + 12.5}"/>')
            end = max(end, high)
        parts.append(f'<text class="label" x="{end + 8:.1f}" y="{y + 17}">{escape(short(value))}{escape(unit)}</text>')
    return frame(title, wide, height, parts)


def stacks(title, rows, order):
    """Horizontal bars of shares: (label, {name: count}); names in this order, with their series."""
    wide, left, tall, right = 860, 210, 26, 16
    height = tall * len(rows) + 8
    parts = []
    for n, (label, counts) in enumerate(rows):
        y, x, total = 4 + tall * n, float(left), sum(counts.values())
        parts.append(f'<text class="label" x="{left - 10}" y="{y + 17}" text-anchor="end">{escape(label)}</text>')
        for series, name in enumerate(order):
            width = (wide - right - left) * counts.get(name, 0) / total if total else 0
            if width <= 0:
                continue
            parts.append(f'<rect class="bar s{series % STATUS_COLOURS}" x="{x:.1f}" y="{y + 4}" '
                         f'width="{width:.1f}" height="{tall - 9}"><title>{escape(name)}: {counts[name]} '
                         f"({100 * counts[name] / total:.3g} %)</title></rect>")
            x += width
    return frame(title, wide, height, parts)

"""How work grows with what is held, as tables and as a picture, from what bench/growth.py last recorded.

The picture has a panel for each axis, both of whose scales go in tens: a line that lies flat is work that does not
depend on the size, one that climbs as steeply as the dashed diagonal grows as the size does. Each line begins at 1, its
figure at the smallest size; those that never leave the ground are counted in words.
"""

from __future__ import annotations

import math
import re
from html import escape
from typing import Any

from docs.generate.figures import recorded, shown

POINT = re.compile(r"(.+), ([0-9,]+) ([a-z][a-z ]*)")
WIDTH, PANEL, HIGH, COLUMNS = 920, 450, 250, 2
LEFT, RIGHT, TOP, BOTTOM = 56, 150, 34, 40
LABEL = 15
# a figure that grows by less over the whole range lies flat
FLAT = 1.6
COLOURS = ("#0b6e4f", "#b4540a", "#5b5fc7", "#a4243b", "#227c9d", "#7a6c00", "#6b4e71", "#444b54", "#9a5b13")
STYLE = """
  :root { --ink: #1f2933; --soft: #7b8794; --line: #cbd2d9; --ground: #ffffff; }
  @media (prefers-color-scheme: dark) { :root { --ink: #e4e7eb; --soft: #9aa5b1; --line: #3e4c59; --ground: #1f2933; } }
  text { fill: var(--ink); font: 12px sans-serif; } .soft { fill: var(--soft); }
  .axis { stroke: var(--line); fill: none; } .ground { fill: var(--ground); }
"""
Curve = dict[int, float]


def table() -> str:
    """Return a table for each axis: what each work takes at every size, its exponent, and whether that is met."""
    rows = {row["work"]: row for row in recorded("growth")}
    return "\n\n".join(_axis_table(axis, works, rows) for axis, works in _curves().items())


def _axis_table(axis: str, works: dict[str, Curve], rows: dict[str, dict[str, Any]]) -> str:
    sizes = sorted(next(iter(works.values())))
    head = [f"**{axis}**", *(f"{size:,}" for size in sizes), "exponent", "target", "met"]
    lines = [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    for work, points in works.items():
        slope, error = (rows[f"{work} by {axis}: {told}"] for told in ("exponent", "error of the exponent"))
        figures = [shown(points[size]) for size in sizes]
        unit = rows[f"{work}, {sizes[0]:,} {axis}"]["unit"]
        met = "yes" if slope["met"] else "**no**"
        lines.append(
            f"| {work}, {unit} | {' | '.join(figures)} "
            f"| {slope['value']:.2f} ± {error['value']:.2f} | {slope['target']} | {met} |"
        )
    return "\n".join(lines)


def draw() -> str:
    """Return the picture."""
    curves = _curves()
    high = HIGH * math.ceil(len(curves) / COLUMNS)
    title = "How work grows with what is held"
    head = f'viewBox="0 0 {WIDTH} {high}" role="img"><title>{title}</title>'
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" {head}', f"<style>{STYLE}</style>"]
    parts.append(f'<rect class="ground" width="{WIDTH}" height="{high}"/>')
    for at, (axis, works) in enumerate(curves.items()):
        across, down = at % COLUMNS * PANEL, at // COLUMNS * HIGH
        parts += [f'<g transform="translate({across} {down})">', *_panel(axis, works), "</g>"]
    return "\n".join([*parts, "</svg>\n"])


def _panel(axis: str, works: dict[str, Curve]) -> list[str]:
    """Return the parts of one axis."""
    sizes = sorted(next(iter(works.values())))
    ratios = {work: {size: points[size] / points[sizes[0]] for size in sizes} for work, points in works.items()}
    most = max(value for points in ratios.values() for value in points.values())
    tens = max(1, math.ceil(math.log10(most)))

    def at(size: float, ratio: float) -> tuple[float, float]:
        across = math.log10(size / sizes[0]) / math.log10(sizes[-1] / sizes[0])
        up = min(tens, math.log10(max(ratio, 1))) / tens
        x, y = LEFT + across * (PANEL - LEFT - RIGHT), HIGH - BOTTOM - up * (HIGH - TOP - BOTTOM)
        return round(x, 1), round(y, 1)

    parts = [_line([at(sizes[0], 10**ten), at(sizes[-1], 10**ten)], "axis") for ten in range(tens + 1)]
    parts += [_line([at(size, 1), at(size, 10**tens)], "axis") for size in sizes]
    parts += [_text(LEFT - 6, at(sizes[0], 10**ten)[1] + 4, f"× {10**ten:,}", "end") for ten in range(tens + 1)]
    parts += [_text(at(size, 1)[0], HIGH - BOTTOM + 16, f"{size:,}", "middle") for size in sizes]
    parts.append(_text((LEFT + PANEL - RIGHT) / 2, HIGH - 8, axis, "middle", "soft"))
    steep = min(sizes[-1], sizes[0] * 10**tens)
    parts.append(_line([at(sizes[0], 1), at(steep, steep / sizes[0])], "axis", 'stroke-dasharray="3 5"'))
    climbing = {work: points for work, points in ratios.items() if points[sizes[-1]] >= FLAT}
    place = -math.inf
    for work, points in sorted(climbing.items(), key=lambda each: -each[1][sizes[-1]]):
        colour = COLOURS[list(works).index(work) % len(COLOURS)]
        line = [at(size, points[size]) for size in sizes]
        place = max(line[-1][1], place + LABEL)
        parts.append(_line(line, "", f'fill="none" stroke="{colour}" stroke-width="2"'))
        parts.append(_line([line[-1], (PANEL - RIGHT + 10, place)], "axis"))
        parts.append(_text(PANEL - RIGHT + 14, place + 4, work, "start", style=f'style="fill:{colour}"'))
    for work, points in ratios.items():
        if work not in climbing:
            parts.append(_line([at(size, points[size]) for size in sizes], "", FLAT_LINE))
    flat = len(ratios) - len(climbing)
    words = f"{flat} of {len(ratios)} lie flat" if flat else "all climb"
    parts.append(_text(LEFT, TOP - 14, words, "start", "soft"))
    return parts


FLAT_LINE = f'fill="none" stroke="{COLOURS[0]}" stroke-width="2" opacity="0.6"'


def _curves() -> dict[str, dict[str, Curve]]:
    """Return axis → work → size → figure."""
    found: dict[str, dict[str, Curve]] = {}
    for row in recorded("growth"):
        if told := POINT.fullmatch(row["work"]):
            found.setdefault(told[3], {}).setdefault(told[1], {})[int(told[2].replace(",", ""))] = row["value"]
    return found


def _line(points: list[tuple[float, float]], kind: str, more: str = "") -> str:
    path = "M" + " L".join(f"{x:g} {y:g}" for x, y in points)
    return f'<path class="{kind}" d="{path}" {more}/>'


def _text(x: float, y: float, words: str, anchor: str, kind: str = "", style: str = "") -> str:
    return f'<text class="{kind}" x="{x:g}" y="{y:g}" text-anchor="{anchor}" {style}>{escape(words)}</text>'

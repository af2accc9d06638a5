"""How work grows with what is held, as a table and as a picture, from what bench/growth.py last recorded.

The picture has both axes in tens: a line that lies flat is work that does not depend on the size, one that climbs as
steeply as the thin diagonal grows as the size does. Each line begins at 1, its figure at the smallest size.
"""

from __future__ import annotations

import json
import math
import re
from html import escape
from typing import Any

from docs.generate.figures import RESULTS

POINT = re.compile(r"(.+), ([0-9,]+) agreements")
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 860, 380, 70, 300, 30, 50
COLOURS = ("#0b6e4f", "#b4540a", "#5b5fc7", "#a4243b", "#227c9d", "#7a6c00", "#6b4e71", "#444b54", "#9a5b13")
STYLE = """
  :root { --ink: #1f2933; --soft: #7b8794; --line: #cbd2d9; --ground: #ffffff; }
  @media (prefers-color-scheme: dark) { :root { --ink: #e4e7eb; --soft: #9aa5b1; --line: #3e4c59; --ground: #1f2933; } }
  text { fill: var(--ink); font: 13px sans-serif; } .soft { fill: var(--soft); }
  .axis { stroke: var(--line); fill: none; } .ground { fill: var(--ground); }
"""


def table() -> str:
    """Return a row for each work: its figure at every size, the exponent with its error, and whether that is met."""
    rows = {row["work"]: row for row in _recorded()}
    curves = _curves()
    sizes = sorted(next(iter(curves.values())))
    head = ["what", *(f"{size:,}" for size in sizes), "exponent", "target", "met"]
    lines = [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    for work, points in curves.items():
        slope, error = rows[f"{work}: exponent"], rows[f"{work}: error of the exponent"]["value"]
        figures = [f"{points[size]:,.3g}" for size in sizes]
        unit = rows[f"{work}, {sizes[0]:,} agreements"]["unit"]
        met = "yes" if slope["met"] else "**no**"
        lines.append(
            f"| {work}, {unit} | {' | '.join(figures)} "
            f"| {slope['value']:.2f} ± {error:.2f} | {slope['target']} | {met} |"
        )
    return "\n".join(lines)


def draw() -> str:
    """Return the picture."""
    curves = _curves()
    sizes = sorted(next(iter(curves.values())))
    most = max(value / points[sizes[0]] for points in curves.values() for value in points.values())
    tens = max(1, math.ceil(math.log10(most)))

    def at(size: float, ratio: float) -> tuple[float, float]:
        across = math.log10(size / sizes[0]) / math.log10(sizes[-1] / sizes[0])
        up = math.log10(max(ratio, 1)) / tens
        x, y = LEFT + across * (WIDTH - LEFT - RIGHT), HEIGHT - BOTTOM - up * (HEIGHT - TOP - BOTTOM)
        return round(x, 1), round(y, 1)

    parts = [_line([at(sizes[0], 10**ten), at(sizes[-1], 10**ten)], "axis") for ten in range(tens + 1)]
    parts += [_line([at(size, 1), at(size, 10**tens)], "axis") for size in sizes]
    parts += [_text(LEFT - 8, at(sizes[0], 10**ten)[1] + 4, f"× {10**ten:,}", "end") for ten in range(tens + 1)]
    parts += [_text(at(size, 1)[0], HEIGHT - BOTTOM + 20, f"{size:,}", "middle") for size in sizes]
    parts.append(_text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 8, "agreements held", "middle", "soft"))
    parts.append(_line([at(sizes[0], 1), at(sizes[-1], sizes[-1] / sizes[0])], "axis", 'stroke-dasharray="3 5"'))
    ends = sorted(((at(sizes[-1], points[sizes[-1]] / points[sizes[0]])[1], work) for work, points in curves.items()))
    place = -math.inf
    for end, work in ends:
        points, colour = curves[work], COLOURS[list(curves).index(work) % len(COLOURS)]
        line = [at(size, points[size] / points[sizes[0]]) for size in sizes]
        place = max(end, place + 18)
        parts.append(_line(line, "", f'fill="none" stroke="{colour}" stroke-width="2"'))
        parts.append(_line([line[-1], (WIDTH - RIGHT + 18, place)], "axis"))
        parts.append(_text(WIDTH - RIGHT + 24, place + 4, work, "start", style=f'style="fill:{colour}"'))
    title = "How work grows with the agreements held"
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img"><title>{title}</title>',
            f"<style>{STYLE}</style>",
            f'<rect class="ground" width="{WIDTH}" height="{HEIGHT}"/>',
            *parts,
            "</svg>\n",
        ]
    )


def _recorded() -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads((RESULTS / "growth.json").read_text())
    return rows


def _curves() -> dict[str, dict[int, float]]:
    """Return work → size → figure."""
    found: dict[str, dict[int, float]] = {}
    for row in _recorded():
        if told := POINT.fullmatch(row["work"]):
            found.setdefault(told[1], {})[int(told[2].replace(",", ""))] = row["value"]
    return found


def _line(points: list[tuple[float, float]], kind: str, more: str = "") -> str:
    path = "M" + " L".join(f"{x:g} {y:g}" for x, y in points)
    return f'<path class="{kind}" d="{path}" {more}/>'


def _text(x: float, y: float, words: str, anchor: str, kind: str = "", style: str = "") -> str:
    return f'<text class="{kind}" x="{x:g}" y="{y:g}" text-anchor="{anchor}" {style}>{escape(words)}</text>'

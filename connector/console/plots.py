"""Plots as drawings made here: bars over days, readable without script and without colour alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from markupsafe import Markup

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

WIDTH, HEIGHT, FOOT = 640, 180, 24
GAP_SHARE = 0.25
LABELS_MAX = 8
# of a column's values, in a cell of a table
SPREAD_WIDTH, SPREAD_HEIGHT = 120, 28
# of two bars below each other, in a card: how wide the drawing is, how high each is, what the figure at its end needs
PAIR_WIDTH, PAIR_HEIGHT, PAIR_ROOM = 320, 22, 90
# of a tree: where each level begins, how high a line is, how many lines are drawn, how long a name may be
LEVELS, LINE_HEIGHT, LINES_MAX, NAME_CHARACTERS = (6, 236, 446), 40, 40, 26


def bars(points: Sequence[tuple[str, float]], title: str, shown: Callable[[Any], str] = str) -> Markup:
    """Return a bar for each (label, amount), the amounts not below zero; `shown` writes an amount for a reader."""
    most = max((amount for _, amount in points), default=0) or 1
    step = WIDTH / max(1, len(points))
    every = max(1, -(-len(points) // LABELS_MAX))
    drawn = [_bar(number, label, amount, step, most, shown) for number, (label, amount) in enumerate(points)]
    drawn += [_label(number, label, step) for number, (label, _) in enumerate(points) if number % every == 0]
    line = Markup('<line class="axis" x1="0" y1="{y}" x2="{x}" y2="{y}"/>').format(y=HEIGHT, x=WIDTH)
    top = Markup('<text class="most" x="0" y="12">{}</text>').format(shown(most if points else 0))
    frame = Markup('<svg class="plot" viewBox="0 0 {w} {h}" role="img"><title>{title}</title>{inside}</svg>')
    return frame.format(w=WIDTH, h=HEIGHT + FOOT, title=title, inside=Markup("").join([*drawn, line, top]))


def _bar(number: int, label: str, amount: float, step: float, most: float, shown: Callable[[Any], str]) -> Markup:
    height = round((HEIGHT - 20) * amount / most, 1)
    shape = Markup('<rect class="bar" x="{x}" y="{y}" width="{w}" height="{h}"><title>{told}</title></rect>')
    told = f"{label}: {shown(amount)}"
    x = round(step * (number + GAP_SHARE / 2), 1)
    return shape.format(x=x, y=round(HEIGHT - height, 1), w=round(step * (1 - GAP_SHARE), 1), h=height, told=told)


def _label(number: int, label: str, step: float) -> Markup:
    text = Markup('<text class="label" x="{x}" y="{y}">{label}</text>')
    return text.format(x=round(step * (number + GAP_SHARE / 2), 1), y=HEIGHT + FOOT - 8, label=label)


def spread(shares: Sequence[tuple[str, int]]) -> Markup:
    """Return a small drawing of a column's values, a bar for each (what it is called, basis points)."""
    return strip([share for _, share in shares], "; ".join(told(called, share) for called, share in shares))


def strip(amounts: Sequence[int], title: str) -> Markup:
    """Return amounts beside each other as one small drawing, nothing where none is above zero; `title` tells them."""
    if not any(amounts):
        return Markup("")
    most, step = max(amounts), SPREAD_WIDTH / len(amounts)
    drawn = "".join(
        f"M{round(step * number, 1):g} {SPREAD_HEIGHT}v-{height:g}h{round(step * (1 - GAP_SHARE), 1):g}v{height:g}z"
        for number, amount in enumerate(amounts)
        if amount and (height := max(1.0, round(SPREAD_HEIGHT * amount / most, 1)))
    )
    frame = Markup(
        '<svg class="plot spread" viewBox="0 0 {w} {h}" role="img"><title>{title}</title>'
        '<path class="axis" d="M0 {h}h{w}"/><path class="bar" d="{drawn}"/></svg>'
    )
    return frame.format(w=SPREAD_WIDTH, h=SPREAD_HEIGHT, title=title, drawn=drawn)


def told(called: str, share: int) -> str:
    """Return a bar in words: `JFK 33 %`."""
    return f"{called} {share / 100:.0f} %"


def pair(ours: float, theirs: float, told: Sequence[tuple[str, str]], title: str) -> Markup:
    """Return two bars below each other on one scale, the second hatched; `told` is the label and figure of each."""
    most, room = max(ours, theirs) or 1.0, PAIR_WIDTH - PAIR_ROOM
    shape = Markup(
        '<rect class="{kind}" x="0" y="{y}" width="{w}" height="{h}"/><text x="{x}" y="{base}">{figure}</text>'
        '<text class="label" x="0" y="{above}">{label}</text>'
    )
    drawn = [
        shape.format(
            kind=kind, y=top + 16, w=(width := round(room * value / most, 1)), h=PAIR_HEIGHT, x=width + 6,
            base=top + 16 + PAIR_HEIGHT - 6, figure=figure, above=top + 12, label=label,
        )
        for top, kind, value, (label, figure) in zip((0, 44), ("bar", "yardstick"), (ours, theirs), told, strict=True)
    ]  # fmt: skip
    frame = Markup('<svg class="plot pair" viewBox="0 0 {w} {h}" role="img"><title>{title}</title>{inside}</svg>')
    return frame.format(w=PAIR_WIDTH, h=88, title=title, inside=Markup("").join(drawn))


def tree(root: str, branches: Sequence[tuple[str, str, Sequence[tuple[str, str]]]], title: str) -> Markup:
    """Return who holds something from whom: `branches` are (name, state, those below it as (name, state))."""
    lines: list[tuple[int, int, str, str]] = []  # level, line of the parent, name, state
    for name, state, below in branches:
        parent = len(lines)
        lines.append((1, 0, name, state))
        lines += [(2, parent, child, its) for child, its in below]
    drawn = [_node(0, 0, root, "")]
    for number, (level, parent, name, state) in enumerate(lines[:LINES_MAX]):
        drawn += [_edge(level, parent, number), _node(level, number, name, state)]
    height = LINE_HEIGHT * max(1, min(len(lines), LINES_MAX))
    frame = Markup('<svg class="plot tree" viewBox="0 0 {w} {h}" role="img"><title>{title}</title>{inside}</svg>')
    return frame.format(w=WIDTH, h=height, title=title, inside=Markup("").join(drawn))


def _node(level: int, line: int, name: str, state: str) -> Markup:
    shown = name if len(name) <= NAME_CHARACTERS else name[: NAME_CHARACTERS - 1] + "…"
    x, y = LEVELS[level], LINE_HEIGHT * line
    text = Markup('<circle class="bar" cx="{cx}" cy="{cy}" r="5"/><text class="name" x="{x}" y="{y}">{name}</text>')
    told = text.format(cx=x, cy=y + 20, x=x + 12, y=y + 18, name=shown)
    return told + Markup('<text class="label" x="{x}" y="{y}">{state}</text>').format(x=x + 12, y=y + 33, state=state)


def _edge(level: int, parent: int, line: int) -> Markup:
    from_y = LINE_HEIGHT * (parent if level > 1 else 0) + 20
    shape = Markup('<path class="edge" d="M{x} {y} L{bend} {y} L{bend} {to} L{end} {to}"/>')
    bend, end = LEVELS[level] - 18, LEVELS[level] - 6
    return shape.format(
        x=LEVELS[level - 1] if level > 1 else LEVELS[0], y=from_y, bend=bend, end=end, to=LINE_HEIGHT * line + 20
    )

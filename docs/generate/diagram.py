"""The state machines of the protocol as pictures, drawn from the tables of `connector.negotiation.protocol.states`.

Law: what is said comes from the tables, here is only where it stands. Each state has a place on a grid (`PLACES`); a
state without one cannot be drawn, an arrow between places that are neither in a row nor in a column is a diagonal. A
message that several states share, to the same end by the same senders, is drawn once, from a frame around them.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from connector.negotiation.protocol.messages import TYPE_OF
from connector.negotiation.protocol.states import FINAL, NEGOTIATION, NEXT, NONE, STATES, TRANSFER, turn

if TYPE_CHECKING:
    from collections.abc import Iterator

Point = tuple[float, float]

# column and row of each state; the state before the first stands between rows where it leads to two
PLACES: dict[str, dict[str, Point]] = {
    NEGOTIATION: {
        NONE: (0, 0.5),
        "REQUESTED": (1, 0),
        "OFFERED": (1, 1),
        "ACCEPTED": (2, 1),
        "AGREED": (2, 0),
        "VERIFIED": (3, 0),
        "FINALIZED": (4.2, 0),
        "TERMINATED": (4.2, 1),
    },
    TRANSFER: {
        NONE: (0, 0),
        "REQUESTED": (1, 0),
        "STARTED": (2, 0),
        "SUSPENDED": (2, 1),
        "COMPLETED": (3.2, 0),
        "TERMINATED": (3.2, 1),
    },
}
COLUMN, ROW = 262, 136
LEFT, TOP = 32, 84  # of the first column and row
RIGHT, BOTTOM = 92, 118  # beyond the last
BOX_WIDTH, BOX_HEIGHT = 144, 56
DOT = 9
RING = 5  # between a final state and the line around it
NEAR = 3  # how near an arrow comes
APART = 26  # between two arrows that run against each other
FRAME = 40  # around the states of a frame
SHARED_LEAST = 3  # states that share an ending before it is drawn from a frame
LABEL_GAP = 11
LEGEND = 204  # from one sample to the next
BASELINE = 5  # from the middle of a line of text down to its foot

STYLE = """
  :root { --ink: #1f2933; --soft: #7b8794; --card: #eef2f5; --frame: #f7f9fa; --line: #cbd2d9;
          --provider: #0b6e4f; --consumer: #b4540a; --either: #5b5fc7; }
  @media (prefers-color-scheme: dark) {
    :root { --ink: #e4e7eb; --soft: #9aa5b1; --card: #2b3640; --frame: #1a222a; --line: #3e4c59;
            --provider: #4fd1a5; --consumer: #f6ad55; --either: #a5a8ff; }
  }
  text { font: 14px system-ui, sans-serif; fill: var(--ink); text-anchor: middle; }
  .state { font-weight: 600; letter-spacing: .3px; }
  .turn { font-size: 12px; }
  .soft { fill: var(--soft); }
  .box { fill: var(--card); stroke: var(--line); }
  .end { fill: none; stroke: var(--line); }
  .frame { fill: var(--frame); stroke: var(--line); stroke-dasharray: 3 5; }
  .dot { fill: var(--ink); }
  .arrow { fill: none; stroke-width: 2; }
  .provider { stroke: var(--provider); } .consumer { stroke: var(--consumer); } .either { stroke: var(--either); }
  text.provider, path.tip.provider { fill: var(--provider); stroke: none; }
  text.consumer, path.tip.consumer { fill: var(--consumer); stroke: none; }
  text.either, path.tip.either { fill: var(--either); stroke: none; }
  text.start { text-anchor: start; } text.last { text-anchor: end; }
""".strip("\n")
SENDERS = ("consumer", "provider", "either")
TITLES = {NEGOTIATION: "The states of a contract negotiation", TRANSFER: "The states of a transfer process"}


@dataclass(frozen=True)
class Arrow:
    """One message from one or more states to another; `sender` is a role or `either`."""

    message: str
    sender: str
    sources: tuple[str, ...]
    to: str


def arrows(process: str) -> list[Arrow]:
    """Return the rows of the table as arrows: both senders of one message together, a shared ending once."""
    senders: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for (of, state, message, sender), to in NEXT.items():
        if of == process:
            senders[state, message, to].append(sender)
    shared: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for (state, message, to), who in senders.items():
        shared[message, who[0] if len(who) == 1 else "either", to].append(state)
    found = []
    for (message, sender, to), states in shared.items():
        together = [tuple(states)] if len(states) >= SHARED_LEAST else [(state,) for state in states]
        found += [Arrow(message, sender, sources, to) for sources in together]
    return found


def draw(process: str) -> str:
    """Return the picture of one process as SVG."""
    places = {state: (LEFT + x * COLUMN, TOP + y * ROW) for state, (x, y) in PLACES[process].items()}
    known = arrows(process)
    assert set(places) == set(STATES[process]), "every state has its place"
    steps = [step for arrow in known if len(arrow.sources) > 1 for step in _framed(process, arrow, places)]
    pairs = {(arrow.sources[0], arrow.to) for arrow in known if len(arrow.sources) == 1}
    for arrow in known:
        if len(arrow.sources) == 1:
            steps += _between(process, arrow, places, crowded=(arrow.to, arrow.sources[0]) in pairs)
    steps += [part for state in STATES[process] for part in _state(process, state, places[state])]
    said = "; ".join(
        f"{' or '.join(filter(None, a.sources)) or 'start'} to {a.to}: {a.message}, {a.sender}" for a in known
    )
    width, height = (max(each[axis] for each in places.values()) + room for axis, room in ((0, RIGHT), (1, BOTTOM)))
    box = f'viewBox="0 0 {width:g} {height:g}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {box} role="img" aria-labelledby="t d">'
    about = f'<title id="t">{TITLES[process]}</title>\n<desc id="d">{escape(said)}.</desc>'
    lines = [head, about, f"<style>\n{STYLE}\n</style>", _tips(), *steps, *_legend(height - 22), "</svg>"]
    return "\n".join(lines) + "\n"


def _state(process: str, state: str, at: Point) -> Iterator[str]:
    x, y = at
    if state == NONE:
        yield f'<circle class="dot" cx="{x}" cy="{y}" r="{DOT}"/>'
        return
    left, top = x - BOX_WIDTH / 2, y - BOX_HEIGHT / 2
    yield f'<rect class="box" x="{left:g}" y="{top:g}" width="{BOX_WIDTH}" height="{BOX_HEIGHT}" rx="10"/>'
    if state in FINAL:
        left, top, width, height = left - RING, top - RING, BOX_WIDTH + 2 * RING, BOX_HEIGHT + 2 * RING
        yield f'<rect class="end" x="{left:g}" y="{top:g}" width="{width}" height="{height}" rx="14"/>'
    whose = turn(process, state)
    said = f"{whose}’s turn" if whose else "the end"
    yield f'<text class="state" x="{x:g}" y="{y - 3:g}">{state}</text>'
    yield f'<text class="turn {whose or "soft"}" x="{x:g}" y="{y + 15:g}">{said}</text>'


def _between(process: str, arrow: Arrow, places: dict[str, Point], *, crowded: bool) -> Iterator[str]:
    """Draw one arrow from a state's edge to another's; beside the one that runs against it."""
    (ax, ay), (bx, by) = places[arrow.sources[0]], places[arrow.to]
    length = ((bx - ax) ** 2 + (by - ay) ** 2) ** 0.5
    along = ((bx - ax) / length, (by - ay) / length)
    aside = (-along[1], along[0])
    shift = APART / 2 if crowded else 0.0
    start = _leave(arrow.sources[0], (ax, ay), along)
    stop = _leave(arrow.to, (bx, by), (-along[0], -along[1]))
    (x1, y1), (x2, y2) = (_moved(point, aside, -shift) for point in (start, stop))
    yield _line(process, arrow, (x1, y1), (x2, y2))
    # above what runs along a row, beside what runs along a column, outside of a diagonal
    side = 1 if along[0] > 0 and along[1] > 0 else -1
    middle = _moved(((x1 + x2) / 2, (y1 + y2) / 2), aside, side * LABEL_GAP)
    anchor = "" if not along[1] else "start" if middle[0] > (x1 + x2) / 2 else "last"
    yield _label(arrow, middle, anchor)


def _framed(process: str, arrow: Arrow, places: dict[str, Point]) -> Iterator[str]:
    """Draw a frame round the states that share an ending, and one arrow from it."""
    xs, ys = zip(*(places[state] for state in arrow.sources), strict=True)
    left, right = min(xs) - BOX_WIDTH / 2 - FRAME, max(xs) + BOX_WIDTH / 2 + FRAME
    top, bottom = min(ys) - BOX_HEIGHT / 2 - FRAME, max(ys) + BOX_HEIGHT / 2 + FRAME
    inside = {state for state, (x, y) in places.items() if left < x < right and top < y < bottom}
    assert inside == set(arrow.sources), "a frame holds what shares the ending, and nothing else"
    x, y = places[arrow.to]
    yield (f'<rect class="frame" x="{left:g}" y="{top:g}" width="{right - left:g}" height="{bottom - top:g}" rx="18"/>')
    stop = x - BOX_WIDTH / 2 - RING - NEAR
    yield _line(process, arrow, (right, y), (stop, y))
    yield _label(arrow, ((right + stop) / 2, y - LABEL_GAP), "")


def _line(process: str, arrow: Arrow, start: Point, stop: Point) -> str:
    (x1, y1), (x2, y2) = start, stop
    drawn = f'class="arrow {arrow.sender}" d="M{x1:.1f} {y1:.1f} {x2:.1f} {y2:.1f}" marker-end="url(#{arrow.sender})"'
    return f"<path {drawn}><title>{TYPE_OF[process, arrow.message]}</title></path>"


def _label(arrow: Arrow, at: Point, anchor: str) -> str:
    named = f"{arrow.sender} {anchor}".strip()
    return f'<text class="{named}" x="{at[0]:.1f}" y="{at[1] + BASELINE:.1f}">{arrow.message}</text>'


def _leave(state: str, at: Point, along: Point) -> Point:
    """Return where a line from the middle of a state leaves it, or one that runs against `along` arrives."""
    if state == NONE:
        return _moved(at, along, DOT + NEAR)
    room = RING if state in FINAL else 0
    reach = [
        half / abs(step)
        for half, step in zip((BOX_WIDTH / 2 + room, BOX_HEIGHT / 2 + room), along, strict=True)
        if abs(step) > 1e-9
    ]
    return _moved(at, along, min(reach) + NEAR)


def _moved(at: Point, along: Point, far: float) -> Point:
    return at[0] + along[0] * far, at[1] + along[1] * far


def _tips() -> str:
    tips = "".join(
        f'<marker id="{sender}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="6" markerHeight="6" orient="auto">'
        f'<path class="tip {sender}" d="M0 0 8 4 0 8z"/></marker>'
        for sender in SENDERS
    )
    return f"<defs>{tips}</defs>"


def _legend(y: float) -> Iterator[str]:
    x = LEFT
    for sender in SENDERS:
        words = "sent by either" if sender == "either" else f"sent by the {sender}"
        yield f'<path class="arrow {sender}" d="M{x:g} {y:g} {x + 40:g} {y:g}" marker-end="url(#{sender})"/>'
        yield f'<text class="turn {sender} start" x="{x + 50:g}" y="{y + 4:g}">{words}</text>'
        x += LEGEND
    yield f'<text class="turn soft start" x="{x:g}" y="{y + 4:g}">dashed frame: from each state inside</text>'

"""The architecture as a picture, drawn from the code: packages, the connector's rooms, and every import between them.

Law: what is said comes from the code, here is only where it stands. A room is a folder of `connector`; what it is for,
its own first sentence says. A room stands above those that it imports from, on one floor with those that may be asked
by the same: a dot above the diagonal would be an import against the stream.
"""

from __future__ import annotations

import ast
from collections import Counter
from functools import cache
from html import escape
from math import log2
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Edges = Counter[tuple[str, str]]

ROOT = Path(__file__).resolve().parents[2]
SHELL = "connector"
# column and row of each package; one without a place cannot be drawn
PLACES = {SHELL: (1, 0), "catalog": (0, 1), "ledger": (2, 1), "contracts": (1, 2), "policy": (1, 3)}
CARD_WIDTH, CARD_HEIGHT, COLUMN, ROW = 380, 50, 410, 92
LEFT, TOP = 24, 20
WORDS_CHARACTERS = 58
NAMES, WORDS, MATRIX, CELL = 24, 142, 560, 24
HEADS = 110  # room for the names above the columns
GAP = 46  # between the packages and the rooms
DOT_LEAST, DOT_MORE = 2.4, 1.2  # of one import, and more each time that there are twice as many

TIP = (
    '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
    '<path class="tip" d="M0 0 8 4 0 8z"/></marker></defs>'
)
STYLE = """
  :root { --ink: #1f2933; --soft: #7b8794; --accent: #0b6e4f; --card: #eef2f5; --against: #b4540a; }
  @media (prefers-color-scheme: dark) {
    :root { --ink: #e4e7eb; --soft: #9aa5b1; --accent: #4fd1a5; --card: #2b3640; --against: #f6ad55; }
  }
  text { font: 13px system-ui, sans-serif; fill: var(--ink); }
  .middle { text-anchor: middle; }
  .name { font-weight: 600; }
  .large { font-size: 15px; }
  .soft { fill: var(--soft); font-size: 12px; }
  .card { fill: var(--card); }
  .arrow { stroke: var(--accent); stroke-width: 2; fill: none; }
  .tip, .dot { fill: var(--accent); }
  .against { fill: var(--against); }
""".strip("\n")


def packages() -> Edges:
    """Return (importer, imported) → imports, between the packages."""
    return _imports(lambda module: module.split(".", 1)[0])


def rooms() -> Edges:
    """Return (importer, imported) → imports, between the rooms of the connector."""
    return _imports(_room)


def ordered(edges: Edges) -> list[str]:
    """Return the rooms, the top floor first; on a floor stand those that import from the floors below it alone."""
    rooms = {path.parent.name for path in (ROOT / SHELL).glob("*/__init__.py")}
    below = {room: {imported for importer, imported in edges if importer == room} for room in rooms}
    found: list[str] = []
    while left := below.keys() - set(found):
        ground = {room for room in left if below[room] <= set(found)}
        assert ground, f"{sorted(left)} import each other"
        found += sorted(ground, reverse=True)
    return found[::-1]


def draw() -> str:
    """Return the picture as SVG."""
    between, inside = packages(), rooms()
    names = ordered(inside)
    top = TOP + (max(y for _, y in PLACES.values()) + 1) * ROW + GAP + HEADS
    width, height = MATRIX + len(names) * CELL + LEFT, top + len(names) * CELL + LEFT + GAP
    said = "; ".join(f"{a} imports {b}" for a, b in sorted(between))
    count = f"{len(names)} rooms of the connector with {len(inside)} imports between them"
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" aria-labelledby="t d">',
        '<title id="t">The architecture, drawn from the code</title>',
        f'<desc id="d">{escape(said)}; {count}.</desc>',
        f"<style>\n{STYLE}\n</style>",
        TIP,
        *_packages(between),
        *_rooms(inside, names, top),
        "</svg>\n",
    ])  # fmt: skip


def _packages(edges: Edges) -> Iterator[str]:
    assert {name for edge in edges for name in edge} == set(PLACES), "every package has its place"
    at = {name: (LEFT + x * COLUMN + CARD_WIDTH / 2, TOP + y * ROW) for name, (x, y) in PLACES.items()}
    for importer, imported in sorted(edges):
        (ax, ay), (bx, by) = at[importer], at[imported]
        aside = CARD_WIDTH / 2 - 20 if by - ay > ROW else 0  # past what lies between
        x1, x2 = (ax + aside, bx + aside) if ax == bx else (ax, bx + (aside if ax > bx else -aside))
        y1, y2 = ay + CARD_HEIGHT, by - 3
        yield f'<line class="arrow" x1="{x1:g}" y1="{y1:g}" x2="{x2:g}" y2="{y2:g}" marker-end="url(#tip)">'
        yield f"<title>{importer} imports {imported}</title></line>"
    for name, (x, y) in at.items():
        yield _box("card", x - CARD_WIDTH / 2, y, CARD_WIDTH, CARD_HEIGHT)
        yield _text("name large middle", x, y + 21, name)
        yield _text("soft middle", x, y + 39, _words(name))


def _rooms(edges: Edges, names: list[str], top: float) -> Iterator[str]:
    place = {name: number for number, name in enumerate(names)}
    for name, number in place.items():
        y, x = top + number * CELL, MATRIX + number * CELL
        if number % 2 == 0:
            yield _box("card", LEFT - 8, y, MATRIX - LEFT + len(names) * CELL + 8, CELL)
        yield _text("name", NAMES, y + 16, name)
        yield _text("soft", WORDS, y + 16, _words(f"{SHELL}/{name}"))
        yield f'<text class="soft" transform="translate({x + 16:g} {top - 8:g}) rotate(-60)">{name}</text>'
        yield _text("soft middle", x + CELL / 2, y + 16, "·")
    for (importer, imported), count in sorted(edges.items()):
        row, column = place[importer], place[imported]
        said = f"<title>{importer} imports {imported}</title>"
        x, y = MATRIX + (column + 0.5) * CELL, top + (row + 0.5) * CELL
        yield _dot("dot" if row < column else "dot against", x, y, DOT_LEAST + DOT_MORE * int(log2(count)), said)
    foot = top + len(names) * CELL + 26
    yield _dot("dot", NAMES + 6, foot - 4, 5)
    yield _text("soft", NAMES + 20, foot, "the room of the row imports that of the column; larger: more often")
    yield _dot("dot against", MATRIX - 90, foot - 4, 5)
    yield _text("soft", MATRIX - 76, foot, "against the stream")


def _box(kind: str, x: float, y: float, width: float, height: float) -> str:
    return f'<rect class="{kind}" x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="8"/>'


def _text(kind: str, x: float, y: float, words: str) -> str:
    return f'<text class="{kind}" x="{x:g}" y="{y:g}">{escape(words)}</text>'


def _dot(kind: str, x: float, y: float, radius: float, said: str = "") -> str:
    return f'<circle class="{kind}" cx="{x:g}" cy="{y:g}" r="{radius:.1f}">{said}</circle>'


def _words(folder: str) -> str:
    """Return what a package or room is for: its first sentence, up to the colon where it has one."""
    path = ROOT / folder / "__init__.py"
    said = (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").split("\n", 1)[0]
    head, sign, rest = said.rstrip(".").partition(": ")
    text = rest if sign and len(head) < len("The command line") + 8 else head
    return text if len(text) <= WORDS_CHARACTERS else text[: WORDS_CHARACTERS - 1].rsplit(" ", 1)[0].rstrip(",;") + " …"


def _imports(name_of: Callable[[str], str | None]) -> Edges:
    """Return how often the modules of one name import those of another, those for types, too."""
    found: Edges = Counter()
    for package in PLACES:
        for path in sorted((ROOT / package).rglob("*.py")):
            own = name_of(".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"))
            for module in _imported(path):
                other = name_of(module)
                if own and other and own != other and module.split(".", 1)[0] in PLACES:
                    found[own, other] += 1
    return found


@cache
def _imported(path: Path) -> tuple[str, ...]:
    """Return what a file imports: packages and rooms are counted from one reading."""
    found: list[str] = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [each.name for each in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            found += [f"{node.module}.{each.name}" for each in node.names]
    return tuple(found)


def _room(module: str) -> str | None:
    """Return the room of a module of the connector, None for another package's."""
    package, _, rest = module.partition(".")
    first = rest.partition(".")[0]
    if package != SHELL:
        return None
    return first if (ROOT / SHELL / first / "__init__.py").is_file() and first else None

"""What a question was, read again from the words by which it is decided, logged and named.

    program sha-256:… {"blocks": …, "parameters": …, "tells": …}: select …
    reviewed program sha-256:… {"parameters": …, "tells": …} by assent …: select …
    engine sha-256:… {…}: select …

Law: the words are ours at both ends (each form has them: `words`, `statement`); what begins otherwise is a statement.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

STATEMENT, PROGRAM, ASSENT, ENGINE, COVERAGE = "statement", "program", "assent", "engine", "coverage"
# how the words of a question begin → in which way it asks
WAYS: Final[Mapping[str, str]] = {
    "program sha-256:": PROGRAM,
    "reviewed program sha-256:": ASSENT,
    "engine sha-256:": ENGINE,
    "sketch {": "sketch",
    "match {": "lesson",
    "step {": "lesson",
    "jointly over ": "joint",
    "coverage": COVERAGE,
    "lookup": "lookup",
}
# an object, a list in it, and a list of a number that is told
DEPTH_MAX: Final = 3
_RUN: Final = re.compile(r"(?:reviewed program|program|engine) (sha-256:[0-9a-f]{64}) (?=\{)")
_ROWS: Final = re.compile(r"(?: by assent ([0-9a-f]{64}))?: (.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class AskedWords:
    """What was asked: of what is run its digest, what it tells and is given, and the digest of the assent (hex).

    `rows` is the statement that gives its rows, or all that was said where nothing is run. `blocks` are none of what is
    run once.
    """

    way: str
    rows: str
    run: str = ""
    assent: str = ""
    tells: tuple[tuple[str, ...], ...] = ()
    parameters: tuple[str, ...] = ()
    blocks: int | None = None


def read(text: str) -> AskedWords:
    """Read the words of a question."""
    way = next((way for begin, way in WAYS.items() if text.startswith(begin)), STATEMENT)
    head = _RUN.match(text)
    about, end = _object(text, 0 if head is None else head.end())
    told = _ROWS.fullmatch(text, end)
    if head is None or told is None or not _is_about(about):
        return AskedWords(way, text)
    tells = tuple(tuple(map(str, one)) for one in about["tells"])
    parameters = tuple(map(str, about["parameters"]))
    return AskedWords(way, told[2], head[1], told[1] or "", tells, parameters, about.get("blocks"))


def _is_about(told: Any) -> bool:
    """Say whether an object is what the words of a run have: a statement of ours that was refused may begin so, too."""
    if not isinstance(told, dict) or not {"tells", "parameters"} <= set(told) <= {"tells", "parameters", "blocks"}:
        return False
    tells, parameters, blocks = told["tells"], told["parameters"], told.get("blocks", 0)
    return (
        isinstance(tells, list)
        and all(isinstance(one, list) and len(one) == 3 for one in tells)
        and isinstance(parameters, list)
        and type(blocks) is int
    )


def _object(text: str, at: int) -> tuple[Any, int]:
    """Return the object that a text has at a place, and where it ends; None for what is none."""
    end = _end(text, at)
    try:
        return json.loads(text[at:end]), end
    except ValueError:
        return None, at


def _end(text: str, at: int) -> int:
    """Return where an object ends; at once where it is deeper than ours: a reader calls itself for each level."""
    depth, quoted, place = 0, False, at
    while place < len(text):
        sign = text[place]
        if quoted:
            place += sign == "\\"
            quoted = sign != '"'
        elif sign == '"':
            quoted = True
        elif sign in "[{":
            depth += 1
        elif sign in "]}":
            depth -= 1
        place += 1
        if not quoted and (depth == 0 or depth > DEPTH_MAX):
            return place if depth == 0 else at
    return at

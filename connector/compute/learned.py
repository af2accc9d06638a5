"""A match or a step that is made by the reader process where the rows are (`connector.compute.learning`).

with Learned(lesson, gate, columns, seed) as made:    as `connector.compute.computation`, and as it is used
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from connector.compute import blinding
from connector.compute.computation import OWN_HINTS, require_noise
from connector.compute.elgamal import SEALED_BYTES
from connector.compute.lesson import Match, spare_of, terms_of
from connector.compute.one_table import OneTable
from connector.compute.reader_process import LEARNED

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from connector.compute.lesson import Step
    from connector.compute.one_table import Foreseen
    from connector.compute.waiting import Waiting
    from contracts.gate import Gate
    from ledger.edition.index import IndexedFile

# eight thousand subjects, ten thousand keys, and 35 numbers of them, on a machine that is busy
SECONDS: Final = 240
HINTS: Final[Mapping[str, str]] = {
    **OWN_HINTS,
    "statement": "a SELECT of numbers of each row, from one table",
    "answer": "ask about a table with more subjects",
    "keys": "blind and seal them as docs/compute.md says",
}


@dataclass(frozen=True, slots=True)
class Lesson:
    """What is told: the places and keys of a match, or the numbers of a step, in `members` as they are sent."""

    members: dict[str, Any]
    told: int
    confined: tuple[str, ...]
    seconds: float
    memory: None = None
    attested: None = None  # statements alone are


class Learned(OneTable):
    """A process that answers a lesson; `seed` is what the coins of its match are thrown with."""

    hints = HINTS

    def __init__(
        self,
        lesson: Match | Step,
        gate: Gate,
        columns: Mapping[str, Mapping[str, str]],
        seed: bytes,
        waiting: Waiting | None = None,
    ) -> None:
        super().__init__(lesson.rows.statement, gate, columns, SECONDS, LEARNED, waiting)
        require_noise(gate)
        assert gate.noise is not None, "models are told with noise"
        self._lesson, self._seed, self._epsilon = lesson, seed, gate.noise.epsilon

    def foresee(self) -> Foreseen:
        """Have it looked at (blocking); raises InvalidInput, NotPermitted once it was cut."""
        lesson = self._lesson
        own: dict[str, Any] = {"weights": None, "groups": []}
        if isinstance(lesson, Match):
            own["groups"] = list(map(len, lesson.keys))
        else:
            own["weights"] = list(map(float, lesson.weights))
        return self._looked({**lesson.rows.json(), **own})

    def compute(
        self, table: str, file: IndexedFile, placed: Iterable[tuple[int, bytes | memoryview]], _kept: bytes
    ) -> Lesson:
        """Return what is told of a table; raises as `foresee`. What was told before says nothing about it."""
        lesson = self._lesson
        head, written = self._given(table, file, placed, b"".join(lesson.sent), {"seed": self._seed.hex()})
        places, told = int(head["places"]), bytes(written)
        members = self._matched(lesson, places, told) if isinstance(lesson, Match) else _stepped(lesson, told)
        whole = {"columns": [], "rows": [], "heldBack": False, "places": places, **members}
        return Lesson(whole, places, self._confined, self.seconds)

    def _matched(self, lesson: Match, places: int, written: bytes) -> dict[str, Any]:
        of_group = [len(one) // blinding.POINT_BYTES + spare_of(self._epsilon) for one in lesson.keys]
        parts, at = [], 0
        for many in (places, *of_group):
            parts.append(_text(written[at : at + many * blinding.POINT_BYTES]))
            at += many * blinding.POINT_BYTES
        if at != len(written):
            raise self._over()
        return {"points": parts[0], "groups": parts[1:]}


def _stepped(lesson: Step, written: bytes) -> dict[str, Any]:
    assert len(written) == len(terms_of(len(lesson.weights))) * SEALED_BYTES, "each number is one that is sealed"
    return {"sums": _text(written)}


def _text(points: bytes) -> str:
    return base64.b64encode(points).decode()

"""How much of a buyer's list is covered, inside the reader process: subjects marked, and its keys blinded once more.

    told    {…, gate, columns, table, groups}                    → {tables, functions, named, confined}  or a refusal
    handed  the table's file {…, keys, places, sealed} and the blinded keys of all groups → {asked, bytes, questions},
            then bits and points; of a question that `places` knows there are marks already, and no bits

Law: which subjects there are stays here; what leaves is marks, thrown as coins (`connector.compute.marks`), and the
buyer's own points under one more key, in an order that says nothing.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, Final

from connector.compute import ages, blinding, keys, marks
from connector.compute.content import Content
from connector.compute.coverage_points import POINTS
from connector.compute.statement import Refused
from connector.runtime.errors import InvalidInput
from contracts import gate as gates

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from connector.compute.coverage_points import Points
    from contracts.gate import Gate

FUNCTION: Final = "COVERAGE"
# each of them is hashed and multiplied once for each question, some 0.2 ms
SUBJECTS_MAX: Final = 1_000_000


def look(_engine: Any, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Return which table it is about; raises `Refused`."""
    passes = gates.read(asked["gate"])
    assert passes.coverage is not None, "it was looked at before"
    table = of_subjects(asked, passes)
    return {"tables": [table], "functions": [FUNCTION], "named": list(passes.coverage.columns)}


def of_subjects(asked: Mapping[str, Any], passes: Gate) -> str:
    """Return the table of subjects that is meant, the first where none is named; raises `Refused`."""
    with_subjects = [name for name, types in asked["columns"].items() if passes.subject in types]
    table = asked["table"] or next(iter(with_subjects), "")
    if table not in with_subjects:
        raise Refused("table", f"there is no table `{table[:100]}`: there are {', '.join(with_subjects[:20])}")
    return str(table)


def answer(
    pa: Any, _engine: Any, asked: Mapping[str, Any], files: Sequence[Mapping[str, Any]], opened: Sequence[Any]
) -> tuple[dict[str, Any], bytes]:
    """Return the answer with its head; what is `opened` is the table, and the keys of all groups."""
    passes, (file,), (content, sent) = gates.read(asked["gate"]), files, opened
    covers = passes.coverage
    assert covers is not None, "it was looked at before"
    subjects = _Subjects(pa, Content(pa, file["kind"], content), passes, file["sealed"])
    points = len(sent) // blinding.POINT_BYTES
    questions, written = [], bytearray()
    for question in covers.questions:
        scalar, coin = (bytes.fromhex(one) for one in file["keys"][question])
        places, bits = file["places"].get(question), b""
        if places is None:
            places, bits = subjects.marked(question, scalar, coin)
        written += bits
        for start, end in _groups(asked["groups"]):
            written += _again(POINTS[covers.points], scalar, bytes(sent[start:end]))
        questions.append({"column": question, "places": places, "bits": len(bits)})
    return {"asked": points, "bytes": len(written), "questions": questions}, bytes(written)


class _Subjects:
    """Whom a table is about; it is read when it is first asked. `sealed` is the day its edition was, empty for none."""

    def __init__(self, pa: Any, content: Content, passes: Gate, sealed: str) -> None:
        assert passes.coverage is not None, "it was looked at before"
        self._pa, self._content, self._passes, self._covers = pa, content, passes, passes.coverage
        self._sealed = sealed
        self._table: Any = None
        self._named: list[str | None] = []
        self._aged: list[int | None] = []
        self._whole = 0

    def marked(self, question: str, scalar: bytes, coin: bytes) -> tuple[int, bytes]:
        """Return how many places there are, and the marks of those of whom something is so."""
        if self._table is None:
            self._table = self._content.read([self._passes.subject, *self._covers.columns])
            self._named = keys.names(self._pa, self._table.column(self._passes.subject).combine_chunks())
            self._whole = len(set(self._named) - {None})
        chances = marks.odds(self._covers.epsilon / 100)
        if self._whole > SUBJECTS_MAX:
            raise Refused("subjects", f"{self._whole} subjects are more than marks are made of")
        there = self._there(question)
        of = marks.places(self._whole, chances)
        kept = marks.kept(keys.distinct(there), coin, chances)
        return of, marks.marked(POINTS[self._covers.points].blinded(scalar, kept), of)

    def _there(self, question: str) -> list[str | None]:
        """Return the subjects of the rows of which something is so, None for the other rows."""
        if not question:
            return self._named
        name, days = self._covers.about(question)
        column = self._table.column(name).combine_chunks()
        if days is None:
            return keys.filled(self._named, column)
        self._aged = self._aged or ages.ages(self._pa, column, date.fromisoformat(self._sealed))
        return ages.fresh(self._named, self._aged, days)


def _groups(sizes: Sequence[int]) -> list[tuple[int, int]]:
    """Return where the points of each group begin and end."""
    found, at = [], 0
    for size in sizes:
        found.append((at, at + size))
        at += size
    return found


def _again(points: Points, scalar: bytes, sent: bytes) -> bytes:
    try:
        return blinding.joined(points.again(scalar, blinding.apart(sent)))
    except InvalidInput as fault:
        raise Refused("keys", str(fault)) from fault

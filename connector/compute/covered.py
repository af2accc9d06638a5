"""How much of a buyer's list is covered, inside the reader process: subjects marked, and its keys blinded once more.

    told    {…, gate, columns, table}                          → {tables, functions, named, confined}  or a refusal
    handed  the table's file, and the blinded keys of all groups → {asked, bytes, questions}, then bits and points

Law: which subjects there are stays here; what leaves is marks, thrown as coins (`connector.compute.marks`), and the
buyer's own points under one more key, in an order that says nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from connector.compute import blinding, keys, marks
from connector.compute.content import Content
from connector.compute.statement import Refused
from connector.runtime.errors import InvalidInput
from contracts import gate as gates

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FUNCTION: Final = "COVERAGE"
# each of them is a multiplication, some 0.1 ms
POINTS_MAX: Final = 1_000_000


def look(_engine: Any, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Return which table it is about; raises `Refused`."""
    known, passes = asked["columns"], gates.read(asked["gate"])
    assert passes.coverage is not None, "it was looked at before"
    with_subjects = [name for name, types in known.items() if passes.subject in types]
    table = asked["table"] or next(iter(with_subjects), "")
    if table not in with_subjects:
        raise Refused("table", f"there is no table `{table[:100]}`: there are {', '.join(with_subjects[:20])}")
    return {"tables": [table], "functions": [FUNCTION], "named": list(passes.coverage.filled)}


def answer(
    pa: Any, _engine: Any, asked: Mapping[str, Any], files: Sequence[Mapping[str, Any]], opened: Sequence[Any]
) -> tuple[dict[str, Any], bytes]:
    """Return the answer with its head; what is `opened` is the table, and the keys of all groups."""
    passes, (file,), (content, sent) = gates.read(asked["gate"]), files, opened
    covers = passes.coverage
    assert covers is not None, "it was looked at before"
    table = Content(pa, file["kind"], content).read([passes.subject, *covers.filled])
    subjects = keys.names(pa, table.column(passes.subject).combine_chunks())
    named, points = len(keys.distinct(subjects)), len(sent) // blinding.POINT_BYTES
    if (named + points) * len(covers.questions) > POINTS_MAX:
        raise Refused("subjects", f"{named} subjects and {points} keys are more than one answer compares")
    chances = marks.odds(covers.epsilon / 100)
    of = marks.places(named, chances)
    questions, written = [], bytearray()
    for question in covers.questions:
        there = keys.filled(subjects, table.column(question).combine_chunks()) if question else subjects
        scalar, coin = (bytes.fromhex(one) for one in asked["keys"][question])
        lasting = marks.kept(keys.distinct(there), coin, chances)
        bits = marks.marked(blinding.blinded(scalar, lasting), of)
        written += bits
        for start, end in _groups(asked["groups"]):
            written += _again(scalar, bytes(sent[start:end]))
        questions.append({"column": question, "places": of, "bits": len(bits)})
    return {"asked": points, "bytes": len(written), "questions": questions}, bytes(written)


def _groups(sizes: Sequence[int]) -> list[tuple[int, int]]:
    """Return where the points of each group begin and end."""
    found, at = [], 0
    for size in sizes:
        found.append((at, at + size))
        at += size
    return found


def _again(scalar: bytes, sent: bytes) -> bytes:
    try:
        return blinding.joined(blinding.again(scalar, blinding.apart(sent)))
    except InvalidInput as fault:
        raise Refused("keys", str(fault)) from fault

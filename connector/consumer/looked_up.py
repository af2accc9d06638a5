"""What is sent of keys that are looked up, and what is read of an answer: their rows, or who of them is there.

Law: a row that does not open, a subject that is said to be there and has none, or an answer that is longer or shorter
than its own words, is the provider's fault and is told so.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import orjson

from connector.compute import blinding, buckets, tags
from connector.compute.buckets import Shape
from connector.compute.sought import Sought
from connector.runtime.errors import InvalidInput, PeerMisbehaved
from contracts.labels import X
from contracts.lookup import bucket

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from connector.consumer.querying import Wanted
    from connector.custody.secrets import Keys
    from contracts.gate import Gate

LABEL: Final = "own keys"
FOUND: Final = "found"
ANSWER_BYTES_MAX: Final = 34 << 20


@dataclass(frozen=True, slots=True)
class Part:
    """As many keys of a list as are asked about at once: under which id and for what, through which gate."""

    wanted: Wanted
    gate: Gate
    table: str
    keys: tuple[str, ...]

    @property
    def numbers(self) -> dict[str, int]:
        """The bucket of each key."""
        assert self.gate.lookup is not None, "it was looked at before"
        return {key: bucket(key, self.gate.lookup.buckets) for key in self.keys}


@dataclass(frozen=True, slots=True)
class Blinded:
    """Keys in the order of their points, as these are sent; `inverse` takes our scalar away again."""

    keys: tuple[str, ...]
    points: tuple[bytes, ...]
    inverse: bytes

    @property
    def sent(self) -> list[str]:
        """The points in base64."""
        return [base64.b64encode(point).decode() for point in self.points]


def blinded(secrets: Keys, wanted: Wanted, keys: Sequence[str]) -> Blinded:
    """Return keys under a scalar of this question alone (blocking): derived, so that a crash does not lose it."""
    about = f"{wanted.agreement.digest} {wanted.job}".encode()
    scalar = blinding.scalar(X(secrets.masks(), LABEL, about, blinding.WIDE_BYTES))
    points = dict(sorted(zip(blinding.blinded(scalar, keys), keys, strict=True)))
    return Blinded(tuple(points.values()), tuple(points), blinding.inverse(scalar))


def question(secrets: Keys, part: Part) -> tuple[Wanted, bytes, Blinded]:
    """Return what is asked of a part, its body, and its keys as they are blinded (blocking)."""
    mine, numbers = blinded(secrets, part.wanted, part.keys), part.numbers
    sought = Sought(mine.points, tuple(numbers[key] for key in mine.keys), part.table)
    about = {"table": sought.table, "points": mine.sent, "buckets": sought.buckets}
    wanted = replace(part.wanted, statement=sought.statement(), keys=len(mine.keys))
    return wanted, orjson.dumps({"id": wanted.job, **about}), mine


def rows(gate: Gate, inverse: bytes, mine: Sequence[str], numbers: Mapping[str, int], answer: bytes) -> bytes:
    """Return the rows that an answer tells of each key, as they are kept; raises PeerMisbehaved."""
    try:
        told = orjson.loads(answer)
        assert gate.lookup is not None, "it was looked at before"
        shape = Shape(gate.lookup.buckets, int(told["entries"]), int(told["entryBytes"]))
        columns, points, held = _parts(told, inverse, numbers)
        found: list[list[Any]] = []
        for key, point in zip(mine, points, strict=True):
            of_key = list(buckets.opened(shape, held[numbers[key]], key, point))
            if any(len(row) != len(columns) for row in of_key):
                raise PeerMisbehaved("a row has other columns than the answer says")
            found += [[key, True, *row] for row in of_key] or [_bare(key, columns, there=False)]
        return _kept(gate, told, columns, found)
    except (KeyError, TypeError, ValueError, IndexError, InvalidInput) as fault:
        raise PeerMisbehaved("the answer is none to what was looked up") from fault


def rows_of_there(
    gate: Gate,
    inverse: bytes,
    mine: Sequence[str],
    numbers: Mapping[str, int],
    columns: Sequence[str],
    answer: bytes,
) -> bytes:
    """Return the rows of subjects who are said to be there, of the columns that were said; raises PeerMisbehaved."""
    kept = rows(gate, inverse, mine, numbers, answer)
    told = orjson.loads(kept)
    if told["columns"] != list(columns):
        raise PeerMisbehaved("the rows have other columns than was said of them")
    if lacking := sum(not found for _, found, *_ in told["rows"]):
        raise PeerMisbehaved(
            f"{lacking} subjects are said to be there, and there is no row of them", "it is not kept, nor signed for"
        )
    return kept


def who_is_there(gate: Gate, inverse: bytes, mine: Sequence[str], numbers: Mapping[str, int], answer: bytes) -> bytes:
    """Return which keys an answer says to be there, as it is kept: as rows whose cells are empty.

    Raises PeerMisbehaved.
    """
    try:
        told = orjson.loads(answer)
        columns, points, held = _parts(told, inverse, numbers)
        found: list[list[Any]] = []
        for key, point in zip(mine, points, strict=True):
            there = tags.holds(held[numbers[key]], int(told["tags"]), key, point)
            found.append(_bare(key, columns, there=there))
        return _kept(gate, told, columns, found)
    except (KeyError, TypeError, ValueError, IndexError, InvalidInput) as fault:
        raise PeerMisbehaved("the answer does not say who is there") from fault


def _parts(
    told: Mapping[str, Any], inverse: bytes, numbers: Mapping[str, int]
) -> tuple[list[str], list[bytes], dict[int, bytes]]:
    """Return the columns that an answer says, its points with our scalar taken away, and number → its bucket."""
    points = blinding.again(inverse, [base64.b64decode(one, validate=True) for one in told["points"]])
    held = {number: base64.b64decode(told["buckets"][str(number)], validate=True) for number in set(numbers.values())}
    return list(map(str, told["columns"])), points, held


def _bare(key: str, columns: Sequence[str], *, there: bool) -> list[Any]:
    return [key, there, *[None] * len(columns)]


def _kept(gate: Gate, told: Mapping[str, Any], columns: Sequence[str], found: list[list[Any]]) -> bytes:
    """Return what is kept of an answer: a row for each that is told, in the order of the keys."""
    head = {"edition": told["edition"], "columns": [gate.subject, FOUND, *columns]}
    in_order = sorted(found, key=lambda row: row[0])
    return orjson.dumps({**head, "rows": in_order, "heldBack": False, "confined": told["confined"]})

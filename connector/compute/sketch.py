"""A sketch of rows: what two parties have of the same subjects is related by theirs, and neither shows whom it has.

    Sketch("select kwh, late from used", bounds=((0, 4000), (0, 1)), salt="…", buckets=4096)

Each row has a bucket and a sign, that follow from salt and key alone. A number of all rows becomes one total for each
bucket, each row with its sign. Two such lists, multiplied bucket by bucket and added up, are what the products of both
numbers over the rows of the same key are, and rows of other keys add nothing on the average (a count sketch).

Law: (1) numbers are from -1 to 1 in a sketch, by bounds that are said before anything is read: so one subject moves
each total by a known step. (2) The numbers that are sketched are 1, each column, and each product of two: with them the
line through all columns of both sides is known.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from hashlib import sha256
from itertools import combinations_with_replacement
from typing import TYPE_CHECKING, Any, Final

from connector.compute.program import BOUND_MAX
from connector.runtime.errors import InvalidInput
from contracts.sketch import BUCKETS_MAX, BUCKETS_MIN

if TYPE_CHECKING:
    from collections.abc import Sequence

COLUMNS_MAX: Final = 6
TOTALS_MAX: Final = 48_000
FUNCTION: Final = "SKETCH"
_SALT: Final = re.compile(r"[0-9a-f]{32}", re.ASCII)
# of the digest of a key, in hex: what its bucket follows from, and its sign
PLACE_DIGITS: Final = 12
SIGN_BELOW: Final = "8"
# a total is told in so many parts of one
PARTS: Final = 100

Terms = tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class Sketch:
    """The rows that are sketched, between what each of their numbers lies, and what buckets and signs follow from."""

    rows: str
    bounds: tuple[tuple[float, float], ...]
    salt: str
    buckets: int

    def __post_init__(self) -> None:
        if not 0 < len(self.bounds) <= COLUMNS_MAX:
            raise InvalidInput(f"a sketch is of 1 to {COLUMNS_MAX} numbers of each row")
        for one in self.bounds:
            if not all(type(end) in (int, float) and math.isfinite(end) for end in one):
                raise InvalidInput("a number of a sketch lies between two numbers")
            if not -BOUND_MAX <= one[0] < one[1] <= BOUND_MAX:
                raise InvalidInput("a number of a sketch lies between a least and a greater number")
        if not _SALT.fullmatch(self.salt):
            raise InvalidInput("the salt of a sketch is 16 bytes in hex")
        if not BUCKETS_MIN <= self.buckets <= BUCKETS_MAX:
            raise InvalidInput(f"a sketch has {BUCKETS_MIN} to {BUCKETS_MAX} buckets")
        if self.buckets > (most := buckets_most(len(self.bounds))):
            raise InvalidInput(f"a sketch of {len(self.bounds)} numbers has at most {most} buckets", "ask for fewer")

    @property
    def terms(self) -> Terms:
        """Return what is sketched of each row: the columns of each product, none for 1."""
        return terms_of(len(self.bounds))

    def json(self) -> dict[str, Any]:
        """Return it without its rows, as it is sent."""
        bounds = [[float(end) for end in one] for one in self.bounds]
        return {"bounds": bounds, "salt": self.salt, "buckets": self.buckets}

    def words(self) -> str:
        """Return what is asked in words, by which it is decided, and named in logs."""
        return f"sketch {json.dumps(self.json(), sort_keys=True)}: {self.rows}"


def terms_of(columns: int) -> Terms:
    """Return the products that are sketched of so many columns, in order."""
    return tuple(one for degree in range(3) for one in combinations_with_replacement(range(columns), degree))


def buckets_most(columns: int) -> int:
    """Return how many buckets a sketch of so many columns has at most."""
    return min(BUCKETS_MAX, TOTALS_MAX // len(terms_of(columns)))


def place(salt: str, key: str, buckets: int) -> tuple[int, int]:
    """Return bucket and sign of a key."""
    digest = sha256((salt + key).encode()).hexdigest()
    return int(digest[:PLACE_DIGITS], 16) % buckets, 1 if digest[PLACE_DIGITS] < SIGN_BELOW else -1


def within(value: float, least: float, most: float) -> float:
    """Return a number as a sketch has it: from -1 to 1."""
    return (min(max(value, least), most) - (least + most) / 2) / ((most - least) / 2)


def totals(sketch: Sketch, keys: Sequence[str], columns: Sequence[Sequence[float]]) -> list[list[float]]:
    """Return the totals of rows of one's own, exactly: one list of buckets for each of the terms."""
    terms = sketch.terms
    found = [[0.0] * sketch.buckets for _ in terms]
    for key, *row in zip(keys, *columns, strict=True):
        bucket, sign = place(sketch.salt, key, sketch.buckets)
        values = [within(value, *bounds) for value, bounds in zip(row, sketch.bounds, strict=True)]
        for of, term in zip(found, terms, strict=True):
            of[bucket] += sign * math.prod(values[at] for at in term)
    return found

"""The rows of subjects that a buyer knows to be there, asked for once it has learned who is (`connector.compute.tags`).

Law: (1) its points are blinded anew, so nobody connects them to those of the question before. (2) It names all buckets
of that question, not those of its subjects: how many there are is all that it says. (3) The rows of one look-up are
asked under one id, which follows from its own: whoever asks again pays nothing more.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from itertools import pairwise
from typing import Final

from connector.compute.blinding import POINT_BYTES
from connector.runtime.errors import InvalidInput
from contracts.answered import ID_CHARACTERS_MAX
from contracts.lookup import BUCKETS_MAX, KEYS_AT_ONCE

ROWS: Final = "/rows"


def under(first: str) -> str:
    """Return the id under which the rows are asked of those who are there by the look-up `first`."""
    return f"{first}{ROWS}"


@dataclass(frozen=True, slots=True)
class Matched:
    """The blinded keys of subjects that are there by the look-up `of`, and the buckets of that one, each once."""

    of: str
    points: tuple[bytes, ...]
    buckets: tuple[int, ...]
    table: str = ""

    def __post_init__(self) -> None:
        if not 0 < len(self.of) <= ID_CHARACTERS_MAX - len(ROWS):
            raise InvalidInput(f"the id of a look-up has 1 to {ID_CHARACTERS_MAX - len(ROWS)} characters")
        if not 0 < len(self.points) <= KEYS_AT_ONCE or any(len(one) != POINT_BYTES for one in self.points):
            raise InvalidInput(f"1 to {KEYS_AT_ONCE} blinded keys of {POINT_BYTES} bytes are asked at once")
        if not 0 < len(self.buckets) <= KEYS_AT_ONCE or any(one >= two for one, two in pairwise(self.buckets)):
            raise InvalidInput(f"1 to {KEYS_AT_ONCE} buckets are in the order of their numbers, each once")
        if not all(0 <= one < BUCKETS_MAX for one in self.buckets):
            raise InvalidInput("a bucket is a whole number from 0")

    def statement(self) -> str:
        """Return what is asked in words, by which it is decided, and named in logs."""
        told = b"".join([*self.points, *(one.to_bytes(4, "big") for one in self.buckets)])
        about = f" of {self.table}" if self.table else ""
        return f"lookup rows{about}: {len(self.points)} subjects, {sha256(told).hexdigest()}"

"""Watermarks of one buyer's plain copy: last digits of a column whose evenness says whose copy it is (decision 0172).

Of a row with the name `k` (the cell of its key column) and an agreement with the key `K`

    d      = BLAKE2b(K, column || 0 || k)         marked where d[0] mod 4 = 0
    digit  the last of the cell is made even or odd, as d[1] says: by one at most, and never another length

Law: (1) a copy is as long as its edition, so sizes, ranges and pieces stay what was agreed. (2) Whoever has no `K`
cannot say which digits are marked. (3) Of a table that was not marked for an agreement each of its rows agrees with `K`
with probability 1/2, whatever is in it, for `d` is a pseudo-random function; so a chance is an exact binomial tail.
"""

from __future__ import annotations

import hashlib
import hmac
import math
import re
from array import array
from bisect import bisect_left
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

LABEL: Final = b"penstock/watermark/v1\x00"
USE: Final = b"watermark"
# one row in so many is marked, and half of those as they were
MARKED: Final = 4
# a chance below this names a buyer
NAMED: Final = 1e-6
NEWLINE, QUOTE = b"\n", b'"'
# what a program that knows only floating point makes of a whole number
FLOATING: Final = b".0"
_CELL: Final = re.compile(rb'(?:"(?:[^"]|"")*"|[^,]*)(?:,|$)')
NUMBER: Final = r"[+-]?[0-9]{1,38}(\.[0-9]{1,38})?"
_NUMBER: Final = re.compile(NUMBER.encode())


def key_of(secret: bytes, product: str, agreement: str) -> bytes:
    """Return the key of one agreement's marks, 32 bytes, under the provider's key of masks."""
    return hmac.digest(secret, LABEL + product.encode() + b"\x00" + agreement.encode(), hashlib.sha256)


@dataclass(frozen=True, slots=True)
class Marks:
    """The places of digits that are other in one copy of a file: ascending offsets in bytes."""

    places: array[int]

    def apply(self, data: bytes, begin: int) -> bytes:
        """Return bytes of the file from `begin` on as this copy has them."""
        first, end = bisect_left(self.places, begin), bisect_left(self.places, begin + len(data))
        if first == end:
            return data
        made = bytearray(data)
        for place in self.places[first:end]:
            made[place - begin] ^= 1  # 0 and 1, 2 and 3, … 8 and 9 differ by the last bit
        return bytes(made)


def marks(blocks: Iterable[bytes], columns: Mapping[str, str], own: bytes) -> Marks:
    """Return the marks of a CSV file that comes in blocks; `columns` are column → the column that names its row."""
    places, chosen = array("Q"), None
    for offset, line in _rows(blocks):
        cells = _cells(line)
        if chosen is None:
            chosen = _chosen([_text(line[begin:end]) for begin, end in cells], columns)
            continue
        for at, name, label in chosen:
            if max(at, name) >= len(cells):
                continue
            begin, end = cells[at]
            cell = line[begin:end]
            if not _NUMBER.fullmatch(cell):
                continue
            bit = _bit(own, label, _name(line[slice(*cells[name])]))
            if bit is not None and (cell[-1] ^ bit) & 1:
                places.append(offset + end - 1)
    return Marks(array("Q", sorted(places)))


@dataclass(frozen=True, slots=True)
class Chance:
    """How a table agrees with one agreement: of `rows` that would be marked `agreeing` are as they should be.

    `log10` is the exponent of the chance that a table which was not marked for it agrees as well, corrected for how
    many agreements were tried.
    """

    agreement: str
    rows: int
    agreeing: int
    log10: float

    @property
    def names(self) -> bool:
        """Say whether this can be no accident."""
        return self.log10 <= math.log10(NAMED)


def sightings(header: Iterable[str], rows: Iterable[list[str]], columns: Mapping[str, str]) -> dict[bytes, int]:
    """Return what is seen in a found table: column and row → whether its last digit is odd; the first of each counts.

    What is no number, or has no name, is passed over; so is a column that is not there. A column in which all that is
    behind a point is one zero was written again as floating point, and is read without it.
    """
    chosen = _chosen(list(header), columns)
    cells: list[dict[bytes, bytes]] = [{} for _ in chosen]
    for row in rows:
        for held, (at, name, label) in zip(cells, chosen, strict=True):
            if max(at, name) < len(row) and _NUMBER.fullmatch(cell := row[at].strip().encode()):
                held.setdefault(label + _name(row[name].encode()), cell)
    found = dict[bytes, int]()
    for held in cells:
        floating = all(cell.endswith(FLOATING) for cell in held.values())
        found |= {key: (cell.removesuffix(FLOATING) if floating else cell)[-1] & 1 for key, cell in held.items()}
    return found


def are_there(header: Iterable[str], columns: Mapping[str, str]) -> bool:
    """Say whether a found table has a marked column, and the one that names its rows."""
    return bool(_chosen(list(header), columns))


def chance(seen: Mapping[bytes, int], agreement: str, own: bytes, tried: int) -> Chance:
    """Return how what was seen agrees with one of so many `tried` agreements."""
    rows = agreeing = 0
    begun = hashlib.blake2b(digest_size=2, key=own, person=USE)
    for named, odd in seen.items():
        made = begun.copy()
        made.update(named)
        first, second = made.digest()
        if first % MARKED == 0:
            rows += 1
            agreeing += second & 1 == odd
    return Chance(agreement, rows, agreeing, min(_tail(rows, agreeing) + math.log10(tried), 0.0))


def _tail(rows: int, agreeing: int) -> float:
    """Return the decimal exponent of P(X ≥ agreeing) for X binomial of so many rows and 1/2: the sum of its terms."""
    if agreeing * 2 <= rows:
        return 0.0
    log = math.lgamma(rows + 1) - math.lgamma(agreeing + 1) - math.lgamma(rows - agreeing + 1) - rows * math.log(2)
    total = term = 1.0
    for at in range(agreeing, rows):
        term *= (rows - at) / (at + 1)
        total += term
        if term < total * 1e-17:
            break
    return (log + math.log(total)) / math.log(10)


def _bit(own: bytes, label: bytes, name: bytes) -> int | None:
    """Return what the last digit of a row is to be, even (0) or odd (1); None for a row that is not marked."""
    first, second = hashlib.blake2b(label + name, digest_size=2, key=own, person=USE).digest()
    return second & 1 if first % MARKED == 0 else None


def _chosen(header: list[str], columns: Mapping[str, str]) -> list[tuple[int, int, bytes]]:
    """Return (place of the column, place of the one that names its row, what its digests begin with)."""
    places = {name: at for at, name in enumerate(header)}
    return [
        (places[column], places[name], column.encode() + b"\x00")
        for column, name in columns.items()
        if column in places and name in places
    ]


def _name(cell: bytes) -> bytes:
    """Return a row's name in one form, also where another program wrote it again: `007`, `7` and `7.0` are one."""
    text = _text(cell).strip().encode()
    if not _NUMBER.fullmatch(text):
        return text
    sign, digits = (b"-", text[1:]) if text[:1] == b"-" else (b"", text.removeprefix(b"+"))
    whole, _, part = digits.partition(b".")
    return sign + (whole.lstrip(b"0") or b"0") + (b"." + part.rstrip(b"0") if part.rstrip(b"0") else b"")


def _rows(blocks: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
    """Yield (offset, row without its newline) of a CSV file; a quoted cell may have newlines in it (RFC 4180)."""
    rest, offset = b"", 0
    for block in blocks:
        rest += block
        begin = end = 0
        while (at := rest.find(NEWLINE, end)) >= 0:
            end = at + 1
            if rest.count(QUOTE, begin, at) % 2 == 0:
                yield offset + begin, rest[begin:at]
                begin = end
        rest, offset = rest[begin:], offset + begin
    if rest:
        yield offset, rest


def _cells(row: bytes) -> list[tuple[int, int]]:
    """Return where each cell of a row begins and ends, quotes and all."""
    found, begin = list[tuple[int, int]](), 0
    if QUOTE not in row:
        for cell in row.split(b","):
            found.append((begin, begin + len(cell)))
            begin += len(cell) + 1
        return found
    while begin <= len(row):
        matched = _CELL.match(row, begin)
        assert matched is not None, "anything is a cell"
        end = matched.end() - row.startswith(b",", matched.end() - 1) if matched.end() > begin else begin
        found.append((begin, end))
        begin = end + 1
    return found


def _text(cell: bytes) -> str:
    text = cell.decode("utf-8", "replace")
    if len(text) > 1 and text.startswith('"') and text.endswith('"'):
        return text[1:-1].replace('""', '"')
    return text

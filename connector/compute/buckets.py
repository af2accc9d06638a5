"""The table that subjects are looked up in: rows sealed each under what only its own key opens, in buckets of one size.

    provider    p is drawn for one table; a row of the subject x is sealed under F(x) = SHA-512(x, p·H(x), number)
    buyer       b·H(x), and the number of x's bucket (`contracts.lookup`)    the provider sees a point, and a bucket
    provider    p·b·H(x), and that bucket as it is                           the buyer takes b away, and has F(x) alone

H and the points are those of `connector.compute.blinding`; F is an oblivious pseudorandom function (2HashDH, as in
RFC 9497). The rows of one subject are numbered from 0: each has an entry, found by the first bytes of its F.

Law: (1) all entries have one length and all buckets one number of them; what fills them up looks like the others, so a
bucket says nothing of how many are in it. (2) A table is the same however often it is made: its filling is drawn from
p. (3) A row that was changed does not open.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from hashlib import sha512, shake_256
from typing import TYPE_CHECKING, Any, Final

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from connector.compute.statement import Refused
from contracts.lookup import bucket

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# bytes of one row as JSON, rows of one subject, bytes of a table
ROW_BYTES_MAX: Final = 2_048
ROWS_OF_ONE_MAX: Final = 100
TABLE_BYTES_MAX: Final = 1 << 30
# of a tag: nobody finds one that somebody else has
TAG_BYTES: Final = 16
_TAG: Final = b"penstock/lookup/row/v1\0"
_FILL: Final = b"penstock/lookup/fill/v1\0"
_LENGTH: Final = struct.Struct(">H")
_NUMBER: Final = struct.Struct(">I")
_NAME_BYTES, _SEAL_BYTES = 16, 16
_ONCE: Final = bytes(12)  # a key seals one row


@dataclass(frozen=True, slots=True)
class Shape:
    """How large a table is: so many buckets, of so many entries, of so many bytes each.

    Before them are as many buckets of `tags` (`connector.compute.tags`), none where who is there is not asked first.
    """

    buckets: int
    entries: int
    entry_bytes: int
    tags: int = 0

    @property
    def bucket_bytes(self) -> int:
        """How long one bucket is."""
        return self.entries * self.entry_bytes

    @property
    def tags_bytes(self) -> int:
        """How long the tags of one bucket are."""
        return self.tags * TAG_BYTES


def made(secret: bytes, of: int, rows: Sequence[tuple[str, bytes, bytes]]) -> tuple[Shape, bytearray]:
    """Return a table of (key, its point p·H(key), a row as JSON), rows of one key in order; raises `Refused`."""
    widest = max((len(row) for _, _, row in rows), default=0)
    if widest > ROW_BYTES_MAX:
        raise Refused("table", f"a row has {widest} bytes, and at most {ROW_BYTES_MAX} are looked up")
    found: list[list[bytes]] = [[] for _ in range(of)]
    seen: dict[str, int] = {}
    for key, point, row in rows:
        number = seen.get(key, 0)
        if number == ROWS_OF_ONE_MAX:
            raise Refused("table", f"a subject has more than {ROWS_OF_ONE_MAX} rows")
        seen[key] = number + 1
        found[bucket(key, of)].append(_sealed(key, point, number, row, widest))
    entry_bytes = _NAME_BYTES + _LENGTH.size + widest + _SEAL_BYTES
    shape = Shape(of, max(1, *map(len, found)), entry_bytes)
    if of * shape.bucket_bytes > TABLE_BYTES_MAX:
        raise Refused(
            "table", f"its rows take {of * shape.bucket_bytes} bytes, and at most {TABLE_BYTES_MAX} are looked up"
        )
    return shape, filled(_FILL + secret, found, shape.entries, entry_bytes)


def filled(seed: bytes, found: Sequence[Sequence[bytes]], most: int, width: int) -> bytearray:
    """Return buckets of `most` entries of one width, in the order of their bytes, filled up with what a seed draws."""
    table = bytearray()
    for at, entries in enumerate(found):
        drawn = shake_256(seed + _NUMBER.pack(at)).digest((most - len(entries)) * width)
        table += b"".join(sorted([*entries, *(drawn[i : i + width] for i in range(0, len(drawn), width))]))
    return table


def opened(shape: Shape, bucket_: bytes, key: str, point: bytes) -> Iterator[Any]:
    """Yield the rows of a key in its bucket, decoded; `point` is p·H(key). Raises ValueError for a changed one."""
    if len(bucket_) != shape.bucket_bytes or shape.entry_bytes <= _NAME_BYTES:
        raise ValueError("the bucket has another length")
    starts = range(0, len(bucket_), shape.entry_bytes)
    known = {bucket_[at : at + _NAME_BYTES]: bucket_[at + _NAME_BYTES : at + shape.entry_bytes] for at in starts}
    for number in range(ROWS_OF_ONE_MAX):
        name, secret = _keys(key, point, number)
        if name not in known:
            return
        try:
            told = AESGCM(secret).decrypt(_ONCE, known[name], name)
        except InvalidTag as fault:
            raise ValueError("a row was changed") from fault
        [length] = _LENGTH.unpack_from(told)
        yield orjson.loads(told[_LENGTH.size : _LENGTH.size + length])


def _sealed(key: str, point: bytes, number: int, row: bytes, width: int) -> bytes:
    name, secret = _keys(key, point, number)
    return name + AESGCM(secret).encrypt(_ONCE, _LENGTH.pack(len(row)) + row.ljust(width, b"\0"), name)


def _keys(key: str, point: bytes, number: int) -> tuple[bytes, bytes]:
    """Return under which name an entry is found, and what opens it."""
    about = key.encode()
    wide = sha512(_TAG + _NUMBER.pack(len(about)) + about + point + _NUMBER.pack(number)).digest()
    return wide[:_NAME_BYTES], wide[32:]

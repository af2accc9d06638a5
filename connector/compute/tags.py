"""The tags by which a buyer learns who is there before it pays for rows: one of each subject, in buckets of one size.

    provider    t is drawn for one table, beside p; the subject x has the tag T(x) = 16 bytes of SHA-512(x, t·H(x))
    buyer       b·H(x), and the number of x's bucket         the provider sees a point, and a bucket
    provider    t·b·H(x), and the tags of that bucket        the buyer takes b away, and looks for T(x) among them

Law: (1) t and p are drawn each by itself: who has the tags of all subjects opens no row (`connector.compute.buckets`).
(2) A subject has one tag, however many rows it has. (3) All buckets have one number of tags, and what fills them up
looks like the others.
"""

from __future__ import annotations

import struct
from hashlib import sha512
from typing import TYPE_CHECKING, Final

from connector.compute.buckets import TAG_BYTES, filled
from contracts.lookup import bucket

if TYPE_CHECKING:
    from collections.abc import Mapping

_TAG: Final = b"penstock/lookup/tag/v1\0"
_FILL: Final = b"penstock/lookup/tag-fill/v1\0"
_LENGTH: Final = struct.Struct(">I")


def made(secret: bytes, of: int, points: Mapping[str, bytes]) -> tuple[int, bytearray]:
    """Return how many tags each of so many buckets has, and all of them; `points` are key → t·H(key)."""
    found: list[list[bytes]] = [[] for _ in range(of)]
    for key, point in points.items():
        found[bucket(key, of)].append(_tag(key, point))
    most = max(1, *map(len, found))
    return most, filled(_FILL + secret, found, most, TAG_BYTES)


def holds(tags: bytes, many: int, key: str, point: bytes) -> bool:
    """Say whether a key is there by the `many` tags of its bucket, with its point t·H(key); raises ValueError."""
    if many < 1 or len(tags) != many * TAG_BYTES:
        raise ValueError("the tags of a bucket have another length")
    sought = _tag(key, point)
    return any(tags[at : at + TAG_BYTES] == sought for at in range(0, len(tags), TAG_BYTES))


def _tag(key: str, point: bytes) -> bytes:
    about = key.encode()
    return sha512(_TAG + _LENGTH.pack(len(about)) + about + point).digest()[:TAG_BYTES]

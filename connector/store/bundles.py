"""Old entries of the own log in objects: 256 to one, compressed, each named by its number and digest.

    log/000000000012-<SHA-256, hex>       zlib of, for each entry:  size, entry, size, box      sizes of 4 bytes
                                          the size of a box that is absent is 2^32 - 1

Law: an object is what its name says or it is nothing: what is read is hashed before anybody opens it, so nobody else
says how large it becomes. What an object holds is public or encrypted, as in the tables.
"""

from __future__ import annotations

import hashlib
import zlib
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple, Protocol

from connector.runtime.data_folder import LOG
from connector.store.errors import EvidenceBroken
from ledger.log.tiles import TILE_WIDTH_HASHES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connector.store.rows.evidence import LogBundleRow

SIZE_BYTES = 4
NO_BOX = 0xFFFF_FFFF
NUMBER_DIGITS = 12
# bundles in memory, half a megabyte each: tiles, proofs and pages ask for neighbours
KEPT = 4


class Objects(Protocol):
    """Where objects lie; every method waits for a disk or a server; raises StoreError, OSError."""

    def put(self, name: str, data: bytes) -> None:
        """Write an object, durably, whole or not at all."""

    def get(self, name: str, size: int) -> bytes:
        """Return an object of `size` bytes; raises EvidenceBroken where it is not there."""

    def remove(self, name: str) -> None:
        """Remove an object; one that is not there is none."""


class Content(NamedTuple):
    """What an object holds of one entry."""

    entry: bytes
    box: bytes | None


def encode(contents: Sequence[Content]) -> bytes:
    """Return the object of one bundle."""
    parts = []
    for entry, box in contents:
        parts += [_size(len(entry)), entry]
        parts += [_size(NO_BOX)] if box is None else [_size(len(box)), box]
    return zlib.compress(b"".join(parts))


def decode(data: bytes) -> list[Content]:
    """Return what `encode` was given; ValueError for anything else."""
    try:
        opened = zlib.decompress(data)
    except zlib.error as error:
        raise ValueError(f"it cannot be opened: {error}") from error
    found, at = [], 0
    while at < len(opened):
        entry, at = _sized(opened, at)
        box, at = _sized(opened, at)
        if entry is None:
            raise ValueError("an entry is absent")
        found.append(Content(entry, box))
    return found


def name_of(number: int, digest: bytes) -> str:
    """Return the name of an object."""
    return f"{LOG}/{number:0{NUMBER_DIGITS}d}-{digest.hex()}"


class Bundles:
    """The objects of one participant, the last ones that were read in memory; threads may share it."""

    def __init__(self, objects: Objects) -> None:
        self.objects = objects
        self._read = lru_cache(maxsize=KEPT)(self._opened)

    def get(self, row: LogBundleRow) -> tuple[Content, ...]:
        """Return the 256 entries of a bundle; raises EvidenceBroken for an object that is lost or changed."""
        return self._read(row.number, row.digest, row.size)

    def forget(self) -> None:
        """Keep nothing in memory: an object is to be read from where it lies."""
        self._read.cache_clear()

    def _opened(self, number: int, digest: bytes, size: int) -> tuple[Content, ...]:
        name = name_of(number, digest)
        data = self.objects.get(name, size)
        if hashlib.sha256(data).digest() != digest:
            raise EvidenceBroken(f"the object `{name}` was changed: its bytes have another digest than its name")
        try:
            found = tuple(decode(data))
        except ValueError as error:
            raise EvidenceBroken(f"the object `{name}` cannot be read: {error}") from error
        if len(found) != TILE_WIDTH_HASHES:
            raise EvidenceBroken(f"the object `{name}` has {len(found)} entries, not {TILE_WIDTH_HASHES}")
        return found


def _size(number: int) -> bytes:
    return number.to_bytes(SIZE_BYTES, "big")


def _sized(data: bytes, at: int) -> tuple[bytes | None, int]:
    begins = at + SIZE_BYTES
    size = int.from_bytes(data[at:begins], "big")
    if begins > len(data) or (size != NO_BOX and begins + size > len(data)):
        raise ValueError("it ends within an entry")
    return (None, begins) if size == NO_BOX else (data[begins : begins + size], begins + size)

"""A proven log entry as the checks see it, and the row that stands for it between its reading and its checks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from ledger.log.events import Block

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ledger.log.events import Entry

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


UNTOLD = b""  # the fields of a row whose event discloses none
# of two digests, so that both together are a positive integer of SQLite
NAME_BYTES, KIND_BYTES = 5, 2
# kinds whose number is remembered; the house has some sixty, and a stranger may make up more
KINDS_KEPT = 1024
# names whose numbers are: the partitions of those sales that go on beside each other
NAMES_KEPT = 1024


class Row(NamedTuple):
    """An event as it is kept: `name` as in `NAMED_BY`, `link` and `fields` JSON, `time` microseconds since 1970.

    It is found by `key`, of its kind and partition, and by `named`, of its kind and name (`key_of`).
    """

    key: int
    named: int | None
    idx: int
    kind: str
    part: str
    name: str | None
    link: bytes
    time: int
    block: int | None
    block_hash: bytes | None
    leaf: bytes
    fields: bytes


# what an event is made of again
FOUND = ("idx", "kind", "part", "link", "time", "block", "block_hash", "leaf", "fields")


@dataclass(slots=True, eq=False)
class Event:
    """An entry with its place and its disclosed fields; never changed after it was made.

    One whose fields are not disclosed, or not truly, is not `told` and has none.

    `part` is the partition: agreement digest, channel id or edition id in hex. `time` is when its party says it was.
    One that an audit before has `judged` was right, and was counted then.
    """

    did: str
    index: int
    kind: str
    part: str
    link: tuple[str, ...]
    time: datetime
    block: Block | None
    leaf: bytes
    fields: Mapping[str, Any]
    told: bool = True
    judged: bool = False

    @property
    def label(self) -> str:
        """Return how findings name it."""
        return f"{self.kind} at index {self.index}"

    @property
    def name(self) -> str | None:
        """Return by what else than its partition it is looked for; None for most kinds."""
        named = NAMED_BY.get(self.kind)
        return None if named is None else named(self)

    @classmethod
    def of(cls, did: str, index: int, leaf: bytes, entry: Entry) -> Event:
        """Return the event of an entry in the log of `did`, with nothing disclosed yet."""
        return cls(did, index, entry.kind, entry.part, entry.link, entry.time, entry.block, leaf, {})

    def row(self) -> Row:
        """Return the row that stands for it."""
        number, digest = (None, None) if self.block is None else (self.block.number, self.block.hash)
        time = (self.time - _EPOCH) // _MICROSECOND
        link, fields = orjson.dumps(self.link), orjson.dumps(self.fields) if self.told else UNTOLD
        kind, part, name = self.kind, self.part, self.name
        key, named = key_of(kind, part), None if name is None else key_of(kind, name)
        return Row(key, named, self.index, kind, part, name, link, time, number, digest, self.leaf, fields)

    @classmethod
    def from_row(cls, did: str, row: Row) -> Event:
        """Return the event of a row of the log of `did`."""
        _, _, index, kind, part, _, link, time, number, digest, leaf, fields = row
        return cls.found(did, (index, kind, part, link, time, number, digest, leaf, fields, 0))

    @classmethod
    def found(cls, did: str, row: tuple[Any, ...]) -> Event:
        """Return the event of what stands in `FOUND` of a row of the log of `did`, and whether it was judged."""
        index, kind, part, link, time, number, digest, leaf, fields, judged = row
        block = None if number is None or digest is None else Block(number, digest)
        links = tuple(orjson.loads(link))
        shown = orjson.loads(fields) if fields else {}
        return cls(did, index, kind, part, links, at(time), block, leaf, shown, fields != UNTOLD, judged != 0)


def key_of(kind: str, name: str) -> int:
    """Return the number under which events of a kind with this partition, or name, are found; others may share it."""
    return _first(name) + _kind_key(kind)


def keys_of(name: str) -> range:
    """Return the numbers of all kinds with this partition, or name."""
    first = _first(name)
    return range(first, first + (1 << 8 * KIND_BYTES))


@lru_cache(maxsize=NAMES_KEPT)
def _first(name: str) -> int:
    return int.from_bytes(sha256(name.encode()).digest()[:NAME_BYTES]) << 8 * KIND_BYTES


@lru_cache(maxsize=KINDS_KEPT)
def _kind_key(kind: str) -> int:
    return int.from_bytes(sha256(kind.encode()).digest()[:KIND_BYTES])


def at(microseconds: int) -> datetime:
    """Return the time of a row."""
    return _EPOCH + timedelta(0, 0, microseconds)


def _first_link(event: Event) -> str:
    return event.link[0] if event.link else ""


def _digest(event: Event) -> str:
    return str(event.fields.get("digest", ""))


# kind → by what else than its partition such an event is looked for: the request decided on, the message
NAMED_BY: Mapping[str, Callable[[Event], str]] = {"decision.made": _first_link, "negotiation.moved": _digest}

"""A proven log entry as the checks see it, and the row that stands for it between its reading and its checks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from ledger.events import Block

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ledger.events import Entry

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Row(NamedTuple):
    """An event as it is kept: `name` as in `NAMED_BY`, `link` and `fields` JSON, `time` microseconds since 1970."""

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


@dataclass(slots=True, eq=False)
class Event:
    """An entry with its place and its disclosed fields; never changed after it was made.

    `part` is the partition: agreement digest, channel id or edition id in hex. `time` is when its party says it was.
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
        link, fields = orjson.dumps(self.link), orjson.dumps(self.fields)
        return Row(self.index, self.kind, self.part, self.name, link, time, number, digest, self.leaf, fields)

    @classmethod
    def from_row(cls, did: str, row: Row) -> Event:
        """Return the event of a row of the log of `did`."""
        index, kind, part, _, link, time, number, digest, leaf, fields = row
        block = None if number is None or digest is None else Block(number, digest)
        links = tuple(orjson.loads(link))
        return cls(did, index, kind, part, links, at(time), block, leaf, orjson.loads(fields))


def at(microseconds: int) -> datetime:
    """Return the time of a row."""
    return _EPOCH + timedelta(microseconds=microseconds)


def _first_link(event: Event) -> str:
    return event.link[0] if event.link else ""


def _digest(event: Event) -> str:
    return str(event.fields.get("digest", ""))


# kind → by what else than its partition such an event is looked for: the request decided on, the message
NAMED_BY: Mapping[str, Callable[[Event], str]] = {"decision.made": _first_link, "negotiation.moved": _digest}

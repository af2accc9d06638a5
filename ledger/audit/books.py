"""Every party's log, read whole and opened: verified entries with the fields disclosed to the supervisor.

Law: nothing is compared before it is proven. A book exists only if its checkpoint is signed and its entries make its
root; each event's inclusion is then proven one by one, and a value counts only if its entry commits to it. What a
party does not disclose is a finding, not a gap.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from contracts.canonical import load
from ledger import disclosure, events, merkle, reader
from ledger import note as notes
from ledger.audit.asking import each
from ledger.audit.sources import BlockHead, Unavailable
from ledger.disclosure import DisclosureError
from policy.errors import PolicyError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    from ledger.audit.report import Report
    from ledger.audit.sources import Sources
    from ledger.events import Block, Entry
    from ledger.reader import Fetch, LogCopy
    from ledger.space import Member, Space

T = TypeVar("T")

ADDENDA_PER_REQUEST = 256
CLOCK_SKEW_SECONDS = 60  # acts are timed before they queue for the one writer, so neighbours may swap a little

# a chain whose blocks each count a second runs ahead of the clock while it is busy
CHAIN_AHEAD = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Event:
    """An entry with its place and its disclosed fields."""

    did: str
    index: int
    leaf: bytes
    entry: Entry
    fields: Mapping[str, Any]

    @property
    def kind(self) -> str:
        """Return the event's type."""
        return self.entry.kind

    @property
    def part(self) -> str:
        """Return the partition: agreement digest, channel id or edition id in hex."""
        return self.entry.part

    @property
    def time(self) -> datetime:
        """Return when its party says it happened."""
        return self.entry.time

    @property
    def label(self) -> str:
        """Return how findings name it."""
        return f"{self.kind} at index {self.index}"


@dataclass(frozen=True, slots=True)
class Book:
    """One party's verified log."""

    party: Member
    copy: LogCopy
    events: tuple[Event, ...]
    fetch: Fetch

    def of(self, kind: str, part: str | None = None) -> Iterator[Event]:
        """Yield the events of a kind, perhaps of one partition, in log order."""
        return (event for event in self.events if event.kind == kind and part in {None, event.part})

    def parts(self, kind: str) -> set[str]:
        """Return the partitions that have events of a kind."""
        return {event.part for event in self.of(kind)}


Books = dict[str, Book]


def fetch_of(sources: Sources, party: Member) -> Fetch:
    """Return the fetch of paths below a party's log."""

    async def fetch(path: str) -> bytes:
        return await sources.fetch(f"{party.url}/log/{path}")

    return fetch


async def collect(sources: Sources, space: Space, key: X25519PrivateKey, report: Report) -> Books:
    """Read and verify every member's log; a log that does not verify is a finding and has no book."""

    async def read(party: Member, own: Report) -> Book | None:
        return await _read(sources, party, key, own)

    found = await each(space.members.values(), read, report)
    return {party.did: book for party, book in found if book is not None}


async def _read(sources: Sources, party: Member, key: X25519PrivateKey, report: Report) -> Book | None:
    fetch = fetch_of(sources, party)
    try:
        copy = await reader.read(fetch, party.log_vkey)
    except (Unavailable, ValueError) as error:
        report.find("log-unreadable", party.did, reason=error)
        return None
    _prove(copy, report)
    boxes = await _addenda(fetch, copy, party, report)
    book = Book(party, copy, tuple(_events(party, copy, boxes, key, report)), fetch)
    report.events += len(book.events)
    _check_times(book, report)
    await _check_blocks(sources, book, report)
    return book


def _prove(copy: LogCopy, report: Report) -> None:
    """Prove each entry's inclusion on its own, as a party would have to that shows just one."""
    span, size = merkle.span_of(copy.leaves), copy.checkpoint.size
    for index, entry in enumerate(copy.entries):
        path = merkle.inclusion_proof(span, index, size)
        merkle.verify_inclusion(merkle.leaf_hash(entry), index, size, path, copy.checkpoint.root)
    report.proofs_verified += size
    report.signatures_verified += 1


async def _addenda(fetch: Fetch, copy: LogCopy, party: Member, report: Report) -> list[Mapping[str, Any]]:
    boxes: list[Mapping[str, Any]] = []
    size = copy.checkpoint.size
    for first in range(0, size, ADDENDA_PER_REQUEST):
        count = min(ADDENDA_PER_REQUEST, size - first)
        try:
            rows = load(await fetch(f"addenda/{first}-{count}"), max_bytes=count * disclosure.BOX_LIMIT_BYTES)
        except (Unavailable, ValueError) as error:
            report.find("log-unreadable", party.did, reason=f"addenda from {first}: {error}")
            rows = []
        found = [row if isinstance(row, dict) else {} for row in rows] if isinstance(rows, list) else []
        boxes += (found + [{}] * count)[:count]
    return boxes


def _events(
    party: Member, copy: LogCopy, boxes: list[Mapping[str, Any]], key: X25519PrivateKey, report: Report
) -> Iterator[Event]:
    for index, raw in enumerate(copy.entries):
        try:
            entry = events.decode(raw)
        except events.EventError as error:
            report.find("entry-malformed", party.did, index=index, reason=error)
            continue
        if entry.party != party.did:
            report.find("entry-of-another-party", party.did, index=index, other=entry.party)
        bare = Event(party.did, index, copy.leaves[index], entry, {})
        yield Event(party.did, index, bare.leaf, entry, _open(bare, boxes[index], key, report))


def _open(event: Event, boxes: Mapping[str, Any], key: X25519PrivateKey, report: Report) -> Mapping[str, Any]:
    box = boxes.get(disclosure.recipient_id(key.public_key().public_bytes_raw()))
    if not isinstance(box, str):
        if event.entry.sd:
            report.find("disclosure-missing", event.did, event)
        return {}
    try:
        fields = disclosure.check(disclosure.unseal(notes.unb64(box), key, event.leaf), event.entry.sd)
    except (DisclosureError, notes.NoteError) as error:
        report.find("disclosure-false", event.did, event, reason=error)
        return {}
    _check_required(event, fields, report)
    return fields


def _check_required(event: Event, fields: Mapping[str, Any], report: Report) -> None:
    shape = events.SHAPES.get(event.kind)
    missing = sorted(shape.required - fields.keys()) if shape else []
    if len(fields) < len(event.entry.sd):
        missing = missing or [f"{len(event.entry.sd) - len(fields)} of {len(event.entry.sd)}"]
    if missing:
        report.find("field-undisclosed", event.did, event, fields=", ".join(missing))


def _check_times(book: Book, report: Report) -> None:
    newest: datetime | None = None
    for event in book.events:
        if newest is not None and (newest - event.time).total_seconds() > CLOCK_SKEW_SECONDS:
            report.find("time-went-back", event.did, event)
        newest = event.time if newest is None else max(newest, event.time)


async def _check_blocks(sources: Sources, book: Book, report: Report) -> None:
    """Compare each cited block with the chain: it proves that the entry was not written before it."""
    known: dict[int, BlockHead | None] = {}
    highest = -1
    for event in book.events:
        block = event.entry.block
        if block is None:
            continue
        if block.number not in known:
            known[block.number] = await _block(sources, block)
        head = known[block.number]
        if block.number < highest or head is None or head.hash != block.hash:
            report.find("block-contradicted", event.did, event, number=block.number)
        elif head.at - event.time > CHAIN_AHEAD:
            report.find("dated-before-block", event.did, event, number=block.number)
        highest = max(highest, block.number)


async def _block(sources: Sources, cited: Block) -> BlockHead | None:
    """Return the chain's block of a number; a chain that does not answer contradicts nobody."""
    try:
        return await sources.block(cited.number)
    except Unavailable:
        return BlockHead(cited.hash, datetime.min.replace(tzinfo=UTC))


def reading(event: Event, report: Report, read: Callable[..., T], *args: Any) -> T | None:
    """Return what `read(*args)` makes of an event's fields, or None and a finding if they are malformed."""
    try:
        return read(*args)
    except (KeyError, TypeError, ValueError, AttributeError, PolicyError) as error:
        report.find("field-malformed", event.did, event, reason=repr(error))
        return None

"""A bundle of entries proven against its tile, decoded and opened: the part of an audit that is done entry by entry.

Law: pure and by itself, so that it runs in another process: pages in, rows and findings out. A value counts only if its
entry commits to it; what a party does not disclose is a finding, not a gap. The rows count when the whole log's root
has been made (`ledger.log.reader.check_root`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from contracts.canonical import load
from ledger.audit.event import Event, Row
from ledger.audit.opened import OPENED
from ledger.audit.report import Report
from ledger.log import disclosure, events, reader
from ledger.log import note as notes
from ledger.log.disclosure import DisclosureError
from ledger.log.tiles import TILE_WIDTH_HASHES
from ledger.log.wrapping import CLASSICAL_BYTES, HybridKey

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ledger.log.events import Entry
    from ledger.log.tiles import Tile
    from ledger.log.wrapping import Opener


# the fields that an entry commits to, why a box shows none, or None where there is no box
Told: TypeAlias = "dict[str, Any] | str | None"


@dataclass(frozen=True, slots=True)
class Pages:
    """What is served of one bundle: entries, level-0 tile, addenda as JSON or why there are none; `key` opens them.

    `key` are the 32 raw bytes of the supervisor's X25519 key; behind them may stand the 32 of the seed of its hybrid
    one (`ledger.log.wrapping`), and behind these X25519 keys that it had before. Without a key they are as somebody
    opened them (`ledger.audit.opened`).
    """

    did: str
    tile: Tile
    entries: bytes
    hashes: bytes
    addenda: bytes
    missing: str
    key: bytes


@dataclass(slots=True)
class Opened:
    """What came of a bundle: all leaf hashes, a row for each entry that is one, what was found of pages and entries."""

    leaves: bytes
    size_bytes: int
    rows: list[Row] = field(default_factory=list)
    served: Report = field(default_factory=Report)
    found: Report = field(default_factory=Report)

    def __getstate__(self) -> tuple[Any, ...]:
        # rows cross to another process as what they are underneath: each would name its class and ask it
        return self.leaves, self.size_bytes, [tuple(row) for row in self.rows], self.served, self.found

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self.leaves, self.size_bytes, rows, self.served, self.found = state
        self.rows = list(map(Row._make, rows))


def unseal(pages: Pages) -> Opened:
    """Prove and open a bundle; `ReadError` or `TileError` if it is not what its tile says."""
    entries, leaves = reader.read_bundle(pages.tile, pages.entries, pages.hashes)
    opened = Opened(b"".join(leaves), sum(map(len, entries)))
    boxes = _boxes(pages, opened.served)
    openers = openers_of(pages.key) if pages.key else {}
    first = pages.tile.index * TILE_WIDTH_HASHES
    for offset, (raw, leaf) in enumerate(zip(entries, leaves, strict=True)):
        try:
            entry = events.decode(raw)
        except events.EventError as error:
            opened.found.find("entry-malformed", pages.did, index=first + offset, reason=error)
            continue
        event = Event.of(pages.did, first + offset, leaf, entry)
        told = _unsealed(boxes[offset], openers, leaf, entry.sd) if openers else _given(boxes[offset], entry.sd)
        _open(event, entry, told, opened.found)
        opened.rows.append(event.row())
    return opened


def raw_keys(openers: Sequence[Opener]) -> bytes:
    """Return the keys of a supervisor as `Pages` have them: X25519, the hybrid one if it has it, former ones."""
    hybrid = [one.seed for one in openers if isinstance(one, HybridKey)]
    first, *before = [one.private_bytes_raw() for one in openers if not isinstance(one, HybridKey)]
    assert hybrid or not before, "who has replaced a key has a hybrid one"
    return b"".join((first, *hybrid, *before))


@lru_cache(maxsize=1)
def openers_of(raw: bytes) -> dict[str, Opener]:
    """Return recipient id → key, the hybrid one first."""
    first, *others = (raw[at : at + CLASSICAL_BYTES] for at in range(0, len(raw), CLASSICAL_BYTES))
    classical = map(X25519PrivateKey.from_private_bytes, (first, *others[1:]))
    return disclosure.filed_for((*map(HybridKey, others[:1]), *classical))


def _boxes(pages: Pages, report: Report) -> Sequence[Mapping[str, Any]]:
    """Return each entry's boxes by recipient; addenda that cannot be read are a finding, and no boxes."""
    count, rows, reason = pages.tile.width, None, pages.missing
    if not reason:
        try:
            rows = load(pages.addenda, max_bytes=count * disclosure.BOX_LIMIT_BYTES)
        except ValueError as error:
            reason = str(error)
    if reason:
        first = pages.tile.index * TILE_WIDTH_HASHES
        report.find("log-unreadable", pages.did, reason=f"addenda from {first}: {reason}")
    found = [row if isinstance(row, dict) else {} for row in rows] if isinstance(rows, list) else []
    return (found + [{}] * count)[:count]


def _unsealed(boxes: Mapping[str, Any], openers: Mapping[str, Opener], leaf: bytes, sd: Sequence[bytes]) -> Told:
    """Return what our box discloses."""
    mine = disclosure.found_in(boxes, openers)
    if mine is None or not isinstance(mine[0], str):
        return None
    try:
        return disclosure.shown(notes.unb64(mine[0]), mine[1], leaf, sd)
    except (DisclosureError, notes.NoteError) as error:
        return str(error)


def _given(row: Mapping[str, Any], sd: Sequence[bytes]) -> Told:
    """Return what somebody who opened a box says that it discloses."""
    told = row.get(OPENED)
    if told is None or isinstance(told, str):
        return told
    try:
        return disclosure.check(disclosure.read(told), sd)
    except DisclosureError as error:
        return str(error)


def _open(event: Event, entry: Entry, told: Told, report: Report) -> None:
    """Give an event what its box discloses to the supervisor; `told` is None without a box, a reason if it is none."""
    if entry.party != event.did:
        report.find("entry-of-another-party", event.did, index=event.index, other=entry.party)
    if told is None:
        if entry.sd:
            event.told = False
            report.find("disclosure-missing", event.did, event)
        return
    if isinstance(told, str):
        event.told = False
        report.find("disclosure-false", event.did, event, reason=told)
        return
    event.fields = told
    _check_required(event, entry, report)


def _check_required(event: Event, entry: Entry, report: Report) -> None:
    shape = events.SHAPES.get(event.kind)
    missing: list[str] = []
    if shape is not None and not shape.required <= event.fields.keys():
        missing = sorted(shape.required - event.fields.keys())
    if len(event.fields) < len(entry.sd):
        missing = missing or [f"{len(entry.sd) - len(event.fields)} of {len(entry.sd)}"]
    if missing:
        report.find("field-undisclosed", event.did, event, fields=", ".join(missing))

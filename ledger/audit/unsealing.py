"""A bundle of entries proven against its tile, decoded and opened: the part of an audit that is done entry by entry.

Law: pure and by itself, so that it runs in another process: pages in, rows and findings out. A value counts only if its
entry commits to it; what a party does not disclose is a finding, not a gap. The rows count when the whole log's root
has been made (`ledger.log.reader.check_root`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from contracts.canonical import load
from ledger.audit.event import Event
from ledger.audit.report import Report
from ledger.log import disclosure, events, reader
from ledger.log import note as notes
from ledger.log.disclosure import DisclosureError
from ledger.log.tiles import TILE_WIDTH_HASHES
from ledger.log.wrapping import CLASSICAL_BYTES, HybridKey

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ledger.audit.event import Row
    from ledger.log.events import Entry
    from ledger.log.tiles import Tile
    from ledger.log.wrapping import Opener


@dataclass(frozen=True, slots=True)
class Pages:
    """What is served of one bundle: entries, level-0 tile, addenda as JSON or why there are none; `key` opens them.

    `key` are the 32 raw bytes of the supervisor's X25519 key; behind them may stand the 32 of the seed of its hybrid
    one (`ledger.log.wrapping`).
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


def unseal(pages: Pages) -> Opened:
    """Prove and open a bundle; `ReadError` or `TileError` if it is not what its tile says."""
    entries, leaves = reader.read_bundle(pages.tile, pages.entries, pages.hashes)
    opened = Opened(b"".join(leaves), sum(map(len, entries)))
    boxes = _boxes(pages, opened.served)
    openers = _openers(pages.key)
    first = pages.tile.index * TILE_WIDTH_HASHES
    for offset, (raw, leaf) in enumerate(zip(entries, leaves, strict=True)):
        try:
            entry = events.decode(raw)
        except events.EventError as error:
            opened.found.find("entry-malformed", pages.did, index=first + offset, reason=error)
            continue
        event = Event.of(pages.did, first + offset, leaf, entry)
        _open(event, entry, disclosure.found_in(boxes[offset], openers), opened.found)
        opened.rows.append(event.row())
    return opened


def raw_keys(key: X25519PrivateKey, hybrid: HybridKey | None) -> bytes:
    """Return the keys of a supervisor as `Pages` have them."""
    return key.private_bytes_raw() + (b"" if hybrid is None else hybrid.seed)


@lru_cache(maxsize=1)
def _openers(raw: bytes) -> dict[str, Opener]:
    """Return recipient id → key, the hybrid one first."""
    found: list[Opener] = [HybridKey(raw[CLASSICAL_BYTES:])] if len(raw) > CLASSICAL_BYTES else []
    found.append(X25519PrivateKey.from_private_bytes(raw[:CLASSICAL_BYTES]))
    return disclosure.filed_for(found)


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


def _open(event: Event, entry: Entry, mine: tuple[Any, Opener] | None, report: Report) -> None:
    """Give an event what its box discloses to the supervisor; `mine` is that box with the key it is filed under."""
    box, key = mine or ("", None)
    if entry.party != event.did:
        report.find("entry-of-another-party", event.did, index=event.index, other=entry.party)
    if key is None or not isinstance(box, str):
        if entry.sd:
            event.told = False
            report.find("disclosure-missing", event.did, event)
        return
    try:
        event.fields = disclosure.check(disclosure.unseal(notes.unb64(box), key, event.leaf), entry.sd)
    except (DisclosureError, notes.NoteError) as error:
        event.told = False
        report.find("disclosure-false", event.did, event, reason=error)
        return
    _check_required(event, entry, report)


def _check_required(event: Event, entry: Entry, report: Report) -> None:
    shape = events.SHAPES.get(event.kind)
    missing = sorted(shape.required - event.fields.keys()) if shape else []
    if len(event.fields) < len(entry.sd):
        missing = missing or [f"{len(entry.sd) - len(event.fields)} of {len(entry.sd)}"]
    if missing:
        report.find("field-undisclosed", event.did, event, fields=", ".join(missing))

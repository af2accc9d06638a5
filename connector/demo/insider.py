"""What an insider holds who has copied a participant's whole data directory, the log's real signing key included.

Law: everything here works on the copy. The insider rebuilds the tree, signs its head as the participant would, and
writes disclosures that open for owner and supervisor; what they cannot make is the signature of anybody else.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from connector.custody.log_objects import Folder
from connector.identity import keys as key_files
from connector.runtime import files
from connector.runtime.data_folder import DATABASE, KEYS, LOG
from connector.store import peer_heads
from connector.store.bundles import Bundles
from connector.store.entries import entries_of
from connector.store.offline import look
from connector.store.rows.evidence import BoxKeyRow, CheckpointRow
from connector.store.shelf import TxShelf
from connector.store.tables import TABLES
from ledger.log import checkpoint as checkpoints
from ledger.log import disclosure, events, merkle, mirror
from ledger.log import note as notes
from ledger.log.checkpoint import Checkpoint

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from connector.identity.keys import Keys
    from connector.store.entries import KeptEntry
    from connector.store.transaction import Tx
    from ledger.log.events import Entry
    from ledger.log.note import Note
    from ledger.log.tree import Log


@dataclass(frozen=True, slots=True)
class Leaf:
    """One entry of the log, its bytes in the tree, its disclosures by recipient id in base64, and what they say."""

    raw: bytes
    boxes: Mapping[str, str]
    entry: Entry
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Loot:
    """A copied participant: keys, log origin, the X25519 keys that disclosures go to, the log, what peers showed."""

    keys: Keys
    origin: str
    recipients: tuple[bytes, ...]
    leaves: tuple[Leaf, ...]
    peers: tuple[Mapping[str, Any], ...]

    def written(self, entry: Entry, fields: Mapping[str, Any]) -> Leaf:
        """Return `entry` with these fields, freshly salted and disclosed to owner and supervisor."""
        disclosed = disclosure.conceal(fields)
        made = entry._replace(sd=disclosure.digests(disclosed))
        raw = made.encode()
        leaf = merkle.leaf_hash(raw)
        boxes = {
            disclosure.recipient_id(public): notes.b64(disclosure.seal(disclosed, public, leaf))
            for public in self.recipients
        }
        return Leaf(raw, boxes, made, fields)

    def rebuilt(self, leaves: Sequence[Leaf]) -> tuple[Log, Note]:
        """Return the log over other leaves, and its head signed with the participant's own key."""
        log = mirror.build(leaf.raw for leaf in leaves)
        head = Checkpoint(self.origin, log.size, log.root())
        return log, checkpoints.sign(head, self.keys.log)


def copy(data: Path, to: Path) -> None:
    """Copy keys, log and database of a running participant, the database by SQLite's own back-up."""
    files.make_folder(to / KEYS)
    for path in sorted((data / KEYS).glob("*.key")):
        files.write_atomic(to / KEYS / path.name, path.read_bytes())
    with closing(sqlite3.connect(data / DATABASE)) as source, closing(sqlite3.connect(to / DATABASE)) as target:
        source.backup(target)
    for path in sorted((data / LOG).glob("*")):
        Folder(to).put(f"{LOG}/{path.name}", path.read_bytes())


def plunder(data: Path, supervisor: bytes) -> Loot:
    """Read a copied data directory; `supervisor` is the public X25519 key (32 bytes) that disclosures go to."""
    keys = key_files.load(data / KEYS)
    return look(data / DATABASE, TABLES, lambda tx: _read(tx, keys, supervisor), Bundles(Folder(data)))


def _read(tx: Tx, keys: Keys, supervisor: bytes) -> Loot:
    newest = tx.find(CheckpointRow, order="size desc", limit=1)[0]
    size = TxShelf(tx).size()
    wrapped: dict[str, dict[str, bytes]] = {}
    for row in tx.find(BoxKeyRow):
        wrapped.setdefault(row.name, {})[row.recipient] = row.wrapped
    return Loot(
        keys=keys,
        origin=checkpoints.parse_text(notes.parse(newest.note).text).origin,
        recipients=(keys.delivery_public, supervisor),
        leaves=tuple(_leaf(row, wrapped, keys) for row in entries_of(tx, 0, size)),
        peers=tuple(peer_heads.seen(tx)),
    )


def _leaf(row: KeptEntry, wrapped: Mapping[str, Mapping[str, bytes]], keys: Keys) -> Leaf:
    entry, boxes = events.decode(row.entry), {}
    if row.box is not None and row.box_key is not None:
        boxes = {recipient: key + row.box for recipient, key in wrapped[row.box_key].items()}
    own = boxes.get(disclosure.recipient_id(keys.delivery_public))
    disclosed = [] if own is None else disclosure.unseal(own, keys.delivery, row.leaf)
    shown = {recipient: notes.b64(box) for recipient, box in boxes.items()}
    return Leaf(row.entry, shown, entry, disclosure.check(disclosed, entry.sd))

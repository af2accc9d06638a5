"""The participant's evidence: every event into its own log, in the transaction of the act that it proves.

Law: an act and its event commit together or not at all, and every commit that holds events holds one checkpoint over
them; only a committed one leaves the process. After a start, or a write of somebody else, the log on disk is proven to
extend the last signed checkpoint; one that does not signs nothing more.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

from connector.runtime import rehearsal
from connector.store.entries import entry_at
from connector.store.errors import EvidenceBroken
from connector.store.rows.evidence import AnchorRow, BoxKeyRow, CheckpointRow, LogEntryRow
from connector.store.shelf import Beside, TxShelf
from connector.store.table_row import TableRow
from ledger.log import checkpoint as checkpoints
from ledger.log import disclosure, events, merkle, tiles, witness
from ledger.log import note as notes
from ledger.log.checkpoint import Checkpoint, Former
from ledger.log.proof import LogProof
from ledger.log.tree import Log, Tree

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from connector.store.shelf import Tail
    from connector.store.transaction import Tx
    from contracts.typed_data import Domain
    from ledger.log.note import Note, VerifierKey


R = TypeVar("R", bound=TableRow)

HEAD = "log.head"
RECORDED = "log.recorded"  # when the newest event was, if this process recorded it
CITED = "log.cited"  # the block that the newest event cites, or None, in a tuple
BOX_KEY = "log.box-key"
# a key for boxes is in memory only; a new one now and then, so that a leak of memory shows no more than this
BOXES_PER_KEY = 65_536
# readers of a part of the log, each with a key for boxes in memory: as many as delegations that are lively at a time
READERS_KEPT = 64


@dataclass(frozen=True, slots=True)
class Head:
    """A signed tree head of ours: its note, size and root."""

    note: str
    size: int
    root: bytes


class Evidence:
    """Writes and serves one log. `recipients` name → X25519 public key (32 bytes): the owner, perhaps the supervisor.

    `block` is the newest anchored chain block, set by whoever watches the chain; entries cite it.
    """

    def __init__(self, party: str, origin: str, key: Ed25519PrivateKey, recipients: Mapping[str, bytes]) -> None:
        self.party = party
        self.origin = origin
        self.block: events.Block | None = None
        # the newest committed head with the end of the log below it, or why there will be none
        self.newest: tuple[Head, Tail] | EvidenceBroken | None = None
        self._keys: tuple[Ed25519PrivateKey, ...] = (key,)
        self.former: tuple[Former, ...] = ()
        # who besides reads an event: (tx, kind, part, fields) → a public key, None for nobody
        self.reader: Callable[[Tx, str, str, Mapping[str, Any]], bytes | None] = lambda *_event: None
        self.disclose_to(recipients)

    def disclose_to(self, recipients: Mapping[str, bytes]) -> None:
        """Encrypt the disclosures of coming events to these (name → X25519 public key), as the space's rules say."""
        self._recipients = tuple(recipients.values())
        self._box_keys: dict[bytes, disclosure.BoxKey] = {}

    @property
    def vkey(self) -> VerifierKey:
        """Return the key that verifies this log's checkpoints."""
        return notes.log_vkey(self.origin, self._keys[0].public_key().public_bytes_raw())

    def sign_by(self, keys: Sequence[Ed25519PrivateKey], former: Sequence[Former]) -> None:
        """Sign heads by these keys from now on, the log's first; `former` are those that signed before."""
        self._keys, self.former = tuple(keys), tuple(former)

    def own(self, note: Note) -> Checkpoint:
        """Return the checkpoint of a note that we signed, by whichever key we had; raises `NoteError`."""
        return checkpoints.verify(note, self.vkey, self.former)

    def forget(self) -> None:
        """Know no newest head any longer: another process has made the log grow."""
        self.newest = None

    def record(
        self, tx: Tx, kind: str, *, part: str, link: Sequence[str] = (), fields: Mapping[str, Any], now: datetime
    ) -> int:
        """Append an event and store its disclosures; return its index. `EventError` if the table of spec 7 has it not.

        A kind with one link gets `part` as that link when none is given. Who of our own people it is for is one more
        disclosed field (`events.ACTOR`).
        """
        tx.before_commit(self.renew)
        ids = tuple(link) or _only_link(kind, part)
        events.check(kind, ids, fields)
        rehearsal.note(rehearsal.RECORD, kind, part, fields)
        disclosed = disclosure.conceal({**fields, events.ACTOR: tx.actor} if tx.actor else fields)
        sd = disclosure.digests(disclosed)
        entry = events.Entry(kind, now, self.party, part, ids, sd, self._cited(tx)).encode()
        key = self._closing(tx, self.reader(tx, kind, part, fields) or b"")
        leaf = merkle.leaf_hash(entry)
        box = key.close(disclosed, leaf)
        tx.remember(RECORDED, now)
        shelf = TxShelf(tx, Beside(kind, part, now, box, key.name))
        return Log(shelf).append_hashed(entry, leaf)

    def _cited(self, tx: Tx) -> events.Block | None:
        """Return the block to cite: the newest seen here, or in the log, where another process has seen more."""
        known: tuple[events.Block | None] | None = tx.recall(CITED)
        if known is None:
            newest = tx.find(LogEntryRow, order="idx desc", limit=1)
            known = (_block(newest[0]) if newest else None,)
        [before] = known
        cited = before if self.block is None or (before and before.number > self.block.number) else self.block
        tx.remember(CITED, (cited,))
        return cited

    def _closing(self, tx: Tx, reader: bytes) -> disclosure.BoxKey:
        """Return the key for the next box; before it closes one its wrappings are in the tables.

        What somebody besides reads (`reader`, a public key) is closed by a key that is wrapped for nobody else's parts.
        """
        key = self._box_keys.get(reader)
        if key is None or key.closed >= BOXES_PER_KEY:
            if len(self._box_keys) >= READERS_KEPT:
                self._box_keys.clear()
            key = disclosure.BoxKey((*self._recipients, reader) if reader else self._recipients)
            self._box_keys[reader] = key
        name = BOX_KEY + reader.hex()
        if tx.recall(name) != key.name:
            for recipient, wrapped in key.wrapped.items():
                tx.put(BoxKeyRow(name=key.name, recipient=recipient, wrapped=wrapped))
            tx.remember(name, key.name)
        return key

    def leaf(self, tx: Tx, index: int) -> bytes:
        """Return the leaf hash of an entry (the `logLeaf` of a receipt)."""
        return bytes(TxShelf(tx).hashes(0, index, 1)[0])

    def size(self, tx: Tx) -> int:
        """Return the number of entries."""
        return TxShelf(tx).size()

    def unanchored(self, tx: Tx) -> int:
        """Return the number of entries that no anchored head covers."""
        newest = anchored(tx, self.origin)
        return self.size(tx) - (newest.size if newest else 0)

    def checkpoint(self, tx: Tx) -> bytes:
        """Return the newest own signed note, made now if the log grew (so `tx` must be a writing one)."""
        return self.head(tx).note.encode()

    def take_over(self, tx: Tx, entries: Iterable[bytes], head: Checkpoint, note: str) -> None:
        """Append entries that we signed once and lost, up to `head`, whose `note` is ours; raises `EvidenceBroken`.

        What they disclosed is not theirs to bring, so their boxes are absent.
        """
        for entry in entries:
            said, leaf = events.decode(entry), merkle.leaf_hash(entry)
            shelf = TxShelf(tx, Beside(said.kind, said.part, said.time, box=None, box_key=None))
            Log(shelf).append_hashed(entry, leaf)
        tree = TxShelf(tx).tail().tree
        if (tree.size, tree.root()) != (head.size, head.root):
            raise EvidenceBroken(f"the entries do not lead from the log on disk to its signed size `{head.size}`")
        tx.put(CheckpointRow, size=head.size, root=head.root, note=note, at=None)
        tx.remember(HEAD, Head(note, head.size, head.root))

    def renew(self, tx: Tx) -> None:
        """Sign the log as this transaction leaves it; `newest` shows the head after the commit."""
        newest: tuple[Head, Tail] | EvidenceBroken
        try:
            newest = self.head(tx), TxShelf(tx).tail()
        except EvidenceBroken as broken:
            newest = broken
        tx.after(lambda: setattr(self, "newest", newest))

    def published(self, tx: Tx) -> bytes | None:
        """Return what `/log/checkpoint` serves: the newest cosigned note, before the first one the newest signed."""
        row = _first(tx.find(CheckpointRow, "cosigned is not null", order="size desc", limit=1)) or _last(tx)
        return None if row is None else (row.cosigned or row.note).encode()

    def sign_published(self, tx: Tx) -> None:
        """Have the head that is served bear the signatures of the keys that sign now, beside those that it has."""
        for row in tx.find(CheckpointRow, "cosigned is not null", order="size desc", limit=1):
            note = notes.parse(str(row.cosigned))
            signed = (notes.sign(note.text, self.origin, key) for key in self._keys)
            tx.change(row, replace(row, cosigned=note.sign_with(*signed).encode()))

    def head(self, tx: Tx) -> Head:
        """Return the newest signed head, made now if the log grew; raises `EvidenceBroken`."""
        last: Head | None = tx.recall(HEAD)
        known, shelf = last is not None, TxShelf(tx)
        if last is None and (row := _last(tx)) is not None:
            last = Head(row.note, row.size, row.root)
        if last is not None and last.size == shelf.size():
            return last
        tree = shelf.closed().known
        size, root = tree.size, tree.root()
        if last is not None and not known:
            _must_extend(Tree(shelf), last, size, root)
        signed = checkpoints.sign(Checkpoint(self.origin, size, root), *self._keys).encode()
        tx.insert(CheckpointRow(size=size, root=root, note=signed, cosigned=None, at=tx.recall(RECORDED)))
        head = Head(signed, size, root)
        tx.remember(HEAD, head)
        return head

    def witness_request(self, tx: Tx, old: int, note: Note) -> bytes:
        """Return the `add-checkpoint` body that leads a witness from `old` to the checkpoint in `note`."""
        size = checkpoints.parse_text(note.text).size
        return witness.Request(old, tuple(Log(TxShelf(tx)).consistency(old, size)), note).encode()

    def add_cosignatures(
        self,
        tx: Tx,
        size: int,
        answer: str,
        cosigners: Sequence[VerifierKey],
        heads: Sequence[VerifierKey],
        domain: Domain,
    ) -> Note:
        """Add a witness's answer to the checkpoint of `size`; return the note as it is kept now.

        `cosigners` and `heads` are the witness's verifier keys; `NoteError` if a line by one of them is false.
        """
        row = tx.get(CheckpointRow, size=size)
        if row is None:
            raise notes.NoteError(f"no checkpoint of size `{size}` was made here")
        note = notes.parse(row.cosigned or row.note)
        note = witness.merge(note, answer, cosigners)
        note = witness.merge_head(note, answer, heads, domain)
        tx.change(row, replace(row, cosigned=note.encode()))
        return note

    def tile(self, tx: Tx, path: str) -> bytes:
        """Return what lies under `tile/...`; `TileError` if the path is malformed or beyond the log."""
        return Log(TxShelf(tx)).tile(tiles.parse_path(path))

    def proof(self, tx: Tx, index: int, *, newest: bool = False) -> str | None:
        """Return the tlog-proof of an entry under the published checkpoint, None if that does not reach it yet.

        `newest` is the newest signed one, whether anybody witnessed it or not (so `tx` must be a writing one).
        """
        raw = self.checkpoint(tx) if newest else self.published(tx)
        note = None if raw is None else notes.parse(raw)
        if note is None or checkpoints.parse_text(note.text).size <= index:
            return None
        path = Log(TxShelf(tx)).inclusion(index, checkpoints.parse_text(note.text).size)
        return LogProof(index, tuple(path), note).encode()

    def addenda(self, tx: Tx, index: int) -> dict[str, str]:
        """Return the encrypted disclosures of an entry: recipient id → base64 box; empty if erased or never made."""
        row = entry_at(tx, index)
        if row is None or row.box is None:
            return {}
        keys = tx.find(BoxKeyRow, "name = ?", (row.box_key,))
        return {key.recipient: notes.b64(key.wrapped + row.box) for key in keys}


def anchored(tx: Tx, origin: str) -> AnchorRow | None:
    """Return the newest head of a log that stands on the chain, as far as it is known here."""
    return _first(tx.find(AnchorRow, "origin = ?", (origin,), order="size desc", limit=1))


def _block(newest: LogEntryRow) -> events.Block | None:
    assert newest.entry is not None, "the newest entries stay in the table"
    return events.decode(newest.entry).block


def _only_link(kind: str, part: str) -> tuple[str, ...]:
    shape = events.SHAPES.get(kind)
    needed = () if shape is None else [name for name in shape.links if not name.endswith("?")]
    return (part,) if len(needed) == 1 else ()


def _must_extend(log: Tree, last: Head, size: int, root: bytes) -> None:
    try:
        merkle.verify_consistency(last.size, last.root, size, root, log.consistency(last.size, size))
    except merkle.ProofError as error:
        raise EvidenceBroken(f"the log on disk does not extend its signed size `{last.size}`: {error}") from error


def _last(tx: Tx) -> CheckpointRow | None:
    return _first(tx.find(CheckpointRow, order="size desc", limit=1))


def _first(rows: list[R]) -> R | None:
    return rows[0] if rows else None

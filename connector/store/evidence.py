"""The participant's evidence: every event into its own log, in the transaction of the act that it proves.

Law: an act and its event commit together or not at all. A checkpoint is made lazily, when the log has grown: the new
root is proven to extend the last signed one, the row is stored, and only a committed note leaves the process. A log
that does not extend what was signed signs nothing more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.store.shelf import TxShelf
from ledger import checkpoint as checkpoints
from ledger import disclosure, events, merkle, tiles, witness
from ledger import note as notes
from ledger.checkpoint import Checkpoint
from ledger.log import Log
from ledger.proof import LogProof

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from connector.store.transaction import Tx
    from contracts.typed_data import Domain
    from ledger.note import Note, VerifierKey


class EvidenceBroken(Exception):  # noqa: N818 - said in sentences, like the store's other errors
    """The log on disk does not extend the last signed checkpoint; restore it from a mirror before going on (spec 7)."""


class Evidence:
    """Writes and serves one log. `recipients` name → X25519 public key (32 bytes): the owner, perhaps the supervisor.

    `block` is the newest anchored chain block, set by whoever watches the chain; entries cite it.
    """

    def __init__(self, party: str, origin: str, key: Ed25519PrivateKey, recipients: Mapping[str, bytes]) -> None:
        self.party = party
        self.origin = origin
        self.block: events.Block | None = None
        self._key = key
        self._recipients = {disclosure.recipient_id(public): public for public in recipients.values()}

    def disclose_to(self, recipients: Mapping[str, bytes]) -> None:
        """Encrypt the disclosures of coming events to these (name → X25519 public key), as the space's rules say."""
        self._recipients = {disclosure.recipient_id(public): public for public in recipients.values()}

    @property
    def vkey(self) -> VerifierKey:
        """Return the key that verifies this log's checkpoints."""
        return notes.log_vkey(self.origin, self._key.public_key().public_bytes_raw())

    def record(
        self, tx: Tx, kind: str, *, part: str, link: Sequence[str] = (), fields: Mapping[str, Any], now: datetime
    ) -> int:
        """Append an event and store its disclosures; return its index. `EventError` if the table of spec 7 has it not.

        A kind with one link gets `part` as that link when none is given.
        """
        ids = tuple(link) or _only_link(kind, part)
        events.check(kind, ids, fields)
        disclosed = disclosure.conceal(fields)
        sd = disclosure.digests(disclosed)
        entry = events.Entry(kind, now, self.party, part, ids, sd, self.block).encode()
        index = Log(TxShelf(tx, kind, part, now)).append(entry)
        leaf = merkle.leaf_hash(entry)
        packed = disclosure.pack(disclosed)
        for recipient, public in self._recipients.items():
            tx.insert("disclosures", idx=index, recipient=recipient, box=disclosure.seal_packed(packed, public, leaf))
        return index

    def leaf(self, tx: Tx, index: int) -> bytes:
        """Return the leaf hash of an entry (the `logLeaf` of a receipt)."""
        return bytes(TxShelf(tx).hashes(0, index, 1)[0])

    def size(self, tx: Tx) -> int:
        """Return the number of entries."""
        return TxShelf(tx).size()

    def checkpoint(self, tx: Tx) -> bytes:
        """Return the newest own signed note, made now if the log grew (so `tx` must be a writing one)."""
        return self._newest(tx, Log(TxShelf(tx))).encode().encode()

    def published(self, tx: Tx) -> bytes | None:
        """Return what `/log/checkpoint` serves: the newest cosigned note, before the first one the newest signed."""
        row = _first(tx.find("checkpoints", "cosigned is not null", order="size desc", limit=1)) or _last(tx)
        return None if row is None else (row["cosigned"] or row["note"]).encode()

    def _newest(self, tx: Tx, log: Log) -> Note:
        last = _last(tx)
        if last is not None and last["size"] == log.size:
            return notes.parse(last["note"])
        head = Checkpoint(self.origin, log.size, log.root())
        if last is not None:
            _must_extend(log, last, head)
        note = checkpoints.sign(head, self._key)
        at = tx.get("log_entries", idx=head.size - 1)
        tx.insert("checkpoints", size=head.size, root=head.root, note=note.encode(), at=at and at["at"])
        return note

    def witness_request(self, tx: Tx, old: int, size: int | None = None) -> bytes:
        """Return the `add-checkpoint` body that leads a witness from `old` to the checkpoint of `size` (the newest)."""
        row = None if size is None else tx.get("checkpoints", size=size)
        log = Log(TxShelf(tx))
        note = self._newest(tx, log) if row is None else notes.parse(row["note"])
        size = checkpoints.parse_text(note.text).size
        return witness.Request(old, tuple(log.consistency(old, size)), note).encode()

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

        `cosigners` and `heads` are the witness's two verifier keys; `NoteError` if a line by one of them is false.
        """
        row = tx.get("checkpoints", size=size)
        if row is None:
            raise notes.NoteError(f"no checkpoint of size `{size}` was made here")
        note = notes.parse(row["cosigned"] or row["note"])
        note = witness.merge(note, answer, cosigners)
        note = witness.merge_head(note, answer, heads, domain)
        tx.update("checkpoints", {"size": size}, cosigned=note.encode())
        return note

    def tile(self, tx: Tx, path: str) -> bytes:
        """Return what lies under `tile/...`; `TileError` if the path is malformed or beyond the log."""
        return Log(TxShelf(tx)).tile(tiles.parse_path(path))

    def proof(self, tx: Tx, index: int) -> str | None:
        """Return the tlog-proof of an entry under the published checkpoint, None if that does not reach it yet."""
        raw = self.published(tx)
        note = None if raw is None else notes.parse(raw)
        if note is None or checkpoints.parse_text(note.text).size <= index:
            return None
        path = Log(TxShelf(tx)).inclusion(index, checkpoints.parse_text(note.text).size)
        return LogProof(index, tuple(path), note).encode()

    def addenda(self, tx: Tx, index: int) -> dict[str, str]:
        """Return the encrypted disclosures of an entry: recipient id → base64 box; empty if erased or never made."""
        return {row["recipient"]: notes.b64(row["box"]) for row in tx.find("disclosures", "idx = ?", (index,))}

    def consistency_for(self, tx: Tx, peer: str) -> dict[str, Any]:
        """Return the newest checkpoint as it rides in a message to `peer`, proven from the last size sent there."""
        log = Log(TxShelf(tx))
        note = self._newest(tx, log)
        size = log.size
        sent = tx.get("sent_heads", peer=peer)
        old = 0 if sent is None else sent["size"]
        proof = log.consistency(old, size)
        if old != size:
            tx.put("sent_heads", peer=peer, size=size)
        return {"checkpoint": note.encode(), "from": str(old), "proof": [notes.b64(value) for value in proof]}


def _only_link(kind: str, part: str) -> tuple[str, ...]:
    shape = events.SHAPES.get(kind)
    needed = () if shape is None else [name for name in shape.links if not name.endswith("?")]
    return (part,) if len(needed) == 1 else ()


def _must_extend(log: Log, last: dict[str, Any], head: Checkpoint) -> None:
    try:
        proof = log.consistency(last["size"], head.size)
        merkle.verify_consistency(last["size"], last["root"], head.size, head.root, proof)
    except merkle.ProofError as error:
        raise EvidenceBroken(f"the log on disk does not extend its signed size `{last['size']}`: {error}") from error


def _last(tx: Tx) -> dict[str, Any] | None:
    return _first(tx.find("checkpoints", order="size desc", limit=1))


def _first(rows: list[dict[str, Any]]) -> dict[str, Any] | None:
    return rows[0] if rows else None

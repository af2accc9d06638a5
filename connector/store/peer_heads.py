"""What we saw of other parties' logs: the newest checkpoint that rode in on their messages (spec 4).

Law: a checkpoint is kept only if it is signed and consistent with the one kept before; a log that shows two histories
is caught here, by its own customers, and both notes are kept as proof. A peer that offers no usable proof is not
guilty yet: we fetch its tiles (`ledger.log.reader.consistency`) and ask again.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from connector.store.rows.console import FactRow
from connector.store.rows.evidence import PeerHeadRow
from ledger.dispute import fork_proof
from ledger.log import checkpoint as checkpoints
from ledger.log import note as notes
from ledger.log.checkpoint import Checkpoint
from ledger.log.merkle import PROOF_LIMIT_HASHES, ProofError, verify_consistency
from ledger.log.note import MalformedNoteError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from connector.store.transaction import Tx
    from ledger.log.note import VerifierKey

SIZE_LIMIT_DIGITS = 19
FORK_FACT = "fork/"
# the newest notes of a few busy peers
NOTES_KEPT = 256


class ForkFound(Exception):  # noqa: N818 - said in sentences, like the store's other errors
    """A peer signed two checkpoints that cannot be of one history; keep both notes with `keep_fork`.

    `proof` shows it to others for two sizes (`ledger.dispute.fork_proof`); None while nobody has made one.
    """

    def __init__(self, origin: str, kept: str, offered: str, reason: str, proof: Sequence[bytes] | None = None) -> None:
        super().__init__(f"log `{origin}` showed two histories: {reason}")
        self.origin = origin
        self.kept = kept
        self.offered = offered
        self.proof = proof

    def document(self) -> dict[str, Any]:
        """Return what shows the fork to others, if it was proven."""
        return fork_proof.document(self.kept, self.offered, self.proof or ())


@dataclass(frozen=True, slots=True)
class NeedsTiles:
    """The proof does not join what we hold: compute it from `old` to `size` out of the peer's tiles, then ask again."""

    origin: str
    old: int
    size: int


@dataclass(frozen=True, slots=True)
class Offered:
    """A signed head as it came with a message: the proof leads from `start` to it."""

    checkpoint: Checkpoint
    note: str
    start: int
    proof: list[bytes]


def alone(note: str) -> dict[str, Any]:
    """Return a head that came with no proof as one rides in a message: what joins it is read from its log's tiles."""
    return {"checkpoint": note, "from": "0", "proof": []}


def read(vkey: VerifierKey, piggyback: Mapping[str, Any]) -> Offered:
    """Return what rides in a message, its signature verified; raises `NoteError`."""
    note, start, proof = _read(piggyback)
    return Offered(_verified(note, vkey), note, start, proof)


@lru_cache(maxsize=NOTES_KEPT)
def _verified(note: str, vkey: VerifierKey) -> Checkpoint:
    """Return the checkpoint of a note; under load one note rides on many messages."""
    return checkpoints.verify(notes.parse(note), vkey)


def compare(kept: Checkpoint | None, kept_note: str, offered: Offered) -> NeedsTiles | None:
    """Prove that the kept head and the offered one are of one history.

    None: they are. `NeedsTiles`: the proof is not about these two. Raises `ForkFound`.
    """
    if kept is None:
        return None
    old, new = sorted((kept, offered.checkpoint), key=lambda one: one.size)
    if old.size not in {0, new.size} and (offered.start != old.size or not offered.proof):
        return NeedsTiles(new.origin, old.size, new.size)
    proof = offered.proof if offered.start == old.size < new.size else []
    try:
        verify_consistency(old.size, old.root, new.size, new.root, proof if old.size else [])
    except ProofError as error:
        raise ForkFound(new.origin, kept_note, offered.note, str(error)) from error
    return None


def head_of(row: PeerHeadRow) -> Checkpoint:
    """Return the checkpoint of a kept head."""
    return Checkpoint(row.origin, row.size, row.root)


def keep(tx: Tx, offered: Offered, now: datetime) -> None:
    """Keep a proven head unless a newer one is kept."""
    head = offered.checkpoint
    row = tx.get(PeerHeadRow, origin=head.origin)
    newest = PeerHeadRow(origin=head.origin, size=head.size, root=head.root, note=offered.note, at=now)
    if row is None:
        tx.insert(newest)
    elif head.size > row.size:
        tx.change(row, newest)


def keep_fork(tx: Tx, fork: ForkFound, now: datetime) -> None:
    """Keep both notes of a fork; the first pair for an origin stays, unless a later one is proven to others."""
    name = FORK_FACT + fork.origin
    known = tx.get(FactRow, name=name)
    if known is not None and (known.value.get("proof") is not None or fork.proof is None):
        return
    proof = None if fork.proof is None else fork.document()
    told = {"kept": fork.kept, "offered": fork.offered, "at": now.isoformat(), "proof": proof}
    tx.put(FactRow(name=name, value=told))


def forks(tx: Tx) -> list[dict[str, Any]]:
    """Return the forks that we can show to others, as `ledger.dispute.fork_proof` documents."""
    rows = tx.find(FactRow, "name >= ? and name < ?", (FORK_FACT, FORK_FACT[:-1] + chr(ord(FORK_FACT[-1]) + 1)))
    return [row.value["proof"] for row in rows if row.value.get("proof") is not None]


def seen(tx: Tx) -> list[dict[str, str]]:
    """Return what `/log/peers` serves and `time.mark` records: newest verified head of every log we met."""
    rows = tx.find(PeerHeadRow, order="origin")
    return [{"origin": row.origin, "size": str(row.size), "root": row.root.hex(), "note": row.note} for row in rows]


def _read(piggyback: Mapping[str, Any]) -> tuple[str, int, list[bytes]]:
    if set(piggyback) != {"checkpoint", "from", "proof"} or not isinstance(piggyback["checkpoint"], str):
        raise MalformedNoteError("a checkpoint rides as `checkpoint`, `from` and `proof`")
    start, proof = piggyback["from"], piggyback["proof"]
    if not isinstance(start, str) or not start.isdecimal() or len(start) > SIZE_LIMIT_DIGITS:
        raise MalformedNoteError("`from` is a size in decimal digits")
    if not isinstance(proof, list) or len(proof) > PROOF_LIMIT_HASHES or not all(isinstance(one, str) for one in proof):
        raise MalformedNoteError(f"`proof` is a list of at most {PROOF_LIMIT_HASHES} hashes in base64")
    return piggyback["checkpoint"], int(start), [notes.unb64(one) for one in proof]

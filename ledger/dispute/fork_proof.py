"""Two heads that one log signed and that cannot be of one history: a proof for anybody who has the log's key (spec 7).

    {v, origin, heads: [note, note], proof: [base64 of 32 bytes, ...]}

Heads of one size have two roots, and nothing else is needed. For heads of two sizes `proof` shows which root the larger
tree gives to the first leaves (`ledger.log.merkle.prefix_root`): it is another than the one that was signed for them.
The program on chain reads only the first kind; this is shown to people, and to an audit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from contracts.errors import ContractError
from ledger.fields import closed, listed
from ledger.log import checkpoint as checkpoints
from ledger.log import merkle
from ledger.log import note as notes
from ledger.log.merkle import HASH_BYTES, PROOF_LIMIT_HASHES, ProofError
from ledger.log.note import NoteError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ledger.log.checkpoint import Checkpoint, Former
    from ledger.log.note import VerifierKey

NAME = "fork"
VERSION = 1
TWO = 2
FIELDS = frozenset({"v", "origin", "heads", "proof"})


@dataclass(frozen=True, slots=True)
class Fork:
    """The two heads, the smaller first, and the root that the larger one's history has at the smaller's size."""

    old: Checkpoint
    new: Checkpoint
    other_root: bytes


def document(first: str, second: str, proof: Sequence[bytes] = ()) -> dict[str, Any]:
    """Return the proof as it is kept, of two signed notes."""
    old, new = sorted((first, second), key=lambda one: checkpoints.parse_text(notes.parse(one).text).size)
    origin = checkpoints.parse_text(notes.parse(old).text).origin
    return {"v": VERSION, "origin": origin, "heads": [old, new], "proof": [notes.b64(one) for one in proof]}


def read(found: Any) -> tuple[Checkpoint, Checkpoint]:
    """Return the two heads of a well-formed document, which may still prove nothing, the smaller first."""
    try:
        old, new = (checkpoints.parse_text(notes.parse(one).text) for one in _parts(found)[0])
    except NoteError as error:
        raise ContractError(NAME, str(error)) from error
    return old, new


def judge(found: Any, key: VerifierKey, former: Sequence[Former] = ()) -> Fork:
    """Return what a document proves against the log of `key` and of those before; `ContractError` if nothing."""
    try:
        raw, proof = _parts(found)
        old, new = (checkpoints.verify(notes.parse(one), key, former) for one in raw)
        _need(old.origin == found["origin"] == new.origin, "the heads are of another log")
        other = new.root if old.size == new.size else merkle.prefix_root(old.size, new.size, new.root, proof)
    except (NoteError, ProofError) as error:
        raise ContractError(NAME, str(error)) from error
    _need(other != old.root, "the two heads are of one history")
    return Fork(old, new, other)


def _parts(found: Any) -> tuple[Sequence[str], Sequence[bytes]]:
    """Return the heads and the hashes of a document; `ContractError` or `NoteError` if it has another form."""
    found = closed(found, FIELDS, NAME)
    raw = listed(found["heads"], "heads", _text, limit=TWO)
    proof = listed(found["proof"], "proof", _hash, limit=PROOF_LIMIT_HASHES)
    _need(found["v"] == VERSION and len(raw) == TWO, f"a proof of version {VERSION} is about two heads")
    return raw, proof


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str):
        raise ContractError(where, "a signed note is a text")
    return value


def _hash(value: Any, where: str) -> bytes:
    raw = notes.unb64(_text(value, where))
    if len(raw) != HASH_BYTES:
        raise ContractError(where, f"a hash has {HASH_BYTES} bytes")
    return raw


def _need(holds: bool, otherwise: str) -> None:  # noqa: FBT001 - a condition
    if not holds:
        raise ContractError(NAME, f"this is no proof of a fork: {otherwise}")

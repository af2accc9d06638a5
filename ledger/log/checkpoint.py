"""The checkpoint of C2SP tlog-checkpoint: a log's tree head as a signed note.

    <origin>
    <size, decimal>
    <root, base64>

We write no extension lines and refuse none of others: they are kept, so that what was signed stays what was signed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from ledger.log import note as notes
from ledger.log.merkle import EMPTY_ROOT, HASH_BYTES
from ledger.log.note import MalformedNoteError, Note, NoteError, VerifierKey

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

SIZE_LIMIT = 2**63 - 1

_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A tree head: origin line, number of entries, 32-byte root."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def text(self) -> str:
        """Return the note text."""
        return "\n".join([self.origin, str(self.size), notes.b64(self.root), *self.extensions]) + "\n"


@dataclass(frozen=True, slots=True)
class Former:
    """A key that signed a log's heads before, which count by it up to `size`."""

    key: VerifierKey
    size: int


def origin_id(origin: str) -> bytes:
    """Return what stands for an origin line on chain: its SHA-256 (spec 8)."""
    return sha256(origin.encode()).digest()


def note_hash(note: str) -> bytes:
    """Return the hash of a whole signed note, as `anchor` records it on chain (spec 8)."""
    return sha256(note.encode()).digest()


def parse_text(text: str) -> Checkpoint:
    """Read a checkpoint's text strictly."""
    lines = text.split("\n")
    if len(lines) < 4 or lines[-1] or not all(lines[:-1]):
        raise MalformedNoteError("a checkpoint has an origin, a size and a root line, none of them empty")
    origin, size, root = lines[:3]
    if not _SIZE.fullmatch(size) or int(size) > SIZE_LIMIT:
        raise MalformedNoteError(f"`{size[:40]}` is no tree size")
    value = notes.unb64(root)
    if len(value) != HASH_BYTES:
        raise MalformedNoteError(f"a root has {HASH_BYTES} bytes, not `{len(value)}`")
    return Checkpoint(origin, int(size), value, tuple(lines[3:-1]))


def sign(checkpoint: Checkpoint, *keys: Ed25519PrivateKey) -> Note:
    """Return the checkpoint as a note signed under its origin's name, by each of these keys."""
    text = checkpoint.text()
    return Note(text, tuple(notes.sign(text, checkpoint.origin, key) for key in keys))


def verify(note: Note, key: VerifierKey, former: Sequence[Former] = ()) -> Checkpoint:
    """Return the checkpoint if the log `key` signed it for the origin of that name; raise `NoteError` if not.

    With `former` it may have been signed by one of these, of as many entries as each signed at most.
    """
    checkpoint = parse_text(note.text)
    if checkpoint.origin != key.name:
        raise NoteError(f"the checkpoint is of `{checkpoint.origin}`, not of `{key.name}`")
    notes.verify(note, [key, *(one.key for one in former if checkpoint.size <= one.size)])
    if checkpoint.size == 0 and checkpoint.root != EMPTY_ROOT:
        raise NoteError(f"the empty log `{checkpoint.origin}` has not the root of an empty tree")
    return checkpoint

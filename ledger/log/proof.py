"""C2SP tlog-proof: one text that shows, without any network, that an entry is in a witnessed log.

    c2sp.org/tlog-proof@v1
    [extra <base64>]
    index <n>
    <base64 hash>...
    <empty line>
    <checkpoint with its cosignatures>

The extra data is not authenticated: it may help to find the entry, never to believe it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ledger.log import note as notes
from ledger.log.merkle import HASH_BYTES, PROOF_LIMIT_HASHES, ProofError, leaf_hash, verify_inclusion
from ledger.log.note import MalformedNoteError, Note

if TYPE_CHECKING:
    from ledger.log.checkpoint import Checkpoint
    from ledger.log.policy import LogPolicy

HEADER = "c2sp.org/tlog-proof@v1"
EXTRA_LIMIT_BYTES = 65_536
PROOF_LIMIT_BYTES = 2 * EXTRA_LIMIT_BYTES + notes.NOTE_LIMIT_BYTES


@dataclass(frozen=True, slots=True)
class LogProof:
    """An entry's index, its audit path (leaf's sibling first) and the checkpoint it leads to."""

    index: int
    path: tuple[bytes, ...]
    note: Note
    extra: bytes | None = None

    def encode(self) -> str:
        """Write the proof."""
        lines = [HEADER]
        if self.extra is not None:
            lines.append(f"extra {notes.b64(self.extra)}")
        lines += [f"index {self.index}", *(notes.b64(value) for value in self.path)]
        return "\n".join(lines) + "\n\n" + self.note.encode()

    def verify(self, entry: bytes, policy: LogPolicy) -> Checkpoint:
        """Return the checkpoint if it is witnessed as `policy` demands and contains `entry`.

        Raises `NoteError` for the checkpoint, `ProofError` for the path.
        """
        checkpoint = policy.check(self.note)
        verify_inclusion(leaf_hash(entry), self.index, checkpoint.size, self.path, checkpoint.root)
        return checkpoint


def parse(text: str) -> LogProof:
    """Read a proof strictly; `ProofError` or `MalformedNoteError` if it is none."""
    if len(text) > PROOF_LIMIT_BYTES:
        raise ProofError(f"a proof of `{len(text)}` characters is over the limit of {PROOF_LIMIT_BYTES}")
    head, gap, note = text.partition("\n\n")
    lines = head.split("\n")
    if not gap or lines.pop(0) != HEADER or not lines:
        raise ProofError(f"a proof starts with `{HEADER}` and holds a checkpoint after an empty line")
    extra = _extra(lines.pop(0)) if lines[0].startswith("extra ") else None
    if not lines:
        raise ProofError("the proof has no index line")
    proof = LogProof(_index(lines[0]), tuple(_hash(line) for line in lines[1:]), notes.parse(note), extra)
    if len(proof.path) > PROOF_LIMIT_HASHES or proof.encode() != text:
        raise ProofError("the proof is not written canonically")
    return proof


def _extra(line: str) -> bytes:
    value = notes.unb64(line.removeprefix("extra "))
    if len(value) > EXTRA_LIMIT_BYTES:
        raise ProofError(f"extra data of `{len(value)}` bytes is over the limit of {EXTRA_LIMIT_BYTES}")
    return value


def _index(line: str) -> int:
    word, _, digits = line.partition(" ")
    if word != "index" or not (digits.isascii() and digits.isdigit()) or len(digits) > 19:
        raise ProofError(f"`{line[:80]}` is no index line")
    return int(digits)


def _hash(line: str) -> bytes:
    value = notes.unb64(line)
    if len(value) != HASH_BYTES:
        raise MalformedNoteError(f"a hash has {HASH_BYTES} bytes, not `{len(value)}`")
    return value

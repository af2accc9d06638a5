"""What an ML-DSA-44 cosignature is over: `cosigned_message` of C2SP tlog-cosignature, for a whole tree.

    label (12) || u8 length || cosigner's name || u64 time || u8 length || log's origin
    || u64 start (0) || u64 end (size) || root (32)

Unlike the Ed25519 form it names the cosigner, and leaves out extension lines of the checkpoint. A checkpoint is the
subtree that begins at 0; of others, which bear no time, we make and read none.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey

from ledger.log.note import KEYS_KEPT, NoteError

if TYPE_CHECKING:
    from ledger.log.checkpoint import Checkpoint

LABEL = b"subtree/v1\n\0"
PUBLIC_BYTES = 1312
SIGNATURE_BYTES = 2420
NAME_LIMIT_BYTES = 255  # its length is one byte
INTEGER_BYTES = 8


def message(cosigner: str, time: int, checkpoint: Checkpoint) -> bytes:
    """Return the bytes that `cosigner` signs at `time` (posix seconds); `NoteError` for names that do not fit."""
    root = bytes(INTEGER_BYTES) + checkpoint.size.to_bytes(INTEGER_BYTES) + checkpoint.root
    return LABEL + _named(cosigner) + time.to_bytes(INTEGER_BYTES) + _named(checkpoint.origin) + root


def fits(*names: str) -> bool:
    """Say whether names of cosigner and log have a place in the form."""
    return all(0 < len(name.encode()) <= NAME_LIMIT_BYTES for name in names)


def check(public: bytes, signature: bytes, signed: bytes, name: str) -> None:
    """Raise `NoteError` unless `public` (1,312 bytes) signed `signed`, with the empty context."""
    try:
        _public(public).verify(signature, signed)
    except (InvalidSignature, ValueError) as error:
        raise NoteError(f"the signature of `{name}` does not verify") from error


def _named(name: str) -> bytes:
    if not fits(name):
        raise NoteError(f"`{name[:80]}` is no name of 1 to {NAME_LIMIT_BYTES} bytes, as an ML-DSA cosignature wants it")
    raw = name.encode()
    return bytes([len(raw)]) + raw


@lru_cache(maxsize=KEYS_KEPT)
def _public(raw: bytes) -> MLDSA44PublicKey:
    return MLDSA44PublicKey.from_public_bytes(raw)

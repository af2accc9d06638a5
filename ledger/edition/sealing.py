"""Sealing one piece: the mirror of opening (spec 1.2-1.4).

Law: the secret is derived from the very bytes that are encrypted, in one call, so no caller can pair a key and nonce
with another plaintext.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from blake3 import blake3

from ledger.edition import suite
from ledger.edition.row import PADDED, TAG_BYTES, Head, Row, key_commitment, plain_commitment, secret, slot

if TYPE_CHECKING:
    from ledger.edition.row import Buffer


@dataclass(frozen=True, slots=True)
class Known:
    """A piece's head and secret, drawn from the plaintext that they stand for."""

    head: Head
    secret: bytes = field(repr=False)


class Former(Protocol):
    """Pieces that were sealed before."""

    def find(self, plain_digest: bytes, like: Head) -> Known | None:
        """Return the piece of this plaintext whose head is `like` that but for its slot, None if there is none."""


@dataclass(frozen=True, slots=True)
class SealedPiece:
    """The public row, `B3(plaintext)` and the secret for the sealer's own record, the ciphertext (a view)."""

    row: Row
    plain_digest: bytes
    secret: bytes = field(repr=False)
    ciphertext: memoryview = field(repr=False)


def seal_piece(
    run_key: bytes,
    run: bytes,
    number: int,
    padded: Buffer,
    plain_bytes: int,
    out: bytearray | memoryview,
    *,
    group: int = 0,
    flags: int = 0,
    former: Former | None = None,
) -> SealedPiece:
    """Seal piece `number` of the run into `out`, which has room for the ciphertext and 16 bytes more.

    The plaintext is the first `plain_bytes` of `padded`; what is behind them must be zero. Where `former` knows the
    piece, it becomes what it was, byte for byte (spec 1.7).
    """
    size = len(padded)
    assert 0 < plain_bytes <= size
    assert not any(memoryview(padded)[plain_bytes:])
    flags |= PADDED if plain_bytes < size else 0
    digest = blake3(memoryview(padded)[:plain_bytes]).digest()
    head = Head(slot(run, number), size, plain_bytes, group, flags)
    known = former.find(digest, head) if former else None
    if known is None:
        known = Known(head, secret(run_key, head.slot, digest))
    head, piece_secret, name = known.head, known.secret, known.head.slot
    associated = head.encode()
    by = suite.of_flags(head.flags)
    boxed = memoryview(out)[: size + TAG_BYTES]
    by.sealing.seal(*by.drawn(piece_secret, associated), padded, associated, boxed)
    row = Row(
        head,
        bytes(boxed[size:]),
        blake3(boxed[:size]).digest(),
        key_commitment(name, piece_secret),
        plain_commitment(name, piece_secret, digest),
    )
    return SealedPiece(row, digest, piece_secret, boxed[:size])

"""Opening a piece: the checks of spec 1.9 in their order; the first that fails gives the code.

    row proven under `root` → B3(ciphertext) → keyCommit → tag → padding zero → plainCommit
    bytes                     bytes            key         edition  edition     edition

Law: `bytes` is nobody's fault and never paid (fetch elsewhere), `key` is the payee's, `edition` is the provider's. A
key that meets its commitment is the committed one, so what fails after it was sealed wrong.
"""

from __future__ import annotations

import hmac
from enum import StrEnum
from typing import TYPE_CHECKING

from blake3 import blake3
from cryptography.exceptions import InvalidTag

from ledger.edition import suite
from ledger.edition.row import SECRET_BYTES, TAG_BYTES, Row, key_commitment, plain_commitment
from ledger.log import merkle

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ledger.edition.row import Buffer


class Code(StrEnum):
    """Whose fault a failed opening is; the words of the dispute bundle (spec 1.9, 6)."""

    BYTES = "bytes"
    KEY = "key"
    EDITION = "edition"


class OpeningError(Exception):
    """An opening failed at `step`; `code` says whose fault it is, `row` which row if the raiser knew it."""

    def __init__(self, code: Code, step: str, message: str, row: int | None = None) -> None:
        super().__init__(message if row is None else f"row `{row}`: {message}")
        self.code = code
        self.step = step
        self.message = message
        self.row = row

    def at(self, row: int) -> OpeningError:
        """Return the same failure, naming its row."""
        return OpeningError(self.code, self.step, self.message, row)


def prove_row(row: bytes, number: int, rows: int, path: Sequence[bytes], root: bytes) -> None:
    """Do step 1: raise unless the 152 bytes are row `number` of the edition of `rows` rows under `root`."""
    try:
        merkle.verify_inclusion(merkle.leaf_hash(row), number, rows, path, root)
    except merkle.ProofError as error:
        raise OpeningError(
            Code.BYTES, "row", f"not proven under the root of the agreed edition: {error}", number
        ) from error


def accept(row: Row, ciphertext: Buffer) -> None:
    """Do step 2: raise unless the sealed bytes are the committed ones; nothing is stored or paid before this."""
    if len(ciphertext) != row.head.sealed_bytes or blake3(ciphertext).digest() != row.sealed_digest:
        raise OpeningError(
            Code.BYTES, "ciphertext", "the sealed bytes differ from the committed ones; fetch them again"
        )


def check_secret(row: Row, secret: bytes) -> None:
    """Do step 3: raise unless `secret` is the committed one."""
    commitment = key_commitment(row.head.slot, secret) if len(secret) == SECRET_BYTES else b""
    if not hmac.compare_digest(commitment, row.key_commitment):
        raise OpeningError(Code.KEY, "key-commitment", "the secret does not meet its commitment; keep it as proof")


def open_piece(row: Row, secret: bytes, ciphertext: Buffer) -> bytes:
    """Return the plaintext of one piece (steps 2 to 6); `OpeningError` at the first failure."""
    out = bytearray(row.head.sealed_bytes)
    size = open_into(row, secret, bytearray(ciphertext) + bytes(TAG_BYTES), out)
    return bytes(memoryview(out)[:size])


def open_into(row: Row, secret: bytes, sealed: bytearray | memoryview, out: bytearray | memoryview) -> int:
    """Open without copying: `sealed` is the ciphertext with 16 spare bytes behind it, where the tag is put.

    `out` takes `row.head.sealed_bytes`; returns how many of them are plaintext (steps 2 to 6 of spec 1.9).
    """
    accept(row, memoryview(sealed)[:-TAG_BYTES])
    return open_accepted_into(row, secret, sealed, out)


def open_accepted_into(row: Row, secret: bytes, sealed: bytearray | memoryview, out: bytearray | memoryview) -> int:
    """Do steps 3 to 6 as `open_into`, for sealed bytes that passed `accept` and have been in our memory since."""
    size = row.head.sealed_bytes
    check_secret(row, secret)
    sealed[size:] = row.tag
    _decrypt(row, secret, sealed, memoryview(out)[:size])
    _check_plain(row, secret, memoryview(out)[:size])
    return row.head.plain_bytes


def _decrypt(row: Row, secret: bytes, boxed: Buffer, out: memoryview) -> None:
    """Do step 4: the tag, over the head as associated data."""
    head = row.head.encode()
    by = suite.of_flags(row.head.flags)
    try:
        by.sealing.open(*by.drawn(secret, head), boxed, head, out)
    except InvalidTag as error:
        raise OpeningError(Code.EDITION, "tag", "the committed key does not open the committed bytes") from error


def _check_plain(row: Row, secret: bytes, out: memoryview) -> None:
    """Check steps 5 and 6: padding, then the salted commitment to the plaintext."""
    plain, padding = out[: row.head.plain_bytes], out[row.head.plain_bytes :]
    if any(padding):
        raise OpeningError(Code.EDITION, "padding", "the padding of the piece is not zero")
    commitment = plain_commitment(row.head.slot, secret, blake3(plain).digest())
    if not hmac.compare_digest(commitment, row.plain_commitment):
        raise OpeningError(Code.EDITION, "plain-commitment", "the plaintext does not meet its commitment")

"""A row: the 152-byte public commitment to one sealed piece, and what is derived from its secret (spec 1.2-1.4).

    row = head(40) || tag(16) || B3(ciphertext)(32) || keyCommit(32) || plainCommit(32)
    head = slot(24) || u32 sealedLen || u32 plainLen || u32 group || u32 flags,   slot = run(16) || u64(o)

Law: `secret` depends on the plaintext, so one key and nonce never meet two plaintexts; GCM does not commit to its
key, `key_commitment` does; the plain commitment is salted by the secret, so it tells nothing to whoever lacks it.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

from contracts.errors import ContractError
from contracts.labels import H, X

Buffer = bytes | bytearray | memoryview

ROW_BYTES = 152
HEAD_BYTES = 40
SLOT_BYTES = 24
RUN_BYTES = 16
TAG_BYTES = 16
SECRET_BYTES = 32
MAX_PIECE_BYTES = 4 * 1024 * 1024

INDEX = 1
PADDED = 2
MARKED = 4
SM4_SEALED = 8  # of another suite than AES-256-GCM (`ledger.edition.suite`)
KNOWN_FLAGS = INDEX | PADDED | MARKED | SM4_SEALED

_HEAD = struct.Struct(">24sIIII")
_ROW = struct.Struct(">40s16s32s32s32s")
assert _HEAD.size == HEAD_BYTES
assert _ROW.size == ROW_BYTES


def slot(run: bytes, number: int) -> bytes:
    """Return `run || u64(number)`: the name of piece `number` of a sealing run."""
    assert len(run) == RUN_BYTES
    return run + number.to_bytes(8, "big")


def secret(run_key: bytes, slot_name: bytes, plain_digest: bytes) -> bytes:
    """Return `s`, the piece's 32-byte secret, from the run's key `K`, its slot and `B3(plaintext)` (spec 1.2)."""
    assert len(run_key) == SECRET_BYTES
    assert len(slot_name) == SLOT_BYTES
    assert len(plain_digest) == 32
    return X(run_key, "chunk-secret", slot_name + plain_digest, SECRET_BYTES)


def key_commitment(slot_name: bytes, piece_secret: bytes) -> bytes:
    """Return `keyCommit` (spec 1.4)."""
    return H("key-commitment", slot_name, piece_secret)


def plain_commitment(slot_name: bytes, piece_secret: bytes, plain_digest: bytes) -> bytes:
    """Return `plainCommit`: the salted commitment to `B3(plaintext)` (spec 1.4)."""
    return H("plain", slot_name, X(piece_secret, "plain-salt", slot_name, 32), plain_digest)


class Head(NamedTuple):
    """The 40 bytes that name a piece and its lengths in bytes; the associated data of its encryption."""

    slot: bytes
    sealed_bytes: int
    plain_bytes: int
    group: int = 0
    flags: int = 0

    def encode(self) -> bytes:
        """Return the 40 bytes."""
        return _HEAD.pack(*self)


class Row(NamedTuple):
    """One row; `decode` accepts exactly what `encode` makes."""

    head: Head
    tag: bytes
    sealed_digest: bytes
    key_commitment: bytes
    plain_commitment: bytes

    def encode(self) -> bytes:
        """Return the 152 bytes that are the leaf of the edition's tree."""
        return _ROW.pack(self.head.encode(), self.tag, self.sealed_digest, self.key_commitment, self.plain_commitment)

    @classmethod
    def decode(cls, data: bytes) -> Row:
        """Read 152 bytes; `ContractError` if lengths or flags contradict each other (spec 1.3, 1.4)."""
        if len(data) != ROW_BYTES:
            raise ContractError("row", f"a row has {ROW_BYTES} bytes, not `{len(data)}`")
        head_bytes, tag, sealed_digest, key_commit, plain_commit = _ROW.unpack(data)
        head = Head(*_HEAD.unpack(head_bytes))
        _check(head)
        return cls(head, tag, sealed_digest, key_commit, plain_commit)


def _check(head: Head) -> None:
    if head.flags & ~KNOWN_FLAGS:
        raise ContractError("row", f"a row has unknown flags `{head.flags:#x}`; this version knows {KNOWN_FLAGS:#x}")
    if not 0 < head.plain_bytes <= head.sealed_bytes <= MAX_PIECE_BYTES:
        raise ContractError(
            "row",
            f"a row of `{head.plain_bytes}` plain and `{head.sealed_bytes}` sealed bytes is impossible: "
            f"0 < plain <= sealed <= {MAX_PIECE_BYTES}",
        )
    if bool(head.flags & PADDED) != (head.sealed_bytes > head.plain_bytes):
        raise ContractError("row", "the padded flag of a row contradicts its lengths")

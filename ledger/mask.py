"""Masked secrets and the lock of a window (spec 4).

    masked_j = s_j XOR H("window-mask", t || channelId || u64(seq) || u32(j)),   lock = SHA(t)

Law: without `t` the masked secrets are worthless; `t` is 32 random bytes and is never used for a second window.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from contracts.labels import H
from ledger.row import SECRET_BYTES

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_WINDOW_ROWS = 1 << 14


def lock(preimage: bytes) -> bytes:
    """Return the hash lock of the 32-byte preimage `t`."""
    assert len(preimage) == 32
    return hashlib.sha256(preimage).digest()


def masked_hash(masked: bytes) -> bytes:
    """Return what the key offer commits to: the SHA-256 of all masked secrets of the batch."""
    return hashlib.sha256(masked).digest()


def mask(preimage: bytes, channel_id: bytes, seq: int, secrets: Sequence[bytes]) -> bytes:
    """Return the masked secrets of the batch's rows, in the batch's order, 32 bytes each."""
    assert all(len(secret) == SECRET_BYTES for secret in secrets)
    return b"".join(xor(secret, _pad(preimage, channel_id, seq, j)) for j, secret in enumerate(secrets))


def unmask(preimage: bytes, channel_id: bytes, seq: int, masked: bytes) -> list[bytes]:
    """Return the secrets of the batch's rows; `ValueError` if `masked` is no whole number of secrets."""
    count, rest = divmod(len(masked), SECRET_BYTES)
    if rest or count > MAX_WINDOW_ROWS:
        raise ValueError(f"`{len(masked)}` masked bytes are not at most {MAX_WINDOW_ROWS} secrets of {SECRET_BYTES}")
    parts = (masked[at : at + SECRET_BYTES] for at in range(0, len(masked), SECRET_BYTES))
    return [xor(part, _pad(preimage, channel_id, seq, j)) for j, part in enumerate(parts)]


def _pad(preimage: bytes, channel_id: bytes, seq: int, j: int) -> bytes:
    assert len(preimage) == len(channel_id) == 32
    return H("window-mask", preimage, channel_id, seq.to_bytes(8, "big"), j.to_bytes(4, "big"))


def xor(left: bytes, right: bytes) -> bytes:
    """Return two secrets' difference: either of them, when the other is known."""
    return (int.from_bytes(left, "big") ^ int.from_bytes(right, "big")).to_bytes(SECRET_BYTES, "big")

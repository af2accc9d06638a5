"""Masked secrets and the lock of a window (spec 4).

    masked_j = s_j XOR H("window-mask", t || channelId || u64(seq) || u32(j)),   lock = SHA(t)

Law: without `t` the masked secrets are worthless; `t` is 32 random bytes and is never used for a second window.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from contracts.labels import hasher
from ledger.edition.row import SECRET_BYTES

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
    return xor(b"".join(secrets), _pads(preimage, channel_id, seq, len(secrets)))


def unmask(preimage: bytes, channel_id: bytes, seq: int, masked: bytes) -> list[bytes]:
    """Return the secrets of the batch's rows; `ValueError` if `masked` is no whole number of secrets."""
    count, rest = divmod(len(masked), SECRET_BYTES)
    if rest or count > MAX_WINDOW_ROWS:
        raise ValueError(f"`{len(masked)}` masked bytes are not at most {MAX_WINDOW_ROWS} secrets of {SECRET_BYTES}")
    secrets = xor(masked, _pads(preimage, channel_id, seq, count))
    return [secrets[at : at + SECRET_BYTES] for at in range(0, len(secrets), SECRET_BYTES)]


def _pads(preimage: bytes, channel_id: bytes, seq: int, count: int) -> bytes:
    """Return the pads of the first `count` rows of a batch, joined; what is common to them is hashed once."""
    assert len(preimage) == len(channel_id) == 32
    common = hasher("window-mask", preimage, channel_id, seq.to_bytes(8, "big"))
    pads = []
    for j in range(count):
        each = common.copy()
        each.update(j.to_bytes(4, "big"))
        pads.append(each.digest())
    return b"".join(pads)


def xor(left: bytes, right: bytes) -> bytes:
    """Return the difference of two texts of one length: either of them, when the other is known."""
    return (int.from_bytes(left, "big") ^ int.from_bytes(right, "big")).to_bytes(len(left), "big")

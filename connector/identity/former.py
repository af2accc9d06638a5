"""Delivery keys of ours that were: what was sealed to one of them is opened by it still.

    keys/delivery.former    a key a line, 64 hex digits, the newest first

Law: a key stands here before the next one takes its place, and stays: boxes in our log, filed contracts and keys on
their way were made for it. There are at most `FORMER_DELIVERY_KEYS_MAX`, since whoever opens a filing tries them all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from connector.identity.former_keys import FormerKeys
from connector.runtime.limits import FORMER_DELIVERY_KEYS_MAX

if TYPE_CHECKING:
    from pathlib import Path

FILE: Final = "delivery.former"
SECRET_BYTES: Final = 32


def _read(line: str) -> bytes:
    if len(secret := bytes.fromhex(line)) != SECRET_BYTES:
        raise ValueError("no former delivery key")
    return secret


# a secret (32 bytes) stands for its public half: there is nothing else on its line
KEPT: Final = FormerKeys(FILE, FORMER_DELIVERY_KEYS_MAX, "delivery key", _read, bytes.hex, bytes)


def loaded(folder: Path, present: object) -> tuple[X25519PrivateKey, ...]:
    """Return the former keys, ready to use; `present` may be among them, where a crash came between the two files."""
    return tuple(X25519PrivateKey.from_private_bytes(one) for one in KEPT.read(folder) if one != present)

"""Delivery keys of ours that were: what was sealed to one of them is opened by it still.

    keys/delivery.former    a key a line, 64 hex digits, the newest first

Law: a key stands here before the next one takes its place, and stays: boxes in our log, filed contracts and keys on
their way were made for it. There are at most `FORMER_DELIVERY_KEYS_MAX`, since whoever opens a filing tries them all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from connector.runtime import files, private_file
from connector.runtime.errors import Conflict, SettingsError
from connector.runtime.limits import FORMER_DELIVERY_KEYS_MAX

if TYPE_CHECKING:
    from pathlib import Path

FILE: Final = "delivery.former"
SECRET_BYTES: Final = 32


def read(folder: Path) -> list[bytes]:
    """Return the former keys (32 bytes each), the newest first; raises SettingsError for a file that is damaged."""
    path = folder / FILE
    try:
        lines = private_file.read(path).decode("ascii").splitlines()
        found = [bytes.fromhex(line) for line in lines]
    except FileNotFoundError:
        return []
    except ValueError:
        found = [b""]
    if len(found) > FORMER_DELIVERY_KEYS_MAX or any(len(one) != SECRET_BYTES for one in found):
        raise SettingsError(f"the file `{path}` is damaged", "restore it from a back-up of the keys")
    return found


def loaded(folder: Path, present: object) -> tuple[X25519PrivateKey, ...]:
    """Return the former keys, ready to use; `present` may be among them, where a crash came between the two files."""
    return tuple(X25519PrivateKey.from_private_bytes(one) for one in read(folder) if one != present)


def require_room(folder: Path) -> None:
    """Raise Conflict where no further key can follow the present one."""
    if len(read(folder)) >= FORMER_DELIVERY_KEYS_MAX:
        text = f"the delivery key was replaced {FORMER_DELIVERY_KEYS_MAX} times, and each former one is kept"
        raise Conflict(text, "leave and join anew under another DID (docs/keys.md)")


def add(folder: Path, secret: bytes) -> None:
    """Keep a key that is to be followed; durable on return, and no matter how often it is said."""
    kept = read(folder)
    if secret not in kept:
        files.write_atomic(folder / FILE, b"".join(one.hex().encode() + b"\n" for one in (secret, *kept)))

"""One key in its file: 64 hex digits and the end of the line, or which key of a module is meant."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Final

from connector.identity.hardware.reference import Reference
from connector.runtime import files, private_file
from connector.runtime.errors import SettingsError

if TYPE_CHECKING:
    from pathlib import Path

SECRET_BYTES: Final = 32
FILE_BYTES: Final = 2 * SECRET_BYTES + 1


def draw(order: int) -> bytes:
    """Return a secret of 32 bytes that is a number below an order."""
    while True:
        secret = secrets.token_bytes(SECRET_BYTES)
        if 0 < int.from_bytes(secret, "big") < order:
            return secret


def write(path: Path, told: bytes | Reference) -> None:
    """Write a key; durable on return."""
    files.write_atomic(path, told.hex().encode() + b"\n" if isinstance(told, bytes) else told.line())


def read(path: Path, order: int, held: int) -> bytes | Reference:
    """Return a key, or which one in a module is meant, of which `held` public keys are told; raises SettingsError."""
    try:
        content = private_file.read(path)
    except OSError as error:
        raise SettingsError(
            f"the key `{path}` cannot be read: {error.strerror}", "restore it from a back-up"
        ) from error
    if (kept := Reference.read(content)) is not None:
        if len(kept.public) != held:
            raise SettingsError(f"the key `{path}` is not what lies in a module", "restore it from a back-up")
        return kept
    try:
        secret = bytes.fromhex(content.decode("ascii").removesuffix("\n"))
    except ValueError:
        secret = b""
    if len(content) != FILE_BYTES or len(secret) != SECRET_BYTES or not 0 < int.from_bytes(secret, "big") < order:
        raise SettingsError(f"the key `{path}` is damaged", "restore it from a back-up")
    return secret

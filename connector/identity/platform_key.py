"""The key of the simulated platform, `keys/simulated.key`: drawn when the first product asks for attested answers.

Law: it vouches for reader processes where no hardware does, and signs nothing else; of several processes the first one
that draws it is followed by the others.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from connector.runtime import files, private_file
from connector.runtime.data_folder import KEYS
from connector.runtime.errors import SettingsError

if TYPE_CHECKING:
    from pathlib import Path

SIMULATED: Final = "simulated"
SECRET_BYTES: Final = 32


def drawn(data: Path) -> Ed25519PrivateKey:
    """Return the key of a data folder, drawn and durable; raises SettingsError for one that is damaged."""
    path = _path(data)
    if not path.exists():
        files.write_first(path, secrets.token_bytes(SECRET_BYTES).hex().encode() + b"\n")
    found = present(data)
    assert found is not None, "it was written, or was there"
    return found


def present(data: Path) -> Ed25519PrivateKey | None:
    """Return the key of a data folder, None where none was drawn; raises SettingsError for one that is damaged."""
    path = _path(data)
    try:
        content = private_file.read(path)
    except FileNotFoundError:
        return None
    try:
        secret = bytes.fromhex(content.decode("ascii").removesuffix("\n"))
    except ValueError:
        secret = b""
    if len(secret) != SECRET_BYTES or content != secret.hex().encode() + b"\n":
        raise SettingsError(f"the key `{path}` is damaged", "restore it from a back-up")
    return Ed25519PrivateKey.from_private_bytes(secret)


def public(data: Path) -> str:
    """Return its public part (64 hexadecimal digits), empty where none was drawn."""
    found = present(data)
    return "" if found is None else found.public_key().public_bytes_raw().hex()


def _path(data: Path) -> Path:
    return data / KEYS / f"{SIMULATED}.key"

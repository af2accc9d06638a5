"""The key-encryption key: every key of the vault rests wrapped under it, and it rests elsewhere (spec 1.11).

    file of the KEK        one key a line, 64 hexadecimal digits, the newest first; `#` begins a remark
    a wrapped key          kek id(8) || nonce(12) || AES-256-GCM(kek, key, AAD = H("key-wrap", key id))

Law: (1) its file is outside the data folder, so no copy of that folder, with all its databases, blobs and wrapped keys,
opens anything. (2) It is drawn only for a vault that holds nothing; a lost one is an error and never replaced. (3) The
newest key wraps, older ones only unwrap, until everything is wrapped anew and they are struck out.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from connector.custody.errors import VaultError
from connector.runtime import files, private_file
from contracts.labels import H

if TYPE_CHECKING:
    from pathlib import Path

KEK_BYTES = 32
ID_BYTES = 8
NONCE_BYTES = 12
TAG_BYTES = 16
OVERHEAD_BYTES = ID_BYTES + NONCE_BYTES + TAG_BYTES
# a rotation keeps two keys for its time; whoever brings keys in by hand may be late with striking out
KEYS_MAX = 16
SUFFIX = ".kek"
_KEY = re.compile(r"[0-9a-f]{64}")


class Kek(Protocol):
    """Who wraps keys: a file here (`FileKek`), or a service that never shows its key."""

    def wrap(self, name: str, key: bytes) -> bytes:
        """Return `key` wrapped under the newest KEK; it unwraps only with the same `name`."""

    def unwrap(self, name: str, wrapped: bytes) -> bytes:
        """Return the key; `VaultError` `kek` if no KEK that is known here wrapped it under this name."""

    def is_newest(self, wrapped: bytes) -> bool:
        """Whether the newest KEK wrapped it."""

    def draw(self) -> None:
        """Draw a KEK that wraps from now on; the older ones still unwrap. Durable on return."""

    def strike(self) -> None:
        """Forget all but the newest KEK, durably; only when nothing is wrapped under an older one."""


class FileKek:
    """KEKs in one private file (0600); `make` draws the first one where there is none yet."""

    def __init__(self, path: Path, *, make: bool) -> None:
        self.path = path
        self._keys: tuple[bytes, ...] = ()
        if make and not path.exists():
            files.make_folder(path.parent)
            files.write_first(path, _lines((os.urandom(KEK_BYTES),)))  # two processes may begin at once: one key counts
        self._read()

    def wrap(self, name: str, key: bytes) -> bytes:
        """Return `key` wrapped; see `Kek`."""
        newest, nonce = self._keys[0], os.urandom(NONCE_BYTES)
        return _id(newest) + nonce + AESGCM(newest).encrypt(nonce, key, context(name))

    def unwrap(self, name: str, wrapped: bytes) -> bytes:
        """Return the key; see `Kek`."""
        nonce, box = wrapped[ID_BYTES : ID_BYTES + NONCE_BYTES], wrapped[ID_BYTES + NONCE_BYTES :]
        try:
            return AESGCM(self._of(wrapped)).decrypt(nonce, box, context(name))
        except (InvalidTag, ValueError) as error:
            raise VaultError(
                "kek", f"the key `{name}` is not what was wrapped under its name", "restore its file"
            ) from error

    def is_newest(self, wrapped: bytes) -> bool:
        """Whether the newest KEK wrapped it; see `Kek`."""
        return wrapped[:ID_BYTES] == _id(self._keys[0])

    def draw(self) -> None:
        """Put a fresh KEK before the others; see `Kek`."""
        self._read()
        self._write((os.urandom(KEK_BYTES), *self._keys))

    def strike(self) -> None:
        """Strike out the older KEKs; see `Kek`."""
        self._write(self._keys[:1])

    def _of(self, wrapped: bytes) -> bytes:
        """Return the KEK that wrapped it; the file is read again for one that was not there before."""
        for known in (True, False):
            if not known:
                self._read()
            found = [key for key in self._keys if _id(key) == wrapped[:ID_BYTES]]
            if found:
                return found[0]
        raise VaultError(
            "kek",
            f"`{self.path}` has not the KEK `{wrapped[:ID_BYTES].hex()}` under which a key of the vault is wrapped",
            "put it back as a line of that file",
        )

    def _read(self) -> None:
        try:
            text = private_file.read(self.path).decode("ascii", errors="replace")
        except FileNotFoundError as error:
            raise VaultError(
                "kek", f"the KEK `{self.path}` is not there, and keys are wrapped under it", "restore it, or name it"
            ) from error
        lines = [line.split("#")[0].strip() for line in text.splitlines()]
        keys = [line for line in lines if line]
        if not 0 < len(keys) <= KEYS_MAX or not all(map(_KEY.fullmatch, keys)):
            raise VaultError("kek", f"`{self.path}` has no KEK, or another thing", "one key a line, 64 digits 0-9a-f")
        self._keys = tuple(map(bytes.fromhex, keys))

    def _write(self, keys: tuple[bytes, ...]) -> None:
        files.make_folder(self.path.parent)
        files.write_atomic(self.path, _lines(keys))
        self._keys = keys


def _lines(keys: tuple[bytes, ...]) -> bytes:
    return "".join(key.hex() + "\n" for key in keys).encode()


def beside(folder: Path) -> Path:
    """Return where the KEK of a data folder lies unless the settings say otherwise: beside the folder."""
    whole = folder.resolve()
    return whole.with_name(whole.name + SUFFIX)


def _id(kek: bytes) -> bytes:
    return H("kek-id", kek)[:ID_BYTES]


def context(name: str) -> bytes:
    """Return what a wrapped key is bound to: its own name."""
    return H("key-wrap", name.encode())

"""Keys as files, outside the database and its back-ups: one per sealing run, one per replica (spec 1.2, 1.11).

Law: a key is durable before anything depends on it; destroying its file destroys everything wrapped or derived under
it, also in back-ups of the database. Keys appear in no log, no repr and no exception.
"""

from __future__ import annotations

import os
import re
import secrets
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from connector import files
from connector.vault.errors import VaultError
from ledger.row import RUN_BYTES, SECRET_BYTES

if TYPE_CHECKING:
    from pathlib import Path

KEY_BYTES = 32
NONCE_BYTES = 12
KEY_ID = re.compile(r"(run|replica)-[0-9a-f]{32}")
# what the file of each kind holds
FILE_BYTES = {"run": KEY_BYTES + RUN_BYTES, "replica": KEY_BYTES}


@dataclass(frozen=True, slots=True)
class Run:
    """One sealing run: `K` and the 16 public bytes that name it, both durable."""

    key_id: str
    key: bytes = field(repr=False)
    run: bytes


class Keys:
    """The key files of one participant in `folder` (0700, files 0600); safe to use from several threads."""

    def __init__(self, folder: Path) -> None:
        self._folder = files.make_folder(folder)
        self._known: dict[str, bytes] = {}
        self._lock = threading.Lock()

    def draw_run(self) -> Run:
        """Draw `K` and `run`; durable on return, so before the first sealed byte."""
        return self.run(self._draw("run"))

    def draw_replica(self) -> str:
        """Draw the wrapping key of one replica; return its key id."""
        return self._draw("replica")

    def run(self, key_id: str) -> Run:
        """Return the run; `VaultError` `key` if it was destroyed."""
        content = self._content(key_id, "run")
        return Run(key_id, content[:KEY_BYTES], content[KEY_BYTES:])

    def holds(self, key_id: str) -> bool:
        """Whether the key exists."""
        return self._path(key_id).exists()

    def wrap(self, key_id: str, context: bytes, secret: bytes) -> bytes:
        """Return one or more secrets encrypted under the replica's key; they open only with the same `context`."""
        assert secret
        assert len(secret) % SECRET_BYTES == 0
        nonce = os.urandom(NONCE_BYTES)
        return nonce + AESGCM(self._content(key_id, "replica")).encrypt(nonce, secret, context)

    def unwrap(self, key_id: str, context: bytes, wrapped: bytes) -> bytes:
        """Return what was wrapped; `VaultError` `key` if it was wrapped under another key or context."""
        box = AESGCM(self._content(key_id, "replica"))
        try:
            return box.decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], context)
        except (InvalidTag, ValueError) as error:
            raise VaultError("key", f"a stored secret does not open under `{key_id}`", "fetch its key again") from error

    def destroy(self, key_id: str) -> bool:
        """Destroy the key durably; return whether it existed (so a repeated deletion is harmless).

        The bytes are overwritten first, as far as the file system does that in place; a disk may keep old blocks.
        """
        path = self._path(key_id)
        with self._lock:
            self._known.pop(key_id, None)
            if not path.exists():
                return False
            _overwrite(path)
            return files.remove(path)

    def _draw(self, kind: str) -> str:
        key_id = f"{kind}-{secrets.token_hex(16)}"
        files.write_atomic(self._path(key_id), os.urandom(FILE_BYTES[kind]))
        return key_id

    def _content(self, key_id: str, kind: str) -> bytes:
        path = self._path(key_id)
        if not key_id.startswith(f"{kind}-"):
            raise VaultError("key", f"`{key_id}` is no {kind} key")
        with self._lock:
            if key_id not in self._known:
                self._known[key_id] = _read_private(path, FILE_BYTES[kind])
            return self._known[key_id]

    def _path(self, key_id: str) -> Path:
        if not KEY_ID.fullmatch(key_id):
            raise VaultError("key", f"`{key_id!r:.60}` is no key id")
        return self._folder / f"{key_id}.key"


def _read_private(path: Path, size: int) -> bytes:
    """Read a key file of exactly `size` bytes that nobody else may read."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError as error:
        raise VaultError(
            "key", f"the key `{path.stem}` does not exist", "it was destroyed, or never restored"
        ) from error
    with os.fdopen(handle, "rb") as file:
        mode = os.fstat(handle).st_mode & 0o777
        if mode & 0o077:
            raise VaultError("key", f"others may read the key file `{path.name}` ({mode:o})", "chmod it to 600")
        content = file.read(size + 1)
    if len(content) != size:
        raise VaultError("key", f"the key file `{path.name}` has not {size} bytes", "restore it")
    return content


def _overwrite(path: Path) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        files.write_at(handle, os.urandom(os.fstat(handle).st_size), 0)
        os.fsync(handle)
    finally:
        os.close(handle)

"""Keys as files, outside the database and its back-ups: of sealing runs, replicas, and rows of tables (spec 1.2, 1.11).

Law: a key is durable before anything depends on it; destroying its file destroys everything wrapped or derived under
it, also in back-ups of the database. A file holds its key wrapped, and what unwraps it lies elsewhere
(`connector.custody.kek`). Keys appear in no log, no repr and no exception.
"""

from __future__ import annotations

import os
import re
import secrets
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from connector.custody import kek as keks
from connector.custody.errors import VaultError
from connector.custody.kek_module import ModuleKek
from connector.runtime import files, private_file
from connector.runtime.data_folder import VAULT_KEYS
from connector.runtime.errors import SettingsError
from connector.runtime.hardware.place import SCHEME
from ledger.edition.row import RUN_BYTES, SECRET_BYTES

if TYPE_CHECKING:
    from connector.custody.kek import Kek

KEY_BYTES = 32
NONCE_BYTES = 12
KEY_ID = re.compile(r"(run|replica|rows|masks|streams)-[0-9a-f]{32}")
SUFFIX = ".key"
# what is wrapped in the file of each kind
CONTENT_BYTES = {
    "run": KEY_BYTES + RUN_BYTES,
    "replica": KEY_BYTES,
    "rows": KEY_BYTES,
    "masks": KEY_BYTES,
    "streams": KEY_BYTES,
}


@dataclass(frozen=True, slots=True)
class Run:
    """One sealing run: `K` and the 16 public bytes that name it, both durable."""

    key_id: str
    key: bytes = field(repr=False)
    run: bytes


class Keys:
    """The key files of one participant in `folder` (0700, files 0600); safe to use from several threads.

    `kek` wraps them; without one a file beside the folder does, which is drawn for a folder that holds no key yet.
    """

    def __init__(self, folder: Path, kek: Kek | None = None) -> None:
        self._folder = files.make_folder(folder)
        self._kek = kek or keks.FileKek(keks.beside(folder), make=not key_files(folder))
        self._known: dict[str, bytes] = {}
        self._lock = threading.Lock()

    @classmethod
    def of(cls, data: Path, kek_file: str) -> Keys:
        """Return the keys of a data folder; `kek_file` is the setting, and `SettingsError` if it lies in there."""
        folder = data / VAULT_KEYS
        return cls(folder, kek_of(data, kek_file, make=not key_files(folder)))

    def draw_run(self) -> Run:
        """Draw `K` and `run`; durable on return, so before the first sealed byte."""
        return self.run(self._draw("run"))

    def draw_replica(self) -> str:
        """Draw the wrapping key of one replica; return its key id."""
        return self._draw("replica")

    def draw_rows(self) -> str:
        """Draw a key for what rests wrapped in the tables; return its key id."""
        return self._draw("rows")

    def rows(self) -> list[str]:
        """Return the ids of the keys for what rests wrapped in the tables: as a rule one."""
        return sorted(path.stem for path in key_files(self._folder) if path.stem.startswith("rows-"))

    def masks(self) -> bytes:
        """Return the key of this participant's masks, 32 bytes, drawn when it is first asked for."""
        return self._standing("masks")

    def streams(self) -> bytes:
        """Return the key of this participant's streams, 32 bytes, drawn when it is first asked for."""
        return self._standing("streams")

    def content_of_rows(self, key_id: str) -> bytes:
        """Return such a key, 32 bytes; it never leaves memory (`connector.custody.row_key`)."""
        return self._content(key_id, "rows")

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

    def settle(self) -> int:
        """Wrap anew what an older KEK still wraps; return how many keys that were. Repeating it is harmless."""
        with self._lock:
            return sum(self._wrap_anew(path) for path in key_files(self._folder))

    def rotate(self) -> int:
        """Draw a new KEK, wrap every key under it, strike the old one out; return how many keys there are.

        After a crash in between both KEKs unwrap, and `settle` or another rotation ends it.
        """
        with self._lock:
            self._kek.draw()
            count = sum(self._wrap_anew(path) for path in key_files(self._folder))
            self._kek.strike()
            return count

    def _wrap_anew(self, path: Path) -> bool:
        wrapped = private_file.read(path)
        if self._kek.is_newest(wrapped):
            return False
        files.write_atomic(path, self._kek.wrap(path.stem, self._kek.unwrap(path.stem, wrapped)))
        return True

    def _standing(self, kind: str) -> bytes:
        known = sorted(path.stem for path in key_files(self._folder) if path.stem.startswith(f"{kind}-"))
        return self._content(known[0] if known else self._draw(kind), kind)

    def _draw(self, kind: str) -> str:
        key_id = f"{kind}-{secrets.token_hex(16)}"
        with self._lock:  # a rotation wraps every key there is
            files.write_atomic(self._path(key_id), self._kek.wrap(key_id, os.urandom(CONTENT_BYTES[kind])))
        return key_id

    def _content(self, key_id: str, kind: str) -> bytes:
        path = self._path(key_id)
        if not key_id.startswith(f"{kind}-"):
            raise VaultError("key", f"`{key_id}` is no {kind} key")
        with self._lock:
            if key_id not in self._known:
                self._known[key_id] = self._unwrapped(path, CONTENT_BYTES[kind])
            return self._known[key_id]

    def _unwrapped(self, path: Path, size: int) -> bytes:
        try:
            wrapped = private_file.read(path)
        except FileNotFoundError as error:
            raise VaultError(
                "key", f"the key `{path.stem}` does not exist", "it was destroyed, or never restored"
            ) from error
        content = self._kek.unwrap(path.stem, wrapped)
        if len(content) != size:
            raise VaultError("key", f"the key `{path.stem}` has not {size} bytes", "restore its file")
        return content

    def _path(self, key_id: str) -> Path:
        if not KEY_ID.fullmatch(key_id):
            raise VaultError("key", f"`{key_id!r:.60}` is no key id")
        return self._folder / f"{key_id}{SUFFIX}"


def kek_of(data: Path, kek_file: str, *, make: bool) -> Kek:
    """Return who wraps the keys of a data folder, by the setting; `make` draws a KEK where there is none yet.

    Raises VaultError, and `SettingsError` for what names neither a file outside the folder nor a module.
    """
    if not in_module(kek_file):
        return keks.FileKek(kek_path(data, kek_file), make=make)
    before = keks.beside(data)
    former = keks.FileKek(before, make=False) if before.exists() else None
    return ModuleKek(kek_file, make=make or former is not None, former=former)


def in_module(kek_file: str) -> bool:
    """Say whether the setting names a hardware module."""
    return kek_file.startswith(SCHEME)


def kek_place(data: Path, kek_file: str) -> str:
    """Return how a person is told where the KEK is."""
    return kek_file.partition("?")[0] if in_module(kek_file) else str(kek_path(data, kek_file))


def kek_path(data: Path, kek_file: str) -> Path:
    """Return where the KEK of a data folder is, by the setting `vault.kek_file`; `SettingsError` if it is in there."""
    path = Path(kek_file).expanduser().absolute() if kek_file else keks.beside(data)
    if path.resolve().is_relative_to(data.resolve()):
        raise SettingsError(f"`vault.kek_file` is `{path}`, in the data folder that it protects", "move it out")
    return path


def key_files(folder: Path) -> list[Path]:
    """Return the files of keys in a folder, in no order."""
    return [path for path in folder.glob(f"*{SUFFIX}") if KEY_ID.fullmatch(path.stem)]


def _overwrite(path: Path) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        files.write_at(handle, os.urandom(os.fstat(handle).st_size), 0)
        os.fsync(handle)
    finally:
        os.close(handle)

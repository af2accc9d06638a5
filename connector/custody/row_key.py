"""The key under which secrets of the tables rest: preimages, and masked keys until they are acknowledged (spec 1.11).

    a wrapped value    key id(8) || nonce(12) || AES-256-GCM(key, value, AAD = H("row-secret", "table.column"))

Law: (1) the key is a file of the vault (`connector.custody.secrets`), so it rests wrapped under the KEK, outside the
tables and outside back-ups: a copy of the tables opens nothing and claims nothing. (2) It is drawn once, before there
is anything to wrap; a lost one is never replaced while something rests under it.
"""

from __future__ import annotations

import asyncio
import os
import threading
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from connector.custody.errors import VaultError
from contracts.labels import H

if TYPE_CHECKING:
    from connector.custody.secrets import Keys
    from connector.store.store import Store
    from connector.store.transaction import Tx

ID_BYTES = 8
NONCE_BYTES = 12
_WRAPPED = (
    "SELECT coalesce(secret, masked) AS value FROM windows WHERE secret IS NOT NULL OR masked IS NOT NULL LIMIT 1"
)
AGAIN = "put `keys/vault` back from where keys are kept apart; a back-up has none"


class RowKey:
    """Wraps and unwraps values of the tables; safe to use from several threads (`connector.store.wrapping`)."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys
        self._boxes: dict[bytes, AESGCM] = {}
        self._own = b""  # the id of what wraps
        self._lock = threading.Lock()

    def wrap(self, name: str, value: bytes) -> bytes:
        """Return the value wrapped for the column `name`; the key is drawn where there is none yet."""
        if not self._own:
            self.draw()
        nonce = os.urandom(NONCE_BYTES)
        return self._own + nonce + self._boxes[self._own].encrypt(nonce, value, _context(name))

    def unwrap(self, name: str, wrapped: bytes) -> bytes:
        """Return the value; `VaultError` `key` if its key is not here, or it was wrapped for another column."""
        key, rest = wrapped[:ID_BYTES], wrapped[ID_BYTES:]
        if key not in self._boxes:
            self._read()
        if key not in self._boxes:
            raise VaultError("key", f"the key `rows-{key.hex()}…` under which `{name}` rests is not here", AGAIN)
        try:
            return self._boxes[key].decrypt(rest[:NONCE_BYTES], rest[NONCE_BYTES:], _context(name))
        except (InvalidTag, ValueError) as error:
            text = f"what rests in `{name}` was damaged, or belongs to another column"
            raise VaultError("key", text, "restore it") from error

    async def ready(self, store: Store, *, draw: bool) -> None:
        """Raise as `refuse_lost`; with `draw` have a key at once, so that whoever copies keys then has it, too."""
        await store.read(self.refuse_lost)
        if draw:
            await asyncio.to_thread(self.draw)

    def draw(self) -> None:
        """Have a key that wraps, durably; one that is there already is taken."""
        with self._lock:
            self._read()
            if not self._boxes:
                self._keys.draw_rows()
                self._read()
            self._own = min(self._boxes)

    def refuse_lost(self, tx: Tx) -> None:
        """Raise `VaultError` `key` where something rests in the tables under a key that is not here."""
        self._read()
        if not self._boxes:
            refuse_resting(tx)

    def _read(self) -> None:
        for key_id in self._keys.rows():
            key = bytes.fromhex(key_id.partition("-")[2])[:ID_BYTES]
            if key not in self._boxes:
                self._boxes[key] = AESGCM(self._keys.content_of_rows(key_id))


def refuse_resting(tx: Tx) -> None:
    """Raise `VaultError` `key` where something rests in the tables under any key: it is not here."""
    if rows := tx.execute(_WRAPPED):
        key = bytes(rows[0]["value"])[:ID_BYTES]
        raise VaultError("key", f"the key `rows-{key.hex()}…` is not here: nothing can be claimed or opened", AGAIN)


def _context(name: str) -> bytes:
    return H("row-secret", name.encode())

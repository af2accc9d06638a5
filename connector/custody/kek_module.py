"""A key-encryption key in a hardware module, named by a PKCS#11 URI: it never leaves the module.

    a wrapped key     kek id(8) || nonce(12) || AES-256-GCM(kek, key, AAD = H("key-wrap", key id))

Law: (1) what is wrapped looks as it does under a file's key (`connector.custody.kek`); the KEK's id is its CKA_ID, of
which the first four bytes are a number, and the highest is the newest. (2) KEKs are drawn in the module, sensitive and
not to be extracted, for a vault that holds nothing or by a rotation; a lost one is an error and never replaced. (3)
What the file beside the folder wrapped before is unwrapped by it while it is there, and wrapped anew at the next start.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from connector.custody.errors import VaultError
from connector.custody.kek import ID_BYTES, KEK_BYTES, NONCE_BYTES, OVERHEAD_BYTES, TAG_BYTES, context
from connector.runtime.hardware.opened import Opened
from connector.runtime.hardware.place import Place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.custody.kek import Kek

NUMBER_BYTES: Final = 4
SETTING: Final = "vault.kek_file"


class ModuleKek:
    """KEKs in one module, as `Kek` says; `make` draws the first one where there is none. Safe for several threads.

    `former` is the file whose key wrapped before, None where there is none.
    """

    def __init__(self, uri: str, *, make: bool, former: Kek | None = None) -> None:
        self._opened, self._former = Opened(Place.read(uri, SETTING)), former
        self._place, self._lock = self._opened.place, self._opened.turn
        self._keys: dict[bytes, Any] = {}
        self._look()
        if make and not self._keys:
            self.draw()
        if not self._keys:
            text = f"the module has no key `{self._place.label}` on the token `{self._place.token}`"
            raise VaultError("kek", text, "restore the token, or name the one that has it")

    def wrap(self, name: str, key: bytes) -> bytes:
        """Return `key` wrapped; see `Kek`."""
        nonce = os.urandom(NONCE_BYTES)
        with self._lock, self._asked():
            newest = self._newest()
            boxed = self._keys[newest].encrypt(key, **self._gcm(nonce, name))
        return newest + nonce + bytes(boxed)

    def unwrap(self, name: str, wrapped: bytes) -> bytes:
        """Return the key; see `Kek`."""
        kek, sealed = wrapped[:ID_BYTES], wrapped[ID_BYTES:]
        with self._lock:
            if kek not in self._keys:
                self._look()
            if kek not in self._keys and self._former is not None:
                return self._former.unwrap(name, wrapped)
            if kek not in self._keys or len(wrapped) < OVERHEAD_BYTES:
                text = f"the module has not the KEK `{kek.hex()}` under which a key of the vault is wrapped"
                raise VaultError("kek", text, "restore the token, or the file that wrapped before")
            try:
                opened = self._keys[kek].decrypt(sealed[NONCE_BYTES:], **self._gcm(sealed[:NONCE_BYTES], name))
            except self._library.PKCS11Error as error:
                raise VaultError(
                    "kek", f"the key `{name}` is not what was wrapped under its name", "restore its file"
                ) from error
        return bytes(opened)

    def is_newest(self, wrapped: bytes) -> bool:
        """Whether the newest KEK wrapped it; see `Kek`."""
        with self._lock:
            return wrapped[:ID_BYTES] == self._newest()

    def draw(self) -> None:
        """Draw a KEK in the module; see `Kek`."""
        with self._lock, self._asked():
            number = max((int.from_bytes(kek[:NUMBER_BYTES], "big") for kek in self._keys), default=0) + 1
            attributes = self._library.Attribute
            self._session.generate_key(
                self._library.KeyType.AES,
                8 * KEK_BYTES,
                id=number.to_bytes(NUMBER_BYTES, "big") + os.urandom(ID_BYTES - NUMBER_BYTES),
                label=self._place.label,
                store=True,
                template={attributes.SENSITIVE: True, attributes.EXTRACTABLE: False},
            )
            self._look()

    def strike(self) -> None:
        """Destroy all but the newest KEK; see `Kek`."""
        with self._lock, self._asked():
            newest = self._newest()
            for kek in [kek for kek in self._keys if kek != newest]:
                self._keys.pop(kek).destroy()

    def _look(self) -> None:
        """Know the KEKs that the module has now; one that could be extracted is none."""
        attributes = self._library.Attribute
        wanted = {attributes.LABEL: self._place.label, attributes.CLASS: self._library.ObjectClass.SECRET_KEY}
        with self._lock, self._asked():
            found = {bytes(key[attributes.ID]): key for key in self._session.get_objects(wanted)}
            loose = [kek for kek, key in found.items() if key[attributes.EXTRACTABLE] or len(kek) != ID_BYTES]
        if loose:
            text = f"the key `{self._place.label}` of the module is not one that we drew: it could be taken out"
            raise VaultError("kek", text, "name a label that is used for nothing else")
        self._keys = found

    def _newest(self) -> bytes:
        if not self._keys:
            self._look()
        return max(self._keys)

    def _gcm(self, nonce: bytes, name: str) -> dict[str, Any]:
        parameters = self._library.GCMParams(nonce, context(name), 8 * TAG_BYTES)
        return {"mechanism": self._library.Mechanism.AES_GCM, "mechanism_param": parameters}

    @property
    def _library(self) -> Any:
        return self._opened.library

    @property
    def _session(self) -> Any:
        return self._opened.session

    @contextmanager
    def _asked(self) -> Iterator[None]:
        """Say in our words what the module refuses; the next question opens its session anew."""
        try:
            yield
        except self._library.PKCS11Error as error:
            self._opened.drop()
            self._keys = {}
            text = f"the module does not do what it is asked: {type(error).__name__}"
            raise VaultError("kek", text, "see that its token is there, then repeat") from error

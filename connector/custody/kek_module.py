"""A key-encryption key in a hardware module, named by a PKCS#11 URI (RFC 7512): it never leaves the module.

    pkcs11:token=TOKEN;object=LABEL?module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=file:/etc/penstock/pin

    a wrapped key     kek id(8) || nonce(12) || AES-256-GCM(kek, key, AAD = H("key-wrap", key id))

Law: (1) what is wrapped looks as it does under a file's key (`connector.custody.kek`); the KEK's id is its CKA_ID, of
which the first four bytes are a number, and the highest is the newest. (2) KEKs are drawn in the module, sensitive and
not to be extracted, for a vault that holds nothing or by a rotation; a lost one is an error and never replaced. (3)
What the file beside the folder wrapped before is unwrapped by it while it is there, and wrapped anew at the next start.
(4) The PIN lies in a private file of its own, never in the settings.
"""

from __future__ import annotations

import os
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, unquote

from connector.custody.errors import VaultError
from connector.custody.kek import ID_BYTES, KEK_BYTES, NONCE_BYTES, OVERHEAD_BYTES, TAG_BYTES, context
from connector.runtime import private_file
from connector.runtime.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.custody.kek import Kek

SCHEME: Final = "pkcs11:"
NUMBER_BYTES: Final = 4
EXAMPLE: Final = "pkcs11:token=penstock;object=kek?module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=file:/…/pin"


@dataclass(frozen=True, slots=True)
class Place:
    """Where in which module the KEKs are, and which file has the PIN."""

    module: str
    token: str
    label: str
    pin: Path

    @classmethod
    def read(cls, uri: str) -> Place:
        """Read a URI; raises `SettingsError` for one that lacks something, or says what we do not do."""
        path, _, query = uri.removeprefix(SCHEME).partition("?")
        parts = [part.partition("=") for part in path.split(";") if part]
        named = {name: unquote(value) for name, _, value in parts}
        told = named | dict(parse_qsl(query, keep_blank_values=True))
        if "pin-value" in told:
            raise SettingsError("`vault.kek_file` has a PIN in it", "put it into a private file: pin-source=file:PATH")
        if set(told) != {"token", "object", "module-path", "pin-source"} or not all(told.values()):
            text = f"`vault.kek_file` is `{uri[:200]}`, which names not exactly a token, an object, a module and a PIN"
            raise SettingsError(text, EXAMPLE)
        pin = Path(told["pin-source"].removeprefix("file:").removeprefix("//"))
        return cls(told["module-path"], told["token"], told["object"], pin)


class ModuleKek:
    """KEKs in one module, as `Kek` says; `make` draws the first one where there is none. Safe for several threads.

    `former` is the file whose key wrapped before, None where there is none.
    """

    def __init__(self, uri: str, *, make: bool, former: Kek | None = None) -> None:
        self.uri, self._place, self._former = uri, Place.read(uri), former
        self._lock = threading.RLock()  # a session of a module does one thing at a time
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

    @cached_property
    def _library(self) -> Any:
        try:
            import pkcs11  # noqa: PLC0415  # only who has a module needs the library
        except ImportError as error:
            raise SettingsError("`vault.kek_file` names a module", "pip install 'penstock[pkcs11]'") from error
        return pkcs11

    @cached_property
    def _session(self) -> Any:
        place, library = self._place, self._library
        try:
            pin = private_file.read(place.pin).decode().strip()
        except OSError as error:
            text = f"the PIN file `{place.pin}` of `vault.kek_file` cannot be read: {error.strerror}"
            raise SettingsError(text, "its owner alone may read it: chmod 600") from error
        try:
            token = library.lib(place.module).get_token(token_label=place.token)
            try:
                return token.open(rw=True, user_pin=pin)
            except library.UserAlreadyLoggedIn:  # a process logs in once, for all its sessions
                return token.open(rw=True)
        except library.PKCS11Error as error:
            text = f"the token `{place.token}` cannot be opened by `{place.module}`: {type(error).__name__}"
            raise SettingsError(text, "is the module there, has the token this name, is the PIN its?") from error

    @contextmanager
    def _asked(self) -> Iterator[None]:
        """Say in our words what the module refuses; the next question opens its session anew."""
        try:
            yield
        except self._library.PKCS11Error as error:
            self.__dict__.pop("_session", None)
            self._keys = {}
            text = f"the module does not do what it is asked: {type(error).__name__}"
            raise VaultError("kek", text, "see that its token is there, then repeat") from error

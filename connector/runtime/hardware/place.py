"""Where in which module keys are, named by a PKCS#11 URI (RFC 7512).

    pkcs11:token=TOKEN;object=LABEL?module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=file:/etc/penstock/pin

Law: a URI has these four parts and no other; the PIN lies in a private file of its own, never in the settings.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, unquote

from connector.runtime.errors import SettingsError

SCHEME: Final = "pkcs11:"
EXAMPLE: Final = "pkcs11:token=penstock;object=kek?module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=file:/…/pin"


@dataclass(frozen=True, slots=True)
class Place:
    """A module's library, the token in it, the label of keys on that, and the file that has the PIN.

    `setting` is which setting says so, for the words of refusals.
    """

    module: str
    token: str
    label: str
    pin: Path
    setting: str

    @classmethod
    def read(cls, uri: str, setting: str) -> Place:
        """Read a URI; raises `SettingsError` for one that lacks something, or says what we do not do."""
        path, _, query = uri.removeprefix(SCHEME).partition("?")
        parts = [part.partition("=") for part in path.split(";") if part]
        named = {name: unquote(value) for name, _, value in parts}
        told = named | dict(parse_qsl(query, keep_blank_values=True))
        if "pin-value" in told:
            raise SettingsError(f"`{setting}` has a PIN in it", "put it into a private file: pin-source=file:PATH")
        wanted = {"token", "object", "module-path", "pin-source"}
        if not uri.startswith(SCHEME) or set(told) != wanted or not all(told.values()):
            text = f"`{setting}` is `{uri[:200]}`, which names not exactly a token, an object, a module and a PIN"
            raise SettingsError(text, EXAMPLE)
        pin = Path(told["pin-source"].removeprefix("file:").removeprefix("//"))
        return cls(told["module-path"], told["token"], told["object"], pin, setting)

    @property
    def shown(self) -> str:
        """The place in words, without what only the machine needs."""
        return f"{SCHEME}token={self.token};object={self.label}"

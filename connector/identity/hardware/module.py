"""The module in which keys of identity lie: they are drawn there, found again, and sign.

Law: (1) a key is drawn in the module, sensitive and not to be extracted; one that could be taken out is none of ours.
(2) It has an id that was drawn, and the label of the setting with its purpose, so that several participants may share a
token. (3) What it signs is verified before it leaves (`connector.identity.hardware.curves`).
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from connector.identity.hardware.curves import CURVES
from connector.identity.hardware.reference import ID_BYTES, Reference
from connector.runtime.errors import ModuleFailed, SettingsError
from connector.runtime.hardware.opened import Opened
from connector.runtime.hardware.place import Place
from contracts import signature

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SETTING: Final = "keys.module"
# any bytes: a signature over them proves that the key of a reference is there
_TRIAL: Final = b"\x01" * 32


class Module:
    """Keys on one token, found by purpose and id. Safe for several threads; raises ModuleFailed where it fails."""

    def __init__(self, uri: str) -> None:
        self._opened = Opened(Place.read(uri, SETTING))
        self._found: dict[tuple[str, bytes], Any] = {}
        self._missed: set[tuple[str, bytes]] = set()
        self._is_begun = False
        with self._asked():
            self.shown = self._opened.place.shown
        self._is_begun = True

    def draw(self, purposes: Sequence[str]) -> Reference:
        """Draw a key for each purpose under one new id; durable in the module on return."""
        identifier = os.urandom(ID_BYTES)
        return Reference(identifier, tuple(self._drawn(purpose, identifier) for purpose in purposes))

    def require_free(self, purposes: Sequence[str]) -> None:
        """Raise SettingsError where a key of one of these purposes is there already: it is somebody's."""
        library = self._opened.library
        for purpose in purposes:
            wanted = {library.Attribute.LABEL: self._label(purpose)}
            with self._asked() as session:
                there = next(iter(list(session.get_objects(wanted))), None)
            if there is not None:
                text = f"the token has a key `{self._label(purpose)}` already, perhaps of another participant"
                raise SettingsError(text, f"name another `object` in `{SETTING}`")

    def prove(self, purpose: str, reference: Reference, position: int = 0) -> None:
        """Raise SettingsError unless the module has the key of a reference, and it signs."""
        try:
            self.sign(purpose, reference.id, reference.public[position], _TRIAL)
        except ModuleFailed as failed:
            raise SettingsError(str(failed), "restore the token, or name the one that has it") from failed

    def sign(self, purpose: str, identifier: bytes, public: bytes, told: bytes) -> bytes:
        """Return a signature over a digest (32 bytes; with Ed25519 over a message) that verifies under `public`.

        Of P-256 it is `r || s`, of an account 65 bytes as `contracts.signature` has them, of Ed25519 64.
        """
        curve, library = CURVES[purpose], self._opened.library
        with self._asked() as session:
            key = self._found.get((purpose, identifier)) or self._find(session, purpose, identifier)
            signed = bytes(key.sign(told, mechanism=getattr(library.Mechanism, curve.signing)))
        if purpose == "agreement":
            signed = signature.recoverable(told, signed, signature.address_of(public)) or signed
        if not curve.fits(public, told, signed):
            raise ModuleFailed(f"what the module signed with `{self._label(purpose)}` is not by the key we have there")
        return signed

    def destroy(self, purposes: Sequence[str], identifier: bytes) -> None:
        """Destroy what lies under an id, public and secret; what is gone already is no fault."""
        attributes = self._opened.library.Attribute
        for purpose in purposes:
            with self._asked() as session:
                self._found.pop((purpose, identifier), None)
                for one in list(
                    session.get_objects({attributes.ID: identifier, attributes.LABEL: self._label(purpose)})
                ):
                    one.destroy()

    def _drawn(self, purpose: str, identifier: bytes) -> bytes:
        curve, library = CURVES[purpose], self._opened.library
        attributes, mechanisms = library.Attribute, library.Mechanism
        with self._asked() as session:
            kind, given = getattr(library.KeyType, curve.kind), {attributes.EC_PARAMS: curve.parameters}
            public, _secret = session.create_domain_parameters(kind, given, local=True).generate_keypair(
                mechanism=getattr(mechanisms, curve.drawing),
                id=identifier,
                label=self._label(purpose),
                store=True,
                private_template={attributes.SENSITIVE: True, attributes.EXTRACTABLE: False},
            )
            drawn = curve.public(bytes(public[attributes.EC_POINT]))
        if drawn is None:
            raise ModuleFailed(f"the module drew a key `{self._label(purpose)}` of another form")
        return drawn

    def _find(self, session: Any, purpose: str, identifier: bytes) -> Any:
        library, label = self._opened.library, self._label(purpose)
        wanted = {
            library.Attribute.CLASS: library.ObjectClass.PRIVATE_KEY,
            library.Attribute.ID: identifier,
            library.Attribute.LABEL: label,
        }
        found = list(session.get_objects(wanted))
        if len(found) != 1:
            # a token that was taken out may look empty when it is back; once, for a key may be gone for good
            if (purpose, identifier) not in self._missed:
                self._missed.add((purpose, identifier))
                self._found = {}
                self._opened.begin_anew()
            raise ModuleFailed(f"the token `{self._opened.place.token}` has not the key `{label}` {identifier.hex()}")
        if found[0][library.Attribute.EXTRACTABLE]:
            raise ModuleFailed(f"the key `{label}` of the module is not one that we drew: it could be taken out")
        self._missed.discard((purpose, identifier))
        self._found[purpose, identifier] = found[0]
        return found[0]

    def _label(self, purpose: str) -> str:
        return f"{self._opened.place.label} {purpose}"

    @contextmanager
    def _asked(self) -> Iterator[Any]:
        """Lend the session; say in our words what the module refuses. The next question then opens another.

        At the beginning SettingsError tells all that is wrong; later a stranger may hear it, so it tells no paths.
        """
        with self._opened.turn:
            try:
                session = self._opened.session
            except SettingsError as error:
                if not self._is_begun:
                    raise
                told = "the module that has our keys cannot be opened any more"
                raise ModuleFailed(told, "`penstock doctor` says what is wrong, then ask again") from error
            try:
                yield session
            except self._opened.library.PKCS11Error as error:
                self._opened.drop()
                self._found = {}
                raise ModuleFailed(f"the module does not do what it is asked: {type(error).__name__}") from error


@cache
def module_at(uri: str) -> Module:
    """Return the module of a URI, opened once in a process; raises SettingsError."""
    return Module(uri)

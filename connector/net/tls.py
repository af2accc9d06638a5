"""TLS in both directions, from settings: what we serve with, and whom we believe besides the public authorities.

Law: files are read and tried on each other before anything is opened; what does not fit is refused in words that name
the setting and the file. Peers are always checked, by chain and by name; a private authority is added, never instead.
"""

from __future__ import annotations

import os
import ssl
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from connector.runtime.errors import SettingsError

if TYPE_CHECKING:
    from datetime import datetime

CERTIFICATE, KEY, TRUST = "server.tls_certificate", "server.tls_key", "server.trust"


def serving(certificate: str, key: str) -> ssl.SSLContext | None:
    """Return the context of our own server, None when the settings name no certificate; raises `SettingsError`."""
    if not certificate:
        return None
    _read(CERTIFICATE, certificate)
    _read(KEY, key)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(certificate, key, password=lambda: _locked(key))
    except ssl.SSLError as fault:
        if fault.reason == "KEY_VALUES_MISMATCH":
            text = f"`{KEY}` is `{key}`, which is not the key of the certificate in `{certificate}`"
            raise SettingsError(text, "name the two files that were made together") from fault
        text = f"`{certificate}` with `{key}` cannot be used: {_reason(fault)}"
        raise SettingsError(
            text, f"`{CERTIFICATE}` and `{KEY}` name PEM files, the chain's own certificate first"
        ) from fault
    return context


class Renewed:
    """Takes what was renewed: new files under the same names serve whoever connects from then on.

    Law: the new files are read and tried on each other first; while they do not fit, the old ones serve on.
    """

    def __init__(self, context: ssl.SSLContext, certificate: str, key: str) -> None:
        self._context, self._files = context, (certificate, key)
        self._taken = self._marks()

    async def look(self) -> None:
        """Take the files if they are others than those that serve; raises `SettingsError` for what does not fit."""
        if (found := self._marks()) != self._taken:
            self._taken = found  # said once of each
            serving(*self._files)
            self._context.load_cert_chain(*self._files)

    def _marks(self) -> list[tuple[int, int]]:
        return [(state.st_mtime_ns, state.st_ino) for state in map(os.stat, self._files)]


def ends(certificate: str) -> datetime:
    """Return when the first certificate of a PEM file that `serving` took ends."""
    from cryptography import x509  # noqa: PLC0415  # a command that asks its own server reads no certificate

    return x509.load_pem_x509_certificates(Path(certificate).read_bytes())[0].not_valid_after_utc


def trusting(bundle: str) -> ssl.SSLContext | None:
    """Return the context for our own requests, None for the usual one; raises `SettingsError`."""
    if not bundle:
        return None
    _read(TRUST, bundle)
    context = ssl.create_default_context()
    try:
        context.load_verify_locations(bundle)
    except ssl.SSLError as fault:
        text = f"`{TRUST}` is `{bundle}`, which holds no certificate: {_reason(fault)}"
        raise SettingsError(text, "name a PEM file of the authorities to believe") from fault
    return context


def _read(setting: str, path: str) -> None:
    try:
        Path(path).read_bytes()
    except OSError as fault:
        text = f"`{setting}` is `{path}`, which cannot be read: {fault.strerror}"
        raise SettingsError(text, "correct the path, or who may read it") from fault


def _locked(key: str) -> NoReturn:
    """Refuse an encrypted key: OpenSSL would ask at a terminal that a server does not have."""
    raise SettingsError(f"`{KEY}` is `{key}`, which is encrypted", "give a key without a password, readable only by us")


def _reason(fault: ssl.SSLError) -> str:
    return (fault.reason or "not PEM").lower().replace("_", " ")

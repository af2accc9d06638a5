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
    from collections.abc import Sequence
    from datetime import datetime

    from connector.runtime.settings_table import Server

CERTIFICATE, KEY, TRUST = "server.tls_certificate", "server.tls_key", "server.trust"


def serving(certificate: str, key: str, *, asks: bool = False, trust: str = "") -> ssl.SSLContext | None:
    """Return the context of our own server, None when the settings name no certificate; raises `SettingsError`.

    One that `asks` whoever calls for a certificate takes one of an authority that is public, or in the file `trust`.
    """
    if not certificate:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    _show(context, certificate, key)
    if asks:
        context.load_default_certs(ssl.Purpose.CLIENT_AUTH)
        _believe(context, trust)
        context.verify_mode = ssl.CERT_OPTIONAL
    return context


def _show(context: ssl.SSLContext, certificate: str, key: str) -> None:
    """Have a context show a certificate; raises `SettingsError`."""
    _read(CERTIFICATE, certificate)
    _read(KEY, key)
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


class Renewed:
    """Takes what was renewed: new files under the same names serve whoever connects from then on.

    Law: the new files are read and tried on each other first; while they do not fit, the old ones serve on.
    """

    def __init__(self, contexts: Sequence[ssl.SSLContext], certificate: str, key: str) -> None:
        self._contexts, self._files = contexts, (certificate, key)
        self._taken = self._marks()

    async def look(self) -> None:
        """Take the files if they are others than those that serve; raises `SettingsError` for what does not fit."""
        if (found := self._marks()) != self._taken:
            self._taken = found  # said once of each
            serving(*self._files)
            for context in self._contexts:
                context.load_cert_chain(*self._files)

    def _marks(self) -> list[tuple[int, int]]:
        return [(state.st_mtime_ns, state.st_ino) for state in map(os.stat, self._files)]


def ends(certificate: str) -> datetime:
    """Return when the first certificate of a PEM file that `serving` took ends."""
    from cryptography import x509  # noqa: PLC0415  # a command that asks its own server reads no certificate

    return x509.load_pem_x509_certificates(Path(certificate).read_bytes())[0].not_valid_after_utc


def trusting(bundle: str, certificate: str = "", key: str = "") -> ssl.SSLContext | None:
    """Return the context for our own requests, None for the usual one; raises `SettingsError`.

    With a certificate it is shown to every server that asks for one.
    """
    if not bundle and not certificate:
        return None
    context = ssl.create_default_context()
    _believe(context, bundle)
    if certificate:
        _show(context, certificate, key)
    return context


def _believe(context: ssl.SSLContext, bundle: str) -> None:
    """Have a context believe the authorities of a file, if there is one; raises `SettingsError`."""
    if not bundle:
        return
    _read(TRUST, bundle)
    try:
        context.load_verify_locations(bundle)
    except ssl.SSLError as fault:
        text = f"`{TRUST}` is `{bundle}`, which holds no certificate: {_reason(fault)}"
        raise SettingsError(text, "name a PEM file of the authorities to believe") from fault


def asking(server: Server) -> ssl.SSLContext | None:
    """Return the context for requests of who has such settings; raises `SettingsError`."""
    own = (server.tls_certificate, server.tls_key) if server.peer_certificates else ()
    return trusting(server.trust, *own)


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

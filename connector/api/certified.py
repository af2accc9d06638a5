"""Certificates of those who call the national interfaces, where the settings ask for them (`server.peer_certificates`).

Law: a certificate proves nobody by itself: it has to be for the host at which the space says that the caller lives, who
is proven by its token. TLS has looked at chain and time when the connection was made; the time is looked at again.
"""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from connector.identity.space.view import SpaceView
from connector.runtime.errors import Unproven
from contracts.ndi.fields import Code

if TYPE_CHECKING:
    from connector.api.call import Call

REQUIRED = "required"
HINT = "show the certificate of your connector (docs/tls.md, `server.peer_certificates`)"


class CertificateRefused(Unproven):
    """A caller shows no certificate of its own that is good."""

    returned = Code.CERTIFICATE


async def require(call: Call, peer: str = "") -> None:
    """Raise CertificateRefused for a caller whose certificate is another's or over, or that shows none and has to.

    Who calls by the token of one thing is the `peer` that was given it.
    """
    wanted = call.core.settings.server.peer_certificates
    if not wanted:
        return
    transport = call.request.transport
    secured = None if transport is None else transport.get_extra_info("ssl_object")
    shown: dict[str, Any] = (secured.getpeercert() if secured is not None else None) or {}
    if not shown:
        if wanted == REQUIRED:
            raise CertificateRefused("these interfaces are for those who show a certificate", HINT)
        return
    if ssl.cert_time_to_seconds(shown["notAfter"]) <= call.core.clock.now().timestamp():
        raise CertificateRefused("your certificate is over", "connect anew with a newer one")
    member = await call.of(SpaceView).member(peer or call.peer)
    host = (urlsplit(member.url).hostname if member is not None else None) or ""
    if not is_for(shown, host):
        raise CertificateRefused(f"your certificate is not for `{host[:100]}`, where the space says that you are", HINT)


def is_for(shown: dict[str, Any], host: str) -> bool:
    """Say whether a certificate, as `ssl` tells of it, is for a host; a wildcard stands for one label."""
    told = shown.get("subjectAltName", ())
    names = [name.lower() for kind, name in told if kind in ("DNS", "IP Address")]
    label, dot, rest = host.partition(".")
    return bool(host) and (host in names or bool(label and dot and f"*.{rest}" in names))

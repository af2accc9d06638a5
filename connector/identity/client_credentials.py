"""Clients that prove themselves by an id and a secret, for which they get a token (RFC 6749, 4.4).

Law: of a secret its digest alone is kept; a client that is not known takes as long as one with a wrong secret.
"""

from __future__ import annotations

import hmac
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from connector.runtime.errors import InvalidInput, Unproven

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    Kept = Callable[[str], Awaitable[bytes | None]]  # the digest of a client's secret, None for nobody's

GRANT: Final = "client_credentials"


def digest(secret: str) -> bytes:
    """Return what is kept of a secret."""
    return sha256(secret.encode(errors="surrogateescape")).digest()


async def prove(form: Mapping[str, str], kept: Kept, whose: str, hint: str) -> tuple[str, bytes]:
    """Return the client that a form proves, and the digest of its secret; raises InvalidInput, Unproven."""
    if form.get("grant_type") != GRANT:
        raise InvalidInput(f"the grant is not `{GRANT}`")
    client, secret = form.get("client_id", ""), digest(form.get("client_secret", ""))
    if not hmac.compare_digest(secret, await kept(client) or bytes(len(secret))):
        raise Unproven(f"client id or secret is not that of {whose}", hint)
    return client, secret

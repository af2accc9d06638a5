"""Bearer tokens for plain copies: short-lived, bound to one edition, agreement and transfer (spec 5, "Foreign").

Law: whoever holds one gets plaintext, so it is made under a key of its own: a ticket for sealed bytes is no token. It
lasts as long as a ticket; a fresh start of the transfer brings a fresh one.
"""

from __future__ import annotations

import hmac
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from connector.vault import tickets

if TYPE_CHECKING:
    from datetime import datetime

    from connector.vault.tickets import Ticket

SCHEME: Final = "Bearer "
AUTH_TYPE: Final = "bearer"  # `authType` of a data address (DSP 2025-1)


def issue(key: bytes, edition: bytes, agreement: bytes, transfer: bytes, now: datetime) -> str:
    """Return a token for the plain bytes of `edition`; `transfer` as in `tickets.transfer_digest`."""
    return tickets.issue(_own(key), edition, agreement, transfer, now)


def read(key: bytes, header: str, now: datetime) -> Ticket:
    """Read an `Authorization` header; raises Unproven for a token that is not ours or is over.

    Some clients send the data address's `authorization` as it stands, without a scheme.
    """
    return tickets.read(_own(key), tickets.SCHEME + header.removeprefix(SCHEME), now)


def _own(key: bytes) -> bytes:
    return hmac.digest(key, b"penstock/bearer/v1\x00", sha256)

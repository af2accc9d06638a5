"""Bearer tokens for plain copies: short-lived, bound to one edition, agreement and transfer (spec 5, "Foreign").

Law: whoever holds one gets plaintext, so it is made under a key of its own: a ticket for sealed bytes is no token. It
lasts as long as a ticket; a fresh start of the transfer brings a fresh one.
"""

from __future__ import annotations

import hmac
from functools import lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from connector.custody import tickets
from connector.negotiation.protocol import data_address
from connector.runtime.errors import PeerMisbehaved

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from connector.custody.tickets import Ticket

SCHEME: Final = "Bearer "
FILES: Final = "files"  # property of an interface's data address: where its description lies
STREAM: Final = "stream"  # property of a stream's data address: where its batches lie
QUERIES: Final = "queries"  # property of a data address whose data stay there: where statements are asked
USE: Final = "Penstock-Use"  # header of a call: what its policy asks of the use, as a query
ANSWERED: Final = "Penstock-Call"  # header of an answer that is not the provider's connector's own
RECEIPT: Final = "Penstock-Receipt"  # header of a call: `wanted`; of its answer: JSON in base64url
SIGNED: Final = "Penstock-Signature"  # header of an answer: the provider's signature of that receipt
SEALED: Final = "Penstock-Sealed"  # header of a call: the X25519 key (hex) that its answer is sealed to; of that: `1`
AUTH_TYPE: Final = "bearer"  # `authType` of a data address (DSP 2025-1)


def issue(key: bytes, edition: bytes, agreement: bytes, transfer: bytes, now: datetime) -> str:
    """Return a token for the plain bytes of `edition`; `transfer` as in `tickets.transfer_digest`."""
    return tickets.issue(_own(key), edition, agreement, transfer, now)


def read(key: bytes, header: str, now: datetime) -> Ticket:
    """Read an `Authorization` header; raises Unproven for a token that is not ours or is over.

    Some clients send the data address's `authorization` as it stands, without a scheme.
    """
    return tickets.read(_own(key), tickets.SCHEME + header.removeprefix(SCHEME), now)


def of_address(address: Mapping[str, Any]) -> str:
    """Return the `Authorization` header that a data address asks for; raises PeerMisbehaved for one without a token."""
    token = data_address.properties(address).get("authorization")
    if not isinstance(token, str) or not token or not token.isascii() or not token.isprintable():
        raise PeerMisbehaved("the data address has no `authorization` with a token", "ask for a new start")
    return SCHEME + token.removeprefix(SCHEME)


def files_of(address: Mapping[str, Any]) -> str:
    """Return where files, tickets and receipts are asked for: of an interface that is not where its calls go."""
    return data_address.properties(address).get(FILES) or data_address.endpoint(address)


def takes_calls(address: Mapping[str, Any]) -> bool:
    """Say whether a data address is that of an interface."""
    return FILES in data_address.properties(address)


def stream_of(address: Mapping[str, Any]) -> str:
    """Return where the batches of a stream are asked for, empty for what is none."""
    return data_address.properties(address).get(STREAM, "")


def takes_statements(address: Mapping[str, Any]) -> bool:
    """Say whether a data address is that of data which stay where they are."""
    return QUERIES in data_address.properties(address)


@lru_cache(1)
def _own(key: bytes) -> bytes:
    return hmac.digest(key, b"penstock/bearer/v1\x00", sha256)

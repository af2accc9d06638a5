"""The access token within a token of ours: by it the one that we call may ask our credential service (DCP 1.0.1).

    base64url( u64 expires || nonce(16) || scopes joined by spaces ) . base64url( HMAC-SHA256(key, verifier, those) )

Law: to everybody else it is opaque. It is for one verifier, who is no part of it and must be who asks; it is over
within minutes, used once (`nonce`), and opens what its scopes name and nothing else.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from connector.identity import jwk
from connector.runtime.errors import TokenError
from connector.runtime.limits import TOKEN_SECONDS_MAX
from contracts.credential import scopes
from contracts.errors import ContractError
from ledger.stamp import at_second

if TYPE_CHECKING:
    from collections.abc import Sequence

    from contracts.credential.scopes import Scope

NONCE_BYTES: Final = 16
_HEAD_BYTES = 8 + NONCE_BYTES


@dataclass(frozen=True, slots=True)
class Access:
    """What a token opens, until when, and the name by which it is used up."""

    scopes: tuple[Scope, ...]
    nonce: str
    expires: datetime


def issue(key: bytes, verifier: str, granted: Sequence[Scope], now: datetime) -> str:
    """Return a token by which `verifier` may ask for what is granted."""
    expires = int((now + timedelta(seconds=TOKEN_SECONDS_MAX)).timestamp())
    told = " ".join(map(scopes.write, granted)).encode()
    body = expires.to_bytes(8, "big") + secrets.token_bytes(NONCE_BYTES) + told
    return f"{jwk.encode(body)}.{jwk.encode(_mac(key, verifier, body))}"


def read(key: bytes, token: str, verifier: str, now: datetime) -> Access:
    """Return what a token opens for `verifier`; raises TokenError for one of somebody else, or that is over."""
    first, _, second = token.partition(".")
    try:
        body, mac = jwk.decode(first), jwk.decode(second)
    except ValueError:
        body = mac = b""
    if len(body) < _HEAD_BYTES or not hmac.compare_digest(mac, _mac(key, verifier, body)):
        raise TokenError("this access token was not given out here for you", "use the one of the newest request")
    expires = at_second(int.from_bytes(body[:8], "big"))
    if expires <= now:
        raise TokenError("this access token is over", "use the one of the newest request")
    try:
        granted = tuple(map(scopes.read, body[_HEAD_BYTES:].decode().split()))
    except ContractError as error:
        raise TokenError("this access token opens nothing that is known here") from error
    return Access(granted, body[8:_HEAD_BYTES].hex(), expires)


def _mac(key: bytes, verifier: str, body: bytes) -> bytes:
    return hmac.digest(key, b"penstock/access/v1\x00" + verifier.encode() + b"\x00" + body, sha256)

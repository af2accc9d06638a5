"""An ID token: by whom it is, for whom, when, and for which sign-in (OpenID Connect Core 1.0, 3.1.3.7).

Law: (1) the algorithm is asymmetric and the key's own (`connector.operation.dcp.jose`), and the key one that the
provider publishes: the client's secret signs nothing, and a token brings no key. (2) What does not name us, this
sign-in and a time that is now is refused, each with its own words.
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Any, Final

from connector.console.accounts import is_subject
from connector.operation.dcp import jose
from connector.runtime.errors import VerificationFailed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from connector.operation.dcp.jose import Signed

# clocks of others differ
LEEWAY_SECONDS: Final = 30


def key_of(signed: Signed, keys: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """Return the key that a token names, or the provider's only one where it names none; None: there is no such key."""
    signing = [key for key in keys if key.get("use", "sig") == "sig"]
    named = [key for key in signing if key.get("kid") == signed.kid] if signed.kid else signing
    return named[0] if len(named) == 1 else None


def check(
    signed: Signed, key: Mapping[str, Any], *, issuer: str, client: str, nonce: str, now: datetime
) -> Mapping[str, Any]:
    """Return the claims of a token that `key` signed; raises VerificationFailed."""
    jose.verify(signed, {signed.kid: key})
    claims, at = signed.payload, now.timestamp()
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    if claims.get("iss") != issuer:
        raise VerificationFailed("the ID token is by another issuer than the settings name")
    if client not in audiences or (claims.get("azp", client) != client) or (len(audiences) > 1 and "azp" not in claims):
        raise VerificationFailed("the ID token is for another client")
    if _seconds(claims, "exp") <= at - LEEWAY_SECONDS:
        raise VerificationFailed("the ID token has ended", "sign in again")
    if max(_seconds(claims, name) for name in ("iat", "nbf") if name == "iat" or name in claims) > at + LEEWAY_SECONDS:
        raise VerificationFailed("the ID token is of a time to come", "the owner sets the clock")
    told = claims.get("nonce")
    if not isinstance(told, str) or not hmac.compare_digest(told.encode(), nonce.encode()):
        raise VerificationFailed("the ID token is of another sign-in", "sign in again")
    if not is_subject(claims.get("sub")):
        raise VerificationFailed("the ID token names nobody")
    return claims


def _seconds(claims: Mapping[str, Any], name: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise VerificationFailed(f"the ID token has no `{name}`")
    return value

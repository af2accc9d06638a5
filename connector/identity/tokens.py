"""Request tokens: JWTs (RFC 7519) signed with ES256, made for one receiver, used once, dead within minutes.

Law:
1. The algorithm is ES256 whatever the header says; a header that says anything else is refused, not followed.
2. The key is the one that the *issuer's* DID document lists under `kid` for authentication; nothing in the token can
   bring a key or say where to fetch one.
3. `iss` = `sub` = a DID; `aud` is exactly our DID; `iat`, `exp`, `jti` are there; the lifetime is short.
4. A token is used up in the transaction of the act it permits (`remember`), by a unique insert that survives restarts;
   it is forgotten only when it could not be accepted any more.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.hashes import SHA256

from connector.identity import jwk
from connector.runtime.errors import ClockDiffers, TokenError
from connector.runtime.limits import (
    CLOCK_LEEWAY_SECONDS,
    DID_CHARACTERS_MAX,
    JTI_CHARACTERS_MAX,
    TOKEN_BYTES_MAX,
    TOKEN_SECONDS,
    TOKEN_SECONDS_MAX,
)
from connector.store.errors import Duplicate
from connector.store.rows.protocol import TokenSeenRow
from contracts import canonical
from contracts.errors import ContractError
from ledger.stamp import at_second

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.identity.did import Document
    from connector.identity.keys import Signer
    from connector.store.transaction import Tx

ALGORITHM = "ES256"
SCHEME = "Bearer "
SIGNATURE_BYTES = 64
JTI_BYTES = 16
# a header with any other member asks for something that we do not do
HEADER_MEMBERS = frozenset({"alg", "typ", "kid"})
TYPES = ("JWT", "jwt", "at+jwt")
# headers of busy peers
HEADERS_KEPT = 256
# no integer of a token is larger: the year 9999
TIME_MAX = 253_402_300_799
_SHA256 = ec.ECDSA(SHA256())


@dataclass(frozen=True, slots=True)
class Claims:
    """What a verified token says; `document` is the issuer's, as it was when the token was checked."""

    issuer: str
    audience: str
    jti: str
    issued: datetime
    expires: datetime
    document: Document
    access: str = ""  # what we may ask the issuer's credential service with, if it gave us that


@dataclass(frozen=True, slots=True)
class Unverified:
    """A token taken apart, not believed: who it says made it, under which key, and the rest to be checked."""

    issuer: str
    kid: str
    signed: bytes
    signature: bytes
    claims: Mapping[str, Any]


def issue(
    signer: Signer,
    audience: str,
    now: datetime,
    seconds: int = TOKEN_SECONDS,
    more: Mapping[str, str] | None = None,
) -> str:
    """Return a fresh token of ours for `audience`, with `more` claims if there are any; used for one request."""
    assert 0 < seconds <= TOKEN_SECONDS_MAX
    issued = int(now.timestamp())
    header = {"alg": ALGORITHM, "typ": "JWT", "kid": signer.kid}
    claims = {
        **(more or {}),
        "iss": signer.did,
        "sub": signer.did,
        "aud": audience,
        "iat": issued,
        "exp": issued + seconds,
        "jti": secrets.token_urlsafe(JTI_BYTES),
    }
    signed = f"{jwk.encode(orjson.dumps(header))}.{jwk.encode(orjson.dumps(claims))}"
    r, s = utils.decode_dss_signature(signer.key.sign(signed.encode(), _SHA256))
    return f"{signed}.{jwk.encode(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


def of_header(header: str) -> str:
    """Return the token of an `Authorization` header; raises `TokenError`."""
    if not header.startswith(SCHEME):
        raise TokenError("the request carries no bearer token", "send `Authorization: Bearer <token>`")
    return header.removeprefix(SCHEME)


def take_apart(token: str) -> Unverified:
    """Read a token without believing it; raises `TokenError` for what can never be valid."""
    if len(token) > TOKEN_BYTES_MAX or not token.isascii():
        raise TokenError(f"the token is longer than {TOKEN_BYTES_MAX} bytes, or not ASCII")
    parts = token.split(".")
    if len(parts) != 3:
        raise TokenError("the token has not the three parts of a signed JWT")
    kid, claims = _header(parts[0]), _object(parts[1], "claims")
    issuer = _text(claims, "iss", DID_CHARACTERS_MAX)
    if not issuer.startswith("did:web:"):
        raise TokenError("the issuer is not a did:web")
    return Unverified(issuer, kid, f"{parts[0]}.{parts[1]}".encode(), _signature(parts[2]), claims)


def verify(token: Unverified, document: Document, audience: str, now: datetime) -> Claims:
    """Return the claims if `document` is the issuer's, its key signed, and all of the law holds; else `TokenError`."""
    if document.id != token.issuer:
        raise TokenError("the token was checked against a document of somebody else")
    key = document.token_keys.get(key_id(token))
    if key is None:
        raise TokenError("the token names a key that its issuer does not publish for authentication")
    try:
        key.verify(token.signature, token.signed, _SHA256)
    except InvalidSignature:
        raise TokenError("the signature does not fit") from None
    return _claims(token, document, audience, now)


def remember(tx: Tx, claims: Claims) -> None:
    """Use the token up in the transaction of its act; raises `TokenError` when that was done before."""
    # verify accepts a token for the leeway beyond its end, so it must be remembered as long
    forgotten = claims.expires + timedelta(seconds=CLOCK_LEEWAY_SECONDS)
    try:
        tx.insert(TokenSeenRow(issuer=claims.issuer, jti=claims.jti, expires=forgotten))
    except Duplicate:
        raise TokenError("the token was used before", "make a fresh one for each request") from None


def is_used(tx: Tx, claims: Claims) -> bool:
    """Say whether the token is used up, here or in what was committed before."""
    return tx.get(TokenSeenRow, issuer=claims.issuer, jti=claims.jti) is not None


def purge(tx: Tx, now: datetime) -> int:
    """Forget tokens that could not be accepted any more; return how many."""
    rows = tx.execute("SELECT count(*) AS n FROM tokens_seen WHERE expires < ?", now)
    tx.execute("DELETE FROM tokens_seen WHERE expires < ?", now)
    return int(rows[0]["n"])


def _object(part: str, name: str) -> Mapping[str, Any]:
    try:
        value = canonical.load(jwk.decode(part), max_bytes=TOKEN_BYTES_MAX, max_depth=8)
    except (ValueError, ContractError) as error:
        raise TokenError(f"the token's {name} cannot be read: {error}") from error
    if not isinstance(value, dict):
        raise TokenError(f"the token's {name} is no object")
    return value


@lru_cache(maxsize=HEADERS_KEPT)
def _header(part: str) -> str:
    """Return the key id that a header names; a peer's is the same on every request."""
    header = _object(part, "header")
    if header.get("alg") != ALGORITHM:
        raise TokenError(f"the token's algorithm is not {ALGORITHM}")
    surplus = set(header) - HEADER_MEMBERS
    if surplus:
        raise TokenError(f"the token's header has members we refuse: {', '.join(sorted(surplus))[:80]}")
    if header.get("typ", "JWT") not in TYPES:
        raise TokenError("the token's type is not JWT")
    return _text(header, "kid", DID_CHARACTERS_MAX)


def _signature(part: str) -> bytes:
    """Return the DER form of `r(32) || s(32)`."""
    try:
        raw = jwk.decode(part)
    except ValueError as error:
        raise TokenError(f"the token's signature is {error}") from error
    if len(raw) != SIGNATURE_BYTES:
        raise TokenError(f"the token's signature has not {SIGNATURE_BYTES} bytes")
    return jwk.der(raw)


def _claims(token: Unverified, document: Document, audience: str, now: datetime) -> Claims:
    claims = token.claims
    if claims.get("sub") != token.issuer:
        raise TokenError("the token's issuer and subject differ")
    if claims.get("aud") != audience:
        raise TokenError(f"the token is not for `{audience}`")
    issued, expires = _time(claims, "iat"), _time(claims, "exp")
    starts = _time(claims, "nbf") if "nbf" in claims else issued
    if not 0 < expires - issued <= TOKEN_SECONDS_MAX:
        raise TokenError(f"the token lives longer than {TOKEN_SECONDS_MAX} s, or ends before it begins")
    present = now.timestamp()
    if max(issued, starts) > present + CLOCK_LEEWAY_SECONDS:
        raise ClockDiffers(f"the token begins at {_show(max(issued, starts))}, here it is {_show(int(present))}")
    if expires < present - CLOCK_LEEWAY_SECONDS:
        raise ClockDiffers(f"the token ended at {_show(expires)}, here it is {_show(int(present))}")
    jti = _text(claims, "jti", JTI_CHARACTERS_MAX)
    access = _text(claims, "token", TOKEN_BYTES_MAX) if claims.get("token") is not None else ""
    return Claims(token.issuer, audience, jti, at_second(issued), at_second(expires), document, access)


def key_id(token: Unverified) -> str:
    """Return the key id as an absolute DID URL; a bare fragment is one of the issuer's."""
    return token.issuer + token.kid if token.kid.startswith("#") else token.kid


def _text(members: Mapping[str, Any], name: str, limit: int) -> str:
    value = members.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= limit or not value.isprintable():
        raise TokenError(f"the token's `{name}` is absent or no text of at most {limit} characters")
    return value


def _time(claims: Mapping[str, Any], name: str) -> int:
    value = claims.get(name)
    if type(value) is not int or not 0 <= value <= TIME_MAX:
        raise TokenError(f"the token's `{name}` is absent or no whole number of seconds")
    return value


def _show(seconds: int) -> str:
    return at_second(seconds).isoformat()

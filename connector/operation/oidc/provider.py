"""The OpenID provider as we know it: its addresses, its keys, and the code that it gives for a person.

    GET  ISSUER/.well-known/openid-configuration      read again after DISCOVERY_SECONDS
    GET  its authorization_endpoint                   the person's browser: state, nonce, code_challenge (S256)
    POST its token_endpoint                           code and verifier for an ID token (`id_token`)
    GET  its userinfo_endpoint                        for claims that the ID token lacks
    GET  its jwks_uri                                 again for a key that is new, but not more often than KEYS_SECONDS

Law: (1) the document counts only if it names the issuer of the settings. (2) A provider that does not answer is not
asked again for AWAY_SECONDS, however many people wish to sign in. (3) Nothing here knows accounts.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlencode, urlsplit

from connector.console.page import PREFIX
from connector.net.body import decoded
from connector.operation.dcp import jose
from connector.operation.oidc import id_token
from connector.operation.oidc.guest import Guest
from connector.runtime.errors import (
    Absent,
    AddressRefused,
    PeerMisbehaved,
    PeerRefused,
    PeerUnreachable,
    SettingsError,
    Unproven,
    VerificationFailed,
)
from connector.runtime.limits import OIDC_DOCUMENT_BYTES_MAX, OIDC_KEYS_MAX, OIDC_SECONDS_MAX

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from connector.core.core import Core
    from connector.operation.dcp.jose import Signed

DISCOVERY_SECONDS: Final = 3600
KEYS_SECONDS: Final = 60
AWAY_SECONDS: Final = 10
DISCOVERY: Final = "/.well-known/openid-configuration"
ENDPOINTS: Final = ("authorization_endpoint", "token_endpoint", "jwks_uri")
USER_INFO: Final = "userinfo_endpoint"
FORM: Final = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
# what a token endpoint says of a client that it does not know so
CLIENT_FAULTS: Final = ("invalid_client", "unauthorized_client")
HINT: Final = "sign in with a password meanwhile; the owner looks at `oidc.issuer`"


@dataclass(frozen=True, slots=True)
class Asked:
    """What one sign-in is known by: to the browser (`state`), in the ID token, to whom the code is given back."""

    state: str
    nonce: str
    verifier: str


class Provider:
    """The OpenID provider of the settings, if they name one."""

    def __init__(self, core: Core) -> None:
        self._core, self._told = core, core.settings.oidc
        self._document: Mapping[str, Any] = {}
        self._keys: Sequence[Mapping[str, Any]] = ()
        self._read_again = self._keys_again = self._away_until = -1.0
        self._away: Exception | None = None
        self._alone = asyncio.Lock()

    @property
    def name(self) -> str:
        """The host of the provider, empty where there is none."""
        return urlsplit(self._told.issuer).netloc

    @property
    def returns_to(self) -> str:
        """The address to which the provider sends a browser back; it has to be registered there."""
        return f"{self._core.identity.url}{PREFIX}/provider/callback"

    async def address(self, asked: Asked) -> str:
        """Return where a browser is sent to sign in; raises Absent, PeerUnreachable and PeerMisbehaved."""
        document = await self._discovered()
        challenge = base64.urlsafe_b64encode(hashlib.sha256(asked.verifier.encode()).digest()).rstrip(b"=").decode()
        query = {
            "response_type": "code",
            "client_id": self._told.client_id,
            "redirect_uri": self.returns_to,
            "scope": self._told.scope,
            "state": asked.state,
            "nonce": asked.nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        if self._told.strong:
            query["acr_values"] = " ".join(self._told.strong)
        there = str(document["authorization_endpoint"])
        return f"{there}{'&' if urlsplit(there).query else '?'}{urlencode(query)}"

    async def guest(self, code: str, asked: Asked, issuer: str | None) -> Guest:
        """Return whom a code is for; `issuer` is what the answer says of itself (RFC 9207).

        Raises Unproven for a code that the provider does not take, VerificationFailed for an ID token that does not
        hold, and as `address`.
        """
        document = await self._discovered()
        if issuer not in (None, self._told.issuer):
            raise Unproven("the answer is of another provider", "sign in again")
        told = await self._token(document, code, asked)
        raw, access = told.get("id_token"), told.get("access_token")
        if not isinstance(raw, str):
            raise PeerMisbehaved("the OpenID provider gave no ID token", HINT)
        signed = jose.read(raw)
        key = await self._key(document, signed)
        us, now = self._told, self._core.clock.now()
        claims = id_token.check(signed, key, issuer=us.issuer, client=us.client_id, nonce=asked.nonce, now=now)
        guest = Guest.read(claims, self._told)
        if guest.is_whole or USER_INFO not in document or not isinstance(access, str):
            return guest
        more = await self._asked(document[USER_INFO], headers={"Authorization": f"Bearer {access}"})
        if more.get("sub") != guest.subject:
            raise VerificationFailed("what the provider says of a person is of another one")
        return Guest.read({**more, **claims}, self._told)

    async def _token(self, document: Mapping[str, Any], code: str, asked: Asked) -> Mapping[str, Any]:
        """Return what a code is exchanged for."""
        client, headers = self._told.client_id, dict(FORM)
        body = {"grant_type": "authorization_code", "code": code, "redirect_uri": self.returns_to}
        body |= {"code_verifier": asked.verifier}
        if secret := await self._secret():
            methods = document.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
            if "client_secret_basic" in methods:
                pair = f"{quote(client, safe='')}:{quote(secret, safe='')}"
                headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
            else:
                body |= {"client_id": client, "client_secret": secret}
        else:
            body["client_id"] = client
        try:
            return await self._asked(document["token_endpoint"], urlencode(body).encode(), headers)
        except PeerRefused as fault:
            raise _refused(fault) from fault

    async def _secret(self) -> str:
        if not self._told.secret_file:
            return ""
        path = self._core.data / self._told.secret_file
        try:
            return (await asyncio.to_thread(path.read_text)).strip()
        except (OSError, ValueError) as error:
            raise SettingsError(f"`oidc.secret_file` cannot be read: {error}", HINT) from error

    async def _key(self, document: Mapping[str, Any], signed: Signed) -> Mapping[str, Any]:
        """Return the provider's key that a token names; read anew for one that is not known yet."""
        async with self._alone:
            key, now = id_token.key_of(signed, self._keys), self._core.clock.monotonic()
            if key is None and now >= self._keys_again:
                self._keys_again = now + KEYS_SECONDS
                self._keys = _keys(await self._asked(document["jwks_uri"]))
                key = id_token.key_of(signed, self._keys)
        if key is None:
            raise VerificationFailed("the ID token is signed by no key that the provider publishes")
        return key

    async def _discovered(self) -> Mapping[str, Any]:
        """Return the provider's document, read again when it is old."""
        if not self._told.issuer:
            raise Absent("nobody signs in at an OpenID provider here", "the owner sets `oidc.issuer`")
        async with self._alone:
            now = self._core.clock.monotonic()
            if now < self._read_again:
                return self._document
            if self._away is not None and now < self._away_until:
                raise PeerUnreachable(str(self._away), HINT)
            try:
                document = await self._asked(self._told.issuer.rstrip("/") + DISCOVERY)
                self._check(document)
            except (PeerUnreachable, PeerMisbehaved, AddressRefused, PeerRefused) as fault:
                self._away, self._away_until = fault, self._core.clock.monotonic() + AWAY_SECONDS
                raise
            self._document, self._read_again, self._away = document, now + DISCOVERY_SECONDS, None
            return document

    def _check(self, document: Mapping[str, Any]) -> None:
        if document.get("issuer") != self._told.issuer:
            raise PeerMisbehaved("the OpenID provider says that it is another issuer", HINT)
        for name in (*ENDPOINTS, *([USER_INFO] if USER_INFO in document else [])):
            url = document.get(name)
            if not isinstance(url, str):
                raise PeerMisbehaved(f"the OpenID provider names no `{name}`", HINT)
            self._core.outbound.check(url)

    async def _asked(
        self, url: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Mapping[str, Any]:
        """Return the object that the provider answers; raises PeerRefused for a no."""
        limits: dict[str, Any] = {"timeout_seconds": OIDC_SECONDS_MAX, "limit_bytes": OIDC_DOCUMENT_BYTES_MAX}
        ask: Callable[..., Awaitable[Any]] = self._core.outbound.request
        try:
            answer = await ask("GET" if body is None else "POST", url, body=body, headers=headers, **limits)
        except PeerUnreachable as fault:
            raise PeerUnreachable(f"the OpenID provider does not answer: {fault}", HINT) from fault
        found = answer.json()
        if not isinstance(found, dict):
            raise PeerMisbehaved("the OpenID provider answers no object", HINT)
        return found


def _refused(fault: PeerRefused) -> Unproven:
    """Return what a token endpoint's no means: a code that is over, or that it knows us otherwise (RFC 6749, 5.2)."""
    try:
        told = decoded(fault.body)
    except PeerMisbehaved:
        told = None
    if isinstance(told, dict) and told.get("error") in CLIENT_FAULTS:
        return Unproven("the provider does not take us for its client", "the owner looks at the section `oidc`")
    return Unproven("the provider takes this code not, or not any more", "sign in again")


def _keys(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    keys = document.get("keys")
    if not isinstance(keys, list) or len(keys) > OIDC_KEYS_MAX:
        raise PeerMisbehaved(f"the OpenID provider publishes no list of at most {OIDC_KEYS_MAX} keys", HINT)
    return [key for key in keys if isinstance(key, dict)]

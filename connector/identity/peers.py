"""What we know of peers: their documents, fetched once and kept for a while; and how we prove each other who we are.

Law: a document older than `DID_FRESH_SECONDS` is fetched again; a token with an unknown key makes us look once more
(keys rotate) at once, and for that reason again only after `DID_REFRESH_SECONDS`, so nobody can make us hammer a third
party. When the
peer cannot be reached, nothing older is believed in its place.
"""

from __future__ import annotations

import asyncio
import hmac
import secrets
from collections import OrderedDict
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from connector.identity import did as dids
from connector.identity import tokens
from connector.net.slow_headers import SlowHeaders
from connector.runtime.errors import (
    AddressRefused,
    InvalidInput,
    PeerMisbehaved,
    PeerRefused,
    PeerUnreachable,
    TokenError,
    VerificationFailed,
)
from connector.runtime.limits import (
    DID_FETCHES_MAX,
    DID_FRESH_SECONDS,
    DID_REFRESH_SECONDS,
    PEERS_KNOWN_MAX,
    TOKEN_SECONDS,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from datetime import datetime

    from connector.identity.did import Document
    from connector.identity.keys import Signer
    from connector.net.outbound import Outbound
    from connector.runtime.clock import Clock

# why there is no document to believe; for a caller's token they mean "not proven". An issuer that cannot be reached is
# another matter: the caller is told to come again
_UNRESOLVED = (AddressRefused, InvalidInput, PeerMisbehaved, PeerRefused, VerificationFailed)


@dataclass(frozen=True, slots=True)
class Static:
    """Development only: the participant `peer` is whoever sends exactly `header`; it has no keys and no address."""

    header: str
    peer: str

    def sends(self, header: str) -> bool:
        """Say whether `header` is the one that stands for the peer."""
        return hmac.compare_digest(header.encode(errors="surrogateescape"), self.header.encode())

    def claims(self, audience: str, now: datetime) -> tokens.Claims:
        """Return what the header claims; each request counts as a token of its own."""
        until = now + timedelta(seconds=TOKEN_SECONDS)
        return tokens.Claims(self.peer, audience, secrets.token_urlsafe(), now, until, self.document())

    def document(self) -> Document:
        """Return a document without a key: this peer signs nothing."""
        return dids.Document(self.peer, {}, None, None, None, None, {})


@dataclass(frozen=True, slots=True)
class _Known:
    document: Document
    fetched: float


class Peers:
    """The peers of one participant."""

    def __init__(
        self,
        did: str,
        signer: Callable[[], Signer],
        outbound: Outbound,
        clock: Clock,
        *,
        development: bool,
        static: Static | None = None,
    ) -> None:
        assert static is None or development, "a static identity is for development"
        self._static = static
        self.did = did
        # audience → the access token by which it may see our credentials, empty where there is none to show
        self.grant: Callable[[str], str] = lambda _audience: ""
        # raises VerificationFailed for a document that does not count, before it does
        self.check: Callable[[Document], Awaitable[None]] | None = None
        # asked anew for each token: the key may be replaced while we run
        self._signer = signer
        self._outbound = outbound
        self._clock = clock
        self._development = development
        self._known: OrderedDict[str, _Known] = OrderedDict()
        # DID → when an unknown key made us look once more
        self._again: dict[str, float] = {}
        self._fetching: dict[str, asyncio.Task[Document]] = {}

    def authorization(self, audience: str, access: str = "") -> Mapping[str, str]:
        """Return the header that proves us to `audience`, for one request.

        `access` is the token by which we ask its credential service; else ours is put in, if we have anything to show.
        With a key that lies in a module it is made when it is read; the door outward does so beside the loop.
        """
        if self._static is not None and audience == self._static.peer:
            return {"Authorization": self._static.header}
        shown = access or self.grant(audience)
        more, signer, now = {"token": shown} if shown else None, self._signer(), self._clock.now()

        def made() -> dict[str, str]:
            return {"Authorization": tokens.SCHEME + tokens.issue(signer, audience, now, more=more)}

        return SlowHeaders(made) if signer.is_elsewhere else made()

    async def document(self, did: str, *, fresher_than: float = DID_FRESH_SECONDS) -> Document:
        """Return the peer's document, at most `fresher_than` seconds old; raises what `did.resolve` raises."""
        if self._static is not None and did == self._static.peer:
            return self._static.document()
        known = self._known.get(did)
        if known is not None and self._clock.monotonic() - known.fetched < fresher_than:
            self._known.move_to_end(did)
            return known.document
        task = self._fetching.get(did)
        if task is None:
            # whoever is known is looked up again, however many strangers are being looked up
            if known is None and len(self._fetching) >= DID_FETCHES_MAX:
                raise PeerUnreachable("too many participants are being looked up at this moment", "ask again")
            task = self._fetching[did] = asyncio.ensure_future(self._fetch(did))
            task.add_done_callback(lambda done: self._fetched(did, done))
        return await asyncio.shield(task)

    async def naming(self, did: str, kid: str) -> Document:
        """Return the peer's document, looked up once more if it names no key of this id; raises as `document`."""
        document, now = await self.document(did), self._clock.monotonic()
        if not document.names(kid) and now - self._again.get(did, -DID_REFRESH_SECONDS) >= DID_REFRESH_SECONDS:
            self._again[did] = now
            document = await self.document(did, fresher_than=0)
        return document

    async def prove(self, header: str) -> tokens.Claims:
        """Return who sends a request with this `Authorization` header; raises `TokenError`, or `PeerUnreachable`.

        The token is not used up yet: call `tokens.remember` in the transaction of the act.
        """
        if self._static is not None and self._static.sends(header):
            return self._static.claims(self.did, self._clock.now())
        return await self.believe(tokens.take_apart(tokens.of_header(header)), self.did)

    async def believe(self, token: tokens.Unverified, audience: str) -> tokens.Claims:
        """Return the claims of a token that its issuer made for `audience`; raises as `prove`."""
        try:
            document = await self.naming(token.issuer, tokens.key_id(token))
        except _UNRESOLVED as error:
            raise TokenError(f"the document of `{token.issuer}` cannot be had: {error}") from error
        return tokens.verify(token, document, audience, self._clock.now())

    def forget(self, did: str) -> None:
        """Fetch the peer's document anew next time."""
        self._known.pop(did, None)
        self._again.pop(did, None)

    async def _fetch(self, did: str) -> Document:
        document = await dids.resolve(did, self._outbound, development=self._development)
        if self.check is not None:
            await self.check(document)
        self._known[did] = _Known(document, self._clock.monotonic())
        self._known.move_to_end(did)
        while len(self._known) > PEERS_KNOWN_MAX:
            self._again.pop(self._known.popitem(last=False)[0], None)
        return document

    def _fetched(self, did: str, done: asyncio.Task[Document]) -> None:
        self._fetching.pop(did, None)
        if not done.cancelled():
            done.exception()  # whoever still waits gets it; if nobody does, it is no unheard error

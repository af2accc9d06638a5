"""What peers show us of themselves: asked for by the access token in their first request, checked, and kept a while.

Law: (1) a presentation is made for us, by the very peer, and every credential in it that an issuer whom we believe has
given must hold: signed by the issuer, of the peer, in time, not revoked. One that does not hold refuses the whole. Of
issuers whom nobody named nothing is fetched, and nothing of theirs counts. (2) What was shown counts for
`trust.fresh_seconds`; after that it is checked again without the peer, which is asked only where nothing is left. (3)
An issuer or a service that does not answer is no refusal: the peer is told to come again.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from connector.operation.dcp import jose
from connector.operation.dcp.status import Statuses
from connector.operation.dcp.trust import Demands
from connector.runtime.errors import PeerMisbehaved, PeerRefused, PenstockError, Unproven, VerificationFailed
from connector.runtime.limits import ANSWER_BYTES_MAX, CLOCK_LEEWAY_SECONDS, PEERS_KNOWN_MAX
from contracts.credential import messages, model, presentation
from contracts.credential.scopes import Scope
from contracts.errors import ContractError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.core.core import Core
    from connector.identity.peers import Peers
    from connector.identity.space.view import SpaceView
    from connector.identity.tokens import Claims
    from connector.operation.dcp.jose import Signed
    from contracts.canonical import JsonObject
    from contracts.credential.model import Credential

SERVICE: Final = "CredentialService"
# what the exchange of a space gives its members, and policies ask for by the operand of that name
MEMBERSHIP: Final = "MembershipCredential"
AGREED: Final = "SELECT digest FROM agreements WHERE peer = ?"
HINT: Final = "put an access token into your token, and have your credential service show what is asked for"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Presented:
    """What a peer has shown, each with the JWT that it came as, and when (monotonic seconds) it was checked last."""

    signed: tuple[tuple[Signed, Credential], ...]
    checked: float

    @property
    def credentials(self) -> tuple[Credential, ...]:
        """What was shown, read."""
        return tuple(one for _, one in self.signed)


class Verifier:
    """The credentials of the peers of one participant."""

    def __init__(self, core: Core, peers: Peers, space: SpaceView) -> None:
        self._core, self._peers, self._clock, self._space = core, peers, core.clock, space
        self.demands = Demands(core.settings.trust, lambda: space.last().exchange)
        self._statuses, self._fresh = Statuses(core, peers), core.settings.trust.fresh_seconds
        self._presented: OrderedDict[str, Presented] = OrderedDict()

    async def require(self, claims: Claims) -> None:
        """Raise Unproven for a peer that does not show what we demand; PeerUnreachable where nobody knows now."""
        known = (self._core.identity.did, self._space.last().exchange)
        if not self.demands.required or claims.issuer in known or not claims.document.token_keys:
            return  # the own exchange is known; a peer without a key is the static one of development
        if await self._stands(claims.issuer):
            return
        try:
            shown = await self._ask(claims)
        except (VerificationFailed, ContractError, PeerRefused, PeerMisbehaved) as fault:
            raise Unproven(f"`{claims.issuer}` does not prove what is demanded here: {fault}", HINT) from fault
        self._presented[claims.issuer] = shown
        self._presented.move_to_end(claims.issuer)
        await self._touch(claims.issuer)
        while len(self._presented) > PEERS_KNOWN_MAX:
            self._presented.popitem(last=False)

    async def look(self) -> None:
        """Check again what peers have shown; what runs under agreements with one that it fails is decided anew."""
        for did in list(self._presented):
            try:
                stands = await self._stands(did)
            except PenstockError as fault:
                log.warning("what `%s` has shown cannot be checked, and counts no longer: %s", did, fault)
                stands = self._presented.pop(did, None) is None
            if not stands:
                await self._touch(did)

    async def _touch(self, did: str) -> None:
        for digest in await self._core.store.read(lambda tx: tx.column(AGREED, did)):
            self._core.topics.agreement_touched.tell(str(digest))

    def is_member(self, did: str) -> bool:
        """Say whether a peer has shown that it is a member of a space."""
        return self.proves(did, MEMBERSHIP)

    def proves(self, did: str, kind: str) -> bool:
        """Say whether a peer has shown a credential of a type that holds, as far as it was checked last."""
        return any(kind in one.types and one.holds_at(self._clock.now()) for one in self.shown(did))

    def shown(self, did: str) -> tuple[Credential, ...]:
        """Return what a peer has shown."""
        known = self._presented.get(did)
        return () if known is None else known.credentials

    def page(self) -> list[JsonObject]:
        """List what peers have shown, newest last."""
        return [_line(did, one) for did, known in self._presented.items() for one in known.credentials]

    async def _stands(self, did: str) -> bool:
        """Say whether what a peer has shown is enough and still holds."""
        known, now = self._presented.get(did), self._clock.now()
        if not self._fresh or known is None or not all(one.holds_at(now) for one in known.credentials):
            self._presented.pop(did, None)
            return False
        if self._clock.monotonic() - known.checked < self._fresh:
            return True
        try:
            for signed, one in known.signed:
                await self._holds(signed, one)
        except VerificationFailed as fault:
            log.info("what `%s` has shown does not hold any more: %s", did, fault)
            self._presented.pop(did, None)
            return False
        self._presented[did] = Presented(known.signed, self._clock.monotonic())
        return True

    async def _ask(self, claims: Claims) -> Presented:
        """Have a peer's credential service show what we demand; raises what `require` tells as Unproven."""
        service = claims.document.services.get(SERVICE)
        if service is None or not claims.access:
            lacks = (
                f"its DID document has no `{SERVICE}`" if service is None else "its token has no `token` to ask with"
            )
            raise VerificationFailed(lacks)
        query = messages.query([Scope("type", kind) for kind in self.demands.required])
        headers = self._peers.authorization(claims.issuer, claims.access)
        url = service.rstrip("/") + "/presentations/query"
        answer = await self._core.outbound.post(url, query, headers=headers, limit_bytes=ANSWER_BYTES_MAX)
        credentials: list[tuple[Signed, Credential]] = []
        for raw in messages.read_response(answer.json()):
            for one in presentation.read(await self._presentation(raw, claims)):
                credentials += await self._credential(one, claims.issuer)
        lacking = self.demands.lacking(kind for _, one in credentials for kind in one.types)
        if lacking:
            raise VerificationFailed(f"it shows no {', '.join(lacking)} of an issuer that is believed here")
        return Presented(tuple(credentials), self._clock.monotonic())

    async def _presentation(self, raw: str, claims: Claims) -> Mapping[str, Any]:
        """Return what a presentation carries; raises VerificationFailed unless the peer made it for us, now."""
        signed, now = jose.take_apart(raw), self._clock.now().timestamp()
        if signed.signer != claims.issuer:
            raise VerificationFailed("a presentation is signed by another than the peer")
        jose.verify(signed, claims.document.proofs["authentication"])
        told = signed.payload
        audience = told.get("aud")
        if self._core.identity.did not in (audience if isinstance(audience, list) else [audience]):
            raise VerificationFailed("a presentation is made for somebody else")
        holders = {told.get(name, claims.issuer) for name in ("iss", "sub", "holder")}
        if holders != {claims.issuer}:
            raise VerificationFailed("a presentation names another holder than the peer")
        begins, ends = (told.get(name, now) for name in ("nbf", "exp"))
        if not all(type(one) in (int, float) for one in (begins, ends)):
            raise VerificationFailed("a presentation has times that are no numbers")
        if begins > now + CLOCK_LEEWAY_SECONDS or ends < now - CLOCK_LEEWAY_SECONDS:
            raise VerificationFailed("a presentation is over, or not valid yet")
        return told

    async def _credential(self, raw: str, holder: str) -> list[tuple[Signed, Credential]]:
        """Return a credential of somebody whom we believe, nothing for another's; raises for one that does not hold."""
        signed = jose.take_apart(raw)
        found = model.read(signed.payload, self._clock.now())
        if not self.demands.believes(found.issuer, found.types):
            return []
        if signed.signer != found.issuer:
            raise VerificationFailed("a credential is signed by another than its issuer")
        if found.holder != holder:
            raise VerificationFailed("a credential is of somebody else than who shows it")
        await self._holds(signed, found)
        return [(signed, found)]

    async def _holds(self, signed: Signed, credential: Credential) -> None:
        """Raise VerificationFailed unless a credential holds now: also its issuer's key may be gone meanwhile."""
        if not credential.holds_at(self._clock.now()):
            raise VerificationFailed("a credential is over, or not valid yet")
        jose.verify(signed, (await self._peers.naming(credential.issuer, signed.kid)).proofs["assertionMethod"])
        await self._statuses.check(credential)


def _line(did: str, one: Credential) -> JsonObject:
    ends = one.ends
    return {
        "peer": did,
        "type": ",".join(one.types),
        "issuer": one.issuer,
        "until": "" if ends is None else ends.isoformat(timespec="seconds"),
        "claims": {name: value for name, value in one.subject.items() if name != "id"},
    }

"""What peers show us of themselves: asked for by the access token in their first request, checked, and kept a while.

Law: (1) a presentation is made for us, by the very peer, and a credential in it that an issuer whom we believe gave
must hold: signed by the issuer, of the peer, in time, not revoked, with claims that its type can have. One of a type
that is demanded refuses the whole if it does not hold; one that is only asked for counts for nothing. Of issuers whom
nobody named nothing is fetched, and nothing of theirs counts. (2) What was shown counts for `trust.fresh_seconds`;
after that it is checked again without the peer, which is asked where something is left to show. What runs is decided
anew as soon as what a peer has shown is another. (3) An issuer or a service that does not answer is no refusal: the
peer is told to come again.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from connector.operation.dcp import jose
from connector.operation.dcp.presented import NEVER, Presented
from connector.operation.dcp.status import Statuses
from connector.operation.dcp.trust import Demands
from connector.runtime.errors import (
    Absent,
    PeerMisbehaved,
    PeerRefused,
    PenstockError,
    Unproven,
    VerificationFailed,
)
from connector.runtime.limits import ANSWER_BYTES_MAX, ASKED_AGAIN_SECONDS, CLOCK_LEEWAY_SECONDS, PEERS_KNOWN_MAX
from contracts.credential import kinds, messages, model, presentation, proven
from contracts.credential.scopes import Scope
from contracts.errors import ContractError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from connector.core.core import Core
    from connector.identity.peers import Peers
    from connector.identity.space.view import SpaceView
    from connector.identity.tokens import Claims
    from connector.operation.dcp.identity_hub import IdentityHub
    from connector.operation.dcp.jose import Signed
    from contracts.canonical import JsonObject
    from contracts.credential.model import Credential
    from contracts.facts import Fact

SERVICE: Final = "CredentialService"
# types that prove what policies ask for
PROVING: Final = frozenset(source.type for source in proven.PROVEN.values())
# what a peer or its credential did wrong, in place of a fault of the way to it
REFUSING: Final = (VerificationFailed, ContractError, PeerRefused, PeerMisbehaved)
NOTHING: Final = Presented()
AGREED: Final = "SELECT digest FROM agreements WHERE peer = ?"
HINT: Final = "put an access token into your token, and have your credential service show what is asked for"

log = logging.getLogger(__name__)


class Verifier:
    """The credentials of the peers of one participant."""

    def __init__(self, core: Core, peers: Peers, space: SpaceView, identity_hub: IdentityHub) -> None:
        self._core, self._peers, self._clock, self._space = core, peers, core.clock, space
        self.demands = Demands(core.settings.trust, lambda: space.last().exchange)
        self._statuses, self._fresh = Statuses(core, peers), core.settings.trust.fresh_seconds
        self._presented: OrderedDict[str, Presented] = OrderedDict()
        self._held, self._looked, self._lapsed = identity_hub.credentials, NEVER, set[str]()

    async def require(self, claims: Claims) -> None:
        """Raise Unproven for a peer that does not show what we demand; PeerUnreachable where nobody knows now."""
        did = claims.issuer
        known = (self._core.identity.did, self._space.last().exchange)
        if not self.demands.sought or did in known or not claims.document.token_keys:
            return  # the own exchange is known; a peer without a key is the static one of development
        held = await self._checked(did)
        if held is not None and self._fresh and not self._is_due(held):
            return
        try:
            shown = await self.ask(claims, self.demands.sought)
        except (PenstockError, ContractError) as fault:
            if self.demands.required and (held is None or not self._fresh):
                if not isinstance(fault, REFUSING):
                    raise
                await self._keep(did, None)
                raise Unproven(f"`{did}` does not prove what is demanded here: {fault}", HINT) from fault
            # who need not show anything may have nothing to show; who could not be asked is asked as soon as it can
            log.info("`%s` shows nothing new: %s", did, fault)
            could = claims.access and SERVICE in claims.document.services
            shown = replace(held or NOTHING, asked=self._clock.monotonic() if could else NEVER)
        await self._keep(did, shown)

    async def look(self) -> None:
        """Check again what peers have shown, and what we hold; what runs under agreements is decided anew if it fails.

        What cannot be checked counts no longer.
        """
        for did in list(self._presented):
            try:
                await self._checked(did)
            except PenstockError as fault:
                log.warning("what `%s` has shown cannot be checked, and counts no longer: %s", did, fault)
                await self._keep(did, None)
        now = self._clock.monotonic()
        if now - self._looked >= self._fresh:
            self._looked = now
            self._lapsed = {signed.raw for signed, one in self._held.held if not await self._may_hold(signed, one)}

    def facts(self, did: str) -> Mapping[str, Fact]:
        """Return operand → what a party has proven of itself by what holds, as far as it was checked last.

        Of ourselves what we hold says it: to others, who decide again, it is worth what they believe.
        """
        now = self._clock.now()
        if did == self._core.identity.did:
            held = [one for signed, one in self._held.held if signed.raw not in self._lapsed and one.holds_at(now)]
            return proven.facts((kind, one) for one in held for kind in one.types)
        return proven.facts(self.shown(did).believed(self.demands, now))

    def shown(self, did: str) -> Presented:
        """Return what a peer has shown."""
        return self._presented.get(did, NOTHING)

    def page(self) -> list[JsonObject]:
        """List what peers have shown, newest last."""
        return [line for did, shown in self._presented.items() for line in shown.lines(did)]

    async def forget(self, peer: str) -> list[JsonObject]:
        """Forget what a peer has shown; what runs under agreements with it is decided anew. Raises Absent."""
        if peer not in self._presented:
            raise Absent(f"`{peer[:200]}` has shown nothing since the start", "penstock credential shown")
        lines = list(self.shown(peer).lines(peer))
        await self._keep(peer, None)
        return lines

    async def _keep(self, did: str, shown: Presented | None) -> None:
        """Keep what a peer has shown in the place of what was known; decide anew what runs where that is another."""
        before = self.shown(did)
        self._presented.pop(did, None)
        if shown is not None:
            self._presented[did] = shown
        while len(self._presented) > PEERS_KNOWN_MAX:
            # first of all who has shown nothing: of these a stranger makes as many as it likes
            oldest = next((one for one, known in self._presented.items() if not known.signed), None)
            del self._presented[oldest or next(iter(self._presented))]
        if self.shown(did).signed != before.signed:
            for digest in await self._core.store.read(lambda tx: tx.column(AGREED, did)):
                self._core.topics.agreement_touched.tell(str(digest))

    def _is_due(self, held: Presented) -> bool:
        """Say whether a peer is asked once more: it showed less than we ask for, and that a while ago."""
        have = {kind for kind, _ in held.believed(self.demands, self._clock.now())}
        return not have.issuperset(self.demands.sought) and self._clock.monotonic() - held.asked >= ASKED_AGAIN_SECONDS

    async def _checked(self, did: str) -> Presented | None:
        """Return what of that which a peer has shown holds, checked again where it is time; None for not enough."""
        known, now = self._presented.get(did), self._clock.now()
        if known is None:
            return None
        left = replace(known, signed=tuple(pair for pair in known.signed if pair[1].holds_at(now)))
        if self._clock.monotonic() - known.checked >= self._fresh:
            signed = tuple([pair for pair in left.signed if await self._still_holds(did, *pair)])
            if self._presented.get(did) is not known:  # it has shown others meanwhile
                return self._presented.get(did)
            left = replace(left, signed=signed, checked=self._clock.monotonic())
        enough = not self.demands.lacking(kind for kind, _ in left.believed(self.demands, now))
        await self._keep(did, left if enough else None)
        return left if enough else None

    async def _still_holds(self, did: str, signed: Signed, one: Credential) -> bool:
        try:
            await self._holds(signed, one)
        except VerificationFailed as fault:
            log.info("what `%s` has shown does not hold any more: %s", did, fault)
            return False
        return True

    async def _may_hold(self, signed: Signed, one: Credential) -> bool:
        """Say whether a credential of ours holds, as far as can be seen."""
        try:
            return PROVING.isdisjoint(one.types) or await self._still_holds(self._core.identity.did, signed, one)
        except PenstockError as fault:
            log.info("a credential of ours cannot be checked: %s", fault)
            return signed.raw not in self._lapsed

    async def ask(self, claims: Claims, types: Sequence[str]) -> Presented:
        """Have a peer's credential service show credentials of some types; raises what `require` tells as Unproven."""
        service = claims.document.services.get(SERVICE)
        if service is None or not claims.access:
            lacks = (
                f"its DID document has no `{SERVICE}`" if service is None else "its token has no `token` to ask with"
            )
            raise VerificationFailed(lacks)
        query = messages.query([Scope("type", kind) for kind in types])
        headers = self._peers.authorization(claims.issuer, claims.access)
        url = service.rstrip("/") + "/presentations/query"
        answer = await self._core.outbound.post(url, query, headers=headers, limit_bytes=ANSWER_BYTES_MAX)
        credentials: list[tuple[Signed, Credential]] = []
        for raw in messages.read_response(answer.json()):
            for one in presentation.read(await self._presentation(raw, claims)):
                credentials += await self._taken(one, claims.issuer)
        now = self._clock.monotonic()
        shown = Presented(tuple(credentials), now, now)
        lacking = self.demands.lacking(kind for kind, _ in shown.believed(self.demands, self._clock.now()))
        if lacking:
            raise VerificationFailed(f"it shows no {', '.join(lacking)} of an issuer that is believed here")
        return shown

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

    async def _taken(self, raw: str, holder: str) -> list[tuple[Signed, Credential]]:
        """Return a credential of somebody whom we believe, nothing for another's; raises for one that does not hold."""
        signed = jose.take_apart(raw)
        found = model.read(signed.payload, self._clock.now())
        if not self.demands.believes(found.issuer, found.types):
            return []
        try:
            return [(signed, await self._credential(signed, found, holder))]
        except (VerificationFailed, ContractError) as fault:
            if not set(found.types).isdisjoint(self.demands.required):
                raise
            log.info("a %s that `%s` shows does not hold: %s", ",".join(found.types)[:200], holder, fault)
            return []

    async def _credential(self, signed: Signed, found: Credential, holder: str) -> Credential:
        """Return a credential that holds, until its claims end at the latest; raises for any other."""
        ends = [found.ends]
        for kind in found.types:
            kinds.check(kind, found.subject)
            ends.append(kinds.over(kind, found.subject))
        found = replace(found, ends=min(filter(None, ends), default=None))
        if signed.signer != found.issuer:
            raise VerificationFailed("a credential is signed by another than its issuer")
        if found.holder != holder:
            raise VerificationFailed("a credential is of somebody else than who shows it")
        await self._holds(signed, found)
        return found

    async def _holds(self, signed: Signed, credential: Credential) -> None:
        """Raise VerificationFailed unless a credential holds now: also its issuer's key may be gone meanwhile."""
        if not credential.holds_at(self._clock.now()):
            raise VerificationFailed("a credential is over, or not valid yet")
        jose.verify(signed, (await self._peers.document(credential.issuer)).proofs["assertionMethod"])
        await self._statuses.check(credential)

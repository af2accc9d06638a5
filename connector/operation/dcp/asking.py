"""Having a peer's credential service show credentials, and checking what it shows (DCP 1.0.1, 5).

Law: (1) a presentation is made for us, by the very peer, and a credential in it that an issuer whom we believe gave
must hold: signed by the issuer, of the peer, in time, not revoked, with claims that its type can have. (2) One of a
type that is demanded refuses the whole if it does not hold; one that is only asked for is left out. (3) Of issuers whom
nobody named nothing is fetched, and nothing of theirs counts; nobody proves itself.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

from connector.operation.dcp import jose
from connector.operation.dcp.presented import Presented, within_claims
from connector.operation.dcp.status import Statuses
from connector.runtime.errors import PenstockError, VerificationFailed
from connector.runtime.limits import ANSWER_BYTES_MAX, CLOCK_LEEWAY_SECONDS
from contracts.credential import messages, model, presentation
from contracts.credential.claims import check as check_claims
from contracts.credential.scopes import Scope
from contracts.errors import ContractError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from connector.core.core import Core
    from connector.identity.peers import Peers
    from connector.identity.tokens import Claims
    from connector.operation.dcp.jose import Signed
    from connector.operation.dcp.trust import Demands
    from contracts.credential.model import Credential

SERVICE: Final = "CredentialService"

log = logging.getLogger(__name__)


class Asking:
    """Asks the peers of one participant."""

    def __init__(self, core: Core, peers: Peers, demands: Demands) -> None:
        self._core, self._peers, self._clock, self.demands = core, peers, core.clock, demands
        self._statuses = Statuses(core, peers)

    async def ask(self, claims: Claims, types: Sequence[str]) -> Presented:
        """Have a peer's credential service show credentials of some types: those that hold, of whom we believe.

        Raises VerificationFailed where it has none that can be asked or breaks the rules, and whatever the way does.
        """
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
        return Presented(tuple(credentials), now, now)

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
        if found.issuer == holder or not self.demands.believes(found.issuer, found.types):
            return []  # nobody proves itself
        try:
            return [(signed, await self._credential(signed, found, holder))]
        except (PenstockError, ContractError) as fault:
            if self.demands.requires(found.types):
                raise
            log.info("a %s that `%s` shows does not hold: %s", ",".join(found.types)[:200], holder, fault)
            return []

    async def _credential(self, signed: Signed, found: Credential, holder: str) -> Credential:
        """Return a credential that holds, until its claims end at the latest; raises for any other."""
        for kind in found.types:
            check_claims(kind, found.subject)
        found = within_claims(found)
        if signed.signer != found.issuer:
            raise VerificationFailed("a credential is signed by another than its issuer")
        if found.holder != holder:
            raise VerificationFailed("a credential is of somebody else than who shows it")
        await self.holds(signed, found)
        return found

    async def holds(self, signed: Signed, credential: Credential) -> None:
        """Raise VerificationFailed unless a credential holds now: also its issuer's key may be gone meanwhile."""
        if not credential.holds_at(self._clock.now()):
            raise VerificationFailed("a credential is over, or not valid yet")
        jose.verify(signed, (await self._peers.naming(credential.issuer, signed.kid)).proofs["assertionMethod"])
        await self._statuses.check(credential)

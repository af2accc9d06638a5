"""What peers show us of themselves: asked for by the access token in their first request, checked, and kept a while.

Law: (1) what was shown counts for `trust.fresh_seconds`; after that it is checked again without the peer, which is
asked where something is left to show. (2) What runs is decided anew as soon as what a peer has shown is another. (3) An
issuer or a service that does not answer is no refusal of who must show something: it is told to come again; what need
not be shown counts no longer. (4) What was shown is kept over a restart, and no longer than it holds.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from connector.core.service import Service
from connector.operation.dcp.asking import SERVICE, Asking
from connector.operation.dcp.presented import NEVER, Presented, of_rows, shown_rows
from connector.operation.dcp.trust import Demands
from connector.runtime.errors import (
    Absent,
    PeerMisbehaved,
    PeerRefused,
    PenstockError,
    Unproven,
    VerificationFailed,
)
from connector.runtime.limits import ASKED_AGAIN_SECONDS, PEERS_KNOWN_MAX
from connector.store.rows.credential import ShownCredentialRow
from contracts.credential import proven
from contracts.errors import ContractError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from connector.core.core import Core
    from connector.identity.peers import Peers
    from connector.identity.space.view import SpaceView
    from connector.identity.tokens import Claims
    from connector.operation.dcp.identity_hub import IdentityHub
    from connector.operation.dcp.jose import Signed
    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject
    from contracts.credential.model import Credential
    from contracts.facts import Fact

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
        self._core, self._clock, self._space = core, core.clock, space
        self.demands = Demands(core.settings.trust, lambda: space.last().exchange)
        self.asking, self._fresh = Asking(core, peers, self.demands), core.settings.trust.fresh_seconds
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
            shown = await self.asking.ask(claims, self.demands.sought)
            if lacking := self._lacking(shown):
                raise VerificationFailed(f"it shows no {', '.join(lacking)} of an issuer that is believed here")
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
            raise Absent(f"`{peer[:200]}` has shown nothing that is kept", "penstock credential shown")
        lines = list(self.shown(peer).lines(peer))
        await self._keep(peer, None)
        return lines

    async def _keep(self, did: str, shown: Presented | None) -> None:
        """Keep what a peer has shown in the place of what was known; decide anew what runs where that is another."""
        before = self.shown(did)
        self._presented.pop(did, None)
        if shown is not None:
            self._presented[did] = shown
        changed = {did} if self.shown(did).signed != before.signed else set[str]()
        while len(self._presented) > PEERS_KNOWN_MAX:
            # first of all who has shown nothing: of these a stranger makes as many as it likes
            empty = next((one for one, known in self._presented.items() if not known.signed), None)
            oldest = empty or next(iter(self._presented))
            del self._presented[oldest]
            changed |= set() if empty else {oldest}
        if changed:
            await self._decide_anew(changed)

    async def _decide_anew(self, peers: Iterable[str]) -> None:
        """Store what peers have shown now, and have what runs under agreements with them decided anew."""

        def act(tx: Tx) -> list[str]:
            for peer in peers:
                rows = {row.id: row for row in shown_rows(peer, self.shown(peer), self._clock.now())}
                for old in tx.find(ShownCredentialRow, "peer = ?", (peer,)):
                    if rows.pop(old.id, None) is None:
                        tx.delete(ShownCredentialRow, peer=peer, id=old.id)
                for row in rows.values():
                    tx.insert(row)
            return [str(digest) for peer in peers for digest in tx.column(AGREED, peer)]

        for digest in await self._core.store.write(act):
            self._core.topics.agreement_touched.tell(digest)

    async def recover(self) -> None:
        """Know what peers had shown before the start, or to another process of ours; it is checked at the next look."""
        rows = await self._core.store.read(lambda tx: tx.find(ShownCredentialRow, order="shown"))
        stored = of_rows(rows, self._clock.now())
        for peer in [one for one, known in self._presented.items() if known.signed and one not in stored]:
            del self._presented[peer]
        for peer, shown in stored.items():
            if {one.raw for one, _ in shown.signed} != {one.raw for one, _ in self.shown(peer).signed}:
                self._presented[peer] = shown

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
        enough = not self._lacking(left)
        await self._keep(did, left if enough else None)
        return left if enough else None

    async def _still_holds(self, did: str, signed: Signed, one: Credential) -> bool:
        try:
            await self.asking.holds(signed, one)
        except PenstockError as fault:
            if not isinstance(fault, VerificationFailed) and self.demands.requires(one.types):
                raise
            log.info("what `%s` has shown does not hold any more: %s", did, fault)
            return False
        return True

    async def _may_hold(self, signed: Signed, one: Credential) -> bool:
        """Say whether a credential of ours holds, as far as can be seen."""
        if PROVING.isdisjoint(one.types):
            return True
        try:
            await self.asking.holds(signed, one)
        except VerificationFailed as fault:
            log.warning("a %s of ours does not hold any more: %s", ",".join(one.types), fault)
            return False
        except PenstockError as fault:
            log.info("a credential of ours cannot be checked: %s", fault)
            return signed.raw not in self._lapsed
        return True

    def _lacking(self, shown: Presented) -> list[str]:
        """Return what is demanded and not shown."""
        return self.demands.lacking(kind for kind, _ in shown.believed(self.demands, self._clock.now()))


VERIFIER = Service(
    readies=Verifier.recover,
    looks={("shown_credentials",): Verifier.recover},
    chores={"check what peers have shown": Verifier.look},
)

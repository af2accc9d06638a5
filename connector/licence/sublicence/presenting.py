"""Sub-licences, by the key holder: a child presents its chain and gets an agreement of its own (spec 5, "Onward").

Law: (1) every link holds and stands under an agreement that does; the policy of the last is compared here, those above
it were when their agreements were made. (2) One sub-licence makes one agreement: the one under the link's parent with
the link's terms. (3) A link that its holder has withdrawn makes none, and what it made ends, with all that is below.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.licence.sublicence import onward
from connector.licence.sublicence.onward import DIGEST_CHARACTERS
from connector.negotiation.agreement import Cause
from connector.negotiation.doors import OnTable
from connector.negotiation.protocol.errors import UnacceptableError
from connector.negotiation.protocol.states import PROVIDER
from connector.store.rows.agreement import AgreementRow, SubLicenceRow, SubLicenceState
from contracts import lifecycle, sublicence
from contracts.errors import ContractError
from contracts.namespace import SUB_LICENCES
from contracts.sublicence import Asked
from contracts.typed_data import digest as typed_digest

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from connector.licence.agreements import Agreements
    from connector.licence.audience import Audience
    from connector.licence.intact import Intact
    from connector.licence.standing import Standing
    from connector.negotiation.doors import Doors, Peer
    from connector.negotiation.notices import Notice, Notices
    from connector.store.rows.protocol import NegotiationRow
    from connector.store.transaction import Tx
    from contracts.sublicence import Above, Link
    from ledger.chain.programs import Programs


# each is looked at when another is presented, and ended with the one above
CHILDREN_MAX = 1_000
ROUNDS = 2  # the price is the one above: asked for once, taken once


class Presenting:
    """The chains that are presented to one participant, whose editions' keys it holds."""

    def __init__(
        self,
        programs: Programs,
        standing: Standing,
        agreements: Agreements,
        audience: Audience,
        intact: Intact,
        notices: Notices,
        doors: Doors,
    ) -> None:
        self._programs, self._standing, self._agreements = programs, standing, agreements
        self._audience, self._intact = audience, intact
        notices.takers[onward.WITHDRAWAL] = self.withdrawn
        doors.sub_licensed, doors.agrees = self.presented, self.agrees

    def presented(self, tx: Tx, offer: Mapping[str, Any], peer: Peer, now: datetime) -> OnTable:
        """Return what a negotiation on a chain begins with; see `Doors.sub_licensed`."""
        try:
            chain = sublicence.read_chain(offer[SUB_LICENCES])
            row = self._proven(tx, chain, peer, now)
            above = onward.above_of(self._intact, row)
        except ContractError as error:
            raise UnacceptableError(f"the chain of sub-licences does not hold: {error}") from error
        if why := onward.beyond(chain[-1].terms.policy, above.terms.policy, peer.did):
            raise UnacceptableError(why)
        return _table(chain[-1], above)

    def _proven(self, tx: Tx, chain: tuple[Link, ...], peer: Peer, now: datetime) -> AgreementRow:
        """Check each link and what it stands under; return the agreement right above the last."""
        root, made = chain[0].said.parent, None
        for place, link in enumerate(chain):
            above = self._stands(tx, link.said.parent, now)
            if place and (made is None or made.digest != above.digest):
                raise ContractError("unused-link", "a sub-licence above was not taken up by the one that it is for")
            if not place and above.parent is not None:
                raise ContractError("topmost", "the chain does not begin at the topmost agreement")
            self._check(tx, above, root, link)
            made = _made(_below(tx, above), link)
        if chain[-1].said.child != peer.address:
            raise ContractError("child", "the sub-licence is for somebody else")
        if made is not None:
            raise ContractError("used-link", "an agreement was made on this sub-licence before")
        if len(_below(tx, above)) >= CHILDREN_MAX:
            raise ContractError("too-many", f"there are `{CHILDREN_MAX}` sub-licences under one agreement already")
        return above

    def _stands(self, tx: Tx, parent: bytes, now: datetime) -> AgreementRow:
        row = tx.get(AgreementRow, digest=parent.hex())
        if row is None or row.role != PROVIDER or row.buyer_signature is None:
            raise ContractError("unknown-agreement", "the sub-licence is under an agreement that is not ours")
        if over := self._standing.over(tx, row, now):
            raise ContractError("agreement-over", f"what the sub-licence is under is over: {over}")
        return row

    def _check(self, tx: Tx, above: AgreementRow, root: bytes, link: Link) -> None:
        domain = onward.domain(self._programs)
        sublicence.check(Asked(domain, onward.above_of(self._intact, above), root, link))
        known = tx.get(SubLicenceRow, digest=typed_digest(domain, link.said).hex(), parent=above.digest)
        if known is not None and known.state == SubLicenceState.WITHDRAWN:
            raise ContractError("withdrawn", "the sub-licence was withdrawn by its holder")

    def agrees(self, tx: Tx, negotiation: NegotiationRow, now: datetime) -> str:
        """Return why there is no agreement on the table, empty if there may be; see `Doors.agrees`."""
        parent = (negotiation.mandate or {}).get("parent") if negotiation.role == PROVIDER else None
        if parent is not None:
            try:
                self._stands(tx, bytes.fromhex(parent), now)
            except ContractError as over:
                return str(over)
        return self._audience.agrees(tx, negotiation, now)

    def withdrawn(self, tx: Tx, agreement: AgreementRow, notice: Notice, now: datetime) -> None:
        """Take a holder's withdrawal of a link under its agreement, whether the link was presented or not."""
        digest, _, reason = notice.text.partition(" ")
        if agreement.role != PROVIDER or len(digest) != DIGEST_CHARACTERS:
            return
        state = SubLicenceState.WITHDRAWN
        tx.put(SubLicenceRow(digest=digest, parent=agreement.digest, state=state, created=now))
        domain = onward.domain(self._programs)
        for row in _below(tx, agreement):
            chain = onward.chain_of(tx, row) if row.state not in lifecycle.OVER else ()
            if chain and typed_digest(domain, chain[-1].said).hex() == digest:
                self._agreements.end_below(tx, row, Cause(reason or state.value, agreement.peer), now)


def _below(tx: Tx, above: AgreementRow) -> list[AgreementRow]:
    return tx.find(AgreementRow, "parent = ?", (above.digest,))


def _made(below: list[AgreementRow], link: Link) -> AgreementRow | None:
    """Return the agreement that was made on a link, None if none was."""
    for row in below:
        if row.agreement is not None and row.agreement["termsDigest"] == link.said.terms_digest.hex():
            return row
    return None


def _table(link: Link, above: Above) -> OnTable:
    """Return the table of a negotiation in which nothing is open: the terms of a link, at the price above."""
    terms, price = link.terms.json(), link.terms.tariff.minor
    mandate = {"ask": str(price), "floor": str(price), "rounds": ROUNDS, "salt": terms.pop("salt")}
    mandate |= {"cap": str(above.agreement.price_cap), "parent": above.digest.hex()}
    return OnTable(link.terms.product, price, price, terms, mandate)

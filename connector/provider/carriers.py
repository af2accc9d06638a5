"""Other holders who serve an edition of ours: who they are, and to whom of our buyers they are named (spec 1.10).

Law: (1) A holder serves because it said so by a signed notice, under an agreement of its own on the same edition. (2) A
refusal that holds leaves it out; what a policy says about places is asked for the carrier's place, too, and
data of a regulated grade is carried in the provider's own country alone. (3) A holder is shown a pass, never a name.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from connector.custody import passes, tickets
from connector.custody.passes import HELD_PATH
from connector.enforcement import performed, scopes
from connector.enforcement.rules import agreed
from connector.enforcement.ruling import HOLDS
from connector.negotiation.notices import SERVES, account_of
from connector.store.rows.agreement import AgreementRow
from connector.store.rows.product import ProductRow
from connector.store.rows.vault import EditionRow, HolderRow, VaultState
from policy.errors import PolicyError
from policy.request import Request

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from connector.core.core import Core
    from connector.custody.tickets import Ticket
    from connector.enforcement.judge import Judge
    from connector.identity.space.view import SpaceView
    from connector.licence.standing import Standing
    from connector.negotiation.notices import Notice, Notices
    from connector.store.transaction import Tx
    from ledger.space.document import Member


# a buyer that draws from more at once gains nothing on one line; the choice spreads buyers over holders
CARRIERS_MAX = 8
# security grades from which ciphertext abroad may count as an export (specification, B 12)
REGULATED_GRADE = 3


@dataclass(frozen=True, slots=True)
class Carrier:
    """A holder that may be named: its agreement with us, who it is in the space, and for whom (a buyer's agreement)."""

    agreement: AgreementRow
    member: Member
    buyer: AgreementRow


class Carriers:
    """The holders who serve the editions of one provider."""

    def __init__(
        self, core: Core, space: SpaceView, notices: Notices, standing: Standing, judge: Judge, ticket_key: bytes
    ) -> None:
        self._core, self._space, self._standing, self._judge = core, space, standing, judge
        self._ticket_key = ticket_key
        notices.takers[SERVES] = self._told
        # a holder of whom one of these holds is left out
        self._refusals = (self._itself, self._over, self._deleted, self._leaked, self._abroad, self._out_of_place)

    async def sources(self, ticket: Ticket) -> dict[str, Any]:
        """Return a fresh ticket (`authorization`) and where else its bearer may draw its edition (`sources`).

        Each source is `{endpoint, authorization}`; their order says nothing.
        """
        now = self._core.clock.now()
        found = await self._core.store.read(lambda tx: self._for(tx, ticket, now))
        chosen = random.sample(found, min(len(found), CARRIERS_MAX))
        edition = ticket.edition.hex()
        named = [
            {
                "endpoint": f"{one.member.url}{HELD_PATH}/{edition}",
                "authorization": passes.issue(self._signs(one), ticket.edition, one.member.did, now),
            }
            for one in chosen
        ]
        fresh = tickets.issue(self._ticket_key, ticket.edition, ticket.subject, ticket.transfer, now)
        return {"authorization": fresh, "sources": named}

    def _signs(self, carrier: Carrier) -> Callable[[bytes], bytes]:
        """Return what signs a pass to a holder: the account that it has its edition from."""
        return partial(self._core.identity.sign, account=account_of(carrier.agreement))

    def _for(self, tx: Tx, ticket: Ticket, now: datetime) -> list[Carrier]:
        buyer = tx.get(AgreementRow, digest=ticket.subject.hex())
        if buyer is None or self._standing.over(tx, buyer, now):
            return []
        members = self._space.last().members
        holders = tx.find(HolderRow, "edition = ?", (ticket.edition.hex(),))
        agreements = [tx.get(AgreementRow, digest=row.agreement) for row in holders]
        known = [Carrier(one, members[one.peer], buyer) for one in agreements if one and one.peer in members]
        return [one for one in known if self.names(tx, one, now)]

    def names(self, tx: Tx, carrier: Carrier, now: datetime) -> bool:
        """Say whether nothing speaks against a holder."""
        return not any(refuses(tx, carrier, now) for refuses in self._refusals)

    def _told(self, tx: Tx, agreement: AgreementRow, notice: Notice, now: datetime) -> None:
        """Take a buyer's word that it holds its whole edition and serves it."""
        del notice
        tx.put(HolderRow, agreement=agreement.digest, edition=agreement.edition, holder=agreement.peer, at=now)

    def _itself(self, _tx: Tx, carrier: Carrier, _now: datetime) -> bool:
        return bool(carrier.agreement.peer == carrier.buyer.peer)

    def _over(self, tx: Tx, carrier: Carrier, now: datetime) -> bool:
        return bool(self._standing.over(tx, carrier.agreement, now))

    def _deleted(self, tx: Tx, carrier: Carrier, _now: datetime) -> bool:
        acts = performed.acts(tx, carrier.agreement.digest)
        return any(act.action == performed.DELETE and act.by == carrier.member.did for act in acts)

    def _abroad(self, tx: Tx, carrier: Carrier, _now: datetime) -> bool:
        """Say whether regulated data would leave our country; what is not graded counts as regulated."""
        product = tx.get(ProductRow, id=carrier.buyer.product)
        dataset = {} if product is None else product.dataset or {}
        if int(dataset.get("grade", REGULATED_GRADE)) < REGULATED_GRADE:
            return False
        return _country(carrier.member.region) != _country(self._core.settings.participant.region)

    def _out_of_place(self, _tx: Tx, carrier: Carrier, now: datetime) -> bool:
        """Say whether the policy of the holder or of the buyer forbids the holder's place."""
        return any(not self._in_place(each, carrier.member, now) for each in (carrier.agreement, carrier.buyer))

    def _in_place(self, agreement: AgreementRow, member: Member, now: datetime) -> bool:
        whose = agreement.peer
        try:
            rules = agreed(agreement.terms, whose, scopes.CARRIER)
        except PolicyError:
            return False
        request = Request(whose, scopes.USE, agreement.signed_terms["product"], {"spatial": member.region})
        return self._judge.ruling(rules, request, stage=scopes.CARRIER, taken={}, now=now).outcome in HOLDS

    def _leaked(self, tx: Tx, carrier: Carrier, _now: datetime) -> bool:
        """Say whether the edition's keys may be known: then every further copy of its bytes is one too many."""
        edition = tx.get(EditionRow, id=carrier.agreement.edition)
        return edition is None or edition.state == VaultState.LEAKED


def _country(region: str) -> str:
    return region.partition("-")[0]

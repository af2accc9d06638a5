"""What a connector of another make is agreed with: nothing that its rules would never deliver to it.

Law: the agreement of such a buyer says no more of it than its transfer will, so what stands against its place and its
name stands for good; what a client may still say, or time mends, is no reason to refuse. Whoever signs with us is asked
at each use instead: a member's place and roles are known, and change.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from catalog.codes import TIERS
from connector.enforcement.context import PURPOSE
from connector.enforcement.rules import in_force
from connector.enforcement.scopes import PARTY
from connector.enforcement.use import FORESIGHT, Link, Use
from connector.licence.licensed import facts_of
from connector.negotiation.protocol.offers import PLAIN
from connector.negotiation.protocol.states import PROVIDER
from connector.provider.plain import decision

if TYPE_CHECKING:
    from datetime import datetime

    from connector.enforcement.enforce import Enforcement
    from connector.negotiation.doors import Doors
    from connector.store.rows.protocol import NegotiationRow
    from connector.store.transaction import Tx

PLACE: Final = "foresight"


class Strangers:
    """Asks the rules of one provider's plain copies, before it agrees with who does not sign."""

    def __init__(self, enforcement: Enforcement, doors: Doors) -> None:
        self._enforcement = enforcement
        others = doors.agrees  # who opened that door before is asked as well
        doors.agrees = lambda tx, negotiation, now: self.agrees(tx, negotiation, now) or others(tx, negotiation, now)

    def agrees(self, tx: Tx, negotiation: NegotiationRow, now: datetime) -> str:
        """Return why what is on the table would never be delivered to its buyer; see `Doors.agrees`."""
        terms, peer = negotiation.terms, negotiation.peer
        if negotiation.role != PROVIDER or negotiation.peer_address is not None or terms is None:
            return ""
        rules = in_force(terms["policy"], terms["product"], peer, PARTY)
        link = Link("", terms["product"], peer, peer, rules, "", PLAIN, facts_of(terms))
        said = {PURPOSE: purpose} if (purpose := decision.named_purpose(terms, peer)) else {}
        use = Use((link,), TIERS[PLAIN].action, said, FORESIGHT, PLACE, taker="")
        refused = self._enforcement.foresee(tx, use, now)
        return "" if refused is None else f"it would never be delivered to you: {refused.text}"

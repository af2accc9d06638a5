"""Agreements under contracts of these interfaces that are delivered sealed: as their provider takes them.

Law: what the contract says is agreed to by itself, by whom its platform has instructed and its white list has; nothing
else is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from connector.negotiation.doors import OnTable
from connector.negotiation.ndi import sealed
from connector.negotiation.ndi.superseding import POLICY
from connector.negotiation.negotiation import OPENINGS, ROUNDS
from connector.negotiation.on_offer import sold
from connector.negotiation.protocol.errors import UnacceptableError
from connector.negotiation.protocol.states import PROVIDER
from connector.operation.ndi.white_lists import NotListed
from connector.runtime.errors import PeerUnreachable
from connector.store.rows.agreement import AgreementRow
from connector.store.rows.product import ProductRow
from contracts.namespace import CONTRACT, OFFER_TERMS
from contracts.units import KEPT

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from connector.identity.space.view import SpaceView
    from connector.negotiation.agreement import Cause
    from connector.negotiation.doors import Doors, Peer
    from connector.operation.ndi.white_lists import WhiteLists
    from connector.store.transaction import Tx

# what of a product's limits counts for who buys under a contract, too
LIMITS: Final = ("units", "cap", "periods")


class Sealing:
    """What one provider agrees to under its contracts."""

    def __init__(self, doors: Doors, space: SpaceView, white_lists: WhiteLists) -> None:
        self._doors, self._space, self._white_lists = doors, space, white_lists
        doors.contracted = self.begun

    def begun(self, tx: Tx, offer: Mapping[str, Any], peer: Peer, now: datetime) -> OnTable:
        """Return what a negotiation begins with that is under a contract; raises UnacceptableError.

        Raises PeerUnreachable while the platform's instruction is on its way here.
        """
        digest = sealed.named(offer[OFFER_TERMS])
        if peer.address is None:
            raise UnacceptableError("what is delivered sealed needs signatures of both sides")
        if why := sealed.refusal(tx, digest, PROVIDER, peer.did, now):
            raise UnacceptableError(why)
        held = tx.get(AgreementRow, digest=digest)
        assert held is not None, "it was looked at"
        if not sealed.is_instructed(tx, held):
            raise PeerUnreachable("the platform has not instructed this contract here yet", "ask again")
        product = tx.get(ProductRow, id=held.product)
        product = None if product is None else sold(product)
        if product is None or product.terms is None or product.tier != KEPT:
            raise UnacceptableError(f"`{held.product[:80]}` is not on offer any more")
        try:
            self._white_lists.require(tx, product.id, peer.did, held.odrl[CONTRACT]["consumer"])
        except NotListed as refused:
            raise UnacceptableError(str(refused)) from refused
        terms, price = sealed.table(held, product.terms, self._space.known_currency())
        mandate: dict[str, Any] = {name: product.limits[name] for name in LIMITS if name in product.limits}
        mandate |= {"ask": str(price), "floor": str(price), "rounds": ROUNDS, POLICY: terms[POLICY]}
        mandate.setdefault("units", OPENINGS)
        return OnTable(product.id, price, price, terms, mandate)

    def end(self, tx: Tx, held: AgreementRow, cause: Cause, now: datetime) -> None:
        """End what stands under a contract that is over."""
        self._doors.under_over(tx, held, cause, now)

"""What either side offered in a negotiation, word for word, so that people can follow how the terms came about.

Law: an offer is kept in the transaction of the move that it made, under the number of its round; a repeat of the same
message moves nothing and is kept nowhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.negotiation.protocol.states import CONSUMER, OFFERED, PROVIDER, REQUESTED
from connector.store.rows.protocol import OfferMadeRow

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from connector.store.rows.protocol import NegotiationRow
    from connector.store.transaction import Tx


# whose word leads to a state
SAID_BY: Mapping[str, str] = {REQUESTED: CONSUMER, OFFERED: PROVIDER}


def keep(tx: Tx, row: NegotiationRow, now: datetime) -> None:
    """Keep the offer that a negotiation has just moved by, if it moved by one."""
    who = SAID_BY.get(row.state)
    if who is None or not row.offer:
        return
    price = row.own_price if who == row.role else row.their_price
    tx.put(OfferMadeRow(negotiation=row.id, number=row.rounds, who=who, price=price, offer=row.offer, at=now))


def of(tx: Tx, negotiation: str) -> list[OfferMadeRow]:
    """Return the offers of a negotiation in their order."""
    return tx.find(OfferMadeRow, "negotiation = ?", (negotiation,), "number")


def last(tx: Tx, row: NegotiationRow) -> Mapping[str, Any]:
    """Return the offer on the table of a negotiation; of a concluded one it stands here alone."""
    if row.offer is not None:
        return row.offer
    found = tx.find(OfferMadeRow, "negotiation = ?", (row.id,), "number desc", 1)
    return found[0].offer if found else {}

"""The rounds of a negotiation as people follow them: each offer with what it changed of the one before, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from catalog.difference import of_offers
from connector.negotiation import offers_made
from connector.negotiation.protocol import offers as offered
from connector.negotiation.protocol.errors import ProtocolError
from policy.errors import PolicyError
from policy.parse import parse

if TYPE_CHECKING:
    from connector.store.rows.protocol import OfferMadeRow
    from connector.store.transaction import Tx


def of(tx: Tx, negotiation: str, product: str) -> list[dict[str, Any]]:
    """Return what was offered, one after the other: `number`, `who`, `price`, `at`, and `differences` in words."""
    told: list[dict[str, Any]] = []
    before: dict[str, Any] | None = None
    for row in offers_made.of(tx, negotiation):
        version = _version(row, product)
        changed = () if before is None or version is None else of_offers(before, version)
        told.append(
            {
                "number": row.number,
                "who": row.who,
                "price": None if row.price is None else str(row.price),
                "at": row.at.isoformat(timespec="seconds"),
                "differences": [one.json() for one in changed],
            }
        )
        before = version or before
    return told


def _version(row: OfferMadeRow, product: str) -> dict[str, Any] | None:
    """Return an offer as two of them are compared, without terms of ours its rules; None if it cannot be read."""
    try:
        proposal = offered.read(row.offer)
        parse({"@type": "Set", "target": product, **proposal.policy})
    except (ProtocolError, PolicyError):
        return None
    if proposal.terms is None:
        return {"id": product, "offer": {"policy": proposal.policy}}
    terms = {"tariff": proposal.terms["tariff"]}
    ask = terms["tariff"]["minor"] if row.price is None else str(row.price)
    return {"id": product, "offer": {"ask": ask, "terms": terms, "policy": proposal.policy}}

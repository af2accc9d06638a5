"""The rounds of a negotiation as people follow them: each offer with what it changed of the one before, in words.

Of an amendment the first says what it changes of the agreement that stands.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from catalog.difference import of_offers
from connector.negotiation import amendment, offers_made, tried
from connector.negotiation.ndi import superseding
from connector.negotiation.protocol import offers as offered
from connector.negotiation.protocol.errors import ProtocolError
from connector.store.rows.agreement import AgreementRow
from contracts.namespace import CONTRACT
from contracts.price_words import money
from policy.errors import PolicyError
from policy.parse import parse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.store.rows.protocol import NegotiationRow
    from connector.store.transaction import Tx


def of(tx: Tx, talk: NegotiationRow, currency: str) -> list[dict[str, Any]]:
    """Return what was offered, one after the other: `number`, `who`, `price`, `at`, and `differences` in words.

    The first that names a fitting has it as `tried`.
    """
    told: list[dict[str, Any]] = []
    amended = _amended(tx, talk)
    before = None if amended is None else _version(amended.odrl, None, talk.product, currency)
    for row in offers_made.of(tx, talk.id):
        version = _version(row.offer, row.price, talk.product, currency)
        changed = () if before is None or version is None else of_offers(before, version)
        told.append(
            {
                "number": row.number,
                "who": row.who,
                "price": None if row.price is None else str(row.price),
                "at": row.at.isoformat(timespec="seconds"),
                "differences": [one.json() for one in changed],
                **_tried(row.offer, told),
            }
        )
        before = version or before
    return told


def _tried(offer: Mapping[str, Any], before: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the fitting that an offer names, nothing where one before has named it."""
    found = tried.shown(offer)
    return {} if found is None or any("tried" in one for one in before) else {"tried": found}


def _amended(tx: Tx, talk: NegotiationRow) -> AgreementRow | None:
    """Return the agreement that a negotiation is to amend, or has amended."""
    signed = tx.get(AgreementRow, digest=talk.digest) if talk.digest else None
    digest = amendment.of(talk) or (signed and signed.amends)
    return tx.get(AgreementRow, digest=digest) if digest else None


def _version(offer: Mapping[str, Any], price: int | None, product: str, currency: str) -> dict[str, Any] | None:
    """Return an offer as two of them are compared; None if it cannot be read.

    `price` is what was asked in its round, None of what was signed.
    """
    try:
        proposal = offered.read(offer)
        parse({"@type": "Set", "target": product, **proposal.policy})
    except (ProtocolError, PolicyError):
        return None
    told: dict[str, Any] = {"policy": proposal.policy}
    if proposal.terms is not None:
        terms = {"tariff": proposal.terms["tariff"]}
        told |= {"terms": terms, "ask": terms["tariff"]["minor"] if price is None else str(price)}
        told |= {"until": proposal.terms["notAfter"]} if "notAfter" in proposal.terms else {}
    elif CONTRACT in offer:
        told |= {"amount": money(proposal.price or 0, currency), "until": superseding.shown_end(offer[CONTRACT])}
    return {"id": product, "offer": told}

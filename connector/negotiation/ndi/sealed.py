"""A contract of the national interfaces that is delivered sealed, and the agreement of ours by which it is.

Law: (1) the contract says so in its strategy, so that all who signed it have signed that. (2) The agreement names it
(`contract` of its terms) and has its price, its rules and its end: both sides make the same table of what both signed,
and nobody is asked. (3) It is made once the platform has instructed the contract, one at a time, and ends with it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from connector.negotiation.agreement import why_over
from connector.negotiation.doors import DeclinedError
from connector.negotiation.ndi import offers as contracts
from connector.negotiation.ndi.superseding import POLICY, shown_end
from connector.negotiation.protocol import offers
from connector.negotiation.protocol.errors import UnacceptableError
from connector.store.rows.agreement import AgreementRow
from connector.store.rows.contract import ContractRow
from contracts import lifecycle
from contracts.namespace import CONTRACT
from contracts.ndi import strategy as strategies
from contracts.ndi.interfaces import DENIED
from contracts.units import KEPT

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from connector.negotiation.doors import Peer
    from connector.negotiation.protocol.messages import Document
    from connector.store.rows.product import ProductRow
    from connector.store.transaction import Tx

MEMBER: Final = "contract"  # of the terms
# of a consumer's own note on a contract: what its product is called in the other protocol, and for what its price is
DATASET, TARIFF = "dataset", "tariff"
OVER: Final = "the contract that it stands under has ended"


class Agreed(NamedTuple):
    """What an agreement under a contract has from it: `price` in minor units, the rules, and its end."""

    price: int
    policy: Document
    until: str


def named(terms: Mapping[str, Any] | None) -> str:
    """Return the digest of the contract that terms stand under, empty for none."""
    return str((terms or {}).get(MEMBER, ""))


def require_meant(terms: Mapping[str, Any] | None, mandate: Mapping[str, Any]) -> None:
    """Raise DeclinedError for an offer under a contract that we do not ask under: no list says which that is."""
    if named(terms) != mandate.get(MEMBER, ""):
        raise DeclinedError("the offer is under a contract that we did not ask under")


def is_said(offer: Mapping[str, Any], product: ProductRow, peer: Peer) -> bool:
    """Say whether what is asked for is a contract that is delivered sealed.

    Raises UnacceptableError where a contract says nothing of it, and where it says so of what cannot be: a channel pays
    nobody who serves.
    """
    said = contracts.is_sealed(offer)
    if said and offer[CONTRACT].get(contracts.SERVICES):
        raise UnacceptableError("what others serve in is not delivered sealed")
    if said is not (peer.is_ndi and product.tier == KEPT):
        raise UnacceptableError(f"a contract on a product of the tier `{product.tier}` says how it is delivered")
    return said


def tabled(product: ProductRow, *, is_sealed: bool) -> Document:
    """Return the terms on the table of a product; a contract's are plain, for what delivers it has all of them."""
    assert product.terms is not None, "what is on offer has its terms"
    return product.terms | ({"tier": offers.PLAIN} if is_sealed else {})


def agreed(held: AgreementRow, currency: str) -> Agreed:
    """Return what a contract says, read of its strategy alone, whose bytes both sides have signed."""
    about = held.odrl[CONTRACT]
    policy, price = contracts.parted(strategies.read(about["strategy"]), currency)
    return Agreed(price, policy, shown_end(about))


def table(held: AgreementRow, terms: Mapping[str, Any], currency: str) -> tuple[Document, int]:
    """Return the terms on the table under a contract, made of its product's, and its price.

    What may be owed at once is as many times as high as the price is.
    """
    told, asked = agreed(held, currency), offers.price_of(terms)
    exposure = int(terms["maxExposure"])
    exposure = -(-exposure * told.price // asked) if asked else exposure
    said = {**offers.at_price(terms, told.price), "maxExposure": str(exposure)}
    return said | {POLICY: told.policy, "notAfter": told.until, MEMBER: held.digest}, told.price


def under(tx: Tx, held: AgreementRow) -> list[AgreementRow]:
    """Return the agreements that stand, or stood, under a contract."""
    product = held.odrl[CONTRACT].get(DATASET, held.product)
    found = tx.find(AgreementRow, "product = ? and role = ? and peer = ?", (product, held.role, held.peer))
    return [row for row in found if named(row.terms) == held.digest]


def refusal(tx: Tx, digest: str, role: str, peer: str, now: datetime) -> str:
    """Return why a peer and we, in a `role`, cannot agree under a contract now, empty if we can."""
    held = tx.get(AgreementRow, digest=digest)
    if held is None or (held.role, held.peer) != (role, peer) or not contracts.is_sealed(held.odrl):
        return f"`{digest[:64]}` is no contract between the two of us that is delivered sealed"
    if why := why_over(held, now):
        return why
    contract = _contract(tx, held)
    if contract is not None and contract.feedback == DENIED:
        return "the consumer's connector told that this use is denied"
    if any(row.state not in lifecycle.OVER for row in under(tx, held)):
        return "an agreement stands under this contract already"
    return ""


def is_instructed(tx: Tx, held: AgreementRow) -> bool:
    """Say whether the platform has instructed a contract here."""
    contract = _contract(tx, held)
    return contract is not None and bool(contract.instruction)


def _contract(tx: Tx, held: AgreementRow) -> ContractRow | None:
    return next(iter(tx.find(ContractRow, "negotiation = ?", (held.negotiation,), limit=1)), None)


def why_ended(tx: Tx, terms: Mapping[str, Any] | None, now: datetime) -> str:
    """Return why nothing flows any more under the contract that terms stand under, empty if it does."""
    digest = named(terms)
    held = tx.get(AgreementRow, digest=digest) if digest else None
    return OVER if digest and (held is None or why_over(held, now)) else ""

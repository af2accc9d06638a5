"""An offer or agreement of the protocol as the strategy of a contract, and back.

Law: (1) what a contract is called, and by which identifiers it names product and parties, stands in the offer under
`CONTRACT`, so both sides write the same strategy. (2) An agreement carries its strategy as it was said; its digest is
that of the contract, which both parties sign.

    {CONTRACT: {"name", "abstract", "product", "provider", "consumer", "from", "until", "services"?, "supersedes"?,
     "sealed"?, "strategy"?}}
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, Final

from connector.negotiation.protocol import offers
from connector.negotiation.protocol.errors import UnacceptableError
from contracts.currencies import DECIMALS
from contracts.errors import ContractError
from contracts.namespace import CONTRACT
from contracts.ndi import strategy as strategies
from contracts.ndi.interfaces import contract_digest
from contracts.ndi.services import read as service_parties
from contracts.tariff import MAX_MINOR
from policy.errors import PolicyError
from policy.vocabulary.names import PROFILE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.negotiation.protocol.messages import Document

# members of `CONTRACT`, as they stand in the strategy's expansion
SERVICES: Final = "services"
SUPERSEDES: Final = strategies.SUPERSEDES
SEALED: Final = strategies.SEALED
# what of a policy a contract carries
CARRIED: Final = (*strategies.RULES, strategies.CONFLICT)


def strategy_of(document: Mapping[str, Any], about: Mapping[str, Any], currency: str) -> Document:
    """Return the strategy of an offer or agreement; raises UnacceptableError for rules that are none."""
    proposal = offers.read(document)
    rules: Document = {name: proposal.policy[name] for name in CARRIED if name in proposal.policy}
    if proposal.price:
        amount = Decimal(proposal.price).scaleb(-DECIMALS[currency])
        limit = {"leftOperand": offers.PAY_AMOUNT, "operator": "eq", "rightOperand": f"{amount:f}", "unit": currency}
        rules["obligation"] = [*rules.get("obligation", []), {"action": offers.COMPENSATE, "constraint": [limit]}]
    named = {"target": about["product"], "assigner": about["provider"], "assignee": about["consumer"]}
    try:
        services = service_parties(about.get(SERVICES, []))
        policy = {"@type": "Agreement", "profile": PROFILE} | named | rules
        sealed = bool(about.get(SEALED, False))
        return strategies.written(policy, services, about.get(SUPERSEDES, ""), sealed=sealed)
    except (PolicyError, ContractError) as error:
        raise UnacceptableError(f"the rules are no strategy: {error}") from error


def beside(strategy: Mapping[str, Any]) -> Document:
    """Return what an offer's contract says of what a strategy names beside its policy, nothing where it names nothing.

    Raises UnacceptableError for what cannot be read.
    """
    try:
        found = strategies.beside(strategy)
    except PolicyError as error:
        raise UnacceptableError(f"the strategy cannot be read: {error}") from error
    told: Document = {SERVICES: [one.json() for one in found.services]} if found.services else {}
    told |= {SUPERSEDES: found.supersedes} if found.supersedes else {}
    return told | ({SEALED: True} if found.sealed else {})


def superseded(document: Mapping[str, Any] | None) -> str:
    """Return which contract the one of an offer or agreement is to supersede, by its digest, empty for none."""
    about = (document or {}).get(CONTRACT)
    return str(about.get(SUPERSEDES, "")) if isinstance(about, dict) else ""


def is_sealed(document: Mapping[str, Any] | None) -> bool:
    """Say whether what the contract of an offer or agreement is about is delivered sealed."""
    about = (document or {}).get(CONTRACT)
    return isinstance(about, dict) and about.get(SEALED) is True


def offer_of(strategy: Mapping[str, Any], offer: str, product: str, about: Document, currency: str) -> Document:
    """Return what a strategy proposes as an offer with this id, of a product of ours or of the peer's.

    Raises UnacceptableError for what cannot be read, names others than the contract, or is priced in another currency.
    """
    try:
        policy: Mapping[str, Any] = strategies.read(strategy)
    except PolicyError as error:
        raise UnacceptableError(f"the strategy cannot be read: {error}") from error
    named = {"target": about["product"], "assigner": about["provider"], "assignee": about["consumer"]}
    if other := next((name for name, told in named.items() if policy.get(name, told) != told), None):
        raise UnacceptableError(f"the strategy names another {other} than its contract")
    told = beside(strategy)
    if told.get(SERVICES, []) != about.get(SERVICES, []):
        raise UnacceptableError("the strategy names other service parties than its contract")
    if told.get(SUPERSEDES, "") != about.get(SUPERSEDES, ""):
        raise UnacceptableError("the strategy is in place of another contract than was said before")
    if told.get(SEALED, False) != about.get(SEALED, False):
        raise UnacceptableError("the strategy says another `delivery` than its contract")
    rules, price = parted(policy, currency)
    paid = {"leftOperand": offers.PAY_AMOUNT, "operator": "eq", "rightOperand": str(price)}
    duties = [*rules.pop("obligation", []), {"action": offers.COMPENSATE, "constraint": [paid]}]
    whole = {"@id": offer, "@type": "Offer", "target": product, **rules, "obligation": duties}
    return offers.foreign(whole | {CONTRACT: about})


def parted(policy: Mapping[str, Any], currency: str) -> tuple[Document, int]:
    """Return the rules of a strategy's policy without its price, and that in minor units; raises UnacceptableError."""
    rules, paid = strategies.parted(policy)
    if len(paid) > 1:
        raise UnacceptableError("the strategy has more than one price")
    return rules, sum(_minor(limit, currency) for limit in paid)


def agreement_of(offer: Mapping[str, Any], strategy: Document, parties: Mapping[str, str], at: str) -> Document:
    """Return the agreement on an offer that `offer_of` has made; `parties` are the DIDs `assigner` and `assignee`."""
    about = {**offer[CONTRACT], "strategy": strategy}
    said = {name: value for name, value in offer.items() if name not in {"@id", "@type", CONTRACT}}
    return {**said, "@type": "Agreement", **parties, "timestamp": at, CONTRACT: about}


def digest_of(agreement: Mapping[str, Any], code: str) -> bytes:
    """Return the digest of the contract that an agreement is."""
    about = agreement[CONTRACT]
    return contract_digest(about["name"], code, about["strategy"])


def until(agreement: Mapping[str, Any]) -> datetime | None:
    """Return when the contract ends that an agreement is, None for one that is none."""
    return datetime.fromisoformat(agreement[CONTRACT]["until"]) if CONTRACT in agreement else None


def _minor(limit: Mapping[str, Any], currency: str) -> int:
    if (limit.get("leftOperand"), limit.get("operator")) != (offers.PAY_AMOUNT, "eq"):
        raise UnacceptableError("a price is a `payAmount` that is equal to so much")
    if limit.get("unit", currency) != currency:
        raise UnacceptableError(
            f"the price is in `{str(limit.get('unit'))[:20]}`, and this space settles in {currency}"
        )
    try:
        minor = Decimal(str(limit.get("rightOperand"))).scaleb(DECIMALS[currency])
        if minor == minor.to_integral_value() and 0 <= minor <= MAX_MINOR:
            return int(minor)
    except InvalidOperation:
        pass
    raise UnacceptableError(f"`{str(limit.get('rightOperand'))[:40]}` is no amount of {currency}")

"""A product's policy, price and terms as an ODRL offer or agreement, and back.

Law: (1) the *rules* of a policy are the same value in the product, in every offer and in the terms both sides sign;
what only names things (`@id`, `target`, the parties) is laid around them. (2) The price stands twice, in our terms
under `OFFER_TERMS` and for everybody else as an obligation to `compensate` a `payAmount`; two different prices in one
offer are refused. (3) Terms on the table have every member of `contracts.terms` but `policy` (the offer is the policy)
and `salt` (drawn at the agreement).

    {"@id", "@type": "Offer", "permission": […], "obligation": [{"action": "compensate", "constraint":
     [{"leftOperand": "payAmount", "operator": "eq", "rightOperand": "1750"}]}], OFFER_TERMS: {…}}
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from connector.negotiation.protocol.errors import MalformedError
from contracts.decimals import read_decimal
from contracts.errors import ContractError
from contracts.namespace import CHECKPOINT, CONTRACT, OFFER_TERMS, SIGNATURE, SUB_LICENCES, TRIED
from contracts.tariff import Tariff
from policy.forms.protocol import local, named, shown

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from connector.negotiation.protocol.messages import Document
    from contracts.terms import Terms

OFFER_MARK: Final = "#offer"
COMPENSATE: Final = "compensate"
PAY_AMOUNT: Final = "payAmount"
PLAIN: Final = "plain"  # the one tier that needs no signatures of ours
# tiers that are paid outside channels, by what their provider counted
OUTSIDE: Final = frozenset({PLAIN, "computed"})
METERED: Final = "metered by provider"  # what a plain copy is billed by

# Members that name a policy or its parties and say nothing about what may be done.
AROUND: Final = frozenset(
    {"@context", "@id", "@type", "uid", "target", "assigner", "assignee", "timestamp"}
    | {OFFER_TERMS, SIGNATURE, CHECKPOINT, SUB_LICENCES, CONTRACT, TRIED}
)

# what of it a connector of another make gets
NAMES: Final = frozenset({"@id", "@type", "target", "assigner", "assignee", "timestamp", CONTRACT})
RULES: Final = ("profile", "permission", "prohibition", "obligation")
CONFLICT: Final = "conflict"  # which of them wins: a digital contract has it, too


@dataclass(frozen=True, slots=True)
class Proposal:
    """What an offer proposes; `terms` and `price` (minor units per `per` of the tariff) are None where it is silent."""

    offer: str
    target: str | None
    policy: Document
    terms: Document | None
    price: int | None


def offer_id(product: str, own: str | None = None) -> str:
    """Return the id of the one offer of a product: the one it was given of its own, or one made from the product's."""
    return own or product + OFFER_MARK


def rules(policy: Mapping[str, Any]) -> Document:
    """Return what a policy says, without names, parties, our keys, the price duty and empty lists."""
    said = {name: value for name, value in policy.items() if name not in AROUND and value != []}
    duties = [duty for duty in said.pop("obligation", []) if _paid(duty) is None]
    return said | ({"obligation": duties} if duties else {})


def price_of(terms: Mapping[str, Any]) -> int:
    """Return the tariff's `minor`; `MalformedError` when the terms have no proper tariff."""
    try:
        return Tariff.from_json(terms.get("tariff")).minor
    except ContractError as error:
        raise MalformedError(str(error)) from error


def at_price(terms: Mapping[str, Any], price: int) -> Document:
    """Return the same terms at another price."""
    return {**terms, "tariff": {**terms["tariff"], "minor": str(price)}}


def offer(product: str, policy: Mapping[str, Any], terms: Mapping[str, Any], *, target: str | None = None) -> Document:
    """Return the offer at the price of `terms`; with `target` it may stand in a message, without in a catalogue."""
    named: Document = {"@id": offer_id(product), "@type": "Offer"} | ({"target": target} if target else {})
    return named | priced(policy, price_of(terms)) | {OFFER_TERMS: dict(terms)}


def asked(product: Mapping[str, Any], *, target: str | None = None) -> Document:
    """Return a `products` row as its offer at the asked price (`limits.ask`)."""
    terms = at_price(product["terms"], int(product["limits"]["ask"]))
    named = {"@id": offer_id(product["id"], product.get("offer"))}
    return offer(product["id"], product["policy"], terms, target=target) | named


def agreement(
    terms: Terms, *, urn: str, assigner: str, assignee: str, now: datetime, signature: Document | None = None
) -> Document:
    """Return the ODRL agreement on `terms` between two participant ids."""
    parties = {"assigner": assigner, "assignee": assignee, "timestamp": now.strftime("%Y-%m-%dT%H:%M:%SZ")}
    named: Document = {"@id": urn, "@type": "Agreement", "target": terms.product} | parties
    signed = {SIGNATURE: signature} if signature else {}
    return named | priced(terms.policy, terms.tariff.minor) | {OFFER_TERMS: terms.json()} | signed


def foreign(document: Mapping[str, Any]) -> Document:
    """Return an offer or agreement of ours as a connector of another make gets it.

    It has rules in words that the protocol's context knows, names and parties, and nothing else: such a connector keeps
    what its buyer took of an offer, reads the rest by the context or not at all, and compares the agreement with it.
    What costs nothing has no duty to pay nothing.
    """
    rules = (*RULES, CONFLICT) if CONTRACT in document else RULES
    said = {name: document[name] for name in rules if name in document}
    duties = [duty for duty in said.pop("obligation", []) if _paid(duty) != "0"]
    said = named(said | ({"obligation": duties} if duties else {}))
    return {name: value for name, value in document.items() if name in NAMES} | said


def read(document: Mapping[str, Any]) -> Proposal:
    """Return what a schema-valid offer or agreement proposes; `MalformedError` when it contradicts itself."""
    terms = document.get(OFFER_TERMS)
    if terms is not None and not isinstance(terms, dict):
        raise MalformedError(f"`{OFFER_TERMS}` is not an object")
    if terms is None:
        said = {name: value for name, value in document.items() if name not in AROUND}
        document = {name: document[name] for name in document if name in AROUND} | local(shown(said))
    written = _written_price(document)
    if terms is None:
        return Proposal(document["@id"], document.get("target"), rules(document), None, written)
    price = price_of(terms)
    if written is not None and written != price:
        raise MalformedError(f"the offer asks for `{written}` as a duty and for `{price}` in its terms")
    return Proposal(document["@id"], document.get("target"), rules(document), terms, price)


def table(proposal: Proposal) -> Document | None:
    """Return the table that an offer with terms of ours makes, None for one without."""
    return None if proposal.terms is None else {**proposal.terms, "policy": proposal.policy}


def shape(terms: Mapping[str, Any]) -> Document:
    """Return the tariff of terms without its price."""
    return {name: value for name, value in terms.get("tariff", {}).items() if name != "minor"}


def differences(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> list[str]:
    """Return the members, in order, in which two JSON objects differ."""
    missing = object()
    names = sorted(set(ours) | set(theirs))
    return [name for name in names if ours.get(name, missing) != theirs.get(name, missing)]


def priced(policy: Mapping[str, Any], price: int) -> Document:
    """Return the rules of a policy with the one duty to pay a price."""
    said = rules(policy)
    constraint = {"leftOperand": PAY_AMOUNT, "operator": "eq", "rightOperand": str(price)}
    duty = {"action": COMPENSATE, "constraint": [constraint]}
    return {**said, "obligation": [*said.get("obligation", []), duty]}


def _written_price(document: Mapping[str, Any]) -> int | None:
    """Return the one price that stands as a duty; two duties to pay are a contradiction."""
    amounts = [paid for duty in document.get("obligation", []) if (paid := _paid(duty)) is not None]
    if len(amounts) > 1:
        raise MalformedError("the offer has more than one duty to pay")
    try:
        return read_decimal(amounts[0], PAY_AMOUNT) if amounts else None
    except ContractError as error:
        raise MalformedError(str(error)) from error


def _paid(duty: Mapping[str, Any]) -> str | None:
    """Return the amount of a duty that is exactly `compensate` with one `payAmount eq` a string, else None."""
    match duty:
        case {
            "action": "compensate",
            "constraint": [{"leftOperand": "payAmount", "operator": "eq", "rightOperand": str() as amount}],
        }:
            return amount
    return None

"""A `/contractNegotiate` as a message of the engine: a request, an offer, an assent, an agreement or its verification.

Law: which it is follows from the negotiation as it stands, from who says it and from whether it is signed; nothing is
written here.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from connector.negotiation.ndi import offers
from connector.negotiation.protocol import messages
from connector.negotiation.protocol import offers as protocol_offers
from connector.negotiation.protocol.errors import UnacceptableError
from connector.negotiation.protocol.states import OFFERED, PROVIDER
from contracts.namespace import CONTRACT
from contracts.ndi.interfaces import STRATEGY

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from connector.negotiation.protocol.messages import Document
    from connector.store.rows.contract import ContractRow
    from connector.store.rows.product import ProductRow
    from connector.store.rows.protocol import NegotiationRow
    from contracts.ndi.services import ServiceParty

CONTRACT_URN: Final = "urn:tc609:contract:"
# the members of a strategy, and of its parts
KNOWN: Final[Mapping[str, frozenset[str]]] = {
    "": frozenset(name for one in STRATEGY for name in (one.name, *one.also)),
    **{one.name: frozenset(name for each in one.of for name in (each.name, *each.also)) for one in STRATEGY if one.of},
}
STAMP: Final = "%Y-%m-%dT%H:%M:%SZ"


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a peer says of a contract: its strategy as it came and as it was read, what is signed, and its signature.

    `round` is what it says of its place among the proposals, with its signature over that.
    """

    contract: ContractRow
    raw: Document
    strategy: Mapping[str, Any]
    part: bytes
    signature: bytes | None
    round: Mapping[str, Any] | None
    currency: str

    @property
    def digest(self) -> str:
        """Return the digest of the contract, in hex."""
        return sha256(self.part).hexdigest()


@dataclass(frozen=True, slots=True)
class Ours:
    """Who we are here: DID, and what our connector is called; `base` is where the peer answers."""

    did: str
    name: str
    base: str


def require_known(strategy: Mapping[str, Any]) -> None:
    """Raise UnacceptableError for what a strategy says in members that nobody knows: it would be signed unread."""
    inner = [(name, strategy.get(name, {})) for name in KNOWN if name]
    for name, told in [("", strategy), *inner]:
        if unknown := sorted(set(told) - KNOWN[name]):
            where = f"{name}/{unknown[0]}".strip("/")
            raise UnacceptableError(
                f"the strategy has a member that is unknown here, and would not be kept: `{where[:80]}`"
            )


def pids(row: NegotiationRow, code: str) -> tuple[str, str]:
    """Return (providerPid, consumerPid): the other side knows the negotiation by the contract's code."""
    return (row.id, code) if row.role == PROVIDER else (code, row.id)


def first(said: Proposal, ours: Ours, product: ProductRow | None, services: Sequence[ServiceParty] = ()) -> Document:
    """Return the message that begins a negotiation; `product` is the one of ours that is meant, None for none.

    `services` go with that product: a contract on it names them, and no others.
    """
    subject, nodes = said.strategy["subjectInfo"], said.strategy["executionNodeInfo"]
    begun = said.contract.document
    about = {
        "name": said.contract.name,
        "abstract": begun["contractAbstract"],
        "product": subject["dataProductId"],
        "provider": nodes["providerNodeId"],
        "consumer": nodes.get("consumerNodeId", said.contract.peer),
        "from": begun["activationTime"],
        "until": begun["endTime"],
        **offers.beside(said.strategy),
    }
    code, mine = said.contract.code, {ours.did, ours.name}
    if about["consumer"] in mine:
        target = about["product"]
        offer = offers.offer_of(said.strategy, protocol_offers.offer_id(target), target, about, said.currency)
        return messages.contract_offer(provider_pid=code, offer=offer, callback=ours.base)
    if about["provider"] not in mine:
        raise UnacceptableError("`providerNodeId` and `consumerNodeId` are others than this connector")
    if product is None:
        raise UnacceptableError(f"`{about['product'][:80]}` is no product of ours")
    if about.get(offers.SERVICES, []) != [one.json() for one in services]:
        names = ", ".join(f"{one.entity} ({one.role}, {one.bps})" for one in services) or "none"
        raise UnacceptableError(f"the service parties of this product are others: {names}")
    own = protocol_offers.offer_id(product.id, product.offer)
    offer = offers.offer_of(said.strategy, own, product.id, about, said.currency)
    return messages.contract_request(consumer_pid=code, offer=offer, callback=ours.base)


def to_provider(said: Proposal, row: NegotiationRow) -> Document:
    """Return what a consumer says to us: it signs what was agreed, takes our offer, or proposes something else."""
    code, about = said.contract.code, contract_of(row)
    if said.signature is not None and row.digest == said.digest:
        return messages.verification(*pids(row, code))
    offer = offers.offer_of(said.strategy, _offer_id(row), row.product, about, said.currency)
    # who says our strategy back has it, whether its answer to it was taken here or not
    if OFFERED in (row.state, row.pending) and offers.strategy_of(row.offer or {}, about, said.currency) == said.raw:
        return messages.event("accept", *pids(row, code))
    return messages.contract_request(consumer_pid=code, provider_pid=row.id, offer=offer)


def to_consumer(said: Proposal, row: NegotiationRow, me: str, now: datetime) -> Document:
    """Return what a provider says to us: with its signature it agrees, without it offers something else."""
    code, about = said.contract.code, contract_of(row)
    offer = offers.offer_of(said.strategy, _offer_id(row), row.product, about, said.currency)
    if said.signature is None:
        return messages.contract_offer(provider_pid=code, consumer_pid=row.id, offer=offer)
    parties = {"assigner": row.peer, "assignee": me}
    agreed = offers.agreement_of(offer, said.raw, parties, now.strftime(STAMP))
    return messages.contract_agreement(code, row.id, agreed | {"@id": CONTRACT_URN + code})


def changed(row: NegotiationRow, said: Proposal) -> list[str]:
    """List the rules in which a provider says otherwise than we asked."""
    asked = protocol_offers.read(row.offer or {}).policy
    told = offers.offer_of(said.strategy, _offer_id(row), row.product, contract_of(row), said.currency)
    return protocol_offers.differences(asked, protocol_offers.read(told).policy)


def contract_of(row: NegotiationRow) -> Document:
    """Return what the offer of a negotiation says of its contract."""
    about: Document = (row.offer or {})[CONTRACT]
    return about


def _offer_id(row: NegotiationRow) -> str:
    return str((row.offer or {})["@id"])

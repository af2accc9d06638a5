"""The versions of a contract as people follow them: who proposed what, when, and what it changed, in words.

Law: what differs is told between versions as they were sent, so both parties and the platform read the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from catalog.difference import Difference, of_offers
from connector.negotiation.ndi import offers as contracted
from connector.negotiation.protocol import offers
from connector.negotiation.protocol.errors import ProtocolError
from contracts.price_words import money
from policy.errors import PolicyError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from connector.store.rows.contract import ContractVersionRow

ANY: Final = "urn:penstock:version"


def of(rows: Sequence[ContractVersionRow], currency: str) -> list[dict[str, Any]]:
    """Return the versions with what each changed of the one before."""
    told: list[dict[str, Any]] = []
    before: ContractVersionRow | None = None
    for row in rows:
        changed = [] if before is None else differences(before.strategy, row.strategy, currency)
        told.append(
            {
                "number": row.number,
                "by": row.proposer,
                "at": row.at.isoformat(timespec="seconds"),
                "price": _price(row.strategy, currency),
                "signed": row.proof is not None,
                "history": row.history,
                "differences": [one.json() for one in changed],
            }
        )
        before = row
    return told


def differences(old: Mapping[str, Any], new: Mapping[str, Any], currency: str) -> list[Difference]:
    """Return how two strategies of a contract differ: the price, and each sentence of the policy."""
    was, now = (_read(one, currency) for one in (old, new))
    if was is None or now is None:
        return [] if old == new else [Difference("strategy", "the strategy, in what has no words", "策略内容有变化")]
    found = list(of_offers({"id": ANY, "offer": {"policy": was.policy}}, {"id": ANY, "offer": {"policy": now.policy}}))
    if was.price != now.price:
        prices = f"{_price(old, currency)} → {_price(new, currency)}"
        found.insert(0, Difference("price", f"price: {prices}", f"价格: {prices}"))
    return found


def _price(strategy: Mapping[str, Any], currency: str) -> str:
    """Return the price of a strategy as people write it, empty where it cannot be read."""
    found = _read(strategy, currency)
    return "" if found is None else money(found.price or 0, currency)


def _read(strategy: Mapping[str, Any], currency: str) -> offers.Proposal | None:
    """Return what a strategy proposes, None where that cannot be read."""
    nodes = strategy["executionNodeInfo"]
    product = strategy["subjectInfo"]["dataProductId"]
    provider, consumer = (
        next((str(nodes[name]) for name in names if name in nodes), "")
        for names in (("providerNodeId", "assignerId"), ("consumerNodeId", "assigneeId"))
    )
    about = {"product": product, "provider": provider, "consumer": consumer}
    try:
        about |= contracted.beside(strategy)
        return offers.read(contracted.offer_of(strategy, ANY, product, about, currency))
    except (ProtocolError, PolicyError):
        return None

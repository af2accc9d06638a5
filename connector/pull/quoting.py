"""What a buyer asks a provider for: the offer that the exchange lists, or the one that its sub-licence makes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

from connector.errors import Absent, InvalidInput, PeerRefused
from connector.protocol import offers, validation
from connector.pull import waiting
from contracts import sublicence
from contracts.errors import ContractError
from contracts.namespace import SUB_LICENCES

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.engine.trader import Trader
    from ledger.space import Member

    Row = dict[str, Any]

LICENCE = frozenset({"digest", "provider", "product", "chain"})
SUB_LICENCE_URN = "urn:penstock:sub-licence:"


class Quote(NamedTuple):
    """An offer (with `target`) and whose it is; `asked` is its price, `fixed` what our mandate must say of it."""

    provider: Member
    offer: Row
    asked: int
    fixed: Row


async def listed(trader: Trader, product: str, asking: Callable[[str], None]) -> Quote:
    """Look a product up at the exchange, then its offer at its provider; `asking` is told whom; raises Absent."""
    space = await trader.space_view.current()
    exchange, key = space.members[space.exchange], quote(product, safe="")
    asking(waiting.EXCHANGE)
    listing = await _ask(trader, f"{exchange.url}/exchange/products/{key}", exchange.did)
    provider = await trader.space_view.require(listing["provider"])
    asking(waiting.PROVIDER)
    dataset = await _ask(trader, f"{provider.url}/dsp/catalog/datasets/{key}", provider.did)
    validation.check("Dataset", dataset)
    offer = {**_offer(dataset, listing["offer"].get("id")), "target": dataset["@id"]}
    return Quote(provider, offer, int(listing["offer"]["ask"]), {})


async def licensed(trader: Trader, licence: Row) -> Quote:
    """Return the offer of a sub-licence that `check` has passed, to its key holder; raises Absent."""
    provider = await trader.space_view.require(licence["provider"])
    last = sublicence.read_chain(licence["chain"])[-1]
    terms = last.terms.json()
    policy, salt = terms.pop("policy"), terms.pop("salt")
    offer = offers.offer(last.terms.product, policy, terms, target=last.terms.product)
    offer |= {"@id": SUB_LICENCE_URN + licence["digest"], SUB_LICENCES: licence["chain"]}
    return Quote(provider, offer, last.terms.tariff.minor, {"salt": salt})


def check(licence: Any, product: str) -> None:
    """Refuse what is no sub-licence of a product; raises InvalidInput."""
    if licence is None:
        return
    if not isinstance(licence, dict) or set(licence) != LICENCE:
        raise InvalidInput(f"a sub-licence has exactly the members {', '.join(sorted(LICENCE))}")
    try:
        chain = sublicence.read_chain(licence["chain"])
    except ContractError as error:
        raise InvalidInput(f"the sub-licence is not well formed: {error}", "ask its holder for it again") from error
    if not (licence["product"] == product == chain[-1].terms.product):
        raise InvalidInput(f"the sub-licence is of another product than `{product[:200]}`")


async def _ask(trader: Trader, url: str, did: str) -> Any:
    try:
        answer = await trader.outbound.get(url, headers=trader.authorization(did))
    except PeerRefused as refusal:
        if refusal.status == 404:
            raise Absent(f"`{url.rsplit('/', 1)[-1]}` is not on offer there", "see `penstock find`") from refusal
        raise
    return answer.json()


def _offer(dataset: Any, listed: str | None) -> Row:
    """Return the dataset's offer that the exchange has listed, or its first where the listing names none."""
    for offer in dataset["hasPolicy"]:
        if listed in (None, offer["@id"]):
            return dict(offer)
    raise Absent(f"the listed offer `{str(listed)[:200]}` is not in the provider's catalogue", "ask the provider")

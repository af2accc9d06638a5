"""What a buyer asks a provider for: the offer that the exchange lists, or the one that its sub-licence makes.

And what it would cost: worked out of the offer's tariff and the edition's public rows before anything is agreed, by the
table that prices every order later. Nobody's word is taken for it: header and rows are proven to be the edition's.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

from connector.errors import Absent, InvalidInput, PeerRefused, VerificationFailed
from connector.limits import HEADER_BYTES_MAX, ROWS_BYTES_MAX
from connector.product import pricing
from connector.protocol import offers, validation
from connector.pull import waiting
from connector.pull.licensed import rows_of
from contracts import meter, price_words, sublicence
from contracts.errors import ContractError
from contracts.namespace import SUB_LICENCES
from contracts.tariff import Tariff, amount
from contracts.units import AGREEMENT
from ledger.edition import agreed

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.engine.trader import Trader
    from contracts.ranges import RowSet
    from ledger.row_table import RowTable
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


async def total(trader: Trader, product: str) -> Row:
    """Return what is asked for a listed product, and what that makes for `of`: `all` of it, or one use or period.

    `amount` is in minor units. Raises Absent, VerificationFailed, and InvalidInput for an offer without terms of ours.
    """
    found = await listed(trader, product, lambda _whom: None)
    terms = offers.read(found.offer).terms
    if terms is None:
        raise InvalidInput(f"the offer of `{product[:200]}` has no terms that could be worked out", "ask its provider")
    shown = await public(trader, found.provider, terms["editionId"])
    try:
        _, table = await asyncio.to_thread(agreed, bytes.fromhex(terms["editionId"]), *shown)
        tariff, wanted = Tariff.from_json(terms["tariff"]), rows_of(terms, table)
    except ContractError as error:
        raise VerificationFailed(f"what the provider shows is not the edition on offer: {error}") from error
    pricing.verify(terms, table)
    of, quantity = _measured(tariff, wanted, table)
    return {
        "product": product,
        "title": terms["title"],
        "provider": found.provider.did,
        "tier": terms["tier"],
        "edition": terms["editionId"],
        "columns": sorted(terms.get("columns", {})),
        "pieces": len(wanted),
        "bytes": str(sum(table.plain_bytes(first, count) for first, count in wanted.ranges)),
        "price": price_words.price(tariff),
        "asked": str(found.asked),
        "of": of,
        "amount": str(amount(tariff, quantity)),
    }


async def public(trader: Trader, provider: Member, edition: str) -> tuple[Any, bytes]:
    """Return header (JSON) and rows that a provider shows of an edition, whose id is hex; nothing is proven yet."""
    base = f"{provider.url}/sealed/{edition}"
    header = await trader.outbound.get(base + "/header", limit_bytes=HEADER_BYTES_MAX)
    rows = await trader.outbound.get(base + "/rows", limit_bytes=ROWS_BYTES_MAX)
    return header.json(), rows.body


def _measured(tariff: Tariff, wanted: RowSet, table: RowTable) -> tuple[str, int]:
    """Return what a total is of, and the quantity of it that the tariff prices."""
    if tariff.period:
        return tariff.period, tariff.per
    if tariff.counted.paid_within != AGREEMENT:
        return tariff.unit, 1
    return "all", meter.added(tariff, wanted, table, begins=True)


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

"""What a provider has on offer, and who holds what of it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import quote as quoted

from connector.api.pages.money import DAYS, by_product
from connector.api.pages.trading import line, moment
from connector.console import describing, language
from connector.console.leafing import leafed
from connector.identity.space.exchange import ExchangeDoor
from connector.provider.shop import Shop
from connector.runtime.errors import Absent
from connector.runtime.limits import FOUND_ROWS_MAX, PAGE_ROWS_MAX
from connector.store.rows.agreement import AgreementRow
from connector.store.rows.product import ProductRow
from contracts import attested

if TYPE_CHECKING:
    from connector.api.call import Call
    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject

HOLDERS_SHOWN = 100
SOLD = "SELECT product, count(*) AS n FROM agreements WHERE role = 'provider' GROUP BY product"


async def products(call: Call) -> JsonObject:
    """Return the products, the newest first, each as a card has it: what it is, asks, and brought in by day."""
    first, today = call.first(FOUND_ROWS_MAX), call.core.clock.now().date()
    begin = today - timedelta(days=DAYS - 1)

    def read(tx: Tx) -> tuple[list[ProductRow], dict[str, int], dict[str, list[int]]]:
        rows = tx.find(ProductRow, "", (), "updated desc", first + PAGE_ROWS_MAX + 1)[first:]
        counted = {row["product"]: int(row["n"]) for row in tx.execute(SOLD)}
        return rows, counted, by_product(tx, [row.id for row in rows], begin, today)

    rows, counted, brought = await call.core.store.read(read)
    return leafed(first, [_line(row, counted.get(row.id, 0), brought.get(row.id)) for row in rows])


def _line(row: ProductRow, sold: int, brought: list[int] | None) -> JsonObject:
    told = {"id": row.id, "title": row.title, "state": row.state, "tier": row.tier}
    about = describing.described(row.dataset) if row.dataset else {}
    sales = None if brought is None else {"days": [str(one) for one in brought], "amount": str(sum(brought))}
    return {**told, "sold": sold, "updated": moment(row.updated)} | {
        "price": describing.price((row.terms or {})["tariff"]) if (row.terms or {}).get("tariff") else None,
        "sales": sales,
        **{name: about.get(name) for name in ("titles", "first", "bytes", "tableRows")},
    }


async def product(call: Call) -> JsonObject:
    """Return one product: what others see of it, and who has agreed to it."""
    key = call.path["id"]

    def read(tx: Tx) -> tuple[ProductRow, JsonObject]:
        row = tx.get(ProductRow, id=key)
        if row is None:
            raise Absent(f"there is no product `{key[:200]}` of ours", "see the list of products")
        held = tx.find(AgreementRow, "product = ? and role = ?", (key, "provider"), "created desc", HOLDERS_SHOWN)
        return row, {"rows": [line(tx, one) for one in held], "holders": _holders(held)}

    row, told = await call.core.store.read(read)
    about = describing.described(row.dataset) if row.dataset else {"readable": "", "files": [], "rows": [], "said": {}}
    terms = row.terms or {}
    return {
        **{name: getattr(row, name) for name in ("id", "title", "state", "tier", "edition")},
        "attested": attested.named(terms),
        "failure": describing.failure(row.reason),
        "stands": row.standing is not None,
        "floor": (row.brief or {}).get("floor"),
        "about": about,
        "price": describing.price(terms["tariff"]) if terms.get("tariff") else {},
        "rules": describing.rules(row.policy, row.id) if row.policy else {},
        "kept": describing.kept(row.policy, row.id, row.tier) if row.policy else [],
        "terms": describing.terms(row.policy, row.id) if row.policy else {},
        "holders": told["holders"],
        "rows": told["rows"],
    }


def _holders(agreements: list[AgreementRow]) -> list[JsonObject]:
    """Return who holds the product under which agreement, and who under a sub-licence of theirs."""
    told = [{name: getattr(row, name) for name in ("peer", "digest", "state", "parent")} for row in agreements]
    return [
        {**one, "below": [child for child in told if child["parent"] == one["digest"]]}
        for one in told
        if not one["parent"]
    ]


async def orders(call: Call) -> JsonObject:
    """Return who bought a product of ours, when, and what it came to."""
    told = await call.of(Shop).orders(call.path["id"])
    return {**told, "rows": told["orders"]}


async def versions(call: Call) -> JsonObject:
    """Return every version of a listing of ours, the newest first, each with what it changed, in words."""
    key = call.path["id"]
    if await call.core.store.read(lambda tx: tx.get(ProductRow, id=key)) is None:
        raise Absent(f"there is no product `{key[:200]}` of ours", "see the list of products")
    told = await call.of(ExchangeDoor).ask("GET", f"/exchange/products/{quoted(key, safe='')}/versions")
    rows = [
        {**row, **{lang: "; ".join(one[lang] for one in row["differences"]) for lang in language.LANGUAGES}}
        for row in told["versions"]
    ]
    return {"id": key, "rows": rows}

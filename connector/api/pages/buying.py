"""What a buyer does: look at a product, have it worked out, buy it, watch it come."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING
from urllib.parse import quote as quoted

from connector.api.pages import saying
from connector.console import describing
from connector.console.acts import SAID
from connector.console.amounts import decimal, minor
from connector.console.examples import calculated, examples, slid
from connector.console.leafing import leafed
from connector.console.summary import sold
from connector.consumer.acquisition import Acquisitions
from connector.consumer.budget import Budget
from connector.consumer.choosing import OTHERWISE
from connector.consumer.mandate import RULES, TRIED
from connector.consumer.prospect import Prospects
from connector.consumer.quoting import Quotes
from connector.identity.space.exchange import ExchangeDoor
from connector.identity.space.view import SpaceView
from connector.runtime.errors import Absent, PeerRefused
from connector.runtime.limits import FOUND_ROWS_MAX, PAGE_ROWS_MAX
from connector.store.rows.agreement import AcquisitionRow
from connector.store.rows.channel import PaidRowsRow
from contracts import attested
from ledger.chain.programs import Programs

if TYPE_CHECKING:
    from connector.api.call import Call
    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject

CAPPED = "total"
# of a product's page
VERSIONS_SHOWN = 5


async def product(call: Call) -> JsonObject:
    """Return one listed product: what it holds, what it costs, what is permitted, and what proves it.

    `file` is whose columns are shown, `at` the place of the slider, `many` a quantity that was typed.
    """
    listing = await call.of(ExchangeDoor).ask("GET", "/exchange/products/" + quoted(call.path["id"], safe=""))
    asked = {name: call.request.query.get(name, "").strip() for name in ("file", "many", "at")}
    told = {**shown(listing, asked["file"]), "unpaid": listing.get("unpaid", 0)}
    if told["limits"]:
        return told
    terms = listing["offer"]["terms"]
    tariff = describing.tariff(terms["tariff"], listing["offer"]["ask"])
    whole = {"byte": int(told.get("bytes", 0)), "row": int(told.get("tableRows", 0))}
    slider = slid(tariff, sold(listing), asked["at"])
    return {
        **told,
        "own": listing["provider"] == call.core.identity.did,
        "examples": examples(tariff, whole),
        "calculator": calculated(tariff, asked["many"]),
        "slider": slider,
        "versions": await _versions(call, listing["id"]),
        "tries": "coverage" in terms.get("gate", {}),
        "chooses": "gate" in terms and not OTHERWISE & set(terms["gate"]),
    }


async def _versions(call: Call, product: str) -> list[JsonObject]:
    """Return the newest versions of a listing; none where the exchange does not tell them."""
    try:
        told = await call.of(ExchangeDoor).ask("GET", f"/exchange/products/{quoted(product, safe='')}/versions")
    except (Absent, PeerRefused):
        return []
    return list(told["versions"][:VERSIONS_SHOWN])


def shown(listing: JsonObject, file: str = "") -> JsonObject:
    """Return a listing as its page shows it; a service, or what was found elsewhere, with what it lacks."""
    if "limits" in listing:
        return _limited(listing)
    offer = listing["offer"]
    review = listing["review"] or {}
    return {
        **{name: listing[name] for name in ("id", "title", "provider", "tier", "edition", "quality", "state")},
        "attested": attested.named(offer.get("terms") or {}),
        **describing.described(
            listing["dataset"], file, (listing.get("sample") or {}).get("path", ""), listing.get("least", "")
        ),
        "limits": [],
        "price": describing.prices(listing),
        "rules": describing.rules(offer["policy"], listing["id"]),
        "terms": describing.terms(offer["policy"], listing["id"]),
        "kept": describing.kept(offer["policy"], listing["id"], listing["tier"]),
        "qualities": describing.qualities(listing["quality"]),
        "sample": listing.get("sample"),
        "evidence": {
            "edition": listing["edition"],
            "number": listing["header"].get("edition"),
            "sealed": listing["header"].get("sealedAt"),
            "resource": listing.get("resource"),
            "rows": listing["header"].get("rows"),
            "drawn": len(review.get("rows", [])),
            "looked": review.get("looked"),
            "doubts": review.get("doubts", []),
            "bound": review.get("bound"),
            "seed": review.get("seed"),
        },
    }


def _limited(listing: JsonObject) -> JsonObject:
    about = listing.get("service") or listing["dataset"]
    policy = about["policy"] if "service" in listing else listing["offer"]["policy"]
    return {
        **{name: listing[name] for name in ("id", "title", "provider", "tier", "limits")},
        **{name: about.get(name) for name in ("description", "keywords", "endpoint", "documentation")},
        "price": describing.prices(listing),
        "rules": describing.rules(policy, listing["id"]),
    }


async def quote(call: Call) -> JsonObject:
    """Return what a product costs in all, and what a buyer may say before it is bought."""
    found = await call.of(Quotes).total(call.path["id"])
    listing = await call.of(ExchangeDoor).ask("GET", "/exchange/products/" + quoted(call.path["id"], safe=""))
    tariff = describing.tariff(listing["offer"]["terms"]["tariff"])
    policy = listing["offer"]["policy"]
    allowed = describing.permitted(policy, listing["id"])
    purposes = sorted(describing.purposes(), key=lambda one: one["iri"] not in allowed)
    told = {"rules": describing.rules(policy, listing["id"]), "terms": describing.terms(policy, listing["id"])}
    told |= {"attested": attested.named(listing["offer"]["terms"])}
    told |= {"tier": listing["tier"], "kept": describing.kept(policy, listing["id"], listing["tier"])}
    told |= {"asked": saying.asked(policy)}
    told["tried"] = call.request.query.get(TRIED, "")
    return {**found, "id": found["product"], "currency": tariff.currency, **told, "permitted": allowed} | {
        "price": describing.prices(listing),
        "purposes": purposes,
        "budget": await call.of(Budget).page(),
        "asking": decimal(found["asked"]),
        "balance": str(await call.of(Programs).balance(call.core.identity.keys.address)),
    }


async def buy(call: Call, fields: dict[str, str]) -> str:
    """Begin to get a product within what the form says, and within what is left of the month's budget."""
    product, key = call.path["id"], f"console-{secrets.token_hex(8)}"
    currency = call.of(SpaceView).last().currency
    most = cap = minor(fields[CAPPED], currency) if fields[CAPPED].strip() else None
    limit = minor(fields["limit"], currency)
    said = saying.read(fields[SAID])
    mandate = {"limit": limit, "purpose": fields["purpose"], SAID: said, "bid": None, "deposit": None, "cap": cap}
    mandate |= {name: text for name in (*RULES, TRIED) if (text := fields.get(name, "").strip())}
    if most is None and call.of(Budget).named:
        most = (await call.of(Quotes).total(product))["amount"]
    await call.of(Prospects).foresee(product, mandate, call.person)
    async with call.of(Budget).room(key, int(most or 0)):
        view = await call.of(Acquisitions).acquire(key, product, mandate, call.person)
    return "/acquisitions/" + quoted(view["id"], safe="")


async def acquisitions(call: Call) -> JsonObject:
    """Return what is being got or was, the newest first."""
    first = call.first(FOUND_ROWS_MAX)

    def read(tx: Tx) -> list[JsonObject]:
        rows = tx.find(AcquisitionRow, "", (), "updated desc", first + PAGE_ROWS_MAX + 1)[first:]
        return [_line(tx, row) for row in rows]

    return leafed(first, await call.core.store.read(read))


async def acquisition(call: Call) -> JsonObject:
    """Return how far one is."""
    view = await call.of(Acquisitions).view(call.path["id"])
    return {**view, "failure": describing.failure(view["reason"])}


def _line(tx: Tx, row: AcquisitionRow) -> JsonObject:
    told = {name: getattr(row, name) for name in ("id", "product", "provider", "state")}
    paid = tx.get(PaidRowsRow, agreement=row.agreement) if row.agreement else None
    cost = "0" if paid is None else str(paid.amount)
    return {**told, "paid": cost, "updated": row.updated.isoformat(timespec="seconds")}

"""Each tariff from the words of `publish` to the bill, over the wire between real processes."""

from __future__ import annotations

import asyncio
import csv
import random

import pytest
import pytest_asyncio

from connector.demo.story import term_end
from connector.runtime.errors import PeerRefused
from tests.api.command import commanded
from tests.api.space import PURPOSE

pytestmark = pytest.mark.asyncio(loop_scope="session")

RECORDS, PIECE = 4000, 1 << 16
# product → the price as `publish` says it, and the words that its listing then has
BRIEFS = {
    "row": ({"price": "3", "unit": "row", "beyond": [[1000, 5000]]}, "0.03 CNY per row, 50 % of that beyond 1000 rows"),
    "flat": ({"price": "12345", "unit": "flat"}, "123.45 CNY in all, spread over what is taken"),
    "advance": ({"price": "4000", "unit": "advance"}, "40.00 CNY in all, in advance"),
    "free": ({"price": "0", "unit": "free"}, "nothing"),
    "monthly": (
        {"price": "900", "unit": "MiB", "every": "year", "quota": 1}, "9.00 CNY per year for up to 1 MiB, none beyond"
    ),
    "openings": (
        {"price": "900", "unit": "opening", "every": "year", "quota": 2, "beyond": [[2, 10000]], "tier": "leased"},
        "9.00 CNY per year for up to 2 openings, beyond 2 openings 100 % of its share for each",
    ),
    "any openings": ({"price": "900", "unit": "advance", "tier": "leased"}, "9.00 CNY in all, in advance"),
}  # fmt: skip


def brief(space, product, files):
    said = {"tier": "kept", "floor": BRIEFS[product][0]["price"], "beyond": []} | BRIEFS[product][0]
    about = {
        "id": product,
        "title": f"Priced {product}",
        "keywords": ["priced"],
        "files": [str(file) for file in files],
    }
    rules = {"purpose": "Research", "until": term_end(space.now()), "region": "US", "pieceKiB": PIECE >> 10}
    return said | about | rules


async def said(space, product, file):
    """Publish as a person does, in the words of the command line."""
    price = [
        "--price=900",
        "--unit=opening",
        "--every=year",
        "--quota=2",
        "--beyond=2=100%",
        "--tier=leased",
        "--piece=64",
    ]
    rules = ["--purpose", "Research", "--until", term_end(space.now()), "--region", "US"]
    about = ["--id", product, "--title", f"Priced {product}", "--keyword", "priced"]
    command = ("publish", str(file), *price, *rules, *about, "--data", space.people["provider"].data)
    ended = await commanded(*command)
    assert (ended.code, b"next: the exchange reviews it" in ended.out) == (0, True), ended


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def bought(space):
    """All of them published, listed and got; the last views by product."""
    file = space.folder / "records.csv"
    chance = random.Random(7)
    with file.open("w", newline="") as stream:
        table = csv.writer(stream)
        table.writerow(["flight", "minutes", "note"])
        table.writerows([number, chance.randrange(500), f"{chance.getrandbits(256):x}"] for number in range(RECORDS))

    async def one(product):
        if product == "openings":
            await said(space, product, file)
        else:
            await space.doors["provider"].call("POST", "products", brief(space, product, [file]))
        await space.doors["exchange"].call("POST", f"listings/{product.replace(' ', '%20')}/review", {})
        mandate = {"limit": BRIEFS[product][0]["price"], "bid": None, "purpose": PURPOSE}
        mandate["deposit"] = "3000" if product == "openings" else None  # beyond the quota more is due than one period
        body = {"id": product.replace(" ", "-"), "product": product, "mandate": mandate}
        await space.doors["buyer"].call("POST", "acquisitions", body)
        return await space.complete(product.replace(" ", "-"), within=60)

    views = await asyncio.gather(*map(one, BRIEFS))
    return dict(zip(BRIEFS, views, strict=True))


def books(space, role, view):
    rows = [row for row in space.rows(role, "paid_rows") if row["agreement"] == view["agreement"]]
    return (int(rows[0]["amount"]), rows[0]["rows"]) if rows else (0, None)


async def test_the_listing_says_each_price_in_words(space, bought):
    found = await space.doors["buyer"].call("GET", "find?q=priced")
    said = {row["id"]: row["price"] for row in found["products"] if row["id"] in BRIEFS}
    assert said == {product: words for product, (_, words) in BRIEFS.items()}
    assert {product: view["price"] for product, view in bought.items()} == said


async def test_the_whole_costs_what_its_tariff_says_on_both_sides(space, bought):
    paid = {product: int(view["progress"]["paid"]) for product, view in bought.items()}
    assert paid["row"] == 3 * 1000 + -(-3 * 3000 // 2)
    assert {paid[name] for name in ("openings", "any openings", "free")} == {0}
    assert (paid["flat"], paid["advance"], paid["monthly"]) == (12345, 4000, 900)
    for product, view in bought.items():
        assert books(space, "provider", view) == books(space, "buyer", view)
        assert paid[product] <= int(view["cap"])


async def open_one(space, product, number):
    about = {"acquisition": product.replace(" ", "-"), "purpose": PURPOSE}
    said = await space.doors["buyer"].call("POST", "openings", {"id": f"{product}-{number}", **about})
    return said["charged"]


async def test_openings_within_a_quota_and_beyond_are_charged_as_they_come(space, bought):
    assert [await open_one(space, "openings", number) for number in range(4)] == [900, 0, 450, 450]
    assert books(space, "provider", bought["openings"])[0] == 1800


async def test_what_is_paid_in_advance_opens_as_often_as_one_likes(space, bought):
    assert [await open_one(space, "any openings", number) for number in range(3)] == [900, 0, 0]


async def test_a_product_that_may_cost_more_than_the_mandate_is_not_bought(space, bought):
    mandate = {"limit": "12345", "cap": "12344", "purpose": PURPOSE}
    body = {"id": "capped", "product": "flat", "mandate": mandate}
    await space.doors["buyer"].call("POST", "acquisitions", body)
    view = await space.until("capped", lambda view: view["state"] == "failed", within=60)
    assert "all of it costs 123.45 CNY, and you pay 123.44 CNY at most" in view["reason"], "before anything is asked"
    assert view["cap"] is None


BILLS = {
    "row": "4000 rows at 0.03 CNY per row, 50 % of that beyond 1000 rows: 75.00 CNY",
    "any openings": " in advance: 9.00 CNY",
}


@pytest.mark.parametrize("product", BILLS)
async def test_the_provider_settles_with_a_bill_in_words(space, bought, product):
    about = {"agreement": bought[product]["agreement"]}
    (settled,) = (await space.doors["provider"].call("POST", "settlements", about))["channels"]
    assert settled["bill"].endswith(BILLS[product])
    assert int(settled["settled"]) == books(space, "provider", bought[product])[0]


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"unit": "opening"}, "tier"),
        ({"unit": "call"}, "tier"),
        ({"unit": "subscription"}, "unit"),
        ({"tier": "leased"}, "tier"),
        ({"every": "month"}, "quota"),
        ({"quota": 5}, "every"),
        ({"every": "moon", "quota": 5}, "every"),
        ({"every": "month", "quota": 5, "unit": "flat"}, "quota"),
        ({"every": "month", "quota": 5, "beyond": [[6, 10000]]}, "quota"),
        ({"beyond": [[5, 1], [5, 2]]}, "rise"),
        ({"beyond": [[5]]}, "beyond"),
        ({"beyond": [[5, 100_001]]}, "range"),
        ({"unit": "flat", "beyond": [[5, 1]]}, "flat"),
        ({"unit": "free"}, "free"),
    ],
    ids=str,
)
async def test_a_price_that_makes_no_sense_is_refused_before_anything_is_stored(space, change, word):
    asked = brief(space, "row", [space.folder]) | {"id": "senseless", "unit": "MiB"} | change
    with pytest.raises(PeerRefused) as refused:
        await space.doors["provider"].call("POST", "products", asked)
    assert refused.value.status == 400
    assert word in refused.value.body.decode()
    assert not [row for row in space.rows("provider", "products") if row["id"] == "senseless"]

"""A provider's shop on real processes: a product file published, priced anew, taken off, and who bought what."""

from __future__ import annotations

import asyncio
import json

import pytest

from catalog.product_template import PLACE
from connector.demo.story import term_end
from connector.runtime.errors import PenstockError
from tests.api.command import commanded
from tests.api.space import PURPOSE

pytestmark = pytest.mark.asyncio(loop_scope="session")

FILE = """
id = "readings"
title = { en = "Readings of stations", zh = "站点读数" }
files = ["readings.csv", "stations.csv"]
keywords = ["weather"]
licence = "https://creativecommons.org/licenses/by/4.0/"
citation = "Example (2026): Readings."
frequency = "daily"

[description]
en = "# Readings\\n\\nof **three** stations"
zh = "三个站点的读数"

[contact]
name = "Data desk"
email = "data@example.org"

[price]
amount = "4.20"
floor = 4
unit = "MiB"

[policy]
purpose = "Research"
until = 2099-01-31
region = "US"

[tables."readings.csv"]
title = "Readings"
columns.station = "the station's code"
columns.temp = { meaning = { en = "air temperature", zh = "气温" }, unit = "°C" }

[[relations]]
from = "readings.csv:station"
to = "stations.csv:code"
"""


@pytest.fixture
def shop(space, tmp_path):
    (tmp_path / "readings.csv").write_text("station,temp\n" + "".join(f"s{n % 3},{n % 30}\n" for n in range(900)))
    (tmp_path / "stations.csv").write_text("code,place\ns0,A\ns1,B\ns2,C\n")
    (tmp_path / "product.toml").write_text(FILE)
    return tmp_path


async def said(space, role, *words, code=0):
    done = await commanded(*words, "--data", space.people[role].data)
    assert done.code == code, (done.out, done.err)
    return (done.out + done.err).decode()


async def failed(space, role, *words):
    done = await commanded(*words, "--data", space.people[role].data)
    assert done.code != 0, done.out
    return f"{done.code} {done.err.decode()}"


async def test_a_product_file_is_published_and_shown_to_buyers(space, shop):
    told = await said(space, "provider", "publish", "--from", shop / "product.toml")
    assert "903 rows in 3 pieces sealed" in told
    await space.doors["exchange"].call("POST", "listings/readings/review", {})
    shown = await said(space, "buyer", "product", "show", "readings")
    for part in ("4.20 CNY per MiB", "气温", "°C", "data@example.org", "Example (2026)", "of **three** stations"):
        assert part in shown
    face = await space.doors["buyer"].call("GET", "offers/readings/dcat")
    assert face["dct:title"][1] == {"@value": "站点读数", "@language": "zh"}
    assert face["dcat:contactPoint"]["vcard:hasEmail"] == {"@id": "mailto:data@example.org"}
    assert face["dct:bibliographicCitation"] == "Example (2026): Readings."
    assert face["dct:license"]["@id"] == "https://creativecommons.org/licenses/by/4.0/"
    station, temp = face["dcat:distribution"][0]["csvw:tableSchema"]["csvw:column"]
    assert (station["csvw:name"], temp["http://schema.org/unitText"]) == ("station", "°C")
    again = await said(space, "provider", "publish", "--from", shop / "product.toml")
    assert "nothing changed: edition 1 is listed" in again


@pytest.mark.parametrize("form", ["toml", "yaml"])
async def test_the_template_publishes_once_its_files_are_named(space, tmp_path, form):
    (tmp_path / "a.csv").write_text("a,b\n1,2\n")
    text = await said(space, "provider", "publish", "--template", form)
    (tmp_path / f"product.{form}").write_text(text.replace(PLACE, "a.csv"))
    told = await said(space, "provider", "publish", "--from", tmp_path / f"product.{form}")
    assert "My product: 1 rows in 2 pieces sealed, edition 1" in told


async def test_an_option_wins_over_the_file_and_what_is_wrong_is_named(space, shop):
    (shop / "product.toml").write_text(
        FILE.replace('"readings"', '"over"').replace("[description]", 'tier = "leased"\n[description]')
    )
    wrong = (shop / "product.toml", "--tier", "kept", "--price", "700", "--title", "Said", "--floor", "500")
    seen = await said(space, "provider", "publish", "--from", *wrong, "--dry-run")
    assert "7.00 CNY per MiB" in seen
    assert "Said: 2 files" in seen
    before = space.stored("provider")
    for change, part in (
        (("columns.temp", "columns.tmep"), "perhaps `temp`"),
        (('[tables."readings.csv"]', '[tables."reading.csv"]'), "perhaps `readings.csv`"),
        (('frequency = "daily"', 'frequency = "dayly"'), "`frequency`"),
        (('"readings.csv", "stations.csv"', '"nothing.csv"'), "there is no `nothing.csv`"),
        (("until = 2099-01-31", "until = 2001-01-31"), "which is over"),
        (("licence =", "license ="), "perhaps `licence`"),
        (('amount = "4.20"', 'amount = "3.20"'), "floor"),
    ):
        (shop / "wrong.toml").write_text(FILE.replace('"readings"', '"over"', 1).replace(*change))
        assert part in await failed(space, "provider", "publish", "--from", shop / "wrong.toml")
    assert space.changed({"provider": before}) in ([], [("provider", "products")])


async def test_a_price_alone_is_seen_at_once_and_what_was_agreed_keeps_its_own(space, tmp_path):
    await space.publish("provider", "repriced", [200_000], price=1000)
    await space.get("repriced", limit=1000)
    await space.complete("repriced")
    paid = (await space.doors["provider"].call("GET", "products/repriced/orders"))["orders"]
    told = await said(space, "provider", "price", "repriced", "20.50")
    assert "10.00 CNY per MiB → 20.50 CNY per MiB" in told
    quote = await said(space, "buyer", "quote", "repriced")
    assert "20.50 CNY per MiB" in quote
    found = (await space.doors["buyer"].call("GET", "find?q=repriced"))["products"]
    assert [(row["id"], row["price"], row["state"]) for row in found] == [("repriced", "20.50 CNY per MiB", "listed")]
    assert (await space.doors["provider"].call("GET", "products/repriced/orders"))["orders"] == paid
    assert paid[0]["price"] == "10.00 CNY per MiB"
    assert "nothing changed" in await said(space, "provider", "price", "repriced", "20.5")
    newest = (await space.doors["buyer"].call("GET", "products/repriced/versions"))["versions"][0]
    assert (newest["number"], newest["reviewed"], [one["key"] for one in newest["differences"]]) == (2, True, ["price"])
    for words, code in (
        (("price", "repriced", "4 EUR"), 2),
        (("price", "repriced", "-1"), 2),
        (("price", "repriced", "1.00", "--floor", "2.00"), 2),
        (("price", "nothing-like-it", "4.00"), 4),
    ):
        await said(space, "provider", *words, code=code)


async def test_an_amount_is_read_alike_wherever_it_is_typed(space, tmp_path):
    """`9.50`, `9.50 CNY` and `950` are one price; what may be meant twice, or is of another currency, is refused."""
    (tmp_path / "a.csv").write_text("a,b\n1,2\n")
    until = term_end(space.now())
    words = ("publish", tmp_path / "a.csv", "--title", "T", "--purpose", "Research", "--until", until, "--dry-run")
    for typed in ("9.50", "9.5 CNY", "9.50cny", "950"):
        assert "price: 9.50 CNY per MiB" in await said(space, "provider", *words, "--price", typed)
    told = await said(space, "provider", *words[:-1], "--price", "9.50", "--id", "typed", "--floor", "8 CNY")
    assert "\nprice: 9.50 CNY per MiB\n" in told
    await space.doors["exchange"].call("POST", "listings/typed/review", {})
    before = {role: space.stored(role) for role in ("provider", "buyer")}
    limits = ("--purpose", "Research", "--dry-run")
    for limit, code in (("9.50", 0), ("950", 0), ("9.49 CNY", 5), ("9", 5), ("900", 5), ("9.50 EUR", 2), ("9,50", 2)):
        await said(space, "buyer", "get", "typed", "--max-price", limit, *limits, code=code)
    for typed, why in (("9.50 EUR", "is in EUR, and this is in CNY"), ("9.505", "no amount"), ("-1", "no amount")):
        assert why in " ".join((await failed(space, "provider", *words, "--price", typed)).replace("│", " ").split())
    assert "3.00 or 300.00" in await failed(space, "provider", "price", "typed", "300")
    assert space.changed(before) == []
    assert "9.50 CNY per MiB → 10.00 CNY per MiB" in await said(space, "provider", "price", "typed", "10 CNY")
    await said(space, "provider", "price", "typed", "10 EUR", code=2)


async def test_what_is_taken_off_is_found_no_more_and_served_to_its_end(space, tmp_path):
    paths = await space.publish("provider", "leaving", [300_000], price=1000, openings=3)
    before = space.stored("provider")
    assert "nothing was done" in await said(space, "provider", "unpublish", "leaving", "--reason", "x", "--dry-run")
    assert space.changed({"provider": before}) == []
    await space.get("leaving", limit=1000)
    await space.complete("leaving")
    told = await said(space, "provider", "unpublish", "leaving", "--reason", "no more")
    assert "withdrawn, its listing is withdrawn\n1 agreements go on" in told
    assert (await space.doors["buyer"].call("GET", "find?q=leaving"))["products"] == []
    await said(space, "buyer", "quote", "leaving", code=4)
    assert "its listing is withdrawn" in await said(space, "provider", "unpublish", "leaving", "--reason", "again")
    await said(space, "provider", "price", "leaving", "4.00", code=2)
    # each opening is of keys that the provider hands out then
    assert (await space.opened("leaving"))[0] == paths[0].read_bytes()
    told = await said(space, "provider", "orders", "leaving")
    assert "1 orders of 1 buyers" in told
    assert "paid: 10.00 CNY" in told


async def test_a_price_that_the_exchange_refuses_leaves_the_product_on_offer(space, tmp_path):
    path = tmp_path / "held.csv"
    path.write_text("hour,height\n" + "".join(f"{hour},{hour % 12}\n" for hour in range(400)))
    await _handed_in(space, path, id="shop-held", title="Held", keywords=["shop-held"], until=term_end(space.now()))
    exchange = space.doors["exchange"]
    await exchange.call("POST", "listings/shop-held/review", {})
    await exchange.call("POST", "listings/shop-held/moves", {"move": "suspend", "reason": "a complaint"})
    assert "suspended" in await failed(space, "provider", "price", "shop-held", "9.00")
    await exchange.call("POST", "listings/shop-held/moves", {"move": "resume", "reason": "it was not true"})
    assert "9.00" in await said(space, "provider", "price", "shop-held", "9.00")
    await space.get("shop-held", limit=1000)
    await space.complete("shop-held")


async def test_a_price_that_is_refused_after_a_crash_leaves_the_product_on_offer(space, tmp_path):
    """The new price was on its way when the provider went down; the exchange, back again, has suspended the listing."""
    path = tmp_path / "down.csv"
    path.write_text("hour,height\n" + "".join(f"{hour},{hour % 12}\n" for hour in range(400)))
    await _handed_in(space, path, id="shop-down", title="Down", keywords=["shop-down"], until=term_end(space.now()))
    exchange, provider = space.people["exchange"], space.people["provider"]
    await space.doors["exchange"].call("POST", "listings/shop-down/review", {})
    await space.doors["exchange"].call("POST", "listings/shop-down/moves", {"move": "suspend", "reason": "a complaint"})

    def product():
        (row,) = [row for row in space.rows("provider", "products") if row["id"] == "shop-down"]
        return row["state"], json.loads(row["limits"])["ask"], json.loads(row["terms"])["tariff"]["minor"]

    def kept():
        return [row for row in space.rows("provider", "facts") if row["name"].startswith("priced:")]

    assert (product(), kept()) == (("submitted", "1000", "1000"), [])
    await exchange.stop()
    asking = asyncio.create_task(said(space, "provider", "price", "shop-down", "9.00", code=7))
    async with asyncio.timeout(30):
        while product()[:2] != ("registered", "900"):
            await asyncio.sleep(0.1)
    assert len(kept()) == 1
    await provider.stop()
    await asyncio.gather(asking, return_exceptions=True)
    await exchange.start(space.environment)
    await provider.start(space.environment)
    async with asyncio.timeout(60):
        while product() != ("submitted", "1000", "1000"):
            await asyncio.sleep(0.1)
    assert kept() == []
    await space.doors["exchange"].call(
        "POST", "listings/shop-down/moves", {"move": "resume", "reason": "it was not true"}
    )
    assert "10.00 CNY per MiB → 9.00 CNY per MiB" in await said(space, "provider", "price", "shop-down", "9.00")
    await space.get("shop-down", limit=900)
    await space.complete("shop-down")


async def test_the_orders_of_a_product_come_to_what_the_statement_says(space, tmp_path):
    await space.publish("provider", "sold", [400_000], price=700)
    for role in ("buyer", "other"):
        await space.get("sold", limit=1000, role=role)
        await space.complete("sold", role=role)
    found = await space.doors["provider"].call("GET", "products/sold/orders")
    assert (len(found["orders"]), found["buyers"], int(found["bytes"]) >= 800_000) == (2, 2, True)
    month = found["orders"][0]["agreed"][:7]
    told = (await space.doors["provider"].call("GET", f"bills/{month}"))["statement"]["agreements"]
    sums = {row["agreement"]: row["amount"] for row in told if row["product"] == "sold"}
    assert sums == {row["agreement"]: row["amount"] for row in found["orders"]}
    assert found["revenue"] == {"CNY": str(sum(map(int, sums.values())))}
    assert "2 orders of 2 buyers" in await said(space, "provider", "orders", "sold")


async def test_a_change_goes_by_review_while_what_was_listed_stands(space, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("a,b\n" + "1,2\n" * 500)

    async def shown():
        found = (await space.doors["buyer"].call("GET", "find?q=standing"))["products"]
        return [(row["title"], row["state"]) for row in found]

    exchange, until = space.doors["exchange"], term_end(space.now())  # one end of use, or the rules are others
    await space.publish_files("provider", "standing", [path], title="Standing one", until=until)
    brief = {"title": "Standing two", "description": "more words", "until": until}
    with pytest.raises(PenstockError):  # it is listed as the second, and nothing waits
        await space.publish_files("provider", "standing", [path], **brief, grade=9)
    await _handed_in(space, path, **brief)
    assert await shown() == [("Standing one", "listed")]
    # data and rules are those that were reviewed: it is bought meanwhile
    await space.get("standing", limit=1000)
    await space.complete("standing")
    # a price alone is at once, whatever waits
    await said(space, "provider", "price", "standing", "11.00")
    shown_at = (await space.doors["buyer"].call("GET", "offers/standing"))["price"]
    assert (shown_at, await shown()) == ("11.00 CNY per MiB", [("Standing one", "listed")])
    assert "11.00 CNY" in await said(space, "buyer", "quote", "standing")
    refuse = {"move": "refuse", "reason": "the words say nothing"}
    await exchange.call("POST", "listings/standing/moves", refuse)
    assert await shown() == [("Standing one", "listed")]
    await _handed_in(space, path, title="Standing three", until=until)
    await exchange.call("POST", "listings/standing/review", {})
    assert await shown() == [("Standing three", "listed")]
    await _handed_in(space, path, title="Standing four", until=until)
    await exchange.call("POST", "listings/standing/moves", {"move": "suspend", "reason": "a complaint"})
    assert await shown() == []
    await exchange.call("POST", "listings/standing/moves", {"move": "resume", "reason": ""})
    assert await shown() == [("Standing three", "listed")]


async def test_what_is_listed_is_sold_while_other_rules_and_data_wait(space, tmp_path):
    """Version after version over HTTP: each buyer gets what the list shows, whatever has been handed in since."""
    path, exchange, buyer = tmp_path / "a.csv", space.doors["exchange"], space.doors["buyer"]
    listings, until = "listings/waits", term_end(space.now())

    def write(rows):
        path.write_text("a,b\n" + "1,2\n" * rows)

    async def bought(key):
        body = {
            "id": key,
            "product": "waits",
            "mandate": {"limit": "2000", "bid": None, "purpose": PURPOSE, "deposit": None},
        }
        await buyer.call("POST", "acquisitions", body)
        view = await space.complete(key)
        [row] = [one for one in space.rows("buyer", "agreements") if one["digest"] == view["agreement"]]
        terms = json.loads(row["terms"])
        return terms["editionId"], "US-NY" not in json.dumps(terms["policy"])

    def product():
        [row] = [one for one in space.rows("provider", "products") if one["id"] == "waits"]
        return row

    write(500)
    first = await space.publish_files("provider", "waits", [path], until=until)
    write(600)
    second = await _handed_in(space, path, id="waits", title="Waits", region="US-NY", until=until)
    assert second["listing"] == "submitted"
    assert second["edition"] != first["edition"]
    # what waits is not sold, by the quote, the catalogue and the purchase alike; a restart changes nothing
    assert (await buyer.call("GET", "quotes/waits"))["edition"] == first["edition"]
    assert await bought("waits-1") == (first["edition"], True)
    await space.people["provider"].kill()
    await space.people["provider"].start()
    assert await bought("waits-2") == (first["edition"], True)
    # another price is of what is sold, too
    await said(space, "provider", "price", "waits", "12.00")
    assert "12.00 CNY" in await said(space, "buyer", "quote", "waits")
    assert (await buyer.call("GET", "quotes/waits"))["edition"] == first["edition"]
    # one more version while one waits: what is listed is still the first
    write(700)
    third = await _handed_in(
        space, path, id="waits", title="Waits", region="US-NY", until=until, price="1200", floor="500"
    )
    assert await bought("waits-3") == (first["edition"], True)
    # the exchange lists it: from the next look on it is what is sold
    await exchange.call("POST", listings + "/review", {})
    assert await bought("waits-4") == (third["edition"], False)
    assert product()["standing"] is None
    # one that is refused is told of, and what was listed is the product again
    write(800)
    await _handed_in(space, path, id="waits", title="Waits", region="FR", until=until, price="1200", floor="500")
    await exchange.call("POST", listings + "/moves", {"move": "refuse", "reason": "not this place"})
    assert await bought("waits-5") == (third["edition"], False)
    assert (product()["standing"], product()["edition"]) == (None, third["edition"])
    assert "not this place" in product()["reason"]
    # and it is published again, mended
    fourth = await _handed_in(
        space, path, id="waits", title="Waits", region="US-NY", until=until, price="1200", floor="500"
    )
    await exchange.call("POST", listings + "/review", {})
    assert await bought("waits-6") == (fourth["edition"], False)


async def _handed_in(space, path, **more):
    brief = {"id": "standing", "files": [str(path)], "price": "1000", "floor": "500", "unit": "MiB", "tier": "kept"}
    rest = {"keywords": ["standing"], "purpose": "Research", "region": "US"}
    return await space.doors["provider"].call("POST", "products", brief | rest | {"pieceKiB": 64} | more)

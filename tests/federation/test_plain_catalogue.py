"""Any catalogue of the Dataspace Protocol is a source: read to its end, kept as it told it, its limits shown."""

from __future__ import annotations

import json

import pytest

from connector.exchange.federation import reading, sources
from connector.negotiation.protocol import messages, validation
from connector.runtime.clock import Clock
from tests.api.lone import lone
from tests.api.stranger import called
from tests.api.test_crawl import REQUEST, Foreign, dataset, nested
from tests.federation.exchanges import add, exchange, found, product, put, source, titles
from tests.negotiation.world import product as on_offer
from tests.protocol import published

DCT, NS = "http://purl.org/dc/terms/", "https://w3id.org/penstock/ns/"
LACKS = ["not-reviewed", "no-edition", "no-evidence", "odrl-terms"]


@pytest.fixture
async def near(tmp_path):
    async with exchange(tmp_path / "near") as made:
        yield made


@pytest.fixture
async def shop(tmp_path):
    async with called(tmp_path / "shop", Clock().now, Foreign) as made:
        yield made


async def test_a_connector_that_speaks_the_protocol_alone_is_found_with_what_it_lacks(near, tmp_path, absent):
    """A provider's real face of the protocol, two pages of it, over HTTP, valid by the published schemas."""
    async with lone(tmp_path / "provider", ("provider",)) as provider:
        rows = [on_offer(id=f"p{number:03}") for number in range(120)]
        await provider.store.write(lambda tx: [tx.insert("products", **row) for row in rows])
        reference = published.validators(published.schemas(absent))["Dataset"]
        row = await add(near, "shop", provider.url, "dsp")
        assert (row["state"], row["products"], row["left"], row["told"]) == ("fresh", 120, 0, [])
        kept = await near.store.read(lambda tx: tx.find("harvested", "source = ?", ("shop",)))
        assert len(kept) == 120
        told = await provider.offering.dataset("p000")
        assert reference.is_valid(messages.root_dataset(json.loads(told)))
    rows = await found(near, "flights", "source=shop")
    assert len(rows) == 100
    one = rows[0]
    assert (one["provider"], one["kind"], one["base"]) == (provider.did, "dsp", provider.url + "/dsp")
    assert [limit["key"] for limit in one["limits"]] == [*LACKS, "no-profile"]
    assert one["price"]
    assert one["offer"]["policy"]["permission"]
    assert one["origins"][0] | {"fetched": "", "read": "", "id": ""} == {
        "source": "shop",
        "id": "",
        "path": [],
        "hops": 0,
        "fetched": "",
        "read": "",
        "state": "fresh",
        "member": None,
    }


async def test_what_it_tells_is_shown_and_what_it_does_not_tell_is_not_guessed(near, shop):
    told = {
        DCT + "title": [{"@value": "潮汐 tides", "@language": "zh"}],
        DCT + "description": "of the\x1b[31m harbour\u202e",
        "dcat:keyword": ["tides", {"@value": "harbour"}, 5],
        DCT + "spatial": {"@id": "CN-44"},
        DCT + "accrualPeriodicity": {"@id": "http://publications.europa.eu/resource/authority/frequency/DAILY"},
        NS + "topic": "B0300",
        NS + "grade": "eleven",
        NS + "byteSize": "1000",
    }
    plain = dataset("d1") | told
    del plain["title"]
    shop.pages[REQUEST] = (
        [plain, dataset("d2", title="", distribution=[{"format": "Odd", "accessService": "s"}])],
        [],
        None,
    )
    await add(near, "shop", shop.url, "dsp")
    [tides] = await found(
        near, "潮汐 harbour", "region=CN", "frequency=daily", "topic=B0000", "tier=plain", "bytes=1.."
    )
    assert (tides["title"], tides["dataset"]["description"]) == ("潮汐 tides", "of the\ufffd[31m harbour")
    assert tides["dataset"]["keywords"] == ["tides", "harbour"]
    assert (tides["dataset"]["grade"], tides["dataset"]["rows"], tides["price"]) == ("", "", "")
    assert [limit["key"] for limit in tides["limits"]] == [*LACKS, "no-price", "no-profile"]
    [odd] = await found(near, "d2")
    assert (odd["title"], odd["tier"], odd["dataset"]["formats"]) == ("d2", "", ["Odd"])


async def test_while_it_is_read_again_all_of_it_is_there_and_what_is_gone_goes_at_the_end(near, shop, monkeypatch):
    shop.pages[REQUEST] = ([dataset("a"), dataset("b")], [], REQUEST + "?p=2")
    shop.pages[REQUEST + "?p=2"] = ([dataset("c"), dataset("d")], [], None)
    await add(near, "shop", shop.url, "dsp")
    seen, of = [], reading.catalogue

    async def watching(core, peers, worker, row):
        seen.append(await titles(near))
        return await of(core, peers, worker, row)

    monkeypatch.setitem(reading.READERS, "dsp", watching)
    shop.pages[REQUEST] = ([dataset("b"), dataset("e")], [], REQUEST + "?p=2")
    shop.pages[REQUEST + "?p=2"] = ([dataset("d", title="another d")], [], None)
    row = await near.harvesting.now("shop")
    assert seen == [["a", "b", "c", "d"], ["a", "b", "c", "d", "e"]]
    assert await titles(near) == ["another d", "b", "e"]
    assert row["products"] == 3


async def test_a_page_that_fails_is_asked_for_again_and_not_those_before_it(near, shop):
    shop.pages[REQUEST] = ([dataset("a")], [], REQUEST + "?p=2")
    row = await add(near, "shop", shop.url, "dsp")
    assert (row["state"], row["products"], row["failures"]) == ("failing", 1, 1)
    assert "500" in row["reason"]
    shop.pages[REQUEST + "?p=2"] = ([dataset("b")], [], None)
    shop.asked.clear()
    row = await near.harvesting.now("shop")
    assert (row["state"], row["products"]) == ("fresh", 2)
    assert [path for _, path in shop.asked] == [REQUEST + "?p=2"]


async def test_a_link_that_leads_nowhere_any_more_begins_the_reading_again(near, shop):
    shop.pages[REQUEST] = ([dataset("a")], [], REQUEST + "?old=1")
    await add(near, "shop", shop.url, "dsp")
    shop.pages[REQUEST] = ([dataset("a"), dataset("b")], [], None)
    assert (await near.harvesting.now("shop"))["state"] == "failing"
    row = await near.harvesting.now("shop")
    assert (row["state"], row["products"]) == ("fresh", 2)


async def test_a_nested_catalogue_that_is_away_keeps_its_products_for_a_while(near, shop, tmp_path):
    async with called(tmp_path / "inner", Clock().now, Foreign) as inner:
        inner.pages[REQUEST] = ([dataset("inside")], [], None)
        shop.pages[REQUEST] = ([dataset("outside")], [nested(inner)], None)
        await add(near, "shop", shop.url, "dsp")
        assert await titles(near) == ["inside", "outside"]
        [inside] = await found(near, "inside")
        assert (inside["provider"], inside["origins"][0]["path"]) == (inner.did, [])
        del inner.pages[REQUEST]
        for _ in range(sources.PATIENCE_GENERATIONS):
            row = await near.harvesting.now("shop")
            assert (row["state"], row["whole"], row["left"]) == ("fresh", False, 1)
            assert await titles(near) == ["inside", "outside"]
        await near.harvesting.now("shop")
        assert await titles(near) == ["outside"]


async def test_who_speaks_in_anothers_name_is_passed_on_as_hearsay_and_takes_nothing_over(near, shop, tmp_path):
    """A source that was added first and names another's product does not count before that other's own word."""
    async with called(tmp_path / "own", Clock().now, Foreign) as own:
        claimed = [dataset("tides", title="tides for nothing")]
        service = messages.data_service("urn:s", shop.url + "/dsp")
        shop.pages[REQUEST] = messages.catalog("urn:c", own.did, [service], claimed)
        own.pages[REQUEST] = ([dataset("tides", title="tides")], [], None)
        await add(near, "first", shop.url, "dsp")
        [alone] = await found(near, "tides")
        assert (alone["provider"], alone["origins"][0]["path"]) == (own.did, [shop.did])
        assert "hearsay" in [limit["key"] for limit in alone["limits"]]
        await add(near, "second", own.url, "dsp")
        [tides] = await found(near, "tides")
        assert (tides["title"], tides["id"]) == ("tides", alone["id"])
        assert [(one["source"], one["hops"]) for one in tides["origins"]] == [("second", 0), ("first", 1)]
        assert "origins-differ" in [limit["key"] for limit in tides["limits"]]
        own.pages[REQUEST] = ([], [], None)
        await near.harvesting.now("second")
        assert await titles(near) == ["tides for nothing"]


async def test_a_product_that_an_exchange_and_its_provider_tell_is_one(near, shop, tmp_path):
    async with exchange(tmp_path / "far") as far:
        listed = product("tides", "Harbour tides", provider=shop.did)
        await put(far, listed, provider=shop.did)
        shop.pages[REQUEST] = ([dataset("tides", title="Harbour tides")], [], None)
        await add(near, "far", far.url)
        await add(near, "shop", shop.url, "dsp")
        [tides] = await found(near, "tides")
        assert {(one["source"], one["hops"]) for one in tides["origins"]} == {("shop", 0), ("far", 1)}
        assert await titles(near, "", "source=far") == await titles(near, "", "source=shop") == ["Harbour tides"]


async def test_what_is_no_dataset_is_left_out_and_told(near, shop):
    bad = [dataset("b1", hasPolicy=[]), {"@id": "b2"}, "b3", dataset("x" * 300), dataset("big", description="y" * 9)]
    bad[4]["hasPolicy"] = [{"@id": "o", "@type": "Offer", "permission": [{"action": "z" * 200_000}]}]
    shop.pages[REQUEST] = ([dataset("good"), *bad], [], None)
    row = await add(near, "shop", shop.url, "dsp")
    assert (row["state"], row["products"], row["left"]) == ("fresh", 1, 5)
    assert len(row["told"]) == 5
    assert await titles(near) == ["good"]
    kept = await source(near, "shop")
    assert kept["whole"] == 1
    assert all(len(line) < 600 for line in kept["told"])
    assert validation.agrees("Dataset", messages.root_dataset(dataset("good")))

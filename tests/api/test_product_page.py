"""The way from a search to an order, click by click, in both languages; and who is shown what of a product."""

from __future__ import annotations

import json

import pytest
import pytest_asyncio

from tests.api.command import penstock, run
from tests.api.visitor import Visitor

pytestmark = pytest.mark.asyncio(loop_scope="session")

CLICKS_MAX = 4
PRODUCT, GUARDED = "page-tides", "page-guarded"
TABLE = "station,observed,level\n" + "".join(
    f"{'HM' if day % 3 else 'WH'},2026-01-{day + 1:02},{day}.5\n" for day in range(28)
)
ABOUT = {
    "title": {"en": "Tides of the harbour", "zh": "港口潮汐"},
    "description": {"en": "Levels of **two** gauges. And more.", "zh": "两处验潮站水位。更多。"},
    "tables": {"tides.csv": {"columns": {"level": {"meaning": {"en": "water level", "zh": "水位"}, "unit": "m"}}}},
}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def listed(space, tmp_path_factory):
    """A product with words, a sample, and two tables, in a space that shows samples to buyers alone."""
    rules = {"id": "shown", "name": "Shown", "description": "", "rules": {"samples": {"buyer": 3, "others": 0}}}
    await space.doors["exchange"].call("POST", "spaces", rules)
    folder = tmp_path_factory.mktemp("page")
    (folder / "tides.csv").write_text(TABLE)
    (folder / "wharves.csv").write_text("code,name\nHM,Helm\nWH,Wharf\n")
    more = {"title": "Tides of the harbour", "about": ABOUT, "sample": 2, "space": "shown", "openings": None}
    paths = [folder / "tides.csv", folder / "wharves.csv"]
    await space.publish_files("provider", PRODUCT, paths, price=500, **more)
    guarded = {**more, "title": "Guarded", "space": "main", "grade": 2, "about": {}}
    await space.publish_files("provider", GUARDED, paths, price=500, **guarded)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def reader(space, listed):
    """Somebody of a role who reads in a language."""
    opened = []

    async def come(role, language):
        known = (await penstock(space, role, "admin", "account", "list"))["accounts"]
        if "reader" not in [one["name"] for one in known]:
            await penstock(space, role, "admin", "account", "add", "reader", "--operator")
        visitor = Visitor(space.url(role), language)
        opened.append(visitor)
        await visitor.open((await penstock(space, role, "admin", "account", "link", "reader"))["url"])
        return visitor

    yield come
    for visitor in opened:
        await visitor.session.close()


@pytest.mark.parametrize(
    ("language", "words"), [("en", ("Buy this product", "Buy it")), ("zh", ("购买此产品", "购买"))]
)
async def test_from_what_was_found_to_the_order_are_few_clicks(reader, language, words):
    """Each click is on something that the page before shows; a purpose that the offer permits is chosen already."""
    buyer, clicks = await reader("buyer", language), 0
    found = await buyer.open("search?q=harbour")
    there = next(link for link in found.links if link.endswith("/catalogue/" + PRODUCT))
    page, clicks = await buyer.open(there), clicks + 1
    assert f">{words[0]}</a>" in page.text
    quote, clicks = await buyer.open(next(link for link in page.links if link.endswith("/quote"))), clicks + 1
    assert f"<button>{words[1]}</button>" in quote.text
    assert quote.form("/purchase")[2]["purpose"].endswith("#Research")
    order, clicks = await buyer.send(quote, "/purchase"), clicks + 1
    assert order.status == 200, order.text
    assert "/console/acquisitions/" in order.url
    assert json.loads((await buyer.open(order.url + ".json")).text)["product"] == PRODUCT
    assert clicks <= CLICKS_MAX


@pytest.mark.parametrize(
    ("role", "product", "shown"),
    [("buyer", PRODUCT, True), ("regulator", PRODUCT, True), ("provider", GUARDED, True), ("buyer", GUARDED, False)],
)
async def test_sample_rows_are_shown_to_whom_the_space_shows_them(reader, role, product, shown):
    """The first space shows them to buyers; `main` shows those of grade 1 alone, and its own to a provider."""
    page = await (await reader(role, "en")).open("catalogue/" + product)
    assert page.status == 200
    assert ("<td>2026-01-01</td>" in page.text) is shown
    assert ("No sample is shown to you" in page.text) is not shown


async def test_the_page_speaks_the_language_of_its_reader(reader):
    english = (await (await reader("buyer", "en")).open("catalogue/" + PRODUCT)).text
    chinese = (await (await reader("buyer", "zh")).open("catalogue/" + PRODUCT)).text
    for text, words in (
        (
            english,
            (
                "Tides of the harbour</h1>",
                "<strong>two</strong> gauges",
                "water level",
                "You must not",
                "2026-01-01 to",
            ),
        ),
        (chinese, ("港口潮汐</h1>", "两处验潮站水位", "水位", "您不得", "2026-01-01 至", "Tides of the harbour</p>")),
    ):
        assert [word for word in words if word not in text] == []
    assert "两处验潮站" not in english


async def test_a_card_says_what_one_looks_for_first(reader):
    page = await (await reader("buyer", "en")).open("search?q=harbour")
    for part in (
        "Levels of two gauges.",
        "30 rows",
        "5.00 CNY per MiB",
        "all of it 0.01 CNY",
        "<svg",
        "sealed, keys kept",
    ):
        assert part in page.text
    assert "And more" not in page.text


async def test_its_provider_is_led_to_what_is_its_own(reader):
    provider = await reader("provider", "en")
    page = await provider.open("catalogue/" + PRODUCT)
    assert not [link for link in page.links if link.endswith("/quote")]
    assert [link for link in page.links if link.endswith(f"/products/{PRODUCT}/orders")]
    assert json.loads((await provider.open(f"catalogue/{PRODUCT}.json")).text)["own"] is True
    regulator = await (await reader("regulator", "en")).open("catalogue/" + PRODUCT)
    assert not [link for link in regulator.links if link.endswith("/quote")]


async def test_versions_are_on_the_page(reader):
    told = json.loads((await (await reader("buyer", "en")).open(f"catalogue/{PRODUCT}.json")).text)
    assert [one["number"] for one in told["versions"]] == [1]


async def test_the_terminal_says_the_same_in_the_same_order(space, reader):
    text = await run(["product", "show", PRODUCT, "--data", str(space.people["buyer"].data)], space.folder)
    order = (
        "Tides of the harbour  5.00 CNY per MiB, all of it 0.01 CNY", "30 rows", "2026-01-01 to 2026-01-28",
        "Levels of **two** gauges", "sample of tides.csv", "WH", "level: water level", "you may", "you must not",
        "until 2", "edition 1", f"next: penstock quote {PRODUCT}",
    )  # fmt: skip
    at = 0
    for part in order:
        assert part in text[at:], f"`{part}` is not there, or before what stands above it\n{text}"
        at = text.index(part, at)

"""The four pages of docs/roles, walked together: the space is founded, filled, bought from, paid, billed and audited.

Each command is the next one of its page; where a page shows a command for one of several, it is typed for each.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from tests.newcomer.goods import FOLDER, HERE, LARGE, PARQUET
from tests.newcomer.walk import same

pytestmark = pytest.mark.asyncio(loop_scope="session")

MEMBERS = ("provider", "buyer", "regulator")
PRODUCT, AGREEMENT = "PRODUCT", "AGREEMENT"
UUID = r"[0-9a-f]{8}-[0-9a-f-]{27}"
MONTH = "2026-11"  # as the provider's page has it


def put(words, written, here):
    """Return a command with what is ours in the place of what the page has."""
    assert written in words, (written, words)
    return [here if word == written else word for word in words]


async def test_each_role_is_made_serves_and_applies(walk, page, here):
    for role in ("exchange", *MEMBERS):
        said = await walk.type(page[role].next("init"))
        assert here.did(role) in said
        await walk.serve(page[role].next("serve"))
        assert here.did(role) in walk.servers[role].last_words()
        if role != "exchange":
            assert "applied" in await walk.type(page[role].next("join"))


async def test_the_exchange_sees_who_waits_and_admits_them(walk, page, here):
    said = await walk.type(page["exchange"].next("exchange", "applications"))
    for role in MEMBERS:
        assert here.did(role) in said
    admit = page["exchange"].next("exchange", "admit")
    for role in MEMBERS:
        assert "is a member" in await walk.type(put(admit, here.did("provider"), here.did(role)))
    said = await walk.type(["penstock", "exchange", "applications", "--data", "exchange"])
    assert "no application" in said


async def test_the_exchange_credits_the_buyer(walk, page, here):
    credit = page["exchange"].next("exchange", "credit")
    assert await walk.money("buyer") == 0
    assert here.did("buyer") in await walk.type(credit)
    assert await walk.money("buyer") == int(credit[4])


async def test_a_dry_run_shows_what_others_will_see_and_publishes_nothing(walk, page):
    said = await walk.type(page["provider"].next("publish", PARQUET))
    assert f"{HERE.rows} rows" in said
    for word in ("hour", "station", "height", "grade", "Permitted", "price", "nothing was published"):
        assert word in said
    assert (await walk.json("provider", "show"))["holds"]["products"] == 0


async def test_the_provider_publishes_a_table_a_folder_and_a_large_file(walk, page):
    said = await walk.type(page["provider"].next("publish", PARQUET))
    assert "submitted" in said
    walk.known["Tides"] = re.search(UUID, said)[0]
    for written, product in ((FOLDER, "Gauges"), (LARGE, "Survey")):
        said = await walk.type(page["provider"].next("publish", written))
        assert f"{product}: " in said
        assert "submitted" in said
        walk.known[product] = said.split()[-1]


async def test_what_is_published_is_found_by_nobody_before_its_review(walk):
    assert walk.known["Tides"] not in await walk.type(["penstock", "find", "tides", "--data", "buyer"])


async def test_the_exchange_lists_what_it_has_reviewed(walk, page):
    said = await walk.type(page["exchange"].next("exchange", "listings"))
    review = page["exchange"].next("exchange", "review")
    for title, product in walk.known.items():
        assert title in said
        assert product[:12] in said
        assert ": listed" in await walk.type(put(review, PRODUCT, product))


async def test_the_buyer_finds_each_and_knows_its_price_before(walk, page):
    find, quote = page["buyer"].next("find"), page["buyer"].next("quote")
    for title, product in walk.known.items():
        assert product in await walk.type(put(find, "tides", title))
        said = await walk.type(put(quote, PRODUCT, product))
        for word in (title, "all of it", "bytes", f"penstock get {product}", "of the list of files"):
            assert word in said
        if title == "Gauges":
            assert f"{HERE.files:,} small files in 1 pack" in said
            quoted = int(re.search(r"(\d+) bytes in", said)[1])
            assert quoted <= 1.1 * sum(file.stat().st_size for file in (walk.folder / FOLDER).iterdir())
    assert (await walk.books())["agreements"] == 0


async def test_the_buyer_gets_the_table_and_opens_it_to_a_folder(walk, page):
    before = await walk.money("buyer")
    get = put(page["buyer"].next("get"), PRODUCT, walk.known["Tides"])
    assert "penstock open" in await walk.type(get)
    after = await walk.money("buyer")
    assert after < before
    opening = page["buyer"].next("open")
    assert str((walk.folder / PARQUET).stat().st_size) in await walk.type(opening)
    opened = walk.folder / opening[opening.index("--to") + 1]
    assert [path.name for path in opened.iterdir()] == [PARQUET]
    assert same(opened / PARQUET, walk.folder / PARQUET)
    # the same command again is the same purchase
    assert "penstock open" in await walk.type(get)
    assert await walk.money("buyer") == after


async def test_the_buyer_gets_the_folder_and_opens_it_in_the_same_pass(walk, page):
    get = put(page["buyer"].next("get"), PRODUCT, walk.known["Gauges"])
    said = await walk.type(get)
    opened = walk.folder / get[get.index("--to") + 1]
    assert str(opened.name) in said
    assert same(opened, walk.folder / FOLDER)
    assert len(list(opened.iterdir())) == HERE.files
    books = await walk.books()
    await walk.type(get)
    assert await walk.books() == books
    assert same(opened, walk.folder / FOLDER)


async def test_the_large_file_comes_through_a_pipe(walk):
    """As docs/keeping.md has it: written to the reader as its keys arrive."""
    get = ["penstock", "get", walk.known["Survey"], "--max-price", "500", "--purpose", "Research", "--id", "piped"]
    piped = await walk.begin("sh", "-c", f"{walk.shell([*get, '--to', '-', '--data', 'buyer'])} 2>said > piped.bin")
    await walk.ended(piped)
    assert same(walk.folder / "piped.bin", walk.folder / LARGE)
    (walk.folder / "piped.bin").unlink()


async def test_the_buyer_holds_a_bill_and_a_licence(walk, page):
    said = await walk.type(page["buyer"].next("bill", "list"))
    assert "Tides" in said
    orders = (await walk.json("buyer", "bill", "list"))["orders"]
    (order,) = [order for order in orders if order["title"] == "Tides"]
    assert order["state"] == "delivered"
    walk.known[AGREEMENT] = order["agreement"]
    for form in ("bill.html", "bill.json"):
        bill = page["buyer"].next("bill", "show")
        assert form in bill
        assert "amount" in await walk.type(put(bill, AGREEMENT, order["agreement"]))
        assert order["agreement"] in (walk.folder / form).read_text()
    await walk.type(page["buyer"].next("bill", "check"))
    licence = put(page["buyer"].next("chain", "licence"), AGREEMENT, order["agreement"])
    assert "penstock verify" in await walk.type(licence)


async def test_the_provider_settles_and_has_a_statement(walk, page):
    before = await walk.money("provider")
    sold = (await walk.json("provider", "bill", "list"))["orders"]
    said = await walk.type(page["provider"].next("settle", "--dry-run"))
    assert said.count("newest voucher") == len(sold)
    assert await walk.money("provider") == before
    assert "settled" in await walk.type(page["provider"].next("settle"))
    amounts = [int(order["amount"]) for order in sold]
    # a tenth of each sale is the exchange's, rounded in the provider's favour
    assert await walk.money("provider") - before == sum(amount - amount // 10 for amount in amounts)
    assert (await walk.type(page["provider"].next("bill", "list"))).count("settled") == len(sold)
    month = datetime.now(UTC).strftime("%Y-%m")
    statement = put(page["provider"].next("bill", "show"), MONTH, month)
    said = await walk.type(statement)
    assert f"{month}: " in said
    assert "anchored" in await walk.type(page["provider"].next("log", "anchor"))
    assert "Gauges" in (walk.folder / statement[statement.index("--to") + 1]).read_text()


async def test_the_provider_keeps_its_shop(walk, page):
    template = page["provider"].next("publish", "--template")
    assert template[-2] == ">"
    (walk.folder / "levels.csv").write_text("hour,level\n" + "".join(f"{hour},{hour % 7}\n" for hour in range(500)))
    written = (await walk.type(template[:-2])).replace("FILE-OR-FOLDER", "levels.csv")
    (walk.folder / template[-1]).write_text(written)
    again = page["provider"].next("publish", "--from")
    said = await walk.type(again)
    assert "submitted" in said
    product = said.split()[-1]
    await walk.type(["penstock", "exchange", "review", product, "--data", "exchange"])
    assert "nothing changed" in await walk.type(again)
    assert "4.20 CNY" in await walk.type(put(page["provider"].next("price"), "tides", product))
    assert "4.20 CNY" in await walk.type(["penstock", "quote", product, "--data", "buyer"])
    assert "1 orders of 1 buyers" in await walk.type(put(page["provider"].next("orders"), "tides", walk.known["Tides"]))
    assert "withdrawn" in await walk.type(put(page["provider"].next("unpublish"), "tides", product))
    assert product not in await walk.type(["penstock", "find", "levels", "--data", "buyer"])


async def test_the_regulator_audits_from_chain_and_logs_alone(walk, page):
    said = await walk.type(page["regulator"].next("audit"))
    assert "audit: clean" in said
    assert "error" not in said


async def test_the_regulator_verifies_a_licence_and_reads_a_log(walk, page):
    await walk.type(page["regulator"].next())  # curl
    assert "licence" in (await walk.type(page["regulator"].next("verify"))).lower()
    await walk.type(page["regulator"].next("dispute", "list"))
    await walk.type(page["regulator"].next("log", "policy"))
    assert ": whole" in await walk.type(page["regulator"].next("log", "fsck"))


async def test_the_exchange_shows_what_the_market_comes_to(walk, page):
    said = await walk.type(page["exchange"].next("exchange", "indicators"))
    for word in ("deal rate", "turnover", "100.0 %", "nothing to count yet"):
        assert word in said


async def test_the_pages_have_no_command_that_was_not_typed(page):
    assert not {name: rest for name, each in page.items() if (rest := each.rest())}

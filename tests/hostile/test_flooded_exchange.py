"""An exchange whose catalogue strangers have filled: huge and look-alike names, markup everywhere, asked over HTTP.

The listings are written into its database at once (`PENSTOCK_TEST_FAULTS=all`: a hundred thousand). A member who goes
on handing in meets the limit of its day in words; search, queue and console answer soon, shortly, and leaf through all.
"""

# ruff: noqa: RUF001 (letters that look like others are what is tested)

from __future__ import annotations

import asyncio
import gc
import os
import sys
import time
from datetime import timedelta
from urllib.parse import quote

import aiohttp
import pytest
import pytest_asyncio

from connector.exchange import listings
from connector.runtime.clock import Clock
from connector.runtime.limits import (
    CONSOLE_ROWS_BYTES_MAX,
    FOUND_BYTES_MAX,
    MEMBER_DAILY_PRODUCTS_MAX,
    MEMBER_SEARCHES_MAX,
    PAGE_ROWS_MAX,
)
from contracts import signature
from contracts.typed_data import Edition, digest
from ledger.chain import acts
from ledger.edition.header import read_header
from tests.api.lone import lone
from tests.api.stranger import Member, called
from tests.api.visitor import Visitor
from tests.federation.exchanges import indexed, product
from tests.hostile.test_flood import AT, document

pytestmark = pytest.mark.asyncio(loop_scope="session")

COUNT = 100_000 if os.environ.get("PENSTOCK_TEST_FAULTS") == "all" else 1_200
ROWS_AT_ONCE = 1_000
PAGE_BYTES_MAX = 100_000
# of a product that is shown however long it is
PRODUCT_BYTES_MAX = 1 << 20
# of CPU, all threads together: a busy machine takes longer over the same
ANSWER_SECONDS = 2.0
# the indicators are counted over all of it, beside
COUNTED_SECONDS = 2.0 + COUNT / 10_000
LAG_SECONDS = 0.5
MARKUP = "\"><script>alert(1)</script><img src=x onerror=alert(2)>{{7*7}}'&"
TITLES = ("Tides", "Tidеs", "Τides", (MARKUP * 4)[:256], "🌊" * 256, '"' * 256)
PROVIDERS = ("did:web:flood.example", "did:web:flооd.example", "did:web:" + "x" * 245, "did:web:honest.example")


def row(number):
    """Return one hostile listing; every other one waits for its review."""
    key = f"{number}-" + "潮" * 200 if number % 3 else f"{number}-{MARKUP}"
    title = TITLES[number % len(TITLES)]
    told = document(key, title=title, description=MARKUP * 80, keywords=("tides", MARKUP[:60]))
    state = ("listed", "submitted")[number % 2]
    about = {"provider": PROVIDERS[number % len(PROVIDERS)], "state": state, "skeleton": listings.skeleton(title)}
    return told | about | {"seq": number + 1, "created": AT, "updated": AT, "review": None, "edition": f"{number:064x}"}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def exchange(tmp_path_factory):
    """The exchange with its listings, which is also a buyer: its owner and its console search."""
    async with lone(tmp_path_factory.mktemp("flooded") / "data", ("exchange", "buyer")) as made:
        for first in range(0, COUNT, ROWS_AT_ONCE):
            rows = [row(number) for number in range(first, min(first + ROWS_AT_ONCE, COUNT))]
            await made.store.write(lambda tx, rows=rows: [tx.insert("listings", **one) for one in rows])
        made.finding.changed()
        await indexed(made)
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def ask(exchange):
    """Ask as the owner: ask(path) -> (status, JSON, bytes), soon."""
    async with aiohttp.ClientSession(headers=exchange.owner) as session:

        async def request(path, within=ANSWER_SECONDS):
            begun = time.process_time()
            async with session.get(exchange.url + path) as answer:
                body = await answer.read()
                took = time.process_time() - begun
                sys.stdout.write(f"{took * 1000:7.0f} ms {len(body):>9} bytes {path[:80]}\n")
                assert took < within, (path, took)
                return answer.status, await answer.json(), len(body)

        yield request


@pytest_asyncio.fixture(loop_scope="session")
async def prompt():
    """Whatever a test asks for, the event loop is never held up for long.

    What tests before have left in this process is not looked through for garbage meanwhile: that is nobody's question.
    """
    worst = 0.0
    gc.collect()
    gc.freeze()

    async def watch():
        nonlocal worst
        while True:
            begun = time.thread_time()
            await asyncio.sleep(0.01)
            worst = max(worst, time.thread_time() - begun)

    task = asyncio.create_task(watch())
    yield
    task.cancel()
    gc.unfreeze()
    sys.stdout.write(f"the loop was held up for {worst * 1000:.0f} ms at most\n")
    assert worst < LAG_SECONDS


@pytest.mark.usefixtures("prompt")
@pytest.mark.parametrize("asked", ["q=tides", "q=script", "q=&where=tier%3Dkept", "q=tides&counts=1", "q=潮"])
async def test_a_search_is_bounded(ask, asked):
    status, told, size = await ask("/management/find?" + asked)
    assert status == 200
    assert 0 < len(told["products"]) <= PAGE_ROWS_MAX or not told["found"]
    assert size < FOUND_BYTES_MAX + PRODUCT_BYTES_MAX


@pytest.mark.usefixtures("prompt")
async def test_what_is_similar_is_found_among_all(ask, exchange):
    [key] = await exchange.store.read(lambda tx: tx.column("SELECT id FROM listings WHERE state = 'listed' LIMIT 1"))
    status, told, _ = await ask("/management/find?like=" + quote(key, safe=""))
    assert status == 200
    assert len(told["products"]) in (PAGE_ROWS_MAX, PAGE_ROWS_MAX - 1)  # without itself, if it was among them
    assert key not in {one["id"] for one in told["products"]}


async def test_what_is_too_long_together_is_leafed_through(exchange, ask, monkeypatch):
    """A page ends before it is too long, says so, and the next one begins where it ended."""
    monkeypatch.setattr("connector.exchange.federation.showing.FOUND_BYTES_MAX", 50_000)
    seen, first = [], 0
    for _ in range(3):
        _, told, _ = await ask(f"/management/find?q=tides&first={first}")
        assert 0 < told["looked"] == len(told["products"]) < PAGE_ROWS_MAX
        seen += [one["id"] for one in told["products"]]
        first += told["looked"]
    assert len(set(seen)) == len(seen) == first
    monkeypatch.setattr("connector.exchange.federation.showing.FOUND_BYTES_MAX", 1)
    _, told, _ = await ask("/management/find?q=tides")
    assert len(told["products"]) == 1


@pytest.mark.usefixtures("prompt")
async def test_the_queue_is_bounded_and_says_what_looks_alike(ask):
    deep = min(COUNT // 2, 10_000) - PAGE_ROWS_MAX
    pages = [(await ask(f"/management/listings?first={first}"))[1]["listings"] for first in (0, PAGE_ROWS_MAX, deep)]
    assert all(len(page) == PAGE_ROWS_MAX for page in pages)
    assert not {one["id"] for one in pages[0]} & {one["id"] for one in pages[1]}
    for one in pages[0]:
        assert len(one["alike"]) <= listings.ALIKE_SHOWN
        assert one["provider"] not in {other["provider"] for other in one["alike"]}
    assert any(one["alike"] for one in pages[0])


@pytest.mark.usefixtures("prompt")
async def test_saved_searches_are_asked_among_all(ask, exchange):
    about = {"member": exchange.did, "conditions": [], "since": AT - timedelta(days=1), "created": AT}
    names = [f"s{number}" for number in range(MEMBER_SEARCHES_MAX)]
    words = ("tides", "script", "alert")
    rows = [about | {"name": name, "text": words[at % len(words)]} for at, name in enumerate(names)]
    await exchange.store.write(lambda tx: [tx.insert("searches", **one) for one in rows])
    status, told, _ = await ask("/management/searches")
    assert status == 200
    assert {one["name"]: len(one["new"]) for one in told["searches"]} == dict.fromkeys(names, PAGE_ROWS_MAX)


@pytest.mark.usefixtures("prompt")
async def test_the_indicators_are_counted_beside(ask):
    status, told, _ = await ask("/management/indicators", COUNTED_SECONDS)
    assert status == 200
    assert told["indicators"]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def visitor(exchange):
    await exchange.accounts.add("wei", ["exchange", "buyer"], operator=True)
    async with Visitor(exchange.url) as come:
        assert (await come.open("enter?token=" + (await exchange.accounts.link("wei"))["token"])).status == 200
        yield come


@pytest.mark.usefixtures("prompt")
@pytest.mark.parametrize(
    "page",
    ["listings", "listings?state=listed", "listings?first=300", "search?q=tides", "search?q=script"],
)
async def test_a_page_of_the_console_is_short(visitor, page):
    begun = time.process_time()
    seen = await visitor.open(page)
    took = time.process_time() - begun
    sys.stdout.write(f"{took * 1000:7.0f} ms {len(seen.text.encode()):>9} bytes {page}\n")
    assert seen.status == 200
    assert len(seen.text.encode()) <= PAGE_BYTES_MAX
    assert took < ANSWER_SECONDS
    assert "<script>alert" not in seen.text


@pytest.mark.usefixtures("prompt")
async def test_the_consoles_queue_leads_through_all_of_it(visitor):
    first, seen = 0, []
    for _ in range(5):
        shown = await visitor.open(f"listings?first={first}")
        rows = [link for link in shown.links if "/listings/" in link]
        assert rows
        seen += rows
        first += len(rows)
        assert any(link.endswith(f"first={first}") for link in shown.links)
    assert len(set(seen)) == len(seen) < 5 * PAGE_ROWS_MAX, f"more than {CONSOLE_ROWS_BYTES_MAX} bytes of them"


class Flooder(Member):
    """A provider whose edition is on chain and who hands in one product after the other."""

    async def _description(self, _request):
        told = {"did": self.did, "name": "Flooder", "role": "provider", "region": "US-NY"}
        return aiohttp.web.json_response(told)


async def test_a_member_meets_the_limit_of_its_day(exchange, tmp_path, monkeypatch):
    """What is refused leaves nothing and says when to go on; what is handed in again as it was costs nothing."""
    most = 5
    assert most < MEMBER_DAILY_PRODUCTS_MAX
    monkeypatch.setattr(listings, "MEMBER_DAILY_PRODUCTS_MAX", most)
    async with called(tmp_path / "keys", Clock().now, Flooder) as flooder, aiohttp.ClientSession() as session:
        await exchange.admission.admit(flooder.did, invited=True)
        await register(exchange, flooder, product("tide-0", provider=flooder.did))

        async def hand_in(key, title="Hourly tides"):
            about = product("tide-0", provider=flooder.did) | {"id": key, "title": title}
            about["dataset"] = product(key, title)["dataset"]
            about["offer"] = about["offer"] | {"terms": about["offer"]["terms"] | {"product": key, "title": title}}
            url, headers = exchange.url + "/exchange/products", flooder.bearer(exchange.did)
            async with session.post(url, json=about, headers=headers) as answer:
                return answer.status, await answer.json()

        for number in range(most):
            assert (await hand_in(f"tide-{number}"))[0] == 201
        for key, title in (("tide-more", "Hourly tides"), ("tide-1", "Daily tides")):
            status, told = await hand_in(key, title)
            assert (status, told["code"]) == (429, "too-many")
            assert f"at most {most} new or changed products a day" in told["text"]
            assert "tomorrow" in told["hint"]
        assert (await hand_in("tide-1"))[0] == 201
        kept = await exchange.store.read(lambda tx: tx.find("listings", "provider = ?", (flooder.did,)))
        assert {row["title"] for row in kept} == {"Hourly tides"}
        assert len(kept) == most
        await exchange.store.write(lambda tx: tx.update("handed_in", {"member": flooder.did}, day="2026-01-01"))
        assert (await hand_in("tide-more"))[0] == 201


async def register(exchange, flooder, told):
    """Put an edition on chain in a member's name; anybody may bring it."""
    header = read_header(told["header"])
    edition = Edition(header.edition_id(), header.series, header.number)
    deployment, account = exchange.programs.deployment, flooder.keys.agreement
    signed = signature.sign(digest(deployment.domain("editions"), edition), account)
    act = acts.register_edition(deployment, edition, signed)
    await exchange.programs.perform(act, account)

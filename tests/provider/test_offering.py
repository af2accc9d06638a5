"""The catalogue's pages: every offer once, whatever comes and goes; a bad definition costs nobody but itself."""

from __future__ import annotations

import asyncio
import logging
import tempfile
from pathlib import Path
from types import SimpleNamespace

import orjson
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from connector.negotiation.protocol import messages, validation
from connector.negotiation.protocol.continuation import Place
from connector.negotiation.protocol.errors import UnknownError
from connector.provider import offering
from connector.provider.offering import CATALOGUES, DATASETS, Offering
from connector.store.store import Store
from connector.store.tables import TABLES
from tests.core import core
from tests.fault.extent import tried
from tests.negotiation.world import START, product
from tests.protocol import published

DID = "did:web:localhost%3A7001"
USED = {"products", "members", "listings"}
SMALL_PAGE = 3
SHOP = [table for table in TABLES if table.name in USED]


def member(name, role="provider"):
    at = {"did": f"did:web:{name}", "url": f"https://{name}"}
    return at | {"name": name, "role": role, "region": "US", "state": "admitted", "document": {}, "created": START}


def named(body):
    return orjson.loads(body)["@id"]


def ids(page):
    return [named(body) for name in (DATASETS, CATALOGUES) for body in page.entries.get(name, ())]


def whole(page):
    """Return the page as the document that is served."""
    datasets, nested = ([orjson.loads(body) for body in page.entries.get(name, ())] for name in (DATASETS, CATALOGUES))
    service = messages.data_service(DID + "#dsp", "https://localhost:7001/dsp")
    return messages.catalog(DID + "#catalog", DID, [service], datasets, nested)


@pytest.fixture
async def shop(tmp_path):
    """A provider that is an exchange, too, with its real tables."""
    store = await Store.open(tmp_path / "shop.db", SHOP)
    made = SimpleNamespace(store=store, did=DID, roles={"provider", "exchange"})
    made.offering = Offering(core(store=store, did=DID, roles=made.roles))
    yield made
    await store.close()


async def add(shop, *rows, table="products"):
    await shop.store.write(lambda tx: [tx.insert(table, **row) for row in rows])


async def walk(shop, place, way="next"):
    """Return the pages from `place` on."""
    pages = []
    while place is not None:
        pages.append(await shop.offering.page(place))
        place = getattr(pages[-1], way)
    return pages


async def test_an_unlisted_product_is_on_no_page_and_served_by_its_id(shop):
    await add(shop, product(id="told-of", state="unlisted", blind=bytes(32)), product(id="listed"))
    await add(shop, product(id="renewed", state="renewing", blind=bytes(32)))
    assert [one for page in await walk(shop, shop.offering.start()) for one in ids(page)] == ["listed"]
    assert named(await shop.offering.dataset("told-of")) == "told-of"


@pytest.mark.parametrize("count", [0, 1, 99, 100, 101, 250])
async def test_the_links_lead_over_everything_and_back(shop, count, absent):
    reference = published.validators(published.schemas(absent))["Catalog"]
    await add(shop, *(product(id=f"p{number:03}", state="registered") for number in range(0, count, 2)))
    await add(shop, *(product(id=f"p{number:03}") for number in range(1, count, 2)))
    await add(shop, *(member(f"m{number:03}.example") for number in range(7)), table="members")
    pages = await walk(shop, shop.offering.start())
    assert pages[0].previous is None
    assert [one for page in pages for one in ids(page)] == [
        *(f"p{number:03}" for number in range(count)),
        *(f"did:web:m{number:03}.example#catalog" for number in range(7)),
    ]
    for page in pages:
        validation.check("Catalog", whole(page))
        assert reference.is_valid(whole(page))
        assert all(validation.agrees("Dataset", messages.root_dataset(one)) for one in whole(page).get("dataset", []))
    back = [page async for page in _back(shop, pages[-1])]
    assert [ids(page) for page in back] == [ids(page) for page in pages[-2::-1]]


async def _back(shop, page):
    while page.previous is not None:
        page = await shop.offering.page(page.previous)
        yield page


async def test_a_page_is_found_by_its_place_alone(shop):
    """No statement of a page sorts, and none reads what lies before its place: its cost is flat in the offers."""
    connection = shop.store._reader()
    for backward in (False, True):
        for shelf in offering.SHELVES:
            plan = "EXPLAIN QUERY PLAN " + shelf.paging(backward=backward)
            said = [row[3] for row in connection.execute(plan, [*["x"] * shelf.marks, 101])]
            searches = [line for line in said if line.startswith(("SEARCH", "SCAN"))]
            assert len(searches) >= shelf.marks
            assert all(line.startswith("SEARCH") for line in searches), said
            assert not any("TEMP B-TREE" in line for line in said), said


async def test_only_providers_are_nested(shop):
    await add(shop, member("a.example"), member("b.example", "buyer"), member("c.example", "buyer"), table="members")
    listing = {"id": "x", "provider": "did:web:c.example", "state": "listed", "created": START}
    await add(shop, listing, table="listings")
    page = await shop.offering.page(shop.offering.start())
    nested = whole(page)["catalog"]
    assert [each["participantId"] for each in nested] == ["did:web:a.example", "did:web:c.example"]
    assert nested[0]["service"][0]["endpointURL"] == "https://a.example/dsp"


def permitting(operator, right):
    constraint = {"leftOperand": "purpose", "operator": operator, "rightOperand": right}
    return {"permission": [{"action": "use", "constraint": [constraint]}]}


BROKEN = {
    "no policy": {"policy": None},
    "nothing permitted": {"policy": {"@type": "Set"}},
    "a number where a text belongs": {"policy": permitting("eq", 5)},
    "an operator that nobody knows": {"policy": permitting("~", "5")},
    "an empty rule": {"policy": {"permission": [{}]}},
    "a policy that is a list": {"policy": []},
    "no terms": {"terms": None},
    "no tariff": {"terms": {"v": 1}},
    "no limits": {"limits": None},
    "no asked price": {"limits": {}},
    "an asked price that is no number": {"limits": {"ask": "much"}},
    "an unknown tier": {"tier": "golden"},
    "no tier": {"tier": None},
    "too long": {"policy": {"permission": [{"action": "use" * 30_000}]}},
}  # fmt: skip


@pytest.mark.parametrize("broken", BROKEN)
async def test_a_bad_definition_is_left_out_and_told(shop, broken, caplog):
    await add(shop, product(id="a"), product(id="b", **BROKEN[broken]), product(id="c"))
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            page = await shop.offering.page(shop.offering.start())
            assert ids(page) == ["a", "c"]
            validation.check("Catalog", whole(page))
    assert len([record for record in caplog.records if "`b`" in record.message]) == 1
    told = await shop.offering.defects()
    assert list(told) == ["b"]
    assert told["b"]
    with pytest.raises(UnknownError):
        await shop.offering.dataset("b")
    whole_row = product(id="b")
    mended = {name: whole_row[name] for name in ("policy", "terms", "limits", "tier")}
    await shop.store.write(lambda tx: tx.update("products", {"id": "b"}, **mended))
    assert await shop.offering.defects() == {}
    assert ids(await shop.offering.page(shop.offering.start())) == ["a", "b", "c"]
    assert named(await shop.offering.dataset("b")) == "b"


async def test_a_provider_without_an_address_is_left_out_and_told(shop):
    await add(shop, member("a.example"), member("b.example") | {"url": None}, table="members")
    page = await shop.offering.page(shop.offering.start())
    assert ids(page) == ["did:web:a.example#catalog"]
    for _ in range(2):
        assert list(await shop.offering.defects()) == ["did:web:b.example"]


async def test_text_that_is_no_json_breaks_nothing(shop):
    await add(shop, product(id="a"), product(id="b"))
    await shop.store.write(lambda tx: tx.execute("UPDATE products SET terms = '{' WHERE id = 'a'"))
    assert ids(await shop.offering.page(shop.offering.start())) == ["b"]
    assert list(await shop.offering.defects()) == ["a"]
    await shop.store.write(lambda tx: tx.delete("products", id="a"))
    assert await shop.offering.defects() == {}


async def test_a_page_of_bad_definitions_leads_on(shop, monkeypatch):
    monkeypatch.setattr(offering, "PAGE_ENTRIES", SMALL_PAGE)
    await add(shop, *(product(id=f"a{number}", tier="golden") for number in range(2 * SMALL_PAGE)), product(id="z"))
    pages = await walk(shop, shop.offering.start())
    assert [ids(page) for page in pages] == [[], [], ["z"]]
    validation.check("Catalog", whole(pages[0]))


async def test_the_operator_is_told_of_a_bounded_number(shop, monkeypatch):
    monkeypatch.setattr(offering, "DEFECTS_NAMED_MAX", 2)
    await add(shop, *(product(id=f"a{number}", tier="golden") for number in range(5)))
    await shop.offering.page(shop.offering.start())
    assert list(await shop.offering.defects()) == ["a0", "a1"]


KEYS = st.sampled_from([f"k{number:02}" for number in range(20)])


class Market(RuleBasedStateMachine):
    """Products come, go and break while somebody walks the links: what is there all along is seen exactly once."""

    @initialize(first=st.sets(KEYS, min_size=2 * SMALL_PAGE))
    def open(self, first):
        self.usual, offering.PAGE_ENTRIES = offering.PAGE_ENTRIES, SMALL_PAGE
        self.runner, self.folder = asyncio.Runner(), tempfile.TemporaryDirectory()
        self.store = self.run(Store.open(Path(self.folder.name) / "shop.db", SHOP))
        self.offering = Offering(core(store=self.store, did=DID, roles={"provider"}))
        self.good, self.steady, self.ever = set(), set(), set()
        for key in first:
            self.add(key, good=True)
        self.begin()

    def run(self, work):
        return self.runner.run(work)

    def begin(self):
        self.place, self.seen, self.steady, self.ever = self.offering.start(), [], set(self.good), set(self.good)

    @rule(key=KEYS, good=st.booleans())
    def add(self, key, good):
        row = product(id=key, state="registered", **({} if good else {"tier": "golden"}))
        self.run(self.store.write(lambda tx: tx.put("products", **row)))
        self.gone(key)
        if good:
            self.good.add(key)
            self.ever.add(key)

    @rule(key=KEYS)
    def remove(self, key):
        self.run(self.store.write(lambda tx: tx.delete("products", id=key)))
        self.gone(key)

    def gone(self, key):
        self.good.discard(key)
        self.steady.discard(key)

    @rule(key=KEYS)
    def submit(self, key):
        """A step of publication moves the row in the index; it stays where it was in the catalogue."""
        self.run(self.store.write(lambda tx: tx.update("products", {"id": key}, state="submitted")))

    @rule()
    def walk_on(self):
        page = self.run(self.offering.page(self.place))
        self.seen += ids(page)
        self.place = None if page.next is None else Place(*_parts(page.next))
        if self.place is None:
            assert self.steady <= set(self.seen)
            self.check()
            self.begin()

    @invariant()
    def check(self):
        if hasattr(self, "seen"):
            assert self.seen == sorted(set(self.seen))
            assert set(self.seen) <= self.ever

    def teardown(self):
        if hasattr(self, "store"):
            walk = self.seen
            while self.seen is walk and self.place is not None:  # the walk that ends well begins another
                self.walk_on()
            offering.PAGE_ENTRIES = self.usual
            self.run(self.store.close())
            self.runner.close()
            self.folder.cleanup()


def _parts(place):
    """Spell the place out and read it again, as a peer's next request does."""
    from connector.negotiation.protocol import continuation

    again = continuation.read(place.token(), [DATASETS])
    return again.shelf, again.key, again.backward


TestMarket = Market.TestCase
TestMarket.settings = settings(max_examples=tried(15), stateful_step_count=15, deadline=None)

"""The protocol's catalogue over HTTP: pages and links, filters, compression, who may ask, what the operator sees."""

from __future__ import annotations

import base64
import gzip
from urllib.parse import quote

import aiohttp
import pytest
import pytest_asyncio

from connector.api.catalogue import PATH, _takes_gzip
from connector.negotiation.protocol import messages, validation
from connector.negotiation.protocol.continuation import Place, linked
from connector.negotiation.protocol.query_spec import EDC
from tests.api.lone import lone
from tests.api.test_dsp_faults import CATALOG, is_error
from tests.negotiation.world import product
from tests.provider.test_offering import member

pytestmark = pytest.mark.asyncio(loop_scope="session")

COUNT = 230


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def shop(tmp_path_factory):
    """A provider that is an exchange, too, with more offers than two pages hold, one of them broken."""
    async with lone(tmp_path_factory.mktemp("shop") / "data", ("provider", "exchange")) as made:
        rows = [product(id=f"p{number:03}") for number in range(COUNT)] + [product(id="p100-broken", terms=None)]
        await made.store.write(lambda tx: [tx.insert("products", **row) for row in rows])
        nested = [member(f"m{number}.example") for number in range(3)]
        await made.store.write(lambda tx: [tx.insert("members", **row) for row in nested])
        yield made


@pytest_asyncio.fixture(loop_scope="session")
async def page(shop, stranger, say):
    """Ask for a page as the stranger: page("GET", url, body, more headers) -> Said."""

    async def ask(method="POST", url=None, body=CATALOG, headers=None):
        sent = {**stranger.bearer(shop.did), **(headers or {})}
        return await say(method, url or shop.url + PATH, body if method == "POST" else None, sent)

    return ask


async def test_whoever_follows_the_links_sees_everything(page, shop):
    said = await page()
    first, seen, nested = said, [], []
    while True:
        assert said.status == 200
        assert said.headers["Content-Type"].startswith("application/json")
        validation.check("Catalog", said.json)
        assert said.json["participantId"] == shop.did
        seen += [each["@id"] for each in said.json.get("dataset", [])]
        nested += [each["participantId"] for each in said.json.get("catalog", [])]
        url = linked([said.headers.get("Link", "")], "next")
        if url is None:
            break
        assert url.startswith(shop.url + PATH)
        said = await page("GET", url)
    assert seen == [f"p{number:03}" for number in range(COUNT)]
    assert nested == [f"did:web:m{number}.example" for number in range(3)]
    back = linked([said.headers["Link"]], "previous")
    while back is not None:
        said = await page("GET", back)
        back = linked([said.headers.get("Link", "")], "previous")
    assert said.json["dataset"][0] == first.json["dataset"][0]


async def test_a_link_may_be_posted_to(page):
    """Some connectors send the request message again with the token of the link."""
    url = linked([(await page()).headers["Link"]], "next")
    assert (await page("POST", url)).json == (await page("GET", url)).json
    said = await page("POST", url, {**CATALOG, "filter": [{}]})
    is_error(said, 400, PATH, "unsupported-filter")


async def test_the_next_page_is_asked_for_under_the_same_proof(page, say, shop):
    url = linked([(await page()).headers["Link"]], "next")
    is_error(await say("GET", url), 404, PATH, "token")


FILTERS = {
    "a wish": ([{"left": "right"}], "unsupported-filter"),
    "a word": (["weather"], "unsupported-filter"),
    "an empty wish": ([{}], "unsupported-filter"),
    "nothing in a list": ([None], "unsupported-filter"),
    "an object": ({"left": "right"}, "malformed"),
    "an empty object": ({}, "malformed"),
    "a text": ("weather", "malformed"),
    "null": (None, "malformed"),
    "false": (False, "malformed"),
    "zero": (0, "malformed"),
}


@pytest.mark.parametrize("name", FILTERS)
async def test_a_filter_is_refused_never_ignored(page, name):
    wanted, code = FILTERS[name]
    is_error(await page(body={**CATALOG, "filter": wanted}), 400, PATH, code)


def spec(*criteria, **changes):
    said = {"@type": "QuerySpec", "offset": 0, "limit": 50, "sortOrder": "ASC", "filterExpression": list(criteria)}
    return {**CATALOG, "filter": [said | changes]}


def where(left, operator, right):
    return {"@type": "Criterion", "operandLeft": EDC + left, "operator": operator, "operandRight": right}


async def test_the_filter_of_a_stock_connector_selects(page):
    def ids(said):
        return [one["@id"] for one in said.json.get("dataset", [])]

    first = await page(body=spec(limit=3))
    assert ids(first) == ["p000", "p001", "p002"]
    assert ids(await page("GET", linked([first.headers["Link"]], "next")))[0] == "p003"
    assert ids(await page(body=spec(where("id", "=", "p007")))) == ["p007"]
    assert ids(await page(body=spec(where("id", "in", ["p009", "p008", "none"])))) == ["p008", "p009"]
    assert ids(await page(body=spec(where("id", "like", "p00%"), limit=2, offset=1))) == ["p001", "p002"]
    assert "dataset" not in (await page(body=spec(where("type", "=", "Catalog")))).json
    is_error(await page(body=spec(where("id", "like", "p%"), limit=101)), 400, PATH, "unsupported-filter")
    is_error(await page(body=spec(where("color", "=", "red"))), 400, PATH, "unsupported-filter")


async def test_an_empty_filter_asks_for_everything(page):
    assert (await page(body={**CATALOG, "filter": []})).json == (await page()).json


def encoded(said):
    return base64.urlsafe_b64encode(said if isinstance(said, bytes) else said.encode()).decode().rstrip("=")


FORGED = {
    "empty": "",
    "no base64": "%%%",
    "padded": encoded(">dp1") + "=",
    "a bit too many": encoded(">dp10")[:-1] + "B",
    "with a line's end": encoded(">dp1") + "\n",
    "of the other alphabet": base64.b64encode(">d\u00ff\u00fe?".encode()).decode().rstrip("="),
    "not UTF-8": encoded(b">d\xff"),
    "no direction": encoded("dp1"),
    "no shelf": encoded(">"),
    "an unknown shelf": encoded(">xp1"),
    "endless": encoded(">d" + "p" * 2_000),
    "SQL": "'; DROP TABLE products; --",
}


@pytest.mark.parametrize("name", FORGED)
async def test_a_forged_token_is_refused(page, shop, name):
    said = await page("GET", f"{shop.url}{PATH}?continuationToken={quote(FORGED[name], safe='')}")
    is_error(said, 400, PATH, "malformed")
    assert "continuationToken" in said.json["reason"][0]


START = "?continuationToken=" + Place("d").token()


@pytest.mark.parametrize("query", ["", "?filter=x", START + "&filter=x", START + START.replace("?", "&")])
async def test_a_query_that_says_more_or_less_is_refused(page, shop, query):
    is_error(await page("GET", shop.url + PATH + query), 400, PATH, "malformed")
    if query:
        is_error(await page("POST", shop.url + PATH + query), 400, PATH, "malformed")


async def test_a_place_outlives_its_offer(page, shop):
    place = Place("d", "p050-was-never-here").token()
    said = await page("GET", f"{shop.url}{PATH}?continuationToken={place}")
    assert said.json["dataset"][0]["@id"] == "p051"


GZIP = {
    "": False,
    "gzip": True,
    "GZIP": True,
    "x-gzip": True,
    "deflate, gzip;q=1.0, *;q=0.5": True,
    "gzip;q=0.001": True,
    "gzip; q=0.5": True,
    "*": True,
    "br, *;q=0.1": True,
    "gzip;q=0": False,
    "gzip;q=0.000": False,
    "gzip;q=0, *": False,
    "*;q=0": False,
    "identity": False,
    "br": False,
    "gzipped": False,
    "gzip;q=2": False,
    "gzip;level=9": False,
}


@pytest.mark.parametrize("header", GZIP)
async def test_gzip_is_for_who_asks(page, shop, stranger, header):
    assert _takes_gzip([header]) is GZIP[header]
    sent = {**stranger.bearer(shop.did), "Accept-Encoding": header}
    async with (
        aiohttp.ClientSession(auto_decompress=False) as session,
        session.post(shop.url + PATH, json=CATALOG, headers=sent) as answer,
    ):
        body = await answer.read()
        assert answer.headers["Vary"] == "Accept-Encoding"
        assert (answer.headers.get("Content-Encoding") == "gzip") is GZIP[header]
        assert int(answer.headers["Content-Length"]) == len(body)
    plain = (await page(headers={"Accept-Encoding": "identity"})).body
    assert (gzip.decompress(body) if GZIP[header] else body) == plain


async def test_what_fits_in_a_packet_is_not_compressed(shop, stranger):
    place = Place("c", "did:web:m1.example").token()
    sent = {**stranger.bearer(shop.did), "Accept-Encoding": "gzip"}
    url = f"{shop.url}{PATH}?continuationToken={place}"
    async with aiohttp.ClientSession() as session, session.get(url, headers=sent) as answer:
        assert "Content-Encoding" not in answer.headers
        assert [each["participantId"] for each in (await answer.json())["catalog"]] == ["did:web:m2.example"]


async def test_the_operator_sees_what_is_left_out(page, shop, say):
    url = linked([(await page()).headers["Link"]], "next")
    assert (await page("GET", url)).json["dataset"][0]["@id"] == "p100"
    status = (await say("GET", shop.url + "/management/status", None, shop.owner)).json
    assert list(status["defects"]) == ["p100-broken"]
    assert status["holds"]["products"] == COUNT + 1


async def test_a_dataset_alone(page, shop):
    listed = (await page()).json["dataset"][0]
    url = f"{shop.url}/dsp/catalog/datasets/"
    assert (await page("GET", url + "p000")).json == {"@context": [messages.CONTEXT], **listed}
    is_error(await page("GET", url + "p100-broken"), 404, PATH, "unknown")
    is_error(await page("GET", url + "nothing"), 404, PATH, "unknown")

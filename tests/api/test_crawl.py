"""Reading others' catalogues: pages by their links, nested ones at their owners, and nothing left out silently."""

from __future__ import annotations

import json
from urllib.parse import urlencode

import pytest
import pytest_asyncio
from aiohttp import web

from connector.client.server import Server
from connector.exchange.federation import crawl
from connector.negotiation.protocol import messages
from connector.runtime.clock import Clock
from tests.api.command import commanded
from tests.api.conftest import SMALL
from tests.api.lone import lone
from tests.api.stranger import Stranger
from tests.negotiation.world import product
from tests.provider.test_offering import member

pytestmark = pytest.mark.asyncio(loop_scope="session")

REQUEST = "/dsp/catalog/request"
OFFER = {"@id": "o", "@type": "Offer", "permission": [{"action": "use"}]}


def dataset(key, **changes):
    ways = [{"@type": "Distribution", "format": "HttpData-PULL", "accessService": "urn:s"}]
    return {"@id": key, "@type": "Dataset", "title": key, "hasPolicy": [OFFER], "distribution": ways} | changes


class Foreign(Stranger):
    """A connector that answers what the test says: `pages` is path → (datasets, nested, next link or None)."""

    async def start(self):
        self.pages, self.posted_only, self.asked = {}, set(), []
        await super().start()

    async def _hear(self, request):
        if request.path == "/.well-known/dspace-version":
            return web.json_response(messages.version_document("/dsp", "s"))
        self.asked.append((request.method, request.path_qs))
        said = self.pages.get(request.path_qs)
        if said is None:
            return web.json_response({"@type": "CatalogError"}, status=500)
        if request.path_qs in self.posted_only and request.method != "POST":
            return web.json_response({}, status=405)
        if not isinstance(said, tuple):
            return web.json_response(said)
        datasets, nested, link = said
        body = messages.catalog(
            "urn:c", self.did, [messages.data_service("urn:s", self.url + "/dsp")], datasets, nested
        )
        return web.json_response(body, headers={} if link is None else {"Link": f"<{link}>; rel=next"})


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def reader(tmp_path_factory):
    """A participant that reads, and is read: it is an exchange with more offers than a page."""
    async with lone(tmp_path_factory.mktemp("reader") / "data", ("provider", "exchange")) as made:
        rows = [product(id=f"p{number:03}") for number in range(120)]
        await made.store.write(lambda tx: [tx.insert("products", **row) for row in rows])
        yield made


@pytest_asyncio.fixture(loop_scope="session")
async def two(tmp_path):
    made = [Foreign(tmp_path / name, Clock().now) for name in ("one", "other")]
    for each in made:
        await each.start()
    yield made
    for each in made:
        await each.stop()


@pytest_asyncio.fixture(loop_scope="session")
async def read(reader, say):
    """Read a catalogue as the reader's owner: read(peer=DID) -> the answer's document."""

    async def ask(status=200, **told):
        said = await say("GET", f"{reader.url}/management/catalogue?{urlencode(told)}", None, reader.owner)
        assert said.status == status, said.body
        return said.json

    return ask


def found(answer):
    return {each["participantId"]: [one["@id"] for one in each["datasets"]] for each in answer["catalogues"]}


def why(answer):
    return [each["why"] for each in answer["unread"]]


def nested(foreign, at=None, **more):
    service = messages.data_service("urn:s", at or foreign.url + "/dsp")
    return messages.nested_catalog("urn:n", foreign.did, service) | more


async def test_every_page_and_the_nested_catalogues(reader, two, read):
    """The reader reads itself, over its own HTTP: two pages, and the provider that is its member."""
    one, _ = two
    one.pages[REQUEST] = ([dataset("d1")], [], None)
    row = member("one.example") | {"did": one.did, "url": one.url}
    await reader.store.write(lambda tx: tx.insert("members", **row))
    try:
        answer = await read(peer=reader.did)
    finally:
        await reader.store.write(lambda tx: tx.delete("members", did=one.did))
    assert found(answer) == {reader.did: [f"p{number:03}" for number in range(120)], one.did: ["d1"]}
    assert answer["unread"] == []


@pytest.mark.parametrize("how", ["the DID", "the root", "the base", "both"])
async def test_a_catalogue_is_found_by(two, read, how):
    one, _ = two
    one.pages[REQUEST] = ([dataset("d1")], [], None)
    base = one.url + "/dsp"
    told = {"the DID": {"peer": one.did}, "the root": {"base": one.url}, "the base": {"base": base}}
    answer = await read(**told.get(how, {"peer": one.did, "base": base}))
    assert found(answer) == {one.did: ["d1"]}
    assert answer["catalogues"][0]["base"] == base


@pytest.mark.parametrize("told", [{}, {"from": "http://localhost:7001/x"}, {"peer": "x", "filter": "y"}])
async def test_half_a_question_is_refused(read, told):
    assert (await read(400, **told))["code"] == "invalid"


async def test_a_link_is_posted_to_where_get_is_refused(two, read):
    one, _ = two
    one.pages = {REQUEST: ([dataset("d1")], [], REQUEST + "?c=2"), REQUEST + "?c=2": ([dataset("d2")], [], None)}
    one.posted_only = {REQUEST + "?c=2"}
    answer = await read(peer=one.did)
    assert found(answer) == {one.did: ["d1", "d2"]}
    assert [method for method, _ in one.asked] == ["POST", "GET", "POST"]


LINKS = {
    "another host": ("http://127.0.0.1:9/dsp", "another origin"),
    "another scheme": ("https://localhost/dsp", "another origin"),
    "no address at all": ("mailto:x@y", "another origin"),
    "itself": (REQUEST, "before it"),
    "a page that fails": (REQUEST + "?c=9", "refused"),
    "an address that cannot be read": ("http://[::1", "no address"),
}


@pytest.mark.parametrize("name", LINKS)
async def test_a_link_that_leads_astray_is_told(two, read, name):
    one, _ = two
    link, words = LINKS[name]
    one.pages[REQUEST] = ([dataset("d1")], [], link)
    if name == "an address that cannot be read":
        assert words in (await read(502, peer=one.did))["text"]
        return
    answer = await read(peer=one.did)
    assert found(answer) == {one.did: ["d1"]}
    assert len(why(answer)) == 1
    assert words in why(answer)[0]


async def test_a_long_catalogue_is_gone_on_with(two, read, monkeypatch):
    monkeypatch.setattr(crawl, "PAGES_MAX", 2)
    one, _ = two
    for number in range(5):
        link = f"{REQUEST}?c={number + 1}" if number < 4 else None
        one.pages[REQUEST + (f"?c={number}" if number else "")] = ([dataset(f"d{number}")], [], link)
    answer, seen = await read(peer=one.did), []
    while answer["unread"]:
        seen += found(answer)[one.did]
        assert "go on from here" in why(answer)[0]
        answer = await read(peer=one.did, **{"from": answer["unread"][0]["at"]})
    assert [*seen, *found(answer)[one.did]] == [f"d{number}" for number in range(5)]


async def test_one_goes_on_only_where_one_began(two, read):
    one, other = two
    assert (await read(400, peer=one.did, **{"from": other.url + REQUEST}))["code"] == "invalid"
    assert other.asked == []


async def test_a_bad_entry_is_left_out_and_told(two, read):
    one, _ = two
    bad = [dataset("b1", hasPolicy=[]), "b2", {"@id": "b3"}]
    good = [dataset("d1"), dataset("d2"), dataset("d1")]
    one.pages[REQUEST] = ([*good, *bad, dataset("d1", title="other")], [7, {"@id": "n"}], None)
    answer = await read(peer=one.did)
    assert found(answer) == {one.did: ["d1", "d2"]}
    assert len(answer["unread"]) == 6
    assert all(why(answer))


@pytest.mark.parametrize("body", [[], {"@type": "CatalogError"}, "x", None])
async def test_what_is_no_catalogue_is_the_peers_fault(two, read, body):
    one, _ = two
    one.pages[REQUEST] = body if body is not None else 7
    assert (await read(502, peer=one.did))["code"] == "peer-misbehaved"


async def test_a_flood_of_bad_entries_is_counted(two, read):
    one, _ = two
    one.pages[REQUEST] = ([dataset("d1"), *({} for _ in range(20_000))], [], REQUEST + "?c=9")
    answer = await read(peer=one.did)
    assert found(answer) == {one.did: ["d1"]}
    assert len(answer["unread"]) == crawl.TOLD_MAX + 2
    assert answer["unread"][-2]["at"] == one.url + REQUEST + "?c=9"  # where it stopped is never only counted
    assert str(20_000 - crawl.TOLD_MAX) in why(answer)[-1]


async def test_a_page_that_costs_more_than_it_weighs_is_not_read(two, read):
    one, _ = two
    one.pages[REQUEST] = {"@type": "Catalog", "dataset": [[]] * 200_000}
    assert "takes more than" in (await read(502, peer=one.did))["text"]


async def test_a_catalogue_of_many_bytes_reaches_the_command_line(two, reader):
    one, _ = two
    long = {"description": "x" * 5_000_000}
    one.pages[REQUEST] = ([dataset("d1", **long)], [], REQUEST + "?c=2")
    one.pages[REQUEST + "?c=2"] = ([dataset("d2", **long)], [], None)
    (reader.data / "server.json").write_text(json.dumps({"url": reader.url}))
    answer = await Server(reader.data, reader.outbound).call("GET", "catalogue?" + urlencode({"peer": one.did}))
    assert found(answer) == {one.did: ["d1", "d2"]}


async def test_a_part_of_a_catalogue_needs_no_name_of_its_own(two, read):
    """As in the example of the protocol: a nested catalogue with nothing but a service is the same participant's."""
    one, _ = two
    part = nested(one, at=one.url + "/part")
    del part["participantId"]
    one.pages = {REQUEST: ([dataset("d1")], [part], None), "/part/catalog/request": ([dataset("d2")], [], None)}
    assert found(await read(peer=one.did)) == {one.did: ["d1", "d2"]}


async def test_a_token_goes_only_to_the_one_it_is_for(two, read):
    """Who nests somebody else's catalogue at an address of his own would get a proof that opens the other's door."""
    one, other = two
    one.pages[REQUEST] = ([], [nested(other, at=one.url + "/trap")], None)
    answer = await read(peer=one.did)
    assert other.did in why(answer)[0]
    assert one.asked == [("POST", REQUEST)]


async def test_a_nested_catalogue_that_is_away_costs_only_itself(two, read):
    one, other = two
    one.pages[REQUEST] = ([dataset("d1")], [nested(other)], None)
    other.pages = {}
    answer = await read(peer=one.did)
    assert found(answer) == {one.did: ["d1"]}
    assert [each["did"] for each in answer["unread"]] == [other.did]


async def test_two_that_nest_each_other_are_read_once(two, read):
    one, other = two
    one.pages[REQUEST] = ([dataset("d1")], [nested(other)], None)
    other.pages[REQUEST] = ([dataset("d2")], [nested(one)], None)
    answer = await read(peer=one.did)
    assert found(answer) == {one.did: ["d1"], other.did: ["d2"]}
    assert answer["unread"] == []
    assert len(one.asked) == len(other.asked) == 1


async def test_what_is_nested_too_deep_is_told(two, read):
    one, other = two
    inside = nested(other, dataset=[dataset("d4")])
    for level in (3, 2):
        inside = nested(one, dataset=[dataset(f"d{level}")], catalog=[inside])
    one.pages[REQUEST] = ([dataset("d1")], [inside], None)
    answer = await read(peer=one.did)
    assert found(answer) == {one.did: ["d1", "d2", "d3"]}
    assert [each["did"] for each in answer["unread"]] == [other.did]
    assert "deeper" in why(answer)[0]


async def test_a_number_of_catalogues_is_read(two, read, monkeypatch):
    monkeypatch.setattr(crawl, "CATALOGUES_MAX", 1)
    one, other = two
    one.pages[REQUEST] = ([dataset("d1")], [nested(other)], None)
    answer = await read(peer=one.did)
    assert [each["did"] for each in answer["unread"]] == [other.did]
    assert other.asked == []


# --- in a real space


async def test_the_exchange_leads_to_the_offers_of_its_members(space):
    answer = await space.doors["buyer"].call("GET", f"catalogue?peer={space.did('exchange').replace('%', '%25')}")
    assert SMALL in found(answer)[space.did("provider")]
    assert space.did("second") in found(answer)
    assert answer["unread"] == []


async def test_a_person_sees_a_foreign_catalogue(space):
    command = ("find", SMALL, "--at", space.did("provider"), "--data", space.people["buyer"].data)
    ended = await commanded(*command)
    assert ended.code == 0, ended.err
    assert f"  {SMALL}  Product {SMALL}  10.00 CNY per MiB" in ended.out.decode()
    document = json.loads((await commanded(*command, "--json")).out)
    assert {each["participantId"] for each in document["catalogues"]} == {space.did("provider")}

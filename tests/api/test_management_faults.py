"""What the owner can get wrong: said in words by the management API, and nothing is stored."""

from __future__ import annotations

import json

import pytest
import pytest_asyncio

from connector.demo.story import term_end
from tests.api.conftest import SMALL
from tests.api.space import PURPOSE

pytestmark = pytest.mark.asyncio(loop_scope="session")

MANDATE = {"limit": "10", "purpose": PURPOSE}
MANDATES = [
    None,
    [],
    {},
    {"limit": 10},
    {"limit": "-1"},
    {**MANDATE, "bid": "11"},
    {**MANDATE, "purpose": "Nonsense"},
    {**MANDATE, "deposit": 5},
    {**MANDATE, "more": 1},
]


@pytest_asyncio.fixture(loop_scope="session")
async def unchanged(space, rest):
    await space.calm()
    before = {role: space.stored(role) for role in ("provider", "buyer", "exchange")}
    yield
    assert not space.changed(before)


def told(said, *statuses):
    assert said.status in statuses, said.body
    assert said.json["text"]
    assert said.json["code"] != "unexpected"


BRIEF = {
    "id": "never",
    "files": ["/nowhere"],
    "title": "Never",
    "price": "10",
    "floor": "5",
    "unit": "MiB",
    "tier": "kept",
    "purpose": "Research",
    "region": "US",
}
WRONG = {
    "files": [None, [], "a", [1], ["\n"]],
    "title": [None, "", 7, "x" * 2000],
    "price": [None, 10, "ten", "-1", "1.5", "01", "1"],
    "floor": [None, "11", ""],
    "unit": [None, "KiB", 1, ["MiB"], "opening"],
    "tier": [None, "best", "leased", 3],
    "purpose": [None, "Nonsense", 4],
    "until": [None, "tomorrow", "2030-01-01T00:00:00", 1],
    "region": ["Mars", 9],
    "openings": ["3", 0, -1, True],
    "pieceKiB": [100, "64", 8192, 1],
    "keywords": ["words", [1]],
    "id": [7, "a\nb"],
    "offer": [7, "", "a\nb", "small#offer", "x" * 2000],
    "more": [1],
}


@pytest.mark.parametrize("member", WRONG)
async def test_a_wrong_brief(space, owner, unchanged, member):
    brief = {**BRIEF, "until": term_end(space.now())}
    for value in WRONG[member]:
        told(await owner("provider", "POST", "products", {**brief, member: value}), 400)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"', b'{"a": 1, "a": 2}', b"\xff"])
async def test_bodies_that_are_none(owner, unchanged, body):
    for role, path in (
        ("provider", "products"),
        ("provider", "settlements"),
        ("buyer", "acquisitions"),
        ("buyer", "openings"),
        ("buyer", "vault/key-exports"),
        ("exchange", "members"),
        ("exchange", "credits"),
    ):
        told(await owner(role, "POST", path, body), 400)


@pytest.mark.parametrize("mandate", MANDATES)
async def test_a_wrong_mandate(owner, unchanged, mandate):
    told(await owner("buyer", "POST", "acquisitions", {"id": "never", "product": SMALL, "mandate": mandate}), 400)


async def test_ids_that_are_nowhere(owner, unchanged):
    told(await owner("buyer", "GET", "acquisitions/nothing"), 404)
    told(await owner("buyer", "GET", "things/nothing"), 404)
    told(await owner("exchange", "POST", "listings/nothing/review", {}), 404)
    told(await owner("exchange", "POST", "credits", {"did": "did:web:nobody.example", "amount": "5"}), 404)
    told(await owner("buyer", "GET", f"acquisitions/{SMALL}?wait=long"), 400)
    body = {"id": "o", "acquisition": "nothing", "purpose": PURPOSE}
    told(await owner("buyer", "POST", "openings", body), 404)
    told(await owner("buyer", "POST", "openings", {**body, "purpose": "Nonsense"}), 400)
    told(await owner("buyer", "POST", "openings", {**body, "to": "relative/path"}), 400)
    told(await owner("buyer", "POST", "openings", {"acquisition": "nothing", "purpose": PURPOSE}), 400)
    export = {**body, "to": "/nowhere/keys.json"}
    told(await owner("buyer", "POST", "vault/key-exports", export), 404)
    for wrong in ({"purpose": "Nonsense"}, {"to": "keys.json"}, {"to": ""}, {"to": 7}, {"id": ""}):
        told(await owner("buyer", "POST", "vault/key-exports", {**export, **wrong}), 400)


@pytest.mark.parametrize("did", [None, 7, "", "nobody", "did:key:z6Mk", "did:web:10.0.0.1", "did:web:localhost%3A1"])
async def test_who_cannot_be_admitted(owner, unchanged, did):
    told(await owner("exchange", "POST", "members", {"did": did, "invite": True}), 400, 422, 503)


async def test_a_product_that_nobody_lists(owner):
    """Begun, and ended with the reason, because the exchange knows no such product."""
    body = {"id": "unlisted", "product": "no/such product", "mandate": MANDATE}
    assert (await owner("buyer", "POST", "acquisitions", body)).status == 201
    view = (await owner("buyer", "GET", "acquisitions/unlisted?wait=5&after=wanted-0")).json
    assert (view["state"], json.loads(view["reason"])["exit"]) == ("failed", 4)
    assert view["turn"] is None
    told(await owner("buyer", "POST", "acquisitions", {**body, "product": "another"}), 409)


ASKED = {
    "provider": "did:web:localhost%3A1",
    "base": "http://localhost:1/dsp",
    "offer": {"@id": "a", "@type": "Offer", "target": "b", "permission": [{"action": "use"}]},
    "mandate": {"bid": 1, "limit": 2, "rounds": 2, "tier": "plain"},
}
UNASKED = [
    {},
    {**ASKED, "more": 1},
    {**ASKED, "provider": 7},
    {**ASKED, "base": "http://10.0.0.1/dsp"},
    {**ASKED, "base": "file:///etc/passwd"},
    {**ASKED, "offer": {}},
    {**ASKED, "offer": {"@id": "a", "@type": "Set"}},
    {**ASKED, "offer": {name: value for name, value in ASKED["offer"].items() if name != "target"}},
    {**ASKED, "mandate": {}},
    {**ASKED, "mandate": {"tier": "plain"}},
    {**ASKED, "mandate": {"bid": 1, "limit": 2, "rounds": 1, "tier": "plain"}},
    {**ASKED, "mandate": {"bid": -1, "limit": 2, "rounds": 2, "tier": "plain"}},
    {**ASKED, "mandate": {"bid": 3, "limit": 2, "rounds": 2, "tier": "plain"}},
    {**ASKED, "mandate": {"bid": "x", "limit": 2, "rounds": 2, "tier": "plain"}},
    {**ASKED, "mandate": {"bid": 1, "limit": 2, "rounds": 2}},
]


@pytest.mark.parametrize("body", UNASKED, ids=lambda body: json.dumps(body)[:60])
async def test_a_negotiation_that_makes_no_sense_is_not_begun(owner, unchanged, body):
    told(await owner("buyer", "POST", "negotiations", body), 400, 403, 409)


@pytest.mark.parametrize("agreement", ["", "00" * 32, "urn:penstock:agreement:" + "00" * 32, None])
async def test_a_transfer_under_no_agreement_is_not_begun(owner, unchanged, agreement):
    told(await owner("buyer", "POST", "transfers", {"agreement": agreement, "format": "HttpData-PULL"}), 400, 409)

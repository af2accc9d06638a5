"""A node assigns the codes of a space: to connectors, products and resources, each once, and says whose each is."""

from __future__ import annotations

import asyncio
from urllib.parse import quote

import pytest
import pytest_asyncio

from catalog import identifiers
from catalog.identifiers import Kind
from connector.runtime.clock import Clock
from connector.store.rows.code import CodeRow
from tests.api.command import commanded, penstock
from tests.api.noded import SUBJECTS, Noded
from tests.api.refusals import refused
from tests.api.test_rights import told

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def space(tmp_path_factory):
    made = Noded(tmp_path_factory.mktemp("noded"), Clock().now)
    made.prepare(tuple(Noded.kinds))
    try:
        await made.start()
        yield made
    finally:
        await made.stop()


async def request(space, role, **what):
    return await space.doors[role].call("POST", "codes", {"product": None, "resource": None, **what})


async def ask(space, role, method, path, body=None):
    """Ask the node as a member does, with its token."""
    headers = {**space.bearer(role, "node"), "Content-Type": "application/json"}
    answer = await space.outbound.request(method, space.url("node") + path, body=body, headers=headers)
    return answer.json()


async def listed_code(space, product, holds):
    async with asyncio.timeout(30):
        while True:
            rows = {row["id"]: row for row in space.rows("exchange", "listings")}
            listing = rows.get(product)
            if listing is not None and holds(listing["code"]):
                return listing["code"]
            await asyncio.sleep(0.1)


async def test_a_connector_gets_a_code_of_its_subject_and_place_once(space):
    made = await request(space, "buyer")
    code = identifiers.read(made["code"])
    assert (code.kind, code.subject, code.place, code.local) == (Kind.CONNECTOR, SUBJECTS["buyer"], "4400", False)
    assert (made["holder"], made["about"], made["by"]) == (space.did("buyer"),) * 3
    assert await request(space, "buyer") == made
    assert (await space.doors["buyer"].call("GET", "codes"))["codes"] == [made]
    # one event, in the node's log
    events = [one for one in told(space, "node", "code.assigned") if one["part"] == made["code"]]
    assert len(events) == 1
    platform = await request(space, "exchange")
    assert identifiers.read(platform["code"]).kind is Kind.SERVICE_NODE


async def test_whose_a_code_is_is_proven_by_legal_identity_and_shown_to_all(space):
    """The holder has the same code as before, and whoever resolves it, or one of its products, sees it."""
    made = await request(space, "provider")
    assert made["level"] == "0"
    claims = {"unifiedSocialCreditCode": SUBJECTS["buyer"], "legalName": "Harbour", "legalForm": "159", "country": "CN"}
    grant = {"holder": space.did("provider"), "type": "LegalPersonCredential", "claims": {**claims, "level": "3"}}
    await hold(space, "provider", grant)
    assert await request(space, "provider") == made, "it is of another organisation"
    grant["claims"]["unifiedSocialCreditCode"] = SUBJECTS["provider"]
    await hold(space, "provider", grant)
    assert await request(space, "provider") == made | {"level": "3"}
    assert (await space.doors["provider"].call("GET", "codes"))["codes"] == [made | {"level": "3"}]
    found = await space.doors["buyer"].call("GET", f"registrations/{made['code']}")
    assert found["level"] == "3"
    product = await ask(space, "provider", "POST", "/node/codes", {"kind": "product", "about": "x", "title": "x"})
    assert product["level"] == "3"
    assert [one["part"] for one in told(space, "node", "code.verified")] == [made["code"]]
    wrong = grant["claims"] | {"unifiedSocialCreditCode": SUBJECTS["provider"][:-1] + "0"}
    status, text = await refused(space.doors["exchange"].call("POST", "issued/grants", grant | {"claims": wrong}))
    assert (status, "credit-code" in text) == (400, True), text


async def hold(space, role, grant):
    """Have somebody hold a credential of a grant, in the place of an older one."""
    await space.doors["exchange"].call("POST", "issued/grants", grant)

    async def held():
        return {one["credential"] for one in (await space.doors[role].call("GET", "credentials"))["credentials"]}

    before = await held()
    await space.doors[role].call("POST", "credentials/requests", {"types": [grant["type"]]})
    async with asyncio.timeout(30):
        while before >= {
            one["credential"] for one in (await space.doors[role].call("GET", "credentials"))["credentials"]
        }:
            await asyncio.sleep(0.1)


async def test_anybody_resolves_it_and_hears_where_its_holder_answers(space):
    made = await request(space, "buyer")
    for role in ("provider", "second", "node", "regulator"):
        found = await space.doors[role].call("GET", f"registrations/{made['code']}")
        assert found == {**made, "url": space.url("buyer"), "name": "The buyer"}
    assert await penstock(space, "regulator", "code", "resolve", made["code"]) == found
    absent = made["code"][:-1] + ("0" if made["code"][-1] != "0" else "1")
    assert (await refused(space.doors["regulator"].call("GET", f"registrations/{absent}")))[0] == 404


async def test_a_product_is_handed_in_with_its_code_and_its_resource_has_another(space):
    resource = {"id": "gauges", "title": "Tide gauges", "owner": "Office", "steward": "Li", "description": "",
                "grade": 2, "classes": {}, "code": ""}  # fmt: skip
    await space.doors["provider"].call("POST", "resources", resource)
    await space.publish("provider", "tides", (30_000,))
    rows = {row["id"]: row for row in space.rows("exchange", "listings")}
    code = identifiers.read(rows["tides"]["code"])
    assert (code.kind, code.subject, code.local) == (Kind.PRODUCT, SUBJECTS["provider"], False)
    made = await request(space, "provider", product="tides")
    assert (made["code"], made["title"]) == (str(code), "Product tides")
    other = await request(space, "provider", resource="gauges")
    assert identifiers.read(other["code"]).kind is Kind.RESOURCE
    names = {one["about"] for one in (await space.doors["provider"].call("GET", "codes"))["codes"]}
    assert names == {space.did("provider"), "tides", "gauges"}
    products = await space.doors["buyer"].call("GET", "registrations?kind=product")
    assert str(code) in [one["code"] for one in products["codes"]]
    face = await ask_exchange(space, "buyer", "/exchange/products/tides/faces/ndi")
    assert (face["productId"], face["productIdState"]["zh"]) == (str(code), "提供方声明已由功能节点分配")


async def ask_exchange(space, role, path):
    answer = await space.outbound.get(space.url("exchange") + path, headers=space.bearer(role, "exchange"))
    return answer.json()


async def test_the_exchange_registers_what_is_listed_for_who_did_not(space):
    """Its provider had no subject when it listed; as soon as its connector is registered, its product is."""
    await space.publish("second", "quiet", (30_000,))
    assert {row["id"]: row for row in space.rows("exchange", "listings")}["quiet"]["code"] is None
    document = {"kind": "connector", "about": space.did("second"), "title": "The second",
                "subject": "91440000MA00000006", "place": "4403"}  # fmt: skip
    await ask(space, "second", "POST", "/node/codes", document)
    code = await listed_code(space, "quiet", bool)
    found = await space.doors["node"].call("GET", f"registrations/{code}")
    assert (found["holder"], found["about"], found["by"]) == (space.did("second"), "quiet", space.did("exchange"))
    assert (found["subject"], found["place"]) == ("91440000MA00000006", "4403")
    # what is handed in again without a code keeps the one that was assigned
    files = space.files("quiet, once more", (40_000,))
    await space.publish_files("second", "quiet", files)
    assert await listed_code(space, "quiet", bool) == code


WRONG = {
    "no object": ([], 400),
    "no kind": ({"about": "x", "title": "x"}, 400),
    "a kind that is not": ({"kind": "contract", "about": "x", "title": "x"}, 400),
    "no title": ({"kind": "product", "about": "x"}, 400),
    "an empty title": ({"kind": "product", "about": "x", "title": " "}, 400),
    "two lines": ({"kind": "product", "about": "x", "title": "a\nb"}, 400),
    "too long": ({"kind": "product", "about": "x" * 513, "title": "x"}, 400),
    "a code of one's own": ({"kind": "product", "about": "x", "title": "x", "code": "6"}, 400),
    "another's product": ({"kind": "product", "about": "x", "title": "x", "holder": "{buyer}"}, 403),
    "somebody who is no member": ({"kind": "product", "about": "x", "title": "x", "holder": "did:web:none"}, 403),
    "another's connector": ({"kind": "connector", "about": "{buyer}", "title": "x", "subject": "91440000MA00000007",
                             "place": "4400"}, 400),
    "a platform that is none": ({"kind": "platform", "about": "{provider}", "title": "x",
                                 "subject": "91440000MA00000004", "place": "4400"}, 400),
    "another subject": ({"kind": "connector", "about": "{provider}", "title": "x", "subject": "91440000MA00000009",
                         "place": "4400"}, 409),
    "no subject": ({"kind": "connector", "about": "{provider}", "title": "x", "subject": "no", "place": "4400"}, 400),
    "no place": ({"kind": "connector", "about": "{provider}", "title": "x", "subject": "91440000MA00000004",
                  "place": "44"}, 400),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
async def test_what_is_wrong_is_refused_and_nothing_is_assigned(space, name):
    await request(space, "provider")
    body, status = WRONG[name]
    people = {f"{{{role}}}": space.did(role) for role in ("buyer", "provider")}
    if isinstance(body, dict):
        body = {key: people.get(value, value) for key, value in body.items()}
    before = len(space.rows("node", CodeRow.TABLE.name))
    assert (await refused(ask(space, "provider", "POST", "/node/codes", body)))[0] == status
    assert len(space.rows("node", CodeRow.TABLE.name)) == before


async def test_who_says_no_subject_gets_no_code_and_hears_why(space):
    status, text = await refused(request(space, "second"))
    assert status == 400
    assert "participant.subject" in text
    assert (await refused(request(space, "node")))[0] == 404
    assert (await refused(request(space, "provider", product="none", resource=None)))[0] == 404
    assert (await refused(request(space, "provider", product="tides", resource="gauges")))[0] == 400


async def test_a_code_of_another_product_is_not_taken_on_the_list(space):
    """A provider that writes a code of its own, or another's, into what it hands in is refused."""
    await request(space, "provider")
    made = await ask(
        space, "provider", "POST", "/node/codes", {"kind": "product", "about": "elsewhere", "title": "Elsewhere"}
    )
    drawn = str(identifiers.Identifier(Kind.PRODUCT, SUBJECTS["provider"], "4400", "AAAAAAAA"))
    names = "code, kind, holder, about, title, subject, place, filer, assigned"
    for product, code, words in (("borrowed", made["code"], "something else"), ("drawn", drawn, "not assigned")):
        row = (code, "product", space.did("provider"), product, "x", SUBJECTS["provider"], "4400", "x", 0)
        space.write("provider", "DELETE FROM codes WHERE code = ?", (code,))
        space.write("provider", f"INSERT INTO codes ({names}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
        status, text = await refused(space.publish("provider", product, (20_000,)))
        assert (status, words in text) == (403, True), text
        assert product not in {row["id"] for row in space.rows("exchange", "listings")}


async def test_a_stranger_and_another_role_are_told_nothing(space, tmp_path):
    path = f"{space.url('node')}/node/codes"
    assert (await refused(space.outbound.get(path)))[0] == 401
    # an exchange is no node, and answers nothing of the kind
    headers = space.bearer("provider", "exchange")
    assert (await refused(space.outbound.get(f"{space.url('exchange')}/node/codes", headers=headers)))[0] == 404
    found = await commanded("code", "list", "--data", space.people["second"].data, "--json")
    assert found.code == 0
    assert (await refused(space.doors["buyer"].call("GET", f"registrations?kind={quote('x y')}")))[0] == 400

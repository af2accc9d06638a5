"""Getting round a prohibition: a collection is named twice, and who is in it is known under the other name, or nowhere.

The provider forbids a product to the members of a collection. The buyer is one of them by the collection's `uid`, which
stands beside its `source`; then it is in a collection that nobody tells of. It tries by its own connector and by hand.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import pytest
import pytest_asyncio

from connector.negotiation.protocol import messages, offers
from connector.runtime.clock import Clock
from tests.api.space import Space

pytestmark = pytest.mark.asyncio(loop_scope="module")

PENSTOCK = str(Path(sys.executable).with_name("penstock"))
BARRED, LIST = "https://provider.example/partyCollection", "https://provider.example/members.json"
OTHERS, UNHEARD = "https://provider.example/others", "https://provider.example/unheard"
THIRD = "did:web:third.example"
DENIED, ALLOWED = 3, 0
EVERYBODY = [{"action": "use"}]


def collection(**names):
    return {"@type": "PartyCollection", **names}


# product → whom the prohibition names
PRODUCTS = {
    "both-names": collection(uid=BARRED, source=LIST),
    "source-only": collection(source=BARRED),
    "unheard": collection(uid=UNHEARD, source=UNHEARD + ".json"),
    "others": collection(uid=OTHERS, source=LIST + "?others"),
}
KEPT_FROM_THE_BUYER = tuple(PRODUCTS)[:3]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def space(tmp_path_factory):
    """Exchange, provider and buyer; the operators of both have said who is in which collection."""
    made = Space(tmp_path_factory.mktemp("prohibitions"), Clock().now)
    ports = made.prepare(("exchange", "regulator", "provider", "buyer"))
    buyer = f"did:web:localhost%3A{ports['buyer']}"
    for role in ("provider", "buyer"):
        settings = made.folder / role / "penstock.toml"
        said = json.dumps([f"{BARRED} {buyer}", f"{OTHERS} {THIRD}"])
        settings.write_text(settings.read_text().replace("collections = []", f"collections = {said}"))
        assert said in settings.read_text()
    try:
        await made.start()
        for product, assignee in PRODUCTS.items():
            await made.publish("provider", product, (70_000,))
            prohibition = [{"action": "use", "assignee": assignee}]
            policy = {"permission": EVERYBODY, "prohibition": prohibition, "conflict": "prohibit"}
            made.write("provider", "UPDATE products SET policy = ? WHERE id = ?", (json.dumps(policy), product))
            # as it was reviewed: a buyer's connector takes no other rules than the list shows
            listed = "UPDATE listings SET offer = json_set(offer, '$.policy', json(?)) WHERE id = ?"
            made.write("exchange", listed, (json.dumps(policy), product))
        yield made
    finally:
        await made.stop()


async def ask(space, method, path, body=None):
    headers = space.bearer("buyer", "provider")
    url = space.url("provider") + path
    answer = await space.outbound.request(method, url, body=body, headers=headers, limit_bytes=1 << 20)
    return answer.json()


@pytest.mark.parametrize("product", KEPT_FROM_THE_BUYER)
async def test_a_member_cannot_get_what_its_collection_may_not_use(space, product):
    await space.get(product)
    view = await space.until(product, lambda view: view["state"] in ("complete", "failed"))
    assert view["state"] == "failed", view
    assert not [row for row in space.rows("provider", "agreements") if row["product"] == product]


@pytest.mark.parametrize("product", KEPT_FROM_THE_BUYER)
async def test_nor_sign_by_hand(space, product):
    row = next(row for row in space.rows("provider", "products") if row["id"] == product)
    offer = offers.asked(
        {**row, **{key: json.loads(row[key]) for key in ("policy", "terms", "limits")}}, target=product
    )
    pid, callback = f"urn:uuid:{product}", space.url("buyer") + "/dsp"
    body = messages.contract_request(consumer_pid=pid, offer=offer, callback=callback)
    with pytest.raises(Exception, match="400") as refused:
        await ask(space, "POST", "/dsp/negotiations/request", body)
    assert "is not an offer of ours" in refused.value.body.decode()
    listing = {"@context": [messages.CONTEXT], "@type": "CatalogRequestMessage"}
    seen = await ask(space, "POST", "/dsp/catalog/request", listing)
    assert {entry["@id"] for entry in seen.get("dataset", [])} == set(PRODUCTS) - set(KEPT_FROM_THE_BUYER)


async def test_who_is_not_in_the_collection_gets_it(space):
    await space.get("others")
    assert (await space.complete("others"))["state"] == "complete"
    assert await space.opened("others")


# the command line -----------------------------------------------------------------------------------------------------


async def decide(folder, rule, part_of, *, asked="did:web:alice"):
    policy = {"@type": "Set", "permission": EVERYBODY, "prohibition": [rule], "conflict": "prohibit"}
    request = {"assignee": asked, "action": "read", "target": "urn:asset"}
    world = {"now": "2026-11-20T01:00:00Z", "partOf": part_of}
    paths = [(f"--{name}", folder / f"{name}.json") for name in ("policy", "request", "world")]
    for (_flag, path), document in zip(paths, (policy, request, world), strict=True):
        path.write_text(json.dumps(document))
    words = [str(word) for pair in paths for word in pair]
    process = await asyncio.create_subprocess_exec(PENSTOCK, "policy", "decide", *words, stdout=asyncio.subprocess.PIPE)
    said, _ = await process.communicate()
    return process.returncode, said.decode()


BOTH = {"action": "use", "assignee": collection(uid=BARRED, source=LIST)}
PLAYED = {
    "a member by the uid": (BOTH, {"did:web:alice": [BARRED]}, DENIED),
    "a member by the source": (BOTH, {"did:web:alice": [LIST]}, DENIED),
    "a member of a member": (BOTH, {"did:web:alice": ["urn:team"], "urn:team": [BARRED]}, DENIED),
    "nobody tells who is in it": (BOTH, {}, DENIED),
    "somebody else is in it": (BOTH, {"did:web:bob": [BARRED]}, ALLOWED),
    "an asset of both names": (
        {"action": "use", "target": {"@type": "AssetCollection", "uid": "urn:a", "source": "urn:b"}},
        {"urn:asset": ["urn:a"]},
        DENIED,
    ),
    "a refined action of which nothing is told": (
        {
            "action": {
                "rdf:value": {"@id": "odrl:use"},
                "refinement": [{"leftOperand": "resolution", "operator": "lteq", "rightOperand": "720"}],
            }
        },
        {},
        DENIED,
    ),
}


@pytest.mark.parametrize(("rule", "part_of", "code"), PLAYED.values(), ids=PLAYED)
async def test_the_command_says_so_too(tmp_path, rule, part_of, code):
    found, said = await decide(tmp_path, rule, part_of)
    assert found == code, said


async def test_the_command_refuses_a_prohibition_that_can_be_read_in_two_ways(tmp_path):
    rule = {"action": "use", "assignee": collection(uid=BARRED, refinement=[PLAYED_REFINEMENT])}
    found, _said = await decide(tmp_path, rule, {})
    assert found not in (ALLOWED, DENIED)


PLAYED_REFINEMENT = {"leftOperand": "recipient", "operator": "eq", "rightOperand": "did:web:alice"}

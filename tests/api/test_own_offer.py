"""An offer id of the provider's own: in its catalogue, in the listing, in the negotiation, and on no second product."""

from __future__ import annotations

import json

import pytest
import pytest_asyncio

from connector.demo.story import term_end
from connector.negotiation.protocol import messages, offers
from connector.runtime.errors import PeerRefused
from tests.api.test_management_faults import BRIEF

pytestmark = pytest.mark.asyncio(loop_scope="session")

PRODUCT, OWN = "own-offer", "CONTRACT:7:own offer"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def published(space):
    await space.publish("provider", PRODUCT, (70_000,), offer=OWN)


async def test_the_buyer_negotiates_on_it(space, published):
    listed = await space.doors["buyer"].call("GET", f"find?q={PRODUCT}")
    assert [row["offer"]["id"] for row in listed["products"] if row["id"] == PRODUCT] == [OWN]
    await space.get(PRODUCT)
    view = await space.until(PRODUCT, lambda view: view["state"] not in ("wanted", "negotiating"))
    assert view["state"] != "failed", view
    talks = [row for row in space.rows("buyer", "negotiations") if row["product"] == PRODUCT]
    made = [row for row in space.rows("buyer", "offers_made") if row["negotiation"] in {talk["id"] for talk in talks}]
    assert [json.loads(row["offer"])["@id"] for row in made] == [OWN]
    await space.complete(PRODUCT)


async def test_it_names_its_product_alone(space, say, stranger, published):
    """A foreign buyer's request may leave the target out; the offer's id says which dataset is meant."""
    to, did = space.url("provider"), space.did("provider")
    dataset = (await say("GET", f"{to}/dsp/catalog/datasets/{PRODUCT}", None, stranger.bearer(did))).json
    offer = dataset["hasPolicy"][0]
    assert offer["@id"] == OWN
    body = messages.contract_request(consumer_pid="urn:uuid:own", offer=offer, callback=stranger.url + "/dsp")
    said = await say("POST", f"{to}/dsp/negotiations/request", body, stranger.bearer(did))
    assert said.status == 201, said.body
    for wrong in ({**offer, "@id": PRODUCT + offers.OFFER_MARK}, {**offer, "target": "small"}):
        body = messages.contract_request(consumer_pid="urn:uuid:no", offer=wrong, callback=stranger.url + "/dsp")
        said = await say("POST", f"{to}/dsp/negotiations/request", body, stranger.bearer(did))
        assert (said.status, said.json["code"]) == (400, "unacceptable")


async def test_a_second_product_cannot_have_it(space, published):
    brief = {**BRIEF, "until": term_end(space.now()), "offer": OWN}
    with pytest.raises(PeerRefused) as refused:
        await space.doors["provider"].call("POST", "products", brief)
    assert refused.value.status == 409
    assert OWN in refused.value.body.decode()

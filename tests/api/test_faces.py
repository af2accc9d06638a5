"""A product made of a resource, from its provider's own words to both faces at the exchange."""

from __future__ import annotations

import pytest

from tests.api.refusals import status as refused

pytestmark = pytest.mark.asyncio(loop_scope="session")

RESOURCE = {
    "id": "gauges",
    "title": "Tide gauges",
    "description": "",
    "owner": "Harbour Office",
    "steward": "Li Wei",
    "grade": 2,
    "classes": {"topic": "B0300"},
    "code": "",
}


async def test_a_resource_is_apart_from_its_products(space):
    provider, buyer = space.doors["provider"], space.doors["buyer"]
    assert (await provider.call("POST", "resources", RESOURCE))["code"] == ""  # no subject is set here
    files = space.files("gauged", (65_536,))
    about = {"title": "Gauged", "price": 3, "resource": "gauges"}
    await space.publish_files("provider", "gauged", files, **about)
    [row] = (await provider.call("GET", "resources"))["resources"]
    assert (row["owner"], row["products"]) == ("Harbour Office", ["gauged"])
    shown = await buyer.call("GET", "offers/gauged")
    assert (shown["resource"]["steward"], shown["code"]) == ("Li Wei", None)
    ndi = await buyer.call("GET", "offers/gauged/ndi")
    assert (ndi["resource"]["owner"], ndi["productId"]) == ("Harbour Office", None)
    assert ndi["productIdState"]["en"].startswith("no code")
    assert (await buyer.call("GET", "offers/gauged/dcat"))["@type"] == "dcat:Dataset"
    assert await refused(buyer.call("GET", "offers/gauged/marc")) == 404
    assert await refused(provider.call("POST", "resources", RESOURCE | {"owner": ""})) == 400


async def test_a_product_of_a_resource_that_is_not_there_is_refused(space):
    files = space.files("rootless", (65_536,))
    assert await refused(space.publish_files("provider", "rootless", files, price=3, resource="nothing")) == 404

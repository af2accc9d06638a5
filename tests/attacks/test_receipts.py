"""A provider that signs another time than it released at, to shorten or to lengthen a lease (spec 4)."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
import pytest_asyncio

from connector.runtime.clock import Clock
from connector.runtime.errors import PenstockError, explain_failure
from connector.store.columns import EPOCH, MICROSECOND
from tests.api.lying_serve import DATES
from tests.api.space import PURPOSE, Space

ROLES = ("exchange", "second", "buyer")
PRICE, PIECES = 250, (3_000,)
# product -> seconds that its receipts are off: just beyond what clocks may differ, and by far
OFF = {"predated": -150, "postdated": 150, "yesterday": -86_400, "tomorrow": 86_400}

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def space(tmp_path_factory):
    made = Space(tmp_path_factory.mktemp("dated"), Clock().now)
    made.prepare(ROLES)
    try:
        await made.start()
        for product in OFF:
            await made.publish("second", product, PIECES, price=PRICE, openings=9)
        yield made
    finally:
        await made.stop()


async def opened(space, product):
    body = {"id": f"opening-of-{product}", "acquisition": product, "purpose": PURPOSE}
    return await space.doors["buyer"].call("POST", "openings", body)


def leases(space, view):
    rows = [row for row in space.rows("buyer", "openings") if row["agreement"] == view["agreement"]]
    return [EPOCH + row["lease_until"] * MICROSECOND for row in rows]


def states(space, view):
    return [row["state"] for row in space.rows("buyer", "windows") if row["channel"] == view["channel"]]


@pytest.mark.parametrize("product", OFF)
async def test_no_lease_begins_by_a_receipt_of_another_time_and_the_chain_gives_the_keys(space, product):
    await space.get(product, limit=PRICE)
    view = await space.complete(product)
    lie = space.people["second"].data / DATES
    lie.write_text(str(OFF[product]))
    for _ in range(2):  # the answer that is stored is given again
        with pytest.raises(PenstockError) as refusal:
            await opened(space, product)
        assert "the receipt says that keys were released at" in explain_failure(refusal.value).text
        assert (leases(space, view), states(space, view)) == ([], ["signed"])
    lie.unlink()
    # paid it is: the claim shows the preimage, and the lease runs from when the keys were there
    await space.doors["second"].call("POST", "settlements", {"agreement": view["agreement"]})
    before = space.now()
    assert (await opened(space, product))["charged"] == PRICE
    [signed] = [row for row in space.rows("buyer", "agreements") if row["digest"] == view["agreement"]]
    [until], lease = leases(space, view), timedelta(seconds=int(json.loads(signed["terms"])["leaseSeconds"]))
    assert before - timedelta(seconds=1) <= until - lease <= space.now()

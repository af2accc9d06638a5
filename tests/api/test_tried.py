"""A product that is got after a list was tried: the request names the signed answers, and both sides see which."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from connector.client.acts.processes import lines
from tests.api.refusals import refused
from tests.api.test_fitting import fit, listed, mine

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def get(space, product, tried, role="buyer"):
    mandate = {"limit": "1000", "purpose": "AirTrafficResearch", "tried": tried}
    body = {"id": f"{product}-{tried[:20]}", "product": product, "mandate": mandate}
    return await space.doors[role].call("POST", "acquisitions", body)


async def failed(space, begun, role="buyer"):
    view = await space.until(begun["id"], lambda view: view["state"] in ("failed", "complete"), role=role)
    assert view["state"] == "failed", view
    return view["reason"]


async def test_the_request_for_a_product_names_what_was_tried(space, tmp_path):
    trial = await listed(space, "tried-trial", tmp_path)
    got = await fit(space, "tried-trial", mine(tmp_path), job="tried-one")
    await space.publish("provider", "tried-goods", [1_000])
    begun = await get(space, "tried-goods", "tried-one")
    await space.complete(begun["id"])
    named = {"agreement": trial, "id": "tried-one", "answers": [got["receipt"]["answer"]]}
    for role in ("buyer", "provider"):
        [pid] = [row["id"] for row in space.rows(role, "negotiations") if row["product"] == "tried-goods"]
        page = await space.doors[role].call("GET", f"processes/{quote(pid, safe='')}")
        assert page["rounds"][0]["tried"] == named, role
        assert not any("tried" in one for one in page["rounds"][1:])
        assert f"  after a list was tried: tried-one, answered under {trial}" in lines(page)


async def test_what_was_not_tried_there_is_refused(space, tmp_path):
    await listed(space, "tried-again", tmp_path)
    await fit(space, "tried-again", mine(tmp_path), job="tried-two")
    await space.publish("provider", "tried-more", [1_000])
    assert "answered no list of ours" in await failed(space, await get(space, "tried-more", "tried-never"))
    await space.publish("second", "tried-second", [1_000])
    assert "answered no list of ours" in await failed(space, await get(space, "tried-second", "tried-two"))
    status, text = await refused(get(space, "tried-more", "x" * 101))
    assert (status, "the id of a fitting" in text) == (400, True)

"""Opened in the same pass as it is pulled: the right bytes in the folder, one decision, one count, the same bill."""

from __future__ import annotations

import json

import pytest

from connector.runtime.errors import PenstockError, explain_failure
from connector.store.rows.use import ReadState
from tests.api.space import PURPOSE

pytestmark = pytest.mark.asyncio(loop_scope="session")

PIECE = 65_536
PRICE = 1000
SIZES = (40 * PIECE + 7, 0, 1, PIECE, 3 * PIECE - 1)


async def got(space, product, **more):
    mandate = {"limit": str(PRICE), "bid": None, "purpose": PURPOSE, "deposit": None, **more}
    await space.doors["buyer"].call("POST", "acquisitions", {"id": product, "product": product, "mandate": mandate})
    return await space.complete(product)


def opening(space, product):
    (row,) = [row for row in space.rows("buyer", "reads") if row["acquisition"] == product]
    return row


@pytest.mark.parametrize("keep", [True, False])
async def test_to_a_folder(space, tmp_path, keep):
    product = f"onepass-{keep}".lower()
    files = await space.publish("provider", product, SIZES, price=PRICE)
    view = await got(space, product, to=str(tmp_path / "out"), keep=keep)
    assert {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()} == {
        path.name: path.read_bytes() for path in files
    }
    row = opening(space, product)
    assert row["state"] == ReadState.DONE
    assert json.loads(row["result"])["bytes"] == sum(SIZES)
    kinds = [each["kind"] for each in space.rows("buyer", "log_entries") if each["part"] == view["agreement"]]
    assert kinds.count("opening.started") == kinds.count("opening.ended") == 1
    (replica,) = [each for each in space.rows("buyer", "replicas") if each["agreement"] == view["agreement"]]
    plain = int(json.loads(replica["header"])["plainBytes"])
    assert int(view["progress"]["paid"]) == -(-plain * PRICE // 2**20)
    assert bool(json.loads(replica["bytes_rows"])) == keep
    if keep:
        assert await space.opened(product) == [path.read_bytes() for path in files]


async def test_to_nowhere_counts_and_keeps_nothing(space):
    await space.publish("provider", "onepass-null", (3 * PIECE,), price=PRICE)
    view = await got(space, "onepass-null", to="null", keep=False)
    assert json.loads(opening(space, "onepass-null")["result"])["files"] == ["0.bin"]
    assert view["progress"]["keysHeld"] == view["progress"]["rows"]


async def test_what_another_agreement_brought_here_is_this_ones_too(space, tmp_path):
    await space.publish("provider", "onepass-twice", (3 * PIECE,), price=PRICE)
    await got(space, "onepass-twice")
    mandate = {"limit": str(PRICE), "bid": None, "purpose": PURPOSE, "deposit": None}
    for key, more in (("onepass-again", {}), ("onepass-third", {"to": str(tmp_path / "out")})):
        body = {"id": key, "product": "onepass-twice", "mandate": mandate | more}
        await space.doors["buyer"].call("POST", "acquisitions", body)
        view = await space.complete(key)
        assert view["progress"]["rowsHeld"] == view["progress"]["rows"] > 0
        (replica,) = [each for each in space.rows("buyer", "replicas") if each["agreement"] == view["agreement"]]
        assert replica["state"] == "sealed"


NO_PLACE = {
    "a relative path": ({"to": "out"}, "absolute"),
    "a file": ({"to": "/etc/hostname"}, "may not write"),
    "below a file": ({"to": "/etc/hostname/out"}, "may not write"),
    "kept nowhere": ({"keep": False}, "what is kept instead"),
    "keep in words": ({"to": "null", "keep": "no"}, "true or false"),
}


@pytest.mark.parametrize("place", NO_PLACE)
async def test_a_place_that_is_none_is_refused_before_anything_is_agreed(space, place):
    more, words = NO_PLACE[place]
    before = len(space.rows("buyer", "acquisitions"))
    with pytest.raises(PenstockError) as refusal:
        await got(space, "onepass-nowhere", **more)
    assert words in explain_failure(refusal.value).text
    assert len(space.rows("buyer", "acquisitions")) == before


@pytest.mark.parametrize("keep", [True, False])
async def test_a_buyer_that_is_killed_goes_on_and_pays_once(space, tmp_path, keep):
    product = f"onepass-killed-{keep}".lower()
    files = await space.publish("provider", product, (160 * PIECE, 7), price=PRICE)
    mandate = {"limit": str(PRICE), "bid": None, "purpose": PURPOSE, "deposit": None}
    mandate |= {"to": str(tmp_path / "out"), "keep": keep}
    body = {"id": product, "product": product, "mandate": mandate}
    await space.doors["buyer"].call("POST", "acquisitions", body)
    view = await space.until(product, lambda view: view["progress"]["keysHeld"] >= 20)
    assert view["state"] == "receiving"
    await space.people["buyer"].kill()
    assert not list((tmp_path / "out").glob("*.bin"))
    await space.people["buyer"].start(space.environment)
    view = await space.complete(product)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [path.name for path in files]
    assert [(tmp_path / "out" / path.name).read_bytes() for path in files] == [path.read_bytes() for path in files]
    (replica,) = [each for each in space.rows("buyer", "replicas") if each["agreement"] == view["agreement"]]
    plain = int(json.loads(replica["header"])["plainBytes"])
    assert int(view["progress"]["paid"]) == -(-plain * PRICE // 2**20)
    assert opening(space, product)["state"] == ReadState.DONE

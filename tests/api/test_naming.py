"""Ids as people paste them: begun, cut, of the protocol; over HTTP and by commands, against a real participant."""

from __future__ import annotations

import pytest
import pytest_asyncio

from tests.api.command import commanded, penstock

pytestmark = pytest.mark.asyncio(loop_scope="session")

PRODUCT, PIECE, LIMIT = "well-named", 65_536, 64_000
KEY = "3f0c9d3e-named-4b0e-9c55"


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def bought(space):
    await space.publish("provider", PRODUCT, (PIECE,), price=LIMIT)
    mandate = {"limit": str(LIMIT), "bid": None, "purpose": "AirTrafficResearch", "deposit": None}
    await space.doors["buyer"].call("POST", "acquisitions", {"id": KEY, "product": PRODUCT, "mandate": mandate})
    return await space.complete(KEY)


async def test_what_a_list_shows_can_be_pasted(space, bought):
    """Each id as it is printed, and its first characters, in each command that takes it."""
    agreement, transfer = bought["agreement"], bought["transfer"]
    ended = await commanded("bill", "list", "--data", space.people["buyer"].data)
    [shown] = [word for word in ended.out.decode().split() if word.startswith(agreement[:10])]
    bill = await penstock(space, "buyer", "bill", "show", shown)
    assert bill["bill"]["agreement"] == (await penstock(space, "buyer", "bill", "show", agreement))["bill"]["agreement"]
    assert (await penstock(space, "buyer", "show", KEY[:12]))["id"] == KEY
    assert (await penstock(space, "buyer", "show", agreement[:8]))["digest"] == agreement
    assert (await penstock(space, "buyer", "admin", "show", transfer.removeprefix("urn:uuid:")[:8]))["id"] == transfer
    assert (await penstock(space, "buyer", "transfer", "show", KEY[:8]))["id"] == KEY
    opened = await penstock(space, "buyer", "open", KEY[:8], "--purpose", "AirTrafficResearch", "--dry-run")
    assert opened["title"] == f"Product {PRODUCT}"
    assert (await penstock(space, "provider", "settle", agreement[:8], "--dry-run"))["dryRun"]


async def test_a_products_id_is_its_edition_where_one_is_asked_for(space, bought):
    agreement = await penstock(space, "buyer", "show", bought["agreement"])
    right = await penstock(space, "provider", "rights", "show", PRODUCT)
    assert right["id"] == agreement["edition"]


async def test_what_begins_several_is_refused_with_them(space):
    for name in ("twin-one", "twin-two"):
        body = {"id": f"beginning-{name}", "product": "absent", "mandate": {"limit": "1", "bid": None, "deposit": None}}
        body["mandate"]["purpose"] = "Research"
        await space.doors["buyer"].call("POST", "acquisitions", body)
    ended = await commanded("transfer", "show", "beginning-twin", "--data", space.people["buyer"].data)
    assert ended.code == 2
    assert "beginning-twin-one, beginning-twin-two" in ended.err.decode()
    ended = await commanded("transfer", "show", "nothing-is-called-so", "--data", space.people["buyer"].data)
    assert ended.code == 4


async def test_show_says_what_anything_is(space, bought):
    account = space.status["provider"]["address"]
    edition = (await penstock(space, "buyer", "show", bought["agreement"]))["edition"]
    [sent, *_] = space.rows("provider", "chain_sends")
    kinds = {
        PRODUCT: "products",
        edition[:10]: "editions",
        space.did("buyer"): "members",
        account: "accounts",
        bought["agreement"][:10]: "agreements",
        bought["channel"][:10]: "channels",
        "0": "log_entries",
        sent["hash"]: "chain_txs",
    }
    told = {key: await penstock(space, "provider", "show", key) for key in kinds}
    assert {key: one["kind"] for key, one in told.items()} == kinds
    assert told[account]["did"] == space.did("provider")
    assert not {"key_id", "review_seed", "run", "box_key"} & {name for one in told.values() for name in one}

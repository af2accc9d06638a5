"""A node keeps copies of the members' logs: proven as they grow, found in by instruction, audited when one is gone."""

from __future__ import annotations

import asyncio
import base64
from urllib.parse import quote

import pytest
import pytest_asyncio

from connector.runtime.clock import Clock
from ledger.log import merkle
from ledger.log.tiles import TILE_WIDTH_HASHES, Tile
from tests.api.command import commanded, penstock
from tests.api.noded import Noded
from tests.api.refusals import refused
from tests.api.test_filing import file
from tests.api.test_rights import told

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def space(tmp_path_factory):
    made = Noded(tmp_path_factory.mktemp("collected"), Clock().now)
    made.region = "US-NY"
    made.prepare(tuple(Noded.kinds))
    try:
        await made.start()
        yield made
    finally:
        await made.stop()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def deal(space):
    """A filed contract and what was delivered under it; returns the digest of the agreement."""
    await space.publish("provider", "tides", (200_000,))
    await space.get("tides")
    await space.complete("tides")
    [row] = [row for row in space.rows("buyer", "agreements") if row["product"] == "tides"]
    for role in ("provider", "buyer"):
        await file(space, role, row["digest"])
    for role in space.people:
        await space.doors[role].call("POST", "log/anchor", {})
    return row["digest"]


async def collect(space):
    return {one["member"]: one for one in (await space.doors["node"].call("POST", "collected", {}))["logs"]}


async def test_every_member_s_log_is_kept_whole(space, deal):
    found = await collect(space)
    assert set(found) == {space.did(role) for role in space.people} - {space.did("node")}
    for role in ("provider", "buyer", "exchange"):
        row = found[space.did(role)]
        note = (await space.outbound.get(space.url(role) + "/log/checkpoint")).body.decode().splitlines()
        assert (row["trouble"], row["name"], row["origin"]) == ("", f"The {role}", note[0])
        assert 0 < int(row["entries"]) <= int(note[1])
    # again: nothing is lost, and what is new is there
    again = await collect(space)
    assert all(int(again[did]["entries"]) >= int(found[did]["entries"]) for did in found)
    assert [one["member"] for one in (await space.doors["node"].call("GET", "collected"))["logs"]] == sorted(found)


async def test_a_delivery_is_found_by_the_number_of_its_instruction(space, deal):
    await collect(space)
    number = (await space.doors["buyer"].call("GET", "filings"))["filings"][0]["instruction"]
    assert (len(number), deal.startswith(number)) == (32, True)
    found = await penstock(space, "regulator", "node", "trace", number)
    told = {(one["name"], one["type"]) for one in found["entries"]}
    for role in ("The provider", "The buyer"):
        assert (role, "agreement.signed") in told
        assert (role, "contract.filed") in told
    assert ("The exchange", "contract.filed") in told
    # each is proven by its member's own log, without the node
    one = next(one for one in found["entries"] if one["name"] == "The provider")
    number, at = divmod(int(one["index"]), TILE_WIDTH_HASHES)
    tile = Tile(0, number, min(TILE_WIDTH_HASHES, int(one["size"]) - number * TILE_WIDTH_HASHES))
    leaves = (await space.outbound.get(f"{space.url('provider')}/log/{tile.path}")).body
    assert leaves[at * 32 : at * 32 + 32] == merkle.leaf_hash(base64.b64decode(one["entry"]))
    assert (await space.doors["node"].call("GET", f"collected/{deal}"))["entries"][0]["part"]
    by_product = await space.doors["node"].call("GET", "collected/tides")
    assert "listing.moved" in {one["type"] for one in by_product["entries"]}
    assert (await refused(space.doors["regulator"].call("GET", f"collected/{'0' * 32}")))[0] == 404


async def test_who_is_gone_is_audited_from_the_node_s_copy(space, deal):
    await collect(space)
    mirror = f"{space.url('node')}/node/logs/{quote(space.did('provider'), safe='')}"
    origin = space.url("provider").split("://", 1)[1] + "/log"
    await space.people["provider"].stop()
    try:
        asked = (
            "audit",
            "--exchange",
            space.url("exchange"),
            "--data",
            space.people["regulator"].data,
            "--development",
        )
        gone = await commanded(*asked, "--json")
        assert "log-unreadable" in gone.out.decode(), gone
        there = await commanded(*asked, "--mirror", f"{origin}={mirror}", "--json")
        assert "log-unreadable" not in there.out.decode(), there
        assert there.code == 0, there
    finally:
        await space.people["provider"].start(space.environment)


async def test_a_member_that_takes_back_what_it_said_is_named_and_its_copy_stays(space, deal):
    did = space.did("buyer")
    before = (await collect(space))[did]
    entries = int(before["entries"])
    # the node has collected more than the member now says that there is
    space.write("node", "UPDATE collected_logs SET size = size + 1000 WHERE member = ?", (did,))
    assert "were collected" in (await collect(space))[did]["trouble"]
    space.write("node", "UPDATE collected_logs SET size = ? WHERE member = ?", (entries, did))
    # another entry stands where one was collected
    [bundle] = [one for one in space.rows("node", "collected_bundles") if one["member"] == did]
    changed = bytearray(bundle["entries"])
    changed[40] ^= 1
    change = "UPDATE collected_bundles SET entries = ? WHERE member = ?"
    space.write("node", change, (bytes(changed), did))
    await space.doors["buyer"].call("POST", "log/anchor", {})
    row = (await collect(space))[did]
    assert (row["trouble"], row["entries"]) == ("entries that were collected are others now", str(entries))
    [kept] = [one for one in space.rows("node", "collected_bundles") if one["member"] == did]
    assert kept["entries"] == bytes(changed)
    space.write("node", change, (bundle["entries"], did))
    row = (await collect(space))[did]
    assert (row["trouble"], int(row["entries"]) > entries) == ("", True)


async def test_a_copy_serves_what_was_proven_and_nothing_else(space, deal):
    await collect(space)
    base = f"{space.url('node')}/node/logs/{quote(space.did('provider'), safe='')}"
    note = (await space.outbound.get(base + "/checkpoint")).body.decode().splitlines()
    size = int(note[1])
    width = min(size, 256)
    suffix = "" if width == 256 else f".p/{width}"
    own = space.url("provider") + "/log"
    for path in (f"/tile/entries/000{suffix}", f"/tile/0/000{suffix}"):
        assert (await space.outbound.get(base + path)).body == (await space.outbound.get(own + path)).body
    for path in (
        f"/tile/entries/{size // 256 + 1:03}",
        "/tile/0/x",
        "/addenda/1-5",
        f"/addenda/0-{size + 300}",
        "/addenda/x",
    ):
        assert (await refused(space.outbound.get(base + path)))[0] == 404, path
    nobody = f"{space.url('node')}/node/logs/did:web:nobody/checkpoint"
    assert (await refused(space.outbound.get(nobody)))[0] == 404


async def test_a_node_hears_of_every_connector_and_cuts_one_off(space, deal):
    async with asyncio.timeout(60):
        while True:
            heard = (await space.doors["node"].call("GET", "heard"))["connectors"]
            if all(one["state"] == "live" for one in heard):
                break
            await asyncio.sleep(0.5)
    assert {one["did"] for one in heard} == {space.did(role) for role in space.people} - {space.did("node")}
    first = {one["did"]: one["seen"] for one in heard}
    async with asyncio.timeout(20):  # each tells it again within seconds
        while any(one["seen"] == first[one["did"]] for one in heard):
            await asyncio.sleep(0.5)
            heard = (await space.doors["node"].call("GET", "heard"))["connectors"]
    body = {"did": space.did("second"), "reason": "its key was stolen"}
    for role, status in (("provider", 403), ("regulator", 403)):
        headers = {**space.bearer(role, "exchange"), "Content-Type": "application/json"}
        url = space.url("exchange") + "/exchange/cut-off"
        assert (await refused(space.outbound.request("POST", url, body=body, headers=headers)))[0] == status
    cut = await penstock(space, "node", "node", "cut", body["did"], "--reason", body["reason"])
    assert cut == {"did": body["did"], "state": "suspended", "reason": body["reason"]}
    members = {one["did"]: one for one in (await space.doors["exchange"].call("GET", "members"))["members"]}
    assert members[body["did"]]["state"] == "suspended"
    assert len([one for one in told(space, "exchange", "member.moved") if one["part"] == body["did"]]) == 2
    # it is told nothing any more, and the node shows it as suspended
    async with asyncio.timeout(20):
        while True:
            heard = {one["did"]: one for one in (await space.doors["node"].call("GET", "heard"))["connectors"]}
            if heard[body["did"]]["member"] == "suspended":
                break
            await asyncio.sleep(0.3)
    headers = space.bearer("second", "node")
    assert (await refused(space.outbound.get(space.url("node") + "/node/codes", headers=headers)))[0] in (403, 404)
    # neither a second time, nor itself, nor who is nobody
    again = space.doors["node"].call("POST", "cut-off", body)
    assert (await refused(again))[0] == 409
    for did, status in ((space.did("node"), 403), ("did:web:nobody", 404)):
        assert (await refused(space.doors["node"].call("POST", "cut-off", {**body, "did": did})))[0] == status

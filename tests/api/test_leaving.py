"""A provider that leaves as it should: with a plan, an answer, its products off the list, and an end."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import pytest_asyncio

from connector.client.server import Server
from connector.demo.processes import Participant, free_ports
from connector.operation.initialise import initialise
from connector.runtime.errors import PenstockError
from tests.api.refusals import status as refused
from tests.api.test_rights import told

pytestmark = pytest.mark.asyncio(loop_scope="session")

PIECE = 65_536


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def going(space):
    """A provider that joined when everybody else was there, under the name `going` in the space."""
    [port] = free_ports(1)
    data, exchange = space.folder / "going", space.url("exchange")
    about = {"name": "The going", "roles": ("provider",), "region": "US-NY", "port": port}
    initialise(data, **about, exchange=exchange, development=True)
    space.people["going"] = person = Participant(data)
    await person.start(space.environment)
    space.doors["going"] = door = Server(data, space.outbound)
    space.status["going"] = await door.call("GET", "status")
    await space.doors["exchange"].call("POST", "members", {"did": space.did("going"), "invite": True})
    yield door
    for shelf in (space.people, space.doors, space.status):
        del shelf["going"]
    await person.stop()


async def connector(space, role):
    rows = (await space.doors["exchange"].call("GET", "connectors"))["connectors"]
    return next(row for row in rows if row["did"] == space.did(role))


async def test_who_tells_is_shown_with_what_it_can_do(space, going):
    assert await going.call("POST", "heartbeat", {}) == {"standing": "admitted"}
    row = await connector(space, "going")
    assert (row["state"], row["alarms"], row["version"]) == ("live", "0", "0.1.0")
    assert {"dsp", "sealed"} <= set(row["capabilities"])
    space.write("exchange", "UPDATE connectors SET seen = 0 WHERE did = ?", (space.did("going"),))
    assert (await connector(space, "going"))["state"] == "silent"


async def test_a_member_leaves_with_a_plan(space, going):
    exchange, did = space.doors["exchange"], space.did("going")
    await space.publish_files("going", "farewell", space.files("farewell", (PIECE,)), title="Farewell songs", price=3)
    await space.get("farewell", limit=1000)
    await space.complete("farewell")
    await space.publish_files(
        "going", "renewing-songs", space.files("renewing-songs", (PIECE,)), title="Renewed songs", price=3
    )
    # as if its next edition were being sealed: the exchange lists it as it was
    space.write("going", "UPDATE products SET state = 'renewing', renewal = brief WHERE id = ?", ("renewing-songs",))
    plan = await going.call("GET", "leaving/plan")
    assert {one["kind"] for one in plan["items"]} == {"product", "sold", "channel"}
    assert sorted(one["id"] for one in plan["items"] if one["kind"] == "product") == ["farewell", "renewing-songs"]
    assert plan["until"] == max(one["until"] for one in plan["items"] if one["until"])
    assert await refused(going.call("GET", "leaving/plan?until=2026-12-01T00:00:00Z")) == 400
    assert await refused(going.call("GET", "leaving")) == 404

    asked = {"reason": "we close down", "until": ""}
    assert (await going.call("POST", "leaving", asked))["state"] == "asked"
    assert (await going.call("POST", "leaving/stay", {}))["state"] == "stayed"
    await going.call("POST", "leaving", asked)
    answer = {"did": did, "reason": "say who serves your buyers"}
    assert (await exchange.call("POST", "leavings/refuse", answer))["state"] == "refused"
    assert (await going.call("GET", "leaving"))["answer"] == "say who serves your buyers"
    await going.call("POST", "leaving", asked)
    [waiting] = (await exchange.call("GET", "leavings"))["leavings"]
    assert (waiting["did"], waiting["state"], len(waiting["items"])) == (did, "asked", len(plan["items"]))

    approved = await exchange.call("POST", "leavings/approve", {"did": did, "reason": ""})
    assert approved["state"] == "approved"
    assert (await space.doors["buyer"].call("GET", "find?q=farewell"))["found"] == 0
    assert (await space.doors["buyer"].call("GET", "find?q=renewed+songs"))["found"] == 0
    assert await going.call("POST", "heartbeat", {}) == {"standing": "leaving"}
    assert {row["state"] for row in space.rows("going", "products")} == {"withdrawn"}
    with pytest.raises(PenstockError, match="refused"):
        files = space.files("encore", (PIECE,))
        await space.publish_files("going", "encore", files, title="Encore", price=3)
    assert await refused(going.call("POST", "leaving", asked)) == 409
    assert (await space.opened("farewell"))[0]  # what was bought stays bought


async def test_the_membership_ends_when_the_plan_does(space, going):
    """Its last day comes at once here, behind the exchange's back."""
    did = space.did("going")
    past = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp() * 1_000_000)
    space.write("exchange", "UPDATE leavings SET until = ? WHERE did = ?", (past, did))
    assert (await space.doors["exchange"].call("GET", "leavings"))["leavings"] == []
    document = (await space.outbound.get(space.url("exchange") + "/space")).json()
    assert document["barred"][did] == "revoked"
    moves = [row for row in told(space, "exchange", "leave.moved") if row["part"] == did]
    assert len(moves) == 7  # asked, stayed, asked, refused, asked, approved, left

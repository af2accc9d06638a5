"""A node above two nodes: a code of one space is resolved in another, by the word of the node that assigned it."""

from __future__ import annotations

import pytest
import pytest_asyncio

from connector.identity import tokens
from connector.identity.keys import Signer
from connector.identity.peers import Peers
from connector.identity.space.foreign import node_of
from connector.runtime.clock import Clock
from connector.runtime.errors import PenstockError
from tests.api.command import penstock
from tests.api.country import Country
from tests.api.refusals import refused
from tests.api.test_rights import told

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def country(tmp_path_factory):
    made = Country(tmp_path_factory.mktemp("country"), Clock().now)
    try:
        await made.start()
        yield made
    finally:
        await made.stop()


async def assigned(space):
    return await space.doors["provider"].call("POST", "codes", {"product": None, "resource": None})


async def test_who_is_below_is_listed_and_each_move_is_in_a_log(country):
    rows = (await penstock(country.top, "node", "node", "below", "list"))["nodes"]
    assert {(row["did"], row["exchange"], row["state"]) for row in rows} == {
        (space.did("node"), space.did("exchange"), "accepted") for space in (country.river, country.harbour)
    }
    again = await penstock(country.river, "node", "node", "above", country.top.url("node"))
    assert (again["did"], again["state"]) == (country.top.did("node"), "accepted")
    assert [one["part"] for one in told(country.river, "node", "node.linked")] == [country.top.did("node")] * 2
    assert len(told(country.top, "node", "node.linked")) == 4


async def test_a_code_of_another_space_is_resolved_through_the_node_above(country):
    made = await assigned(country.harbour)
    found = await penstock(country.river, "provider", "code", "resolve", made["code"])
    where = {"node": country.harbour.did("node"), "space": country.harbour.did("exchange")}
    assert found == {**made, "url": country.harbour.url("provider"), "name": "The provider", **where}
    assert await penstock(country.river, "node", "code", "resolve", made["code"]) == found
    assert await penstock(country.top, "node", "code", "resolve", made["code"]) == found
    # at home it is the own node's
    assert "node" not in await country.harbour.doors["provider"].call("GET", f"registrations/{made['code']}")


async def test_what_nobody_assigned_is_absent_everywhere(country):
    code = (await assigned(country.river))["code"]
    absent = code[:-1] + ("0" if code[-1] != "0" else "1")
    assert (await refused(country.harbour.doors["provider"].call("GET", f"registrations/{absent}")))[0] == 404


async def test_a_node_reports_what_no_report_counted_and_the_one_above_sees_the_chain(country):
    await assigned(country.river)
    await country.river.publish_files("provider", "tides", country.river.files("tides", (9_000,)), reviewed=False)
    first = await penstock(country.river, "node", "node", "report")
    assert (first["number"], first["trouble"], first["from"]) == ("1", "", "")
    assert (first["products"], first["connectors"], first["members"]) == ("1", "1", "2")
    assert first["sent"]
    second = await country.river.doors["node"].call("POST", "reports", {})
    assert (second["number"], second["from"], second["instructions"]) == ("2", first["until"], "0")
    rows = (await penstock(country.top, "node", "node", "reports"))["reports"]
    came = {row["number"]: row for row in rows if row["node"] == country.river.did("node")}
    assert {number: (row["side"], row["products"], row["trouble"]) for number, row in came.items()} == {
        "1": ("below", "1", ""),
        "2": ("below", "1", ""),
    }
    own = (await country.river.doors["node"].call("GET", "reports"))["reports"]
    assert [(row["number"], row["side"]) for row in own] == [("2", "up"), ("1", "up")]
    assert len(told(country.river, "node", "report.made")) == 2
    assert len(told(country.top, "node", "report.received")) == 2


async def test_what_another_space_s_logs_hold_is_found_through_the_node_above(country):
    harbour, river = country.harbour, country.river
    await harbour.publish_files("provider", "reefs", harbour.files("reefs", (9_000,)), reviewed=False)
    await harbour.doors["node"].call("POST", "collected", {})
    assert (await refused(river.doors["provider"].call("GET", "collected/reefs")))[0] == 404
    found = await penstock(river, "provider", "node", "trace", "reefs", "--everywhere")
    assert {one["node"] for one in found["entries"]} == {harbour.did("node")}
    assert "listing.moved" in {one["type"] for one in found["entries"]}
    assert found["unheard"] == []
    own = (await harbour.doors["provider"].call("GET", "collected/reefs"))["entries"]
    assert [one["entry"] for one in own] == [one["entry"] for one in found["entries"]]


async def test_a_node_is_proven_by_its_own_exchange_and_nobody_else(country):
    river, harbour = country.river, country.harbour
    peers = Peers("did:web:nobody", lambda: None, river.outbound, Clock(), development=True)
    member = await node_of(river.outbound, peers, river.did("exchange"), river.did("node"))
    assert member.did == river.did("node")
    for exchange, node in (
        (harbour.did("exchange"), river.did("node")),
        (river.did("exchange"), river.did("provider")),
        (river.did("node"), river.did("node")),
        (river.did("exchange"), "did:web:nobody.example"),
        ("no did", river.did("node")),
    ):
        with pytest.raises(PenstockError):
            await node_of(river.outbound, peers, exchange, node)


async def test_who_is_no_node_or_was_cut_off_is_answered_nothing(country):
    """A provider may not ask to be below, nor pass a question on; a node that was cut off may not either."""
    top, river = country.top, country.river

    async def post(path, body):
        token = tokens.issue(river_signer, top.did("node"), river.now())
        headers = {"Authorization": tokens.SCHEME + token}
        return await river.outbound.post(top.url("node") + path, body, headers=headers)

    for role, known in (("provider", False), ("node", True)):
        river_signer = Signer(river.keys(role).token, river.did(role) + "#token")
        if known:
            cut = {"did": river.did("node"), "reason": "it was replaced"}
            assert (await top.doors["node"].call("POST", "below/cut", cut))["state"] == "cut"
            again = await river.doors["node"].call("POST", "above", {"address": top.url("node")})
            assert again["state"] == "cut"
        else:
            assert (await refused(post("/node/below", {"exchange": river.did("exchange")})))[0] >= 400
        asked = {"id": "0" * 32, "kind": "code", "about": "x", "path": [river.did(role)], "patience": 1000}
        assert (await refused(post("/node/questions", asked)))[0] == 403
        assert (await refused(post("/node/reports", {"report": {}, "note": ""})))[0] == 400
    assert (await refused(top.doors["node"].call("POST", "below/accepted", {"did": "did:web:nobody"})))[0] == 404
    left = await penstock(river, "node", "node", "detach")
    assert left == {"did": top.did("node"), "state": "none"}
    assert (await refused(river.doors["node"].call("POST", "detached", {})))[0] == 404
    # whoever is below may not be above
    body = {"address": country.harbour.did("node")}
    assert (await refused(top.doors["node"].call("POST", "above", body)))[0] == 409

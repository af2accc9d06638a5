"""A node above two nodes: a code of one space is resolved in another, by the word of the node that assigned it."""

from __future__ import annotations

import pytest
import pytest_asyncio

from connector.runtime.clock import Clock
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

"""A demand from its first word to the agreement that met it, as its people see it."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from tests.api.refusals import refused

pytestmark = pytest.mark.asyncio(loop_scope="session")

PIECE = 65_536
DEMAND = {
    "id": "wanted",
    "title": "lighthouse keepers",
    "description": "",
    "where": ["tier=kept"],
    "purpose": "Research",
    "place": "US",
    "most": None,
    "unit": "byte",
    "currency": "CNY",
    "until": "2099-01-01T00:00:00+00:00",
}


def door(space, role):
    return space.doors[role]


def events(space):
    rows = space.rows("exchange", "log_entries")
    return [row["part"] for row in rows if row["kind"] == "demand.moved"]


async def test_a_demand_is_matched_negotiated_and_met(space):
    buyer, provider = door(space, "buyer"), door(space, "provider")
    posted = await buyer.call("POST", "demands", DEMAND)
    assert (posted["state"], posted["matches"]) == ("open", [])
    assert await buyer.call("POST", "demands", DEMAND) == posted
    about = {"title": "Keepers of a lighthouse", "keywords": ["keepers"], "price": 3}
    await space.publish_files("provider", "keepers", space.files("keepers", (PIECE,)), **about)
    await space.publish_files("provider", "bread", space.files("bread", (PIECE,)), title="Bread", price=3)
    shown = await buyer.call("GET", "demands/wanted")
    assert shown["state"] == "matched"
    assert [one["product"] for one in shown["matches"]] == ["keepers"]
    assert sum(reason["points"] for reason in shown["matches"][0]["reasons"]) == shown["matches"][0]["score"]
    theirs = await provider.call("GET", "matches/keepers")
    assert [one["id"] for one in theirs["demands"]] == ["wanted"]
    assert (await provider.call("GET", "matches/bread"))["demands"] == []
    assert "matches" not in await provider.call("GET", "demands/wanted")

    assert (await refused(provider.call("POST", "demands/wanted/withdraw", {})))[0] == 403
    assert (await refused(buyer.call("POST", "demands/wanted/meet", {"agreement": "00" * 32})))[0] == 409
    await buyer.call("POST", "demands/wanted/negotiate", {"product": "keepers"})
    assert (await provider.call("GET", "matches/keepers"))["demands"] == []
    await space.get("keepers", limit=1000)
    view = await space.complete("keepers")
    agreement = next(row["digest"] for row in space.rows("buyer", "agreements") if row["product"] == "keepers")
    assert view["state"] == "complete"
    met = await buyer.call("POST", "demands/wanted/meet", {"agreement": agreement})
    assert (met["state"], met["agreement"]) == ("met", agreement)
    assert (await refused(buyer.call("POST", "demands/wanted/withdraw", {})))[0] == 409
    told = await door(space, "exchange").call("GET", "indicators")
    figures = {row["key"]: row["value"] for row in told["indicators"]}
    listed = len([row for row in space.rows("exchange", "listings") if row["state"] == "listed"])
    # others of this space may have asked for something before
    states = [row["state"] for row in space.rows("exchange", "demands")]
    met_share = f"{100 * states.count('met') / len(states):.1f}"
    assert (figures["listed"], figures["demands-met"]) == (str(listed), met_share)
    assert int(figures["deals"]) >= 1
    assert int(figures["turnover"]) >= 0
    assert float(figures["deal-rate"]) > 0
    assert events(space).count("wanted") == 4  # posted, matched, negotiating, met


async def test_what_a_policy_forbids_is_not_offered(space):
    await space.publish_files("provider", "windmills", space.files("windmills", (PIECE,)), title="Windmills", price=3)
    told = {**DEMAND, "id": "mills", "title": "windmills", "where": []}
    assert len((await door(space, "buyer").call("POST", "demands", told))["matches"]) == 1
    elsewhere = {**told, "id": "mills-elsewhere", "place": "DE"}
    assert (await door(space, "buyer").call("POST", "demands", elsewhere))["matches"] == []


@pytest.mark.parametrize(
    ("change", "status", "said"),
    [
        ({"id": "old", "until": "2020-01-01T00:00:00Z"}, 400, "is over"),
        ({"id": "none", "title": "?", "where": []}, 400, "words in its title"),
        ({"id": "wanted", "title": "something else"}, 409, "another demand"),
    ],
)
async def test_what_is_no_demand_is_refused_in_words(space, change, status, said):
    await door(space, "buyer").call("POST", "demands", DEMAND)
    found = await refused(door(space, "buyer").call("POST", "demands", DEMAND | change))
    assert (found[0], said in found[1]) == (status, True), found


async def test_an_unknown_move_and_an_unknown_demand(space):
    buyer = door(space, "buyer")
    assert (await refused(buyer.call("POST", "demands/wanted/expire", {})))[0] == 404
    assert (await refused(buyer.call("GET", "demands/" + quote("no such", safe=""))))[0] == 404
    assert (await refused(buyer.call("GET", "demands?first=x")))[0] == 400

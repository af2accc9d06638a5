"""A licence is passed on: the child shows its chain to the provider, buys by itself, and ends with those above it."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta

import pytest
import pytest_asyncio

from tests.api.command import penstock

pytestmark = pytest.mark.asyncio(loop_scope="session")

PRODUCT, PRICE, OPENINGS, WITHIN_SECONDS = "passed-on", 250, 2, 10


def end(space, days):
    return (space.now() + timedelta(days=days)).isoformat(timespec="seconds")


async def granted(space, owner, agreement, role="buyer", to="other", **asked):
    body = {"to": space.did(to), "until": end(space, 20), **asked}
    return await owner(role, "POST", f"agreements/{agreement}/sublicences", body)


async def taken(space, owner, key, licence, *, role="other", limit=PRICE):
    mandate = {"limit": str(limit), "purpose": "AirTrafficResearch", "licence": licence}
    body = {"id": key, "product": licence["product"], "mandate": mandate}
    return await owner(role, "POST", "acquisitions", body)


async def opened(space, owner, role, acquisition, key):
    to = str(space.folder / "passed-on" / key)
    body = {"id": key, "acquisition": acquisition, "purpose": "AirTrafficResearch", "to": to}
    return await owner(role, "POST", "openings", body)


def told(space, role, kind):
    return [row for row in space.rows(role, "log_entries") if row["kind"] == kind]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def parent(space):
    """A leased product that may be passed on, bought by the holder; returns the agreement's digest."""
    paths = space.files(PRODUCT, (90_000,))
    await space.publish_files("provider", PRODUCT, paths, price=PRICE, openings=OPENINGS, onward=True)
    await space.get(PRODUCT)
    return (await space.complete(PRODUCT))["agreement"]


async def test_a_child_gets_keys_from_the_provider_and_draws_on_all_counters(space, owner, parent):
    file = space.folder / "child.json"
    asked = ("--to", space.did("other"), "--until", end(space, 20), "--out", str(file))
    licence = await penstock(space, "buyer", "sublicense", parent, *asked)
    assert json.loads(file.read_bytes()) == licence
    assert len(licence["chain"]) == 1
    limits = ("--max-price", str(PRICE), "--purpose", "AirTrafficResearch")
    view = await penstock(space, "other", "get", PRODUCT, "--licence", str(file), "--id", "child", *limits)
    assert view["agreement"] != parent
    (row,) = [row for row in space.rows("provider", "agreements") if row["digest"] == view["agreement"]]
    assert row["parent"] == parent
    assert len(told(space, "provider", "licence.sublicensed")) == 1
    assert len(told(space, "buyer", "licence.sublicensed")) == 1
    first = await opened(space, owner, "other", "child", "child-1")
    assert first.status == 201, first.body
    assert first.json["charged"] == PRICE
    second = await opened(space, owner, "buyer", PRODUCT, "holder-1")
    assert second.status == 201, second.body
    third = await opened(space, owner, "other", "child", "child-2")  # its own count has one left, the one above none
    assert (third.status, third.json["code"]) == (403, "not-permitted"), third.body
    taken_of = [row["agreement"] for row in space.rows("provider", "uses") if row["state"] == "committed"]
    uses = {digest: taken_of.count(digest) for digest in (parent, view["agreement"])}
    assert uses == {parent: 2, view["agreement"]: 1}


@pytest.mark.parametrize(
    ("asked", "status", "words"),
    [
        ({"until": "2099-01-01T00:00:00Z"}, 403, "outlive the licence above it"),
        ({"until": "2020-01-01T00:00:00Z"}, 400, "would be over already"),
        ({"until": "tomorrow"}, 400, "a date and time with its time zone"),
        ({"purpose": "Marketing"}, 403, "does not let its holder grant that"),
        ({"purpose": "unheard of"}, 400, "unheard of"),
        ({"to": "did:web:nobody.example"}, 404, "not a member"),
        ({"onward": "yes"}, 400, "true or false"),
        ({"more": 1}, 400, "may have `purpose`"),
    ],
)
async def test_what_a_licence_does_not_give_is_not_signed(space, owner, parent, asked, status, words):
    body = {"to": space.did("other"), "until": end(space, 20), **asked}
    said = await owner("buyer", "POST", f"agreements/{parent}/sublicences", body)
    assert (said.status, words in said.body.decode()) == (status, True), said.body


async def test_only_a_buyer_of_what_may_be_passed_on_can(space, owner, parent):
    assert (await granted(space, owner, "00" * 32)).status == 404
    assert (await granted(space, owner, parent, role="other")).status == 404
    await space.get("small")
    shut = (await space.complete("small"))["agreement"]
    said = await granted(space, owner, shut)
    assert (said.status, "does not let its holder grant that" in said.body.decode()) == (403, True), said.body


async def test_a_sub_licence_is_for_its_child_and_its_product(space, owner, parent):
    licence = (await granted(space, owner, parent, to="provider")).json
    assert (await taken(space, owner, "not-mine", licence)).status == 201
    view = await space.until("not-mine", lambda view: view["state"] in ("complete", "failed"), role="other")
    assert "is for somebody else" in str(view["reason"]), view
    for wrong in ({"product": "small"}, {"chain": []}, {"chain": "x"}, {"more": 1}):
        assert (await taken(space, owner, "wrong", licence | wrong)).status == 400


async def test_a_chain_of_two_in_the_tier_kept_and_its_end_from_the_top(space, owner):
    key = "passed-twice"
    paths = space.files(key, (150_000,))
    await space.publish_files("provider", key, paths, price=PRICE, onward=True)
    await space.get(key)
    top = (await space.complete(key))["agreement"]
    first = (await granted(space, owner, top, onward=True)).json
    assert (await taken(space, owner, "kept-child", first)).status == 201
    middle = (await space.complete("kept-child", role="other"))["agreement"]
    second = (await granted(space, owner, middle, role="other", to="buyer", until=end(space, 10))).json
    assert [link["subLicence"]["drawsOn"] for link in second["chain"]] == [top, top]
    assert (await taken(space, owner, "kept-grandchild", second, role="buyer")).status == 201
    last = (await space.complete("kept-grandchild"))["agreement"]
    parents = {row["digest"]: row["parent"] for row in space.rows("provider", "agreements")}
    assert (parents[last], parents[middle], parents[top]) == (middle, top, None)
    assert (await opened(space, owner, "buyer", "kept-grandchild", "kept-grandchild-1")).status == 201
    revoked = await owner("buyer", "POST", f"agreements/{first['digest']}/revoke", {"reason": "no longer"})
    assert revoked.status == 200, revoked.body
    async with asyncio.timeout(WITHIN_SECONDS):
        while {row["state"] for row in space.rows("buyer", "agreements") if row["digest"] == last} != {"ended"}:
            await asyncio.sleep(0.05)
    states = {row["digest"]: row["state"] for row in space.rows("provider", "agreements")}
    assert (states[last], states[middle], states[top]) == ("ended", "ended", "performing")


async def test_a_sub_licence_that_is_revoked_ends_what_is_below(space, owner, parent):
    licence = (await granted(space, owner, parent)).json
    revoked = await owner("buyer", "POST", f"agreements/{licence['digest']}/revoke", {"reason": "no longer"})
    assert revoked.status == 200, revoked.body
    assert json.loads(revoked.body)["state"] == "withdrawn"
    await owner("buyer", "POST", f"agreements/{parent}/revoke", {"reason": "we stop"})
    async with asyncio.timeout(WITHIN_SECONDS):
        while {row["state"] for row in space.rows("other", "agreements") if row["product"] == PRODUCT} != {"ended"}:
            await asyncio.sleep(0.05)
    late = await taken(space, owner, "late", licence)
    assert late.status == 201
    view = await space.until("late", lambda view: view["state"] in ("complete", "failed"), role="other")
    assert view["state"] == "failed"
    assert "sub-licence" in str(view["reason"]), view

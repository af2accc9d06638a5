"""Spaces of an exchange on the wire: what may be listed in one, who finds what there, and how it ends."""

from __future__ import annotations

import pytest

from connector.provider import space_rules
from tests.api.refusals import refused
from tests.api.test_rights import told

pytestmark = pytest.mark.asyncio(loop_scope="session")

PIECE = 65_536


def found(space, role, *words):
    query = "&".join(("q=" + "+".join(words),))
    return space.doors[role].call("GET", "find?" + query)


async def ids(space, role, *words):
    return [row["id"] for row in (await found(space, role, *words))["products"]]


async def publish(space, /, product, **more):
    files = space.files(product, (PIECE,))
    return await space.publish_files("provider", product, files, title=f"Ledgers {product}", price=3, **more)


async def create(space, key, **rules):
    body = {"id": key, "name": key.title(), "description": "", "rules": rules}
    return await space.doors["exchange"].call("POST", "spaces", body)


async def change(space, key, **changes):
    return await space.doors["exchange"].call("POST", f"spaces/{key}", {"reason": "as agreed", **changes})


async def test_everybody_reads_that_one_person_runs_the_exchange_and_what_its_spaces_are(space, say):
    said = (await say("GET", space.url("exchange") + "/spaces")).json
    assert next(row["id"] for row in said["spaces"]) == "main"
    assert said["operators"]["checked"] is False
    assert "one person answers for all three posts" in said["operators"]["en"]
    assert (await space.doors["buyer"].call("GET", "spaces/main"))["words"][0]["en"].startswith("from security grade 3")
    assert (await refused(space.doors["buyer"].call("GET", "spaces/nowhere")))[0] == 404


async def test_what_does_not_keep_to_the_rules_is_refused_with_every_reason(space):
    made = await create(space, "strict", grade=3, tiers=["leased"], needs=["count"])
    assert next(one["en"] for one in made["words"]) == "security grade up to 3"
    status, text = await refused(publish(space, "loose", space="strict"))
    assert status == 403
    assert "by the tier `kept`" in text
    assert "does not constrain `count`" in text
    assert (await refused(publish(space, "lost", space="nowhere")))[0] == 404
    await publish(space, "tight", space="strict", openings=3)
    assert await ids(space, "buyer", "tight") == ["tight"]
    assert (await refused(create(space, "strict")))[0] == 409
    assert (await refused(create(space, "odd", colour="blue")))[0] == 400


async def test_class_and_grade_decide_the_least_tier_before_anything_is_sealed(space):
    rows = [{"grade": 3, "tier": "leased"}, {"grade": 2, "tier": "leased", "classes": {"topic": ["A0100"]}}]
    await create(space, "careful", least=rows)
    sealed = len(told(space, "provider", "edition.sealed"))
    status, text = await refused(publish(space, "too-open", space="careful", grade=3))
    assert (status, "of grade 3 or higher are delivered here by `leased`" in text) == (403, True)
    assert (await refused(publish(space, "too-open-2", space="careful", grade=2, classes={"topic": "A0100"})))[0] == 403
    assert len(told(space, "provider", "edition.sealed")) == sealed
    await publish(space, "kept-in", space="careful", grade=2)
    await publish(space, "held-in", space="careful", grade=4, openings=3)
    assert {"held-in", "kept-in"} <= set(await ids(space, "buyer", "in"))


async def test_a_space_may_demand_a_cipher(space):
    await create(space, "national", suites=["sm"])
    sealed = len(told(space, "provider", "edition.sealed"))
    status, text = await refused(publish(space, "by-aes", space="national"))
    assert (status, "sealed by the suite `international`, and here by `sm`" in text) == (403, True)
    assert len(told(space, "provider", "edition.sealed")) == sealed
    await publish(space, "by-sm4", space="national", suite="sm")
    assert await ids(space, "buyer", "by-sm4") == ["by-sm4"]


async def test_the_exchange_holds_a_provider_to_the_least_tier_that_does_not_ask(space, monkeypatch):
    await create(space, "held", least=[{"grade": 2, "tier": "leased"}])

    async def nothing(*_):
        return lambda _: None

    monkeypatch.setattr(space_rules, "asked", nothing)
    assert (await refused(publish(space, "brazen", space="held", grade=2)))[0] == 403
    assert await ids(space, "buyer", "brazen") == []


async def test_who_sees_what_follows_from_role_and_grade(space):
    await create(space, "grades", sees={"buyer": 2, "others": 5}, least=[])
    await publish(space, "open-book", space="grades", grade=2)
    await publish(space, "shut-book", space="grades", grade=4)
    assert await ids(space, "buyer", "book") == ["open-book"]
    assert (await found(space, "buyer", "book"))["found"] == 1
    assert sorted(await ids(space, "provider", "book")) == ["open-book", "shut-book"]
    assert sorted(await ids(space, "regulator", "book")) == ["open-book", "shut-book"]
    mandate = {"limit": "10", "bid": None, "purpose": "Research", "deposit": None}
    body = {"id": "shut", "product": "shut-book", "mandate": mandate}
    await space.doors["buyer"].call("POST", "acquisitions", body)
    view = await space.until("shut", lambda view: view["state"] in ("complete", "failed"))
    assert (view["state"], "absent" in str(view)) == ("failed", True), view


async def test_a_closed_space_is_its_members_alone(space, say):
    await create(space, "club", members=[space.did("provider"), space.did("other")])
    await publish(space, "minutes", space="club")
    assert (await ids(space, "buyer", "minutes"), await ids(space, "other", "minutes")) == ([], ["minutes"])
    shown = (await say("GET", space.url("exchange") + "/spaces/club")).json
    assert shown["rules"]["members"] == 2


async def test_rules_have_versions_and_what_no_longer_keeps_to_them_is_suspended(space):
    await create(space, "changing")
    await publish(space, "early-bird", space="changing", grade=3)
    await publish(space, "late-bird", space="changing", grade=2)
    before = len(told(space, "exchange", "space.moved"))
    changed = await change(space, "changing", rules={"grade": 2})
    assert changed["version"] == 2
    assert await ids(space, "buyer", "bird") == ["late-bird"]
    suspended = (await space.doors["exchange"].call("GET", "listings?state=suspended"))["listings"]
    assert ["grade is 3" in row["reason"] for row in suspended if row["id"] == "early-bird"] == [True]
    await change(space, "changing", name="Changed", description="once more")
    versions = (await space.doors["buyer"].call("GET", "spaces/changing/rules"))["versions"]
    assert [(row["version"], row["rules"]["grade"], row["name"]) for row in versions] == [
        (3, 2, "Changed"),
        (2, 2, "Changing"),
        (1, None, "Changing"),
    ]
    assert len(told(space, "exchange", "space.moved")) == before + 2
    assert (await refused(change(space, "changing")))[0] == 400


async def test_a_space_is_wound_up(space):
    await create(space, "short-lived")
    await publish(space, "mayfly", space="short-lived")
    assert await ids(space, "buyer", "mayfly") == ["mayfly"]
    exchange = space.doors["exchange"]
    closed = await exchange.call("POST", "spaces/short-lived/closing", {"reason": "summer is over"})
    assert closed["state"] == "closed"
    assert await ids(space, "buyer", "mayfly") == []
    assert (await refused(publish(space, "moth", space="short-lived")))[0] == 409
    assert (await refused(exchange.call("POST", "spaces/short-lived/closing", {"reason": "again"})))[0] == 409
    assert (await refused(exchange.call("POST", "spaces/main/closing", {"reason": "all"})))[0] == 409


async def test_a_space_is_a_facet(space):
    answer = await space.doors["provider"].call("GET", "find?q=book&where=space%3Dgrades&counts=1")
    assert answer["found"] == 2
    assert [(row["value"], row["count"]) for row in answer["counts"]["space"]] == [("grades", 2)]

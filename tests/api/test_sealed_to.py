"""Event fields go to the key that their reader publishes: in one space some have a hybrid key and some have none."""

from __future__ import annotations

import pytest

from connector.identity import did as dids
from ledger.log.disclosure import recipient_id
from tests.api.command import penstock

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def published(space, say, role):
    served = await say("GET", space.url(role) + "/.well-known/did.json")
    return dids.parse(served.body, space.did(role))


@pytest.mark.parametrize(("role", "hybrid"), [("provider", False), ("second", True), ("regulator", True)])
async def test_an_owner_and_a_supervisor_each_say_by_which_key(space, say, role, hybrid):
    keys, supervisor = space.keys(role), space.keys("regulator")
    assert (await published(space, say, role)).hybrid == (keys.hybrid.public if hybrid else None)
    await penstock(space, role, "log", "disclose")  # looks which key the supervisor has now
    marked = await space.doors[role].call("POST", "log/marks", {})
    boxes = (await say("GET", f"{space.url(role)}/log/addenda/{marked['event']}")).json
    owner = keys.hybrid.public if hybrid else keys.delivery_public
    assert set(boxes) == {recipient_id(owner), recipient_id(supervisor.hybrid.public)}


async def test_the_supervisor_opens_what_was_sealed_to_either_of_its_keys(space):
    for role in ("provider", "second"):
        await penstock(space, role, "log", "disclose")
        await space.doors[role].call("POST", "log/anchor", {})
    asked = ("audit", "--exchange", space.url("exchange"), "--development")
    found = await penstock(space, "regulator", *asked, code=None)
    closed = {"disclosure-missing", "disclosure-false", "events-undisclosed"}
    about = {space.did(role) for role in ("provider", "second")}
    assert not [one for one in found["findings"] if one["code"] in closed and one["subject"] in about]
    told = {one["party"]: one["cosigned"] for one in found["figures"]["post_quantum"]["logs"]}
    assert {told[did] for did in about} == {2}

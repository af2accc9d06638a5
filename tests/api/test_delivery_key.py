"""A delivery key that another follows, in a space that trades: what was sealed before, what is sealed from then on."""

from __future__ import annotations

import asyncio
from typing import ClassVar

import pytest
import pytest_asyncio

from connector.identity import did as dids
from connector.identity import former
from connector.identity import keys as key_files
from connector.identity.keys import DELIVERY
from connector.runtime.clock import Clock
from connector.runtime.data_folder import KEYS
from connector.runtime.limits import FORMER_DELIVERY_KEYS_MAX
from ledger.log import disclosure
from ledger.log import note as notes
from tests.api.command import penstock
from tests.api.space import PURPOSE, Space
from tests.api.test_rights import told

pytestmark = pytest.mark.asyncio(loop_scope="module")

WITHIN_SECONDS = 60


class Sealed(Space):
    """Exchange, supervisor, provider and buyer."""

    kinds: ClassVar = {"exchange": "exchange", "regulator": "regulator", "provider": "provider", "buyer": "buyer"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def space(tmp_path_factory):
    made = Sealed(tmp_path_factory.mktemp("sealed"), Clock().now)
    made.prepare(tuple(Sealed.kinds))
    try:
        await made.start()
        yield made
    finally:
        await made.stop()


async def bought(space, name, product="tides"):
    mandate = {"limit": "1000", "bid": None, "purpose": PURPOSE, "deposit": None}
    await space.doors["buyer"].call("POST", "acquisitions", {"id": name, "product": product, "mandate": mandate})
    return (await space.complete(name))["agreement"]


async def listed(space, role):
    """Return the delivery key that the space lists, hex."""
    document = (await space.outbound.get(space.url("exchange") + "/space")).json()
    return next(row["delivery"] for row in document["members"] if row["did"] == space.did(role))


async def rotate(space, role, *more):
    return await penstock(space, role, "key", "rotate", "delivery", "--why", "a year is over", *more)


async def event_of(space, role):
    """Have an event written; return its box for its owner and its leaf."""
    marked = await space.doors[role].call("POST", "log/marks", {})
    boxes = (await space.outbound.get(f"{space.url(role)}/log/addenda/{marked['event']}")).json()
    return boxes, next(row["leaf"] for row in space.rows(role, "log_entries") if row["idx"] == int(marked["event"]))


def opens(boxes, leaf, key):
    """Say whether whoever has a key reads an event by it."""
    found = disclosure.found_in(boxes, disclosure.filed_for([key]))
    return found is not None and bool(disclosure.unseal(notes.unb64(found[0]), key, leaf))


async def test_all_change_their_key_and_go_on_with_what_was_sealed_before(space):
    paths = await space.publish("provider", "tides", (70_000,))
    digest = await bought(space, "before")
    filed = await space.doors["provider"].call("POST", f"agreements/{digest}/filing")
    before = {role: space.keys(role).delivery_public.hex() for role in ("provider", "buyer", "regulator")}
    for role, old in before.items():
        done = await rotate(space, role)
        now = space.keys(role)
        assert (done["from"], done["to"], done["told"]) == (old, now.delivery_public.hex(), True), role
        assert [one.public_key().public_bytes_raw().hex() for one in now.former] == [old]
        assert await listed(space, role) == done["to"] != old
        assert len(told(space, role, "key.moved")) == 1
        served = (await space.outbound.get(space.url(role) + "/.well-known/did.json")).body
        assert [one.hex() for one in dids.parse(served, space.did(role)).former] == [old]
    # filed under two keys that are both former ones now
    for role in ("provider", "buyer"):
        opened = await space.doors[role].call("GET", f"filings/{filed['contractId']}/contract")
        assert opened["contractId"] == filed["contractId"]
        assert not (await penstock(space, role, "log", "fsck"))["flaws"]
    # filed again by the side that has not yet, in other bytes: what lies there stands
    again = await space.doors["buyer"].call("POST", f"agreements/{digest}/filing")
    assert again["contractHash"] == filed["contractHash"]
    assert await space.opened("before") == [path.read_bytes() for path in paths]
    await bought(space, "afterwards")
    assert await space.opened("afterwards") == [path.read_bytes() for path in paths]


async def test_the_supervisor_opens_what_was_disclosed_to_its_former_key_and_finds_nothing_amiss(space):
    for role in ("provider", "buyer"):
        await space.doors[role].call("POST", "log/anchor", {})
    found = await penstock(space, "regulator", "audit", "--exchange", space.url("exchange"), "--development", code=None)
    about = {space.did(role) for role in Sealed.kinds}
    codes = {one["code"] for one in found["findings"] if one["subject"] in about}
    closed = {"disclosure-missing", "disclosure-false", "events-undisclosed"}
    assert not codes & {*closed, "member-keys-differ", "member-registered-otherwise"}, found["findings"]


async def test_a_stolen_key_reads_what_was_sealed_to_it_and_nothing_from_its_change_on(space):
    stolen = space.keys("buyer").delivery
    assert opens(*await event_of(space, "buyer"), stolen)
    await rotate(space, "buyer", "--stolen")
    later = await event_of(space, "buyer")
    assert not opens(*later, stolen)
    assert opens(*later, space.keys("buyer").delivery)


async def test_what_a_crash_interrupted_is_ended_by_the_next_start(space):
    person, before = space.people["provider"], len(told(space, "provider", "key.moved"))
    await person.stop()
    folder = person.data / KEYS
    coming = key_files.draw_next(folder, DELIVERY)
    await person.start(space.environment)
    async with asyncio.timeout(WITHIN_SECONDS):
        while (public := space.keys("provider").delivery).private_bytes_raw() != coming:
            await asyncio.sleep(0.1)
        while await listed(space, "provider") != public.public_key().public_bytes_raw().hex():
            await asyncio.sleep(0.1)
    assert len(told(space, "provider", "key.moved")) == before + 1
    await bought(space, "after-a-crash")


async def test_there_are_as_many_former_keys_as_can_be_tried(space):
    folder = space.people["buyer"].data / KEYS
    for number in range(FORMER_DELIVERY_KEYS_MAX - len(former.KEPT.read(folder))):
        former.KEPT.add(folder, bytes([number + 1]) * 32)
    refused = await penstock(space, "buyer", "key", "rotate", "delivery", "--why", "once more", code=2)
    assert "each former one is kept" in str(refused)

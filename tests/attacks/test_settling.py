"""Settling while buyers buy, on a quick chain and on a slow one: nothing that was released is given away."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio

from connector.runtime.clock import Clock
from contracts.price_words import money
from tests.api.command import PROGRAM
from tests.api.conftest import say  # noqa: F401  # a fixture
from tests.api.space import PURPOSE, Space
from tests.attacks.test_claims import channel_of, paid
from tests.onchain import nodes

pytestmark = pytest.mark.asyncio(loop_scope="session")

ROLES = ("exchange", "provider", "buyer")
PIECE, PIECES = 65_536, 24
PRICE = 16_000  # minor units a MiB: a piece of 64 KiB costs 1,000
OPENING = 250
SLOW_SECONDS = 1
WITHIN_SECONDS = 120
LATER_SECONDS = 2 * 86_400
SKEWED = (sys.executable, str(Path(__file__).parents[1] / "fault" / "skewed.py"), "serve")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def client():
    async with aiohttp.ClientSession() as session:
        yield session


@pytest_asyncio.fixture(scope="module", loop_scope="session", params=["embedded", "anvil"])
async def space(request, tmp_path_factory):
    """A space whose chain seals a block for each act, or one a second."""
    folder = tmp_path_factory.mktemp(request.param)
    if request.param == "embedded":
        async with running(Space(folder, Clock().now)) as made:
            yield made
        return
    try:
        with nodes.running("anvil", folder) as node:
            space = Space(folder, Clock().now, {"PENSTOCK_CHAIN_RPC": node.url})
            async with running(space, node) as made:
                await node.asked("evm_setIntervalMining", SLOW_SECONDS)
                yield made
    except nodes.NotHereError as reason:
        request.getfixturevalue("absent")(str(reason))


class running:  # noqa: N801  # said in a sentence
    def __init__(self, space, node=None):
        self.space, self.node = space, node

    async def __aenter__(self):
        self.space.prepare(ROLES)
        for role in ROLES if self.node else ():
            self.node.endow(self.space.keys(role).address)
        await self.space.start()
        return self.space

    async def __aexit__(self, *_):
        await self.space.stop()


async def settle(space):
    return await space.doors["provider"].call("POST", "settlements", {"agreement": None})


def channels(space, view):
    rows = [row for row in space.rows("provider", "channels") if row["agreement"] == view["agreement"]]
    return {row["id"]: (row["state"], int(row["claimed"]), int(row["cumulative"])) for row in rows}


async def test_settling_while_somebody_pulls_gives_nothing_away(space):
    """As often as it is settled, the pull goes on in another channel, to its end, and all of it is paid once."""
    product = "settled-at-once"
    paths = await space.publish("provider", product, (PIECE * PIECES,), price=PRICE)
    mandate = {"limit": str(PRICE), "bid": None, "purpose": PURPOSE, "deposit": None, "exposure": "2000"}
    await space.doors["buyer"].call("POST", "acquisitions", {"id": product, "product": product, "mandate": mandate})
    times, view = 0, {}
    async with asyncio.timeout(WITHIN_SECONDS):
        while view.get("state") not in ("complete", "failed"):
            view = await space.doors["buyer"].call("GET", f"acquisitions/{product}")
            if view["state"] == "receiving" and times < 3 and view["progress"]["windows"]:
                told = await settle(space)
                assert not [row["fault"] for row in told["channels"] if "fault" in row]
                times += 1
            await asyncio.sleep(0.02)
    assert view["state"] == "complete", view["reason"]
    assert times, "it was settled in the middle"
    assert await space.opened(product) == [path.read_bytes() for path in paths]
    await settle(space)
    found = channels(space, view)
    assert len(found) > 1, "it went on in another channel"
    assert {state for state, _, _ in found.values()} == {"closed"}
    assert all(claimed == released for _, claimed, released in found.values()), found
    assert sum(claimed for _, claimed, _ in found.values()) == int(view["progress"]["paid"])


async def test_an_opening_after_a_settlement_goes_on_in_another_channel(space):
    product = "opened-later"
    await space.publish("provider", product, (80_000,), price=OPENING, openings=4)
    await space.get(product, limit=OPENING)
    before = await space.complete(product, within=WITHIN_SECONDS)
    for number in range(2):
        body = {"id": f"{product}-{number}", "acquisition": product, "purpose": PURPOSE, "to": None}
        opened = await space.doors["buyer"].call("POST", "openings", body)
        assert opened["charged"] == OPENING
        await settle(space)
    found = channels(space, before)
    assert sorted(found.values()) == [("closed", OPENING, OPENING)] * 2


async def test_of_two_openings_after_a_settlement_the_second_waits_for_the_next_channel(space):
    """Asked while its next channel is being paid into, what was complete is complete: nobody has to get it first."""
    product = "opened-at-once"
    await space.publish("provider", product, (80_000,), price=OPENING, openings=4)
    await space.get(product, limit=OPENING)
    await space.complete(product, within=WITHIN_SECONDS)
    buyer = space.doors["buyer"]
    bodies = [{"id": f"{product}-{n}", "acquisition": product, "purpose": PURPOSE, "to": None} for n in range(3)]
    await buyer.call("POST", "openings", bodies[0])
    await settle(space)
    first = asyncio.create_task(buyer.call("POST", "openings", bodies[1]))
    async with asyncio.timeout(WITHIN_SECONDS):
        while (await buyer.call("GET", f"acquisitions/{product}"))["state"] == "complete" and not first.done():
            await asyncio.sleep(0)
    second = await buyer.call("POST", "openings", bodies[2])
    assert {(await first)["charged"], second["charged"]} == {OPENING}


async def test_one_lapsed_voucher_stops_no_other_settlement(tmp_path, say):  # noqa: F811
    """A buyer that never acknowledges, and a provider that was away for two days."""
    async with running(Space(tmp_path, Clock().now)) as space:
        hand = await channel_of(space, say, "lapsed")
        await paid(hand, 1)
        honest = "kept"
        await space.publish("provider", honest, (80_000,), price=PRICE)
        await space.get(honest, limit=PRICE)
        view = await space.complete(honest)
        await asyncio.gather(*(person.stop() for person in space.people.values()))
        for person in space.people.values():
            person.command = SKEWED
        await asyncio.gather(
            *(person.start({"PENSTOCK_TEST_SKEW": str(LATER_SECONDS)}) for person in space.people.values())
        )
        command = (*PROGRAM, "settle", "--data", str(space.people["provider"].data))
        process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
        said, _ = await process.communicate()
        lines = {line[:16]: line for line in said.decode().splitlines()}
        assert process.returncode == 5, lines
        assert f"not settled: {money(OPENING, 'CNY')} of what" in lines[hand.channel.hex()[:16]]
        assert f"settled {money(int(view['progress']['paid']), 'CNY')} (" in lines[view["channel"][:16]]
        assert channels(space, view)[view["channel"]][0] == "closed"

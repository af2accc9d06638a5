"""A pursuit is woken by the acquisition that it began, whatever its demand is called, and by no other's."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest

from catalog.demand import State
from connector.consumer.pursuit import Pursuits
from connector.runtime import actor
from connector.runtime.clock import Clock
from connector.store.rows.agreement import PursuitState
from connector.store.store import Store
from connector.store.tables import TABLES
from tests.core import core

DEMAND, PRODUCT = "urn:uuid:1", "tides:north"
ACQUISITION = f"{DEMAND}:{PRODUCT}"
WITHIN_SECONDS = 5


class Acquisitions:
    """Acquisitions whose states the test sets."""

    def __init__(self):
        self.states, self.signers = {}, {}

    async def acquire(self, key, _product, _mandate, signer=None):
        self.states[key], self.signers[key] = "negotiating", signer

    async def view(self, key):
        return {"state": self.states[key], "agreement": "0a" * 32, "reason": ""}


class Exchange:
    """An exchange with one demand that one product matches."""

    def __init__(self, store):
        self.did = "did:web:buyer.example"
        self.core = core(store=store, clock=Clock(), did=self.did)
        self.demand = {"member": self.did, "state": State.MATCHED.value, "matches": [{"product": PRODUCT}]}

    async def ask(self, _method, path, body):
        if path.endswith("/negotiate"):
            self.demand |= {"state": State.NEGOTIATING.value, **body}
        elif path.endswith("/meet"):
            self.demand |= {"state": State.MET.value}
        return dict(self.demand)


@pytest.fixture
async def world(tmp_path):
    """The pursuits, the acquisitions, and how to begin anew as after a restart."""
    store = await Store.open(
        tmp_path / "buyer.db", [table for table in TABLES if table.name in {"pursuits", "accounts"}]
    )
    made = SimpleNamespace(exchange=Exchange(store), acquisitions=Acquisitions())
    made.again = lambda: Pursuits(made.exchange.core, made.exchange, made.acquisitions)
    made.pursuits = made.again()
    yield made
    await made.pursuits.driver.close()
    await store.close()


async def until(pursuits, state):
    async with asyncio.timeout(WITHIN_SECONDS):
        while (await pursuits.show(DEMAND))["state"] != state or pursuits.driver.runs(DEMAND):
            await asyncio.sleep(0.01)


async def begun(world):
    await world.pursuits.begin(DEMAND, {"limit": "5", "purpose": "Research"})
    await until(world.pursuits, PursuitState.GETTING)


async def test_a_move_of_its_acquisition_wakes_it_and_no_other(world):
    await begun(world)
    for other in ("urn:uuid:1", "urn:uuid:1:tides", "urn"):
        world.pursuits.moved(other)
        assert not world.pursuits.driver.runs(DEMAND)
        assert not world.pursuits.driver.runs("urn")
    world.acquisitions.states[ACQUISITION] = "licensed"
    world.pursuits.moved(ACQUISITION)
    await until(world.pursuits, PursuitState.MET)
    world.pursuits.moved(ACQUISITION)
    assert not world.pursuits.driver.runs(DEMAND), "it is over"


async def test_a_restart_knows_it_again(world):
    await begun(world)
    await world.pursuits.driver.close()
    world.pursuits = world.again()
    await world.pursuits.recover()
    async with asyncio.timeout(WITHIN_SECONDS):
        while world.pursuits.driver.runs(DEMAND):
            await asyncio.sleep(0.01)
    world.acquisitions.states[ACQUISITION] = "licensed"
    world.pursuits.moved(ACQUISITION)
    await until(world.pursuits, PursuitState.MET)


async def test_who_asks_for_it_again_signs_for_it(world):
    """An account that said the same twice would else buy as the owner, whom no authority bounds."""
    matches, world.exchange.demand["matches"] = world.exchange.demand["matches"], []
    for name in ("ada", "ben"):
        with actor.acting(f"account:{name}"):
            await world.pursuits.begin(DEMAND, {"limit": "5", "purpose": "Research"})
        async with asyncio.timeout(WITHIN_SECONDS):
            while world.pursuits.driver.runs(DEMAND):
                await asyncio.sleep(0.01)
    world.exchange.demand["matches"] = matches
    await world.pursuits.recover()
    await until(world.pursuits, PursuitState.GETTING)
    assert world.acquisitions.signers[ACQUISITION]["name"] == "ben"

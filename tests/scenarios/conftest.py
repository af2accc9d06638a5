"""One space for all scenarios: real processes of an exchange, a provider and three buyers, whose clock a test moves.

`buyer` and `other` are in New York, `abroad` in Guangxi; one table is published anew for each scenario.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest_asyncio

from connector.runtime.clock import Clock
from tests.api.space import ROLES, Space
from tests.scenarios.trade import Trade

TIMELY = (sys.executable, str(Path(__file__).parents[1] / "attacks" / "timely_serve.py"))
WHO = ("exchange", "regulator", "provider", "buyer", "other", "abroad")
HERE, REGIONS = "US-NY", {"abroad": "CN-45"}


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def trade(tmp_path_factory):
    """The space, started; its clock is the machine's until a test moves it."""
    folder = tmp_path_factory.mktemp("scenarios")
    clock = folder / "clock"
    clock.write_text("0")
    space = Space(folder, Clock().now, {"PENSTOCK_TEST_CLOCK": str(clock), "PENSTOCK_TEST_TENURE": str(10**9)})
    space.kinds = {**ROLES, "abroad": "buyer"}
    made = Trade(space, clock)
    space.now = made.now
    ports = space.prepare(WHO)
    lines = f'collections = ["{Trade.barred} did:web:localhost%3A{ports["other"]}"]'
    for role in WHO:
        settings = folder / role / "penstock.toml"
        told = settings.read_text().replace('region = "US-NY"', f'region = "{REGIONS.get(role, HERE)}"')
        settings.write_text(told.replace("collections = []", lines))
        space.people[role].command = TIMELY
    try:
        await space.start()
        yield made
    finally:
        await space.stop()

"""One demo, played and left running, for everybody who looks at it."""

from __future__ import annotations

import pytest_asyncio

from tests.browser.demo import ROLES, Desk, browser, played


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def desks(tmp_path_factory):
    async with played(tmp_path_factory.mktemp("demo")) as cast, browser() as machine:
        made = {role: Desk(machine, cast, role) for role in ROLES}
        for desk in made.values():
            await desk.enter()
        yield made

"""A participant with every role in this process, and people in front of its console."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
import pytest_asyncio
from argon2 import PasswordHasher

from connector.console import passwords
from connector.runtime.clock import SetClock
from tests.api.lone import lone
from tests.api.visitor import Visitor

ROLES = ("provider", "buyer", "exchange", "regulator", "node")
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
AS_SERVED = passwords._hasher


@pytest.fixture(scope="module", autouse=True)
def cheap_passwords():
    """Hashes that take no time; `AS_SERVED` makes those of a server."""
    quick = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(passwords, "_hasher", lambda: quick)
        passwords._nobodys.cache_clear()
        yield
    passwords._nobodys.cache_clear()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def connector(tmp_path_factory):
    folder = tmp_path_factory.mktemp("console")
    (folder / "on-offer").mkdir()
    told = {"PENSTOCK_CONSOLE_FOLDERS": str(folder / "on-offer"), "PENSTOCK_CONSOLE_ROOTS": str(folder)}
    async with lone(folder / "data", ROLES, told) as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def enter(connector):
    """Sign somebody in by a link: enter(name, roles, operator=…) -> Visitor; `again` takes who is signed in already."""
    opened, here = [], {}

    async def come(name, roles=ROLES, *, operator=True, language="en", again=False):
        if again and name in here:
            return here[name]
        if name not in [one["name"] for one in await connector.accounts.page()]:
            await connector.accounts.add(name, list(roles), operator=operator)
        visitor = Visitor(connector.url, language)
        opened.append(visitor)
        seen = await visitor.open("enter?token=" + (await connector.accounts.link(name))["token"])
        assert seen.status == 200
        here[name] = visitor
        return visitor

    yield come
    for visitor in opened:
        await visitor.session.close()


@pytest_asyncio.fixture(loop_scope="session")
async def clock(connector, monkeypatch):
    """The participant's accounts and sessions by a clock that the test moves."""
    made = SetClock(NOW)
    for part in (connector.accounts, connector.sessions):
        monkeypatch.setattr(part, "_core", replace(connector.core, clock=made))
    return made

"""One space for all tests of the wire, started once; a client that says anything to anybody; a stranger."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, field

import aiohttp
import pytest_asyncio

from connector.runtime.clock import Clock
from tests.api.proxy import proxied
from tests.api.secrets_told import leaks
from tests.api.space import ROLES, Space
from tests.api.stranger import called

SMALL, OTHER = "small", "other"


@dataclass
class Said:
    """An answer as it came."""

    status: int
    body: bytes
    headers: dict = field(default_factory=dict)

    @property
    def json(self):
        return json.loads(self.body)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def proxy():
    async with proxied() as made:
        yield made


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def space(tmp_path_factory, proxy):
    """Five processes; the provider has one product on offer."""
    made = Space(tmp_path_factory.mktemp("space"), Clock().now)
    ports = made.prepare(tuple(ROLES), {"second": proxy.url})
    proxy.target = ports["second"]
    try:
        await made.start()
        await made.publish("provider", SMALL, (100_000, 70_000))
        yield made
    finally:
        await made.stop()
    assert not leaks(made.people), "a secret stands in a log"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def rest(space):
    """What tests before these have set going (claims, anchors, notices) has come to its end."""
    await space.rest()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def client():
    async with aiohttp.ClientSession() as session:
        yield session


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def say(client):
    """Send bytes or JSON anywhere: say("POST", url, body, headers) -> Said."""

    async def request(method, url, body=None, headers=None):
        data = None if body is None else io.BytesIO(body if isinstance(body, bytes) else json.dumps(body).encode())
        sent = {"Content-Type": "application/json", **(headers or {})}
        async with client.request(method, url, data=data, headers=sent, allow_redirects=False) as answer:
            return Said(answer.status, await answer.read(), dict(answer.headers))

    return request


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def stranger(tmp_path_factory):
    async with called(tmp_path_factory.mktemp("stranger") / "keys", Clock().now) as made:
        yield made


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def owner(space, say):
    """Ask a participant's management API with its own token: owner(role, method, path, body) -> Said."""

    async def ask(role, method, path, body=None):
        token = (space.people[role].data / "management.token").read_text().strip()
        headers = {"Authorization": f"Bearer {token}"}
        return await say(method, f"{space.url(role)}/management/{path}", body, headers)

    return ask

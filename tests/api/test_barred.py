"""Who is suspended or expelled is answered so on every route that a peer or a member has, whatever it asks there."""

from __future__ import annotations

import pytest
import pytest_asyncio

from catalog.roles import ROLES
from connector.api.authorize import ROUTES, Who
from connector.runtime.clock import Clock
from tests.api.lone import lone
from tests.api.stranger import Member, called

pytestmark = pytest.mark.asyncio(loop_scope="session")

PROVEN = tuple(row for row in ROUTES if row.who in (Who.PEER, Who.MEMBER))
NAMED = dict.fromkeys(("id", "pid"), "nowhere") | {
    "face": "dcat",
    "move": "withdraw",
    "step": "offer",
    "edition": "00" * 32,
}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def house(tmp_path_factory):
    """Return a participant with every role, and a member of its space."""
    folder = tmp_path_factory.mktemp("barred")
    async with (
        lone(folder / "data", tuple(sorted(ROLES))) as connector,
        called(folder / "keys", Clock().now, Member) as member,
    ):
        yield connector, member


@pytest.fixture
def base(house):
    return f"http://localhost:{house[0].settings.server.port}"


@pytest.fixture
def turn(house, say, base):
    """Do something to the member as the exchange's owner: turn(act)."""

    async def act(name):
        path = "members" if name == "admit" else f"members/{name}"
        body = {"did": house[1].did} | ({"invite": True} if name == "admit" else {"reason": "fees are open"})
        said = await say("POST", f"{base}/management/{path}", body, house[0].owner)
        assert said.status < 300, said.body

    return act


async def answers(house, say, base):
    """What the member is answered on each route; a body that is none changes nothing where it is let in."""
    connector, member = house
    found = {}
    for row in PROVEN:
        body = b"{" if row.method == "POST" else None
        header = member.bearer(connector.did)
        said = await say(row.method, base + row.path.format_map(NAMED), body, header)
        found[row.method, row.path] = said.status, said.body.decode()
    return found


async def test_who_is_barred_is_barred_everywhere(house, say, base, turn):
    assert len(PROVEN) > 60
    await turn("admit")
    for act, state in (("suspend", "suspended"), ("resume", ""), ("revoke", "revoked")):
        await turn(act)
        for (method, path), (status, text) in (await answers(house, say, base)).items():
            refused = status in (403, 404) and f"`{house[1].did}` is {state}" in text  # the Dataspace Protocol says 404
            assert refused == bool(state), (method, path, status, text)

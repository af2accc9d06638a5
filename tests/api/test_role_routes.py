"""Role by route over HTTP: what each role of a member is let do at the exchange, cell by cell of the two tables.

A body that is none: whoever is let in is refused for that, so nothing changes either way.
"""

from __future__ import annotations

from collections import defaultdict

import pytest
import pytest_asyncio

from catalog.roles import ROLES, Doing, does
from connector.api.authorize import EXCHANGE, ROUTES, Who
from tests.api.stranger import Member

pytestmark = pytest.mark.asyncio(loop_scope="session")

# roles that a running participant of the space has; members of the others are admitted for the test, and expelled
RUNNING = {"provider": "provider", "buyer": "buyer", "regulator": "regulator", "exchange": "exchange"}
# what a route lets members do; every other one of theirs is open to all roles, as far as its own rows say
DOES = {
    "exchange.submit": Doing.LIST,
    "services.submit": Doing.LIST,
    "services.roll_back": Doing.LIST,
    "demands.post": Doing.DEMAND,
}
CHANGED = ("listings", "services", "demands", "complaints", "searches", "leavings", "disputes", "applications")
CELLS = tuple(row for row in ROUTES if row.who is Who.MEMBER and row.roles == EXCHANGE)
NAMED = {"id": "nowhere", "face": "dcat", "move": "withdraw"}


class OfRole(Member):
    """A member that says which role it has."""

    def __init__(self, folder, now, role, number):
        super().__init__(folder, now)
        self._role, self.aggregate = role, (bytes([number]) * 48, bytes([number]) * 96)

    async def _description(self, request):
        said = await super()._description(request)
        said.text = said.text.replace('"buyer"', f'"{self._role}"')
        return said


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def bearer(space):
    """Return the header with which a member of a role calls the exchange."""
    made = {}
    for number, role in enumerate(sorted(set(ROLES) - set(RUNNING)), 101):
        one = made[role] = OfRole(space.folder / f"role-{role}", space.now, role, number)
        await one.start()
        await space.doors["exchange"].call("POST", "members", {"did": one.did, "invite": True})

    def header(role):
        if role in RUNNING:
            return space.bearer(RUNNING[role], "exchange")
        return made[role].bearer(space.did("exchange"))

    yield header
    for one in made.values():
        await space.doors["exchange"].call("POST", "members/revoke", {"did": one.did, "reason": "the test is over"})
        await one.stop()


def kept(space):
    """Return what these routes change; an admission before goes on meanwhile on chain and in the log."""
    stored = space.stored("exchange")
    return {name: stored[name] for name in CHANGED}


async def test_the_table_of_doings_is_of_routes_that_exist():
    assert set(DOES) <= {row.handler for row in CELLS}


@pytest.mark.parametrize("role", sorted(ROLES))
async def test_every_cell_of_a_role(space, say, bearer, role):
    before, wrong = kept(space), []
    for row in CELLS:
        url = space.url("exchange") + row.path.format(**NAMED)
        said = await say(row.method, url, b"{" if row.method == "POST" else None, bearer(role))
        doing = DOES.get(row.handler)
        refused = said.status == 403 and "anything here" in said.json["text"]
        if refused is (doing is None or does(role, doing)) or said.status in (401, 405) or said.status >= 500:
            wrong.append((row.method, row.path, said))
    assert not wrong
    assert kept(space) == before


@pytest.mark.parametrize("role", RUNNING)
async def test_what_an_owner_asks_for_in_another_s_role_does_nothing(space, say, role):
    before, wrong = space.stored(role), []
    token = (space.people[role].data / "management.token").read_text().strip()
    owner = {"Authorization": f"Bearer {token}"}
    for row in ROUTES:
        if row.who is Who.OWNER and role not in row.roles:
            url = space.url(role) + row.path.format_map(defaultdict(lambda: "nowhere"))
            said = await say(row.method, url, b"{}" if row.method == "POST" else None, owner)
            if said.status != 404 or b"this is for the role" not in said.body:
                wrong.append((row.method, row.path, said))
    assert not wrong
    assert {name: space.stored(role)[name] for name in CHANGED} == {name: before[name] for name in CHANGED}

"""One walk for all files of the room, in the order in which they are named: what a step did is there for the next.

Law: where a step of the way (`tests/newcomer/roles.py`) fails, all after it was not reached, and says so.
"""

from __future__ import annotations

import pytest
import pytest_asyncio

from connector.demo.processes import free_ports
from tests.newcomer.goods import bring
from tests.newcomer.pages import Page
from tests.newcomer.walk import Walk

ROLES = ("exchange", "provider", "buyer", "regulator")
EXCHANGE_URL = "https://exchange.example"
WAY = "roles.py"
_missed = pytest.StashKey[str]()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    if item.path.name == WAY and call.excinfo is not None and not call.excinfo.errisinstance(pytest.skip.Exception):
        item.session.stash.setdefault(_missed, item.name)
    yield


def pytest_runtest_setup(item):
    missed = item.session.stash.get(_missed, None)
    if missed is not None:
        pytest.fail(f"not reached: `{missed}` failed", pytrace=False)


class Here:
    """What the pages tell a reader to replace who tries it on one machine (docs/roles/exchange.md)."""

    def __init__(self):
        self.ports = dict(zip(ROLES, free_ports(len(ROLES)), strict=True))
        self.url = f"http://localhost:{self.ports['exchange']}"

    def did(self, role):
        return f"did:web:localhost%3A{self.ports[role]}"

    def __call__(self, words):
        """Return a command of a page as it is typed here."""
        said = list(words)
        if said[1] == "init":
            if "--public-url" in said:
                place = said.index("--public-url")
                del said[place : place + 2]
            said += ["--development", "--port", str(self.ports[said[said.index("--role") + 1]])]
        if said[1] == "audit" or said[1:3] == ["log", "fsck"]:
            said.append("--development")
        names = {f"did:web:{role}.example": self.did(role) for role in ROLES}
        names |= {f"https://{role}.example": f"http://localhost:{port}" for role, port in self.ports.items()}
        for written, here in names.items():
            said = [word.replace(written, here) for word in said]
        return said


@pytest.fixture(scope="session")
def here():
    """The ports of this walk, and the commands on them."""
    return Here()


@pytest.fixture(scope="session")
def page(here):
    """The four pages of the roles, each walked from its first command to its last."""
    return {role: Page(f"roles/{role}.md", here) for role in ROLES}


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def walk(tmp_path_factory):
    """An empty folder with the newcomer's own data in it."""
    made = Walk(tmp_path_factory.mktemp("walk"))
    bring(made.folder)
    yield made
    await made.stop()

"""The two parties that most tests of the engine start from."""

import pytest

from tests.negotiation.side import Side
from tests.negotiation.world import Clock, Network, Party, product, seed


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def network():
    return Network()


@pytest.fixture
async def pair(network, clock, tmp_path):
    provider = await Party("provider", network, clock, tmp_path).open()
    buyer = await Party("buyer", network, clock, tmp_path).open()
    await seed(provider, product())
    yield provider, buyer
    for party in (provider, buyer):
        if party.up:
            await party.close()


@pytest.fixture
def idle():
    """A side that does nothing by itself."""
    return Side(reactions={})

from __future__ import annotations

import pytest

from tests.channel.rig import Pair


@pytest.fixture
def offered():
    """A pair after one whole window and with a second voucher signed, not yet sent."""
    pair = Pair()
    pair.window()
    request = pair.plan()
    offer = pair.request(request)
    return pair, offer, pair.sign(request, offer)

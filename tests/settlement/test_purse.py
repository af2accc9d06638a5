"""What is credited to us is withdrawn once, under the name of the block that it was seen in."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest

from connector.settlement import purse
from connector.settlement.purse import Purse
from tests.core import core


@pytest.mark.parametrize("credit", [0, 1, 70])
def test_all_of_it_is_withdrawn_and_nothing_is_not(credit, monkeypatch):
    monkeypatch.setattr(purse.acts, "withdraw", lambda deployment: ("withdraw from", deployment))
    left, sent = [credit], []

    async def credit_of(address):
        assert address == b"us"
        return left[0]

    async def newest():
        return SimpleNamespace(number=12)

    async def submit(key, act):
        sent.append((key, act))
        left[0] = 0

    programs = SimpleNamespace(credit=credit_of, deployment="here", chain=SimpleNamespace(newest=newest))
    ground = core(keys=SimpleNamespace(address=b"us"))

    async def twice():
        ours = Purse(ground, programs, SimpleNamespace(submit=submit))
        assert await ours.credit() == credit
        return await asyncio.gather(ours.withdraw(), ours.withdraw())

    assert asyncio.run(twice()) == [credit, 0]
    assert sent == ([("withdraw:12", ("withdraw from", "here"))] if credit else [])

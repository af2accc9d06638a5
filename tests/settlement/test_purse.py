"""What is credited to us is withdrawn once, under the name of the block that it was seen in."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest

from connector.settlement import purse
from connector.settlement.purse import Purse
from tests.core import core
from tests.money.program import DEPLOYMENT


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
    ground = core(keys=SimpleNamespace(accounts=(b"us",)))

    async def twice():
        ours = Purse(ground, programs, SimpleNamespace(submit=submit))
        assert await ours.credit() == credit
        return await asyncio.gather(ours.withdraw(), ours.withdraw())

    assert asyncio.run(twice()) == [credit, 0]
    assert sent == ([("withdraw:12", ("withdraw from", "here"))] if credit else [])


def test_what_former_accounts_have_comes_to_the_present_one():
    owed, held, sent = {b"us": 5, b"old": 7}, {b"us": 100, b"old": 20}, []

    async def submit(key, act):
        sent.append((key, act.sender))
        if key.startswith("withdraw:"):
            owner = act.sender or b"us"
            held[owner] += owed.pop(owner)
        else:
            assert act.args == (b"us", held[b"old"])
            held[b"us"] += held.pop(b"old")

    programs = SimpleNamespace(
        credit=answering(owed), balance=answering(held), deployment=DEPLOYMENT,
        chain=SimpleNamespace(newest=answering(SimpleNamespace(number=12)), nonce=answering(3)),
    )  # fmt: skip
    ours = Purse(core(keys=SimpleNamespace(accounts=(b"us", b"old"))), programs, SimpleNamespace(submit=submit))
    assert asyncio.run(ours.credit()) == 5 + 7 + 20
    assert asyncio.run(ours.withdraw()) == 5 + 27
    assert sent == [("withdraw:12", b""), ("withdraw:12:" + b"old".hex(), b"old"), (f"bring:{b'old'.hex()}:3", b"old")]
    assert (asyncio.run(ours.credit()), asyncio.run(ours.withdraw()), held[b"us"]) == (0, 0, 132)


def answering(told):
    async def ask(*about):
        return told.get(about[0], 0) if isinstance(told, dict) else told

    return ask

"""Threads take short turns while a source is read, and those of ever when none is."""

from __future__ import annotations

import asyncio
import sys
from types import SimpleNamespace

import pytest

from connector.exchange.federation import harvesting
from connector.exchange.federation.harvesting import TURN_SECONDS, TURN_SECONDS_ELSE, Harvesting


@pytest.fixture
def as_ever():
    before = sys.getswitchinterval()
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("as_ever")
@pytest.mark.parametrize("how", ["read", "broken off"])
async def test_turns_are_short_while_anything_is_read(how, monkeypatch):
    gates = {"one": asyncio.Event(), "two": asyncio.Event()}
    monkeypatch.setattr(Harvesting, "_harvest", lambda _self, name: gates[name].wait())
    finding = SimpleNamespace(grown=None, changed=None)
    made = Harvesting(core=None, peers=None, worker=None, tenure=None, finding=finding)
    one, two = made._begin("one"), made._begin("two")
    assert sys.getswitchinterval() == pytest.approx(TURN_SECONDS)
    gates["one"].set()
    await one
    await asyncio.sleep(0)
    assert sys.getswitchinterval() == pytest.approx(TURN_SECONDS)
    two.cancel() if how == "broken off" else gates["two"].set()
    await asyncio.wait([two])
    await asyncio.sleep(0)
    assert sys.getswitchinterval() == pytest.approx(TURN_SECONDS_ELSE) == pytest.approx(0.005)
    assert harvesting.TURN_SECONDS < TURN_SECONDS_ELSE

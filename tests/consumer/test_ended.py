"""What is at its end stays as it is: a look that comes later, and whatever that look meets, changes nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from connector.consumer import steps
from connector.consumer.acquisition import Acquisitions
from connector.consumer.steps import FINAL
from connector.runtime.errors import NotPermitted, from_reason
from connector.store.rows.agreement import AcquisitionRow
from connector.store.rows.agreement import AcquisitionState as State
from tests.core import core

NOW = datetime(2026, 11, 29, tzinfo=UTC)


class Stopped:
    """A clock that cannot be asked."""

    def now(self):
        raise OSError("no clock")


def acquisitions(store, clock):
    nobody = SimpleNamespace(find=lambda _key: None)
    told = core(store=store, clock=clock)
    return Acquisitions(told, None, None, nobody, *[None] * 6)


async def kept(store, state):
    row = replace(steps.wanted("a", "tides", {"limit": "7"}, NOW), state=state)
    await store.write(lambda tx: tx.put(row))
    return row


async def found(store):
    return await store.read(lambda tx: tx.get(AcquisitionRow, id="a"))


@pytest.mark.parametrize("state", FINAL)
async def test_a_look_at_an_end_asks_nobody_anything(store, state):
    """A transfer's last word wakes its acquisition again; that look is no reason to end it another way."""
    row, these = await kept(store, state), acquisitions(store, Stopped())
    await these._advance("a")
    assert await found(store) == row


@pytest.mark.parametrize("state", FINAL)
async def test_who_gives_up_what_is_at_its_end_changes_nothing(store, state):
    row, these = await kept(store, state), acquisitions(store, SimpleNamespace(now=lambda: NOW))
    await these.end("a", ValueError("met later"))
    assert await found(store) == row


async def test_what_is_under_way_ends_with_its_fault(store):
    await kept(store, State.RECEIVING)
    await acquisitions(store, SimpleNamespace(now=lambda: NOW)).end("a", NotPermitted("met on the way"))
    ended = await found(store)
    assert ended.state == State.FAILED
    assert str(from_reason(ended.reason)) == "met on the way"

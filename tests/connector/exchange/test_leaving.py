"""Plans to leave beside an operator's own moves: each plan ends by itself, and no move takes one back."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from catalog.leaving import Plan
from connector.exchange import membership
from connector.exchange.membership import refuse_leaving
from connector.runtime.errors import NotPermitted
from connector.store.rows.space import MemberState
from ledger.space.document import REVOKED
from tests.api.lone import lone

NAMES = ("first", "second", "third")


@pytest.fixture
async def house(tmp_path):
    """An exchange with three members, whose plans to leave were approved."""
    async with lone(tmp_path / "data", ("exchange",)) as exchange:
        for number, name in enumerate(NAMES, 1):
            keys = {"address": bytes([number]) * 20, "log_key": bytes([number]) * 32, "aggregate": bytes([number]) * 48}
            told = {"did": did(name), "name": name, "role": "provider", "url": f"http://{name}.example"}
            member, now = replace(exchange.identity.member, **told, **keys), exchange.clock.now()
            await exchange.store.write(
                lambda tx, member=member, now=now: membership.admit(tx, exchange.evidence, member, exchange.did, now)
            )
        await exchange.author.rebuild()
        for name in NAMES:
            plan = Plan("we close down", exchange.clock.now() + timedelta(days=10), ())
            await exchange.leaving.ask(did(name), plan.json(), exchange.store.write)
            await exchange.leaving.approve(did(name))
        yield exchange


def did(name):
    return f"did:web:{name}.example"


async def state(exchange, name):
    return (await exchange.store.read(lambda tx: tx.get("members", did=did(name))))["state"]


async def plans_are_over(exchange):
    past = exchange.clock.now() - timedelta(days=1)
    await exchange.store.write(lambda tx: [tx.update("leavings", {"did": did(name)}, until=past) for name in NAMES])


async def test_a_leaver_that_was_expelled_holds_up_nobody_s_end(house):
    await house.members.move(did("first"), "revoke", "a complaint was upheld")
    await plans_are_over(house)
    assert await house.leaving.page() == []
    assert [await state(house, name) for name in NAMES] == [REVOKED] * 3
    assert house.space.last().barred == {did(name): REVOKED for name in NAMES}
    plans = await house.store.read(lambda tx: tx.find("leavings"))
    assert {row["state"] for row in plans} == {"left"}


async def test_who_is_suspended_and_resumed_leaves_as_before(house):
    await house.members.move(did("first"), "suspend", "its log is late")
    assert (await house.members.move(did("first"), "resume", "it caught up"))["state"] == MemberState.LEAVING
    with pytest.raises(NotPermitted):
        await house.store.read(lambda tx: refuse_leaving(tx, did("first")))
    await plans_are_over(house)
    await house.leaving.end_due()
    assert await state(house, "first") == REVOKED

# ruff: noqa: F401, F811 (the fixture is that of the other file)
"""When an order is carried out, late, ended otherwise or not to be told, over a chain that a test writes."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from catalog.complaint import Move
from catalog.errors import ComplaintError
from connector.exchange.complaints import overdue
from connector.exchange.redress import Redress
from ledger.chain.errors import ChainUnreachable
from tests.connector.exchange.test_redress import BUYER, DIGEST, EXCHANGE, PROVIDER, A, Settled, ground


@pytest.mark.parametrize(("days", "late"), [(13, ""), (15, "yes")])
async def test_whether_it_was_late_is_said_by_the_time_of_the_payment(ground, days, late):
    await ground.escalated()
    await ground.ordered(500)
    ground.give(500, A, days)
    ground.pass_days(40)
    assert await ground.complaints.unpaid(PROVIDER) == 0
    assert ground.told[-1] == ("a", "fulfilled", "500", late)


async def test_what_was_not_paid_in_time_counts_as_long_as_it_is_not(ground):
    await ground.escalated()
    await ground.ordered(500)
    assert await ground.complaints.unpaid(PROVIDER) == 0
    ground.pass_days(15)
    assert await ground.complaints.unpaid(PROVIDER) == 1
    assert await ground.complaints.unpaid(BUYER) == 0
    assert [row.id for row in await ground.core.store.read(lambda tx: overdue(tx, ground.clock.now()))] == ["a"]
    assert (await ground.complaints.show("a", PROVIDER))["overdue"]
    ground.give(500, A, 15)
    assert await ground.complaints.unpaid(PROVIDER) == 0


async def test_it_is_ordered_otherwise_until_it_is_carried_out(ground):
    await ground.escalated()
    await ground.ordered(900)
    ground.give(500, A)
    ground.pass_days(20)
    told = await ground.ordered(600)
    assert (told["state"], told["amount"], told["given"]) == ("ordered", "600", "500")
    assert told["due"].startswith("2026-06"), "the time begins anew"
    assert ground.told[-1][3] == "", "that it was ordered otherwise accuses nobody"
    await ground.ordered(500)
    assert (await ground.complaints.show("a", BUYER))["state"] == "fulfilled"
    with pytest.raises(ComplaintError, match="cannot order a complaint that is fulfilled"):
        await ground.ordered(400)


@pytest.mark.parametrize(
    ("step", "by", "state"), [(Move.DISMISS, EXCHANGE, "dismissed"), (Move.SETTLE, BUYER, "settled")]
)
async def test_an_order_ends_otherwise_and_is_owed_no_more(ground, step, by, state):
    await ground.escalated()
    await ground.ordered(900)
    told = await ground.move("a", step, by)
    assert told["state"] == state
    assert "amount" not in told
    ground.pass_days(40)
    assert await ground.complaints.unpaid(PROVIDER) == 0


async def test_all_that_was_paid_is_enough(ground):
    await ground.escalated()
    await ground.ordered(900)
    ground.give(400)  # by will, which leaves less than is ordered
    ground.give(600, A)
    assert (await ground.complaints.show("a", BUYER))["state"] == "fulfilled"


async def test_while_the_chain_is_away_it_is_shown_as_it_stands(ground):
    await ground.escalated()
    await ground.ordered(500)
    ground.give(500, A)
    ground.chain.away = True
    told = await ground.complaints.show("a", BUYER)
    assert (told["state"], "given" in told) == ("ordered", False)
    with pytest.raises(ChainUnreachable):
        await ground.ordered(400)
    ground.chain.away = False
    [told] = await ground.complaints.page(BUYER, first=0)
    assert (told["state"], told["given"]) == ("fulfilled", "500")
    asked = ground.chain.asked
    [told] = await ground.complaints.page(BUYER, first=0)
    assert (told["state"], "given" in told, ground.chain.asked) == ("fulfilled", False, asked)


async def test_blocks_that_last_are_read_once_and_anew_when_the_chain_changed(ground):
    redress = Redress(ground.core, ground.chain, Settled(ground.chain), lambda one: (one,))
    row = SimpleNamespace(id="a", agreement=DIGEST, respondent=PROVIDER, complainant=BUYER)
    ground.give(5, A)
    ground.chain.height += 1_000
    assert [(await redress.account(row)).given(A) for _ in range(2)] == [5, 5]
    ground.chain.back.clear()  # what was read is not asked for again
    assert (await redress.account(row)).given(A) == 5
    ground.chain.fork = 1
    assert (await redress.account(row)).given(A) == 0


async def test_a_payment_waits_for_its_confirmations(ground):
    ground.core.settings.chain.confirmations = 3
    await ground.escalated()
    await ground.ordered(500)
    ground.give(500, A)
    for state in ("ordered", "ordered", "ordered", "fulfilled"):
        told = await ground.complaints.show("a", BUYER)
        assert (told["state"], told["given"]) == (state, "500")
        ground.chain.height += 1

"""What runs is decided again when its time, its counters or its agreement change, and is cut (scenarios of F)."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio

from connector.enforcement import decision_log as decisions
from connector.enforcement import uses
from connector.enforcement.counted import Held
from connector.enforcement.uses import Draw
from connector.negotiation.agreement import Cause
from connector.runtime.clock import SetClock
from connector.runtime.errors import Absent
from connector.store.rows.agreement import AgreementRow
from tests.api.running import SIZE, rule, running

pytestmark = pytest.mark.asyncio(loop_scope="module")

SOON = timedelta(seconds=0.6)
ONE = ("count", "lteq", "10")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def provider(tmp_path_factory):
    async with running(tmp_path_factory.mktemp("running")) as made:
        yield made


async def cut_off(provider, digest, pid):
    """Draw until the connection ends; it does so before all bytes came."""
    task = await provider.draw(digest, pid)
    return await task < SIZE


async def stopped(task):
    await asyncio.sleep(0)  # so that it has begun, and closes what it holds
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def test_a_term_that_ends_cuts_the_stream_and_ends_the_agreement(provider):
    now = provider.connector.clock.now()
    digest, pid = await provider.agree(rule(ONE), until=now + SOON)
    assert await cut_off(provider, digest, pid)
    assert (await provider.row("agreements", digest=digest))["state"] == "ended"
    assert (await provider.row("transfers", id=pid))["pending"] == "TERMINATED"
    assert len(await provider.events("agreement.ended", digest)) == 1
    assert [row["outcome"] for row in await provider.decisions(digest, "end")] == ["allow"]


async def test_a_policy_that_holds_no_longer_pauses_the_transfer_and_says_why(provider):
    until = (provider.connector.clock.now() + SOON).isoformat()
    digest, pid = await provider.agree(rule(("dateTime", "lt", until)))
    assert await cut_off(provider, digest, pid)
    row = await provider.row("transfers", id=pid)
    assert (row["state"], row["pending"]) == ("STARTED", "SUSPENDED")  # cut, whether the peer has heard of it or not
    (made,) = await provider.decisions(digest, "running")
    assert (made["outcome"], [reason["code"] for reason in made["decision"]["decision"]["reasons"]]) == (
        "deny",
        ["outside-time"],
    )
    assert (await provider.row("agreements", digest=digest))["state"] == "performing"


async def test_what_only_an_order_can_say_does_not_cut(provider):
    later = (provider.connector.clock.now() + SOON).isoformat()
    either = {"or": [
        {"leftOperand": "dateTime", "operator": "lt", "rightOperand": later},
        {"leftOperand": "purpose", "operator": "isA", "rightOperand": "urn:p"},
    ]}  # fmt: skip
    policy = rule(("purpose", "isA", "urn:p"), ("count", "lteq", "0"))
    policy["permission"][0]["constraint"].append(either)
    digest, pid = await provider.agree(policy)
    drawing = await provider.draw(digest, pid)
    await provider.until(lambda: _after(provider, later))
    assert not drawing.done()
    await stopped(drawing)
    assert await provider.decisions(digest, "running") == []


async def _after(provider, moment):
    return provider.connector.clock.now().isoformat() > moment


async def test_scenario_12_metered_time_ends_an_open_session_and_outlives_a_restart(tmp_path):
    held = [Held("permission/0", "meteredTime", 0, 3600)]
    async with running(tmp_path) as first:
        digest, _ = await first.agree(rule(("meteredTime", "lteq", "PT1H")), tier="leased")
        now = first.connector.clock.now()

        def an_hour_less(tx):
            uses.reserve(tx, [Draw(digest, held)], "earlier", now - timedelta(hours=2))
            uses.commit(tx, "earlier")
            uses.end(tx, "earlier", now - timedelta(hours=1, seconds=2))

        await first.store.write(an_hour_less)
    async with running(tmp_path) as second:
        now = second.connector.clock.now()

        def another(tx):
            uses.reserve(tx, [Draw(digest, held)], "payee-now", now)
            uses.commit(tx, "payee-now")
            about = {"agreement": digest, "transfer": "00" * 32, "reader_key": bytes(32), "number": 2, "role": "payee"}
            times = {"lease_until": now + timedelta(hours=1), "created": now}
            tx.insert("openings", id="payee-now", **about, purpose="", state="open", rows=[[0, 1]], **times)
            tx.after(lambda: second.connector.continuity.touch(digest))

        await second.store.write(another)
        row = await second.row("openings", id="payee-now")
        assert row["state"] == "open"
        await second.until(lambda: _ended(second))
        row = await second.row("openings", id="payee-now")
        assert timedelta(seconds=1.9) < row["ended"] - now
        (made,) = await second.decisions(digest, "running")
        assert [reason["code"] for reason in made["decision"]["decision"]["reasons"]] == ["time-used-up"]
        assert len(await second.events("opening.ended", digest)) == 1


async def _ended(provider):
    return (await provider.row("openings", id="payee-now"))["state"] == "ended"


async def test_scenario_21_a_ticket_of_the_version_before_opens_nothing(provider):
    policy = rule(ONE)
    first, second = [await provider.agree(policy) for _ in range(2)]
    drawing = await provider.draw(*first)
    agreements = provider.connector.agreements

    def amend(tx):
        row = tx.get(AgreementRow, digest=first[0])
        agreements.finish(tx, row, "amend", Cause("amended", provider.connector.did), provider.connector.clock.now())

    await provider.store.write(amend)
    assert await drawing < SIZE
    await stopped(await provider.draw(*second))
    assert await provider.draw(*first) is None


async def test_scenario_22_a_revocation_ends_every_licence_below_it(provider):
    parent, _ = await provider.agree(rule(ONE))
    child = await provider.agree(rule(ONE), parent=parent)
    grandchild = await provider.agree(rule(ONE), parent=child[0])
    drawing = await provider.draw(*grandchild)
    await provider.connector.agreements.revoke(parent, "the source is closed")
    assert await drawing < SIZE
    for digest in (child[0], grandchild[0]):
        assert (await provider.row("agreements", digest=digest))["state"] == "ended"
        assert len(await provider.events("agreement.ended", digest)) == 1


async def test_a_licence_below_one_that_is_not_here_stands_for_nothing(provider):
    digest, pid = await provider.agree(rule(ONE), parent="0f" * 32)
    await provider.until(lambda: _halted(provider, pid))
    assert await provider.draw(digest, pid) is None


async def test_a_policy_that_cannot_be_read_stands_for_nothing_and_stops_nobody_else(provider):
    digest, pid = await provider.agree(rule(("unheardOf", "eq", "1")))
    await provider.until(lambda: _halted(provider, pid))
    assert await provider.draw(digest, pid) is None
    other = await provider.agree(rule(ONE), until=provider.connector.clock.now() + SOON)
    assert await cut_off(provider, *other)


async def _halted(provider, pid):
    return (await provider.row("transfers", id=pid))["pending"] in {"SUSPENDED", "TERMINATED"}


# by its terms, or by the round that has moved it already
ENDED = ("the agreement has ended", "the agreement is `ended`")


async def test_scenario_32_what_was_allowed_is_asked_again_and_a_clock_turned_back_revives_nothing(tmp_path):
    clock = SetClock(datetime(2026, 11, 20, 12, tzinfo=UTC))
    async with running(tmp_path, clock) as provider:
        digest, pid = await provider.agree(rule(ONE), until=clock.now() + timedelta(seconds=1))
        standing = provider.connector.standing

        async def over():
            row = await provider.row(AgreementRow, digest=digest)
            return await provider.store.read(lambda tx: standing.over(tx, row, clock.now()))

        assert await over() == ""
        clock.move(2)
        assert await over() in ENDED
        clock.move(-3600)
        assert await over() in ENDED
        assert await provider.draw(digest, pid) is None


async def test_a_revocation_of_what_is_not_here(provider):
    with pytest.raises(Absent):
        await provider.connector.agreements.revoke("ab" * 32, "why not")


async def test_every_decision_made_here_comes_out_the_same_again(provider):
    again = await provider.store.read(decisions.replayed)
    assert len(again) >= 2
    assert all(again.values())


async def test_what_a_policy_has_paused_goes_on_when_it_holds_again(provider):
    """Between the two moments nothing flows; the peer has taken our word for the pause, and gets a fresh start."""
    now = provider.connector.clock.now()
    closes, opens = (now + SOON).isoformat(), (now + 6 * SOON).isoformat()
    either = {"or": [
        {"leftOperand": "dateTime", "operator": "lt", "rightOperand": closes},
        {"leftOperand": "dateTime", "operator": "gteq", "rightOperand": opens},
    ]}  # fmt: skip
    policy = rule(ONE)
    policy["permission"][0]["constraint"].append(either)
    digest, pid = await provider.agree(policy)
    assert await cut_off(provider, digest, pid)
    row = await provider.row("transfers", id=pid)
    assert (row["pending"], row["paused"]) == ("SUSPENDED", "policy")
    await heard(provider, digest, pid)
    assert await provider.draw(digest, pid) is None
    row = await provider.until(lambda: _starts(provider, pid))
    assert row["paused"] is None
    assert row["address"] is not None
    drawing = await provider.draw(digest, pid)
    assert drawing is not None
    await stopped(drawing)


async def test_what_an_operator_has_paused_stays_paused(provider):
    digest, pid = await provider.agree(rule(ONE))
    await provider.connector.engine.operating.suspend(pid, "for a while")
    await heard(provider, digest, pid)
    await asyncio.sleep(2 * SOON.total_seconds())
    row = await provider.row("transfers", id=pid)
    assert (row["state"], row["pending"], row["paused"]) == ("SUSPENDED", "", "operator")


async def heard(provider, digest, pid):
    """Have the peer take our word for a pause; it is nowhere in this test."""

    def act(tx):
        tx.delete("outbox", subject=pid)
        tx.update("transfers", {"id": pid}, state="SUSPENDED", pending="")
        tx.after(lambda: provider.connector.continuity.touch(digest))

    await provider.store.write(act)


async def _starts(provider, pid):
    row = await provider.row("transfers", id=pid)
    return row if row["pending"] == "STARTED" else None

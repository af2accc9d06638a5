"""Whatever the network and the power do, a negotiation ends once, alike on both sides, and nothing happens twice."""

import asyncio
import tempfile
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.negotiation import outbox, process
from contracts.namespace import FORMAT_SEALED
from tests.fault.extent import tried
from tests.negotiation.world import MANDATE, Clock, Network, Party, agree, ended, listed_offer, product, seed

SHORT = MANDATE | {"rounds": 3}  # request, offer, accept, agreement, verification, finalize
MESSAGES_OF_A_SHORT_ONE = 6


@pytest.fixture(autouse=True)
def _soon(monkeypatch):
    monkeypatch.setattr(outbox, "RETRY_FIRST_SECONDS", 0.005)
    monkeypatch.setattr(outbox, "RETRY_MOST_SECONDS", 0.02)


async def lose_request(sender, receiver, go):
    raise ConnectionResetError


async def lose_reply(sender, receiver, go):
    await go()
    raise ConnectionResetError


async def answer_500(sender, receiver, go):
    await go()
    return 500, None


async def answer_nonsense(sender, receiver, go):
    await go()
    return 503, "<html>"


async def duplicate(sender, receiver, go):
    replies = await asyncio.gather(go(), go(), go())
    assert replies[0] == replies[1] == replies[2]
    return replies[0]


async def late_duplicate(sender, receiver, go):
    async def later():
        await asyncio.sleep(0.03)
        await go()

    reply = await go()
    receiver.network.spawn(later())
    return reply


async def crash_before_sending(sender, receiver, go):
    sender.network.spawn(sender.crash())
    await asyncio.sleep(60)


async def crash_before_the_answer(sender, receiver, go):
    await go()
    sender.network.spawn(sender.crash())
    await asyncio.sleep(60)


async def crash_of_the_receiver(sender, receiver, go):
    await go()
    receiver.network.spawn(receiver.crash())
    raise ConnectionResetError


FAULTS = [
    lose_request,
    lose_reply,
    answer_500,
    answer_nonsense,
    duplicate,
    late_duplicate,
    crash_before_sending,
    crash_before_the_answer,
    crash_of_the_receiver,
]


def befall(network, schedule):
    """Let the n-th delivery meet the n-th fault of the schedule."""
    waiting = list(schedule)

    async def fault(sender, receiver, path, body, go):
        chosen = waiting.pop(0) if waiting else None
        return await (go() if chosen is None else chosen(sender, receiver, go))

    network.fault = fault


async def one_outcome(provider, buyer):
    """Check what must hold after any schedule."""
    await asyncio.sleep(0)
    rows = await ended(provider, buyer)
    kept = [await party.rows("agreements") for party in (provider, buyer)]
    signed = [len(await party.events("agreement.signed")) for party in (provider, buyer)]
    assert rows[0]["state"] == "FINALIZED", rows[0]["reason"]
    assert [len(rows) for rows in kept] == signed == [1, 1]
    assert kept[0][0]["digest"] == kept[1][0]["digest"]
    assert provider.licences == [kept[0][0]["digest"]]
    for party in (provider, buyer):
        assert len(await party.rows("negotiations")) == 1
        assert await party.rows("outbox") == []
    moves = [len(await party.events("negotiation.moved")) for party in (provider, buyer)]
    assert moves[0] == moves[1], "each side has seen each change of state once"


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("step", range(MESSAGES_OF_A_SHORT_ONE))
async def test_each_fault_at_each_message(pair, network, fault, step):
    provider, buyer = pair
    befall(network, [None] * step + [fault])
    await buyer.engine.start_negotiation(provider.did, provider.base, listed_offer(), SHORT)
    await one_outcome(provider, buyer)
    assert len({body["@id"] for _, _, body in network.sent}) == MESSAGES_OF_A_SHORT_ONE


@settings(max_examples=tried(20))
@given(schedule=st.lists(st.sampled_from([None, *FAULTS]), max_size=25))
def test_any_schedule_of_faults(schedule):
    async def run():
        network, clock = Network(), Clock()
        with tempfile.TemporaryDirectory() as folder:
            provider = await Party("provider", network, clock, Path(folder)).open()
            buyer = await Party("buyer", network, clock, Path(folder)).open()
            await seed(provider, product())
            befall(network, schedule)
            await buyer.engine.start_negotiation(provider.did, provider.base, listed_offer(), MANDATE)
            await one_outcome(provider, buyer)
            while network.tasks:
                await asyncio.gather(*network.tasks)
            await one_outcome(provider, buyer)  # late duplicates change nothing
            for party in (provider, buyer):
                await party.close()

    asyncio.run(run())


async def test_what_is_committed_but_unsent_is_sent_after_a_restart(network, clock, tmp_path):
    provider = await Party("provider", network, clock, tmp_path).open()
    await seed(provider, product())
    buyer = await Party("buyer", network, clock, tmp_path).open(begin=False)  # it dies before it can send
    await buyer.engine.start_negotiation(provider.did, provider.base, listed_offer(), MANDATE)
    assert [row["kind"] for row in await buyer.rows("outbox")] == ["request"]
    await buyer.crash()
    await one_outcome(provider, buyer)
    for party in (provider, buyer):
        await party.close()


async def test_a_step_that_is_ours_is_taken_after_a_restart(pair):
    provider, buyer = pair
    provider.engine.negotiations._reactions = {}
    await buyer.engine.start_negotiation(provider.did, provider.base, listed_offer(), MANDATE)
    await buyer.until("negotiations", {"REQUESTED"})
    assert (await provider.rows("negotiations"))[0]["turn"] == "provider"
    await provider.crash()
    await one_outcome(provider, buyer)


async def test_a_message_that_presupposes_ours_acknowledges_it(pair, network):
    """The provider's offer comes before the answer to the request: the request has evidently arrived."""
    provider, buyer = pair
    countered = asyncio.Event()

    async def slow_answer(sender, receiver, path, body, go):
        reply = await go()
        if path == "/negotiations/request":
            await countered.wait()
        if path.endswith("/offers"):
            countered.set()
        return reply

    network.fault = slow_answer
    await buyer.engine.start_negotiation(provider.did, provider.base, listed_offer(), MANDATE)
    await one_outcome(provider, buyer)


async def test_a_peer_that_is_never_there_is_given_up_at_the_deadline(pair, clock):
    provider, buyer = pair
    await provider.close()
    pid = await buyer.engine.start_negotiation(provider.did, provider.base, listed_offer(), MANDATE)
    await asyncio.sleep(0.05)
    row = await buyer.row("negotiations", pid)
    assert (row["state"], row["pending"], row["turn"]) == ("", "REQUESTED", "consumer")
    assert row["deadline"] is not None
    clock.shift += process.PATIENCE
    buyer.engine.wake()
    row = await buyer.until("negotiations", {"TERMINATED"})
    assert "could not be delivered in time" in row["reason"]
    assert await buyer.rows("outbox") == []


async def test_a_peer_that_never_answers_is_given_up_and_told(pair, clock):
    provider, buyer = pair
    provider.engine.negotiations._reactions = {}
    await buyer.engine.start_negotiation(provider.did, provider.base, listed_offer(), MANDATE)
    row = await buyer.until("negotiations", {"REQUESTED"})
    assert row["turn"] == "provider"
    clock.shift += process.PATIENCE + timedelta(seconds=1)
    buyer.engine.wake()
    rows = await ended(provider, buyer)
    assert all("nothing came from the provider" in row["reason"] for row in rows)


async def test_a_timer_and_not_a_poll_ends_what_waits(pair):
    provider, buyer = pair
    provider.engine.negotiations.patience = buyer.engine.negotiations.patience = timedelta(seconds=0.3)
    provider.engine.negotiations._reactions = {}
    await buyer.engine.start_negotiation(provider.did, provider.base, listed_offer(), MANDATE)
    rows = await ended(provider, buyer)
    assert rows[0]["state"] == "TERMINATED"


@pytest.mark.parametrize(("status", "reply"), [(400, {"reason": ["go away"]}), (403, None), (200, None), (200, {})])
async def test_a_peer_that_refuses_or_answers_nonsense_ends_the_request(pair, network, clock, status, reply):
    provider, buyer = pair

    async def answer(*_):
        return status, reply

    network.fault = answer
    await buyer.engine.start_negotiation(provider.did, provider.base, listed_offer(), MANDATE)
    await asyncio.sleep(0.1)
    clock.shift += process.PATIENCE
    buyer.engine.wake()
    row = await buyer.until("negotiations", {"TERMINATED"})
    expected = f"{status}" if status != 200 else "without a valid process"
    assert expected in row["reason"]


async def test_transfers_survive_crashes_too(pair, network):
    provider, buyer = pair
    row = await agree(provider, buyer)
    befall(network, [crash_before_the_answer, lose_reply, duplicate, crash_of_the_receiver])
    await buyer.engine.start_transfer(row["digest"], FORMAT_SEALED)
    rows = [await party.until("transfers", {"STARTED"}) for party in (provider, buyer)]
    befall(network, [crash_of_the_receiver, crash_before_sending])
    await buyer.engine.complete_transfer(rows[1]["id"])
    for party in (provider, buyer):
        await party.until("transfers", {"COMPLETED"})
        assert len(await party.rows("transfers")) == 1

"""Transfers between two engines: started, completed, suspended, resumed and ended by either side."""

import pytest

from connector.negotiation.doors import DeclinedError
from connector.negotiation.protocol.errors import IllegalTransitionError, MismatchError
from connector.runtime.errors import Conflict
from contracts.namespace import FORMAT_SEALED
from tests.negotiation.world import MANDATE, agree


@pytest.fixture
async def agreed(pair):
    provider, buyer = pair
    row = await agree(provider, buyer, MANDATE)
    assert row["state"] == "FINALIZED"
    return provider, buyer, row["digest"]


async def both(provider, buyer, state):
    return [await party.until("transfers", {state}) for party in (provider, buyer)]


async def test_a_transfer_is_started_with_an_address_and_completed(agreed):
    provider, buyer, digest = agreed
    tid = await buyer.engine.start_transfer(digest, FORMAT_SEALED)
    rows = await both(provider, buyer, "STARTED")
    assert rows[1]["id"] == tid
    assert rows[0]["address"] == rows[1]["address"]
    assert rows[1]["address"]["endpointProperties"][0]["value"] == rows[0]["id"]
    assert rows[0]["deadline"] == rows[1]["deadline"] == (await provider.rows("agreements"))[0]["not_after"]
    await buyer.engine.complete_transfer(tid)
    rows = await both(provider, buyer, "COMPLETED")
    assert [row["turn"] for row in rows] == ["", ""]
    with pytest.raises(Conflict):
        await buyer.engine.operating.suspend(tid, "too late")


@pytest.mark.parametrize("who", [0, 1])
async def test_either_side_suspends_resumes_and_terminates(agreed, who):
    provider, buyer, digest = agreed
    await buyer.engine.start_transfer(digest, FORMAT_SEALED)
    ids = [row["id"] for row in await both(provider, buyer, "STARTED")]
    party, pid = agreed[who], ids[who]
    await party.engine.operating.suspend(pid, "maintenance")
    assert [row["reason"] for row in await both(provider, buyer, "SUSPENDED")] == ["maintenance"] * 2
    with pytest.raises(IllegalTransitionError):
        await party.engine.complete_transfer(pid)
    await party.engine.operating.resume(pid)
    assert all(row["address"] for row in await both(provider, buyer, "STARTED"))
    await party.engine.terminate_transfer(pid, "that is all")
    assert [row["reason"] for row in await both(provider, buyer, "TERMINATED")] == ["that is all"] * 2


async def test_a_provider_that_cannot_serve_says_so(agreed):
    provider, buyer, digest = agreed

    def refuse(_):
        raise DeclinedError("the edition was withdrawn")

    provider.address_of = refuse
    await buyer.engine.start_transfer(digest, FORMAT_SEALED)
    assert [row["reason"] for row in await both(provider, buyer, "TERMINATED")] == ["the edition was withdrawn"] * 2


@pytest.mark.parametrize("what", ["format", "agreement", "foreign", "ended", "late"])
async def test_what_was_not_agreed_is_not_started(agreed, network, clock, what):
    provider, buyer, digest = agreed
    fmt = "HttpData-PULL" if what == "format" else FORMAT_SEALED
    changes = {"foreign": {"peer": "did:web:other"}, "ended": {"state": "ended"}}.get(what)
    if changes:
        await provider.store.write(lambda tx: tx.update("agreements", {"digest": digest}, **changes))
    if what == "late":
        late = clock.now()
        await provider.store.write(lambda tx: tx.update("agreements", {"digest": digest}, not_after=late))
    if what == "agreement":
        await provider.store.write(lambda tx: tx.delete("agreements", digest=digest))
    await buyer.engine.start_transfer(digest, fmt)
    row = await buyer.until("transfers", {"TERMINATED"})
    assert "was refused: 400" in row["reason"]
    assert await provider.rows("transfers") == []


async def test_only_the_consumer_pulls_and_only_what_it_has_agreed(agreed):
    provider, buyer, digest = agreed
    for party, key in ((provider, digest), (buyer, "00" * 32)):
        with pytest.raises(DeclinedError):
            await party.engine.start_transfer(key, FORMAT_SEALED)
        assert await party.rows("transfers") == []


async def test_when_both_suspend_at_once_both_are_suspended(agreed, network):
    provider, buyer, digest = agreed
    await buyer.engine.start_transfer(digest, FORMAT_SEALED)
    ids = [row["id"] for row in await both(provider, buyer, "STARTED")]
    await cross(network, provider.engine.operating.suspend(ids[0], "a"), buyer.engine.operating.suspend(ids[1], "b"))
    await both(provider, buyer, "SUSPENDED")


@pytest.mark.parametrize("first", ["complete", "suspend"])
async def test_when_messages_cross_both_sides_end_in_one_state(agreed, network, first):
    provider, buyer, digest = agreed
    await buyer.engine.start_transfer(digest, FORMAT_SEALED)
    ids = [row["id"] for row in await both(provider, buyer, "STARTED")]
    if first == "complete":
        ours, theirs, end = (
            buyer.engine.complete_transfer(ids[1]),
            provider.engine.terminate_transfer(ids[0], "x"),
            "TERMINATED",
        )
    else:
        ours, theirs, end = (
            buyer.engine.complete_transfer(ids[1]),
            provider.engine.operating.suspend(ids[0], "x"),
            "COMPLETED",
        )
    await cross(network, ours, theirs)
    await both(provider, buyer, end)


async def cross(network, *acts):
    """Let no message through before both sides have theirs under way."""
    import asyncio

    started = asyncio.Barrier(2)

    async def together(sender, receiver, path, body, go):
        await started.wait()
        return await go()

    async def plain(sender, receiver, path, body, go):
        return await go()

    network.fault = together
    before = len(network.sent)
    await asyncio.gather(*acts)
    while len(network.sent) < before + 2:
        await asyncio.sleep(0.01)
    network.fault = plain


async def test_one_message_is_under_way_at_a_time(agreed, network):
    provider, buyer, digest = agreed
    tid = await buyer.engine.start_transfer(digest, FORMAT_SEALED)
    await both(provider, buyer, "STARTED")

    async def lost(*_):
        raise ConnectionResetError

    network.fault = lost
    await buyer.engine.operating.suspend(tid, "pause")
    with pytest.raises(MismatchError, match="waits for the peer"):
        await buyer.engine.complete_transfer(tid)
    await buyer.engine.terminate_transfer(tid, "enough")
    network.fault = None
    buyer.engine.wake()
    await both(provider, buyer, "TERMINATED")

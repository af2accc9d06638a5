"""Either side ends a process in every state, whatever the other has under way; a peer that has gone back is ended."""

import asyncio

import pytest

from connector.negotiation import outbox
from connector.negotiation.protocol import messages
from connector.negotiation.protocol.states import FINAL, NONE, STATES, turn
from connector.runtime.errors import Conflict
from contracts.namespace import FORMAT_SEALED
from tests.negotiation.world import MANDATE, WAIT_SECONDS, agree, listed_offer

SHORT = MANDATE | {"rounds": 3}
# the message that leads to a state, in a short negotiation or a transfer that the provider suspends
LEADS = {
    ("negotiation", "REQUESTED"): "request",
    ("negotiation", "OFFERED"): "offer",
    ("negotiation", "ACCEPTED"): "accept",
    ("negotiation", "AGREED"): "agreement",
    ("negotiation", "VERIFIED"): "verification",
    ("transfer", "REQUESTED"): "request",
    ("transfer", "STARTED"): "start",
    ("transfer", "SUSPENDED"): "suspension",
}
WHO = {"provider": 0, "consumer": 1}
WORDS = "we thought better of it"


@pytest.fixture(autouse=True)
def _soon(monkeypatch):
    monkeypatch.setattr(outbox, "RETRY_FIRST_SECONDS", 0.005)
    monkeypatch.setattr(outbox, "RETRY_MOST_SECONDS", 0.02)


def test_every_state_that_can_be_left_is_in_the_table():
    left = {(process, state) for process, states in STATES.items() for state in states if state not in {NONE, *FINAL}}
    assert set(LEADS) == left


async def reached(pair, network, process, state, *, held=("provider", "consumer")):
    """Bring both sides to `state`, in which those of `held` do nothing by themselves; return their ids."""
    provider, buyer = pair
    digest = None
    if process == "transfer":
        digest = (await agree(provider, buyer, SHORT))["digest"]

    async def fault(sender, receiver, path, body, go):
        if messages.name_of(process, body) == LEADS[process, state]:
            for role in held:
                engine = pair[WHO[role]].engine
                engine.negotiations._reactions = engine.transfers._reactions = {}
            if set(held) != set(WHO):
                network.fault = refuse_all  # what the other one says next does not get through
        return await go()

    network.fault = fault
    if process == "negotiation":
        await buyer.engine.start_negotiation(provider.did, provider.base, listed_offer(), SHORT)
    else:
        await buyer.engine.start_transfer(digest, FORMAT_SEALED)
    if state == "SUSPENDED":
        row = await provider.until("transfers", {"STARTED"})
        await provider.engine.operating.suspend(row["id"], "a rest")
    table = process + "s"
    async with asyncio.timeout(WAIT_SECONDS):
        while True:
            rows = [row for party in pair for row in await party.rows(table)]
            if [row["state"] for row in rows] == [state, state]:
                return [row["id"] for row in rows]
            await asyncio.sleep(0.002)


async def refuse_all(*_):
    raise ConnectionRefusedError


async def both_ended(pair, process, ids, *words):
    """Both sides are at the end, say why, and have nothing under way."""
    for party, pid in zip(pair, ids, strict=True):
        await party.until(process + "s", {"TERMINATED"})
        view = await party.engine.operating.show(pid)
        assert (view["state"], view["turn"], view["deadline"], view["message"]) == ("TERMINATED", "nobody", None, None)
        assert any(word in view["reason"] for word in words), view["reason"]
        assert await party.rows("outbox") == []
        assert all(row["state"] == "ended" for row in await party.rows("agreements") if process == "negotiation")


@pytest.mark.parametrize("role", WHO)
@pytest.mark.parametrize(("process", "state"), LEADS)
async def test_either_side_ends_it_in_every_state(pair, network, process, state, role):
    ids = await reached(pair, network, process, state)
    own = pair[WHO[role]]
    await own.engine.operating.terminate(ids[WHO[role]], WORDS)
    await both_ended(pair, process, ids, WORDS)
    with pytest.raises(Conflict, match="at its end: `TERMINATED`"):
        await own.engine.operating.terminate(ids[WHO[role]], "again")


@pytest.mark.parametrize(("process", "state"), [key for key in LEADS if key != ("transfer", "STARTED")])
async def test_the_peer_ends_it_while_a_message_of_ours_is_under_way(pair, network, process, state):
    """The message is taken back: it cannot arrive any more in a process that is over."""
    mover = turn(process, state)
    other = next(role for role in WHO if role != mover)
    us, them = pair[WHO[mover]], pair[WHO[other]]
    ids = await reached(pair, network, process, state, held=(other,))
    if process == "transfer" and state == "SUSPENDED":
        await us.engine.operating.resume(ids[WHO[mover]])
    async with asyncio.timeout(WAIT_SECONDS):
        while not await us.rows("outbox"):
            await asyncio.sleep(0.002)
    assert (await us.engine.operating.show(ids[WHO[mover]]))["message"]

    async def one_way(sender, receiver, path, body, go):
        if sender is us:
            raise ConnectionRefusedError
        return await go()

    network.fault = one_way
    await them.engine.operating.terminate(ids[WHO[other]], WORDS)
    await both_ended(pair, process, ids, WORDS)


@pytest.mark.parametrize(("process", "state"), LEADS)
async def test_both_sides_end_it_at_once(pair, network, process, state):
    ids = await reached(pair, network, process, state)
    network.fault = refuse_all
    for party, pid, words in zip(pair, ids, ("provider's", "buyer's"), strict=True):
        await party.engine.operating.terminate(pid, words)
        await party.engine.operating.terminate(pid, "twice changes nothing")
    network.fault = None
    await both_ended(pair, process, ids, "provider's", "buyer's")


@pytest.mark.parametrize(("state", "back"), [("OFFERED", "REQUESTED"), ("AGREED", "REQUESTED"), ("AGREED", "OFFERED")])
async def test_a_provider_that_has_gone_back_is_ended_with_what_it_says(pair, network, state, back):
    """As after a restore from an old back-up: what it forgot, it refuses."""
    provider, buyer = pair
    ids = await reached(pair, network, "negotiation", state)
    await provider.store.write(lambda tx: tx.update("negotiations", {"id": ids[0]}, state=back, agreement=None))
    buyer.engine.negotiations._reactions = {
        ("negotiation", "consumer", state): "accept" if state == "OFFERED" else "verify"
    }
    await buyer.engine.advance("negotiation", ids[1])
    await both_ended(pair, "negotiation", ids, f"says it is `{back}`")

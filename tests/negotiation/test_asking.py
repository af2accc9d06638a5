"""A peer is asked for its state before a process is given up, and both sides end alike whenever one answer comes."""

import asyncio
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from connector.negotiation import asking, outbox
from connector.negotiation.process import PATIENCE
from connector.negotiation.protocol import messages
from connector.negotiation.protocol.states import FINAL, STATES
from contracts.namespace import FORMAT_SEALED
from tests.every import every
from tests.negotiation.world import MANDATE, WAIT_SECONDS, Clock, Party, agree, listed_offer, product, seed

SHORT = MANDATE | {"rounds": 3}
TABLES = {"negotiation": "negotiations", "transfer": "transfers"}


@pytest.fixture(autouse=True)
def _soon(monkeypatch):
    monkeypatch.setattr(outbox, "RETRY_FIRST_SECONDS", 0.005)
    monkeypatch.setattr(outbox, "RETRY_MOST_SECONDS", 0.02)


@pytest.fixture
async def two(network, tmp_path):
    """A provider and a buyer, each with a clock of its own."""
    provider = await Party("provider", network, Clock(), tmp_path).open()
    buyer = await Party("buyer", network, Clock(), tmp_path).open()
    await seed(provider, product())
    yield provider, buyer
    for party in (provider, buyer):
        await party.close()


def hold(*parties):
    for party in parties:
        party.engine.negotiations._reactions = party.engine.transfers._reactions = {}


def late(party):
    party.clock.shift += PATIENCE + timedelta(seconds=1)
    party.engine.wake()


async def until(party, table, holds):
    """Wait until the only row of a table is as it should be."""
    async with asyncio.timeout(WAIT_SECONDS):
        while True:
            rows = await party.rows(table)
            if rows and holds(rows[0]):
                return rows[0]
            await asyncio.sleep(0.005)


async def transfer_started(provider, buyer):
    row = await agree(provider, buyer, SHORT)
    await buyer.engine.start_transfer(row["digest"], FORMAT_SEALED)
    return [(await party.until("transfers", {"STARTED"}))["id"] for party in (provider, buyer)]


# --- verdicts

NEWS = [
    # process, our role, state, pending, what the peer says, verdict
    ("negotiation", "provider", "VERIFIED", "FINALIZED", "FINALIZED", asking.TAKEN),
    ("negotiation", "provider", "VERIFIED", "FINALIZED", "VERIFIED", ""),
    ("negotiation", "provider", "VERIFIED", "FINALIZED", "TERMINATED", asking.OVER),
    ("negotiation", "provider", "REQUESTED", "AGREED", "VERIFIED", asking.TAKEN),
    ("negotiation", "provider", "REQUESTED", "AGREED", "FINALIZED", ""),
    ("negotiation", "provider", "REQUESTED", "OFFERED", "REQUESTED", ""),
    ("negotiation", "consumer", "AGREED", "VERIFIED", "FINALIZED", asking.TAKEN),
    ("negotiation", "consumer", "OFFERED", "REQUESTED", "OFFERED", ""),
    ("negotiation", "consumer", "OFFERED", "TERMINATED", "OFFERED", ""),
    ("negotiation", "consumer", "VERIFIED", "", "FINALIZED", asking.OVER),
    ("negotiation", "consumer", "VERIFIED", "TERMINATED", "FINALIZED", ""),
    ("negotiation", "consumer", "REQUESTED", "", "AGREED", ""),
    ("negotiation", "consumer", "REQUESTED", "", "FINALIZED", ""),
    ("negotiation", "consumer", "AGREED", "", "OFFERED", ""),
    ("transfer", "consumer", "REQUESTED", "", "COMPLETED", ""),
    ("transfer", "consumer", "STARTED", "COMPLETED", "COMPLETED", asking.TAKEN),
    ("transfer", "consumer", "STARTED", "SUSPENDED", "COMPLETED", asking.OVER),
    ("transfer", "provider", "STARTED", "SUSPENDED", "STARTED", ""),
    ("transfer", "provider", "REQUESTED", "STARTED", "SUSPENDED", asking.TAKEN),
    ("transfer", "provider", "SUSPENDED", "STARTED", "SUSPENDED", ""),
    ("transfer", "provider", "SUSPENDED", "", "TERMINATED", asking.OVER),
]


@every(("process", "role", "state", "pending", "said", "found"), NEWS)
def test_what_follows_from_an_answer(process, role, state, pending, said, found):
    assert asking.verdict(process, SimpleNamespace(role=role, state=state, pending=pending), said) == found


@pytest.mark.parametrize(("process", "table"), TABLES.items())
def test_no_answer_moves_anybody_backwards_or_without_what_a_message_must_bring(process, table):
    """Whatever is said, we only follow to an end, and an end is never left."""
    for state in STATES[process]:
        for role in ("provider", "consumer"):
            for said in ("", "nonsense", *STATES[process][1:]):
                found = asking.verdict(process, SimpleNamespace(role=role, state=state, pending=""), said)
                assert found in {"", asking.OVER}
                if found:
                    assert said in FINAL
                    assert state not in FINAL


# --- an answer that is lost until the deadline

NEGOTIATED = {
    "offer": "provider", "accept": "consumer", "agreement": "provider", "verification": "consumer",
    "finalize": "provider",
}  # fmt: skip


def lose_answers(network, kind, *, before=lambda receiver: None):
    async def fault(sender, receiver, path, body, go):
        if messages.name_of(path.split("/")[1].removesuffix("s"), body) != kind:
            return await go()
        before(receiver)
        await go()
        raise ConnectionResetError

    network.fault = fault


@pytest.mark.parametrize(("kind", "role"), NEGOTIATED.items())
async def test_a_message_of_a_negotiation_whose_answers_are_lost_is_found_to_have_arrived(two, network, kind, role):
    provider, buyer = two
    sender, receiver = (provider, buyer) if role == "provider" else (buyer, provider)
    lose_answers(network, kind, before=hold)
    await buyer.engine.start_negotiation(provider.did, provider.base, listed_offer(), SHORT)
    pending = await until(sender, "negotiations", lambda row: row["pending"] and len(network.sent) > 8)
    late(sender)
    row = await until(sender, "negotiations", lambda row: not row["pending"])
    theirs = (await receiver.rows("negotiations"))[0]
    assert row["state"] == pending["pending"] == theirs["state"], row["reason"]
    assert await sender.rows("outbox") == []
    assert len(network.asked) == 1


@pytest.mark.parametrize("kind", ["completion", "suspension", "termination"])
@pytest.mark.parametrize("who", [0, 1])
async def test_a_message_of_a_transfer_whose_answers_are_lost_is_found_to_have_arrived(two, network, kind, who):
    ids = await transfer_started(*two)
    sender, receiver = two[who], two[1 - who]
    lose_answers(network, kind)
    act = {
        "completion": sender.engine.complete_transfer,
        "suspension": lambda pid: sender.engine.operating.suspend(pid, "a pause"),
        "termination": lambda pid: sender.engine.terminate_transfer(pid, "the end"),
    }[kind]
    await act(ids[who])
    late(sender)
    row = await until(sender, "transfers", lambda row: not row["pending"])
    assert row["state"] == (await receiver.rows("transfers"))[0]["state"] != "STARTED"


async def test_a_peer_that_forgets_what_it_answered_refuses_the_repeat_and_is_asked(two, network):
    """The first FINALIZED is taken and its answer lost; a peer that is not idempotent says no to the second."""
    provider, buyer = two
    seen = []

    async def fault(sender, receiver, path, body, go):
        if body.get("eventType") != "FINALIZED":
            return await go()
        seen.append(body)
        if len(seen) > 1:
            return 400, {"reason": ["a finalized negotiation takes no message"]}
        await go()
        raise ConnectionResetError

    network.fault = fault
    await buyer.engine.start_negotiation(provider.did, provider.base, listed_offer(), SHORT)
    for party in two:
        assert (await party.until("negotiations", {"FINALIZED", "TERMINATED"}))["state"] == "FINALIZED"
    assert provider.licences
    assert [row["state"] for row in await provider.rows("agreements")] == ["signed"]


async def cut_at(kind, provider, buyer, network, *, arrives):
    """Return what becomes of a negotiation whose provider hears nothing of its message `kind`, and can ask nobody."""

    async def deaf(*_):
        raise ConnectionResetError("cut off")

    async def fault(sender, receiver, path, body, go):
        if messages.name_of("negotiation", body) != kind:
            return await go()
        network.deaf = deaf
        if arrives:
            await go()
        raise ConnectionResetError("cut off")

    network.fault = fault
    await buyer.engine.start_negotiation(provider.did, provider.base, listed_offer(), SHORT)
    await until(provider, "negotiations", lambda row: row["pending"] and network.deaf)
    late(provider)
    row = await provider.until("negotiations", {"FINALIZED", "TERMINATED"})
    assert f"our `{kind}` could not be delivered in time" in row["reason"]
    assert "asked, the consumer did not answer: cut off" in row["reason"]
    network.deaf = None
    return row["state"]


async def test_when_neither_message_nor_question_gets_through_the_reason_says_both(two, network):
    assert await cut_at("agreement", *two, network, arrives=False) == "TERMINATED"


@pytest.mark.parametrize("arrives", [True, False])
async def test_an_agreement_whose_last_word_nobody_is_heard_about_stands_with_both(two, network, arrives):
    _, buyer = two
    assert await cut_at("finalize", *two, network, arrives=arrives) == "FINALIZED"
    if not arrives:
        await until(buyer, "negotiations", lambda row: row["state"] == "VERIFIED" and not row["pending"])
        late(buyer)
    row = await buyer.until("negotiations", {"FINALIZED", "TERMINATED"})
    assert row["state"] == "FINALIZED", row["reason"]
    for party in two:
        assert [row["state"] for row in await party.rows("agreements")] == ["signed"]


@pytest.mark.parametrize("state", ["COMPLETED", "TERMINATED"])
async def test_a_message_that_never_arrived_at_a_peer_that_is_at_an_end_is_given_up_and_the_end_followed(
    two, network, state
):
    """Our suspension is lost, and so is what the peer said when its side of the transfer ended."""
    provider, buyer = two
    ids = await transfer_started(provider, buyer)

    async def fault(sender, receiver, path, body, go):
        raise ConnectionResetError

    network.fault = fault
    await provider.engine.operating.suspend(ids[0], "a pause")
    await buyer.store.write(lambda tx: tx.update("transfers", {"id": ids[1]}, state=state))
    late(provider)
    row = await until(provider, "transfers", lambda row: not row["pending"])
    assert row["state"] == state
    assert ("could not be delivered in time" in row["reason"]) == (state == "TERMINATED")
    assert await provider.rows("outbox") == []


# --- a peer that says nothing


@pytest.mark.parametrize("said", ["TERMINATED", "REQUESTED", "AGREED"])
async def test_a_silent_peer_is_asked_once_before_the_end(two, network, said):
    provider, buyer = two
    hold(provider)
    await buyer.engine.start_negotiation(provider.did, provider.base, listed_offer(), SHORT)
    await buyer.until("negotiations", {"REQUESTED"})
    moved = {"state": said} | ({"turn": "", "deadline": None} if said in FINAL else {})
    await provider.store.write(lambda tx: tx.update("negotiations", {"state": "REQUESTED"}, **moved))
    sent = len(network.sent)
    late(buyer)
    row = await buyer.until("negotiations", {"TERMINATED"})
    assert f"asked, the provider says it is `{said}`" in row["reason"]
    assert len(network.asked) == 1
    # whoever has ended it already is not told that we end it
    assert len(network.sent) - sent == (said != "TERMINATED")


async def test_a_buyer_that_missed_the_last_word_finds_it_out(two, network):
    provider, buyer = two

    async def fault(sender, receiver, path, body, go):
        if body.get("eventType") == "FINALIZED":
            return 200, None  # swallowed on the way
        return await go()

    network.fault = fault
    await buyer.engine.start_negotiation(provider.did, provider.base, listed_offer(), SHORT)
    await provider.until("negotiations", {"FINALIZED"})
    await buyer.until("negotiations", {"VERIFIED"})  # the answer to its own last message was taken
    late(buyer)
    row = await buyer.until("negotiations", {"FINALIZED", "TERMINATED"})
    assert (row["state"], row["reason"]) == ("FINALIZED", "")
    assert [kept["state"] for kept in await buyer.rows("agreements")] == ["signed"]


# --- a pause


async def paused(provider, buyer):
    """A transfer that the provider has suspended, at the buyer."""
    ids = await transfer_started(provider, buyer)
    await provider.engine.operating.suspend(ids[0], "a pause")
    await provider.until("transfers", {"SUSPENDED"})
    return await buyer.until("transfers", {"SUSPENDED"})


async def test_a_pause_that_both_keep_goes_on_until_the_agreement_ends(two):
    provider, buyer = two
    before = await paused(provider, buyer)
    for party in (buyer, provider):
        late(party)
        row = await until(party, "transfers", lambda row: row["deadline"] != before["deadline"])
        assert row["state"] == "SUSPENDED"
    [agreement] = await buyer.rows("agreements")
    buyer.clock.shift = agreement["not_after"] - PATIENCE / 2 - datetime.now(UTC)
    buyer.engine.wake()
    row = await until(buyer, "transfers", lambda row: row["deadline"] == agreement["not_after"])
    assert row["state"] == "SUSPENDED"
    buyer.clock.shift += PATIENCE
    buyer.engine.wake()
    assert "the agreement has ended" in (await buyer.until("transfers", {"TERMINATED"}))["reason"]


async def test_a_pause_that_the_other_does_not_keep_ends(two):
    provider, buyer = two
    row = await paused(provider, buyer)
    gone_on = {"state": "STARTED", "turn": "provider"}
    await provider.store.write(lambda tx: tx.update("transfers", {"id": row["peer_pid"]}, **gone_on))
    late(buyer)
    assert "says it is `STARTED`" in (await buyer.until("transfers", {"TERMINATED"}))["reason"]


ANSWERS = {
    "another id": (lambda good: (200, {**good, "providerPid": "urn:x"}), "answered about another negotiation"),
    "no document": (lambda good: (200, {"state": "FINALIZED"}), "did not answer with a negotiation"),
    "no JSON": (lambda good: (200, None), "did not answer with a negotiation"),
    "another state": (lambda good: (200, {**good, "state": "HAPPY"}), "did not answer with a negotiation"),
    "unknown": (lambda good: (404, None), "knows no such negotiation"),
    "refused": (lambda good: (401, None), "answered 401"),
    "broken": (lambda good: (500, None), "answered 500"),
}


@pytest.mark.parametrize("how", ANSWERS)
async def test_what_is_no_answer_moves_nothing_but_is_told(two, network, how):
    provider, buyer = two
    damage, words = ANSWERS[how]

    async def deaf(sender, receiver, path, go):
        _, good = await go()
        return damage({**good, "state": "FINALIZED"})

    hold(provider)
    network.deaf = deaf
    await buyer.engine.start_negotiation(provider.did, provider.base, listed_offer(), SHORT)
    await buyer.until("negotiations", {"REQUESTED"})
    late(buyer)
    assert words in (await buyer.until("negotiations", {"TERMINATED"}))["reason"]


async def test_a_peer_that_hangs_when_asked_is_waited_for_a_little_only(two, network, monkeypatch):
    provider, buyer = two
    monkeypatch.setattr(asking, "ASK_SECONDS_MAX", 0.05)

    async def deaf(*_):
        await asyncio.sleep(60)

    hold(provider)
    network.deaf = deaf
    await buyer.engine.start_negotiation(provider.did, provider.base, listed_offer(), SHORT)
    await buyer.until("negotiations", {"REQUESTED"})
    late(buyer)
    assert "did not answer within 0.05 s" in (await buyer.until("negotiations", {"TERMINATED"}))["reason"]


async def test_an_answer_to_a_message_that_says_terminated_is_noticed(two, network):
    async def fault(sender, receiver, path, body, go):
        if body.get("eventType") != "ACCEPTED":
            return await go()
        hold(receiver)
        status, reply = await go()
        return status, {**reply, "state": "TERMINATED"}

    provider, buyer = two
    network.fault = fault
    await buyer.engine.start_negotiation(provider.did, provider.base, listed_offer(), SHORT)
    row = await buyer.until("negotiations", {"TERMINATED"})
    assert row["reason"] == "the provider took our `accept` and answered that it is `TERMINATED`"
    assert await buyer.rows("outbox") == [], "what was answered is not said again"

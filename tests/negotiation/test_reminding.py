"""A consumer that has lost what it had taken: it is told again, and the negotiation ends as it would have."""

import asyncio
from datetime import timedelta

import pytest

from connector.negotiation import reactions
from contracts.namespace import FORMAT_SEALED
from tests.negotiation.world import MANDATE, Party, agree, listed_offer, product, seed

AT_ONCE = {"bid": 110, "limit": 110, "rounds": 8}
STAYS = {"id", "peer_pid", "deadline", "updated", "created"}
SAYS_NO = 409, {"reason": ["the negotiation cannot be finalized"]}


def forgetful(provider, buyer, *, state="REQUESTED"):
    """Let the buyer lose, with the first `finalize`, all that the agreement had brought; returns what it got."""
    seen, before = [], {}

    async def fault(sender, receiver, path, body, go):
        kind = body.get("eventType") or body["@type"]
        if receiver is not buyer:
            return await go()
        seen.append((kind, body))
        if kind == "ContractAgreementMessage" and not before:
            before.update((await buyer.rows("negotiations"))[0])
        if kind != "FINALIZED":
            return await go()
        if [each for each, _ in seen].count(kind) > 1:
            return SAYS_NO if (await buyer.rows("negotiations"))[0]["state"] == state else await go()
        kept = {name: before[name] for name in before if name not in STAYS}
        kept |= {"state": state, "pending": "", "turn": "provider"}

        def lose(tx):
            tx.update("negotiations", {"id": before["id"]}, **kept)
            for table in ("agreements", "received", "outbox"):
                tx.execute(f"DELETE FROM {table}")

        await buyer.crash(lose)
        return SAYS_NO

    buyer.network.fault = fault
    return seen


@pytest.mark.parametrize(("state", "mandate"), [("REQUESTED", AT_ONCE), ("ACCEPTED", MANDATE)])
async def test_a_consumer_that_lost_the_agreement_is_told_it_again_and_both_end_alike(pair, state, mandate):
    provider, buyer = pair
    seen = forgetful(provider, buyer, state=state)
    await buyer.engine.start_negotiation(provider.did, provider.base, listed_offer(), mandate)
    for party in pair:
        row = await party.until("negotiations", {"FINALIZED", "TERMINATED"})
        assert (row["state"], row["reason"]) == ("FINALIZED", "")
        assert [each["state"] for each in await party.rows("agreements")] == ["signed"]
    first, again = [body for kind, body in seen if kind == "ContractAgreementMessage"]
    assert first.pop("@id") != again.pop("@id")
    assert first == again
    assert len(provider.licences) == 1


async def test_a_consumer_that_is_elsewhere_is_told_nothing_again(pair):
    """From `OFFERED` no agreement leads on: the negotiation ends, and says what it heard."""
    provider, buyer = pair
    seen = forgetful(provider, buyer, state="OFFERED")
    await buyer.engine.start_negotiation(provider.did, provider.base, listed_offer(), MANDATE)
    row = await provider.until("negotiations", {"FINALIZED", "TERMINATED"})
    assert row["state"] == "TERMINATED"
    assert "asked, the consumer says it is `OFFERED`" in row["reason"]
    assert [kind for kind, _ in seen].count("ContractAgreementMessage") == 1


@pytest.mark.parametrize("fault", [ConnectionResetError("cut off"), TimeoutError()])
async def test_what_is_told_again_may_be_lost_too_and_is_told_with_the_next_repeat(pair, fault):
    provider, buyer = pair
    forgetful(provider, buyer)
    through, lost = buyer.network.fault, []

    async def losing(sender, receiver, path, body, go):
        if body["@type"] == "ContractAgreementMessage" and await provider.rows("agreements") and not lost:
            lost.append(path)
            raise fault
        return await through(sender, receiver, path, body, go)

    buyer.network.fault = losing
    await buyer.engine.start_negotiation(provider.did, provider.base, listed_offer(), AT_ONCE)
    assert (await provider.until("negotiations", {"FINALIZED", "TERMINATED"}))["state"] == "FINALIZED"
    assert len(lost) == 1


@pytest.fixture
def soon(monkeypatch):
    """Who is silent is asked soon."""
    monkeypatch.setattr(reactions, "QUIET", timedelta(seconds=0.2))


def silent(party, table, kind, times=1, state="REQUESTED"):
    """Let a party lose, as soon as it has taken it, all that each of the first messages of a `kind` brought.

    It is in `state` then. Returns what was said to it of this kind.
    """
    seen, losing = [], []

    async def fault(sender, receiver, path, body, go):
        said = body.get("eventType") or body["@type"]
        if receiver is not party:
            if losing:
                raise ConnectionResetError("it is lost with the rest")
            return await go()
        seen.append((said, body))
        if said != kind or [each for each, _ in seen].count(kind) > times:
            return await go()
        before = (await party.rows(table))[0]
        kept = {name: before[name] for name in before if name not in STAYS}
        kept |= {"state": state, "pending": "", "turn": "consumer" if state == "AGREED" else "provider"}
        losing.append(kind)
        answer = await go()

        def lose(tx):
            tx.update(table, {"id": before["id"]}, **kept)
            for each in ("received", "outbox", *["agreements"] * (table == "negotiations")):
                tx.execute(f"DELETE FROM {each}")

        await party.crash(lose)
        losing.clear()
        return answer

    party.network.fault = fault
    return lambda: [body for said, body in seen if said == kind]


@pytest.mark.parametrize("times", [1, 2])
async def test_a_consumer_that_lost_the_agreement_and_says_nothing_is_asked_and_told_it_again(pair, soon, times):
    """EDC stores what came before over it, and waits for ever: nothing of its own would tell."""
    provider, buyer = pair
    told = silent(buyer, "negotiations", "ContractAgreementMessage", times)
    await buyer.engine.start_negotiation(provider.did, provider.base, listed_offer(), AT_ONCE)
    for party in pair:
        row = await party.until("negotiations", {"FINALIZED", "TERMINATED"})
        assert (row["state"], row["reason"], row["due"]) == ("FINALIZED", "", None)
        assert [each["state"] for each in await party.rows("agreements")] == ["signed"]
    bodies = told()
    assert len({body.pop("@id") for body in bodies}) == times + 1
    assert all(body == bodies[0] for body in bodies)
    assert len(provider.licences) == 1


async def test_a_provider_that_lost_the_verification_and_says_nothing_is_asked_and_told_it_again(pair, soon):
    provider, buyer = pair
    told = silent(provider, "negotiations", "ContractAgreementVerificationMessage", state="AGREED")
    await buyer.engine.start_negotiation(provider.did, provider.base, listed_offer(), AT_ONCE)
    while len(told()) < 2:
        await asyncio.sleep(0.02)
    for party in pair:
        row = await party.until("negotiations", {"FINALIZED", "TERMINATED"})
        assert (row["state"], row["reason"], row["due"]) == ("FINALIZED", "", None)
        assert [each["state"] for each in await party.rows("agreements")] == ["signed"]
    first, again = told()
    assert first.pop("@id") != again.pop("@id")
    assert first == again


async def test_a_consumer_that_lost_the_start_and_says_nothing_is_asked_and_told_it_again(pair, soon):
    provider, buyer = pair
    row = await agree(provider, buyer)
    told = silent(buyer, "transfers", "TransferStartMessage")
    tid = await buyer.engine.start_transfer(row["digest"], FORMAT_SEALED)
    while len(told()) < 2:
        await asyncio.sleep(0.02)
    started = await buyer.until("transfers", {"STARTED"})
    assert (started["id"], started["address"]) == (tid, (await provider.rows("transfers"))[0]["address"])
    first, again = told()
    assert first["dataAddress"] == again["dataAddress"]
    await buyer.engine.complete_transfer(tid)
    assert (await provider.until("transfers", {"COMPLETED"}))["due"] is None


async def test_a_consumer_that_has_what_it_was_told_is_asked_less_and_less_often(pair, soon):
    """A running transfer is silent: nobody is told anything, and each silence is twice the one before."""
    provider, buyer = pair
    row = await agree(provider, buyer)
    await buyer.engine.start_transfer(row["digest"], FORMAT_SEALED)
    started, asked = await provider.until("transfers", {"STARTED"}), buyer.network.asked
    sent = len(buyer.network.sent)
    while len(asked) < 3:
        await asyncio.sleep(0.02)
    due = (await provider.rows("transfers"))[0]["due"]
    assert due - started["updated"] >= 6 * reactions.QUIET
    assert (len(asked), len(buyer.network.sent)) == (3, sent)
    assert asked == [(provider.did, f"/transfers/{started['peer_pid']}")] * 3


async def test_an_operator_says_that_nobody_is_asked(network, clock, tmp_path, soon):
    rules = reactions.read(
        b'{"reactions": [{"process": "negotiation", "role": "provider", "state": "AGREED", "act": "hold"}]}'
    )
    provider = await Party("provider", network, clock, tmp_path, rules=rules).open()
    buyer = await Party("buyer", network, clock, tmp_path).open()
    await seed(provider, product())
    silent(buyer, "negotiations", "ContractAgreementMessage")
    await buyer.engine.start_negotiation(provider.did, provider.base, listed_offer(), AT_ONCE)
    await provider.until("negotiations", {"AGREED"})
    await asyncio.sleep(1)
    assert (network.asked, (await provider.rows("negotiations"))[0]["due"]) == ([], None)
    for party in (provider, buyer):
        await party.close()


async def test_an_operator_lets_it_be_told_at_once(pair):
    provider, buyer = pair
    told = silent(buyer, "negotiations", "ContractAgreementMessage")
    await buyer.engine.start_negotiation(provider.did, provider.base, listed_offer(), AT_ONCE)
    waits = await provider.until("negotiations", {"AGREED"})
    done = await provider.engine.operating.retry(waits["id"])
    assert done["did"] == "asked, the consumer says it is `REQUESTED`; it was told again what it has lost"
    assert (await provider.until("negotiations", {"FINALIZED"}))["reason"] == ""
    assert len(told()) == 2

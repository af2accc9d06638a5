"""A consumer that has lost what it had taken: it is told again, and the negotiation ends as it would have."""

import pytest

from tests.negotiation.world import MANDATE, listed_offer

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

"""Two parties amend what they have signed: one agreement is in force at each moment, whatever happens in between."""

import asyncio
import random
import tempfile
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.negotiation import outbox
from connector.negotiation.amendment import Change
from connector.negotiation.doors import DeclinedError, Peer
from connector.negotiation.protocol import messages, offers
from connector.negotiation.protocol.errors import ProtocolError
from connector.negotiation.protocol.states import FINALIZED, OFFERED, REQUESTED, TERMINATED
from connector.negotiation.reactions import Rule
from connector.runtime.errors import Conflict, PenstockError
from connector.store.errors import StoreClosed
from connector.store.rows.agreement import AgreementRow
from contracts import lifecycle
from contracts.errors import ContractError
from contracts.namespace import FORMAT_SEALED
from policy.amendment import wanted
from tests.fault.extent import tried
from tests.negotiation.world import MANDATE, POLICY, Clock, Network, Party, agree, product
from tests.negotiation.world import seed as seeded

LATER = "2027-12-31T00:00:00Z"
OTHER_RULES = wanted("openings=30", offers.rules(POLICY))


@pytest.fixture(autouse=True)
def _soon(monkeypatch):
    monkeypatch.setattr(outbox, "RETRY_FIRST_SECONDS", 0.005)
    monkeypatch.setattr(outbox, "RETRY_MOST_SECONDS", 0.02)


@pytest.fixture
async def signed(pair):
    """Both parties and the agreement that they have signed, whose licence is on chain."""
    provider, buyer = pair
    row = await agree(provider, buyer)
    await licensed(provider, row["digest"])
    return provider, buyer, row["digest"]


async def licensed(provider, digest):
    await provider.store.write(lambda tx: tx.update(AgreementRow, {"digest": digest}, state="performing"))


async def asked(party, digest, **change):
    engine = party.engine
    return await engine._do(lambda tx, now: engine.negotiations.amend(tx, digest, Change(**change), now))


async def waiting(party, known=()):
    """Wait until a negotiation waits for a person here; return its id."""
    async with asyncio.timeout(8):
        while True:
            for row in await party.rows("negotiations"):
                if row["id"] not in known and "asks" in (row["mandate"] or {}) and not row["pending"]:
                    return row["id"]
            await asyncio.sleep(0.01)


async def standing(party):
    """Return the agreements in force, by what their terms amend."""
    rows = await party.rows("agreements")
    over = {row["digest"] for row in rows if row["state"] in lifecycle.OVER}
    return [row for row in rows if row["digest"] not in over]


async def settled(party, pid, states=(FINALIZED,)):
    return await party.until("negotiations", states, pid)


async def assented(party, pid=None):
    pid = pid or await waiting(party)
    await party.engine.operating.assent(pid)
    return pid


async def in_force(*parties):
    """Return the one agreement that is in force at both parties."""
    found = []
    for party in parties:
        rows = await standing(party)
        assert len(rows) == 1, [(row["digest"][:8], row["state"], row["amends"]) for row in rows]
        found.append(rows[0])
    assert len({row["digest"] for row in found}) == 1
    return found[0]


@pytest.mark.parametrize("asks", ["provider", "buyer"])
async def test_either_party_asks_and_a_person_of_the_other_assents(signed, asks):
    provider, buyer, old = signed
    asking, other = (provider, buyer) if asks == "provider" else (buyer, provider)
    mine = await asked(asking, old, until=LATER, price=77, policy=OTHER_RULES)
    theirs = await waiting(other)
    assert [row["digest"] for row in await standing(asking)] == [old], "asking alone changes nothing"
    await assented(other, theirs)
    await settled(asking, mine)
    await settled(other, theirs)
    new = await in_force(provider, buyer)
    terms = new["terms"]
    assert (terms["amends"], new["amends"]) == (old, old)
    assert (terms["notAfter"], terms["tariff"]["minor"], terms["policy"]) == (LATER, "77", OTHER_RULES)
    for party in (provider, buyer):
        (event,) = await party.events("agreement.amended")
        assert event["part"] == new["digest"]
        (ended,) = await party.events("agreement.ended")
        assert ended["part"] == old


async def test_what_it_may_cost_in_all_follows_the_price(signed):
    provider, buyer, old = signed
    (was,) = await standing(provider)
    price, cap = int(was["terms"]["tariff"]["minor"]), int(was["agreement"]["priceCap"])
    await asked(buyer, old, price=2 * price)
    await assented(provider)
    async with asyncio.timeout(8):
        while len(await provider.rows("agreements")) < 2 or len(await standing(provider)) != 1:
            await asyncio.sleep(0.01)
    (now,) = await standing(provider)
    assert int(now["agreement"]["priceCap"]) == 2 * cap


async def test_it_is_answered_with_another_and_each_waits_for_the_other(signed):
    provider, buyer, old = signed
    mine = await asked(buyer, old, until=LATER)
    theirs = await waiting(provider)
    with pytest.raises(Conflict, match="has not answered"):
        await asked(buyer, old, price=90)
    assert await asked(provider, old, price=99) == theirs, "an answer is the same negotiation"
    row = await settled(buyer, mine, (OFFERED,))
    assert (row["terms"]["notAfter"], row["their_price"]) == (LATER, 99)
    assert await asked(buyer, old, until="2027-06-30T00:00:00Z") == mine
    await settled(provider, theirs, (REQUESTED,))
    await assented(provider, theirs)
    await settled(buyer, mine)
    await settled(provider, theirs)
    terms = (await in_force(provider, buyer))["terms"]
    assert (terms["notAfter"], terms["tariff"]["minor"]) == ("2027-06-30T00:00:00Z", "99")


@pytest.mark.parametrize("refuses", ["provider", "buyer"])
async def test_one_that_is_refused_or_taken_back_leaves_the_other_in_force(signed, refuses):
    provider, buyer, old = signed
    mine = await asked(buyer, old, until=LATER)
    theirs = await waiting(provider)
    who, pid = (provider, theirs) if refuses == "provider" else (buyer, mine)
    await who.engine.operating.terminate(pid, "no")
    for party, each in ((provider, theirs), (buyer, mine)):
        await settled(party, each, (TERMINATED,))
    assert (await in_force(provider, buyer))["digest"] == old
    assert await asked(buyer, old, until=LATER), "and another may be asked for"


async def test_one_that_nobody_answers_expires(signed, clock):
    provider, buyer, old = signed
    mine = await asked(buyer, old, until=LATER)
    theirs = await waiting(provider)
    await settled(buyer, mine, (REQUESTED,))
    clock.shift += timedelta(days=6)
    provider.engine.wake()
    buyer.engine.wake()
    await asyncio.sleep(0.05)
    assert (await buyer.row("negotiations", mine))["state"] == REQUESTED, "people take their time"
    clock.shift += timedelta(days=2)
    provider.engine.wake()
    buyer.engine.wake()
    for party, each in ((provider, theirs), (buyer, mine)):
        await settled(party, each, (TERMINATED,))
    assert (await in_force(provider, buyer))["digest"] == old


async def test_a_chain_of_them_has_one_end(signed):
    provider, buyer, digest = signed
    for price in (70, 60, 50):
        mine = await asked(buyer, digest, price=price)
        theirs = await assented(provider, await waiting(provider))
        await settled(buyer, mine)
        await settled(provider, theirs)
        new = await in_force(provider, buyer)
        assert new["amends"] == digest
        digest = new["digest"]
        await licensed(provider, digest)
    assert len(await provider.rows("agreements")) == 4


async def said(buyer, provider, terms):
    """Let a buyer of another make ask for an amendment; returns the status and what it hears."""
    offer = offers.offer("urn:product:flights", POLICY, terms, target="urn:product:flights")
    body = messages.contract_request(consumer_pid="urn:uuid:theirs", offer=offer, callback=buyer.base)
    reply = await provider.request("/negotiations/request", orjson.dumps(body), buyer.peer)
    return reply.status, str(reply.body)


async def test_only_one_amendment_of_an_agreement_is_negotiated(signed):
    provider, buyer, old = signed
    await asked(buyer, old, price=70)
    await waiting(provider)
    status, words = await said(buyer, provider, await table(buyer, old))
    assert status == 400
    assert "being negotiated already" in words


async def test_no_list_puts_an_end_to_what_was_signed(signed):
    provider, buyer, old = signed
    offer = offers.offer("urn:product:flights", POLICY, await table(buyer, old), target="urn:product:flights")
    with pytest.raises(DeclinedError, match="penstock amend"):
        await buyer.engine.start_negotiation(provider.did, provider.base, offer, MANDATE)


async def table(party, old, **changes):
    row = next(row for row in await party.rows("agreements") if row["digest"] == old)
    terms = {name: value for name, value in row["terms"].items() if name not in ("salt", "policy")}
    return terms | {"amends": old} | changes


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"title": "other"}, "not `title`"),
        ({"editionId": "05" * 32}, "not `editionId`"),
        ({"maxExposure": "999999"}, "not `maxExposure`"),
        ({"amends": "ab" * 32}, "no signed agreement between the two of us"),
        ({"notAfter": "tomorrow"}, "cannot be signed"),
    ],
)
async def test_a_peer_cannot_change_anything_else(signed, changes, words):
    provider, buyer, old = signed
    status, heard = await said(buyer, provider, await table(buyer, old, **changes))
    assert status == 400
    assert words in heard
    assert (await in_force(provider, buyer))["digest"] == old


async def test_a_stranger_amends_nothing(signed):
    provider, buyer, old = signed
    buyer.peer = Peer("did:web:stranger", b"\x06" * 20)
    status, heard = await said(buyer, provider, await table(buyer, old))
    assert (status, "no signed agreement between the two of us" in heard) == (400, True)


async def test_what_nobody_can_sign_is_not_asked_for(signed):
    _provider, buyer, old = signed
    with pytest.raises(ContractError, match="notAfter"):
        await asked(buyer, old, until="never")


async def test_rules_of_reactions_answer_for_nobody(signed):
    provider, buyer, old = signed
    await provider.close()
    provider.rules = (Rule("negotiation", "provider", "REQUESTED", "agree"),)
    await provider.open()
    mine = await asked(buyer, old, price=1)
    theirs = await waiting(provider)
    provider.engine.wake()
    await asyncio.sleep(0.05)
    assert (await provider.row("negotiations", theirs))["state"] == REQUESTED
    await settled(buyer, mine, (REQUESTED,))
    assert (await in_force(provider, buyer))["digest"] == old


# Whatever happens in between.

# an amendment is asked for, or answered with another, by the same act
ACTS = ("amend",) * 5 + ("assent",) * 5 + ("refuse", "crash", "lose", "use", "use")


async def one_of_each(provider, buyer):
    """Neither both nor none: of all that was ever signed one agreement is in force, at either party."""
    for party in (provider, buyer):
        rows = await party.rows("agreements")
        heads = [row for row in rows if row["superseded_by"] is None and row["state"] not in lifecycle.OVER]
        # one that is signed and not final yet stands beside the one that it amends, and is not in force
        waiting = {row["amends"] for row in heads}
        assert len([row for row in heads if row["digest"] in waiting or len(heads) == 1]) == 1, party.did
        assert len(heads) <= 2, party.did


async def attempted(chance, act, party, other, digest):
    """Do one act of a random walk; what is refused changes nothing."""
    network = party.network
    with suppress(PenstockError, ProtocolError, DeclinedError, StoreClosed):
        match act:
            case "amend":
                await asked(party, digest, price=chance.randint(50, 120))
            case "assent" | "refuse":
                rows = [row for row in await party.rows("negotiations") if "asks" in (row["mandate"] or {})]
                for row in rows[-1:]:
                    await (
                        party.engine.operating.assent(row["id"])
                        if act == "assent"
                        else party.engine.operating.terminate(row["id"], "no")
                    )
            case "crash":
                await party.crash()
            case "lose":
                network.lost = chance.choice((0, 0.3))
            case "use":
                (row, *_) = [row for row in await standing(party) if row["superseded_by"] is None]
                if party is other.buyer:
                    await party.engine.start_transfer(row["digest"], FORMAT_SEALED)


@settings(max_examples=tried(6), deadline=None)
@given(seed=st.integers(0, 2**32))
def test_one_is_in_force_whatever_both_do(seed):
    asyncio.run(_walked(seed))


async def _walked(number):
    chance, network, clock = random.Random(number), Network(), Clock()
    network.lost = 0

    async def fault(sender, receiver, path, body, go):
        if chance.random() < network.lost:
            raise ConnectionResetError
        reply = await go()
        if chance.random() < network.lost:
            raise ConnectionResetError
        return reply

    with tempfile.TemporaryDirectory() as folder:
        provider = await Party("provider", network, clock, Path(folder)).open()
        buyer = await Party("buyer", network, clock, Path(folder)).open()
        for party in (provider, buyer):
            party.buyer = buyer
        await seeded(provider, product())
        digest = (await agree(provider, buyer))["digest"]
        await licensed(provider, digest)
        network.fault = fault
        for _ in range(24):
            party, other = chance.choice([(provider, buyer), (buyer, provider)])
            await attempted(chance, chance.choice(ACTS), party, other, digest)
            await asyncio.sleep(chance.choice((0, 0.01, 0.03)))
            await one_of_each(provider, buyer)
            stand = [row for row in await standing(provider) if row["state"] == "signed"]
            for row in stand:  # as its licence comes on chain
                await licensed(provider, row["digest"])
            heads = [row["digest"] for row in await standing(provider)]
            digest = heads[0] if len(heads) == 1 else digest
        network.lost = 0
        for party in (provider, buyer):
            party.engine.wake()
        async with asyncio.timeout(20):
            while [
                row
                for row in [*await provider.rows("negotiations"), *await buyer.rows("negotiations")]
                if row["pending"]
            ]:
                await asyncio.sleep(0.02)
        mine = [{row["digest"] for row in await standing(party)} for party in (provider, buyer)]
        assert mine[0] == mine[1], "both have the same one"
        assert len(mine[0]) == 1
        for party in (provider, buyer):
            said = [event["part"] for event in await party.events("agreement.amended")]
            assert len(said) == len(set(said)) == len(await party.rows("agreements")) - 1 - len(await failed(party))
            await party.close()


async def failed(party):
    """Return what was signed and never came into force."""
    rows = await party.rows("agreements")
    return [row for row in rows if row["state"] in lifecycle.OVER and row["superseded_by"] is None]

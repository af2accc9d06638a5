"""What an operator sees and does: retry, terminate, pause; and what is noticed though nobody asks."""

import asyncio
from datetime import timedelta

import pytest

from connector.negotiation import outbox
from connector.negotiation.overview import Wanted
from connector.negotiation.process import PATIENCE
from connector.negotiation.reactions import DEFAULT, Rule
from connector.runtime.errors import Absent, Conflict, InvalidInput
from contracts.namespace import FORMAT_SEALED
from tests.negotiation.world import MANDATE, WAIT_SECONDS, agree, listed_offer, product, seed
from tests.negotiation.world import Party as Participant

SHORT = MANDATE | {"rounds": 3}


async def lost(*_):
    raise ConnectionRefusedError("nobody is there")


async def transfer_started(provider, buyer):
    row = await agree(provider, buyer, SHORT)
    await buyer.engine.start_transfer(row["digest"], FORMAT_SEALED)
    return [(await party.until("transfers", {"STARTED"}))["id"] for party in (provider, buyer)]


async def paused(provider, buyer):
    ids = await transfer_started(provider, buyer)
    await provider.engine.operating.suspend(ids[0], "night")
    for party in (provider, buyer):
        await party.until("transfers", {"SUSPENDED"})
    return ids


async def tried(party, pid):
    """Return what is seen of a process whose message has failed once."""
    async with asyncio.timeout(WAIT_SECONDS):
        while True:
            view = await party.engine.operating.show(pid)
            if view["message"] and view["message"]["attempts"]:
                return view
            await asyncio.sleep(0.005)


async def test_what_is_under_way_is_shown_and_delivered_on_demand(pair, network, monkeypatch):
    monkeypatch.setattr(outbox, "RETRY_FIRST_SECONDS", 1000.0)
    provider, buyer = pair
    network.fault = lost
    pid = await buyer.engine.start_negotiation(provider.did, provider.base, listed_offer(), SHORT)
    view = await tried(buyer, pid)
    assert (view["state"], view["pending"], view["turn"]) == ("", "REQUESTED", "ours")
    assert view["reason"] == view["message"]["error"] == "nobody is there"
    assert view["deadline"]
    network.fault = None
    assert (await buyer.engine.operating.retry(pid))["did"] == "our `request` is delivered again"
    assert (await buyer.until("negotiations", {"FINALIZED"}))["id"] == pid


async def test_a_step_that_a_rule_holds_is_taken_on_demand(network, clock, tmp_path):
    rules = (Rule("negotiation", "provider", "REQUESTED", "hold"),)
    provider = await Participant("provider", network, clock, tmp_path, rules=rules).open()
    buyer = await Participant("buyer", network, clock, tmp_path).open()
    await seed(provider, product())
    await buyer.engine.start_negotiation(provider.did, provider.base, listed_offer(), SHORT)
    held = await provider.until("negotiations", {"REQUESTED"})
    assert (await provider.engine.operating.show(held["id"]))["turn"] == "ours"
    assert (await provider.engine.operating.retry(held["id"]))["did"] == "the step that was ours is taken"
    await buyer.until("negotiations", {"FINALIZED"})
    for party in (provider, buyer):
        await party.close()


async def test_a_step_that_waits_for_a_mandate_is_not_said_to_be_taken(pair):
    provider, buyer = pair
    buyer.engine.negotiations._reactions = {}
    pid = await buyer.engine.start_negotiation(provider.did, provider.base, listed_offer(), SHORT)
    await buyer.until("negotiations", {"OFFERED"})
    await provider.until("negotiations", {"OFFERED"})  # it is when it has heard that its offer arrived
    await buyer.store.write(lambda tx: tx.update("negotiations", {"id": pid}, mandate=None))
    buyer.engine.negotiations._reactions = DEFAULT
    view = await buyer.engine.operating.retry(pid)
    assert (view["state"], view["did"]) == ("OFFERED", "asked, the provider says it is `OFFERED`")


async def test_a_retry_finds_out_that_the_peer_has_ended(pair):
    provider, buyer = pair
    ids = await transfer_started(provider, buyer)
    gone = {"state": "TERMINATED", "turn": "", "deadline": None}
    await provider.store.write(lambda tx: tx.update("transfers", {"id": ids[0]}, **gone))
    view = await buyer.engine.operating.retry(ids[1])
    assert (view["state"], view["reason"]) == ("TERMINATED", view["did"])
    assert view["did"] == "asked, the provider says it is `TERMINATED`"


async def test_a_process_is_ended_though_its_peer_cannot_be_reached(pair, network, clock):
    provider, buyer = pair
    ids = await transfer_started(provider, buyer)
    network.fault = network.deaf = lost
    view = await buyer.engine.operating.terminate(ids[1], "enough")
    assert (view["state"], view["pending"], view["reason"]) == ("STARTED", "TERMINATED", "enough")
    again = await buyer.engine.operating.terminate(ids[1], "more than enough")
    assert (again["pending"], again["reason"]) == ("TERMINATED", "enough")
    clock.shift += PATIENCE + timedelta(seconds=1)
    buyer.engine.wake()
    row = await buyer.until("transfers", {"TERMINATED"})
    assert row["reason"].startswith("enough; our `termination` could not be delivered in time: nobody is there")


async def test_a_process_that_the_peer_never_heard_of_is_ended_at_once(pair, network):
    provider, buyer = pair
    network.fault = lost
    pid = await buyer.engine.start_negotiation(provider.did, provider.base, listed_offer(), SHORT)
    view = await buyer.engine.operating.terminate(pid, "never mind")
    assert (view["state"], view["reason"], view["message"]) == ("TERMINATED", "never mind", None)
    assert await buyer.rows("outbox") == []


async def test_what_cannot_be_done_is_said_and_changes_nothing(pair):
    operating = pair[1].engine.operating
    ids = await paused(*pair)
    before = await pair[1].rows("transfers")
    for act, fault, words in (
        (operating.complete(ids[1]), Conflict, "while the transfer is `SUSPENDED`"),
        (operating.suspend(ids[1], "again"), Conflict, "while the transfer is `SUSPENDED`"),
        (operating.suspend(ids[1], ""), InvalidInput, "a reason has 1 to"),
        (operating.show("urn:none"), Absent, "`urn:none`"),
        (operating.page(Wanted(rows=0)), InvalidInput, "a page has 1 to"),
    ):
        with pytest.raises(fault, match=words):
            await act
    assert await pair[1].rows("transfers") == before


# --- pauses and their deadlines


async def test_a_pause_goes_on_while_both_keep_it(pair, clock):
    provider, buyer = pair
    ids = await paused(provider, buyer)
    first = [(await party.row("transfers", pid))["deadline"] for party, pid in zip(pair, ids, strict=True)]
    clock.shift += PATIENCE + timedelta(seconds=1)
    for party, pid, deadline in zip(pair, ids, first, strict=True):
        party.engine.wake()
        async with asyncio.timeout(WAIT_SECONDS):
            while (row := await party.row("transfers", pid))["deadline"] == deadline:
                await asyncio.sleep(0.005)
        assert (row["state"], row["reason"]) == ("SUSPENDED", "night")
        assert row["deadline"] > clock.now()
    await buyer.engine.operating.resume(ids[1])
    for party in pair:
        await party.until("transfers", {"STARTED"})


async def test_a_pause_ends_with_a_peer_that_is_gone(pair, network, clock):
    provider, buyer = pair
    await paused(provider, buyer)
    await provider.close()
    clock.shift += PATIENCE + timedelta(seconds=1)
    buyer.engine.wake()
    async with asyncio.timeout(WAIT_SECONDS):
        while (await buyer.rows("transfers"))[0]["pending"] != "TERMINATED":
            await asyncio.sleep(0.005)
    clock.shift += PATIENCE + timedelta(seconds=1)
    buyer.engine.wake()
    row = await buyer.until("transfers", {"TERMINATED"})
    assert "asked, the provider did not answer" in row["reason"]


@pytest.mark.parametrize("begun", [transfer_started, paused])
async def test_a_transfer_that_runs_or_rests_ends_with_the_agreement(pair, clock, begun):
    provider, buyer = pair
    await begun(provider, buyer)
    end = (await buyer.rows("agreements"))[0]["not_after"]
    clock.shift += end - clock.now() + timedelta(seconds=1)
    for party in pair:
        party.engine.wake()
    for party in pair:
        assert "the agreement has ended" in (await party.until("transfers", {"TERMINATED"}))["reason"]


# --- a running transfer whose peer has ended it in silence


@pytest.mark.parametrize("end", ["TERMINATED", "COMPLETED"])
@pytest.mark.parametrize("who", [0, 1])
async def test_a_silent_end_is_noticed_by_looking(pair, end, who):
    ids = await transfer_started(*pair)
    gone = {"state": end, "turn": "", "deadline": None}
    await pair[1 - who].store.write(lambda tx: tx.update("transfers", {"id": ids[1 - who]}, **gone))
    await pair[who].engine._looking.look()
    assert (await pair[who].row("transfers", ids[who]))["state"] == end


async def test_a_peer_that_is_away_changes_nothing(pair, network):
    provider, buyer = pair
    await transfer_started(provider, buyer)
    await buyer.engine.start_transfer((await buyer.rows("agreements"))[0]["digest"], FORMAT_SEALED)
    await buyer.until("transfers", {"STARTED"})
    before = await buyer.rows("transfers")
    network.deaf = lost
    network.asked.clear()
    await buyer.engine._looking.look()
    assert await buyer.rows("transfers") == before
    assert len(network.asked) == 1, "a peer that is not there is asked once a look"


async def test_what_ended_while_we_were_away_is_noticed_at_the_next_start(pair):
    provider, buyer = pair
    ids = await transfer_started(provider, buyer)
    await buyer.close()
    gone = {"state": "TERMINATED", "turn": "", "deadline": None}
    await provider.store.write(lambda tx: tx.update("transfers", {"id": ids[0]}, **gone))
    await buyer.open()
    row = await buyer.until("transfers", {"TERMINATED"})
    assert row["reason"] == "asked, the provider says it is `TERMINATED`"

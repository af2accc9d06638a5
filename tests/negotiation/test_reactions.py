"""An operator's rules: read strictly, asked in order, delayed durably, never beyond the limits."""

from datetime import timedelta

import orjson
import pytest

from connector.negotiation import reactions
from connector.negotiation.protocol import states
from connector.runtime.errors import InvalidInput
from tests.every import every
from tests.negotiation.world import MANDATE, PRODUCT, Party, agree, listed_offer, product, seed

ROW = {"process": "negotiation", "role": "provider", "state": "REQUESTED", "act": "agree"}


def rules(*rows):
    return reactions.read(orjson.dumps({"reactions": [ROW | row for row in rows]}))


def decide(found, about=PRODUCT, time=1, state="REQUESTED"):
    return reactions.decide(found, reactions.DEFAULT, "negotiation", "provider", state, about, time)


def test_the_first_that_fits_decides_and_else_the_default():
    found = rules({"about": "urn:product:*", "time": 2, "act": "terminate"}, {"about": PRODUCT, "delay": 7})
    assert decide(found) == ("agree", timedelta(milliseconds=7))
    assert decide(found, time=2) == ("terminate", timedelta())
    assert decide(found, about="urn:other") == ("bargain", timedelta())
    assert decide(found, state="OFFERED") == ("hold", timedelta())
    assert decide(found, state="AGREED") == ("remind", reactions.QUIET)


@every(
    ("row", "word"),
    [
        ({"act": "verify"}, "agree"),
        ({"act": "dance"}, "agree"),
        ({"state": "FINALIZED"}, "FINALIZED"),
        ({"state": "STARTED"}, "STARTED"),
        ({"state": ""}, "react"),
        ({"role": "buyer"}, "buyer"),
        ({"process": "party"}, "party"),
        ({"delay": -1}, "delay"),
        ({"delay": True}, "delay"),
        ({"delay": 86_400_001}, "delay"),
        ({"time": "2"}, "time"),
        ({"about": 3}, "about"),
        ({"state": ["REQUESTED"]}, "state"),
        ({"abuot": "*"}, "abuot"),
    ],
)
def test_a_row_that_means_nothing_is_refused(row, word):
    with pytest.raises(InvalidInput) as refused:
        rules({}, row)
    assert "reaction 2" in str(refused.value)
    assert word in str(refused.value) + refused.value.hint


@every("content", [b"", b"[]", b"{}", b'{"reactions": {}}', b'{"reactions": [1]}', b'{"reactions": [{}]}'])
def test_a_file_that_is_no_table_is_refused(content):
    with pytest.raises(InvalidInput):
        reactions.read(content)


def test_what_is_possible_follows_from_the_protocol():
    """Every act of the table but `bargain` is a message that the protocol permits there, or a word said again."""
    messages = {"offer": "offer", "agree": "agreement", "request": "request", "accept": "accept", "start": "start"}
    messages |= {"verify": "verification", "finalize": "finalize", "complete": "completion", "suspend": "suspension"}
    messages |= {"resume": "start"}
    for (process, role, state), acts in reactions.POSSIBLE.items():
        for act in acts - {"bargain", "counter", reactions.REMIND}:
            assert states.following(process, state, messages[act], role), (process, role, state, act)
    for key, act in reactions.DEFAULT.items():
        assert act in reactions.POSSIBLE[key]


@pytest.fixture
def opened(network, clock, tmp_path):
    """Return a function that opens a provider and a buyer, the provider with these rules."""
    parties = []

    async def start(*rows, buying=()):
        for name, found in (("provider", rules(*rows)), ("buyer", rules(*buying))):
            party = Party(name, network, clock, tmp_path, rules=found)
            parties.append(await party.open())
        await seed(parties[0], product())
        return parties

    return start


async def closed(parties):
    for party in parties:
        await party.close()


async def test_a_rule_suppresses_the_default(opened):
    provider, buyer = await opened({"act": "hold"})
    await buyer.engine.start_negotiation(provider.did, provider.base, listed_offer(), MANDATE)
    await buyer.until("negotiations", {"REQUESTED"})
    await provider.until("negotiations", {"REQUESTED"})
    assert not await provider.rows("outbox")
    await closed((provider, buyer))


async def test_a_delay_survives_a_crash_and_the_act_is_done_once(opened, network, clock):
    provider, buyer = await opened({"act": "terminate", "delay": 60_000})
    await buyer.engine.start_negotiation(provider.did, provider.base, listed_offer(), MANDATE)
    await buyer.until("negotiations", {"REQUESTED"})
    await provider.crash()
    assert (await provider.until("negotiations", {"REQUESTED"}))["due"] is not None
    clock.shift += timedelta(seconds=61)
    provider.engine.wake()
    row = await buyer.until("negotiations", {"TERMINATED"})
    assert "operator" in row["reason"]
    await provider.until("negotiations", {"TERMINATED"})
    assert sum(path.endswith("/termination") for _, path, _ in network.sent) == 1
    await closed((provider, buyer))


async def test_a_message_of_the_peer_cancels_what_waits(opened, network, clock):
    provider, buyer = await opened({"act": "agree", "delay": 60_000})
    pid = await buyer.engine.start_negotiation(provider.did, provider.base, listed_offer(), MANDATE)
    await buyer.until("negotiations", {"REQUESTED"})
    await buyer.engine.operating.terminate(pid, "no more")
    row = await provider.until("negotiations", {"TERMINATED"})
    clock.shift += timedelta(seconds=61)
    provider.engine.wake()
    assert row["due"] is None
    assert not any(sender == provider.did for sender, _, _ in network.sent)
    await closed((provider, buyer))


async def test_the_second_time_is_another_matter(opened):
    buyer_says = {"role": "consumer", "state": "OFFERED", "act": "request"}
    again = {"act": "offer", "time": 1}, {"act": "terminate", "time": 2}
    provider, buyer = await opened(*again, buying=[buyer_says])
    row = await agree(provider, buyer)
    assert row["state"] == "TERMINATED"
    assert row["entered"] == {"REQUESTED": 2, "OFFERED": 1, "TERMINATED": 1}
    await closed((provider, buyer))


@pytest.mark.parametrize(
    ("mandate", "state"),
    [({"bid": 100, "limit": 110, "rounds": 8}, "FINALIZED"), ({"bid": 50, "limit": 60, "rounds": 8}, "TERMINATED")],
)
async def test_no_rule_sells_below_the_floor(opened, mandate, state):
    provider, buyer = await opened({"act": "agree"})
    row = await agree(provider, buyer, mandate)
    assert row["state"] == state
    assert ("below what we may agree to" in row["reason"]) is (state == "TERMINATED")
    await closed((provider, buyer))


async def test_no_rule_buys_above_the_limit(opened):
    provider, buyer = await opened({"act": "offer"}, buying=[{"role": "consumer", "state": "OFFERED", "act": "accept"}])
    row = await agree(provider, buyer, {"bid": 50, "limit": 60, "rounds": 8})
    assert row["state"] == "TERMINATED"
    assert "above what we may agree to" in row["reason"]
    await closed((provider, buyer))

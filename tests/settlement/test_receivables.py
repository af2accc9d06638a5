"""What is done unasked about a channel that does not go on by itself: claimed, closed, asked about, or filed."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest

from connector.channel.equivocation import CODE
from connector.runtime.errors import PeerRefused
from connector.settlement.receivables import STOPPED, Receivables
from connector.store.rows.channel import ChannelState, Side
from contracts.address import show
from tests.channel.rig import CHANNEL_ID, START
from tests.settlement.ground import ARBITRATOR, Ground

KEY = CHANNEL_ID.hex()
SECOND = b"\xc2" * 32


class World(Ground):
    """A payee with one window paid; what its channels make it do is noted."""

    def __init__(self):
        super().__init__()
        self.did = []
        self.pair.window()
        settlements = SimpleNamespace(claim=self._note("claim"), close=self._note("close"))
        cases = SimpleNamespace(file=self._note("file"))
        self.receivables = Receivables(
            self.core, self.view, self.chain, self.pair.holder, self.payments, settlements, cases
        )

    def _note(self, name):
        async def note(about):
            self.did.append((name, getattr(about, "id", about)))

        return note

    def tend(self, channel=KEY):
        """Look at a channel until nothing is left to do there."""

        async def look():
            self.receivables.wake(channel)
            while self.receivables.driver.runs(channel):
                await asyncio.sleep(0)

        self.did.clear()
        self.asked.clear()
        asyncio.run(look())
        return self.did

    def lapse(self):
        self.pair.later(self.pair.terms.lock_ttl + 1)

    def prove(self, number=1, code=CODE, channel=KEY):
        """Keep the proof of an equivocation."""
        proof = {"proof": number}
        about = {"channel": channel, "seq": number, "code": code, "created": START.replace(second=number)}
        self.insert("bundles", id=f"b{number}", bundle=proof, **about)
        return ("file", proof)

    def woken(self):
        """The channels that a start looks at, in their order."""
        found = []
        self.receivables.driver.wake = found.append
        asyncio.run(self.receivables.recover())
        return found


@pytest.fixture
def world():
    return World()


def test_a_channel_in_order_is_left_alone(world):
    assert world.tend() == []
    assert (world.asked, world.chain.looked, world.receivables.warnings()) == ([], 1, [])


def test_of_a_channel_that_we_do_not_keep_there_is_nothing_to_do(world, caplog):
    world.prove(channel="00" * 32)
    assert world.tend("00" * 32) == []
    assert "needs an operator" not in caplog.text


def test_a_stopped_channel_is_claimed_and_told(world):
    world.put(state=ChannelState.STOPPED)
    assert world.tend() == [("claim", KEY)]
    assert world.receivables.warnings() == [STOPPED]
    world.lapse()
    assert world.tend() == [("claim", KEY)]
    assert world.asked == []


def test_a_payer_has_nothing_to_claim_on_a_stopped_channel(world):
    world.put(state=ChannelState.STOPPED, role=Side.PAYER)
    assert world.tend() == []
    assert world.receivables.warnings() == [STOPPED]


@pytest.mark.parametrize("state", [ChannelState.OPEN, ChannelState.CLOSING])
def test_a_buyer_is_asked_for_what_nothing_can_claim(world, state):
    world.put(state=state)
    world.lapse()
    assert world.tend() == []
    assert len(world.asked) == 1
    assert world.pair.states("payee")[-1] == "closing"


@pytest.mark.parametrize("about", [{"state": ChannelState.CLOSED}, {"role": Side.PAYER}])
def test_nobody_is_asked_about_a_channel_that_is_over_or_another_s_to_claim(world, about):
    filed = world.prove()
    world.put(**about, arbitrator=show(ARBITRATOR))
    world.lapse()
    assert (world.tend(), world.asked) == ([filed], [])


def test_a_buyer_shows_what_a_closed_channel_was_paid_for_that_a_back_up_forgot(world, caplog):
    """It compares states before it refuses to acknowledge anything there, which is no trouble."""

    def refuse():
        raise PeerRefused("the channel is closed", 409, b"{}")

    world.answer = refuse
    world.put(state=ChannelState.CLOSED, claimed=world.row().cumulative)
    assert (world.tend(), world.asked) == ([], [])
    world.put(claimed=world.row().cumulative + 1)
    assert (world.tend(), len(world.asked)) == ([], 1)
    assert (world.tend(), len(world.asked)) == ([], 0)  # its answer wakes us, and it may have had nothing to show
    assert "needs an operator" not in caplog.text


def test_settling_that_was_interrupted_goes_on(world):
    world.put(state=ChannelState.CLOSING)
    assert world.tend() == [("close", KEY)]
    assert world.asked == []


def test_proofs_are_filed_once_where_somebody_can_rule_on_them(world):
    filed = [world.prove(1), world.prove(2)]
    world.prove(3, code="key")
    world.prove(4, channel=SECOND.hex())
    assert world.tend() == []  # a channel without an arbitrator
    world.put(arbitrator=show(ARBITRATOR))
    assert world.tend() == filed
    world.insert("disputes", id="b1", channel=KEY, state="filed", filer="us", created=START, updated=START)
    assert world.tend() == filed[1:]


def test_a_lone_provider_has_no_docket_to_file_at(world):
    filed = world.prove()
    world.put(arbitrator=show(ARBITRATOR))
    world.core.identity.did = world.space.exchange
    assert world.tend() == []
    world.core.identity.roles = frozenset({"provider", "exchange"})
    assert world.tend() == [filed]


def test_what_is_refused_is_left_to_the_operator(world, caplog):
    world.lapse()
    world.space.members.clear()
    world.tend()
    assert f"channel `{KEY}` needs an operator" in caplog.text


def test_a_start_looks_at_open_channels_and_at_those_with_proofs(world):
    world.second(SECOND)
    assert world.woken() == [KEY, SECOND.hex()]
    world.put(state=ChannelState.CLOSED)
    assert world.woken() == [SECOND.hex()]
    world.prove(2)
    world.prove(1, channel=SECOND.hex())
    world.prove(3, code="key", channel="33" * 32)
    assert world.woken() == [SECOND.hex(), KEY]

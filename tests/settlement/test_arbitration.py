"""Ruling on a dispute: judged once, executed by one call, recorded when the chain has it, then told to the exchange."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from types import SimpleNamespace

import pytest

from connector.runtime.errors import ChainReverted, Conflict, NotPermitted, PeerUnreachable
from connector.settlement.arbitration import Arbitration
from contracts.errors import ContractError
from ledger.dispute import filing as filings
from ledger.dispute.verdict import Finding
from tests.channel.rig import STRANGER_KEY
from tests.core import core
from tests.ledger.dispute import test_filing as filed
from tests.ledger.dispute import test_verdict as case
from tests.settlement.ground import ARBITRATOR, Ground, opened

ANSWER = {"state": "ruled"}
DEPOSIT, PRICE = 1000, 250  # of the channel, and of the disputed window
MEMBER, OTHER = SimpleNamespace(did="did:web:us.example"), SimpleNamespace(did="did:web:other.example")
MINED = "ab" * 32


class World(Ground):
    """The arbitrator of the case's channel; `docket` is what was filed."""

    def __init__(self, document, supervisor=MEMBER):
        super().__init__()
        parties = {"payer": filed.PARTIES["payer"], "signer": filed.PARTIES["payer"], "payee": filed.PARTIES["payee"]}
        self.chain.channels = {case.CHANNEL: opened(**parties, arbitrator=ARBITRATOR, deposit=DEPOSIT)}
        self.filing, self.judgements, self.told = filings.read(document), 0, []
        self.key = self.filing.id.hex()
        ours = core(
            keys=SimpleNamespace(address=ARBITRATOR), member=MEMBER, store=self.store, clock=self.core.clock,
            evidence=self.core.evidence,
        )  # fmt: skip
        space = SimpleNamespace(last=lambda: SimpleNamespace(supervisor=supervisor))
        cases = SimpleNamespace(read=self._read, judged=self._judged, tell=self._tell)
        self.arbitration = Arbitration(ours, self.chain, self.chain, space, cases)

    async def _read(self, key):
        assert key == self.key
        return {"id": key}, self.filing

    async def _judged(self, filing):
        self.judgements += 1
        return filings.judge(filing, filed.SPACE, self.chain.channels.get(filing.part))

    async def _tell(self, ruling, transaction):
        self.told.append((ruling.reason, transaction))
        return ANSWER

    def rule(self, award=None, reason="as the hashes say"):
        return asyncio.run(self.arbitration.rule(self.key, award, reason))

    def ruling(self):
        return self.store.act(lambda tx: tx.get("rulings", id=self.key))

    def divisions(self):
        """What was sent: the unclaimed minor units that the payees keep, each under the name of its ruling."""
        for key, function, (channel, _, digest) in self.chain.sent:
            assert (key, function, channel) == (f"ruling:{digest.hex()}", "divide", case.CHANNEL)
        return [args[1] for _, _, args in self.chain.sent]


@pytest.fixture
def world():
    return World(case.CASES[Finding.WRONG_KEY]().json(), supervisor=OTHER)


async def away(_key):
    raise PeerUnreachable("the chain is away")


def test_a_ruling_divides_the_channel_and_is_recorded_and_told(world):
    assert world.rule() == ANSWER
    assert world.divisions() == [0]
    kept = world.ruling()
    assert (kept["state"], kept["tx"], kept["created"]) == ("ruled", MINED, world.pair.now)
    told = kept["ruling"]
    assert told["division"] == {"toPayees": "0", "toPayer": str(DEPOSIT), "shortfall": "0"}
    fields = {"bundle": world.key, "ruling": told, "tx": MINED}
    assert world.recorded == [("dispute.ruled", case.CHANNEL.hex(), fields)]
    assert world.links == [(world.filing.link.hex(),)]
    assert world.told == [("as the hashes say", MINED)]


def test_what_was_ruled_on_stays_as_it_is_and_is_told_again(world):
    for reason in ("first", "second"):
        assert world.rule(reason=reason) == ANSWER
        world.chain.mined = away  # it has nothing to say to this any more
    assert (world.divisions(), world.judgements, len(world.recorded)) == ([0], 1, 1)
    assert world.told == [("first", MINED)] * 2


def test_a_ruling_that_was_interrupted_goes_on_with_the_same_words(world):
    mined, world.chain.mined = world.chain.mined, away
    with pytest.raises(PeerUnreachable):
        world.rule(reason="first")
    assert (world.ruling()["state"], world.ruling()["tx"], world.recorded, world.told) == ("decided", "", [], [])
    world.chain.mined = mined
    world.rule(reason="second")
    assert (world.divisions(), world.judgements, world.told) == ([0], 1, [("first", MINED)])


def test_two_who_rule_at_once_record_it_once(world):
    async def both():
        one = world.arbitration.rule(world.key, None, "first")
        return await asyncio.gather(one, world.arbitration.rule(world.key, None, "second"))

    world.rule()  # decided and executed
    world.store.act(lambda tx: tx.update("rulings", {"id": world.key}, state="decided"))
    world.recorded.clear()
    assert asyncio.run(both()) == [ANSWER, ANSWER]
    assert len(world.recorded) == 1


def test_a_ruling_that_the_chain_refuses_makes_room_for_another(world):
    world.chain.refused.add("divide")
    world.chain.meanwhile["divide"] = lambda: world.chain.set(case.CHANNEL, claimed=PRICE)
    with pytest.raises(ChainReverted):
        world.rule()
    assert (world.ruling()["state"], world.recorded, world.told) == ("refused", [], [])
    world.chain.refused.clear()
    world.rule()
    assert (len(set(world.chain.names())), world.judgements) == (2, 2)  # judged anew, by another call
    assert world.ruling()["ruling"]["division"] == {"toPayees": "0", "toPayer": "750", "shortfall": "250"}
    assert (world.ruling()["state"], len(world.recorded)) == ("ruled", 1)


def test_a_ruling_over_which_no_money_moves_is_told_without_a_transaction():
    world = World(filed.CONTRADICTIONS["payer"]())
    world.chain.set(case.CHANNEL, closed=True)  # it may be over for long
    world.rule()
    assert (world.chain.sent, world.ruling()["state"], world.ruling()["tx"]) == ([], "ruled", "")
    [(_, _, fields)] = world.recorded
    assert fields == {"bundle": world.key, "ruling": world.ruling()["ruling"]}
    assert world.told == [("as the hashes say", "")]


@pytest.mark.parametrize("award", [0, 100, PRICE])
def test_where_no_hash_decides_the_arbitrator_does(award):
    world = World(case.CASES[Finding.NOT_AS_DESCRIBED]().json())
    world.rule(award, "half of it was of use")
    assert world.divisions() == [award]
    assert world.ruling()["ruling"]["reason"] == "half of it was of use"


def test_an_award_against_the_hashes_is_refused(world):
    with pytest.raises(ContractError):
        world.rule(award=100)
    assert (world.ruling(), world.chain.sent) == (None, [])


def test_of_a_closed_channel_nothing_is_left_to_divide(world):
    world.chain.set(case.CHANNEL, closed=True)
    with pytest.raises(Conflict, match="the channel is closed: nothing is left to divide") as refused:
        world.rule()
    assert refused.value.hint == "the parties settle it between them"
    assert (world.ruling(), world.chain.sent) == (None, [])


def test_only_the_arbitrator_that_a_channel_names_rules_and_holds(world):
    def refused():
        for act in (world.rule, lambda: asyncio.run(world.arbitration.hold(world.key, 60))):
            with pytest.raises(NotPermitted, match="the channel of this dispute names another arbitrator"):
                act()
        assert (world.ruling(), world.chain.sent) == (None, [])

    world.chain.set(case.CHANNEL, arbitrator=STRANGER_KEY[:20])
    refused()
    world.chain.channels.clear()
    refused()


def test_the_supervisor_alone_rules_on_a_log():
    for supervisor in (OTHER, None):
        world = World(filed.fork(), supervisor)
        with pytest.raises(NotPermitted, match="the space's supervisor rules"):
            world.rule()
        assert world.ruling() is None
    world = World(filed.fork())
    world.chain.channels.clear()
    assert world.rule() == ANSWER
    assert world.ruling()["ruling"]["finding"] == "log-forked"
    assert world.recorded[0][1] == world.filing.part.hex()


def test_a_channel_is_held_while_its_dispute_is_judged(world):
    held = asyncio.run(world.arbitration.hold(world.key, 60))
    until = (world.chain.block.at + timedelta(seconds=60)).isoformat()
    assert held == {"id": world.key, "channelId": case.CHANNEL.hex(), "until": until}
    assert world.chain.sent == [(f"freeze:{case.CHANNEL.hex()}", "freeze", (case.CHANNEL, 60))]
    world.chain._do = lambda *_: None  # a chain that says nothing of it yet
    world.chain.set(case.CHANNEL, frozen_until=None)
    assert asyncio.run(world.arbitration.hold(world.key, 60))["until"] is None


def test_a_log_has_no_money_to_hold():
    world = World(filed.fork())
    with pytest.raises(Conflict, match="has no money to hold") as refused:
        asyncio.run(world.arbitration.hold(world.key, 60))
    assert refused.value.hint == "penstock dispute rule"
    assert world.chain.sent == []

"""A channel that a peer opened to us is taken when the chain shows it for good, and tells its opening."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from connector.channel.errors import ChannelFault
from connector.runtime.errors import PeerUnreachable
from connector.settlement.meeting import Meetings
from ledger.chain.errors import ChainUnreachable
from ledger.space.accounts import FormerAccount
from tests.channel.rig import BUYER_DID
from tests.settlement.ground import Ground, opened

MET = b"\xd7" * 32  # it is on chain, and new here


class World(Ground):
    def __init__(self):
        super().__init__(confirmations=2)
        self.meetings = Meetings(self.core, self.view, self.chain)
        self.chain.channels[MET] = opened()

    def meet(self, peer=BUYER_DID):
        asyncio.run(self.meetings.meet(MET, peer, self.pair.deal))
        return self.row(MET)


def test_an_unknown_one_is_refused_and_a_young_one_may_be_asked_again():
    world = World()
    world.chain.past = {98: None}
    with pytest.raises(PeerUnreachable, match="waits for its confirmations"):
        world.meet()
    world.chain.channels.clear()
    with pytest.raises(ChannelFault, match="there is no channel"):
        world.meet()


def test_one_whose_opening_the_chain_does_not_tell_yet_is_not_refused():
    world = World()
    world.chain.tells = False
    with pytest.raises(ChainUnreachable, match="does not tell yet"):
        world.meet()


def test_one_of_no_agreement_with_the_peer_is_refused():
    with pytest.raises(ChannelFault, match="no agreement with this peer"):
        World().meet()


BUYER, AFTER, OPENED = b"\xb1" * 20, b"\xb2" * 20, datetime(2026, 11, 30, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("payer", "opened", "holds"),
    [
        (AFTER, OPENED, False),
        (BUYER, OPENED, True),
        (BUYER, OPENED + timedelta(seconds=1), False),
        (BUYER, None, False),
        (b"\xb3" * 20, OPENED, False),
    ],
    ids=["another account", "in time", "later", "nobody knows when", "a stranger"],
)
def test_what_was_agreed_under_a_former_account_is_paid_by_what_that_had_opened(payer, opened, holds):
    world = World()
    member = SimpleNamespace(address=AFTER, address_former=(FormerAccount(BUYER, OPENED),))
    world.space.by_address = {BUYER: member, AFTER: member}.get
    assert world.meetings._pays(payer, BUYER, opened) is holds
    assert world.meetings._pays(AFTER, AFTER, opened), "the present one opens at any time"
    assert world.meetings._pays(b"\xb4" * 20, b"\xb4" * 20, opened), "whom we have not met has no former ones"

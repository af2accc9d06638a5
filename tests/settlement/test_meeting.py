"""A channel that a peer opened to us is taken when the chain shows it for good, and tells its opening."""

from __future__ import annotations

import asyncio

import pytest

from connector.channel.errors import ChannelFault
from connector.runtime.errors import PeerUnreachable
from connector.settlement.meeting import Meetings
from ledger.chain.errors import ChainUnreachable
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

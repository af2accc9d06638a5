"""The other side as the payee reaches it: a buyer that is asked for its acknowledgement answers over the wire."""

from __future__ import annotations

import json
from types import SimpleNamespace

from connector.channel import wire
from connector.channel.errors import ChannelFault
from connector.runtime.errors import PeerRefused, PeerUnreachable
from connector.settlement.paying import Payments
from contracts.canonical import load


def view(doors):
    """The space's document, as last known."""
    return SimpleNamespace(last=lambda: doors["space"])


def payments(ground, space, doors):
    """What posts to the payer, over these doors."""
    peers = SimpleNamespace(authorization=doors["authorization"])
    return Payments(ground, space, None, peers, None, doors["heads"], doors["peer_logs"], None)


def doors(world):
    """What `connector.settlement.paying.Payments.post` goes through; `world.asked` answers for the buyer."""

    async def post(url, body, headers):
        channel, what = url.rsplit("/", 2)[1:]
        assert what == "acknowledgement"
        try:
            voucher = world.asked(bytes.fromhex(channel))
        except ChannelFault as fault:
            raise PeerRefused("the buyer refuses", 409, json.dumps({"code": fault.code}).encode()) from fault
        if voucher is None:
            raise PeerUnreachable("the buyer does not answer")
        return SimpleNamespace(json=lambda: load(json.dumps(wire.encode(voucher)).encode()))

    async def riding(_peer):
        return ""

    async def check(_peer, _checkpoint):
        return lambda _tx: None

    members = {buyer.did: SimpleNamespace(url=buyer.did) for buyer in world.buyers}
    return {
        "space": SimpleNamespace(members=members, exchange="did:web:exchange.example"),
        "did": "did:web:provider.example",
        "roles": frozenset({"provider"}),
        "heads": SimpleNamespace(riding=riding),
        "outbound": SimpleNamespace(post=post),
        "peer_logs": SimpleNamespace(check=check),
        "authorization": lambda _peer: {},
    }

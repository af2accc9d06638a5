"""A node of another space, as the head proves it that the exchange of that space signed.

Law: nothing is taken from who says it: the exchange's own DID document has its key, its newest head has the node's
entry. What is proven is that this exchange has this node, and not that the exchange is a good one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.identity.self_description import base_url
from connector.identity.space import listing
from connector.identity.space.node import NODE
from connector.runtime.errors import PeerMisbehaved
from ledger.space.document import SpaceError
from ledger.space.entry import DID, is_name
from ledger.space.met import Met

if TYPE_CHECKING:
    from connector.identity.peers import Peers
    from connector.net.outbound import Outbound
    from ledger.space.document import Member


async def node_of(outbound: Outbound, peers: Peers, exchange: str, did: str) -> Member:
    """Return the node `did` of the space of `exchange`; raises PeerMisbehaved where it is none, as `Outbound.request`.

    It is read from that exchange at each call: whoever asks often keeps the answer for a while.
    """
    if not is_name(DID, did) or not is_name(DID, exchange):
        raise PeerMisbehaved("a node and its exchange are named by DIDs")
    document = await peers.document(exchange)
    try:
        answer = await listing.ask(outbound, base_url(document), [(DID, did)])
        met = Met().take(answer, [(DID, did)])
    except SpaceError as error:
        raise PeerMisbehaved(f"the space of `{exchange[:200]}` cannot be read: {error}") from error
    head, entry, itself = met.head, met.entries.get(did), met.entries.get(exchange)
    if head is None or head.exchange != exchange or itself is None or itself.member.log_key != document.require("log"):
        raise PeerMisbehaved(f"`{exchange[:200]}` shows another space than its own")
    if entry is None or entry.state or entry.member.role != NODE:
        raise PeerMisbehaved(f"`{did[:200]}` is no node of the space of `{exchange[:200]}`")
    return entry.member

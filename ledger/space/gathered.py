"""A head that the exchange of a space anchored with its own, held to the document: whose it is, who must sign."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ledger.log import head_tree
from ledger.log.head_tree import Gatherer
from ledger.space.document import QUORUM

if TYPE_CHECKING:
    from ledger.log.head_tree import Gathered
    from ledger.space.document import Member, Space


def proven(space: Space, party: Member, exchange: Member, document: Any) -> Gathered:
    """Return the head of a party's log that a document proves, under a head of the exchange's log.

    Raises `HeadTreeError`. Whether the chain has that head, in the block that is named, is left to the caller.
    """
    members = space.witnesses_of(party.did)
    witnesses = [key for one in members for key in one.head_vkeys]
    quorum, gatherer = min(QUORUM, len(members)), Gatherer(exchange.did, exchange.origin)
    return head_tree.verify(document, space.anchors, party.log_vkey, witnesses, quorum, gatherer)

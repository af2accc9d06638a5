"""Heads that stand on the chain by way of the exchange's log: each is held to what a direct anchor is held to.

Law: the chain has counted no witness of a gathered log, so the audit does (`ledger.log.head_tree`). What proves nothing
is a finding about whose log it is; what is proven counts as an anchor in the block in which the chain took the
exchange's head, and that this head is of the one history of the exchange's log is checked with its other anchors.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from contracts.canonical import load
from ledger.audit.asking import each
from ledger.audit.books import fetch_of
from ledger.audit.facts import Anchored
from ledger.audit.sources import Unavailable
from ledger.log.checkpoint import origin_id
from ledger.log.head_tree import HeadTreeError
from ledger.space.gathered import proven

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ledger.audit.facts import ChainFacts
    from ledger.audit.report import Report
    from ledger.audit.sources import Sources
    from ledger.space.document import Member, Space

PATH = "anchors"
# a member serves the proof of its newest head, and of few before
PROOFS_MAX = 16
PROOFS_LIMIT_BYTES = 1 << 20


async def collect(sources: Sources, space: Space, report: Report) -> Mapping[str, Sequence[Any]]:
    """Read, before the logs themselves, what members show of their heads, by DID: nothing of who anchors its own."""

    async def ask(party: Member, _own: Report) -> Sequence[Any]:
        try:
            listed = load(await fetch_of(sources, party)(PATH), max_bytes=PROOFS_LIMIT_BYTES)["anchors"]
            return listed[:PROOFS_MAX] if isinstance(listed, list) else ()
        except (Unavailable, ValueError, KeyError, TypeError):
            return ()

    return {party.did: found for party, found in await each(space.members.values(), ask, report)}


def check(space: Space, proofs: Mapping[str, Sequence[Any]], facts: ChainFacts, last: int, report: Report) -> None:
    """Add the heads that are proven to the anchors that the chain has up to block `last`; newer ones wait for an audit.

    The exchange's own anchors come first in the chain, so none of these stands on another.
    """
    exchange = space.members.get(space.exchange)
    if exchange is None:
        return
    known = frozenset(facts.anchors.get(origin_id(exchange.origin), ()))
    for did, listed in proofs.items():
        for document in listed:
            try:
                found = proven(space, space.members[did], exchange, document)
            except HeadTreeError as error:
                report.find("gathered-head-false", did, reason=error)
                continue
            under = Anchored(found.under.size, found.under.root, found.block)
            if under in known:
                report.proofs_verified += 2
                head = Anchored(found.head.size, found.head.root, found.block, signed=True)
                facts.anchors.setdefault(origin_id(found.head.origin), []).append(head)
            elif under.block <= last:
                reason = f"the chain has no such head of the exchange's log in block {under.block}"
                report.find("gathered-head-false", did, reason=reason)

"""What chain and rulings say of each participant, counted for `contracts.reputation` by exchange and audit alike.

Law: a channel that the chain closed with a payment is a deal of both its sides; a division on chain counts against the
payee if the ruling whose digest it carries found the payee, or the provider that it is, at fault.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from contracts.reputation import Record
from ledger.dispute.verdict import CONSEQUENCES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ledger.audit.facts import ChainFacts
    from ledger.dispute.ruling import Ruling

AT_FAULT = frozenset({"payee", "provider"})


def together(counted: Mapping[bytes, Record], accounts: Iterable[bytes]) -> Record:
    """Return what is counted of one participant, under whichever of its accounts."""
    found = Record()
    for one in filter(None, map(counted.get, accounts)):
        found.deals, found.rulings = found.deals + one.deals, found.rulings + one.rulings
    return found


def records(facts: ChainFacts, rulings: Iterable[Ruling]) -> defaultdict[bytes, Record]:
    """Return account (20 bytes) → what is counted of it."""
    found: defaultdict[bytes, Record] = defaultdict(Record)
    against = {ruling.digest for ruling in rulings if CONSEQUENCES[ruling.finding].at_fault in AT_FAULT}
    for channel in facts.channels.values():
        if channel.closed and channel.claimed:
            for side in ("payer", "payee"):
                found[channel.opened[side]].deals += 1
        if channel.divided is not None and channel.divided.ruling in against:
            found[channel.opened["payee"]].rulings += 1
    return found

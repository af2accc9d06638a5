"""The whole audit, in the order in which one thing proves the next.

1. who the members are, by their own word. Chain events, attestation and what peers hold, then the logs: a log read last
   must contain all that was seen before.
2. heads: one history of each log, for witnesses, chain and peers alike.
3. agreements: what both sides said and signed. Only verified terms are used further on. The registry and the rights on
   chain: who was a member, and held what it sold.
4. keys and money: released = received = paid, each window priced again; disputes filed, kept, ruled on and executed.
5. use: openings permitted, counted, in both logs; decisions made again; nothing after its end, and deleted then.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from ledger.audit import (
    agreements,
    attestation,
    billing,
    books,
    decisions,
    disposal,
    facts,
    figures,
    heads,
    keys,
    lateness,
    lifetimes,
    members,
    negotiations,
    openings,
    prices,
    registry,
    rights,
    rulings,
    settlement,
    sublicences,
    supervision,
)
from ledger.audit.report import Report
from ledger.audit.sources import Unavailable
from ledger.space import Space, SpaceError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    from ledger.audit.sources import Sources


class AuditImpossible(Exception):  # noqa: N818 - it says what it is
    """Neither space document nor chain could be read; nothing was audited, ask again."""


async def run(sources: Sources, key: X25519PrivateKey) -> Report:
    """Audit a space from its public URLs and chain; `key` is the supervisor's and opens the disclosures."""
    report, apart = Report(), Report()
    try:
        document = await sources.space()
        space = Space.from_json(document)
        events = await sources.chain_events()
        chain = facts.gather(events)
    except (Unavailable, SpaceError) as error:
        raise AuditImpossible(str(error)) from error
    async with asyncio.TaskGroup() as beside:
        attesting = beside.create_task(attestation.read(sources, space, apart))
        members.check_table(document, space, report)
        await members.check_identities(sources, space, report)
        peers = await heads.collect_peers(sources, space, report)
        found = await books.collect(sources, space, key, report)
    deals = agreements.check(space, found, chain, report)
    registry.check(space, found, events, report)
    rights.check(space, events, deals, report)
    negotiations.check(found, report)
    heads.check_witnesses(space, found, agreements.payees(deals), report)
    heads.check_anchors(space, found, chain, report)
    await heads.check_peers(space, found, peers, report)
    await heads.check_marks(space, found, report)
    report.join(apart)
    await attestation.check(attesting.result(), space, found, report)
    tables = await billing.collect_tables(sources, space, deals, report)
    channels = keys.check(space, found, chain, report)
    settlement.check(found, channels, chain, deals, report)
    rulings.check(space, found, channels, chain, report)
    prices.check(found, deals, tables, report)
    lateness.check(channels, report)
    openings.check(found, deals, report)
    decisions.check(space, found, deals, report)
    lifetimes.check(found, deals, chain, report)
    sublicences.check(deals, report)
    disposal.check(found, deals, report)
    report.figures = figures.gather(space, found, deals, tables, report) | supervision.gather(found, deals, chain)
    return report

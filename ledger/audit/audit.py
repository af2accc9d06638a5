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
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ledger.audit import (
    agreements,
    attestation,
    billing,
    facts,
    figures,
    heads,
    market,
    members,
    negotiations,
    purses,
    registrations,
    registry,
    rights,
    stages,
    supervision,
)
from ledger.audit.collecting import Collector
from ledger.audit.course import Blocks
from ledger.audit.entries import Entries
from ledger.audit.limited import limited
from ledger.audit.record import ChainRecord
from ledger.audit.report import Report
from ledger.audit.sources import Unavailable
from ledger.audit.stages import Case
from ledger.audit.workplace import Workplace
from ledger.space import Space, SpaceError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    from ledger.audit.sources import Sources


class AuditImpossible(Exception):  # noqa: N818 - it says what it is
    """Neither space document nor chain could be read; nothing was audited, ask again."""


async def run(sources: Sources, key: X25519PrivateKey, place: Workplace | None = None) -> Report:
    """Audit a space from its public URLs and chain; `key` is the supervisor's and opens the disclosures.

    `place` says where a large space is laid down, who helps and who is told; by default memory, nobody and nobody.
    """
    work, report = place or Workplace(), Report()
    try:
        document = await sources.space()
        space = Space.from_json(document)
        told = ChainRecord(await sources.chain_events())
    except (Unavailable, SpaceError) as error:
        raise AuditImpossible(str(error)) from error
    entries = Entries(work.place)
    try:
        await _audit(_Asked(sources, key, work, entries), document, space, told, report)
        left = await sources.unread()
    finally:
        entries.close()
    report = limited(report, left)
    report.figures |= figures.counted(report)
    return report


@dataclass(frozen=True, slots=True)
class _Asked:
    """What one audit works with."""

    sources: Sources
    key: X25519PrivateKey
    place: Workplace
    entries: Entries


async def _audit(asked: _Asked, document: Mapping[str, Any], space: Space, told: ChainRecord, report: Report) -> None:
    sources, apart, chain = asked.sources, Report(), facts.gather(told)
    collector = Collector(sources, asked.key, asked.place, asked.entries, Blocks(sources))
    attesting = asyncio.create_task(attestation.read(sources, space, apart))
    try:
        members.check_table(document, space, report)
        await members.check_identities(sources, space, report)
        peers = await heads.collect_peers(sources, space, report)
        found = await collector.collect(space, report)
        attested = await attesting
    finally:
        attesting.cancel()
    case = Case(space, found, chain, {}, {})
    deals = await stages.check_agreements(case, asked.place, report)
    registry.check(space, found, told, report)
    registrations.check(found, chain, deals, report)
    rights.check(space, told, deals, report)
    negotiations.check(found, report)
    heads.check_witnesses(space, found, agreements.payees(deals), report)
    heads.check_anchors(space, found, chain, report)
    await heads.check_peers(space, found, peers, report)
    await heads.check_marks(space, found, report)
    report.join(apart)
    await attestation.check(attested, space, found, report)
    tables = await billing.collect_tables(sources, space, deals, report)
    await stages.check_rest(replace(case, deals=deals, tables=tables), asked.place, report)
    market.check(space, found, chain, deals, report)
    report.figures |= supervision.gather(found, deals, chain) | purses.gather(space, chain)
    report.figures |= market.gather(space, found, chain, report)

"""The whole audit, in the order in which one thing proves the next.

1. who the members are, by their own word. Chain events, attestation and what peers hold, then the logs: a log read last
   must contain all that was seen before. Then what the chain has meanwhile, for it must show what the logs rest on.
2. heads: one history of each log, for witnesses, chain and peers alike; of what the chain has beyond it, who answers.
3. agreements: what both sides said and signed. Only verified terms are used further on. The registry and the rights on
   chain: who was a member, and held what it sold.
4. keys and money: released = received = paid, each window priced again; disputes filed, kept, ruled on and executed.
5. use: openings permitted, counted, in both logs; decisions made again; nothing after its end, and deleted then.
6. what was found is put in its place: what follows from a finding under it, what was not disclosed apart from what was
   hidden, what could not be seen yet apart from both.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ledger.audit import (
    anchors,
    attestation,
    billing,
    cascade,
    contract_payments,
    disclosed,
    facts,
    figures,
    gathered,
    heads,
    horizon,
    lattices,
    market,
    members,
    negotiations,
    purses,
    redress,
    refunds,
    registrations,
    registry,
    rights,
    share,
    stages,
    supervision,
)
from ledger.audit.carried import Going, begin
from ledger.audit.collecting import Collector
from ledger.audit.course import Blocks
from ledger.audit.docket import Docket
from ledger.audit.entries import Entries
from ledger.audit.limited import limited
from ledger.audit.record import ChainRecord
from ledger.audit.report import Report
from ledger.audit.share import Records
from ledger.audit.sources import Unavailable
from ledger.audit.stages import Case
from ledger.audit.unsealing import raw_keys
from ledger.audit.workplace import Workplace
from ledger.log.wrapping import public_of
from ledger.space.document import Space, SpaceError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    from ledger.audit.carried import Carried
    from ledger.audit.facts import ChainFacts
    from ledger.audit.share import Sharing
    from ledger.audit.sources import Sources
    from ledger.log.wrapping import Opener


class AuditImpossible(Exception):  # noqa: N818 - it says what it is
    """Space document or chain could not be read, at once or later on; nothing was audited, ask again."""


async def run(
    sources: Sources,
    key: X25519PrivateKey,
    place: Workplace | None = None,
    going: Going | None = None,
    others: Sequence[Opener] = (),
) -> Report:
    """Audit a space from its public URLs and chain; `key` is the supervisor's and opens the disclosures.

    `others` are a hybrid key that it has, and those that `key` has followed: they open what was sealed to them.
    `place` says where a large space is laid down, who helps and who is told; by default memory, nobody and nobody.
    `going` says where lies what was proven, by default nowhere: all is proven, and nothing kept; and what is judged.
    """
    work, report, how = place or Workplace(), Report(), going or Going()
    try:
        document = await sources.space()
        space = Space.from_json(document)
        reader, keys = how.reader, b""
        if not reader:
            reader, keys = _read_by(space, (key, *others)), raw_keys((key, *others))
        told = await sources.chain_events()
        seen = Seen(ChainRecord(told), max((event.block for event in told), default=0))
        carried = await begin(how, document, reader, sources, seen.last)
    except (Unavailable, SpaceError) as error:
        raise AuditImpossible(str(error)) from error
    entries = Entries(work.place, carried.tables)
    try:
        report = await _audit(
            _Asked(sources, keys, reader, work, entries, carried, how.sharing),
            document,
            space,
            seen,
            report,
        )
    except Unavailable as error:
        raise AuditImpossible(f"the chain answers no more: {error}") from error
    finally:
        entries.close()
    report.figures |= figures.counted(report)
    report.went_on = carried.told()
    return report


@dataclass(frozen=True, slots=True)
class _Asked:
    """What one audit works with."""

    sources: Sources
    keys: bytes
    reader: bytes
    place: Workplace
    entries: Entries
    carried: Carried
    sharing: Sharing | None


@dataclass(frozen=True, slots=True)
class Seen:
    """What the chain showed before the logs were read, up to a block."""

    record: ChainRecord
    last: int


async def _audit(asked: _Asked, document: Mapping[str, Any], space: Space, seen: Seen, report: Report) -> Report:
    sources, apart, blocks = asked.sources, Report(), Blocks(asked.sources, dict(asked.carried.cited))
    collector = Collector(sources, asked.keys, asked.place, asked.entries, blocks, asked.carried)
    attesting = asyncio.create_task(attestation.read(sources, space, apart))
    try:
        members.check_table(document, space, report)
        shown = await members.read_head(sources)
        identities = await members.check_identities(sources, space, report)
        peers = await heads.collect_peers(sources, space, report)
        proofs = await gathered.collect(sources, space, report)
        found = await collector.collect(space, report)
        attested = await attesting
    finally:
        attesting.cancel()
    told, chain = await _chain(sources, seen, blocks)
    gathered.check(space, proofs, chain, seen.last, report)
    admitted = registry.admitted(space, told)
    docket = await _docket(asked, document, Case(space, found, chain, {}, {}), told, report)
    members.check_head(shown, space, found, report)
    case = Case(space, found, chain, {}, {}, docket)
    deals = await stages.check_agreements(case, asked.place, report)
    sums = docket.sums(deals)
    editions = sorted(sums.editions)
    registry.check(space, found, told, report)
    registrations.check(found, chain, editions, report)
    rights.check(space, told, deals, editions, docket, report)
    negotiations.check(found, report)
    silent = collector.absent - heads.seen(space, chain, peers)
    young = silent | await heads.young(space, found, chain, admitted, blocks)
    heads.check_witnesses(space, found, sums.payees, chain, admitted, young, report)
    lacking = anchors.check(space, found, chain, admitted, young, report)
    await _check_held(case, peers, lacking, blocks, report)
    await heads.check_marks(space, found, report)
    report.join(apart)
    await attestation.check(attested, space, found, report)
    tables = await billing.collect_tables(sources, space, editions, report)
    await stages.check_rest(replace(case, deals=deals, tables=tables), asked.place, report)
    await refunds.check(space, sources, found, deals, report)
    await contract_payments.check(space, sources, found, report)
    unpaid = await redress.check(space, sources, found, deals, chain, report)
    market.check(space, found, chain, deals, report)
    docket.count(sums, report)
    report.figures |= figures.gather(space, sums) | supervision.gather(found, sums, chain) | purses.gather(space, chain)
    report.figures |= market.gather(space, found, chain, unpaid, report) | lattices.gather(space, found, identities)
    _judged(asked, docket, report)
    report.findings[:] = [one for one in report.findings if (one.code, one.subject) not in _unread_of(silent)]
    report = limited(report, await sources.unread())
    await disclosed.settle(report, found, chain, blocks, _since(space, asked.reader, admitted))
    horizon.told(report, found, young)
    asked.carried.hand_on(asked.entries, blocks, docket, report)
    return report


async def _docket(asked: _Asked, document: Mapping[str, Any], case: Case, told: ChainRecord, report: Report) -> Docket:
    """Return what is to be judged, and have the table of entries finished for it; `report` has what showed so far."""
    if asked.sharing is not None:
        docket = share.begun(asked.sharing, case, Records(asked.carried.under, document, told), asked.entries, report)
        asked.place.judge_all()
        return docket
    docket, lost = Docket(), Report()
    before = asked.carried.standing(document, case.books, told, asked.entries)
    if before is not None:
        await billing.collect_tables(asked.sources, case.space, sorted(before.sums.editions), lost)
        if not lost.findings:
            docket = Docket.begun(before, asked.carried.heard.new, asked.entries)
    if docket.parts is None:
        asked.place.judge_all()
    asked.entries.finish()
    return docket


async def _check_held(
    case: Case, peers: heads.PeerNotes, lacking: anchors.Lacking, blocks: Blocks, report: Report
) -> None:
    """Check what peers hold of logs; their notes say who answers for what the chain holds, which is said first."""
    held = Report()
    split = await heads.check_peers(case.space, case.books, peers, held)
    await anchors.blame(case.space, case.books, case.facts, blocks, lacking, split, report)
    report.join(held)


def _judged(asked: _Asked, docket: Docket, report: Report) -> None:
    """Take note of all matters that something was found of, and tell whoever shares the work."""
    report.waits.update(part for one in report.findings for part in one.parts)
    if asked.sharing is not None:
        asked.sharing.judged(docket, report)


def _unread_of(silent: Collection[str]) -> set[tuple[str, str]]:
    """Return code and subject of what was found of logs that nobody ever saw a head of: they may be empty."""
    return {(cascade.UNREADABLE, did) for did in silent}


async def _chain(sources: Sources, seen: Seen, blocks: Blocks) -> tuple[ChainRecord, ChainFacts]:
    """Return all that the chain shows now, but of the heads anchored only those from before the logs were read."""
    later = await sources.chain_events(seen.last + 1)
    told = seen.record.followed_by(later)
    chain = facts.gather(told)
    chain.anchors = facts.gather(event for event in seen.record if event.name == "Anchored").anchors
    await blocks.at(max((event.block for event in later), default=seen.last))
    chain.until = blocks.newest()
    return told, chain


def _read_by(space: Space, openers: Sequence[Opener]) -> bytes:
    """Return by which key whoever audits stands in the space: a document from before a change names a former one."""
    publics = [public_of(one) for one in openers]
    named = None if space.supervisor is None else space.supervisor.delivery
    return named if named in publics else publics[0]


def _since(space: Space, reader: bytes, admitted: Mapping[bytes, int]) -> int | None:
    """Return the block that admitted the space's supervisor, None if it is somebody else who audits."""
    supervisor = space.supervisor
    if supervisor is None or supervisor.delivery != reader:
        return None
    return admitted.get(supervisor.address)

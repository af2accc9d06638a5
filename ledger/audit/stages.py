"""The checks of verified terms against both logs, cut into shares that may be done side by side.

Law: a share's findings go into a report for each stage; the reports are joined stage by stage, in the order of `STAGES`
and within it in the order of the shares. So who did what, and when, shows nowhere.
"""

from __future__ import annotations

import asyncio
import pickle
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias

from ledger.audit import (
    agreements,
    amendments,
    authorities,
    codes,
    computations,
    contract_uses,
    contracts,
    copies,
    decisions,
    disposal,
    filed_deals,
    filings,
    hosting,
    keys,
    lateness,
    lifetimes,
    openings,
    prices,
    projects,
    rulings,
    sealed_contracts,
    settlement,
    stops,
    sublicences,
)
from ledger.audit.docket import Docket
from ledger.audit.facts import ChainFacts
from ledger.audit.report import Report

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ledger.audit.billing import Tables
    from ledger.audit.books import Books
    from ledger.audit.deal import Deals
    from ledger.audit.workplace import Workplace
    from ledger.space.document import Space

# stages in the order in which their findings stand
STAGES = (
    "keys",
    "settlement",
    "rulings",
    "prices",
    "lateness",
    "openings",
    "decisions",
    "lifetimes",
    "sublicences",
    "disposal",
)
# shares of what is cut by member, agreement or channel: a few for each of two processes, so that none waits long
SHARES = 6

Found: TypeAlias = "dict[str, Report]"


@dataclass(frozen=True, slots=True)
class Case:
    """All that the checks look at. `deals` and `tables` are empty before they are verified.

    `docket` says what is to be judged; `deals` are those of its agreements.
    """

    space: Space
    books: Books
    facts: ChainFacts
    deals: Deals
    tables: Tables
    docket: Docket = field(default_factory=Docket)


@dataclass(frozen=True, slots=True)
class Share:
    """What one process does at a time: `work` on the names given to it, with what the chain says of these."""

    work: Callable[[Case, Sequence[str]], Any]
    names: Sequence[str]
    facts: ChainFacts


def by_channel(case: Case, channels: Sequence[str]) -> Found:
    """Check channels, both sides of each together."""
    found = {name: Report() for name in ("keys", "settlement", "lateness")}
    for channel in channels:
        ends = keys.check(case.space, case.books, case.facts, channel, found["keys"])
        settlement.check(case.books, ends, case.facts, case.deals, found["settlement"])
        lateness.check(ends, found["lateness"])
    return found


def _priced(case: Case, _: Sequence[str]) -> Found:
    report = Report()
    prices.check(case.books, case.deals, case.tables, report)
    copies.check(case.books, case.deals, case.tables, report)
    return {"prices": report}


def _opened(case: Case, _: Sequence[str]) -> Found:
    report = Report()
    openings.check(case.books, case.deals, report)
    computations.check(case.space, case.books, case.deals, report)
    return {"openings": report}


def _ruled(case: Case, channels: Sequence[str]) -> Found:
    """Check disputes; `channels` are those that a ruling is about, whose keys have a share of their own."""
    ends = [keys.check(case.space, case.books, case.facts, channel, Report()) for channel in channels]
    report = Report()
    rulings.check(case.space, case.books, ends, case.facts, report)
    return {"rulings": report}


def _decided(case: Case, dids: Sequence[str]) -> Found:
    report = Report()
    decisions.check(case.space, {did: case.books[did] for did in dids}, case.deals, report)
    return {"decisions": report}


def _lived(case: Case, _: Sequence[str]) -> Found:
    found = {name: Report() for name in ("lifetimes", "sublicences", "disposal")}
    lifetimes.check(case.books, case.deals, case.facts, found["lifetimes"])
    sublicences.check(case.books, case.deals, found["sublicences"])
    disposal.check(case.books, case.deals, found["disposal"])
    amendments.check(case.books, case.deals, found["lifetimes"])
    projects.check(case.space, case.books, case.deals, found["lifetimes"])
    filed_deals.check(case.space, case.books, found["lifetimes"])
    codes.check(case.space, case.books, found["lifetimes"])
    filings.check(case.space, case.books, case.deals, found["lifetimes"])
    signed = contracts.check(case.space, case.books, found["lifetimes"])
    contract_uses.check(case.space, signed, case.books, case.deals, found["lifetimes"])
    sealed_contracts.check(signed, case.books, case.deals, found["lifetimes"])
    authorities.check(case.books, case.deals, found["lifetimes"])
    stops.check(case.space.exchange, case.books, found["lifetimes"])
    return found


async def check_agreements(case: Case, place: Workplace, report: Report) -> Deals:
    """Verify all agreements; return the good ones in the order in which logs tell of them."""
    parts, facts = agreements.signed(case.books), case.facts
    shares = [Share(_agreed, names, facts.narrowed(agreements=names)) for names in _cut(parts)]
    deals: Deals = {}
    for good, own in await _done(case, place, shares):
        report.join(own)
        deals |= good
    recorded = [*parts, *hosting.recorded(case.books)]
    agreements.check_licences(case.space, case.books, facts, recorded, case.docket, report)
    hosting.check(case.space, case.books, deals, facts, report)
    return deals


def _agreed(case: Case, parts: Sequence[str]) -> tuple[Deals, Report]:
    report = Report()
    return agreements.check(case.space, case.books, case.facts, parts, report), report


async def check_rest(case: Case, place: Workplace, report: Report) -> None:
    """Check everything that rests on verified agreements; the longest shares begin first."""
    facts, channels = case.facts, keys.channels(case.books, case.facts, case.docket)
    few = facts.narrowed()
    shares = [Share(_priced, (), few), Share(_opened, (), few), Share(_lived, (), few)]
    disputed = sorted(_disputed(case))
    shares.append(Share(_ruled, disputed, facts.narrowed(channels=disputed)))
    shares += [Share(_decided, dids, few) for dids in _cut([*case.books])]
    shares += [Share(by_channel, names, facts.narrowed(channels=names)) for names in _cut(channels)]
    found: list[Found] = await _done(case, place, shares)
    for stage in STAGES:
        for one in found:
            if stage in one:
                report.join(one[stage])
    # of the others the chain shows what was paid, and that was judged before
    others = (one for channel, one in facts.channels.items() if not case.docket.has(channel.hex()))
    report.amount_settled += sum(one.claimed for one in others)


def _disputed(case: Case) -> set[str]:
    """Return the channels that a log or the chain says were ruled on."""
    ruled = {event.part for book in case.books.values() for event in book.ever(rulings.RULED)}
    return ruled | {channel.hex() for channel, opened in case.facts.channels.items() if opened.divided is not None}


def _cut(names: Sequence[str]) -> list[Sequence[str]]:
    """Cut names into `SHARES` runs, fewer if there are not so many."""
    size = -(-len(names) // SHARES) or 1
    return [names[at : at + size] for at in range(0, len(names), size)]


async def _done(case: Case, place: Workplace, shares: Sequence[Share]) -> list[Any]:
    """Return what each share came to, in their order."""
    if not place.busy:
        return [share.work(replace(case, facts=share.facts), share.names) for share in shares]
    books = {did: book.events_only() for did, book in case.books.items()}
    packed = pickle.dumps(replace(case, books=books, facts=ChainFacts(), docket=Docket()))
    return await asyncio.gather(*(place.run(_with, packed, share) for share in shares))


def _with(packed: bytes, share: Share) -> Any:
    """Do a share in another process."""
    return share.work(replace(_unpacked(packed), facts=share.facts), share.names)


@lru_cache(maxsize=1)
def _unpacked(packed: bytes) -> Case:
    case: Case = pickle.loads(packed)  # noqa: S301 - packed by the very audit that started this process
    return case

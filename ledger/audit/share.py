"""One regulator's share of an audit: the matters that the cut gives it, judged, and what it signs of them.

Law: a matter is closed if nothing was found of it and nothing of it waits for a log, for the chain or for time; all
others are open. What is no matter, such as heads, members and registry, belongs to whoever joins the parts.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from ledger.audit import matters, registry
from ledger.audit.docket import Docket
from ledger.audit.heads import head_of
from ledger.audit.judged import hear
from ledger.audit.part import Ground, Part
from ledger.audit.proven import digest

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from ledger.audit.cut import Cut
    from ledger.audit.entries import Entries
    from ledger.audit.matters import Matters
    from ledger.audit.proven import Under
    from ledger.audit.record import ChainRecord
    from ledger.audit.report import Report
    from ledger.audit.stages import Case


class NotYours(Exception):  # noqa: N818 - it says what it is
    """By the seed a share is judged by another regulator, whose DID this says."""


class Roll(NamedTuple):
    """Who is in a space: the DIDs of all members, and account → DID of the regulators whom nothing bars."""

    members: Collection[str]
    regulators: Mapping[bytes, str]


class Sharing(Protocol):
    """What an audit asks whoever shares its work."""

    def docket(self, ground: Ground, roll: Roll, matters: Matters, report: Report, /) -> Docket:
        """Return what is to be judged; `report` has what showed on reading."""

    def judged(self, docket: Docket, report: Report) -> None:
        """Take note of what was found of it."""


@dataclass(slots=True)
class Share:
    """Share number `number` of a cut, judged by `account`; `part` is there once it was judged."""

    cut: Cut
    number: int
    account: bytes
    part: Part | None = None
    _ground: Ground | None = None
    _own: dict[str, frozenset[str]] = field(default_factory=dict)

    def docket(self, ground: Ground, roll: Roll, matters: Matters, _report: Report, /) -> Docket:
        """Return the matters of the share; raises NotYours if it is another regulator's."""
        holder = self.cut.holders(roll.regulators.values()).get(self.number)
        if holder is None or roll.regulators.get(self.account) != holder:
            raise NotYours(holder or "")
        self._ground = ground
        own = self.cut.shares(matters.parts)[self.number]
        self._own = {name: frozenset(matters.parts[name]) for name in own}
        return Docket(matters.whole(own))

    def judged(self, docket: Docket, report: Report) -> None:
        """Make the part."""
        assert self._ground is not None
        waiting = frozenset(name for name, parts in self._own.items() if parts & report.waits)
        good = {name: docket.good_for(parts, report) for name, parts in self._own.items() if name not in waiting}
        self.part = Part(self.cut, self.number, self._ground, good, waiting)


class Records(NamedTuple):
    """What is audited, besides the logs: what it stands under, the space's document, all events of the chain."""

    under: Under
    document: Mapping[str, Any]
    told: ChainRecord


def begun(sharing: Sharing, case: Case, records: Records, entries: Entries, report: Report) -> Docket:
    """Return what is to be judged where several share the work, and have the table of entries finished for it."""
    entries.tie()
    ties = filter(None, map(matters.tied_by, records.told))
    every = entries.matters(ties, map(bytes.hex, (*case.facts.channels, *case.facts.licences)))
    heads = {did: head_of(book).checkpoint for did, book in case.books.items()}
    shown = {did: [str(head.size), head.root.hex()] for did, head in heads.items()}
    ground = Ground(records.under, digest(records.document), digest(shown), hear(records.told, sys.maxsize)[0].digest)
    roll = Roll(case.space.members.keys(), registry.regulators(case.space, records.told))
    docket = sharing.docket(ground, roll, every, report)
    entries.narrow(docket.parts or ())
    entries.finish()
    return docket

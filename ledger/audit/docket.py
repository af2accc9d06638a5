"""The docket of an audit: which matters have to be judged this time, and what is kept of the verdicts.

Law: whatever is not known to be closed is judged. The rows of matters that are not on the docket are met by nobody who
goes through a kind; whoever looks one up by its partition finds it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ledger.audit.judged import OPEN_MAX, Judged
from ledger.audit.report import COUNTS
from ledger.audit.sums import Sums

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ledger.audit.deal import Deals
    from ledger.audit.entries import Entries
    from ledger.audit.report import Report
    from ledger.audit.tables import Wanted


@dataclass(slots=True)
class Docket:
    """The partitions to be judged, None: all; `before` are the verdicts that stand.

    What the partitions of `counted` are good for is in these already: they are judged again to see whether it is so.
    """

    parts: frozenset[str] | None = None
    before: Judged | None = None
    counted: frozenset[str] = frozenset()
    deals: Deals = field(default_factory=dict)

    @classmethod
    def begun(cls, before: Judged, new: set[str], entries: Entries) -> Docket:
        """Return the docket of an audit that goes on; `new` are the partitions that the chain names anew."""
        parts = frozenset(entries.reach({*new, *entries.touched(), *before.open}))
        entries.recall(parts, before.open)
        return cls(parts, before)

    def has(self, part: str) -> bool:
        """Say whether a partition is to be judged."""
        return self.parts is None or part in self.parts

    def sums(self, deals: Deals) -> Sums:
        """Return what is known of all agreements, with those that this audit verified."""
        self.deals = deals
        whole = Sums() if self.before is None else self.before.sums.copy()
        whole.say(deals.values())
        return whole

    def count(self, whole: Sums, report: Report) -> None:
        """Add what this audit counted to what is known of all agreements, and the other way round."""
        for name, count in whole.counts.items():
            setattr(report, name, getattr(report, name) + count)
        for part, counts in report.tallies.items():
            if part not in self.counted:
                whole.take(counts, self.deals.get(part))
                continue
            for name in counts.keys() & COUNTS:
                setattr(report, name, getattr(report, name) - counts[name])

    def good_for(self, parts: Iterable[str], report: Report) -> Sums:
        """Return what some of the partitions that were judged are good for."""
        found = Sums()
        for part in parts:
            deal = self.deals.get(part)
            found.say([] if deal is None else [deal])
            found.take(report.tallies.get(part, {}), deal)
        return found

    def closed(self, judged: Judged, entries: Entries, wanted: Wanted, late: set[str], report: Report) -> Judged | None:
        """Return the verdicts with those of this audit; `late` is what the chain said after its final block.

        `wanted` is what is kept of the entries. None: too much is open.
        """
        parts = entries.reach({*late, *report.waits, *entries.loose(wanted)})
        if len(parts) > OPEN_MAX:
            return None
        counted = entries.judged()
        sums = Sums() if self.before is None else self.before.sums.copy()
        sums.say(deal for part, deal in self.deals.items() if part not in parts)
        for part, counts in report.tallies.items():
            if part not in parts:
                sums.take(counts, self.deals.get(part))
        return Judged(judged.space, judged.logs, judged.chain, sums, {part: counted.get(part, {}) for part in parts})

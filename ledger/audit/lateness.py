"""Was everything written when it happened? What "late" means, and what bounds it.

A log's own time is its party's word. It is late, or dated otherwise, when it contradicts something that is not:

- the receipt it gave: a release is in the log within `MMD` of `Receipt.releasedAt` (spec 7);
- and no receipt is dated long after the payer had the keys: a lease would begin later than it did (spec 4);
- the payer, who had the keys: a release is not logged later than `MMD` after the payer logged them as received;
- the block it cites, which was there before it: an entry is not dated before that block (ledger.audit.course).

An entry put between others breaks the heads that witnesses, chain and peers hold (ledger.audit.heads); one put at the
end with an older time breaks the order of times.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from ledger.audit.books import reading
from ledger.audit.course import CLOCK_SKEW_SECONDS
from ledger.stamp import at_second

if TYPE_CHECKING:
    from datetime import datetime

    from ledger.audit.event import Event
    from ledger.audit.keys import Ends
    from ledger.audit.report import Report

MMD = timedelta(seconds=60)  # spec 7
SKEW = timedelta(seconds=CLOCK_SKEW_SECONDS)
LEEWAY = timedelta(seconds=120)  # of a receipt's time (spec 4)


def check(ends: Ends, report: Report) -> None:
    """Compare each release of a channel with its receipt's time and with the payer's entry."""
    for seq, window in ends.released.items():
        after: dict[str, timedelta] = {}  # differences, for what others date may lie at the end of the calendar
        receipt, other = reading(window.event, report, _released_at, window.event), ends.received.get(seq)
        if receipt is not None:
            after["its receipt"] = window.event.time - receipt
        if other is not None:
            after["the payer's entry"] = window.event.time - other.event.time - SKEW
            if receipt is not None and receipt - other.event.time > LEEWAY + SKEW:
                ahead = int((receipt - other.event.time).total_seconds())
                report.find("receipt-postdated", window.event.did, window.event, seq=seq, seconds=ahead)
        for bound, late in after.items():
            if late > MMD:
                seconds = int(late.total_seconds())
                report.find("entry-late", window.event.did, window.event, seq=seq, seconds=seconds, bound=bound)


def _released_at(event: Event) -> datetime | None:
    told = event.fields.get("releasedAt")
    return None if told is None else at_second(int(told))

"""Uses under an agreement whose use the exchange had stopped, after their member said that it obeyed.

Law: a stop counts from the entry in which the exchange's log has the member's word that nothing runs under it any more,
because by then the member knew of it; it ends with the exchange's entry that allows the use again. What only the
exchange says and the member never confirmed accuses nobody. Two clocks differ by `CLOCK_SKEW_SECONDS` at most.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

from ledger.audit.course import CLOCK_SKEW_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from ledger.audit.books import Books
    from ledger.audit.event import Event
    from ledger.audit.report import Report

MOVED: Final = "use.moved"
OBEYED, ALLOWED = "obeyed", "allowed"
USED: Final = ("opening.started", "computation.started")
SKEW: Final = timedelta(seconds=CLOCK_SKEW_SECONDS)


class Stop(NamedTuple):
    """A stop that a member obeyed: from when on, and until when, None where it is not lifted."""

    member: str
    since: datetime
    until: datetime | None


def check(exchange: str, books: Books, report: Report) -> None:
    """Check every stop in the log of the space's exchange against its member's log."""
    if exchange not in books:
        return
    for agreement in books[exchange].parts(MOVED):
        for stop in _obeyed(books[exchange].of(MOVED, agreement)):
            if stop.member not in books:
                continue
            for kind in USED:
                for event in books[stop.member].of(kind, agreement):
                    if stop.since + SKEW < event.time and (stop.until is None or event.time < stop.until - SKEW):
                        names = {"agreement": agreement, "since": stop.since.isoformat()}
                        report.find("used-while-stopped", event.did, event, **names)


def _obeyed(events: Iterable[Event]) -> Iterator[Stop]:
    """Yield the stops that were obeyed, of the turns of one agreement's."""
    known: dict[str, Stop] = {}
    for event in events:
        to, key = event.fields.get("to"), str(event.fields.get("stop", ""))
        if to == OBEYED:
            known[key] = Stop(str(event.fields.get("member", "")), event.time, None)
        elif to == ALLOWED and key in known:
            yield known.pop(key)._replace(until=event.time)
    yield from known.values()

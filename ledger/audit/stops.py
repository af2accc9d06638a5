"""The stops that the log of the space's exchange has: whether members heard of them, and used nothing meanwhile.

Law: (1) for a use that goes on, a stop counts from the entry in which the exchange's log has the member's word that
nothing runs under it any more, because by then the member knew of it; it ends with the exchange's entry that allows the
use again. Two clocks differ by `CLOCK_SKEW_SECONDS` at most. (2) A member has an entry of its own of every stop that it
hears of. One that has none may have been told nothing, so it is warned of and not accused; it has `HEARD_WITHIN` from
the second mark of its log after the stop. A mark is written before each head: who was away comes back with the first.
"""

from __future__ import annotations

from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING, Final, NamedTuple

from ledger.audit.course import CLOCK_SKEW_SECONDS
from ledger.audit.horizon import behind

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from ledger.audit.books import Book, Books
    from ledger.audit.event import Event
    from ledger.audit.report import Report

MOVED: Final = "use.moved"
STOPPED, TOLD, OBEYED, ALLOWED = "stopped", "told", "obeyed", "allowed"
USED: Final = ("opening.started", "computation.started")
MARK: Final = "time.mark"
SKEW: Final = timedelta(seconds=CLOCK_SKEW_SECONDS)
# a member asks its exchange every ten minutes at the least, and writes down what it hears at once
HEARD_WITHIN: Final = timedelta(hours=1)


class Stop(NamedTuple):
    """A stop of a member's use: when it was decided on, how far it got, when it was obeyed and lifted, if it was."""

    key: str
    member: str
    began: datetime
    state: str = STOPPED
    obeyed: datetime | None = None
    lifted: datetime | None = None


def check(exchange: str, books: Books, report: Report) -> None:
    """Check every stop in the log of the space's exchange against its member's log."""
    if exchange not in books:
        return
    for agreement in books[exchange].parts(MOVED):
        for stop in _stops(books[exchange].of(MOVED, agreement)):
            if stop.member not in books:
                continue
            _check_heard(agreement, stop, books[exchange], books[stop.member], report)
            _check_unused(agreement, stop, books[stop.member], report)


def _check_heard(agreement: str, stop: Stop, exchange: Book, member: Book, report: Report) -> None:
    """Find a stop that its member's log, which goes on, never had."""
    turns = (event.fields for event in member.of(MOVED, agreement))
    if any(turn.get("to") == STOPPED and turn.get("stop") == stop.key for turn in turns):
        return
    due = _there(member, stop.began) + HEARD_WITHIN
    if (stop.lifted is not None and stop.lifted < due) or behind(report, agreement, due, exchange, member):
        return
    names = {"agreement": agreement, "since": stop.began.isoformat(), "state": stop.state}
    report.find("stop-unconfirmed", stop.member, stop=stop.key, **names)


def _there(member: Book, since: datetime) -> datetime:
    """Return when a log shows that its member was there after a time; how far it was read, where it does not."""
    marks = (event.time for event in member.ever(MARK) if event.time > since)
    return next(islice(marks, 1, None), max(member.newest or since, since))


def _check_unused(agreement: str, stop: Stop, member: Book, report: Report) -> None:
    """Find each use between the member's word that it obeys and the exchange's that it may go on."""
    if stop.obeyed is None:
        return
    for kind in USED:
        for event in member.of(kind, agreement):
            if stop.obeyed + SKEW < event.time and (stop.lifted is None or event.time < stop.lifted - SKEW):
                names = {"agreement": agreement, "since": stop.obeyed.isoformat()}
                report.find("used-while-stopped", event.did, event, **names)


def _stops(events: Iterable[Event]) -> Iterable[Stop]:
    """Return the stops of one agreement's turns, those first that began first."""
    known: dict[tuple[str, str], Stop] = {}
    for event in events:
        key = (str(event.fields.get("stop", "")), str(event.fields.get("member", "")))
        stop, to = known.setdefault(key, Stop(*key, event.time)), event.fields.get("to")
        if to in (TOLD, OBEYED):
            known[key] = stop._replace(state=to, obeyed=event.time if to == OBEYED else None)
        elif to == ALLOWED:
            known[key] = stop._replace(lifted=event.time)
    return known.values()

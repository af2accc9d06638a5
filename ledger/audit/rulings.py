"""Disputes: what was filed is kept and ruled on, what is ruled is what the chain executed, and no more than one window.

Law: a division on chain stands for a ruling in the log of the channel's arbitrator, by its digest; a ruling stands for
a bundle that a party filed. The bundle itself is its parties' and is on no record: whoever holds it judges it again
with `penstock verify`. On two heads of one log, which have no channel, the supervisor rules. What can be recomputed
here is the money: the disputed window alone moves (spec 3.4).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.audit.books import reading
from ledger.audit.horizon import behind
from ledger.audit.keys import FAULTED
from ledger.dispute.ruling import divide, read_ruling
from ledger.dispute.verdict import CONSEQUENCES
from ledger.log.checkpoint import origin_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ledger.audit.books import Book, Books
    from ledger.audit.event import Event
    from ledger.audit.facts import ChainFacts, ChannelFacts
    from ledger.audit.keys import Ends, Window
    from ledger.audit.report import Report
    from ledger.dispute.ruling import Ruling
    from ledger.space.document import Space

FILED, RULED = "dispute.filed", "dispute.ruled"


def check(space: Space, books: Books, channels: Iterable[Ends], facts: ChainFacts, report: Report) -> None:
    """Check every filing, every ruling and every division."""
    ends = {one.channel: one for one in channels}
    filed = {str(event.fields.get("bundle", "")) for book in books.values() for event in book.ever(FILED)}
    ruled: list[tuple[Event, Ruling]] = list(_ruled(books, report))
    logs = {origin_id(member.origin) for member in space.members.values()}
    _check_filings(space, books, {ruling.dispute.hex() for _, ruling in ruled}, report)
    for event, ruling in ruled:
        parties = _parties(space, books, facts, ruling)
        if ruling.dispute.hex() not in filed and not behind(report, event.part, event.time, *parties):
            report.find("ruling-without-dispute", event.did, event, bundle=ruling.dispute.hex())
        if ruling.channel_id in logs:
            if space.supervisor is None or event.did != space.supervisor.did:
                report.find("ruling-by-another", event.did, event, channel=event.part)
            continue
        opened = facts.channels.get(ruling.channel_id)
        if opened is None:
            report.find("channel-unknown", event.did, event, channel=event.part)
            continue
        _check_arbitrator(space, event, opened, report)
        _check_grounds(event, ruling, ends.get(event.part), report)
        _check_division(event, ruling, opened, ends.get(event.part), report)
    digests = {ruling.digest for _, ruling in ruled}
    for channel, opened in facts.channels.items():
        if opened.divided is not None and opened.divided.ruling not in digests:
            arbitrator = space.by_address(opened.opened.get("arbitrator", b""))
            if arbitrator is not None and behind(
                report, channel.hex(), opened.divided.block, books.get(arbitrator.did)
            ):
                continue
            names = {"channel": channel.hex(), "ruling": opened.divided.ruling.hex()}
            report.find("division-without-ruling", "chain" if arbitrator is None else arbitrator.did, **names)


def _parties(space: Space, books: Books, facts: ChainFacts, ruling: Ruling) -> Iterator[Book | None]:
    """Yield the logs one of which has the filing: those of the channel's parties, or all where there is no channel."""
    opened = facts.channels.get(ruling.channel_id)
    if opened is None:
        yield from books.values()
        return
    for name in ("payer", "payee"):
        member = space.by_address(opened.opened.get(name, b""))
        yield None if member is None else books.get(member.did)


def _ruled(books: Books, report: Report) -> Iterator[tuple[Event, Ruling]]:
    for book in books.values():
        for event in book.ever(RULED):
            ruling = reading(event, report, _read, event)
            if ruling is not None:
                yield event, ruling


def _read(event: Event) -> Ruling:
    """Return the ruling of an event; ValueError if the entry is about another bundle or channel than its ruling."""
    ruling = read_ruling(event.fields["ruling"])
    if event.fields["bundle"] != ruling.dispute.hex() or event.part != ruling.channel_id.hex():
        raise ValueError("entry and ruling are about two things")
    return ruling


def _check_filings(space: Space, books: Books, ruled: set[str], report: Report) -> None:
    exchange = books.get(space.exchange)
    kept = set() if exchange is None else {str(event.fields.get("bundle", "")) for event in exchange.ever(FILED)}
    for book in books.values():
        for event in book.ever(FILED):
            bundle = str(event.fields.get("bundle", ""))
            if exchange is not None and bundle not in kept and not behind(report, event.part, event.time, exchange):
                report.find("dispute-suppressed", space.exchange, event, bundle=bundle)
            if bundle not in ruled:
                report.find("dispute-not-ruled", event.did, event, bundle=bundle)


def _check_arbitrator(space: Space, event: Event, opened: ChannelFacts, report: Report) -> None:
    if opened.opened.get("arbitrator") not in space.members[event.did].accounts:
        report.find("ruling-by-another", event.did, event, channel=event.part)


def _check_grounds(event: Event, ruling: Ruling, ends: Ends | None, report: Report) -> None:
    """Check that what is refunded was found faulty by its payer at the time."""
    if not CONSEQUENCES[ruling.finding].refund or ends is None or ends.payer is None:
        return
    faulted = {one.link[:1] for one in ends.payer.of(FAULTED, event.part)}
    if (ruling.account_hash.hex(),) not in faulted and not behind(report, event.part, event.time, ends.payer):
        report.find("ruling-unfounded", event.did, event, finding=ruling.finding.value)


def _check_division(event: Event, ruling: Ruling, opened: ChannelFacts, ends: Ends | None, report: Report) -> None:
    if ruling.division is None:
        return
    done, mine = opened.divided, ruling.division.to_payees
    if done is None or done.ruling != ruling.digest:
        report.find("ruling-not-executed", event.did, event, channel=event.part)
        return
    if (done.to_payees, done.to_payer) != (mine, ruling.division.to_payer):
        report.find("ruling-executed-otherwise", event.did, event, mine=mine, theirs=done.to_payees)
    window = None if ends is None else _window(ends, ruling.account_hash.hex())
    if window is None:
        return
    claimed, before = opened.claimed - done.to_payees, window.cumulative - window.amount
    least, most = (divide(before + left, 0, claimed, opened.deposit).to_payees for left in (0, window.amount))
    if CONSEQUENCES[ruling.finding].refund:
        most = least
    if not least <= mine <= most:
        report.find("ruling-beyond-window", event.did, event, mine=mine, least=least, most=most)


def _window(ends: Ends, account_hash: str) -> Window | None:
    windows = (*ends.released.values(), *ends.received.values())
    return next((window for window in windows if window.account_hash == account_hash), None)

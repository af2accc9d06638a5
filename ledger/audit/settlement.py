"""What the chain paid is what was released, and was shared as agreed (spec 3.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.audit.billing import read_orders
from ledger.audit.books import having, reading
from ledger.audit.facts import name_id
from ledger.audit.horizon import behind

if TYPE_CHECKING:
    from ledger.audit.books import Books
    from ledger.audit.deal import Deals
    from ledger.audit.event import Event
    from ledger.audit.facts import ChainFacts, ChannelFacts
    from ledger.audit.keys import Ends
    from ledger.audit.report import Report


def check(books: Books, ends: Ends, facts: ChainFacts, deals: Deals, report: Report) -> None:
    """Compare a channel, if the chain has it, with the releases logged for it."""
    opened = facts.channels.get(name_id(ends.channel))
    if opened is not None:
        _check_settlement(ends, opened, report)
        _check_logged_settlement(books, ends.channel, opened, report)
        _check_split(ends, opened, deals, report)


def _check_settlement(ends: Ends, opened: ChannelFacts, report: Report) -> None:
    """Check that the chain paid what the newest release came to, batch by batch."""
    released = max((window.cumulative for window in ends.released.values()), default=0)
    report.amount_settled += opened.claimed
    facts = {"channel": ends.channel, "mine": opened.claimed, "theirs": released}
    subject = "chain" if ends.holder is None else ends.holder.party.did
    newest = max((claim.block for claim in opened.claims), default=0)
    ruled = opened.divided is not None  # what a ruling takes from the payees is checked against it
    over = opened.claimed > released and not behind(report, ends.channel, newest, ends.holder)
    if over or (opened.closed and opened.claimed < released and not ruled):
        report.find("settlement-differs", subject, **facts)
    elif opened.claimed < released and not ruled:
        report.find("release-not-settled", subject, **facts)
    if released > opened.deposit:
        report.find("released-over-deposit", subject, channel=ends.channel, mine=released, theirs=opened.deposit)
    known = {(window.account_hash, window.cumulative) for window in ends.released.values()}
    for claim in opened.claims:
        unknown = claim.account_hash and (claim.account_hash.hex(), claim.cumulative) not in known
        if unknown and not behind(report, ends.channel, claim.block, ends.holder):
            report.find("claim-unknown", subject, channel=ends.channel, mine=claim.cumulative)


def _check_logged_settlement(books: Books, channel: str, opened: ChannelFacts, report: Report) -> None:
    right_of = {"channel.claimed": {claim.cumulative for claim in opened.claims}, "channel.closed": {opened.claimed}}
    logged = {kind: having(books, kind, channel) for kind in right_of}
    for did in books:
        for kind, right in right_of.items():
            for event in logged[kind][did].of(kind, channel) if did in logged[kind] else ():
                mine = reading(event, report, _cumulative, event)
                if mine is not None and mine not in right:
                    report.find("settlement-log-differs", event.did, event, mine=mine, theirs=opened.claimed)


def _cumulative(event: Event) -> int:
    return int(event.fields["cumulative"])


def _check_split(ends: Ends, opened: ChannelFacts, deals: Deals, report: Report) -> None:
    """Check that the channel carries the agreed split and, closed, gave each payee its share and no stranger any."""
    orders = (reading(one.event, report, read_orders, one.event) or () for one in ends.released.values())
    under = {line.agreement for lines in orders for line in lines}
    for agreement in sorted(under & deals.keys()):
        split = deals[agreement].terms.split
        right = opened.opened["splitHash"] == split.hash
        if right and opened.closed:
            shares = zip((payee for payee, _ in split.parts), split.shares(opened.claimed), strict=True)
            right = all(opened.credits.get(payee, 0) == share for payee, share in shares)
            known = {payee for payee, _ in split.parts} | {opened.opened["payer"]}
            right = right and opened.credits.keys() <= known
        if not right:
            report.find("split-differs", deals[agreement].provider, channel=ends.channel)

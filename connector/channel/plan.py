"""What the payer asks for next (spec 4, message 1): from wishes to priced orders that fit every limit.

Law: planning writes nothing. An order is for rows whose sealed bytes are verified here, is priced from our own books,
and is as large as the tightest of exposure, credit and cap allows.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from connector.channel import account as accounts
from connector.channel import batch, openings, states, tally, window, windows
from connector.channel.errors import ChannelFault, fault
from connector.channel.messages import KeyRequest
from connector.channel.tally import AGAIN, NOTHING, OPEN
from connector.limits import ORDERS_MAX, RANGES_MAX
from contracts.ranges import RowSet
from contracts.typed_data import Order
from contracts.typed_json import to_ranges

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from connector.channel.account import Account
    from connector.channel.doors import Buyer, Deal
    from connector.channel.tally import Line, Tally
    from connector.store.transaction import Tx
    from ledger.row_table import RowTable


@dataclass(frozen=True, slots=True)
class Want:
    """A wish: keys of `rows` whose sealed bytes are verified here (spec 1.9), for one reader key and use.

    `context` is what the policy is told (`purpose` …); `critical` are the rows to have right after the index.
    `exposure` is what the payer is ready to have unreleased, in minor units, if that is less than was agreed.
    """

    agreement: bytes
    transfer: bytes
    use: int
    rows: RowSet
    reader_key: bytes
    context: Mapping[str, str] = field(default_factory=dict)
    critical: RowSet = NOTHING
    exposure: int | None = None


@dataclass(frozen=True, slots=True)
class Ground:
    """What a request is planned on: the channel, and by agreement what is paid by then and what is ordered already.

    `paid` has an agreement only where the books do not say it yet; `ordered` holds minor units.
    """

    account: Account
    paid: Mapping[bytes, Tally]
    ordered: Mapping[bytes, int] = field(default_factory=dict)

    def with_line(self, line: Line) -> Ground:
        """Return the ground for what is ordered beside `line`."""
        digest = line.deal.digest
        ordered = self.ordered.get(digest, 0) + line.amount
        return Ground(self.account, {**self.paid, digest: line.after}, {**self.ordered, digest: ordered})


def plan(
    tx: Tx, buyer: Buyer, channel_id: bytes, wants: Sequence[Want], now: datetime, most: int = window.MAX_BATCH_ROWS
) -> KeyRequest | None:
    """Return the next key request, of at most `most` rows, None when all that is wanted is paid; writes nothing.

    Raises `unreleased` while a voucher waits, and the code of the limit when not even one row can be ordered.
    """
    return _request(tx, buyer, Ground(ready(tx, channel_id), {}), wants, now, most)


def ahead(
    tx: Tx, buyer: Buyer, channel_id: bytes, wants: Sequence[Want], now: datetime, most: int = window.MAX_BATCH_ROWS
) -> KeyRequest | None:
    """Return what to ask for once the waiting voucher is released, to ride on it; None when nothing is left.

    Not for openings: what is read in one is not known before its keys came.
    """
    account = accounts.load(tx, channel_id, accounts.PAYER)
    accounts.require_open(account)
    waiting = windows.unreleased(tx, account)
    if waiting is None or any(order.use == OPEN for order in waiting.orders):
        return None
    bill = batch.bill(tx, buyer, account, waiting.orders, waiting.contexts)
    paid = {line.deal.digest: line.after for line in bill}
    then = replace(account, seq=waiting.seq, cumulative=waiting.cumulative, account_hash=waiting.account_hash)
    return _request(tx, buyer, Ground(then, paid), [want for want in wants if want.use != OPEN], now, most)


def ready(tx: Tx, channel_id: bytes) -> Account:
    """Return the channel if something new may be signed on it now."""
    account = accounts.load(tx, channel_id, accounts.PAYER)
    accounts.require_open(account)
    if windows.newest(tx, account, states.FAULT) is not None:
        raise fault("faulted", "wrong keys were released on this channel")
    if windows.unreleased(tx, account) is not None:
        raise fault("unreleased", "a signed voucher of this channel is not yet released")
    return account


def _request(
    tx: Tx, buyer: Buyer, ground: Ground, wants: Sequence[Want], now: datetime, most: int
) -> KeyRequest | None:
    orders: list[Order] = []
    contexts: list[Mapping[str, str]] = []
    for want in wants[:ORDERS_MAX]:
        found = _next_line(tx, buyer, ground, want, now, most)
        if found is not None:
            line, context = found
            orders.append(line.order)
            contexts.append(context)
            ground = ground.with_line(line)
            most -= len(line.rows)
    account = ground.account
    return KeyRequest(tuple(orders), tuple(contexts), account.account_hash, account.seq) if orders else None


def _next_line(
    tx: Tx, buyer: Buyer, ground: Ground, want: Want, now: datetime, most: int
) -> tuple[Line, Mapping[str, str]] | None:
    """Return the priced order for as much of a wish as fits on the ground, and its context; None if all is paid."""
    account = ground.account
    draft = Order(want.agreement, want.transfer, b"", want.use, (), 0, want.reader_key)
    deal = batch.deals(tx, buyer, account, [draft])[want.agreement]
    table = buyer.editions.table(tx, deal.agreement.edition_id)
    if table is None:
        raise fault("wrong-edition", "the agreed edition's row table is not known here")
    context = {**want.context, **tally.told_period(deal, batch.latest(tx, buyer, now))}
    paid = _paid(tx, ground, deal, tally.period_of(deal, context))
    rows = _rows(tx, ground, want, draft, deal, table, paid).take(most)
    if not rows:
        return None
    rows = RowSet(rows.ranges[:RANGES_MAX])
    order = replace(draft, edition_id=deal.agreement.edition_id, ranges=to_ranges(rows))
    line = batch.read(tx, buyer, account, [order], now, ground.paid, [context])[-1]
    return replace(line, order=replace(order, amount=line.amount)), context


def _paid(tx: Tx, ground: Ground, deal: Deal, period: int) -> Tally:
    paid = ground.paid.get(deal.digest)
    if paid is None:
        return tally.load(tx, deal, period)
    return paid if paid.period == period else tally.turned(tx, deal, paid, period)


def _rows(tx: Tx, ground: Ground, want: Want, draft: Order, deal: Deal, table: RowTable, paid: Tally) -> RowSet:
    """Return the rows to order now: as many as the tightest limit allows, whose code is raised when that is none."""
    if want.use == AGAIN:
        return (want.rows & paid.rows).take(window.MAX_BATCH_ROWS)
    ordered = ground.ordered.get(deal.digest)
    if want.use == OPEN and ordered is not None:
        return NOTHING  # one opening at a time
    opened = openings.rows(tx, openings.identity(accounts.PAYER, draft)) if want.use == OPEN else None
    wanted = want.rows - (paid.rows if want.use != OPEN else opened or NOTHING)
    exposure = min(deal.terms.max_exposure, deal.terms.max_exposure if want.exposure is None else want.exposure)
    unreleased = batch.exposure(tx, ground.account)[deal.digest]
    limits = {
        "too-dear" if unreleased == 0 else "unreleased": exposure - unreleased - (ordered or 0),
        "over-credit": ground.account.credit - sum(ground.ordered.values()),
        "over-cap": deal.agreement.price_cap - paid.total - unreleased,
    }
    code = min(limits, key=lambda name: limits[name])
    money, tariff = max(limits[code], 0), deal.terms.tariff
    try:
        purse = window.Purse(table, tariff, paid, money, begins=want.use == OPEN and opened is None)
        choose = window.opening_rows if want.use == OPEN else window.next_rows
        return choose(purse, wanted, want.critical)
    except ChannelFault as error:
        if ground.ordered:
            return NOTHING
        raise fault(code if error.code == "too-dear" else error.code, error.text) from error

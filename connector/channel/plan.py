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
    from connector.channel.tally import Tally
    from connector.store.transaction import Tx
    from ledger.row_table import RowTable


@dataclass(frozen=True, slots=True)
class Want:
    """A wish: keys of `rows` whose sealed bytes are verified here (spec 1.9), for one reader key and use.

    `context` is what the policy is told (`purpose` …); `critical` are the rows to have right after the index.
    """

    agreement: bytes
    transfer: bytes
    use: int
    rows: RowSet
    reader_key: bytes
    context: Mapping[str, str] = field(default_factory=dict)
    critical: RowSet = NOTHING


def plan(tx: Tx, buyer: Buyer, channel_id: bytes, wants: Sequence[Want], now: datetime) -> KeyRequest | None:
    """Return the next key request, None when all that is wanted is paid; writes nothing.

    Raises `unreleased` while a voucher waits, and the code of the limit when not even one row can be ordered.
    """
    account = ready(tx, channel_id)
    orders: list[Order] = []
    contexts: list[Mapping[str, str]] = []
    for want in wants[:ORDERS_MAX]:
        found = _next_order(tx, buyer, account, want, orders, contexts, now)
        if found is not None:
            orders.append(found[0])
            contexts.append(found[1])
    return KeyRequest(tuple(orders), tuple(contexts), account.account_hash, account.seq) if orders else None


def ready(tx: Tx, channel_id: bytes) -> Account:
    """Return the channel if something new may be signed on it now."""
    account = accounts.load(tx, channel_id, accounts.PAYER)
    accounts.require_open(account)
    if windows.newest(tx, account, states.FAULT) is not None:
        raise fault("faulted", "wrong keys were released on this channel")
    if windows.unreleased(tx, account) is not None:
        raise fault("unreleased", "a signed voucher of this channel is not yet released")
    return account


def _next_order(
    tx: Tx,
    buyer: Buyer,
    account: Account,
    want: Want,
    before: Sequence[Order],
    contexts: Sequence[Mapping[str, str]],
    now: datetime,
) -> tuple[Order, Mapping[str, str]] | None:
    """Return order and context for as much of a wish as fits beside the orders before it, None if it is all paid."""
    draft = Order(want.agreement, want.transfer, b"", want.use, (), 0, want.reader_key)
    deal = batch.deals(tx, buyer, account, [draft])[want.agreement]
    table = buyer.editions.table(tx, deal.agreement.edition_id)
    if table is None:
        raise fault("wrong-edition", "the agreed edition's row table is not known here")
    context = {**want.context, **tally.told_period(deal, now)}
    paid = tally.load(tx, deal, tally.period_of(deal, context))
    rows = _rows(tx, account, want, draft, deal, table, before, paid)
    if not rows:
        return None
    rows = RowSet(rows.ranges[:RANGES_MAX])
    order = replace(draft, edition_id=deal.agreement.edition_id, ranges=to_ranges(rows))
    line = batch.read(tx, buyer, account, [*before, order], now, contexts=[*contexts, context])[-1]
    return replace(order, amount=line.amount), context


def _rows(
    tx: Tx,
    account: Account,
    want: Want,
    draft: Order,
    deal: Deal,
    table: RowTable,
    before: Sequence[Order],
    paid: Tally,
) -> RowSet:
    """Return the rows to order now: as many as the tightest limit allows, whose code is raised when that is none."""
    if want.use == AGAIN:
        return (want.rows & paid.rows).take(window.MAX_BATCH_ROWS)
    if want.use == OPEN and any(order.agreement_digest == deal.digest for order in before):
        return NOTHING  # one opening at a time
    opened = openings.rows(tx, openings.identity(accounts.PAYER, draft)) if want.use == OPEN else None
    wanted = want.rows - (paid.rows if want.use != OPEN else opened or NOTHING)
    ordered = sum(order.amount for order in before)
    unreleased = batch.exposure(tx, accounts.PAYER)[deal.digest]
    limits = {
        "too-dear" if unreleased == 0 else "unreleased": deal.terms.max_exposure - unreleased - ordered,
        "over-credit": account.credit - ordered,
        "over-cap": deal.agreement.price_cap - paid.total - unreleased - ordered,
    }
    code = min(limits, key=lambda name: limits[name])
    money, tariff = max(limits[code], 0), deal.terms.tariff
    try:
        purse = window.Purse(table, tariff, paid, money, begins=want.use == OPEN and opened is None)
        choose = window.opening_rows if want.use == OPEN else window.next_rows
        return choose(purse, wanted, want.critical)
    except ChannelFault as error:
        if before:
            return NOTHING
        raise fault(code if error.code == "too-dear" else error.code, error.text) from error

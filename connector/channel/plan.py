"""What the payer asks for next (spec 4, message 1): from wishes to priced orders that fit every limit.

Law: planning writes nothing. An order is for rows whose sealed bytes are verified here, is priced from our own books,
and is as large as the tightest of exposure, credit and cap allows.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from connector.channel import account as accounts
from connector.channel import batch, chain_time, openings, states, tally, window, windows
from connector.channel.errors import ChannelFault, fault
from connector.channel.messages import KeyRequest
from connector.channel.priced import NOTHING
from connector.channel.tally import AGAIN, KEEP, OPEN
from connector.runtime.limits import ORDERS_MAX, RANGES_MAX
from connector.store.rows.channel import Side, WindowState
from contracts.ranges import RowSet
from contracts.typed_data import Order
from contracts.typed_json import to_ranges

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from connector.channel.doors import Buyer, Deal
    from connector.channel.priced import Line, Tally
    from connector.store.rows.channel import ChannelRow, WindowRow
    from connector.store.transaction import Tx
    from ledger.edition.row_table import RowTable


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
    """What a request is planned on, looked up before: the channel, agreements, tables, what is paid by then.

    `elsewhere` is what is unreleased on other channels and `ordered` what is ordered already, agreement → minor units;
    `opened` holds the rows of each opening that runs.
    """

    account: ChannelRow
    block_time: datetime
    deals: Mapping[bytes, Deal]
    tables: Mapping[bytes, RowTable]
    paid: Mapping[bytes, Tally]
    elsewhere: Mapping[bytes, int]
    opened: Mapping[str, RowSet]
    ordered: Mapping[bytes, int] = field(default_factory=dict)

    def with_line(self, line: Line) -> Ground:
        """Return the ground for what is ordered beside `line`."""
        digest = line.deal.digest
        ordered = self.ordered.get(digest, 0) + line.amount
        return replace(self, paid={**self.paid, digest: line.after}, ordered={**self.ordered, digest: ordered})


@dataclass(frozen=True, slots=True)
class Waiting:
    """The voucher that waits for its release, and the ground there will be then: looked up once, when it was signed.

    What it is used for is checked again in the act that takes the release.
    """

    account: ChannelRow
    window: WindowRow
    tables: Mapping[bytes, RowTable]
    ground: Ground


def plan(
    tx: Tx, buyer: Buyer, channel_id: bytes, wants: Sequence[Want], now: datetime, most: int = window.MAX_BATCH_ROWS
) -> KeyRequest | None:
    """Return the next key request, of at most `most` rows, None when all that is wanted is paid; writes nothing.

    Raises `unreleased` while a voucher waits, and the code of the limit when not even one row can be ordered.
    """
    account = accounts.load(tx, channel_id, Side.PAYER)
    ground = _ground(tx, buyer, account, wants, {}, now)
    if all(want.use == KEEP and want.rows <= ground.paid[want.agreement].rows for want in wants):
        return None  # also on a channel that is over
    ready(tx, channel_id)
    request = _request(ground, wants, now, most)
    if request is not None:
        batch.read(tx, buyer, account, request.orders, now, request.contexts)
    return request


def lost(tx: Tx, buyer: Buyer, channel_id: bytes, now: datetime) -> KeyRequest | None:
    """Return the request for the same batch as a window that the payee lost; None where none was, or it may not be had.

    Until the lost one can no longer be claimed, the payee sells nothing else (`payee.require_nothing_lost`).
    """
    account = accounts.load(tx, channel_id, Side.PAYER)
    found = windows.lost(tx, account, int(chain_time.seen(tx, buyer).timestamp()))
    if found is None or any(buyer.keyring.reader(tx, key) is None for key in batch.reader_keys(found.orders)):
        return None
    try:
        account = ready(tx, channel_id)
        lines = batch.read(tx, buyer, account, found.orders, now, found.contexts)
    except ChannelFault:
        return None  # it is over, or costs another amount: whoever asks for something else is told why
    is_same = [line.amount for line in lines] == [order.amount for order in found.orders]
    return KeyRequest(found.orders, found.contexts, account.account_hash, account.seq) if is_same else None


def waiting(tx: Tx, buyer: Buyer, channel_id: bytes, wants: Sequence[Want], now: datetime) -> Waiting | None:
    """Return the voucher that waits, with the ground for what is wanted after it; None when none waits."""
    account = accounts.load(tx, channel_id, Side.PAYER)
    accounts.require_open(account)
    found = windows.unreleased(tx, account)
    if found is None:
        return None
    paid = {line.deal.digest: line.after for line in batch.bill(tx, buyer, account, found.orders, found.contexts)}
    then = replace(account, seq=found.seq, cumulative=found.cumulative, account_hash=found.account_hash)
    tables = batch.tables(tx, buyer, (order.edition_id for order in found.orders))
    return Waiting(account, found, tables, _ground(tx, buyer, then, wants, paid, now))


def ahead(found: Waiting, wants: Sequence[Want], now: datetime, most: int = window.MAX_BATCH_ROWS) -> KeyRequest | None:
    """Return what to ask for once the waiting voucher is released, to ride on it; None when nothing is left.

    Not for openings: what is read in one is not known before its keys came.
    """
    if any(order.use == OPEN for order in found.window.orders):
        return None
    return _request(found.ground, [want for want in wants if want.use != OPEN], now, most)


def ready(tx: Tx, channel_id: bytes) -> ChannelRow:
    """Return the channel if something new may be signed on it now."""
    account = accounts.load(tx, channel_id, Side.PAYER)
    accounts.require_open(account)
    found = windows.newest(tx, account, WindowState.FAULT, *states.UNRELEASED[Side.PAYER])
    if found is not None and found.state == WindowState.FAULT:
        raise fault("faulted", "wrong keys were released on this channel")
    if found is not None:
        raise fault("unreleased", "a signed voucher of this channel is not yet released")
    return account


def _ground(
    tx: Tx, buyer: Buyer, account: ChannelRow, wants: Sequence[Want], paid: Mapping[bytes, Tally], now: datetime
) -> Ground:
    """Look up what the wishes are planned on; `paid` has an agreement where the books do not say it yet."""
    drafts = [_draft(want) for want in wants[:ORDERS_MAX]]
    deals = batch.deals(tx, buyer, account, drafts)
    latest = chain_time.latest(tx, buyer, now)
    identities = {openings.identity(Side.PAYER, draft) for draft in drafts if draft.use == OPEN}
    found = {opening: openings.rows(tx, opening) for opening in identities}
    return Ground(
        account,
        buyer.chain.sight(tx).block_time,
        deals,
        batch.tables(tx, buyer, (deal.agreement.edition_id for deal in deals.values())),
        {digest: _paid(tx, deal, paid.get(digest), latest) for digest, deal in deals.items()},
        batch.exposure(tx, account),
        {opening: rows for opening, rows in found.items() if rows is not None},
    )


def _paid(tx: Tx, deal: Deal, paid: Tally | None, latest: datetime) -> Tally:
    period = tally.period_of(deal, tally.told_period(deal, latest))
    if paid is None:
        return tally.load(tx, deal, period)
    return paid if paid.period == period else tally.turned(tx, deal, paid, period)


def _draft(want: Want) -> Order:
    return Order(want.agreement, want.transfer, b"", want.use, (), 0, want.reader_key)


def _request(ground: Ground, wants: Sequence[Want], now: datetime, most: int) -> KeyRequest | None:
    orders: list[Order] = []
    contexts: list[Mapping[str, str]] = []
    for want in wants[:ORDERS_MAX]:
        found = _next_line(ground, want, now, most)
        if found is not None:
            line, context = found
            orders.append(line.order)
            contexts.append(context)
            ground = ground.with_line(line)
            most -= len(line.rows)
    account = ground.account
    return KeyRequest(tuple(orders), tuple(contexts), account.account_hash, account.seq) if orders else None


def _next_line(ground: Ground, want: Want, now: datetime, most: int) -> tuple[Line, Mapping[str, str]] | None:
    """Return the priced order for as much of a wish as fits on the ground, and its context; None if all is paid."""
    draft, deal = _draft(want), ground.deals[want.agreement]
    table, paid = ground.tables[deal.agreement.edition_id], ground.paid[deal.digest]
    context = {**want.context, **tally.told_period(deal, max(now, ground.block_time))}
    if tally.period_of(deal, context) != paid.period:
        raise fault("wrong-period", "another period of the subscription has begun since the ground was looked up")
    opened = ground.opened.get(openings.identity(Side.PAYER, draft)) if want.use == OPEN else None
    rows = _rows(ground, want, deal, table, opened, most)
    if not rows:
        return None
    order = replace(draft, edition_id=deal.agreement.edition_id, ranges=to_ranges(RowSet(rows.ranges[:RANGES_MAX])))
    line = tally.line(order, deal, table, paid, fresh=want.use == OPEN and opened is None)
    return replace(line, order=replace(order, amount=line.amount)), context


def _rows(ground: Ground, want: Want, deal: Deal, table: RowTable, opened: RowSet | None, most: int) -> RowSet:
    """Return the rows to order now: as many as the tightest limit allows, whose code is raised when that is none."""
    paid, most = ground.paid[deal.digest], min(most, window.MAX_BATCH_ROWS)
    if want.use == AGAIN:
        return (want.rows & paid.rows).take(most)
    ordered = ground.ordered.get(deal.digest)
    if want.use == OPEN and ordered is not None:
        return NOTHING  # one opening at a time
    wanted = want.rows - (paid.rows if want.use != OPEN else opened or NOTHING)
    exposure = min(deal.terms.max_exposure, deal.terms.max_exposure if want.exposure is None else want.exposure)
    unreleased = ground.elsewhere.get(deal.digest, 0)
    limits = {
        "too-dear" if unreleased == 0 else "unreleased": exposure - unreleased - (ordered or 0),
        "over-credit": ground.account.credit - sum(ground.ordered.values()),
        "over-cap": deal.agreement.price_cap - paid.total - unreleased,
    }
    code = min(limits, key=lambda name: limits[name])
    money, tariff = max(limits[code], 0), deal.terms.tariff
    try:
        purse = window.Purse(table, tariff, paid, money, most, begins=want.use == OPEN and opened is None)
        choose = window.opening_rows if want.use == OPEN else window.next_rows
        return choose(purse, wanted, want.critical)
    except ChannelFault as error:
        if ground.ordered:
            return NOTHING
        raise fault(code if error.code == "too-dear" else error.code, error.text) from error

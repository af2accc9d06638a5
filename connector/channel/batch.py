"""The orders of one window, held against agreements, editions and money; the same rules on both sides (spec 3, 4).

Law: an order that breaks a row of `CHECKS` is refused by that row's code; a batch is within the cap and `maxExposure`
of every agreement it touches, counting what is unreleased on all channels, and within the credit of its channel.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from connector.channel import chain_time, tally, windows
from connector.channel.errors import fault
from connector.channel.tally import USES
from connector.channel.window import MAX_BATCH_ROWS
from contracts.price_words import money
from contracts.typed_json import row_set

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from connector.channel.doors import Deal, Desk
    from connector.channel.priced import Line
    from connector.store.rows.channel import ChannelRow
    from connector.store.transaction import Tx
    from contracts.typed_data import Order
    from ledger.edition.row_table import RowTable

MAX_READER_KEYS = 8


@dataclass(frozen=True, slots=True)
class Case:
    """One order with what it is held against."""

    order: Order
    deal: Deal
    account: ChannelRow
    now: datetime
    table: Callable[[], RowTable]


@dataclass(frozen=True, slots=True)
class Check:
    """One rule on an order: the code of its breach, when it is broken, and the sentence."""

    code: str
    broken: Callable[[Case], bool]
    words: str


CHECKS: tuple[Check, ...] = (
    Check("agreement-over", lambda c: not c.deal.live or c.now >= c.deal.terms.not_after, "the agreement is over"),
    Check("other-account", lambda c: not _pays(c.account, c.deal), "the channel has other parties, token or split"),
    Check("wrong-edition", lambda c: c.order.edition_id != c.deal.agreement.edition_id, "another edition was agreed"),
    Check("wrong-use", lambda c: USES.get(c.order.use) != c.deal.terms.tier, "the tier has no such use"),
    Check("unknown-rows", lambda c: not c.order.ranges, "the order names no piece"),
    Check("unlicensed-rows", lambda c: not _reaches(c), "the agreement is about other columns"),
)


@dataclass(frozen=True, slots=True)
class Margins:
    """The strictest times of the agreements in a batch, in seconds (spec 3.5, 4)."""

    claim: int
    stale: int
    lock: int

    @property
    def least_ttl(self) -> int:
        """Return how long a voucher must at least still live when it is accepted."""
        return self.claim + self.stale


def read(
    tx: Tx,
    desk: Desk,
    account: ChannelRow,
    orders: Sequence[Order],
    now: datetime,
    contexts: Sequence[Mapping[str, str]] = (),
) -> list[Line]:
    """Check every order and price it on top of the books; raises the first fault."""
    agreed = deals(tx, desk, account, orders)
    for order, context in tally.beside(orders, contexts):
        _check(Case(order, agreed[order.agreement_digest], account, now, partial(_table, tx, desk, order.edition_id)))
        tally.check_period(agreed[order.agreement_digest], context, chain_time.latest(tx, desk, now))
        if not desk.books.transfer_runs(tx, agreed[order.agreement_digest], order.transfer_id):
            raise fault("unknown-transfer", f"no transfer `{order.transfer_id.hex()}` runs under the agreement")
    lines = _bill(tx, desk, account, orders, agreed, contexts)
    _check_size(lines)
    return lines


def bill(
    tx: Tx, desk: Desk, account: ChannelRow, orders: Sequence[Order], contexts: Sequence[Mapping[str, str]] = ()
) -> list[Line]:
    """Price orders without asking whether they may still be had: what was paid is due, whatever ended since."""
    return _bill(tx, desk, account, orders, deals(tx, desk, account, orders), contexts)


def _bill(
    tx: Tx,
    desk: Desk,
    account: ChannelRow,
    orders: Sequence[Order],
    agreed: Mapping[bytes, Deal],
    contexts: Sequence[Mapping[str, str]],
) -> list[Line]:
    return tally.bill(tx, account.role, orders, agreed, tables(tx, desk, (o.edition_id for o in orders)), contexts)


def tables(tx: Tx, desk: Desk, editions: Iterable[bytes]) -> dict[bytes, RowTable]:
    """Return the row tables of editions; `wrong-edition` for one that is not known here."""
    return {edition: _table(tx, desk, edition) for edition in set(editions)}


def deals(tx: Tx, desk: Desk, account: ChannelRow, orders: Iterable[Order]) -> dict[bytes, Deal]:
    """Return the agreements that orders cite, by digest; `unknown-agreement` for one not made with this peer."""
    return {order.agreement_digest: _deal(tx, desk, account, order) for order in orders}


def check_money(tx: Tx, account: ChannelRow, lines: Sequence[Line]) -> None:
    """Refuse a batch over a cap, over `maxExposure` or over the channel's credit; no window here is unreleased."""
    waiting = exposure(tx, account)
    for deal, amount in _by_deal(lines):
        unreleased = waiting[deal.digest] + amount
        if amount and unreleased > deal.terms.max_exposure:
            limit, would = (money(each, deal.currency) for each in (deal.terms.max_exposure, unreleased))
            raise fault("over-exposure", f"{would} would be unreleased, the agreement allows {limit}")
        if tally.load(tx, deal).total + unreleased > deal.agreement.price_cap:
            raise fault("over-cap", f"the agreement caps the price at {money(deal.agreement.price_cap, deal.currency)}")
    total = sum(line.amount for line in lines)
    if total > account.credit:
        costs, left = (money(each, lines[0].deal.currency) for each in (total, account.credit))
        raise fault("over-credit", f"the batch costs {costs}, the confirmed deposit leaves {left}")


def exposure(tx: Tx, account: ChannelRow) -> Mapping[bytes, int]:
    """Return agreement digest → minor units promised for keys not yet released, over all channels but this one."""
    waiting: defaultdict[bytes, int] = defaultdict(int)
    for window in windows.all_unreleased(tx, account.role, account.id):
        for order in window.orders:
            waiting[order.agreement_digest] += order.amount
    return waiting


def margins(agreed: Iterable[Deal]) -> Margins:
    """Return the strictest times of the agreements in a batch."""
    terms = [deal.terms for deal in agreed]
    return Margins(
        max(each.claim_margin for each in terms),
        max(each.stale_max for each in terms),
        min(each.lock_ttl for each in terms),
    )


def reader_keys(orders: Iterable[Order]) -> list[bytes]:
    """Return the distinct reader keys of a batch, in order of first use."""
    return list(dict.fromkeys(order.reader_key for order in orders))


def _deal(tx: Tx, desk: Desk, account: ChannelRow, order: Order) -> Deal:
    deal = desk.books.deal(tx, order.agreement_digest)
    if deal is None or deal.peer != account.peer:
        raise fault("unknown-agreement", f"there is no agreement `{order.agreement_digest.hex()}` with this peer")
    return deal


def _check(case: Case) -> None:
    for check in CHECKS:
        if check.broken(case):
            raise fault(check.code, check.words)


def _pays(account: ChannelRow, deal: Deal) -> bool:
    """Say whether a channel may pay an agreement: its parties, its token, its split (spec 3.1)."""
    signed = deal.agreement
    parties = account.payer == signed.buyer and account.payee == signed.provider
    return parties and account.token == signed.token and account.split.hash == signed.split_hash


def _reaches(case: Case) -> bool:
    """Say whether a contract for some columns is about all rows of the order (spec 1.1, `aligned`)."""
    columns = case.deal.terms.columns
    return not columns or row_set(case.order.ranges) <= case.table().licensed(columns.values())


def _table(tx: Tx, desk: Desk, edition: bytes) -> RowTable:
    table = desk.editions.table(tx, edition)
    if table is None:
        raise fault("wrong-edition", f"the edition `{edition.hex()}` is not known here")
    return table


def _check_size(lines: Sequence[Line]) -> None:
    if sum(len(line.rows) for line in lines) > MAX_BATCH_ROWS:
        raise fault("too-many-rows", f"a batch has at most {MAX_BATCH_ROWS} pieces")
    if len(reader_keys(line.order for line in lines)) > MAX_READER_KEYS:
        raise fault("too-many-rows", f"a batch has at most {MAX_READER_KEYS} reader keys")


def _by_deal(lines: Sequence[Line]) -> list[tuple[Deal, int]]:
    deals = {line.deal.digest: line.deal for line in lines}
    return [(deal, sum(line.amount for line in lines if line.deal is deal)) for deal in deals.values()]

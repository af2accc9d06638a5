"""What was bought and sold in a month: each table is asked once, however many agreements there are.

Law: a window counts in the month in which it was released; one whose receipt never came, when its voucher lapsed. The
database leaves out what lapsed before, with a day for clocks that differ; the month is decided here.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import orjson

from connector.negotiation.protocol.offers import OUTSIDE
from connector.negotiation.protocol.states import CONSUMER, PROVIDER
from connector.provider.billing import orders
from connector.runtime.limits import BILLED_AGREEMENTS_MAX
from connector.store.rows.agreement import AgreementRow
from connector.store.rows.channel import Side, WindowState, unpacked
from contracts.typed_data import Order, Receipt, Voucher
from ledger.stamp import at_second

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject


# states in which a window was paid for, on each side
PAID: Mapping[str, frozenset[str]] = {
    Side.PAYEE: frozenset({WindowState.PAID, WindowState.ACKNOWLEDGED}),
    Side.PAYER: frozenset({WindowState.RELEASED, WindowState.ACKNOWLEDGED, WindowState.FAULT}),
}
TOLD = ("agreement", "role", "peer", "product", "title", "price", "state", "payment")
CLOCKS_APART = timedelta(days=1)
# a window is released before its voucher lapses; when it was made says nothing, for one that was resumed is made anew
_WINDOWS = (
    "SELECT channels.agreement AS agreement, windows.role AS role, windows.state AS state, windows.orders AS orders,"
    " windows.voucher AS voucher, windows.receipt AS receipt"
    " FROM windows JOIN channels ON channels.id = windows.channel"
    " WHERE windows.voucher IS NOT NULL AND (windows.valid_until >= ? OR windows.valid_until = 0)"
)
_SOLD = "SELECT agreement, receipt FROM copies WHERE receipt IS NOT NULL"
_ANSWERED = "SELECT agreement, receipt FROM line_receipts"
_BOUGHT = "SELECT agreement, progress FROM acquisitions WHERE agreement IS NOT NULL"


def rows(tx: Tx, month: str) -> list[JsonObject]:
    """Return a row for each agreement with something paid in a month of UTC ("2026-11"), the oldest first."""
    first = datetime.fromisoformat(f"{month}-01").replace(tzinfo=UTC)
    windows, receipts = _by_windows(tx, month, first - CLOCKS_APART), _by_receipts(tx, month)
    if not windows and not receipts:
        return []
    told, facts = [], orders.all_facts(tx)
    for agreement in tx.find(AgreementRow, order="created, digest", limit=BILLED_AGREEMENTS_MAX):
        digest = agreement.digest
        if digest not in windows and digest not in receipts:
            continue
        if (agreement.terms or {}).get("tier") in OUTSIDE:
            amounts = receipts.get(digest, {}).get(agreement.role, [])
        else:
            amounts = windows.get(digest, [])
        if amounts:
            order = orders.described(agreement, facts(agreement, sum(amounts)))
            told.append(_said(order, amounts))
    return told


def _said(order: JsonObject, amounts: list[int]) -> JsonObject:
    return {name: order[name] for name in TOLD} | {"orders": str(len(amounts)), "amount": str(sum(amounts))}


def _by_windows(tx: Tx, month: str, since: datetime) -> Mapping[str, list[int]]:
    """Return agreement → the amount of each of its orders that was paid in the month."""
    found: defaultdict[str, list[int]] = defaultdict(list)
    for row in tx.execute(_WINDOWS, int(since.timestamp())):
        if row["state"] not in PAID[row["role"]]:
            continue
        if row["receipt"] is not None:
            at = unpacked(Receipt, orjson.loads(row["receipt"])).released_at
        else:
            at = unpacked(Voucher, orjson.loads(row["voucher"])).valid_until
        if f"{at_second(at):%Y-%m}" == month:
            own = (unpacked(Order, one) for one in orjson.loads(row["orders"]))
            found[row["agreement"]] += [one.amount for one in own if one.agreement_digest.hex() == row["agreement"]]
    return found


def _by_receipts(tx: Tx, month: str) -> Mapping[str, Mapping[str, list[int]]]:
    """Return agreement → our role in it → the amounts of the receipts for plain copies that are of the month."""
    found: defaultdict[str, defaultdict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    sold = ((row["agreement"], PROVIDER, orjson.loads(row["receipt"])) for row in tx.execute(_SOLD))
    got = ((row["agreement"], orjson.loads(row["progress"] or "null")) for row in tx.execute(_BOUGHT))
    bought = ((digest, CONSUMER, told["receipt"]["receipt"]) for digest, told in got if told and told.get("receipt"))
    lines = ((row["agreement"], CONSUMER, orjson.loads(row["receipt"])) for row in tx.execute(_ANSWERED))
    for digest, role, receipt in (*sold, *bought, *lines):
        if f"{datetime.fromisoformat(receipt['at']).astimezone(UTC):%Y-%m}" == month:
            found[digest][role].append(int(receipt["amount"]))
    return found

"""Money by day, product and peer: what a buyer spent and a provider earned, window by window as it was released.

Law: the database sums and leafs through the rows; here only a page of them is looked at, however many there are.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from connector.console.leafing import leafed
from connector.consumer.budget import Budget
from connector.consumer.outlay import AMOUNT, MICROSECONDS, since
from connector.runtime.limits import FOUND_ROWS_MAX, PAGE_ROWS_MAX
from connector.settlement import holdings
from connector.settlement.claiming import Claiming
from connector.settlement.refunds import Refunds
from connector.settlement.wallet import Wallet
from connector.store import sums
from connector.store.rows.agreement import AgreementRow
from connector.store.rows.channel import Side

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from connector.api.call import Call
    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject

DAYS = 30
DAY_MICROSECONDS = 86_400 * MICROSECONDS
# the day of a window, counted from 1970
_DAY = f"windows.created / {DAY_MICROSECONDS}"
_JOINED = (
    "windows JOIN channels ON channels.id = windows.channel "
    "LEFT JOIN agreements ON agreements.digest = channels.agreement"
)


async def wallet(call: Call) -> JsonObject:
    """Return what we have, and a page of what moved it."""
    told = await call.of(Wallet).page(call.first(FOUND_ROWS_MAX))
    return {**told, "rows": told.pop("movements")}


async def spending(call: Call) -> JsonObject:
    """Return what was spent, beside the month's budget."""
    flow = await _flow(call, Side.PAYER)
    back = await call.core.store.read(holdings.free)
    refunded = await _refunded(call, given=False)
    return {**flow, "back": str(back), "refunded": refunded, "budget": await call.of(Budget).page()}


async def earnings(call: Call) -> JsonObject:
    """Return what was earned, before the exchange's share, and what of it lapses unless it is claimed before."""
    lapses = await call.of(Claiming).lapses()
    refunded = await _refunded(call, given=True)
    return {**await _flow(call, Side.PAYEE), "refunded": refunded, "lapses": lapses[:PAGE_ROWS_MAX]}


async def _refunded(call: Call, *, given: bool) -> str:
    """Return what providers gave back to us, or we as a provider; unknown, and so empty, while the chain is away."""
    refunds = await call.of(Refunds).known()
    return "" if refunds is None else str(sum(one.amount for one in refunds if one.given is given))


async def _flow(call: Call, role: Side) -> JsonObject:
    today, first = call.core.clock.now().date(), call.first(FOUND_ROWS_MAX)
    return await call.core.store.read(lambda tx: _read(tx, role, today, first))


def _read(tx: Tx, role: Side, today: date, first: int) -> JsonObject:
    """Return a page of the rows (day, product, peer) of these days, each day's sum, and the sums of all time."""
    begin = today - timedelta(days=DAYS - 1)
    rows = _rows(tx, role, begin, first)
    return {
        **leafed(first, [_line(tx, row) for row in rows]),
        "days": days(tx, role, begin, today),
        **_all_time(tx, role),
    }


def _rows(tx: Tx, role: Side, begin: date, first: int) -> list[JsonObject]:
    """Return one row more than a page has."""
    where, values = since(role, begin)
    return tx.execute(
        f"SELECT {_DAY} AS day, agreements.product AS product, channels.peer AS peer, count(*) AS windows, "  # noqa: S608  # named here
        f"max(channels.agreement) AS agreement, {AMOUNT} FROM {_JOINED} {where} "
        "GROUP BY day, agreements.product, channels.peer ORDER BY day DESC, product DESC, peer DESC LIMIT ? OFFSET ?",
        *values,
        PAGE_ROWS_MAX + 1,
        first,
    )


def days(tx: Tx, role: Side, begin: date, today: date) -> list[JsonObject]:
    """Return what each day's windows came to, from `begin` to `today`."""
    where, values = since(role, begin)
    found = tx.execute(f"SELECT {_DAY} AS day, {AMOUNT} FROM windows {where} GROUP BY day", *values)  # noqa: S608  # named here
    amounts = {_date(row["day"]): sums.total(row, "amount") for row in found}
    told = [(begin + timedelta(days=number)).isoformat() for number in range((today - begin).days + 1)]
    return [{"day": day, "amount": str(amounts.get(day, 0))} for day in told]


def by_product(tx: Tx, products: Sequence[str], begin: date, today: date) -> dict[str, list[int]]:
    """Return what each day from `begin` to `today` brought in for each of these products that brought something."""
    if not products:
        return {}
    where, values = since(Side.PAYEE, begin)
    marks = ", ".join("?" * len(products))
    found = tx.execute(
        f"SELECT {_DAY} AS day, agreements.product AS product, {AMOUNT} FROM {_JOINED} {where} "  # noqa: S608  # named here
        f"AND agreements.product IN ({marks}) GROUP BY day, agreements.product",
        *values,
        *products,
    )
    told: dict[str, list[int]] = {}
    for row in found:
        at = (_date_of(row["day"]) - begin).days
        days = told.setdefault(row["product"], [0] * ((today - begin).days + 1))
        if 0 <= at < len(days):
            days[at] += sums.total(row, "amount")
    return told


def _all_time(tx: Tx, role: Side) -> JsonObject:
    count, found = holdings.all_time(tx, role)
    return {"sums": {name: str(amount) for name, amount in found.items()}, "channels": count}


def _line(tx: Tx, row: JsonObject) -> JsonObject:
    """Return a row with the title under which its product was agreed."""
    agreement = tx.get(AgreementRow, digest=row["agreement"])
    terms = (agreement.terms if agreement else None) or {}
    title = str(terms.get("title") or row["product"] or row["agreement"])
    amounts = {"amount": str(sums.total(row, "amount")), "windows": int(row["windows"])}
    return {"day": _date(row["day"]), "product": title, "peer": row["peer"], **amounts}


def _date(day: Any) -> str:
    return _date_of(day).isoformat()


def _date_of(day: Any) -> date:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=int(day))).date()

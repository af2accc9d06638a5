"""Bills: orders of either side, the signed bill of an agreement, and the statement of a month, as they are checked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.console import language
from connector.console.leafing import cut
from connector.provider.billing import printed
from connector.provider.billing.bills import Bills
from connector.provider.billing.orders import CHANNEL
from connector.runtime.limits import BILLED_AGREEMENTS_MAX, PAGE_ROWS_MAX

if TYPE_CHECKING:
    from collections.abc import Iterable

    from connector.api.call import Call
    from contracts.canonical import JsonObject

MONTH_CHARACTERS = len("2026-11")


async def bills(call: Call) -> JsonObject:
    """Return orders of either side, the newest first, and the month whose statement may be asked for."""
    first = call.first(BILLED_AGREEMENTS_MAX)
    rows = _leading(await call.of(Bills).page(first, PAGE_ROWS_MAX))
    month = call.core.clock.now().isoformat()[:MONTH_CHARACTERS]
    return cut(first, rows, BILLED_AGREEMENTS_MAX) | {"month": month}


async def bill(call: Call) -> JsonObject:
    """Return the bill of an agreement: its head in words, its lines, and the signed document."""
    told = (await call.of(Bills).bill(call.path["id"])).json()
    head = {lang: [list(fact) for fact in printed.facts(told, call.path["id"], lang)] for lang in language.LANGUAGES}
    lines = [{**line, "currency": told["bill"]["currency"]} for line in told["bill"]["lines"]]
    return {"agreement": call.path["id"], "head": head, "document": told, "rows": lines}


async def statement(call: Call) -> JsonObject:
    """Return what was bought and sold in a month, with the signature under it."""
    told = await call.of(Bills).statement(call.path["id"])
    return {**told, "rows": _leading(told["statement"]["agreements"])}


def _leading(rows: Iterable[JsonObject]) -> list[JsonObject]:
    """Return orders, each with the page that says what was paid: its bill, or the receipts of its agreement."""
    return [{**row, "page": "bills" if row["payment"] == CHANNEL else "agreements"} for row in rows]

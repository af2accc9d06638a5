"""What the command line asks its own server about orders and bills."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.api.faults import as_json
from connector.provider.billing.bills import Bills
from connector.runtime.limits import BILLED_AGREEMENTS_MAX, PAGE_ROWS_MAX

if TYPE_CHECKING:
    from aiohttp import web

    from connector.api.call import Call


async def page(call: Call) -> web.Response:
    """List orders of either side, the newest first, from the `first` on."""
    found = await call.of(Bills).page(call.first(BILLED_AGREEMENTS_MAX), PAGE_ROWS_MAX)
    return as_json({"orders": found})

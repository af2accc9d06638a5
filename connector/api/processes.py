"""The operator's door to negotiations and transfers: list, show, retry, terminate; suspend, resume, complete."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.api.faults import as_json
from connector.negotiation.engine import Engine
from connector.negotiation.overview import Wanted
from connector.runtime.errors import InvalidInput
from connector.runtime.limits import PAGE_ROWS_MAX

if TYPE_CHECKING:
    from aiohttp import web

    from connector.api.call import Call
    from connector.negotiation.operating import Operating

FILTERS = frozenset({"kind", "state", "turn", "after", "rows"})


async def page(call: Call) -> web.Response:
    """List processes, what moved last first: `kind`, `state`, `turn` (ours, peer, nobody), `rows`, `after`."""
    query = call.request.query
    if unknown := sorted(set(query) - FILTERS):
        raise InvalidInput(f"`{unknown[0][:100]}` is no filter", f"known are {', '.join(sorted(FILTERS))}")
    rows = query.get("rows", str(PAGE_ROWS_MAX))
    if not (rows.isascii() and rows.isdecimal()) or len(rows) > 4:
        raise InvalidInput("`rows` is a number")
    told = {name: query.get(name, "") for name in ("kind", "state", "turn", "after")}
    return as_json(await _operating(call).page(Wanted(**told, rows=int(rows))))


async def show(call: Call) -> web.Response:
    """Show one process."""
    return as_json(await _operating(call).show(call.path["id"]))


async def retry(call: Call) -> web.Response:
    """Deliver what is under way, take the step that is held, or ask the peer."""
    await call.texts()
    return as_json(await _operating(call).retry(call.path["id"]))


async def assent(call: Call) -> web.Response:
    """Answer a negotiation that waits for a person: `rules`, null for those of our limits."""
    body = await call.members({"rules": "text?"})
    return as_json(await _operating(call).assent(call.path["id"], body["rules"]))


async def terminate(call: Call) -> web.Response:
    """End a process: `reason`."""
    return as_json(await _operating(call).terminate(call.path["id"], (await call.texts("reason"))["reason"]))


async def suspend(call: Call) -> web.Response:
    """Pause a transfer: `reason`."""
    return as_json(await _operating(call).suspend(call.path["id"], (await call.texts("reason"))["reason"]))


async def resume(call: Call) -> web.Response:
    """Start a suspended transfer again."""
    await call.texts()
    return as_json(await _operating(call).resume(call.path["id"]))


async def complete(call: Call) -> web.Response:
    """Say that a transfer is done."""
    await call.texts()
    return as_json(await _operating(call).complete(call.path["id"]))


def _operating(call: Call) -> Operating:
    return call.of(Engine).operating

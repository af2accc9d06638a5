"""The Management API of Eclipse Dataspace Components over HTTP: one handler for all its calls (`management.calls`).

Law: a call is answered in that interface's own forms: what there is with its context, 204 for what says nothing, and
a list of everything that is wrong with a request.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiohttp import web

from connector.api import edc_calls as calls
from connector.api.faults import as_json
from connector.api.telemetry import NOT_READY
from connector.operation.health import Health
from connector.operation.management import release_4
from connector.operation.management.names import read as read_names
from connector.operation.management.written import with_context

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from connector.api.call import Call


def __getattr__(name: str) -> Callable[[Call], Awaitable[web.Response]]:
    """Return the handler of a call of the table."""
    row = calls.BY_NAME.get(name)
    if row is None:
        raise AttributeError(f"the Management API has no call `{name}`")

    async def handle(call: Call) -> web.Response:
        newest = call.route.path.startswith(calls.RELEASE_4)
        found = await getattr(call.of(row.of), row.does)(*await _told(row, call, newest=newest))
        if found is None:
            return web.Response(status=204)
        if row.part:
            found = {"@type": row.kind, row.part: found[row.part]}
        return as_json(release_4.shown(found) if newest else with_context(found))

    return handle


async def healthy(call: Call) -> web.Response:
    """Say that this participant answers, in the words of that interface."""
    told = await call.of(Health).looked()
    well = not told["reasons"]
    failures = [{"component": "penstock", "isHealthy": False, "failure": told["reasons"]}]
    document = {"componentResults": [] if well else failures, "isSystemHealthy": well}
    return as_json(document, 200 if well else NOT_READY)


async def _told(row: calls.Call, call: Call, *, newest: bool) -> list[Any]:
    """Return what an act of the table is called with."""
    key = [call.path["id"]] if "id" in call.path else []
    if row.takes == calls.NOTHING:
        return []
    if row.takes == calls.WISHES:
        return [*key, call.request.query]
    if row.takes == calls.ID or (row.takes == calls.QUERY and not await call.request.read()):
        return key or [{}]
    body = await call.document()
    if newest and row.body:
        release_4.require(row.body, body)
        body = release_4.taken(row.body, body)
    return [*key, read_names(body, "a query") if row.takes == calls.QUERY else body]

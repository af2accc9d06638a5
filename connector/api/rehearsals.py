"""What an act of the owner's would do: the act itself, taken up to its first step that leaves a trace.

Law: an act without a row of `ACTS` is not rehearsed. A row may have only what goes through the doors that
`connector.runtime.rehearsal` holds, and begins with a step that tells what is published or paid.
"""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING
from urllib.parse import unquote

from connector.api import operators
from connector.api.authorize import MANAGEMENT, Route
from connector.api.call import Call, Kept
from connector.api.faults import as_json
from connector.client.acts.table import TABLE
from connector.runtime.errors import Absent, Conflict, InvalidInput
from connector.runtime.rehearsal import rehearsing

if TYPE_CHECKING:
    from aiohttp import web

PREFIX = "/management/"
ACTS = frozenset(act.serves for act in TABLE if act.rehearse)
# acts are short; one that waits for what it has just not done is over
REHEARSAL_SECONDS = 30.0


async def rehearse(call: Call) -> web.Response:
    """Say what `path` (below /management/) would do with `body`: its first step that leaves a trace, whole."""
    told = await call.object()
    if set(told) != {"path", "body"} or not isinstance(told["path"], str):
        raise InvalidInput("the body must have exactly `path`, a text, and `body`")
    route, variables = _route(told["path"], call)
    kept = Kept(variables, told["body"], PREFIX + told["path"])
    inner = call.inner(route, kept, call.operator)
    with rehearsing() as played:
        try:
            async with asyncio.timeout(REHEARSAL_SECONDS):
                await operators.govern(inner, operators.handler_of(route))
        except BaseException as fault:
            if not played.steps:
                if isinstance(fault, TimeoutError):
                    raise Conflict("the act waits for what a rehearsal does not do") from fault
                raise
    return as_json({"dryRun": True, "act": route.handler, "steps": played.steps})


def _route(path: str, call: Call) -> tuple[Route, dict[str, str]]:
    """Return the row of an act that may be rehearsed, with its path's variables."""
    for row in MANAGEMENT:
        pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(row.path))
        found = re.fullmatch(pattern, PREFIX + path)
        if found and row.method == "POST" and row.roles & call.core.identity.roles:
            if row.handler not in ACTS:
                raise InvalidInput(f"`{path[:100]}` cannot be rehearsed", "give the command without --dry-run")
            return row, {name: unquote(value) for name, value in found.groupdict().items()}
    raise Absent(f"there is no act `{path[:100]}`")

"""An exchange's operators over HTTP: which act a request is, whether it may be done, now or after another's assent.

Law: a request of the management interface that changes the space is a row of `ACT_OF`; what has no row is the owner's
own business, and no operator's. Operators read what `READ` names, and all of them the same.
"""

from __future__ import annotations

import json
from importlib import import_module
from typing import TYPE_CHECKING, Any

from catalog.posts import ACTS
from connector.api import declared, keyed, naming
from connector.api.authorize import EXCHANGE, MANAGEMENT
from connector.api.call import Call, Kept
from connector.api.faults import as_json
from connector.client.acts.act import READ as EVERY_OPERATOR
from connector.client.acts.table import TABLE
from connector.exchange.acts import Acts, Asked, view
from connector.exchange.operators import Operators
from connector.runtime.errors import NotPermitted, explain_failure
from connector.store.rows.space import ActState

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from aiohttp import web

    from connector.api.authorize import Route
    from connector.store.rows.space import ActRow

    Handler = Callable[[Call], Awaitable[web.StreamResponse]]

# handler → the act that it is; where the path or the body says which, the member that does, and the act of each value
ACT_OF: Mapping[str, str | tuple[str, Mapping[str, str]]] = declared.acts_of(TABLE)
# acts on acts: they check posts themselves, or have them checked for the act that is meant
SELF_CHECKED = frozenset({"operators.assent", "operators.dissent", "rehearsals.rehearse"})
READ = frozenset(act.serves for act in TABLE if act.operator == EVERY_OPERATOR)
# acts of which a second time would be another one, unless the body has this name
NAMED = {"credit": "id"}


async def govern(call: Call, function: Handler) -> web.StreamResponse:
    """Serve a request of the owner's surface as far as whoever asks may do it; what waits is answered 202."""
    await naming.complete(call)
    await keyed.require(call)
    name = call.route.handler
    if not call.core.identity.roles & EXCHANGE or name in SELF_CHECKED:
        return await function(call)
    if name not in ACT_OF:
        if call.operator is not None and name not in READ:
            raise NotPermitted("this is the owner's own business, and no operator's")
        return await function(call)
    key = await _act(call)
    if key is None:  # no such act: the handler says so
        return await function(call)
    body = await call.document()
    row = await call.of(Acts).begin(Asked(key, name, call.path, body), call.operator)
    if row is None:
        return await function(call)
    if row.state == ActState.WAITING:
        told = view(row)
        return as_json({name: told[name] for name in ("id", "act", "awaits", "until", "en", "zh")}, 202)
    answer: web.StreamResponse = await _do(call, function, row)
    return answer


async def add(call: Call) -> web.Response:
    """Put somebody on a post: `name`, `post`."""
    told = await call.texts("name", "post")
    return as_json(await call.of(Operators).add(told["name"], told["post"], call.who), 201)


async def dismiss(call: Call) -> web.Response:
    """Take somebody off a post: `name`, `reason`."""
    told = await call.texts("name", "reason")
    return as_json(await call.of(Operators).dismiss(told["name"], told["reason"], call.who))


async def assent(call: Call) -> web.StreamResponse:
    """Let an act be done, and do it; the answer is the act with its result."""
    await call.texts()
    row = await call.of(Acts).assent(call.path["id"], _operator(call))
    route = next(one for one in MANAGEMENT if one.handler == row.handler)
    kept = Kept(row.path, row.body)
    answer = await _do(call.inner(route, kept, call.operator), handler_of(route), row)
    return as_json(view(row) | {"state": ActState.DONE, "result": json.loads(answer.body)})


async def dissent(call: Call) -> web.Response:
    """Refuse an act that waits: `reason`."""
    reason = (await call.texts("reason"))["reason"]
    return as_json(await call.of(Acts).dissent(call.path["id"], _operator(call), reason))


async def _do(call: Call, function: Handler, row: ActRow) -> Any:
    """Do an act and note how it ended."""
    if (name := NAMED.get(row.act)) is not None and isinstance(row.body, dict):
        call.kept = Kept(row.path, {name: f"act-{row.id}"} | row.body)
    try:
        answer: Any = await function(call)
    except Exception as fault:
        await call.of(Acts).end(row.id, None, explain_failure(fault).text)
        raise
    await call.of(Acts).end(row.id, _without_key(row.act, json.loads(answer.body)))
    return answer


def _without_key(act: str, result: dict[str, Any]) -> dict[str, Any]:
    """Return what is kept of an answer: an operator's key is told to one, and kept by nobody."""
    return {name: value for name, value in result.items() if (act, name) != ("add-operator", "key")}


async def _act(call: Call) -> str | None:
    """Return which act a request is, None if it is none."""
    row = ACT_OF[call.route.handler]
    if isinstance(row, str):
        return row
    member, acts = row
    told = call.path[member] if member in call.path else (await call.object()).get(member)
    return acts.get(told) if isinstance(told, str) else None


def _operator(call: Call) -> Any:
    if call.operator is None:
        raise NotPermitted("an operator assents, with a key of their own", "penstock exchange --as KEY assent ID")
    return call.operator


def handler_of(route: Route) -> Handler:
    """Return the function of a row of the table; a name that there is not fails here."""
    module, name = route.handler.split(".")
    function: Handler = getattr(import_module(f"connector.api.{module}"), name)
    return function


assert {key for row in ACT_OF.values() for key in ([row] if isinstance(row, str) else row[1].values())} == set(ACTS)

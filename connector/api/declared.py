"""Declared acts over HTTP: one handler for all that name a service and a method (`Act.does`).

Law: a request has exactly the fields of its act, each of its type, before the service is asked; `declared.NAME` in the
table of routes is the act of that name (`Act.call`), found here as if it were written.
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from connector.api.faults import as_json
from connector.client.acts import request
from connector.client.acts.act import READ
from connector.client.acts.table import BY_CALL

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from aiohttp import web

    from connector.api.call import Call
    from connector.client.acts.act import Act

WHO, PERSON = "who", "person"


def __getattr__(name: str) -> Callable[[Call], Awaitable[web.Response]]:
    """Return the handler of a declared act."""
    act = BY_CALL.get(name)
    if act is None or not act.does:
        raise AttributeError(f"no declared act `{name}` names what does it")

    async def handle(call: Call) -> web.Response:
        found = await _done(act, call)
        return as_json(_in_its_shape(act, found), act.status)

    handle.__doc__ = act.help
    return handle


def acts_of(acts: Iterable[Act]) -> dict[str, str | tuple[str, dict[str, str]]]:
    """Return which act of an exchange's operators each handler does: where several share one, its path says which."""
    found: dict[str, str | tuple[str, dict[str, str]]] = {}
    for act in acts:
        if act.operator not in ("", READ):
            told = found.get(act.serves)
            known = told[1] if isinstance(told, tuple) else {}
            [variable] = act.always or [""]
            found[act.serves] = (variable, known | {act.always[variable]: act.operator}) if variable else act.operator
    return found


async def _done(act: Act, call: Call) -> Any:
    told = await read(act, call)
    name, method = act.does.split(".")
    function = getattr(call.parts.named(name), method)
    if WHO in inspect.signature(function).parameters:
        told[WHO] = call.who
    if PERSON in inspect.signature(function).parameters:
        told[PERSON] = call.person
    found = function(**told)
    return await found if inspect.isawaitable(found) else found


async def read(act: Act, call: Call) -> dict[str, Any]:
    """Return what a request tells an act, by the names of its fields; raises InvalidInput."""
    body = await _body(act, call)
    query = {} if act.changes else {**call.request.query, **call.whole_rest}
    known = {one.wire: one for one in act.within("query")}
    asked = {name: request.parsed(known[name], text) if name in known else text for name, text in query.items()}
    return (
        request.checked(
            {name: value for name, value in call.path.items() if name not in act.always}, act.within("path"), "path"
        )
        | request.checked(
            {name: value for name, value in asked.items() if value is not None}, act.within("query"), "query"
        )
        | request.checked(body, act.within("body"), "body")
    )


async def _body(act: Act, call: Call) -> dict[str, Any]:
    """Return the members of a body; an act that has none needs no body."""
    told = act.within("body") or call.kept is not None or call.request.body_exists
    return await call.document() if act.changes and told else {}


def _in_its_shape(act: Act, found: Any) -> Any:
    """Return an answer as its shape has it: a list under the one name that the shape gives it."""
    if isinstance(found, list) and isinstance(act.answer, dict):
        [name] = act.answer
        return {name: found}
    return found

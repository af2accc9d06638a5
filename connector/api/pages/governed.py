"""What an exchange's operators may do from the console: the same acts, by the same rule, as by the management API.

Law: nothing of the exchange is done here beside `connector.api.operators.govern`. Who acts is the owner, as long as no
three operators check each other; else the operator whose key was shown in this session, and what needs another's assent
waits for it. A dismissed operator's key opens nothing from the next request on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
from aiohttp import web

from connector.api.authorize import MANAGEMENT
from connector.api.call import Call, Kept
from connector.api.operators import assent as assented
from connector.api.operators import dissent as dissented
from connector.api.operators import govern, handler_of
from connector.console.sessions import Sessions
from connector.exchange.acts import Acts
from connector.exchange.operators import Operators, digest_of
from connector.runtime.errors import InvalidInput
from connector.store.rows.space import ActState
from contracts import price_words

if TYPE_CHECKING:
    from connector.exchange.operators import Operator
    from contracts.canonical import JsonObject

WAITS = 202
PENDING = "/pending"


async def ask(call: Call, handler: str, path: dict[str, str], body: Any, then: str) -> str:
    """Do what a row of the management API does; return `then`, or where what waits is seen."""
    asked = await _asked(call, handler, path, body)
    answer = await govern(asked, handler_of(asked.route))
    return PENDING if answer.status == WAITS else then


async def told(call: Call, handler: str, path: dict[str, str], body: Any) -> JsonObject:
    """Do a row of the management API that waits for nobody's assent; return its answer."""
    asked = await _asked(call, handler, path, body)
    answer = await govern(asked, handler_of(asked.route))
    assert isinstance(answer, web.Response)
    assert isinstance(answer.body, bytes)
    found: JsonObject = orjson.loads(answer.body)
    return found


async def _asked(call: Call, handler: str, path: dict[str, str], body: Any) -> Call:
    route = next(one for one in MANAGEMENT if one.handler == handler and one.method == "POST")
    return call.inner(route, Kept(path, body), await acting(call))


async def acting(call: Call) -> Operator | None:
    """Return the operator whose key this session has shown, None if it has shown none; raises Unproven."""
    assert call.session is not None
    return await call.of(Operators).known(call.session.post_key) if call.session.post_key else None


async def pending(call: Call) -> JsonObject:
    """Return the acts of a state, by default those that wait for assent, and who is asking."""
    state = call.request.query.get("state", ActState.WAITING)
    rows = await call.of(Acts).page(state)
    operator, told = await acting(call), await call.of(Operators).page()
    mine = None if operator is None else {"name": operator.name, "post": operator.post.value}
    shown = [{**row, "about": orjson.dumps(row["path"] | {"body": _said(row["body"])}).decode()} for row in rows]
    return {"state": state, "states": list(ActState), "operator": mine, "operators": told["operators"], "rows": shown}


def _said(body: Any) -> Any:
    """Return what an act is done with, an amount of it as people write it."""
    if isinstance(body, dict) and str(body.get("amount", "")).isdecimal():
        return body | {"amount": price_words.bare(int(body["amount"]))}
    return body


async def show_key(call: Call, fields: dict[str, str]) -> str:
    """Take note of an operator's key for the rest of this session."""
    assert call.session is not None
    operator = await call.of(Operators).prove("Bearer " + fields["key"].strip())
    if operator is None:
        raise InvalidInput("this is no operator's key", "an operator's key begins with `operator.`")
    await call.of(Sessions).bind(call.session, digest_of(fields["key"].strip()))
    return PENDING


async def assent(call: Call, _fields: dict[str, str]) -> str:
    """Let an act be done, and do it."""
    await assented(await _asked(call, "operators.assent", {"id": call.path["id"]}, {}))
    return PENDING + "?state=done"


async def dissent(call: Call, fields: dict[str, str]) -> str:
    """Refuse an act that waits."""
    await dissented(await _asked(call, "operators.dissent", {"id": call.path["id"]}, {"reason": fields["reason"]}))
    return PENDING

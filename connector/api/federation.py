"""Other catalogues: what this exchange tells other exchanges, and the sources that its operator names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
from aiohttp import web

from catalog.source import Move
from connector.api.faults import JSON, as_json
from connector.exchange.federation import changes, sources
from connector.exchange.federation.harvesting import Harvesting
from connector.exchange.finding import Finding
from connector.identity.peers import Peers
from connector.runtime import reasons
from connector.runtime.errors import Absent, InvalidInput, NotPermitted
from connector.runtime.limits import SOURCE_PRODUCTS
from connector.store.rows.catalogue import SourceRow

if TYPE_CHECKING:
    from connector.api.call import Call

ANYBODY = "*"
MOVES = {move.value: move for move in (Move.PAUSE, Move.SUSPEND, Move.RESUME, Move.DROP)}
HARVEST = "harvest"
ADDED = frozenset({"name", "kind", "address"})
MOST, MEMBER = "most", "member"
AFTER_DIGITS_MAX = 18
EPOCH_CHARACTERS_MAX = 64


async def tell(call: Call) -> web.Response:
    """Tell another exchange what has changed in the catalogue since `after`, signed."""
    query = call.request.query
    readers = call.core.settings.federation.readers
    if ANYBODY not in readers and call.peer not in readers:
        raise NotPermitted(
            f"this exchange does not tell its changes to `{call.peer[:200]}`",
            "its operator adds the DID to `federation.readers`",
        )
    after, epoch = query.get("after", "0"), query.get("epoch", "")
    if not (after.isascii() and after.isdecimal() and len(after) <= AFTER_DIGITS_MAX):
        raise InvalidInput("`after` is no number", "give the `next` of the answer before")
    if len(epoch) > EPOCH_CHARACTERS_MAX or set(query) - {"after", "epoch"}:
        raise InvalidInput("the query has `after` and `epoch`, as an answer of ours gave them")
    await call.spend()
    page_ = await call.core.store.read(
        lambda tx: changes.page(tx, call.core.identity.did, call.peer, int(after), epoch)
    )
    body = orjson.dumps(page_)
    note = changes.signed(body, call.core.identity.did, call.core.identity.keys.log)
    return web.Response(body=body, content_type=JSON, headers={changes.HEADER: note})


async def page(call: Call) -> web.Response:
    """List the sources with their states."""
    rows = await call.core.store.read(lambda tx: tx.find(SourceRow, order="rank"))
    return as_json({"sources": [sources.view(row) for row in rows]})


async def show(call: Call) -> web.Response:
    """Show one source."""
    return as_json(sources.view(await call.core.store.read(lambda tx: sources.find(tx, call.path["id"]))))


async def add(call: Call) -> web.Response:
    """Name a source: `name`, `kind`, `address`; perhaps `most`, how many products it may bring, and whose it is.

    With `member`, an object of `name` and `region`, a connector of the protocol alone is admitted as a member.
    """
    body: dict[str, Any] = await call.object()
    if not ADDED <= set(body) <= ADDED | {MOST, MEMBER} or not all(isinstance(body[name], str) for name in ADDED):
        raise InvalidInput(f"the body has the texts {', '.join(sorted(ADDED))}, perhaps `{MOST}` and `{MEMBER}`")
    most, member = body.get(MOST, SOURCE_PRODUCTS), body.get(MEMBER)
    if type(most) is not int:
        raise InvalidInput(f"`{MOST}` is a whole number")
    if member is not None and not (isinstance(member, dict) and all(isinstance(one, str) for one in member.values())):
        raise InvalidInput(f"`{MEMBER}` is an object of texts")
    core, peers = call.core, call.of(Peers)
    told = await sources.add(core, peers, body["name"], body["kind"], body["address"], most, member)
    call.of(Harvesting).wake()
    return as_json(told, 201)


async def turn(call: Call) -> web.Response:
    """Pause, suspend, resume, drop or harvest a source; to suspend one needs a `reason`."""
    name, act = call.path["id"], call.path["act"]
    reason = ""
    if act == Move.SUSPEND.value:
        body = await call.texts("reason")
        reason = reasons.check(body["reason"], "the operators read it, and the log keeps its digest")
    else:
        await call.texts()
    if act == HARVEST:
        return as_json(await call.of(Harvesting).now(name))
    if act not in MOVES:
        raise Absent(f"there is no act `{act[:100]}`", f"there are {', '.join([*MOVES, HARVEST])}")
    told = await call.core.store.write(lambda tx: sources.turn(tx, call.core, name, MOVES[act], call.who, reason))
    call.of(Finding).changed()
    call.of(Harvesting).wake()
    return as_json(told)

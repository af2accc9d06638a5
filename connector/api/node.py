"""A node over HTTP: codes are assigned and resolved, what was collected is found, and copies of logs are served.

A copy is served as its owner serves the log itself, to anybody: `penstock audit --mirror ORIGIN=NODE/node/logs/DID`.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import quote

from aiohttp import web

from connector.api.faults import as_json
from connector.api.log import IMMUTABLE, TEXT
from connector.exchange.heartbeats import Heartbeats
from connector.exchange.node.copies import LogCopy
from connector.exchange.node.office import Office
from connector.exchange.node.statement import CODE, TRACE
from connector.identity.space.node import CODES, NODE
from connector.runtime.errors import Absent
from connector.runtime.limits import INDEX_DIGITS_MAX
from connector.store.rows.collected import CollectedLogRow

if TYPE_CHECKING:
    from connector.api.call import Call

FIRST_MAX = 1_000_000
ASKED_CHARACTERS_MAX = 512


async def assign(call: Call) -> web.Response:
    """Assign a code to something of the caller's, or of who lists with it."""
    office, claims = call.of(Office), call.claims
    assert claims is not None, "who asks a node has shown a token"
    prove = partial(office.subjects.proof, claims)
    return as_json(await office.register.assign(await call.document(), call.peer, call.act, prove), 201)


async def page(call: Call) -> web.Response:
    """List what is registered, newest first, from the `first` on: of a `kind`, of a `holder`."""
    told = {name: call.request.query.get(name, "")[:ASKED_CHARACTERS_MAX] for name in ("kind", "holder")}
    found = await call.of(Office).register.page(call.first(FIRST_MAX), **told)
    await call.spend()
    return as_json({"codes": found})


async def show(call: Call) -> web.Response:
    """Resolve a code."""
    found = await call.of(Office).register.show(call.path["id"])
    await call.spend()
    return as_json(found)


async def heartbeat(call: Call) -> web.Response:
    """Take in the caller's heartbeat."""
    return as_json(await call.of(Heartbeats).receive_at_node(call.peer, await call.document(), call.act))


async def traced(call: Call) -> web.Response:
    """Find the collected entries about a thing."""
    found = await call.of(Office).tracing.find(call.path["id"], call.first(FIRST_MAX))
    await call.spend()
    return as_json(found)


async def code_across(call: Call) -> web.Response:
    """Ask other nodes for a member of ours what a code is of."""
    return await _across(call, CODE)


async def trace_across(call: Call) -> web.Response:
    """Ask other nodes for a member of ours what they hold about a thing."""
    return await _across(call, TRACE)


async def _across(call: Call, kind: str) -> web.Response:
    found = await call.of(Office).questions.ask(kind, call.path["id"])
    await call.spend()
    return as_json(found.json())


async def below(call: Call) -> web.Response:
    """Take down that a node of another space, that of `exchange`, asks to be below us."""
    told = await call.texts("exchange")
    return as_json(await call.of(Office).links.take(call.peer, told["exchange"], call.act))


async def asked(call: Call) -> web.Response:
    """Answer a question that a node next to us passes on."""
    return as_json(await call.of(Office).questions.answer(await call.document(), call.peer, call.spend))


async def reported(call: Call) -> web.Response:
    """Take in the report of a node below us."""
    return as_json(await call.of(Office).reports.take(await call.document(), call.peer, call.act))


async def checkpoint(call: Call) -> web.Response:
    """Serve the head of a copy, as its owner signed it and others cosigned it."""
    copy = await _copy(call)
    return web.Response(body=copy.row.checkpoint, headers={"Content-Type": TEXT, "Cache-Control": "no-cache"})


async def tile(call: Call) -> web.Response:
    """Serve a hash tile or an entry bundle of a copy."""
    body = await (await _copy(call)).tile("tile/" + call.path["tail"])
    return web.Response(body=body, content_type="application/octet-stream", headers=IMMUTABLE)


async def addenda(call: Call) -> web.Response:
    """Serve what discloses a bundle of a copy to its readers: `first-count`."""
    first, _, count = call.path["index"].partition("-")
    if not all(one.isdecimal() and len(one) <= INDEX_DIGITS_MAX for one in (first, count)):
        raise Absent("addenda of a copy are named by `first-count`")
    return web.Response(body=await (await _copy(call)).addenda(int(first), int(count)), content_type="application/json")


async def resolve(call: Call) -> web.Response:
    """Ask the node what a code is of, in our own name, and through it other nodes."""
    return as_json(await call.of(Office).resolving.code(call.path["id"]))


async def registered(call: Call) -> web.Response:
    """List what the node has registered, of a `kind`; a node reads its own register."""
    office, first, kind = call.of(Office), call.first(FIRST_MAX), call.request.query.get("kind", "")
    if NODE in call.core.identity.roles:
        return as_json({"codes": await office.register.page(first, kind)})
    return as_json(await office.door.ask("GET", f"{CODES}?first={first}&kind={quote(kind, safe='')}"))


async def trace(call: Call) -> web.Response:
    """Ask the node what the collected logs hold about a thing, and with `everywhere` other nodes through it."""
    resolving, first = call.of(Office).resolving, call.first(FIRST_MAX)
    return as_json(await resolving.trace(call.path["id"], first, everywhere=call.truth("everywhere")))


async def _copy(call: Call) -> LogCopy:
    """Return the copy of the log of the member in the path; raises Absent."""
    member = call.path["id"]
    row = await call.core.store.read(lambda tx: tx.get(CollectedLogRow, member=member))
    if row is None or not row.size:
        raise Absent(f"no log of `{member[:200]}` was collected")
    return LogCopy(call.core.store, row)

"""The participant's log as static resources of C2SP tlog-tiles, with addenda and what we saw of others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson
from aiohttp import web

from connector.api.faults import as_json
from connector.chain.anchoring import Anchoring
from connector.chain.entrusting import proofs
from connector.identity.space.supervision import Supervision
from connector.identity.space.view import SpaceView
from connector.operation.keys.registered import RegisteredKeys
from connector.runtime import reasons
from connector.runtime.errors import Absent, Conflict
from connector.runtime.limits import INDEX_DIGITS_MAX
from connector.store import disclosing, erasure
from connector.store.entries import entry_at
from connector.store.peer_heads import forks, seen
from connector.store.rows.evidence import WitnessedRow
from contracts.decimals import read_decimal
from ledger.dispute.fork_proof import NAME as FORK
from ledger.log.tiles import TileError

if TYPE_CHECKING:
    from connector.api.call import Call

TEXT = "text/plain; charset=utf-8"
IMMUTABLE = {"Cache-Control": "public, max-age=31536000, immutable"}


async def checkpoint(call: Call) -> web.Response:
    """Serve the newest cosigned checkpoint."""
    note = await call.core.store.read(call.core.evidence.published)
    if note is None:
        raise Absent("this log has no checkpoint yet")
    return web.Response(body=note, headers={"Content-Type": TEXT, "Cache-Control": "no-cache"})


async def tile(call: Call) -> web.Response:
    """Serve a hash tile or an entry bundle."""
    path = "tile/" + call.path["tail"]
    try:
        body = await call.core.store.read(lambda tx: call.core.evidence.tile(tx, path))
    except TileError as fault:
        raise Absent(str(fault)) from fault
    return web.Response(body=body, content_type="application/octet-stream", headers=IMMUTABLE)


async def addenda(call: Call) -> web.Response:
    """Serve the encrypted disclosures of one entry, or of a range `first-count`."""
    first, _, count = call.path["index"].partition("-")
    if not all(one.isdecimal() and len(one) <= INDEX_DIGITS_MAX for one in (first, count or "1")):
        raise Absent("addenda are named by an entry's index, or by `first-count`")
    indexes = range(int(first), int(first) + min(int(count or 1), 256))
    evidence = call.core.evidence
    boxes = await call.core.store.read(lambda tx: [evidence.addenda(tx, index) for index in indexes])
    return as_json(boxes if count else boxes[0])


async def mark(call: Call) -> web.Response:
    """Write down what we saw of others' logs and of the chain, without anchoring it."""
    await call.texts()
    return as_json({"event": str(await call.of(Anchoring).mark())})


async def erase(call: Call) -> web.Response:
    """Erase what an entry discloses: `index` (decimal), `why`."""
    body = await call.texts("index", "why")
    why = reasons.check(body["why"], "the log keeps it").strip()
    index, now = read_decimal(body["index"], "index"), call.core.clock.now()
    # an object that the entry rests in is fetched here: the writer, of which there is one, waits for no bucket
    await call.core.store.read(lambda tx: entry_at(tx, index))
    event = await call.core.store.write(lambda tx: erasure.erase(tx, call.core.evidence, index, why, now))
    return as_json({"erased": str(index), "event": str(event)})


async def disclose(call: Call) -> web.Response:
    """Disclose past events to the space's supervisor, which came after them."""
    await call.texts()
    supervisor = (await call.of(SpaceView).renewed()).supervisor
    if supervisor is None:
        raise Conflict("the space has no supervisor", "the exchange admits a regulator")
    supervision = call.of(Supervision)
    await supervision.look()
    now, keys, to = call.core.clock.now(), call.core.identity.keys.openers, supervision.of(supervisor)
    events, entry = await call.core.store.write(lambda tx: disclosing.disclose(tx, call.core.evidence, keys, to, now))
    return as_json({"to": supervisor.did, "events": str(events), "event": "" if entry is None else str(entry)})


async def rekey(call: Call) -> web.Response:
    """Draw and use a new BLS key, on chain too: `why`."""
    why = reasons.check((await call.texts("why"))["why"], "the log keeps it")
    return as_json(await call.of(RegisteredKeys).witness(why))


async def forked(call: Call) -> web.Response:
    """Show the forks of others' logs that we can prove."""
    return as_json({"forks": await call.core.store.read(forks)})


async def anchors(call: Call) -> web.Response:
    """Serve what shows that our newest heads stand on the chain by way of the exchange's log."""
    return as_json({"anchors": await call.core.store.read(proofs)})


async def cosigned(call: Call) -> web.Response:
    """Serve the newest head of a log that we cosigned, as its owner signed it; the log is named by its origin."""
    origin = call.path["tail"]
    row = await call.core.store.read(lambda tx: tx.get(WitnessedRow, origin=origin))
    if row is None:
        raise Absent("we have cosigned no head of a log with this origin")
    return web.Response(text=row.note, headers={"Content-Type": TEXT, "Cache-Control": "no-cache"})


async def take_head(call: Call) -> web.Response:
    """As the exchange, have a member's head wait for the next tree: `note`, `time` (posix seconds)."""
    body = await call.texts("note", "time")
    await call.spend()
    return as_json(await call.of(Anchoring).gathering.take(call.peer, body["note"], read_decimal(body["time"], "time")))


async def given_head(call: Call) -> web.Response:
    """As the exchange, give a member the proof of its newest head that we anchored with ours."""
    await call.spend()
    return as_json({"anchor": await call.of(Anchoring).gathering.proof(call.peer)})


async def peers(call: Call) -> web.Response:
    """Serve the newest signed checkpoints that peers showed us, and the forks of logs that we can prove."""
    rows = await call.core.store.read(lambda tx: [*seen(tx), *({FORK: one} for one in forks(tx))])
    return web.Response(body=orjson.dumps(rows), content_type="application/json")

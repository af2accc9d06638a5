"""Sealed bytes from holders: who serves besides us, and what we serve ourselves of what we hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.api.faults import as_json
from connector.api.sealed import answer, span_of
from connector.api.sending import Sending
from connector.consumer.holding import Holding
from connector.custody import replicas
from connector.custody.blobs import Blobs
from connector.provider.carriers import Carriers
from connector.runtime.errors import Absent

if TYPE_CHECKING:
    from aiohttp import web

    from connector.api.call import Call


async def sources(call: Call) -> web.Response:
    """Give the bearer of a ticket a fresh one, and say where else its edition is served."""
    assert call.ticket is not None, "the row asks for one"
    if call.path["edition"] != call.ticket.edition.hex():
        raise Absent("the ticket is for another edition")
    return as_json(await call.of(Carriers).sources(call.ticket))


async def pieces(call: Call) -> web.StreamResponse:
    """Stream sealed bytes of a replica of ours to the bearer of a pass of its provider."""
    assert call.carrying is not None, "the row asks for one"
    told, replica = call.carrying
    first, count, length = span_of(call, replicas.table_of(replica))
    call.of(Holding).charge(told, replica, length)
    with (
        Sending(call.request) as sending,
        replicas.sealed_file(call.of(Blobs).folder, replica) as sealed,
    ):
        return await answer(call, sending, sealed, first, count)

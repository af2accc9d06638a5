"""The catalogue of the Dataspace Protocol 2025-1: a first page, those that follow it, one dataset alone.

Law: a filter that is not understood is refused, never ignored; whatever lies beyond a page is linked from it
(`Link`, rel next and previous), to be asked for by GET under the same proof. Answers are compressed for who asks.
"""

from __future__ import annotations

import asyncio
import gzip
import re
from functools import partial
from typing import TYPE_CHECKING, Any

import orjson
from aiohttp import web

from connector.api.dsp import peer_of
from connector.api.faults import JSON, as_json
from connector.exchange.federation.crawl import Source, crawl
from connector.identity.peers import Peers
from connector.identity.space.view import SpaceView
from connector.licence.audience import Audience
from connector.negotiation import whereabouts
from connector.negotiation.protocol import continuation, messages, offers, query_spec, validation
from connector.negotiation.protocol.continuation import NEXT, PARAMETER, PREVIOUS
from connector.negotiation.protocol.errors import MalformedError
from connector.negotiation.protocol.query_spec import ALL, Query
from connector.provider.offering import CATALOGUES, DATASETS, Asker, Offering, whole
from connector.provider.waiting import Waiting
from connector.runtime.errors import InvalidInput

if TYPE_CHECKING:
    from connector.api.call import Call
    from connector.licence.audience import Viewer
    from connector.negotiation.protocol.continuation import Place
    from connector.provider.offering import Page

PATH = "/dsp/catalog/request"
# one packet carries so much; below it, compressing saves nobody anything
PLAIN_BYTES_MAX = 1_400
# measured on a page of a hundred like datasets, 155 kB: level 1 leaves 4.7 % in 0.24 ms, level 6 3.8 % in 0.79 ms
GZIP_LEVEL = 1
# what is compressed on the event loop, in half a millisecond; a thread costs the caller more than it saves others
LOOP_BYTES_MAX = 262_144
FOREIGN = frozenset({"peer", "base", "from"})
_CODING = re.compile(r"\s*(gzip|x-gzip|\*)\s*(?:;\s*q\s*=\s*(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)\s*)?", re.IGNORECASE)


async def request(call: Call) -> web.Response:
    """Serve the first page, or with a continuation token the one it names, to a catalogue request message."""
    message = validation.read("CatalogRequestMessage", await call.request.read())
    query, place = query_spec.read(message.get("filter")), _place(call)
    if place is not None and query.selects:
        raise MalformedError(f"a page is asked for by its `{PARAMETER}` or by a filter: say one of them")
    return await _page(call, place or call.of(Offering).start(), query)


async def resume(call: Call) -> web.Response:
    """Serve the page that a link of another page names."""
    place = _place(call)
    if place is None:
        raise MalformedError(f"`{PARAMETER}` is absent: POST a `CatalogRequestMessage` for the first page")
    return await _page(call, place)


async def dataset(call: Call) -> web.Response:
    """Serve one dataset with its offers."""
    await call.spend()
    viewer = call.of(Audience).viewer(call.peer)
    try:
        await call.of(Waiting).settle(call.path["id"])
        body = await call.of(Offering).dataset(call.path["id"], await _asker(call, viewer))
    finally:
        await call.of(Audience).record(viewer)
    return await _answer(call, messages.root_dataset(orjson.loads(body)), {})


async def foreign(call: Call) -> web.Response:
    """Read a catalogue of somebody: `peer` (a DID), `base` (an address), or both; `from` goes on at a page's link."""
    query = call.request.query
    base, peer = query.get("base"), query.get("peer")
    if not (base or peer) or set(query) - FOREIGN:
        raise InvalidInput("say whose catalogue: `peer` (a DID) or `base` (an address), and perhaps `from`")
    core, peers = call.core, call.of(Peers)
    if base:
        place = await whereabouts.told(core.outbound, peers, base, peer)
    else:
        place = await whereabouts.locate(core.outbound, peers, str(peer))
    return as_json(await crawl(core, peers, Source(*place, start=query.get("from", ""))))


def _place(call: Call) -> Place | None:
    """Return the place that the query names, None without a query; a member that we do not understand is refused."""
    query = call.request.query
    if not query:
        return None
    if [name for name, _ in query.items()] != [PARAMETER]:
        raise MalformedError(f"the query has exactly one member, `{PARAMETER}`")
    return continuation.read(query[PARAMETER], call.of(Offering).shelves)


async def _page(call: Call, place: Place, query: Query = ALL) -> web.Response:
    await call.spend()
    viewer, offering = call.of(Audience).viewer(call.peer), call.of(Offering)
    asker = await _asker(call, viewer)
    if query.selects:
        page = await offering.select(query, asker)
    else:
        page = await offering.page(place, asker, query.limit)
    await call.of(Audience).record(viewer)
    links = continuation.header(call.core.identity.url + PATH, ((NEXT, page.next), (PREVIOUS, page.previous)))
    return await _answer(call, _document(call, page), {"Link": links} if links else {})


async def _asker(call: Call, viewer: Viewer) -> Asker:
    """Return who asks; a connector of our make says in its document by which key it signs agreements."""
    ours = (await peer_of(call.of(Peers), call.of(SpaceView), call.peer)).address is not None
    return Asker(viewer.sees, whole if ours else offers.foreign)


def _document(call: Call, page: Page) -> messages.Document:
    service = messages.data_service(call.core.identity.did + "#dsp", call.core.identity.url + messages.DSP_PATH)
    listed = [[orjson.Fragment(body) for body in page.entries.get(name, ())] for name in (DATASETS, CATALOGUES)]
    return messages.catalog(call.core.identity.did + "#catalog", call.core.identity.did, [service], *listed)


async def _answer(call: Call, document: Any, headers: dict[str, str]) -> web.Response:
    body = orjson.dumps(document)
    told = {"Vary": "Accept-Encoding", **headers}
    if len(body) > PLAIN_BYTES_MAX and _takes_gzip(call.request.headers.getall("Accept-Encoding", [])):
        packed = partial(gzip.compress, body, GZIP_LEVEL, mtime=0)
        body = packed() if len(body) <= LOOP_BYTES_MAX else await asyncio.to_thread(packed)
        told["Content-Encoding"] = "gzip"
    return web.Response(body=body, content_type=JSON, headers=told)


def _takes_gzip(headers: list[str]) -> bool:
    """Say whether gzip is accepted (RFC 9110, 12.5.3): by its name, else by `*`, and not with weight zero."""
    weights: dict[str, float] = {}
    for coding in ",".join(headers).split(","):
        if found := _CODING.fullmatch(coding):
            weights.setdefault(found[1].lower().removeprefix("x-"), float(found[2] or 1))
    return weights.get("gzip", weights.get("*", 0.0)) > 0

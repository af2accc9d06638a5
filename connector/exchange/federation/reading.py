"""One page of a source: what is on it, and where the next one is.

Law: (1) A page leaves everything that the next one needs in its cursor, so reading goes on after any crash. (2) What is
not read is told, with the reason; a page that breaks the rules is the source's fault and is raised. (3) A cursor never
goes back within a reading, so no source can lead us in circles.

    of an exchange  {"after": number, "epoch": text}
    of a catalogue  {"waiting": [[did, base, page, level], …], "asked": [base, …]}; an empty one is the beginning
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlencode

from catalog import foreign
from catalog.errors import CatalogError
from catalog.source import Kind
from connector.exchange.federation import changes, entry
from connector.exchange.federation.crawl import MEMORY_BYTES_MAX, Crawl, Source, found, strays
from connector.exchange.federation.entry import Sighting
from connector.identity.self_description import base_url
from connector.negotiation.protocol import offers
from connector.negotiation.protocol.errors import ProtocolError
from connector.net.body import decoded
from connector.runtime.errors import InvalidInput, PeerMisbehaved, explain_failure
from connector.runtime.limits import PAGE_ROWS_MAX, SOURCE_LINES_MAX
from contracts.errors import ContractError
from policy.errors import PolicyError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from datetime import datetime

    from connector.core.core import Core
    from connector.identity.peers import Peers
    from connector.runtime.worker import Worker
    from connector.store.rows.catalogue import SourceRow
    from contracts.canonical import JsonObject


T = TypeVar("T")

# what is longer is taken apart by the worker: a thread that does so holds up every answer of ours
HERE_BYTES_MAX = 65_536
_THREAD = ThreadPoolExecutor(1, thread_name_prefix="penstock-harvest")
# what a product that is none is refused with
REFUSED = (CatalogError, ContractError, InvalidInput, PolicyError, ProtocolError)


@dataclass(slots=True)
class Page:
    """What one page holds; `done` when it is the last one of the reading.

    `left` counts what was left out and `told` says of some of it why; `reset` asks to begin the reading again.
    """

    cursor: JsonObject
    sightings: list[Sighting] = field(default_factory=list)
    done: bool = False
    reset: bool = False
    left: int = 0
    told: list[str] = field(default_factory=list)
    whole: bool = True

    def leave(self, why: str) -> None:
        """Count what is left out, and say why while there is room."""
        self.left += 1
        if len(self.told) < SOURCE_LINES_MAX:
            self.told.append(why)


async def exchange(core: Core, peers: Peers, worker: Worker, source: SourceRow) -> Page:
    """Read the next changes of an exchange."""
    did, cursor = source.did, source.cursor
    after, epoch = cursor.get("after", 0), cursor.get("epoch", "")
    document = await peers.document(did)
    url = base_url(document) + changes.PATH + "?" + urlencode({"after": after, "epoch": epoch})
    answer = await core.outbound.get(url, headers=peers.authorization(did))
    changes.check(answer.body, answer.headers.get(changes.HEADER, ""), did, document.require("log"))
    now = core.clock.now()
    return await _apart(worker, len(answer.body), _changes, answer.body, source, core.identity.did, now)


async def _apart(worker: Worker, size: int, take: Callable[..., T], *told: Any) -> T:
    """Take an answer of some bytes apart, one at a time for all sources, so that members are answered meanwhile."""
    if size > HERE_BYTES_MAX:
        return await worker.do(take, *told)
    return await asyncio.get_running_loop().run_in_executor(_THREAD, take, *told)


def _changes(body: bytes, source: SourceRow, own: str, now: datetime) -> Page:
    told = decoded(body)
    after, epoch = source.cursor.get("after", 0), source.cursor.get("epoch", "")
    _check_head(told, source.did, after)
    if told["reset"] and after:
        return Page({"after": 0, "epoch": told["epoch"]}, reset=True)
    if after and epoch and told["epoch"] != epoch:
        raise PeerMisbehaved(f"`{source.did}` has another catalogue and does not say so")
    page = Page({"after": told["next"], "epoch": told["epoch"]}, done=not told["more"])
    last = after
    for line in told["entries"]:
        try:
            seq = entry.seq_of(line)
            if not last < seq <= told["next"]:
                raise PeerMisbehaved(f"`{source.did}` tells changes out of order")
            last = seq
            page.sightings.append(entry.read(line, source.did, own, now))
        except REFUSED as fault:
            page.leave(f"{_named(line)}: {fault}")
    return page


def _check_head(told: Any, did: str, after: int) -> None:
    kinds = {"exchange": str, "epoch": str, "after": int, "next": int, "more": bool, "reset": bool, "entries": list}
    if not isinstance(told, dict) or any(type(told.get(name)) is not kind for name, kind in kinds.items()):
        raise PeerMisbehaved(f"`{did}` answers with no changes")
    if told["exchange"] != did or told["after"] != after or len(told["entries"]) > PAGE_ROWS_MAX:
        raise PeerMisbehaved(f"`{did}` answers something else than was asked")
    if not told["reset"] and (told["next"] < after or (told["more"] and told["next"] == after)):
        raise PeerMisbehaved(f"`{did}` leads us in circles")


def _named(line: Any) -> str:
    return repr(line.get("id"))[:80] if isinstance(line, dict) else "an entry"


# ---- any catalogue of the Dataspace Protocol


async def catalogue(core: Core, peers: Peers, worker: Worker, source: SourceRow) -> Page:
    """Read the next page of a catalogue, or of one nested in it."""
    cursor = source.cursor
    if not cursor:
        first = await found(core, peers, source.address)
        cursor = {"waiting": [_pair(first)], "asked": [first.base]}
    waiting = [Source(*each) for each in cursor["waiting"]]
    here, rest = waiting[0], waiting[1:]
    crawl = Crawl(core, peers, asked=set(cursor["asked"]), begun=core.clock.monotonic())
    page, beyond = Page({}), ""
    try:
        if here.level > 1 and not here.start:
            await crawl.meet(here)
        beyond = await crawl.turn(here.page, here)
    except Exception as fault:
        if here.level == 1:
            raise
        page.whole = False  # one of its members is away: what it told before stays
        page.leave(f"{here.did}: {explain_failure(fault).text}")
    catalogues, size = list(crawl.catalogues.values()), MEMORY_BYTES_MAX - crawl.memory_left
    page.sightings, left = await _apart(worker, size, _sightings, catalogues, here)
    for why in (*left, *(f"{row['did']}: {row['why']}" for row in crawl.unread)):
        page.leave(why)
    page.left += crawl.untold
    if beyond and (beyond == here.page or strays(beyond, here)):
        raise PeerMisbehaved(f"`{here.base}` links from a page to itself or elsewhere")
    rest = [Source(here.did, here.base, beyond, here.level), *rest] if beyond else rest
    rest += crawl.waiting
    page.cursor = {"waiting": [_pair(each) for each in rest], "asked": sorted(crawl.asked)}
    page.done = not rest
    return page


def _sightings(catalogues: list[JsonObject], here: Source) -> tuple[list[Sighting], list[str]]:
    """Return what catalogues tell, and of what is left out why."""
    found, left = list[Sighting](), list[str]()
    for each in catalogues:
        for dataset in each["datasets"]:
            try:
                found.append(_sighting(dataset, each["participantId"], each["base"], here))
            except REFUSED as fault:
                left.append(f"{dataset['@id'][:80]!r}: {fault}")
    return found, left


def _sighting(dataset: JsonObject, participant: str, base: str, here: Source) -> Sighting:
    """Return a dataset as it was told; `here` is who answered, which counts as its provider only under its own name."""
    offer = offers.read(dataset["hasPolicy"][0])
    tariff = {} if offer.terms is None else offer.terms["tariff"]
    price = "" if offer.price is None else str(offer.price)
    document = foreign.read(dataset, participant, base, price, tariff).json()
    path = () if participant == here.did else (here.did,)
    own = f"{len(participant)} {participant} {document['id']}"
    return entry.sighting(own, entry.check(document), path, None)


def _pair(source: Source) -> list[Any]:
    return [source.did, source.base, source.start, source.level]


READERS: Mapping[Kind, Callable[[Core, Peers, Worker, SourceRow], Awaitable[Page]]] = {
    Kind.EXCHANGE: exchange,
    Kind.DSP: catalogue,
}

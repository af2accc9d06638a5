"""Somebody's catalogue read from outside: page after page by its links, and the catalogues nested in it.

Law: (1) What was not read is told, with the reason and where to go on; nothing is cut silently. (2) A token is for the
participant that owns the address it is sent to: a link leads to the same origin or nowhere, and a nested catalogue is
asked at the origin that its participant's own DID document names. (3) An entry that is not valid is left out and told.

    {"catalogues": [{"did", "participantId", "base", "datasets": […]}, …], "unread": [{"did", "at", "why"}, …]}
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from connector.negotiation.protocol import messages, validation
from connector.negotiation.protocol.continuation import NEXT, linked
from connector.negotiation.whereabouts import did_of, joined, locate, origin
from connector.runtime.errors import AddressRefused, InvalidInput, PeerMisbehaved, PeerRefused, explain_failure
from contracts.canonical import values_at_most

if TYPE_CHECKING:
    from connector.core.core import Core
    from connector.identity.peers import Peers
    from connector.net.outbound import Answer

# pages in all: ten thousand offers in pages of a hundred, more than anybody reads; the answer says where to go on
PAGES_MAX = 100
# what they may take in memory, and one page alone; a page of a hundred offers takes 2 MB
MEMORY_BYTES_MAX = 128 * 1_048_576
PAGE_MEMORY_BYTES_MAX = 32 * 1_048_576
VALUE_BYTES = 200  # of a value of JSON besides its text
# catalogues asked: a space of a hundred providers behind one exchange fits
CATALOGUES_MAX = 128
# a catalogue in a catalogue in a catalogue: an exchange of exchanges
LEVELS_MAX = 3
# entries left out that are told one by one; explaining one takes a millisecond
TOLD_MAX = 100
# somebody waits for the answer; a page takes milliseconds, a participant that is away takes seconds
CRAWL_SECONDS_MAX = 60.0

REQUEST = messages.document("CatalogRequestMessage")
PATH = "/catalog/request"
WRONG_METHOD = 405


@dataclass(frozen=True, slots=True)
class Source:
    """One catalogue to read: whose, at which DSP base, from which page on, and how deep it was found."""

    did: str
    base: str
    start: str = ""
    level: int = 1

    @property
    def page(self) -> str:
        """Return the address of the page to read first."""
        return self.start or self.base + PATH


@dataclass(slots=True)
class Crawl:
    """One walk; see `crawl`."""

    core: Core
    peers: Peers
    pages_left: int = field(default_factory=lambda: PAGES_MAX)
    memory_left: int = MEMORY_BYTES_MAX
    begun: float = 0.0
    waiting: deque[Source] = field(default_factory=deque)
    asked: set[str] = field(default_factory=set)
    catalogues: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    unread: list[dict[str, str]] = field(default_factory=list)
    untold: int = 0

    async def run(self, first: Source) -> dict[str, Any]:
        """Read `first`, whose fault is raised, and what is nested in it, whose faults are told."""
        self.begun = self.core.clock.monotonic()
        self.asked.add(first.base)
        await self._read(first)
        while self.waiting:
            source = self.waiting.popleft()
            try:
                if not self._spent():
                    await self.meet(source)
                await self._read(source)
            except Exception as fault:  # noqa: BLE001  # one participant's fault is told, the others are read
                self._tell(source.did, source.base, explain_failure(fault).text)
        if self.untold:
            self._tell(first.did, first.base, f"and {self.untold} more that were not read")
        return {"catalogues": list(self.catalogues.values()), "unread": self.unread}

    async def _read(self, source: Source) -> None:
        """Read the pages of one catalogue, until there is no next one or there is a reason to stop."""
        url, seen = source.page, set[str]()
        while url:
            if why := self._stop(url, seen, source):
                self._tell(source.did, url, why)
                return
            try:
                beyond = await self.turn(url, source)
            except Exception as fault:
                if not seen:
                    raise
                self._tell(source.did, url, explain_failure(fault).text)
                return
            seen.add(url)
            url = beyond

    async def turn(self, url: str, source: Source) -> str:
        """Read one page and return where the next one is, empty when there is none."""
        answer = await self._page(url, source.did, first=url == source.base + PATH)
        self.pages_left -= 1
        taken = len(answer.body) + VALUE_BYTES * values_at_most(answer.body)
        if taken > PAGE_MEMORY_BYTES_MAX:
            raise PeerMisbehaved(f"`{url}` answers with a page that takes more than {PAGE_MEMORY_BYTES_MAX} bytes")
        self.memory_left -= taken
        await asyncio.to_thread(self._take, answer, source)  # checking megabytes would hold up everybody else
        return joined(url, linked(answer.every("Link"), NEXT))

    def _stop(self, url: str, seen: set[str], source: Source) -> str:
        if self._spent():
            return f"stopped after {PAGES_MAX - self.pages_left} pages; go on from here"
        if url in seen:
            return "the page links to one before it"
        if strays(url, source):
            return "the next page is at another origin, where our proof does not belong"
        return ""

    def _spent(self) -> bool:
        late = self.core.clock.monotonic() - self.begun > CRAWL_SECONDS_MAX
        return late or self.pages_left <= 0 or self.memory_left <= 0

    async def _page(self, url: str, did: str, *, first: bool) -> Answer:
        """Ask for a page; some connectors answer their own links only to the request message."""
        outbound, headers = self.core.outbound, self.peers.authorization
        if first:
            return await outbound.post(url, REQUEST, headers=headers(did))
        try:
            return await outbound.get(url, headers=headers(did))
        except PeerRefused as refusal:
            if refusal.status != WRONG_METHOD:
                raise
            return await outbound.post(url, REQUEST, headers=headers(did))

    def _take(self, answer: Answer, source: Source) -> None:
        page = answer.json()
        if not isinstance(page, dict) or page.get("@type") != "Catalog":
            raise PeerMisbehaved(f"`{source.base}` answers with no catalogue")
        self._keep(page, source)

    def _keep(self, catalogue: dict[str, Any], source: Source) -> None:
        """Keep the valid datasets, each once, and go into what is nested."""
        named = str(catalogue.get("participantId", source.did))
        at = {"did": source.did, "participantId": named, "base": source.base, "datasets": []}
        listed: list[Any] = self.catalogues.setdefault((source.did, named), at)["datasets"]
        known = {one["@id"]: one for one in listed}
        for dataset in _list(catalogue, "dataset"):
            if not self._valid("Dataset", dataset, source):
                continue
            if dataset["@id"] not in known:
                known[dataset["@id"]] = dataset
                listed.append(dataset)
            elif known[dataset["@id"]] != dataset:
                self._leave(source.did, source.base, f"`{dataset['@id'][:200]}` is listed again, with other words")
        for nested in _list(catalogue, "catalog"):
            self._go_into(nested, source)

    def _go_into(self, nested: Any, source: Source) -> None:
        """Keep what a nested catalogue holds itself, and queue the service that answers for it."""
        inside = {"participantId": source.did, **nested} if isinstance(nested, dict) else nested
        if not self._valid("Catalog", inside, source):
            return
        service = next(iter(_list(inside, "service")), None)
        base = source.base if service is None else str(service["endpointURL"]).rstrip("/")
        did = did_of(inside["participantId"], base)
        if source.level == LEVELS_MAX:
            self._leave(did, base, f"nested deeper than {LEVELS_MAX} catalogues; ask it directly")
            return
        below = Source(did, base, level=source.level + 1)
        if _list(inside, "dataset") or _list(inside, "catalog"):
            self._keep(inside, below)
        if base in self.asked:
            return
        if len(self.asked) == CATALOGUES_MAX:
            self._leave(did, base, f"more than {CATALOGUES_MAX} catalogues; ask it directly")
            return
        self.asked.add(base)
        self.waiting.append(below)

    async def meet(self, source: Source) -> None:
        """Make sure that a nested catalogue is where its participant says: another could use our token against it."""
        own = await found(self.core, self.peers, source.did)
        if origin(own.base) != origin(source.base):
            raise AddressRefused(f"`{source.did}` answers at `{origin(own.base)}`, not at `{source.base}`")

    def _valid(self, kind: str, entry: Any, source: Source) -> bool:
        """Say whether an entry of a catalogue is one; one that is not is told."""
        root = {"@context": [messages.CONTEXT], **entry} if isinstance(entry, dict) else entry
        valid = validation.agrees(kind, root)
        if not valid:
            room = len(self.unread) < TOLD_MAX  # an explanation that nobody reads is not made
            self._leave(source.did, source.base, validation.explain(kind, root) if room else "")
        return valid

    def _leave(self, did: str, at: str, why: str) -> None:
        """Tell of an entry that is left out, or count it: a peer sends as many as it likes."""
        if len(self.unread) < TOLD_MAX:
            self._tell(did, at, why)
        else:
            self.untold += 1

    def _tell(self, did: str, at: str, why: str) -> None:
        """Tell where reading stopped; there are no more of these than catalogues asked."""
        self.unread.append({"did": did, "at": at, "why": why})


async def crawl(core: Core, peers: Peers, source: Source) -> dict[str, Any]:
    """Return what a catalogue and those nested in it offer, and what was not read; raises when the first page fails."""
    if source.start and origin(source.start) != origin(source.base):
        raise InvalidInput(f"`{source.start}` is not at `{origin(source.base)}`", "give a link of that catalogue")
    return await Crawl(core, peers).run(source)


async def found(core: Core, peers: Peers, told: str) -> Source:
    """Return the catalogue of a DID, or that at a URL, to be read from its first page."""
    return Source(*await locate(core.outbound, peers, told))


def strays(url: str, source: Source) -> bool:
    """Say whether a page is elsewhere than its catalogue."""
    return origin(url) != origin(source.base)


def _list(document: dict[str, Any], name: str) -> list[Any]:
    found = document.get(name, [])
    return found if isinstance(found, list) else []

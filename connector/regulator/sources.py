"""What the regulator's audit asks of the world, given URLs only: `ledger.audit.sources.Sources` over HTTP and JSON-RPC.

Law: nothing here is believed and nothing of anybody's disk is read; the audit checks what comes in. A source that does
not answer is `Unavailable` and nothing else, so that one silent member cannot stop the audit of the others.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any, TypeVar

from connector.identity import did as dids
from connector.identity import readers
from connector.identity.self_description import base_url
from connector.identity.space import listing
from connector.regulator.patience import Patience, PatientOutbound
from connector.runtime.errors import InvalidInput, PeerRefused, PenstockError, VerificationFailed
from connector.runtime.limits import ROWS_BYTES_MAX
from contracts import address
from contracts.canonical import load
from contracts.errors import why
from ledger.audit.sources import BlockHead, Unavailable
from ledger.chain import payments
from ledger.chain.client import Chain
from ledger.chain.deployment import Deployment, borne_out
from ledger.chain.errors import ChainError
from ledger.chain.programs import Programs
from ledger.log import checkpoint as checkpoints
from ledger.log import note as notes
from ledger.space.document import Space, SpaceError

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
    from datetime import datetime

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from connector.identity.did import Document
    from connector.net.outbound import Outbound
    from ledger.chain.client import Event
    from ledger.chain.payment import Payment

# the programs whose events the audit compares with the logs; the token's transfers decide nothing
PROGRAMS = ("editions", "licences", "channels", "anchors", "spaces")
# a space of 10,000 members has a document of some 10 MB
SPACE_BYTES_MAX = 16 * 1_048_576
# of so many members the document is read in pages
LISTED_FROM = 10_000
# a head, and those who act for all
HEAD_BYTES_MAX = 65_536
NOT_FOUND = 404
LOG = "/log/"  # below it every member serves its log
PEERS = LOG + "peers"  # to members alone
CHAIN = "chain"

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Reader:
    """Who audits, if it is a member: the key of its log, by which the space's document names it, and its clock."""

    log: Ed25519PrivateKey = field(repr=False)
    now: Callable[[], datetime]

    def among(self, members: Any) -> Callable[[str], Mapping[str, str] | None]:
        """Return what answers the headers that prove it to the member that serves a URL.

        It is None where either is no member. A space has many, so who serves what is looked up and not searched.
        """
        rows = [row for row in members if isinstance(row, dict)] if isinstance(members, list) else []
        key = self.log.public_key().public_bytes_raw().hex()
        own = next((row.get("did") for row in rows if row.get("logKey") == key), None)
        # where two serve one URL the first counts
        holders = {f"{row.get('url')}{PEERS}": row.get("did") for row in reversed(rows)}

        def headers(url: str) -> Mapping[str, str] | None:
            holder = holders.get(url)
            if not isinstance(holder, str) or not isinstance(own, str):
                return None
            return readers.header(self.log, own, holder, self.now())

        return headers


@dataclass(frozen=True, slots=True)
class Places:
    """Where an audit reads: the exchange by URL, or by its DID in `space`; the chain, the exchange's own by default.

    `mirrors` maps a log's origin to another base URL under which the same paths lie; `logs` are such URLs, whose
    origins their checkpoints say: if there are any, no other log is read.
    """

    exchange: str
    space: str = ""
    rpc: str = ""
    mirrors: Mapping[str, str] = field(default_factory=dict)
    logs: Sequence[str] = ()
    origins: frozenset[str] = frozenset()  # those of `logs`


class UrlSources:
    """The sources of one audit."""

    def __init__(
        self,
        places: Places,
        outbound: Outbound,
        *,
        development: bool = False,
        trust: ssl.SSLContext | None = None,
        reader: Reader | None = None,
    ) -> None:
        self._reader = reader
        self._proving: Callable[[str], Mapping[str, str] | None] | None = None
        self.exchange = places.exchange.rstrip("/")
        self._outbound = outbound
        self._development = development
        self._patience = Patience()
        self._chain = Chain.connect(places.rpc or f"{self.exchange}/rpc", trust)
        self._mirrors = {origin: base.rstrip("/") for origin, base in places.mirrors.items()}
        self._origins = places.origins
        self._space: Mapping[str, Any] | None = None

    async def space(self) -> Mapping[str, Any]:
        """Return the space document; asked once, so that one audit has one space."""
        if self._space is None:
            self._space = await self._document()
        return self._space

    async def _document(self) -> Mapping[str, Any]:
        head = await self.head()
        count = head.get("count") if head is not None else None
        if isinstance(count, int) and count > LISTED_FROM:
            try:
                _, space = await listing.listed(self._outbound, self.exchange)
            except (PenstockError, SpaceError) as error:
                raise Unavailable(str(error)) from error
            return space.json()
        document = _document(await self._get(f"{self.exchange}/space", SPACE_BYTES_MAX), SPACE_BYTES_MAX)
        if not isinstance(document, dict):
            raise Unavailable(f"`{self.exchange}/space` is no object")
        return document

    async def head(self) -> Mapping[str, Any] | None:
        """Return the newest head that the exchange shows, None of an exchange that makes none."""
        try:
            answer = await self._outbound.get(f"{self.exchange}{listing.CHANGES}", limit_bytes=HEAD_BYTES_MAX)
        except PeerRefused as refused:
            if refused.status == NOT_FOUND:
                return None
            raise Unavailable(str(refused)) from refused
        except PenstockError as error:
            raise Unavailable(str(error)) from error
        told = _document(answer.body, HEAD_BYTES_MAX)
        shown = told.get("head") if isinstance(told, dict) else None
        if not isinstance(shown, dict):
            raise Unavailable(f"`{self.exchange}{listing.CHANGES}` shows no head")
        return shown

    async def identity(self, did: str) -> Mapping[str, str] | None:
        """Return what the member publishes under its own DID, None if that is no document of its own."""
        try:
            return published(await dids.resolve(did, self._outbound, development=self._development))
        except (VerificationFailed, InvalidInput):
            return None
        except PenstockError as error:
            raise Unavailable(str(error)) from error

    async def fetch(self, url: str) -> bytes:
        """Return the body behind a member's public URL, or behind the same path of the mirror of its log."""
        place, below, _ = url.split("://", 1)[-1].partition(LOG)
        if below and self._origins and place + LOG.rstrip("/") not in self._origins:
            raise Unavailable("not looked at: other logs were named")
        mirrored = self._mirrored(url)
        return await self._get(mirrored, ROWS_BYTES_MAX, await self._as_reader(url) if mirrored == url else None)

    async def unread(self) -> Sequence[str]:
        """Return the DIDs of the members whose logs are none of those that were named, none where none was."""
        if not self._origins:
            return []
        members = Space.from_json(await self.space()).members.values()
        return [member.did for member in members if member.origin not in self._origins]

    async def chain_events(self, first: int = 0) -> Sequence[Event]:
        """Return all events of the deployment's programs from block `first` on, in the order in which they came."""
        said = _deployment(await self.space())
        if await self._answered(self._chain.chain_id) != said.chain_id:
            raise Unavailable("the chain that answers has another id than the space's deployment")
        programs = Programs(self._chain, await borne_out(self._chain, said))
        newest = await self._answered(self._chain.newest)
        asked = (self._answered(partial(programs.events, name, None, first, newest.number)) for name in PROGRAMS)
        every = chain.from_iterable(await asyncio.gather(*asked))
        return sorted(every, key=lambda event: (event.block, event.position))

    async def block(self, number: int) -> BlockHead | None:
        """Return a block's hash and time, None if the chain has none of that number."""
        block = await self._answered(lambda: self._chain.block(number))
        return None if block is None else BlockHead(block.hash, block.at)

    async def payment(self, transaction: bytes) -> Payment | None:
        """Return what a transaction paid under a reference, None if the chain has none of this hash that did."""
        programs = Programs(self._chain, _deployment(await self.space()))
        return await self._answered(lambda: payments.paid(programs, transaction))

    async def payments(self, sender: bytes, receiver: bytes) -> Sequence[Payment]:
        """Return what one account paid another under references, in chain order."""
        programs = Programs(self._chain, _deployment(await self.space()))
        return await self._answered(lambda: payments.between(programs, sender, receiver))

    async def attestation(self) -> Mapping[str, Any] | None:
        """Return the newest aggregate attestation that the exchange serves, if there is one."""
        url = f"{self.exchange}/space/attestation"
        try:
            answer = await self._outbound.get(url)
        except PeerRefused as refused:
            if refused.status == NOT_FOUND:
                return None
            raise Unavailable(str(refused)) from refused
        except PenstockError as error:
            raise Unavailable(str(error)) from error
        document = _document(answer.body, len(answer.body))
        if not isinstance(document, dict):
            raise Unavailable(f"`{url}` is no object")
        return document

    async def close(self) -> None:
        """Close the connections to the chain."""
        await self._chain.close()

    async def _as_reader(self, url: str) -> Mapping[str, str] | None:
        """Return the headers for what members show to members; None where it is for everybody, or we are none."""
        if self._reader is None or not url.endswith(PEERS):
            return None
        if self._proving is None:
            self._proving = self._reader.among((await self.space()).get("members"))
        return self._proving(url)

    def _mirrored(self, url: str) -> str:
        path = url.split("://", 1)[-1]
        for origin, base in self._mirrors.items():
            if path.startswith(origin + "/"):
                return base + path.removeprefix(origin)
        return url

    async def _get(self, url: str, limit_bytes: int, headers: Mapping[str, str] | None = None) -> bytes:
        try:
            return (await self._outbound.get(url, headers=headers, limit_bytes=limit_bytes)).body
        except PenstockError as error:
            raise Unavailable(str(error)) from error

    async def _answered(self, question: Callable[[], Awaitable[T]]) -> T:
        """Return what the chain answers."""
        try:
            return await self._patience.ask(CHAIN, question)
        except ChainError as error:
            raise Unavailable(str(error)) from error


@asynccontextmanager
async def sources(
    places: Places | str,
    *,
    development: bool = False,
    networks: Sequence[str] = (),
    trust: ssl.SSLContext | None = None,
    reader: Reader | None = None,
) -> AsyncIterator[UrlSources]:
    """Open the sources of one audit, and close them behind it; a text is the URL of the exchange.

    `reader` proves the auditor to members; without it, what members show to members is not read.
    """
    asked = Places(places) if isinstance(places, str) else places
    async with PatientOutbound(development=development, networks=networks, trust=trust) as outbound:
        found = await _found(asked, outbound, development=development)
        opened = UrlSources(found, outbound, development=development, trust=trust, reader=reader)
        try:
            yield opened
        finally:
            await opened.close()


async def _found(places: Places, outbound: Outbound, *, development: bool) -> Places:
    """Return the places with the exchange resolved from its DID, and the logs by their origins."""
    exchange, mirrors, origins = places.exchange, dict(places.mirrors), set[str]()
    if places.space:
        exchange = base_url(await dids.resolve(places.space, outbound, development=development))
    for url in places.logs:
        head = (await outbound.get(f"{url.rstrip('/')}/checkpoint")).body
        origin = checkpoints.parse_text(notes.parse(head).text).origin
        mirrors[origin] = url
        origins.add(origin)
    return replace(places, exchange=exchange, mirrors=mirrors, origins=frozenset(origins))


def published(document: Document) -> dict[str, str]:
    """Return a DID document in the words of a member's row in the space document; InvalidInput if it has no log."""
    aggregate, possession = document.aggregate or (b"", b"")
    keys = {
        "address": document.agreement and address.show(document.agreement),
        "logKey": document.log and document.log.hex(),
        "delivery": document.delivery and document.delivery.hex(),
        "aggregate": aggregate.hex(),
        "possession": possession.hex(),
        "cosigner": document.cosigner and document.cosigner.hex(),
        "sm2": " ".join(key.hex() for key in ([document.sm2, *document.sm2_former] if document.sm2 else ())),
    }
    return {"url": base_url(document), **{name: key for name, key in keys.items() if key}}


def _document(body: bytes, limit_bytes: int) -> Any:
    try:
        return load(body, max_bytes=limit_bytes)
    except ValueError as error:
        raise Unavailable(f"not a JSON document: {error}") from error


def _deployment(space: Mapping[str, Any]) -> Deployment:
    try:
        return Deployment.from_json(space["deployment"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Unavailable(f"the space's deployment cannot be read: {why(error)}") from error

"""The one door outward: every HTTP request of the program leaves here.

Law: an address is checked before a socket is opened, and the socket is opened to the address that was checked. A URL
has scheme http(s) and a plain host, no credentials; every IP that its name resolves to must be public (loopback only
under development; other private networks only if the operator named them); redirects are not followed; an answer has a
limit of bytes and of time and is never decompressed.
"""

from __future__ import annotations

import asyncio
import math
import socket
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Self

import aiohttp

from connector.net import slow_headers
from connector.net.addresses import Gate
from connector.net.answer import is_accepted, refused, require_plain, unreachable
from connector.net.body import decoded, encoded
from connector.net.lane import Lane
from connector.net.request_span import went
from connector.runtime import rehearsal, traceparent
from connector.runtime.errors import PeerMisbehaved
from connector.runtime.limits import (
    ANSWER_BYTES_MAX,
    CALL_SECONDS_MAX,
    CONNECT_SECONDS_MAX,
    CONNECTIONS_MAX,
    PEER_CONNECTIONS_MAX,
    REFUSAL_BYTES_MAX,
    STALL_SECONDS_MAX,
    TRICKLE_BYTES,
    TRICKLE_SECONDS_MAX,
)

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
    from types import TracebackType

    from aiohttp.abc import ResolveResult
    from multidict import CIMultiDictProxy
    from yarl import URL

    from connector.runtime.spans import Span, Spans

# fewer wake-ups on a download (measured: 256 KiB receives as fast as curl)
READ_BYTES = 256 * 1024
# many negotiations of one peer begin within such a time; a name that moves is noticed soon after
VETTED_SECONDS, VETTED_MAX = 10.0, 1_024
# methods that change nothing at a peer
READING = frozenset({"GET", "HEAD"})
# what a broken, silent or slow connection raises
BROKEN = (aiohttp.ClientError, OSError, TimeoutError)


@dataclass(frozen=True, slots=True)
class Answer:
    """A peer's answer of the 2xx family."""

    status: int
    headers: CIMultiDictProxy[str]
    body: bytes

    def every(self, name: str) -> list[str]:
        """Return the values of a header that may be sent several times."""
        return self.headers.getall(name, [])

    def json(self) -> Any:
        """Return the decoded body; raises `PeerMisbehaved`."""
        return decoded(self.body)


class Download:
    """A stream of bytes: status and headers are there, the body comes as it arrives."""

    def __init__(self, response: aiohttp.ClientResponse, limit_bytes: int, *, patient: bool = False) -> None:
        self.status = response.status
        self.headers: Mapping[str, str] = response.headers
        self._response = response
        self._limit_bytes = limit_bytes
        self._trickle_seconds = math.inf if patient else TRICKLE_SECONDS_MAX

    @property
    def ended(self) -> bool:
        """Say whether nothing more comes after what was taken."""
        return self._response.content.at_eof()

    async def chunks(self) -> AsyncIterator[bytes]:
        """Yield the body in pieces of any size; raises `PeerUnreachable` when it breaks off."""
        left = self._limit_bytes
        content, clock = self._response.content, asyncio.get_running_loop().time
        waited, came = 0.0, 0
        while True:
            begun = clock()
            # nothing but the read itself may be taken for the peer's fault: the reader's own errors pass through
            try:
                chunk = await content.readany()
            except BROKEN as error:
                raise unreachable(self._response.url, error) from error
            if not chunk:
                return
            left -= len(chunk)
            waited, came = waited + clock() - begun, came + len(chunk)
            if waited >= self._trickle_seconds:
                if came < TRICKLE_BYTES:
                    raise unreachable(self._response.url, TimeoutError(f"{came} bytes came in {waited:.0f} s"))
                waited, came = 0.0, 0
            if left < 0:
                self._response.close()
                raise PeerMisbehaved(f"`{self._response.url.origin()}` sends more than {self._limit_bytes} bytes")
            yield chunk


class Outbound:
    """A pool of connections to peers; use it as an async context manager, or `open` and `close` it."""

    def __init__(
        self,
        *,
        development: bool = False,
        networks: Sequence[str] = (),
        trust: ssl.SSLContext | None = None,
        spans: Spans | None = None,
    ) -> None:
        self._trust = trust
        self._spans = spans
        self._another = partial(Outbound, development=development, networks=networks, trust=trust, spans=spans)
        self._gate = Gate(development=development, networks=networks)
        self._session: aiohttp.ClientSession | None = None
        self._vetted: dict[str, float] = {}  # host and port → until when they count as looked up

    async def __aenter__(self) -> Self:
        return self.open()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def open(self) -> Self:
        """Make the pool; must be called in the event loop that will use it."""
        assert self._session is None, "this door is open already"
        pool = aiohttp.TCPConnector(
            resolver=self._gate,
            socket_factory=self._gate.socket,
            ssl=self._trust or True,
            limit=CONNECTIONS_MAX,
            limit_per_host=PEER_CONNECTIONS_MAX,
        )
        self._session = aiohttp.ClientSession(
            connector=pool,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            trust_env=False,
            read_bufsize=READ_BYTES,
            headers={"Accept-Encoding": "identity", "User-Agent": "penstock"},
        )
        return self

    def another(self) -> Outbound:
        """Return a closed door behind an equal gate, for a loop of its own."""
        return self._another()

    async def close(self) -> None:
        """Close every connection."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    def check(self, url: str) -> None:
        """Raise `AddressRefused` for a URL that we would not connect to, as far as its text tells; asks no resolver."""
        self._gate.check(url)

    async def vet(self, url: str) -> None:
        """Do what `check` does and resolve the name, too: for an address a peer gives us to call back later.

        Raises `AddressRefused`, or `PeerUnreachable` when the name does not resolve; opens no socket to it. A name
        that was well a moment ago is not asked for again: what it leads to is looked at again before any socket.
        """
        checked, now = self._gate.check(url), asyncio.get_running_loop().time()
        name = checked.raw_authority
        if self._vetted.get(name, -math.inf) > now:
            return
        await self._resolve(checked)
        if len(self._vetted) >= VETTED_MAX:
            self._vetted.clear()
        self._vetted[name] = now + VETTED_SECONDS

    async def lane(self, url: str) -> Lane:
        """Return a connection for a thread to where `url` leads now; opens no socket yet. Raises as `vet`."""
        checked = self._gate.check(url)
        return Lane(self._gate, checked, await self._resolve(checked), self._trust)

    async def _resolve(self, checked: URL) -> list[ResolveResult]:
        assert checked.raw_host is not None
        assert checked.port is not None
        try:
            return await self._gate.resolve(checked.raw_host, checked.port, socket.AF_UNSPEC)
        except OSError as error:
            raise unreachable(checked, error) from error

    async def get(self, url: str, *, headers: Mapping[str, str] | None = None, **options: Any) -> Answer:
        """Ask for a document; see `request`."""
        return await self.request("GET", url, headers=headers, **options)

    async def post(self, url: str, body: Any, *, headers: Mapping[str, str] | None = None, **options: Any) -> Answer:
        """Send a document (a JSON value, or bytes as they are); see `request`."""
        return await self.request("POST", url, body=body, headers=headers, **options)

    async def request(
        self,
        method: str,
        url: str,
        *,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        timeout_seconds: float = CALL_SECONDS_MAX,
        limit_bytes: int = ANSWER_BYTES_MAX,
    ) -> Answer:
        """Send one request and read its whole answer.

        Raises `AddressRefused` (nothing was sent), `PeerUnreachable` (no answer, or 429, 502, 503, 504),
        `PeerRefused` (any other answer outside 2xx, redirects too), `PeerMisbehaved` (answer too long or encoded).
        """
        limits = aiohttp.ClientTimeout(total=timeout_seconds, sock_connect=CONNECT_SECONDS_MAX)
        async with await self._send(method, url, body, headers, limits) as response:
            return Answer(response.status, response.headers, await _read(response, limit_bytes))

    @asynccontextmanager
    async def download(
        self,
        url: str,
        *,
        limit_bytes: int,
        headers: Mapping[str, str] | None = None,
        stall_seconds: float | None = STALL_SECONDS_MAX,
    ) -> AsyncIterator[Download]:
        """Ask for at most `limit_bytes` bytes as a stream; stalls and trickles bound its time, if anything does."""
        limits = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS_MAX, sock_read=stall_seconds)
        async with await self._send("GET", url, None, headers, limits) as response:
            yield Download(response, limit_bytes, patient=stall_seconds is None)

    @asynccontextmanager
    async def forward(
        self, method: str, url: str, body: bytes, headers: Mapping[str, str], *, seconds: float, limit_bytes: int
    ) -> AsyncIterator[Download]:
        """Send a request as it is and yield its answer, of whatever status; no redirect is followed.

        Raises `AddressRefused`, `PeerUnreachable`, and `PeerMisbehaved` for an answer that is encoded.
        """
        assert self._session is not None, "open the door first"
        checked = self._gate.check(url)
        rehearsal.refuse(rehearsal.SEND, method, url, {"bytes": len(body)})
        limits = aiohttp.ClientTimeout(total=seconds, sock_connect=CONNECT_SECONDS_MAX)
        try:
            response = await self._session.request(
                method,
                checked,
                data=body or None,
                headers=headers,
                timeout=limits,
                allow_redirects=False,
                skip_auto_headers=("Content-Type",),
            )
        except BROKEN as error:
            raise unreachable(checked, error) from error
        async with response:
            require_plain(response.headers.get("Content-Encoding"))
            yield Download(response, limit_bytes)

    async def upload(
        self,
        method: str,
        url: str,
        chunks: AsyncIterator[bytes],
        length: int,
        headers: Mapping[str, str],
        hears: Callable[[bytes], None] | None = None,
    ) -> None:
        """Send `length` bytes as a stream; given up when the peer takes none, or does not answer, for too long.

        Raises as `request` does, and what `chunks` and `hears` raise; that one is given what is answered.
        """
        assert self._session is not None, "open the door first"
        checked, now = self._gate.check(url), asyncio.get_running_loop().time
        headers = await slow_headers.read(headers)
        rehearsal.refuse(rehearsal.SEND, method, url, {"bytes": length})
        limits = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS_MAX)
        sent, broken = {**headers, "Content-Length": str(length)}, list[Exception]()
        try:
            async with asyncio.timeout(STALL_SECONDS_MAX) as stalled:

                async def taken() -> AsyncIterator[bytes]:
                    try:
                        async for chunk in chunks:
                            stalled.reschedule(now() + STALL_SECONDS_MAX)
                            yield chunk
                    except Exception as fault:
                        broken.append(fault)
                        raise

                request = self._session.request(
                    method, checked, data=taken(), headers=sent, timeout=limits, allow_redirects=False
                )
                async with request as response:
                    await _accept(response)
                    if hears is not None:
                        hears(await _read(response, REFUSAL_BYTES_MAX))
        except BROKEN as error:
            raise broken[0] if broken else unreachable(checked, error) from error

    @contextmanager
    def noted(self, method: str, url: str) -> Iterator[Span]:
        """Yield the span of a message that goes within another request: it is told as if it went alone."""
        with went(self._spans, traceparent.outgoing(), method, self._gate.check(url)) as span:
            yield span

    async def _send(
        self, method: str, url: str, body: Any, headers: Mapping[str, str] | None, limits: aiohttp.ClientTimeout
    ) -> aiohttp.ClientResponse:
        assert self._session is not None, "open the door first"
        checked, headers = self._gate.check(url), await slow_headers.read(headers)
        if method not in READING:
            rehearsal.refuse(rehearsal.SEND, method, url, rehearsal.sent(headers, body))
        data, kind = encoded(body)
        place = traceparent.outgoing()
        sent = {**kind, **headers, traceparent.HEADER: place.header}
        with went(self._spans, place, method, checked) as span:
            try:
                response = await self._session.request(
                    method, checked, data=data, headers=sent, timeout=limits, allow_redirects=False
                )
            except BROKEN as error:
                raise unreachable(checked, error) from error
            span.status = response.status
        try:
            await _accept(response)
        except BaseException:
            response.close()
            raise
        return response


async def _accept(response: aiohttp.ClientResponse) -> None:
    """Pass an answer of the 2xx family; raise what any other one means."""
    require_plain(response.headers.get("Content-Encoding"))
    if not is_accepted(response.status):
        body = await _read(response, REFUSAL_BYTES_MAX)
        raise refused(response.url, response.method, response.status, body)


async def _read(response: aiohttp.ClientResponse, limit_bytes: int) -> bytes:
    return b"".join([chunk async for chunk in Download(response, limit_bytes).chunks()])

"""What only the process that works can answer, asked of another one of ours: passed on, and its answer passed back.

Law: (1) what follows from the tables alone, and from the folder that all of them share, is answered where it is asked:
what peers ask. What lives in one process (somebody's session, a pull that is read as it comes, a call that is metered
while it runs) is answered by the one that works, wherever it was asked. (2) A request is passed on once, as it is; who
proves who it is does so there. (3) While nobody works, because the next one is about to, it waits; what was sent and
got no answer may have been done, and is told so.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import aiohttp
from aiohttp import web
from multidict import CIMultiDict

from connector.api.authorize import Who
from connector.api.places import Places
from connector.runtime.errors import OutcomeUnknown, PeerUnreachable
from connector.runtime.limits import CONNECT_SECONDS_MAX, FORWARDED_REQUESTS_MAX
from connector.store.tenure import LEASE_SECONDS, Tenure

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from ssl import SSLContext

    from multidict import CIMultiDictProxy

    from connector.api.authorize import Route
    from connector.runtime.settings import Settings

# modules of handlers that any process answers
ANYWHERE = frozenset({
    "agreements", "catalogue", "chain", "channel", "dsp", "exchange", "holders", "log", "parcels", "plain", "sealed",
    "spaces", "telemetry", "wellknown", "witness",
})  # fmt: skip
# what an owner asks of the very process: whether it lives, what it measures
OWN = "telemetry"
# of these modules what is answered by who works: it stands in line with the purchases of a channel, or counts in memory
WORKING = frozenset({"channel.acknowledgement", "holders.pieces"})
PASSED = "Penstock-Passed-On"
# whose places a request takes here; everybody else is a peer
CALLERS = {Who.ANYONE: "strangers", Who.OWNER: "owners", Who.ACCOUNT: "owners"}
# about one connection, not about the message (RFC 9110 7.6.1)
HOP = frozenset({
    "connection", "expect", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te",
    "trailer", "transfer-encoding", "upgrade",
})  # fmt: skip
LOOK_SECONDS = 0.1
READ_BYTES = 256 * 1024


def is_anywhere(route: Route) -> bool:
    """Say whether any process answers a route, and not only the one that works."""
    module = route.handler.partition(".")[0]
    if route.who is Who.OWNER:
        return module == OWN
    return module in ANYWHERE and route.handler not in WORKING


class Forwarding:
    """Passes requests on to the process of ours that works."""

    def __init__(self, settings: Settings, tenure: Tenure, trust: SSLContext | None) -> None:
        # an exchange alone keeps nothing outside its tables: each of its processes answers everything
        self.applies = settings.side_by_side and not settings.is_copied
        self._tenure, self._trust = tenure, trust
        self._name = urlsplit(settings.url).hostname
        # strangers, peers and owners have their own, so that none of them waits for the others
        self._places = Places(FORWARDED_REQUESTS_MAX)
        self._session: aiohttp.ClientSession | None = None

    async def run(self, _app: web.Application) -> AsyncIterator[None]:
        """Have a pool of connections while the application serves."""
        limits = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS_MAX)
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, ssl=self._trust or True),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            timeout=limits,
            read_bufsize=READ_BYTES,
        )
        yield
        await self._session.close()

    async def _elsewhere(self, request: web.Request) -> str:
        """Return who works, empty if it is this process; raises PeerUnreachable if nobody does in time."""
        clock = asyncio.get_running_loop().time
        last = clock() + LEASE_SECONDS
        while not self._tenure.held:
            if PASSED in request.headers or clock() >= last:
                break
            if where := await self._tenure.where():
                return where
            await asyncio.sleep(LOOK_SECONDS)
        if self._tenure.held:
            return ""
        raise PeerUnreachable("none of our processes works now", "ask again: the next one is about to take over")

    async def pass_on(self, route: Route, request: web.Request) -> web.StreamResponse | None:
        """Return the answer of the process that works; None if this one does, or does by now.

        Raises PeerUnreachable, OutcomeUnknown, and what `Places` has against one request more.
        """
        if not self.applies or is_anywhere(route) or self._tenure.held:
            return None
        with self._places.one(CALLERS.get(route.who, "peers")):
            while where := await self._elsewhere(request):
                try:
                    async with self._asked(where, request) as answer:
                        return await _pass_back(request, answer)
                except aiohttp.ClientConnectorError:
                    pass  # it has just ended, and nothing was sent: whoever works next is asked
                await asyncio.sleep(LOOK_SECONDS)
        return None

    @asynccontextmanager
    async def _asked(self, where: str, request: web.Request) -> AsyncIterator[aiohttp.ClientResponse]:
        assert self._session is not None, "requests come while the application serves"
        headers = _without_hops(request.headers)
        headers[PASSED] = "1"
        body = request.content.iter_any() if request.body_exists else None
        try:
            answer = await self._session.request(
                request.method,
                where + request.rel_url.raw_path_qs,
                headers=headers,
                data=body,
                allow_redirects=False,
                server_hostname=self._name if where.startswith("https:") else None,
            )
        except aiohttp.ClientConnectorError:
            raise
        except (aiohttp.ClientError, OSError) as fault:
            text = "the process of ours that works went away before it answered"
            raise OutcomeUnknown(text, "ask again with the same id") from fault
        async with answer:
            yield answer


async def _pass_back(request: web.Request, answer: aiohttp.ClientResponse) -> web.StreamResponse:
    """Give the answer to who asked, as it comes; one that breaks off there breaks off here."""
    passed = web.StreamResponse(status=answer.status, reason=answer.reason, headers=_without_hops(answer.headers))
    await passed.prepare(request)
    try:
        async for part in answer.content.iter_any():
            await passed.write(part)
        await passed.write_eof()
    except (aiohttp.ClientError, OSError):
        if request.transport is not None:
            request.transport.abort()
        raise
    return passed


def _without_hops(headers: CIMultiDictProxy[str]) -> CIMultiDict[str]:
    """Return what is said of a message, without what is said of its connection."""
    named = {name.strip().lower() for told in headers.getall("Connection", ()) for name in told.split(",")}
    return CIMultiDict((name, value) for name, value in headers.items() if name.lower() not in HOP | named)

"""The network: every request and every answer may be late, lost, doubled, overtaken, or cut off by a partition.

Law: what arrives is what was sent; who sent it is known to whoever receives it. A dead process hears and says nothing.
"""

from __future__ import annotations

import asyncio

import orjson
from aiohttp import web
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from connector.net.answer import is_accepted, refused, unreachable
from connector.net.outbound import CALL_SECONDS_MAX, Answer, Outbound

QUICK_SECONDS, SLOW_SECONDS = (0.001, 0.05), (0.5, 8.0)
LATE_SECONDS = 40.0  # a doubled message comes again within this


class Network:
    """Who is where, and how bad the lines are: shares of messages that are lost, doubled, slow."""

    def __init__(self, loop, chance):
        self._loop, self._chance = loop, chance
        self._places, self._apart = {}, {}
        self.lost = self.doubled = self.slow = 0.0

    def join(self, url, participant):
        self._places[url] = participant

    def cut(self, one, other, until):
        """Let nothing pass between two participants until a moment of the loop."""
        self._apart[frozenset((one, other))] = until

    def calm(self):
        self.lost = self.doubled = self.slow = 0.0

    def heal(self):
        self._apart.clear()
        self.calm()

    async def carry(self, sender, method, url, body, proof, seconds):
        """Return status, headers and body of the answer; raises TimeoutError, ConnectionError.

        What is doubled may come again as it is, or be said again by a proxy that proves itself anew.
        """
        receiver, path = self._place(url)
        asked = method, path, body, sender
        async with asyncio.timeout(seconds):
            if not await self._passes(sender, receiver):
                await asyncio.sleep(seconds)
            if self._chance.random() < self.doubled:
                later = self._chance.uniform(0.0, LATE_SECONDS)
                again = self._chance.choice((proof, f"again {proof}"))
                self._loop.call_later(later, self._again, receiver, asked, again)
            if not receiver.listens:
                raise ConnectionRefusedError
            answering = receiver.process.run(receiver.answer(*asked, proof), self._loop)
            # whoever asked may go, and what was asked is answered all the same
            await asyncio.wait([answering])
            if answering.cancelled():
                raise ConnectionResetError
            answer = answering.result()
            if not await self._passes(receiver, sender):
                await asyncio.sleep(seconds)
            return answer

    async def _passes(self, sender, receiver):
        """Take the time of the way; return whether the message arrives."""
        is_slow = self._chance.random() < self.slow
        await asyncio.sleep(self._chance.uniform(*(SLOW_SECONDS if is_slow else QUICK_SECONDS)))
        until = self._apart.get(frozenset((sender.name, receiver.name)), 0.0)
        return self._loop.time() >= until and self._chance.random() >= self.lost

    def _again(self, receiver, asked, proof):
        if receiver.listens:
            receiver.process.run(receiver.answer(*asked, proof), self._loop)

    def _place(self, url):
        place = next(place for place in self._places if url.startswith(place + "/"))
        return self._places[place], url[len(place) :]


class Way(Outbound):
    """A participant's way out."""

    def __init__(self, network, sender):
        super().__init__(development=True)
        self._network, self._sender = network, sender

    def check(self, url):
        return URL(url)

    async def vet(self, url):
        self.check(url)

    async def request(self, method, url, *, body=None, headers=None, timeout_seconds=CALL_SECONDS_MAX, **_limits):
        where, raw = URL(url), body if isinstance(body, bytes) or body is None else orjson.dumps(body)
        try:
            answer = await self._network.carry(
                self._sender, method, url, raw, (headers or {}).get("Authorization"), timeout_seconds
            )
        except (TimeoutError, ConnectionError) as fault:
            raise unreachable(where, fault) from fault
        if not is_accepted(answer.status):
            raise refused(where, method, answer.status, answer.body)
        return Answer(answer.status, CIMultiDictProxy(CIMultiDict(answer.headers)), answer.body)


class Request:
    """A request as the surface's handlers look at it."""

    def __init__(self, method, path, body, match_info):
        self.method, self.path, self.match_info, self.headers = method, path, match_info, {}
        self._body = body or b""

    async def read(self):
        return self._body

    def get(self, _name):
        return None


def absent():
    return web.Response(status=404, body=b"{}")

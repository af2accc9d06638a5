"""A peer that keeps every body it is sent: it takes each message, and loses many of its own answers.

It speaks the protocol without signatures, as either side: it begins negotiations as a consumer, answers ours as a
provider, and says its next word as soon as it has seen a message for the first time, until that word is taken.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections import defaultdict

from aiohttp import ClientError, ClientSession, web

from connector.negotiation.protocol import messages
from connector.negotiation.protocol.states import NEGOTIATION

LAST = "finalize"  # of what a provider says
WELL, LOSSES = "well", ("500", "gone")
LOST_MOST = 3  # of the answers to one message
AGAIN_SECONDS = 0.05


class Recorder:
    """`heard` maps (our id of a negotiation, message) to the bodies that came.

    `url` is the connector's DSP base, `us` its DID, `chance` draws what happens to an answer, `owed` are the last words
    of negotiations whose answer was lost: nothing that we say tells that they were heard, so they come again.
    """

    def __init__(self, header):
        self.chance, self._header = random.Random(0), header
        self.heard, self.owed, self._lost_one = defaultdict(list), set(), False
        self.url = self.us = ""
        self._tasks = set()

    async def start(self):
        application = web.Application()
        application.router.add_post("/{tail:.*}", self._hear)
        self._runner = web.AppRunner(application, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.base = f"http://localhost:{self._runner.addresses[0][1]}"
        self._session = ClientSession(headers={"Authorization": self._header})

    async def stop(self):
        for task in tuple(self._tasks):
            task.cancel()
        await self._session.close()
        await self._runner.cleanup()

    def begin(self, number, offer):
        """Ask for an offer as a consumer."""
        pid = f"urn:recorder:{number}"
        body = messages.contract_request(consumer_pid=pid, offer=offer, callback=self.base)
        self._say("/negotiations/request", body)
        return pid

    async def _hear(self, request):
        body = json.loads(await request.read())
        kind = messages.name_of(NEGOTIATION, body)
        ours = (
            request.path.split("/")[2] if request.path != "/negotiations/request" else f"urn:of:{body['consumerPid']}"
        )
        told = self.heard[ours, kind]
        told.append(body)
        if len(told) == 1:
            self._react(kind, ours, body)
        if kind == LAST:
            self.owed.add(ours)
        if len(told) <= LOST_MOST and (mood := self.chance.choice(self._moods(kind))) != WELL:
            if mood == "500":
                return web.Response(status=500)
            request.transport.abort()
        else:
            self.owed.discard(ours)
        pids = {"provider_pid": body.get("providerPid", ours), "consumer_pid": body["consumerPid"]}
        return web.json_response(messages.ack(NEGOTIATION, *pids.values(), "REQUESTED"))

    def _moods(self, kind):
        """Return what may happen to an answer; the first to a last word is lost, so that some word must come again."""
        if kind == LAST and not self._lost_one:
            self._lost_one = True
            return LOSSES
        return WELL, *LOSSES

    def _react(self, kind, ours, body):
        """Say what follows from a message that is heard for the first time."""
        provider, consumer = body.get("providerPid", ours), body["consumerPid"]
        if kind == "request":
            agreement = {
                **body["offer"],  # as it is bound to: a buyer holds it against this
                "@id": f"urn:agreement:{ours}",
                "@type": "Agreement",
                "target": body["offer"]["target"],
                "assigner": "RECORDER",
                "assignee": self.us,
                "timestamp": "2026-01-01T00:00:00Z",
            }
            said = messages.contract_agreement(provider, consumer, agreement)
            self._say(f"/negotiations/{consumer}/agreement", said)
        elif kind == "agreement":
            self._say(f"/negotiations/{provider}/agreement/verification", messages.verification(provider, consumer))
        elif kind == "verification":
            self._say(f"/negotiations/{consumer}/events", messages.event("finalize", provider, consumer))

    def _say(self, path, body):
        task = asyncio.get_running_loop().create_task(self._insist(path, {**body, "@id": f"urn:said:{id(body)}"}))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _insist(self, path, body):
        """Send until it is taken: the connector may be dead at the moment."""
        while True:
            try:
                async with self._session.post(self.url + path, json=body) as answer:
                    if answer.status < 500 and answer.status != 404:
                        assert answer.status < 300, await answer.text()
                        return
            except (ClientError, OSError):
                pass
            await asyncio.sleep(AGAIN_SECONDS)

"""Data planes of ours with control planes of another make: what the tests of data flows say and hear."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import uuid
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
from aiohttp import web

from connector.client.client import Client
from connector.custody.opened import STEP_BYTES
from connector.demo.processes import Participant, free_ports
from connector.identity import did as dids
from connector.identity import tokens
from connector.operation.initialise import initialise
from connector.operation.signaling.profiles import PULL
from connector.runtime.clock import Clock
from tests.interop import signaling

ONE, OTHER = b"gauge,height\n1,2\n", b"x,y\n" + b"3,4\n" * 4_000_000
UNTIL = "2099-01-01T00:00:00Z"
WITHIN_SECONDS = 20


@dataclass
class Plane:
    """A data plane of ours, and a control plane that has it run flows; `heard` is what it was told."""

    data: object
    url: str
    did: str
    name: str = ""
    headers: dict = field(default_factory=dict)
    registered: dict = field(default_factory=dict)
    heard: list = field(default_factory=list)
    process: Participant | None = None

    async def say(self, path, body=None, status=200, headers=None, method="POST"):
        told = self.headers if headers is None else headers
        async with aiohttp.ClientSession() as session:
            kept = {} if body is None else {"json": body}
            async with session.request(method, f"{self.url}/signaling/{path}", headers=told, **kept) as answer:
                assert answer.status == status, await answer.text()
                told = await answer.json() if "json" in answer.content_type else None
        if status == 200 and told is not None:
            signaling.hold(signaling.ANSWERS.get(path.rpartition("/")[2]), told)
        return told

    async def state(self, key):
        return (await self.say(f"dataflows/{key}/status", method="GET"))["state"]

    async def until(self, key, state):
        return await until(lambda: self.state(key), lambda found: found == state)

    async def told(self, key, word):
        """Wait until the control plane has heard a word about a flow."""
        await until(lambda: asyncio.sleep(0, self.heard), lambda heard: (key, word) in [one[:2] for one in heard])

    async def files(self, key):
        """Return what has come by a flow."""
        async with Client(self.data) as penstock:
            [row] = [row for row in (await penstock.flow_list())["flows"] if row["flow"] == key]
        return {} if not row["folder"] else contents(row["folder"])


def contents(folder):
    return {path.name: path.read_bytes() for path in Path(folder).rglob("*") if path.is_file()}


def recorded(plane, key):
    """Return the kinds of the entries in a log that are linked to a flow."""
    with closing(sqlite3.connect(plane.data / "penstock.db")) as tables:
        entries = [json.loads(entry) for [entry] in tables.execute("SELECT entry FROM log_entries ORDER BY idx")]
    return [entry["type"] for entry in entries if entry["link"] == [key]]


async def until(look, holds):
    loop = asyncio.get_running_loop()
    end = loop.time() + WITHIN_SECONDS
    while not holds(found := await look()):
        assert loop.time() < end, found
        await asyncio.sleep(0.03)
    return found


@asynccontextmanager
async def control_plane(plane):
    """Register a control plane that keeps what it is told, each word with the claims of the token beside it."""

    async def hear(request):
        unverified = tokens.take_apart(tokens.of_header(request.headers["Authorization"]))
        document = dids.parse(plane.document, plane.did)
        tokens.verify(unverified, document, plane.name, Clock().now())
        word = request.match_info["word"]
        plane.heard.append((request.match_info["id"], word, await request.json()))
        signaling.hold(signaling.WORDS[word], plane.heard[-1][2])
        return web.Response()

    app = web.Application()
    app.router.add_post("/transfers/{id}/dataflow/{word}", hear)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "localhost", 0).start()
    async with Client(plane.data) as penstock:
        endpoint = f"http://localhost:{runner.addresses[0][1]}/"
        plane.registered = await penstock.controlplane_add(plane=plane.name, endpoint=endpoint)
    signaling.hold(signaling.REGISTRATION, plane.registered["registration"])
    plane.headers = {"Authorization": "Bearer " + plane.registered["token"]}
    async with aiohttp.ClientSession() as session, session.get(plane.url + "/.well-known/did.json") as answer:
        plane.document = await answer.read()
    yield
    await runner.cleanup()


async def running(folder, role):
    port, data = free_ports(1)[0], folder / role
    initialise(data, name=role, roles=(role,), region="DE-BY", port=port, exchange=None, development=True)
    process = Participant(data)
    await process.start()
    return Plane(data, f"http://localhost:{port}", f"did:web:localhost%3A{port}", f"cp-{role}", process=process)


def beginning(planes, dataset, profile=PULL, key="", side=0, **more):
    """Return the message that begins a flow on one side."""
    who, other = planes[side].did, planes[1 - side].did
    return {
        "messageId": str(uuid.uuid4()),
        "participantId": who,
        "counterPartyId": other,
        "dataspaceContext": "dataspace-protocol-http:2025-1",
        "processId": key or str(uuid.uuid4()),
        "agreementId": "urn:uuid:agreed",
        "datasetId": dataset,
        "profile": profile,
        "claims": {},
        **more,
    }


def about(**more):
    return {"messageId": str(uuid.uuid4()), **more}


def properties(address):
    return {one["name"]: one["value"] for one in address["endpointProperties"]}


async def pull(planes, dataset, profile=PULL):
    """Begin a pull on both sides; returns the two ids and the provider's address."""
    provider, consumer = planes
    given = await provider.say("dataflows/start", beginning(planes, dataset, profile))
    taken = await consumer.say("dataflows/prepare", beginning(planes, dataset, profile, side=1))
    assert (given["state"], taken["state"], "dataAddress" in taken) == ("STARTED", "PREPARED", False)
    return given["dataFlowId"], taken["dataFlowId"], given["dataAddress"]


def with_token(address, token):
    """Return an address with another access token."""
    listed = [
        one | {"value": token} if one["name"] == "authorization" else one for one in address["endpointProperties"]
    ]
    return {**address, "endpointProperties": listed}


@asynccontextmanager
async def foreign(tags):
    """Serve OTHER as any web server may: the first answer breaks off; `tags` are those of its answers, in turn."""
    asked = []

    async def give(request):
        asked.append(dict(request.headers))
        tag = tags[min(len(asked), len(tags)) - 1]
        same = request.headers.get("If-Range") == tag
        at = int(request.headers["Range"][len("bytes=") : -1]) if "Range" in request.headers and same else 0
        headers = {"ETag": tag, "Content-Length": str(len(OTHER) - at)}
        if at:
            headers["Content-Range"] = f"bytes {at}-{len(OTHER) - 1}/{len(OTHER)}"
        if at == len(OTHER):
            return web.Response(status=416)
        answer = web.StreamResponse(status=206 if at else 200, headers=headers)
        await answer.prepare(request)
        if len(asked) == 1:
            await answer.write(OTHER[: STEP_BYTES + STEP_BYTES // 2])
            await asyncio.sleep(0.3)
            request.transport.abort()
            return answer
        await answer.write(OTHER[at:])
        return answer

    app = web.Application()
    app.router.add_get("/rows", give)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "localhost", 0).start()
    yield f"http://localhost:{runner.addresses[0][1]}/rows", asked
    await runner.cleanup()

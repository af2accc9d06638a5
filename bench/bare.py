"""A bare prototype of a negotiation, measured beside the connector: what the messages and the disk alone cost.

`python -m bench.bare serve PORT DIR` is one side, either of the two; port 0 takes a free one. It prints its address.

Law:
1. The work is the connector's: four messages over HTTP, bodies as long as its own, a fresh ES256 token made and
   verified on each; eight transitions, each an upsert and an event, on the disk before anybody is told of it (WAL,
   synchronous=FULL, group commit). A message is sent as soon as the one before it is on the disk: no sleep, no poll.
2. There is nothing else: no log, no proofs, no policy, no EIP-712 signatures, no outbox to send again from after a
   crash, no look at whether the token was used or the message fits the state. It is a bound, not a connector.
"""

from __future__ import annotations

import asyncio
import sqlite3
import sys
import time
import uuid
from base64 import urlsafe_b64decode, urlsafe_b64encode
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp
import orjson
import uvloop
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from bench.rounds import side_by_side

if TYPE_CHECKING:
    from collections.abc import Coroutine

# message → the state it brings both sides to, what its receiver sends next, the bytes of the connector's own body
MESSAGES: dict[str, tuple[str, str, int]] = {
    "request": ("REQUESTED", "agreement", 1800),
    "agreement": ("AGREED", "verification", 3500),
    "verification": ("VERIFIED", "finalization", 900),
    "finalization": ("FINALIZED", "", 600),
}
HEAD_BYTES = 180  # of a body whose rules are empty
RULE = {"leftOperand": "spatial", "operator": "isPartOf", "rightOperand": "US"}
RULE_BYTES = len(orjson.dumps(RULE)) + 1
TABLES = """
CREATE TABLE processes (pid TEXT PRIMARY KEY, peer TEXT NOT NULL, state TEXT NOT NULL, body BLOB NOT NULL) STRICT;
CREATE TABLE events (number INTEGER PRIMARY KEY, pid TEXT NOT NULL, state TEXT NOT NULL, at REAL NOT NULL) STRICT;
"""
UPSERT = "INSERT INTO processes VALUES (?1, ?2, ?3, ?4) ON CONFLICT (pid) DO UPDATE SET state = ?3, body = ?4"
EVENT = "INSERT INTO events (pid, state, at) VALUES (?, ?, ?)"
TOKEN_SECONDS = 60
ES256, TOKEN_HEADER = ec.ECDSA(SHA256()), b'{"alg":"ES256","typ":"JWT"}'


def issue(key: ec.EllipticCurvePrivateKey, issuer: str, audience: str) -> str:
    """Return a fresh token."""
    claims = {"iss": issuer, "aud": audience, "exp": int(time.time()) + TOKEN_SECONDS, "jti": uuid.uuid4().hex}
    signed = f"{_encode(TOKEN_HEADER)}.{_encode(orjson.dumps(claims))}"
    r, s = utils.decode_dss_signature(key.sign(signed.encode(), ES256))
    return f"{signed}.{_encode(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


def verify(token: str, claims: dict[str, Any], key: ec.EllipticCurvePublicKey, audience: str) -> None:
    """Raise unless `key` signed the token for `audience` and it has not ended."""
    signed, _, signature = token.rpartition(".")
    r, s = (int.from_bytes(half, "big") for half in (_decode(signature)[:32], _decode(signature)[32:]))
    key.verify(utils.encode_dss_signature(r, s), signed.encode(), ES256)
    assert claims["aud"] == audience
    assert claims["exp"] > time.time()


def claims_of(token: str) -> Any:
    """Return what a token says, not believed."""
    return orjson.loads(_decode(token.split(".")[1]))


def body_of(message: str, pid: str, url: str) -> bytes:
    """Return a message's body, filled with rules to its length."""
    head = {"@type": message, "@id": uuid.uuid4().hex, "pid": pid, "callbackAddress": url}
    return orjson.dumps(head | {"constraint": [RULE] * ((MESSAGES[message][2] - HEAD_BYTES) // RULE_BYTES)})


def _encode(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Transitions:
    """Group commit: the transitions asked for while a commit runs are the next one."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        for pragma in ("journal_mode=WAL", "synchronous=FULL"):
            self._connection.execute(f"PRAGMA {pragma}").fetchone()
        self._connection.executescript(TABLES)
        self._thread = ThreadPoolExecutor(1)
        self._waiting: list[tuple[tuple[Any, ...], asyncio.Future[None]]] = []
        self._task: asyncio.Task[None] | None = None

    async def make(self, *row: Any) -> None:
        """Return when the transition is on the disk; `row` is pid, peer, state, body."""
        done = asyncio.get_running_loop().create_future()
        self._waiting.append((row, done))
        self._task = self._task or asyncio.create_task(self._commits())
        await done

    async def _commits(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting, []
            await asyncio.get_running_loop().run_in_executor(self._thread, self._commit, [row for row, _ in batch])
            for _, done in batch:
                done.set_result(None)
        self._task = None

    def _commit(self, rows: list[tuple[Any, ...]]) -> None:
        self._connection.execute("BEGIN IMMEDIATE")
        self._connection.executemany(UPSERT, rows)
        self._connection.executemany(EVENT, [(pid, state, time.time()) for pid, _, state, _ in rows])
        self._connection.execute("COMMIT")


class Side:
    """One side: a provider to whoever sends it a request, a consumer when told to negotiate."""

    def __init__(self, transitions: Transitions, session: aiohttp.ClientSession) -> None:
        self.url = ""
        self._transitions = transitions
        self._session = session
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._keys: dict[str, ec.EllipticCurvePublicKey] = {}
        self._final: dict[str, asyncio.Future[None]] = {}
        self._sending: set[asyncio.Task[None]] = set()

    async def key(self, _request: web.Request) -> web.Response:
        """Answer with the key that verifies our tokens."""
        return web.Response(body=self._key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint))

    async def run(self, request: web.Request) -> web.Response:
        """Negotiate so often with a peer; answer with the seconds of all and the milliseconds of each."""
        told = await request.json()
        work = partial(self._negotiate, told["peer"])
        return web.json_response(await side_by_side(work, told["count"], told["concurrent"]))

    async def receive(self, request: web.Request) -> web.Response:
        """Verify the token, make the transition, answer; then send what comes next."""
        token = request.headers["Authorization"]
        claims = claims_of(token)
        verify(token, claims, await self._key_of(claims["iss"]), self.url)
        body = await request.read()
        pid, (state, following, _) = orjson.loads(body)["pid"], MESSAGES[request.match_info["message"]]
        await self._transitions.make(pid, claims["iss"], state, body)
        if following:
            self._begin(self._send(following, pid, claims["iss"]))
        else:
            self._final.pop(pid).set_result(None)
        return web.Response()

    def _begin(self, sending: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(sending)
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    async def _negotiate(self, peer: str) -> None:
        pid = f"urn:uuid:{uuid.uuid4()}"
        final = self._final[pid] = asyncio.get_running_loop().create_future()
        await self._send("request", pid, peer)
        await final

    async def _send(self, message: str, pid: str, peer: str) -> None:
        body = body_of(message, pid, self.url)
        await self._transitions.make(pid, peer, MESSAGES[message][0], body)
        headers = {"Authorization": issue(self._key, self.url, peer)}
        async with self._session.post(f"{peer}/{message}", data=body, headers=headers) as answer:
            assert answer.status == 200, f"`{message}` was answered {answer.status}"

    async def _key_of(self, peer: str) -> ec.EllipticCurvePublicKey:
        if peer not in self._keys:
            async with self._session.get(f"{peer}/key") as answer:
                self._keys[peer] = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), await answer.read())
        return self._keys[peer]


async def serve(port: int, folder: Path, sides: type[Side] = Side, kept: type[Transitions] = Transitions) -> None:
    """Be one side until the process ends."""
    folder.mkdir(parents=True, exist_ok=True)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        side = sides(kept(folder / "bare.sqlite"), session)
        app = web.Application()
        app.add_routes([web.get("/key", side.key), web.post("/run", side.run), web.post("/{message}", side.receive)])
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        side.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        print(side.url, flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[2]), Path(sys.argv[3])))

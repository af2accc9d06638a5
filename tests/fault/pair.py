"""Two `penstock serve` processes of one exchange on one PostgreSQL database, behind one address, beside one chain.

The balancer is the plainest there is: it passes bytes, to any process that takes the connection.
"""

from __future__ import annotations

import asyncio
import os
import random
import shutil
from contextlib import asynccontextmanager, suppress

from connector.api.chain_host import hosting
from connector.demo.processes import SERVE, Participant, free_ports
from connector.operation.initialise import initialise
from connector.runtime.clock import Clock
from connector.runtime.data_folder import CHAIN_DATABASE
from connector.runtime.errors import PeerRefused, PeerUnreachable
from connector.store.offline import look
from connector.store.tables import TABLES

NAMES = ("left", "right")
CHUNK_BYTES = 1 << 16
BUSY = frozenset({429, 500, 502, 503, 504})
SETTLED_SECONDS = 60


class Balancer:
    """Listens on one port and passes each connection to a process that lives, drawn by `chance`."""

    def __init__(self, port, backends, chance):
        self.port, self.backends, self._chance = port, backends, chance
        self.passed = dict.fromkeys(backends, 0)
        self._asking = dict.fromkeys(backends, 0)
        self._tasks = set()

    async def __aenter__(self):
        self._server = await asyncio.start_server(self._begin, "127.0.0.1", self.port)
        return self

    async def __aexit__(self, *_):
        self._server.close()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.sleep(0)  # what was closed just now is let go in the loop's next turn

    def _begin(self, reader, writer):
        task = asyncio.create_task(self._pass(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _pass(self, reader, writer):
        for port in self._chance.sample(self.backends, len(self.backends)):
            with suppress(ConnectionError):
                theirs, to_them = await asyncio.open_connection("127.0.0.1", port)
                self.passed[port] += 1
                self._asking[port] += 1
                try:
                    await asyncio.gather(_pipe(reader, to_them), _pipe(theirs, writer))
                finally:
                    self._asking[port] -= 1
                return
        writer.close()

    async def asks(self, port):
        """Return while somebody waits for an answer of the process at this port."""
        while not self._asking[port]:
            await asyncio.sleep(0)


async def _pipe(reader, writer):
    try:
        with suppress(ConnectionError):
            while some := await reader.read(CHUNK_BYTES):
                writer.write(some)
                await writer.drain()
    finally:
        writer.close()


class Pair:
    """The processes, their folders, and how they are killed and begun again."""

    def __init__(self, folder, database, chain, ports, variables=None):
        self.url = f"http://localhost:{ports[0]}"
        self.did = f"did:web:localhost%3A{ports[0]}"
        self.database = database
        self.ports = dict(zip(NAMES, ports[1:], strict=True))
        self.kills = dict.fromkeys(NAMES, 0)
        shared = {
            "PENSTOCK_SERVER_PUBLIC_URL": self.url,
            "PENSTOCK_STORE_DATABASE": database,
            "PENSTOCK_CHAIN_RPC": chain,
            **(variables or {}),
        }
        self.chain = chain
        first = folder / NAMES[0]
        initialise(
            first, name="Pair", roles=("exchange",), region="US-NY", port=ports[0], exchange=None, development=True
        )
        shutil.copytree(first, folder / NAMES[1])
        self.environments = {name: shared | {"PENSTOCK_SERVER_PORT": str(port)} for name, port in self.ports.items()}
        self.processes = {name: Participant(folder / name, SERVE) for name in NAMES}
        self.owner = {"Authorization": f"Bearer {(first / 'management.token').read_text().strip()}"}

    async def start(self, name):
        await self.processes[name].start(self.environments[name])

    async def kill_and_begin_again(self, name, pause):
        """SIGKILL a process, leave it dead for a while, start it."""
        self.kills[name] += 1
        await self.processes[name].kill()
        await asyncio.sleep(pause)
        await self.start(name)

    def said(self):
        """Return everything that both have logged."""
        return "".join((each.data / "serve.log").read_text() for each in self.processes.values())

    async def run(self, name, *command):
        """Run a command of the program on a process's folder; return (exit code, what it said)."""
        process = await asyncio.create_subprocess_exec(
            *SERVE[:-1],
            *command,
            env={**os.environ, **self.environments[name]},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await process.communicate()
        return process.returncode, said.decode()

    async def stop(self):
        for each in self.processes.values():
            await each.stop()


class Caller:
    """Who speaks to the exchange; `ask` repeats until somebody answers."""

    def __init__(self, exchange, outbound, chance):
        self.exchange, self.outbound, self.chance = exchange, outbound, chance
        self.repeated = 0

    async def ask(self, method, path, body=None, who=None, later=BUSY):
        """Return what is answered at last; a call whose outcome is unknown is made again, by a fresh token."""
        while True:
            headers = dict(self.exchange.owner if who is None else who.bearer(self.exchange.did))
            headers["Connection"] = "close"  # each call finds its own way to one of the two
            try:
                answer = await self.outbound.request(
                    method, self.exchange.url + path, body=body, headers=headers, timeout_seconds=20
                )
                return answer.json() if answer.body else None
            except PeerUnreachable:
                self.repeated += 1
            except PeerRefused as refusal:
                if refusal.status not in later:
                    raise
                self.repeated += 1
            await asyncio.sleep(self.chance.uniform(0.02, 0.3))


async def die(exchange, balancer, chance, kills):
    """Kill one process after the other, each while somebody waits for its answer."""
    for _ in range(kills):
        await asyncio.sleep(chance.uniform(0.3, 2.0))
        name = chance.choice(NAMES)
        await balancer.asks(exchange.ports[name])
        await exchange.kill_and_begin_again(name, chance.uniform(0, 0.5))


async def settled(database, tables, holds=lambda kept: True):
    """Return what the exchange keeps in these tables once every transaction is at its end and `holds(rows)`."""

    def rows(tx):
        return {table: tx.find(table) for table in {*tables, "chain_txs"}}

    async with asyncio.timeout(SETTLED_SECONDS):
        while True:
            kept = await asyncio.to_thread(look, database, TABLES, rows)
            ended = kept["chain_txs"] and all(row["state"] in ("mined", "reverted") for row in kept["chain_txs"])
            if ended and holds(kept):
                return kept
            await asyncio.sleep(0.2)


@asynccontextmanager
async def pair(folder, database, chance=random, variables=None):
    """Both processes, serving, with their balancer and the chain: (pair, balancer, chain)."""
    chain_port, *ports = free_ports(4)
    async with (
        hosting(folder / CHAIN_DATABASE, "127.0.0.1", chain_port, Clock()) as (embedded, chain),
        Balancer(ports[0], ports[1:], chance) as balancer,
    ):
        made = Pair(folder, database, chain, ports, variables)
        try:
            await asyncio.gather(*(made.start(name) for name in NAMES))
            yield made, balancer, embedded
        finally:
            await made.stop()

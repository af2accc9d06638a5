"""Two engines in one process: real stores and logs, a network in memory that can be told to fail."""

import asyncio
import hashlib
from contextlib import suppress
from datetime import UTC, datetime

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from connector.negotiation.agreement import Cause, close
from connector.negotiation.doors import Doors, Participant, Peer
from connector.negotiation.engine import Engine
from connector.negotiation.process import PATIENCE
from connector.negotiation.protocol import data_address, messages, offers
from connector.negotiation.reactions import DEFAULT
from connector.store.errors import StoreClosed
from connector.store.evidence import Evidence
from connector.store.store import Store
from connector.store.tables import TABLES
from contracts.address import NOBODY, show
from contracts.signature import address, sign
from contracts.typed_data import Domain

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
DOMAIN = Domain(1234567890123, b"\x11" * 20, b"\x22" * 32)
TOKEN = b"\xc3" * 20
PRODUCT = "urn:product:flights"
LIMITS = {"ask": "110", "floor": "85", "rounds": 8, "units": 10 << 20}
MANDATE = {"bid": 50, "limit": 90, "rounds": 8}
POLICY = {
    "@type": "Set",
    "permission": [
        {
            "action": "use",
            "constraint": [{"leftOperand": "purpose", "operator": "isA", "rightOperand": "urn:p#research"}],
        }
    ],
    "prohibition": [{"action": "distribute"}],
    "conflict": "prohibit",
}
WAIT_SECONDS = 30


class Clock:
    """The time of a test: runs like ours from `START`, and can be put forward."""

    def __init__(self):
        self.shift = START - datetime.now(UTC)

    def now(self):
        return datetime.now(UTC) + self.shift


class Network:
    """Delivers to the engine behind a base address.

    Each of `faults` is awaited with (sender, receiver, path, body, go): it returns the reply that `go()` gives, or does
    worse. `altered` changes a body on its way. `deaf` does to questions what `fault` does to messages, without a body.
    """

    def __init__(self):
        self.parties = {}
        self.fault = self.deaf = None
        self.sent, self.asked = [], []
        self.altered = lambda path, body: body
        self.tasks = set()

    def deliver_from(self, sender):
        async def deliver(peer, url, body):
            base, path = next((known, url[len(known) :]) for known in self.parties if url.startswith(known))
            receiver = self.parties[base]
            assert receiver.did == peer
            self.sent.append((sender.did, path, body))

            async def go():
                reply = await receiver.request(path, orjson.dumps(self.altered(path, body)), sender.peer)
                return reply.status, reply.body

            if self.fault is None:
                return await go()
            return await self.fault(sender, receiver, path, body, go)

        return deliver

    def ask_from(self, sender):
        async def ask(peer, url):
            base, path = next((known, url[len(known) :]) for known in self.parties if url.startswith(known))
            receiver = self.parties[base]
            assert receiver.did == peer
            self.asked.append((sender.did, path))

            async def go():
                reply = await receiver.look(path, sender.peer)
                return reply.status, reply.body

            return await (go() if self.deaf is None else self.deaf(sender, receiver, path, go))

        return ask

    def spawn(self, work):
        """Run `work` beside the test and keep hold of it."""
        task = asyncio.get_running_loop().create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        return task


class Party:
    """One participant; `crash` throws the engine away and opens a new one on the same database."""

    def __init__(self, name, network, clock, folder, reactions=DEFAULT, rules=()):
        self.did = f"did:web:{name}"
        self.base = f"http://{name}/dsp"
        self.key = hashlib.sha256(name.encode()).digest()
        self.peer = Peer(self.did, address(self.key))
        self.network, self.clock = network, clock
        self.path = folder / f"{name}.db"
        self.reactions, self.rules = reactions, rules
        self.licences, self.changes = [], asyncio.Condition()
        self.licence_fault = None
        self.patience = PATIENCE
        self.up = False
        self.address_of = lambda transfer: data_address.write("http://data", {"authorization": transfer.id})
        network.parties[self.base] = self

    async def open(self, *, begin=True):
        self.store = await Store.open(self.path, TABLES)
        log_key = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(self.key).digest())
        owner = X25519PrivateKey.from_private_bytes(self.key).public_key().public_bytes_raw()
        self.evidence = Evidence(self.did, f"{self.did[8:]}/log", log_key, {"owner": owner})
        own = self.peer.address
        me = Participant(self.did, self.base, lambda: own, lambda digest: sign(digest, self.key), DOMAIN)
        doors = Doors(
            now=self.clock.now,
            deliver=self.network.deliver_from(self),
            ask=self.network.ask_from(self),
            enqueue_licence=self._licence,
            data_address=lambda tx, transfer, agreement: self.address_of(transfer),
            refuse_url=lambda url: None if url.startswith("http://") else "it is not http",
            moved=lambda tx, process, row: tx.after(self._changed),
            superseded=self._superseded,
        )
        self.engine = Engine(self.store, self.evidence, me, doors, self.reactions, self.rules, self.patience)
        if begin:
            await self.engine.recover()
        self.up = True
        return self

    async def close(self):
        """Stop as a kill would: what is under way is cut off, what is committed stays."""
        self.up = False
        await self.engine.close()
        await self.store.close()

    async def crash(self, meanwhile=None):
        """Begin anew; `meanwhile(tx)` does to the tables what nobody's engine would."""
        if self.up:
            await self.close()
            await self.open(begin=meanwhile is None)
        if meanwhile is not None:
            await self.store.write(meanwhile)
            await self.engine.recover()

    def _licence(self, tx, row):
        if self.licence_fault:
            raise self.licence_fault
        self.licences.append(row.digest)

    def _superseded(self, tx, old, new, now):
        close(tx, self.evidence, old, "amend", Cause(f"superseded by {new.digest}", self.did), now)

    def _changed(self):
        async def tell():
            async with self.changes:
                self.changes.notify_all()

        self.network.spawn(tell())

    async def request(self, path, body, sender):
        """What the web would do with a request: find the route, ask the engine."""
        if not self.up:
            raise ConnectionRefusedError(self.did)
        parts = path.strip("/").split("/")
        process, rest = parts[0], parts[1:]
        receive = self.engine.receive_negotiation_message
        if process == "transfers":
            receive = self.engine.receive_transfer_message
        if len(rest) == 1:
            return await receive(FIRST[process, rest[0]], None, body, sender)
        return await receive(LATER[process, "/".join(rest[1:])], rest[0], body, sender)

    async def look(self, path, sender):
        """What the web would do with a request for a state."""
        if not self.up:
            raise ConnectionRefusedError(self.did)
        process, pid = path.strip("/").split("/")
        view = self.engine.view_transfer if process == "transfers" else self.engine.view_negotiation
        return await view(pid, sender)

    async def rows(self, table):
        while True:
            with suppress(StoreClosed):
                return await self.store.read(lambda tx: tx.find(table))
            await asyncio.sleep(0.01)  # it is being started again

    async def row(self, table, key):
        return await self.store.read(lambda tx: tx.get(table, id=key))

    async def until(self, table, states, key=None):
        """Wait until the process (the only one of its kind unless `key` is given) is in one of `states`."""
        async with asyncio.timeout(WAIT_SECONDS), self.changes:
            while True:
                rows = [row for row in await self.rows(table) if key in {None, row["id"]}]
                if rows and all(row["state"] in states and not row["pending"] for row in rows):
                    return rows[0]
                with suppress(TimeoutError):
                    await asyncio.wait_for(self.changes.wait(), 0.05)  # a crash loses the callback, as it should

    async def events(self, kind):
        rows = await self.rows("log_entries")
        return [row for row in rows if row["kind"] == kind]


FIRST = {(path.split("/")[1], path.split("/")[2]): messages.TYPE_OF[key] for key, path in messages.BEGINNINGS.items()}
LATER = {(path.split("/")[1], path.split("{pid}/")[1]): messages.TYPE_OF[key] for key, path in messages.PATHS.items()}


def product_terms(**changes):
    terms = {
        "v": 1,
        "product": PRODUCT,
        "title": "flights",
        "editionId": "04" * 32,
        "tariff": {"unit": "byte", "minor": "110", "per": str(1 << 20), "currency": "CNY"},
        "token": show(TOKEN),
        "split": [{"payee": show(b"\xa1" * 20), "bps": 9000}, {"payee": show(b"\xe1" * 20), "bps": 1000}],
        "maxExposure": "880",
        "lockTtl": 3600,
        "claimMargin": 600,
        "staleMax": 600,
        "maxUnpaidBytes": "1048576",
        "tier": "kept",
        "leaseSeconds": 0,
        "arbitrator": show(NOBODY),
        "notAfter": "2027-01-31T00:00:00Z",
    }
    return terms | changes


def product(**changes):
    row = {
        "id": PRODUCT,
        "title": "flights",
        "tier": "kept",
        "edition": "04" * 32,
        "dataset": {},
        "policy": POLICY,
        "terms": product_terms(),
        "limits": LIMITS,
        "state": "submitted",
        "created": START,
        "updated": START,
    }
    return row | changes


def edition():
    return {"id": "04" * 32, "header": {"plainBytes": str(10 << 20)}, "state": "registered", "created": START}


def seed(party, row):
    def act(tx):
        tx.insert("products", **row)
        tx.insert("editions", **edition())

    return party.store.write(act)


def listed_offer(row=None):
    row = row or product()
    return offers.asked(row, target=row["id"])


async def agree(provider, buyer, mandate=MANDATE, offer=None):
    """Start a negotiation and wait until both sides are at its end."""
    pid = await buyer.engine.start_negotiation(provider.did, provider.base, offer or listed_offer(), mandate)
    await ended(provider, buyer)
    return await buyer.row("negotiations", pid)


async def ended(provider, buyer, states=("FINALIZED", "TERMINATED")):
    rows = [await party.until("negotiations", states) for party in (provider, buyer)]
    assert rows[0]["state"] == rows[1]["state"]
    return rows

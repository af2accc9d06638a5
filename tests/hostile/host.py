"""One `penstock serve` process with every role, so that every route exists, full of rows that are somebody else's."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import aiohttp

from bench import report
from connector.client.server import Server
from connector.demo.processes import SERVE, Participant, free_ports
from connector.negotiation.protocol.states import CONSUMER, OFFERED, PROVIDER, STARTED
from connector.operation.initialise import initialise
from connector.runtime.data_folder import DATABASE
from connector.store.store import Store
from connector.store.tables import TABLES
from tests import founded
from tests.api.space import Space
from tests.negotiation.world import product

HOST = "host"
ROLES = ("provider", "buyer", "exchange", "regulator", "node")
PRODUCT, SEALED, HIDDEN = "flat", "small", "hidden"
SOMEBODY = "did:web:somebody.example"
EDITION = "04" * 32
AGREEMENT, CHANNEL, DISPUTE = "0a" * 32, "0c" * 32, "0d" * 32
NEGOTIATION, TRANSFER, ACQUISITION = "urn:uuid:negotiation", "urn:uuid:transfer", "acquisition-1"
AT = datetime(2026, 1, 1, tzinfo=UTC)
# more than the kernel keeps for a reader that takes nothing
SEALED_BYTES, ROW_BYTES = 12 << 20, 152
# how long a caller may take to send a request here: the largest bodies, all at once, take a busy machine above a second
REQUEST_SECONDS = 2


def at():
    return {"created": AT, "updated": AT}


NOBODY = "0x" + "00" * 20
TARIFF = {"unit": "byte", "minor": "5", "per": "1", "currency": "CNY"}
AGREED = {
    "title": "Flat",
    "tariff": TARIFF,
    "policy": {"permission": [{"action": "use"}]},
    "product": PRODUCT,
    "tier": "plain",
}


def rows():
    """Yield (table, row) of everything that somebody else has here."""
    told = {"pending": "", "turn": "", "reason": ""} | at()
    theirs = {"peer": SOMEBODY, "callback": "http://localhost:1/dsp"} | told
    sizes = {"plainBytes": "1000", "sealedBytes": "1000"}
    yield "editions", {"id": EDITION, "header": sizes, "state": "registered", "created": AT}
    yield "products", product(id=PRODUCT, edition=EDITION, tier="plain")
    yield "products", product(id=HIDDEN, edition=EDITION, tier="plain", state="withdrawn")
    listed = {"id": HIDDEN, "provider": SOMEBODY, "title": "", "tier": "plain", "edition": EDITION}
    yield "listings", listed | {"dataset": {}, "offer": {}, "header": {}, "state": "submitted"} | at()
    yield "services", {"id": HIDDEN, "provider": SOMEBODY, "service": {}, "state": "listed"} | at()
    parties = dict.fromkeys(("payer", "payee", "arbitrator"), NOBODY) | {"filer": SOMEBODY, "ruling_tx": ""}
    yield "disputes", parties | {"id": DISPUTE, "channel": CHANNEL, "account_hash": EDITION, "state": "filed"} | at()
    yield "dispute_bundles", {"id": DISPUTE, "bundle": {}}
    yield "demands", {"id": HIDDEN, "member": SOMEBODY, "document": {}, "state": "withdrawn", "until": AT} | at()
    project = {"id": HIDDEN, "digest": AGREEMENT, "proposer": SOMEBODY, "document": {}, "state": "agreed"}
    yield "projects", project | {"until": datetime(2099, 1, 1, tzinfo=UTC)} | at()
    deal = {"id": HIDDEN, "digest": AGREEMENT, "provider": SOMEBODY, "consumer": "X", "filer": SOMEBODY}
    yield "filed_deals", deal | {"document": {}, "signatures": {}, "state": "filed"} | at()
    yield "project_parties", {"project": HIDDEN, "member": SOMEBODY}
    delegated = {"id": HIDDEN, "role": PROVIDER, "peer": SOMEBODY, "digest": AGREEMENT, "document": {}, "source": ""}
    yield "delegations", delegated | {"state": "offered", "until": datetime(2099, 1, 1, tzinfo=UTC)} | at()
    negotiation = {"id": NEGOTIATION, "peer_pid": "urn:uuid:theirs", "product": PRODUCT, "rounds": 1}
    yield "negotiations", theirs | negotiation | {"role": PROVIDER, "state": OFFERED}
    agreed = {"digest": AGREEMENT, "role": PROVIDER, "negotiation": NEGOTIATION, "peer": SOMEBODY, "product": PRODUCT}
    yield "agreements", agreed | {"edition": EDITION, "terms": AGREED, "odrl": {}, "state": "signed", "created": AT}
    transfer = {"id": TRANSFER, "peer_pid": "urn:uuid:theirs", "agreement": AGREEMENT, "format": "HttpData-PULL"}
    yield "transfers", theirs | transfer | {"role": PROVIDER, "state": STARTED}
    yield "transfers", theirs | transfer | {"id": TRANSFER + "-2", "role": CONSUMER, "state": STARTED}
    channel = {"id": CHANNEL, "role": "payee", "peer": SOMEBODY, "agreement": AGREEMENT, "state": "open"}
    money = {"seq": 0, "deposit": 0, "cumulative": 0, "claimed": 0, "frozen_for": 0, "expiry": AT, "salt": b"s"}
    named = dict.fromkeys(("payer", "payee", "signer", "token"), NOBODY)
    named["split"] = [{"payee": NOBODY, "bps": 10_000}]
    yield "channels", channel | money | named | {"account_hash": bytes(32), "created": AT}


class Host(Space):
    """The process, its management door, and what it costs."""

    async def begin(self):
        """Make the data directory, fill it, start the process, publish a sealed product of its own."""
        port = free_ports(1)[0]
        data = self.folder / HOST
        fixed = {"name": "Host", "roles": ROLES, "region": "US-NY", "exchange": "", "development": True}
        founded.lend(data, initialise(data, port=port, **fixed))
        await seed(data)
        self.people[HOST] = Participant(data, SERVE)
        self.outbound.open()
        self.environment = {"PENSTOCK_SERVER_REQUEST_SECONDS": str(REQUEST_SECONDS)}
        await self.people[HOST].start(self.environment)
        self.doors[HOST] = Server(data, self.outbound)
        self.status[HOST] = await self.doors[HOST].call("GET", "status")
        brief = {"id": SEALED, "title": "Sealed", "files": [str(path) for path in self.files(SEALED, (SEALED_BYTES,))]}
        price = {"price": "10", "floor": "5", "unit": "MiB", "tier": "kept", "pieceKiB": 64, "keywords": []}
        until = {"purpose": "Research", "region": "US", "until": "2099-01-31T00:00:00+00:00"}
        await self.doors[HOST].call("POST", "products", brief | price | until)
        await self._open_account()
        await self._know_planes()
        edition = next(row for row in self.rows(HOST, "editions") if row["id"] != EDITION)
        self.edition, self.pieces = edition["id"], len(edition["rows"]) // ROW_BYTES

    async def _know_planes(self):
        """Register a control plane and a data plane of another make, each with what it proves itself by."""
        told = {"plane": "cp", "endpoint": "http://localhost:8090"}
        added = await self.doors[HOST].call(
            "POST", "controlplanes", {"id": told["plane"], "endpoint": told["endpoint"]}
        )
        self.plane = {"Authorization": "Bearer " + added["token"]}
        told = {"dataplaneId": "dp", "endpoint": "http://localhost:8090", "profiles": ["told"]}
        added = await self.doors[HOST].call("PUT", "signaling/dataplanes", told)
        self.mover = {"Authorization": "Bearer " + added["token"]}

    async def _open_account(self):
        """Have somebody signed in to the console, who sees all but what leaves evidence when it is looked at."""
        told = {"name": "ada", "roles": ["provider", "buyer", "exchange"], "operator": True}
        await self.doors[HOST].call("POST", "accounts", told)
        link = (await self.doors[HOST].call("POST", "accounts/ada/link", {}))["url"]
        async with aiohttp.ClientSession() as session, session.get(link, allow_redirects=False) as answer:
            self.account = {"Cookie": "; ".join(f"{key}={cookie.value}" for key, cookie in answer.cookies.items())}

    @property
    def address(self):
        """Return the base URL."""
        return self.url(HOST)

    @property
    def identity(self):
        """Return the DID."""
        return self.did(HOST)

    @property
    def owner(self):
        """Return the header of whoever may read the data directory."""
        return {"Authorization": f"Bearer {(self.people[HOST].data / 'management.token').read_text().strip()}"}

    @property
    def member(self):
        """Return a header of the space's one member: the host itself."""
        return self.bearer(HOST, HOST)

    @property
    def pid(self):
        return self.people[HOST]._process.pid

    @property
    def cpu_seconds(self):
        """Return the CPU seconds that the process has taken."""
        return report.cpu_seconds(self.pid)

    def memory_bytes(self, *, peak=False):
        """Return the resident size of the process, or the largest so far."""
        return report.memory_bytes(self.pid, peak=peak)

    def forget_peak(self):
        """Let the largest size so far be the size now."""
        Path(f"/proc/{self.pid}/clear_refs").write_text("5")

    def sockets(self):
        """Return how many sockets the process has open."""
        return sum(path.readlink().name.startswith("socket:") for path in Path(f"/proc/{self.pid}/fd").iterdir())

    def holds(self, port):
        """Return whether the process has a connection to a port of this machine."""
        ends = f":{int(self.address.rsplit(':', 1)[1]):04X}", f":{port:04X}"
        lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
        return any(line[1].endswith(ends[0]) and line[2].endswith(ends[1]) for line in lines)

    @property
    def log(self):
        """Return everything that the process has said."""
        return (self.people[HOST].data / "serve.log").read_text()


async def seed(data):
    """Write the rows into the database of a participant that does not run yet."""
    store = await Store.open(data / DATABASE, TABLES)
    try:
        await store.write(lambda tx: [tx.insert(table, **row) for table, row in rows()])
    finally:
        await store.close()

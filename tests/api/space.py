"""A real space for the tests of the wire: `penstock serve` processes of each role and a second provider behind a proxy.

The second provider's address is the proxy's, so everything that anybody says to it passes through the test, which can
damage, hold or refuse it. Its process gives wrong keys while a file says so (lying_serve.py); nothing else differs.
"""

from __future__ import annotations

import asyncio
import hashlib
import random
import sqlite3
import sys
from contextlib import closing, suppress
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

from connector.client.server import Server
from connector.demo.processes import SERVE, Participant, free_ports
from connector.demo.story import term_end
from connector.identity import keys as key_files
from connector.identity import tokens
from connector.identity.keys import Signer
from connector.net.outbound import Outbound
from connector.operation.initialise import initialise
from connector.runtime import settings as settings_file
from connector.runtime.errors import PenstockError
from connector.store.columns import encode_loose
from connector.store.rows.use import OpeningState
from ledger.chain.deployment import Deployment
from tests import founded
from tests.api import records

ROLES = {
    "exchange": "exchange",
    "regulator": "regulator",
    "provider": "provider",
    "buyer": "buyer",
    "second": "provider",
    "other": "buyer",
}
SERVING = ("other",)  # who serves the replicas it holds to other buyers
HYBRID = ("regulator", "second")  # to whom event fields are sealed with ML-KEM-768, too
LYING = (sys.executable, str(Path(__file__).with_name("lying_serve.py")))

HOOK = Path(__file__).with_name("hook.sh")
ANCHORING = "anchor_interval_seconds = 600"
FUNDS = 1_000_000
PURPOSE = "AirTrafficResearch"
# what changes without any act: tokens are used up by whoever asks, heads are signed when somebody looks
RESTING = ("provider", "buyer", "exchange")
REST_SECONDS, REST_SECONDS_MAX = 3, 60
ENDS_SECONDS = 20  # what ends by then would end while a test looks on
# table, when a row of it ends, whether it still does
ENDING = (
    ("openings", "lease_until", lambda row: row["state"] == OpeningState.OPEN),
    ("negotiations", "deadline", lambda row: not row["pending"]),
    ("transfers", "deadline", lambda row: not row["pending"]),
)
# a member is met by its first call, whatever that asks, and proven anew by each later head of the list; the forms of
# transactions that are settled for good are removed by a chore, and the transactions themselves stay
RESTLESS = frozenset({
    "connectors", "leases", "tokens_seen", "checkpoints", "peer_heads", "facts", "met_members", "chain_sends",
})  # fmt: skip
# when a peer that is silent is asked for its state
ASKED_AGAIN = {"transfers": "due", "negotiations": "due"}


class Space:
    """The processes with their management doors, and what a test asks about them.

    Heads are anchored when a test says so: tests that show that nothing changed must not be told of an anchor.
    """

    anchors_every = 0
    kinds = ROLES

    def __init__(self, folder, now, environment=None):
        self.folder, self.environment, self.now = folder, environment, now
        self.people, self.doors, self.status = {}, {}, {}
        self.outbound = Outbound(development=True)

    def prepare(self, roles, public=None):
        """Write settings and keys; `public` is role → URL that others use instead of the participant's own."""
        ports = dict(zip(roles, free_ports(len(roles)), strict=True))
        for role in roles:
            initialise(
                self.folder / role,
                name=f"The {role}",
                roles=(self.kinds[role],),
                region="US-NY",
                port=ports[role],
                exchange="" if role == "exchange" else f"http://localhost:{ports['exchange']}",
                development=True,
                public_url=(public or {}).get(role),
                module=self.module(role) or None,
            )
            settings = self.folder / role / "penstock.toml"
            told = settings.read_text().replace('opened = ""', f'opened = "{self.folder / "opened" / role}"')
            told = told.replace(ANCHORING, f"anchor_interval_seconds = {self.anchors_every}")
            told = told.replace("hybrid = false", f"hybrid = {str(role in HYBRID).lower()}")
            if role == "exchange":
                told = told.replace("hooks = []", f'hooks = ["{HOOK}"]')
            engine = f"mean {sys.executable} {self.folder / 'engines' / 'mean.py'}"
            told = told.replace("engines = []", f'engines = ["{engine}"]') if role == "provider" else told
            settings.write_text(told.replace("serve = false", "serve = true") if role in SERVING else told)
            founded.lend(self.folder / role, settings_file.load(self.folder / role, self.environment or {}))
            self.people[role] = Participant(self.folder / role, LYING if role == "second" else SERVE)
        return ports

    async def start(self):
        """Start everybody at once, have them admitted, credit the buyer."""
        self.outbound.open()
        await asyncio.gather(*(person.start(self.environment) for person in self.people.values()))
        self.doors = {role: Server(person.data, self.outbound) for role, person in self.people.items()}
        for role, door in self.doors.items():
            self.status[role] = await door.call("GET", "status")
        for role in [role for role in self.people if role != "exchange"]:
            await self.doors["exchange"].call("POST", "members", {"did": self.did(role), "invite": True})
        for role in [role for role in self.people if self.kinds[role] == "buyer"]:
            credit = {"id": f"funds-{role}", "did": self.did(role), "amount": str(FUNDS)}
            await self.doors["exchange"].call("POST", "credits", credit)
        document = (await self.outbound.get(self.url("exchange") + "/space")).json()
        self.deployment = Deployment.from_json(document["deployment"])

    async def stop(self):
        await asyncio.gather(*(person.stop() for person in self.people.values()))
        await self.outbound.close()

    def module(self, role):
        """Return the URI of the hardware module that has the keys of a role, empty where they are files."""
        return ""

    # --- who

    def url(self, role):
        return self.status[role]["url"]

    def did(self, role):
        return self.status[role]["did"]

    def keys(self, role):
        return key_files.load(self.people[role].data / "keys")

    def bearer(self, role, audience):
        """Return the header with which `role` itself would call `audience`."""
        token = tokens.issue(Signer(self.keys(role).token, self.did(role) + "#token"), self.did(audience), self.now())
        return {"Authorization": tokens.SCHEME + token}

    # --- what is stored

    def rows(self, role, table):
        """Return a table of a participant's database, raw."""
        return records.rows(self.people[role].data, table)

    def write(self, role, statement, values):
        """Change a participant's database behind its back."""
        with closing(sqlite3.connect(self.people[role].data / "penstock.db", timeout=10)) as database, database:
            database.execute(statement, values)

    def stored(self, role):
        """Return table → digest of its rows, without what changes by itself; the log is among the tables."""
        uri = f"file:{self.people[role].data / 'penstock.db'}?mode=ro"
        with closing(sqlite3.connect(uri, uri=True)) as database:
            database.execute("BEGIN")  # of one moment: what is written meanwhile is in all tables or in none
            names = [row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            return {
                name: hashlib.sha256(repr(sorted(_lines(database, name))).encode()).hexdigest()
                for name in names
                if name not in RESTLESS
            }

    def changed(self, before):
        """Return the (role, table) that are not what `before`, role → `stored`, says."""
        now = {role: self.stored(role) for role in before}
        return sorted((role, name) for role in now for name in now[role] if before[role].get(name) != now[role][name])

    async def stores_nothing(self, role, act):
        """Assert that `await act()` stores nothing; again after a rest, for what tests before set going writes too."""
        for _ in range(3):
            before = self.stored(role)
            await act()
            if not (changed := self.changed({role: before})):
                return
            await self.rest()
        raise AssertionError(changed)

    async def rest(self):
        """Wait until what tests before have set going (claims, anchors, notices) has come to its end."""
        # a provider sees what was reviewed when somebody looks, or in a round that may come while a test looks on
        for row in self.rows("provider", "products"):
            if row["standing"] is not None:
                with suppress(PenstockError):
                    await self.doors["buyer"].call("GET", f"quotes/{quote(row['id'], safe='')}")
        async with asyncio.timeout(REST_SECONDS_MAX):
            before, after = None, [self.stored(role) for role in RESTING]
            while before != after or self.ending():
                await asyncio.sleep(REST_SECONDS)
                before, after = after, [self.stored(role) for role in RESTING]

    async def calm(self):
        """Wait until nothing is about to end by itself: a lease, or a process that waits in vain."""
        async with asyncio.timeout(REST_SECONDS_MAX):
            while self.ending():
                await asyncio.sleep(1)

    def ending(self):
        """Return the openings and processes that end about now, which is an entry of the log without any act."""
        about, now = timedelta(seconds=ENDS_SECONDS), self.now()
        first, last = encode_loose(now - about), encode_loose(now + about)
        return [
            row["id"]
            for role in RESTING
            for table, ends, moving in ENDING
            for row in self.rows(role, table)
            if moving(row) and row[ends] is not None and first <= row[ends] <= last
        ]

    # --- trade

    def files(self, name, sizes):
        """Write files of random bytes and return their paths."""
        folder = self.folder / "data" / name
        folder.mkdir(parents=True)
        chance = random.Random(name)
        paths = [folder / f"{number}.bin" for number in range(len(sizes))]
        for path, size in zip(paths, sizes, strict=True):
            path.write_bytes(chance.randbytes(size))
        return paths

    async def publish(
        self, provider, product, sizes, *, price=1000, openings=None, offer=None, tier="kept", region="US"
    ):
        """Publish and list a product of random files; leased if `openings` says how many; returns the files."""
        paths = self.files(product, sizes)
        told = {"openings": openings, "tier": "leased" if openings else tier, "region": region}
        await self.publish_files(provider, product, paths, price=price, offer=offer, **told)
        return paths

    async def publish_files(
        self, provider, product, paths, *, price=1000, openings=None, offer=None, reviewed=True, **more
    ):
        """Publish a product of these files or addresses, and list it; returns what the provider says of it."""
        brief = {
            "id": product,
            "files": [str(path) for path in paths],
            "title": f"Product {product}",
            "price": str(price),
            "floor": str(price // 2),
            "unit": "opening" if openings else "MiB",
            "tier": "leased" if openings else "kept",
            "openings": openings,
            "offer": offer,
            "keywords": [product],
            "purpose": "Research",
            "until": term_end(self.now()),
            "region": "US",
            "pieceKiB": 64,
            **more,
        }
        published = await self.doors[provider].call("POST", "products", brief)
        if more.get("unlisted") or not reviewed:
            return published
        await self.doors["exchange"].call("POST", f"listings/{quote(product, safe='')}/review", {})
        return published

    async def get(self, product, *, limit=1000, role="buyer"):
        """Begin an acquisition named after its product."""
        mandate = {"limit": str(limit), "bid": None, "purpose": PURPOSE, "deposit": None}
        body = {"id": product, "product": product, "mandate": mandate}
        return await self.doors[role].call("POST", "acquisitions", body)

    async def until(self, product, holds, *, within=20, role="buyer"):
        """Return the acquisition's view as soon as `holds(view)`."""
        told = ""
        async with asyncio.timeout(within):
            while True:
                view = await self.doors[role].call("GET", f"acquisitions/{product}?wait=1&after={told}")
                if holds(view):
                    return view
                told = view["mark"]

    async def complete(self, product, *, within=20, role="buyer"):
        """Return the view of an acquisition that has ended well."""
        view = await self.until(product, lambda view: view["state"] in ("complete", "failed"), within=within, role=role)
        assert view["state"] == "complete", view
        return view

    async def opened(self, product):
        """Open a replica and return its files' bytes, in the order of their names."""
        to = self.folder / "opened" / product
        body = {"id": f"open-{product}", "acquisition": product, "purpose": PURPOSE, "to": str(to)}
        await self.doors["buyer"].call("POST", "openings", body)
        return [path.read_bytes() for path in sorted(to.iterdir())]


def _lines(database, name):
    """Return the rows of a table, without when a peer is asked."""
    columns = [row[1] for row in database.execute(f'PRAGMA table_info("{name}")') if row[1] != ASKED_AGAIN.get(name)]
    return database.execute(f"""SELECT "{'", "'.join(columns)}" FROM "{name}\"""")

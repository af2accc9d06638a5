"""A participant: its keys and its disk, and one life after another of its process."""

from __future__ import annotations

import asyncio
import hashlib
from contextvars import Context
from datetime import timedelta
from itertools import count
from types import SimpleNamespace

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from connector.runtime.clock import Clock
from connector.store.evidence import Evidence
from connector.store.restored import Restored
from connector.store.shelf import TxShelf
from contracts import signature
from ledger.space.document import Member
from tests.negotiation.world import START
from tests.simulation import surface
from tests.simulation.audit import REGULATOR_DELIVERY
from tests.simulation.chain import Node
from tests.simulation.disk import Disk
from tests.simulation.house import House
from tests.simulation.loop import Process

CONFIRMATIONS = 2
DEADLINE_SECONDS = 600
SETTINGS = SimpleNamespace(
    chain=SimpleNamespace(confirmations=CONFIRMATIONS),
    negotiation=SimpleNamespace(rounds_max=8, deadline_seconds=DEADLINE_SECONDS),
    log=SimpleNamespace(anchor_interval_seconds=0),
    side_by_side=False,
)


class SimulatedClock(Clock):
    """The loop's time as a clock shows it that is wrong by `skew` seconds."""

    def __init__(self, loop, skew=0.0):
        self._loop, self.skew = loop, skew

    def now(self):
        return START + timedelta(seconds=self._loop.time() + self.skew)

    def monotonic(self):
        return self._loop.time()


class Participant:
    """Who is someone, up or down. `world` knows everybody else."""

    def __init__(self, world, name, role, skew):
        self.world, self.name, self.role = world, name, role
        self.did, self.url = f"did:web:{name}.example", f"http://{name}.example"
        self.key, log, delivery = (hashlib.sha256(f"{name}/{what}".encode()).digest() for what in ("a", "l", "d"))
        self.address = signature.address(self.key)
        self._log, self._delivery = (
            Ed25519PrivateKey.from_private_bytes(log),
            X25519PrivateKey.from_private_bytes(delivery),
        )
        self.clock = SimulatedClock(world.loop, skew)
        self.node = Node(world.chain, world.loop, world.chance)
        self.disk = Disk(world.folder / name, world.chance, self._struck)
        self.listens = self.is_up = False
        self.process, self.house, self.lives = None, None, 0
        self.saved = None
        self.mirrored = 0, ""  # how far the longest mirror of its log reaches, and where it is
        self.down = 3.0  # seconds until somebody starts it again
        self._proofs = count()
        world.network.join(self.url, self)

    @property
    def member(self):
        """What the space says of it; there are no witnesses, so of their keys nothing is true."""
        public = self._log.public_key().public_bytes_raw(), self._delivery.public_key().public_bytes_raw()
        return Member(
            self.did, self.name, self.role, "US-NY", self.url, self.address, *public, self.key + bytes(16), bytes(96)
        )

    # ---- a life

    async def start(self):
        """Begin a life on what the disk has."""
        world = self.world
        self.lives += 1
        self.process = process = Process(self.name)
        store = process.do(lambda: self.disk.open(world.loop))
        store.on_failure(self._failed)
        self.house = House(self._around(), store)
        begun = process.run(self.house.start(self._listen, self._serve), world.loop)
        await asyncio.wait([begun])
        if not begun.cancelled() and begun.exception() is not None and not process.dead:
            raise begun.exception()

    def _listen(self):
        self.listens = True

    def _serve(self):
        self.is_up = True

    def kill(self):
        """End a life at once; what is not on the disk is gone."""
        self.process.kill()
        self.listens = self.is_up = False
        self.disk.off()

    # ---- back-ups

    def save(self):
        """Make a back-up, with its time."""
        self.saved = self.clock.now(), *self.disk.save()

    def fall_back(self):
        """Go on with the back-up: what the log lacks is in a mirror; the process is dead."""
        made, path, head = self.saved
        note, size = self.disk.look(lambda tx: (self._evidence_of().published(tx), TxShelf(tx).size()))
        # one that falls back again before it has caught up has the longer mirror already
        mirrored, mirror = self.mirrored
        if note and size >= mirrored:
            mirror = self.disk.mirror(note, size)
            self.mirrored = size, mirror
        away = tuple(one.did for one in self.world.bystanders)
        self.disk.restore(path, Restored(self.clock.now(), made, head.size, head.root.hex(), str(mirror), away))

    def _struck(self):
        """The power failed in the middle of a commit."""
        self.kill()
        self.world.died(self, "in a commit")

    def _failed(self):
        """The disk failed, so the process ends itself."""
        if not self.process.dead:
            self.kill()
            self.world.died(self, "its disk failed")

    def _around(self):
        world, public = self.world, self._delivery.public_key().public_bytes_raw()
        keys = SimpleNamespace(
            address=self.address, agreement=self.key, delivery=self._delivery, log=self._log, delivery_public=public,
            deliveries=(self._delivery,), delivery_of={public: self._delivery}.get, accounts=(self.address,),
            account_former=(),
        )  # fmt: skip
        identity = SimpleNamespace(
            did=self.did, url=self.url, roles=frozenset({self.role}), keys=keys, member=self.member,
            sign=lambda told, _account=None: signature.sign(told, self.key),
        )  # fmt: skip
        return SimpleNamespace(
            participant=self, network=world.network, node=self.node, identity=identity, settings=SETTINGS,
            clock=self.clock, space=world.space, offers=world.offers, filed=world.filed, peers=self._peers(),
            evidence=self._evidence,
        )  # fmt: skip

    def _evidence(self, _identity):
        return self._evidence_of()

    def _evidence_of(self):
        recipients = {"owner": self._delivery.public_key().public_bytes_raw(), "supervisor": REGULATOR_DELIVERY}
        return Evidence(self.did, self.member.origin, self._log, recipients)

    def _peers(self):
        async def document(did):
            return SimpleNamespace(agreement=self.world.space.members[did].address)

        def authorization(_peer):
            return {"Authorization": f"{self.name}-{self.lives}-{next(self._proofs)}"}

        return SimpleNamespace(authorization=authorization, document=document)

    # ---- who asks it

    async def answer(self, method, path, body, sender, proof):
        """Answer a request of a peer, as the surface does."""
        house = self.house
        if body:
            self.world.books.asked(sender, self, path, body)
        answer = await surface.answer(house, method, path, body, sender.did, proof)
        self.world.heard(sender, self, method, path, body, answer)
        return answer

    async def ask(self, question):
        """Let its owner ask `question(house)`; raises ConnectionError when nobody answers."""
        if not self.is_up:
            raise ConnectionRefusedError(self.name)
        asking = self.process.run(question(self.house), self.world.loop)
        await asyncio.wait([asking])
        if asking.cancelled():
            raise ConnectionResetError(self.name)
        return asking.result()


def later(loop, seconds, act):
    """Call `act` some seconds later, as nobody's process."""
    return loop.call_later(seconds, act, context=Context())

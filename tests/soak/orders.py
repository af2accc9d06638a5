"""What the buyers of a soak do: order by order with ids of their own, asked again until each has come to its end."""

from __future__ import annotations

import asyncio
import random
import shutil
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import penstock

from tests.fault.pulls import digest

PURPOSE = "AirTrafficResearch"
KIB = 1024
# product → tier, unit, the size of its file drawn between
KINDS = {"kept": ("kept", "MiB"), "leased": ("leased", "opening")}
SIZES = (40 * KIB, 700 * KIB)
OPENINGS = 3
TERM_DAYS = 30
PIECE_KIB = 64
AGAIN_SECONDS = 0.3
ENDED = frozenset({"complete", "failed"})


@dataclass(frozen=True)
class Good:
    """A product on offer: its file's digest, and what all of it (or one opening) costs, in minor units."""

    id: str
    provider: str
    kind: str
    name: str
    digest: str
    due: int


@dataclass
class Order:
    """One order of one buyer, and what came of it."""

    id: str
    buyer: str
    good: Good
    begun: float
    state: str = "asked"
    agreement: str = ""
    turn: dict | None = None
    reason: object = None
    equal: bool | None = None
    met: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def ended(self):
        return self.state in ENDED


class Goods:
    """What the providers publish at the start, drawn by `chance`."""

    def __init__(self, space, chance, each):
        self._space, self._chance, self._each = space, chance, each
        self.listed, self._published = [], {}

    async def publish(self):
        sources = self._space.folder / "sources"
        for name, person in self._space.of("provider").items():
            for number in range(self._each):
                kind = sorted(KINDS)[number % len(KINDS)]
                await self._one(sources, f"{name}-{kind}-{number}", name, person, kind)
        (buyer, *_) = self._space.of("buyer").values()
        for (key, *about), digested in self._published.items():
            # the exchange reviews and lists it by itself
            quote = await buyer.patient(lambda client, key=key: client.quote(key), penstock.Absent)
            self.listed.append(Good(key, *about, digested, quote.amount))

    async def _one(self, sources, key, name, person, kind):
        tier, unit = KINDS[kind]
        source = sources / f"{key}.bin"
        source.parent.mkdir(exist_ok=True)
        source.write_bytes(random.Random(key).randbytes(self._chance.randint(*SIZES)))
        more = {"openings": OPENINGS} if kind == "leased" else {}
        until = (datetime.now(UTC) + timedelta(days=TERM_DAYS)).isoformat(timespec="seconds")
        about = {"id": key, "title": key, "price": 1000, "purpose": "Research", "until": until, "region": "US"}
        async with person.asked() as client:
            await client.publish(source, tier=tier, unit=unit, piece_kib=PIECE_KIB, **about, **more)
        self._published[key, name, kind, source.name] = digest(source)


class Buying:
    """A buyer that orders until it is told to stop; every order it began is in `orders`."""

    def __init__(self, name, person, goods, chance, folder, pause):
        self._name, self._person, self._goods = name, person, goods
        self._chance, self._folder, self._pause = chance, folder, pause
        self.orders = []

    async def run(self, over):
        """Order one after the other until `over` is set, and see the last one to its end."""
        while not over.is_set():
            good = self._chance.choice(self._goods.listed)
            order = Order(f"{self._name}-{len(self.orders)}", self._name, good, time.monotonic())
            self.orders.append(order)
            await self._see(order)
            await asyncio.sleep(self._pause)

    async def _see(self, order):
        while not order.ended:
            await self._try(order, self._get)
            if not order.ended:
                await asyncio.sleep(AGAIN_SECONDS)
        if order.state == "complete":
            while order.equal is None:
                await self._try(order, self._open)
        order.seconds = time.monotonic() - order.begun

    async def _try(self, order, step):
        """Take a step of an order; what it meets is noted, and the same id is asked again."""
        try:
            async with self._person.asked() as client:
                await step(client, order)
        except penstock.PenstockError as fault:
            order.met.append(f"{type(fault).__name__}: {fault}")
            await self._look(order)
            await asyncio.sleep(AGAIN_SECONDS)

    async def _get(self, client, order):
        told = {"max_price": 10**6, "purpose": PURPOSE, "id": order.id}
        got = await client.get(order.good.id, progress=lambda view: _note(order, view.whole), **told)
        _note(order, got.whole)

    async def _look(self, order):
        """Learn how far an order is; who does not answer is asked later."""
        try:
            async with self._person.asked() as client:
                _note(order, await client.acquisition_show(id=order.id))
        except penstock.PenstockError as fault:
            order.met.append(f"{type(fault).__name__}: {fault}")

    async def _open(self, client, order):
        """Open it by an id of the order's own and compare it with its source."""
        to = self._folder / order.id
        shutil.rmtree(to, ignore_errors=True)
        await client.open_files(order.id, purpose=PURPOSE, to=to, id=f"open-{order.id}", overwrite=True)
        (opened,) = [path for path in to.rglob("*") if path.is_file()]
        order.equal = digest(opened) == order.good.digest and opened.name == order.good.name
        shutil.rmtree(to)


def _note(order, view):
    order.state, order.turn, order.reason = view["state"], view["turn"], view["reason"]
    order.agreement = view["agreement"] or ""

"""One soak from its start to the judgement: trade and trouble side by side, then rest, settle, audit, figures."""

from __future__ import annotations

import asyncio
import random
import statistics
from contextlib import suppress

from bench.report import row, unmeasured
from tests.soak import books
from tests.soak.measures import MIB, Measures
from tests.soak.orders import Buying, Goods
from tests.soak.space import Space
from tests.soak.trouble import Trouble

PRODUCTS_EACH = 4
PAUSE_SECONDS = 0.2
TOLD_SECONDS = 15.0
# what still waits so long after the last strike does not go on by itself; a slow machine has time enough
STILL_SECONDS = 240.0
SHOWN_MAX = 10
KB = 1000
# figure → the bound it is held to
WAL_MIB, MEMORY_MIB, DESCRIPTORS, GROWTH_KB = 64, 32, 16, 40
# the unit of what is measured and told beside its target; a soak fails by its laws
PER_ORDER = "KB an order"
# figure → whose tables, and which
GROWTH = {
    "provider's tables": ("provider", "tables"),
    "buyer's tables": ("buyer", "tables"),
    "exchange's tables": ("exchange", "tables"),
    "exchange's chain": ("exchange", "chain"),
}


class Soak:
    """A soak of `seconds` in a folder, all that is drawn drawn by `seed`."""

    def __init__(self, folder, ground, seconds, seed, say, small=(), older=None):
        self._folder, self._ground, self._small, self._older = folder, ground, small, older
        self._seconds, self._seed, self._say = seconds, seed, say
        # what is behind the laws that were broken, in words
        self.broken = []

    async def run(self):
        """Return the rows of figures."""
        space = Space(self._folder, self._ground, self._small, self._older)
        try:
            await space.start()
            goods = Goods(space, self._chance("goods"), PRODUCTS_EACH)
            await goods.publish()
            self._say(f"{len(space.people)} participants, {len(goods.listed)} products")
            return await self._soaked(space, goods)
        finally:
            await space.stop()

    def _chance(self, what):
        return random.Random(f"{self._seed}/{what}")

    async def _soaked(self, space, goods):
        buyings = [
            Buying(name, person, goods, self._chance(name), self._folder / "opened", PAUSE_SECONDS)
            for name, person in space.of("buyer").items()
        ]

        def orders():
            return [order for buying in buyings for order in buying.orders]

        def counted(name):
            kinds = {"provider": lambda order: order.good.provider == name, "buyer": lambda order: order.buyer == name}
            concerns = kinds.get(space.people[name].role, lambda _: True)
            return sum(order.ended for order in orders() if concerns(order))

        over = asyncio.Event()
        trouble, measures = Trouble(space, self._chance("trouble"), self._say), Measures(space, counted)
        buying = [asyncio.create_task(one.run(over)) for one in buyings]
        works = trouble.run(over), measures.run(over), self._tell(orders, over), self._upgrade(space, trouble)
        others = [asyncio.create_task(one) for one in works]
        await asyncio.wait((*buying, *others), timeout=self._seconds, return_when=asyncio.FIRST_EXCEPTION)
        over.set()
        await asyncio.gather(*others)
        self._say("nobody is struck any more; what was begun goes on to its end")
        await asyncio.wait(buying, timeout=STILL_SECONDS)
        for task in buying:
            task.cancel()
        ended = await asyncio.gather(*buying, return_exceptions=True)
        measures.look()
        if fault := next((each for each in ended if isinstance(each, Exception)), None):
            raise fault
        return await self._judged(space, orders(), trouble, measures)

    async def _judged(self, space, orders, trouble, measures):
        """Return the rows, and say what is behind those that are not met."""
        stuck = [f"{order.id} of {order.good.id}: {order.state}, {order.turn}" for order in orders if not order.ended]
        failed = [f"{order.id} of {order.good.id}: {order.reason}" for order in orders if order.state == "failed"]
        whole = [order for order in orders if order.state == "complete"]
        unopened = [f"{order.id} of {order.good.id}: {order.met[-1:]}" for order in whole if order.equal is None]
        unlike = [f"{order.id} of {order.good.id}" for order in whole if order.equal is False]
        self._say("settling")
        faults = await books.settle(space)
        unequal = await books.unequal(space, orders)
        waiting = await books.waiting(space)
        self._say("auditing")
        audited = await books.audit(space)
        wrong = {
            "orders stuck": stuck,
            "orders failed": failed,
            "orders that did not open": unopened,
            "orders with other bytes than their source's": unlike,
            "channels that could not be settled": faults,
            "agreements whose due, billed, paid and claimed differ": unequal,
            "things that wait when all is settled": waiting,
            "errors of the audit": audited,
            "full disks met otherwise than by 74": trouble.wrong,
        }
        for work, found in wrong.items():
            self.broken += [f"{work}: {each}" for each in found[:SHOWN_MAX]]
        starts = [seconds for person in space.people.values() for seconds in person.starts[1:]]
        return [
            row("orders ended", sum(order.ended for order in orders), "orders", at_least=1),
            *(row(work, len(found), "", at_most=0) for work, found in wrong.items()),
            *(row(work, count, "times") for work, count in sorted(trouble.done.items())),
            *((row("restart to ready, median", statistics.median(starts), "s"),) if starts else ()),
            *((row("restart to ready, longest", max(starts), "s"),) if starts else ()),
            *(self._grown(work, measures.per_order(*of), at_most=GROWTH_KB) for work, of in GROWTH.items()),
            row("write-ahead log, largest", measures.most("wal") / MIB, "MiB", at_most=WAL_MIB),
            row("memory, rise once warm", measures.rise("memory") / MIB, "MiB", at_most=MEMORY_MIB),
            row("descriptors, rise once warm", measures.rise("descriptors"), "", at_most=DESCRIPTORS),
        ]

    def _grown(self, work, grown, at_most):
        return unmeasured(work, "no order") if grown is None else row(work, grown / KB, PER_ORDER, at_most=at_most)

    async def _upgrade(self, space, trouble):
        """In the middle of it, have who began with an older program go on with this one."""
        await asyncio.sleep(self._seconds / 2)
        for name in await space.upgrade():
            trouble.done["upgraded"] += 1
            self._say(f"{name}: upgraded, ready after {space.people[name].starts[-1]:.1f} s")

    async def _tell(self, orders, over):
        while not over.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(over.wait(), TOLD_SECONDS)
            begun = orders()
            self._say(f"{sum(order.ended for order in begun)} of {len(begun)} orders ended")

"""A space in one process: participants, chain, network and clock, and what happens to them by a plan.

the plan's events, with whatever they lead to   →   all faults end   →   every order ends   →   all is settled
"""

from __future__ import annotations

import asyncio
import hashlib
import random
import shutil
from contextlib import suppress
from pathlib import Path
from tempfile import mkdtemp
from types import SimpleNamespace

from connector.consumer.steps import FINAL
from connector.runtime.errors import PenstockError
from connector.store.errors import StoreError
from connector.store.rows.agreement import AcquisitionRow
from ledger.chain.errors import ChainError
from ledger.space.document import Space
from tests.channel.rig import EXCHANGE
from tests.money import program
from tests.negotiation.world import PRODUCT, START
from tests.simulation import audit, goods, laws
from tests.simulation.books import Books
from tests.simulation.chain import Chain, State
from tests.simulation.loop import Loop
from tests.simulation.network import Network
from tests.simulation.participant import Participant, later
from tests.simulation.trouble import TROUBLED_SECONDS

MEMORY = Path("/dev/shm")
FUNDS, BLOCK_SECONDS = 100_000, 12.0
RESTART_SECONDS, AGAIN_SECONDS, FULL_SECONDS = 3.0, 7.0, 20.0
END_SECONDS = 3600  # every order ends within this after the last fault
SETTLE_ROUNDS_MAX = 12

# what an owner may be told: everything else is a fault of ours
REFUSALS = (PenstockError, StoreError, ChainError, ConnectionError)


class World:
    """`trace` is everything that was said and mined, in its order; `figures` is what was counted."""

    def __init__(self, seed, plan):
        self.chance, self.plan = random.Random(f"world/{seed}"), plan
        self.folder = Path(mkdtemp(prefix="penstock-simulated-", dir=MEMORY if MEMORY.is_dir() else None))
        self.loop, self.trace, self.filed, self.offers = Loop(), [], [], {}
        self.figures = {"messages": 0, "blocks": 0, "crashes": 0, "orders": 0, "complete": 0}
        self.figures |= {"windows": 0, "provider events": 0, "buyer events": 0}
        state = State(int(START.timestamp()))
        self.chain, self.network = Chain(state, self.mined), Network(self.loop, random.Random(f"lines/{seed}"))
        self.people = {}
        for name, skew in zip(plan.names, plan.skews, strict=True):
            role = "provider" if name in plan.providers else "buyer"
            self.people[name] = Participant(self, name, role, skew)
            state.mint(self.people[name].address, FUNDS)
        self.minted = state.whole
        self.bystanders = [SimpleNamespace(did=one.did, name=one.name, member=one) for one in audit.bystanders()]
        self.regulator = self.bystanders[1]
        self.space, self.books = self._space(), Books()
        self.every, self.most = BLOCK_SECONDS, None
        self.orders, self._tasks = {}, []
        self.fallen, self._known = set(), {}  # who went on with a back-up, and what those knew

    @property
    def providers(self):
        return [self.people[name] for name in self.plan.providers]

    @property
    def buyers(self):
        return [self.people[name] for name in self.plan.buyers]

    @property
    def seconds(self):
        return int(START.timestamp() + self.loop.time())

    def _space(self):
        members = {one.did: one.member for one in (*self.people.values(), *self.bystanders)}
        exchange = self.bystanders[0]
        return Space(exchange.did, program.DEPLOYMENT.json(), members, goods.FEE_BPS, "simulated", {})

    # ---- what is seen

    def note(self, *told):
        self.trace.append(f"{self.loop.time():.6f} " + " ".join(map(str, told)))

    @property
    def digest(self):
        """What tells two plays apart."""
        return hashlib.sha256("\n".join(self.trace).encode()).hexdigest()[:16]

    def mined(self, mined):
        self.figures["blocks"] += 1
        self.note("block", mined.block.number, len(mined.sent), [name for name, _, _ in mined.events])
        laws.at_block(self)

    def heard(self, sender, receiver, method, path, body, answer):
        """A request was answered: what was released is durable now."""
        self.figures["messages"] += 1
        self.note(sender.name, method, receiver.name, path, answer.status)
        if answer.status == 200:
            channel = self.books.answered(path, body, answer.body) if body else None
            if channel is not None:
                laws.claimable(self, channel, self.books.entries[channel])

    def died(self, who, why):
        """Whoever watches over it starts it again."""
        self.figures["crashes"] += 1
        self.note(who.name, "died", why)
        self._again(who, FULL_SECONDS if who.disk.is_full else who.down)

    def _again(self, who, seconds):
        later(self.loop, seconds, lambda: self._do(self._start(who)))

    async def _start(self, who):
        if who.is_up or not who.process.dead:
            return
        await who.start()
        self.note(who.name, "is back")

    def _do(self, work):
        self._tasks.append(self.loop.create_task(work))

    # ---- a play

    def play(self):
        """Play to the end; raises `laws.BrokenError`, or whatever else went wrong."""
        try:
            self.loop.run_until_complete(self._play())
        finally:
            for one in self.people.values():
                if one.process is not None and not one.process.dead:
                    one.kill()
                one.disk.close()
            for task in self._tasks:
                task.cancel()
            with suppress(Exception):
                self.loop.run_until_complete(asyncio.sleep(0.0))
            self.loop.close()
            shutil.rmtree(self.folder, ignore_errors=True)

    async def _play(self):
        for one in self.people.values():
            await one.start()
        for one in self.providers:
            row = goods.row_of(one.address, EXCHANGE)
            await one.house.store.write(lambda tx, row=row: tx.insert("products", **row))
            self.offers[one.did] = SimpleNamespace(url=one.url, offer=goods.offer(row))
        self._do(self._mine())
        for event in self.plan.events:
            later(self.loop, event.at, lambda event=event: self._happen(event))
        await self._guarded(self._drama())

    async def _guarded(self, work):
        """Await a piece of work; what breaks in another ends it."""
        main = self.loop.create_task(work)
        while not main.done():
            await asyncio.wait([main, *self._tasks], return_when=asyncio.FIRST_COMPLETED)
            for task in [task for task in self._tasks if task.done()]:
                self._tasks.remove(task)
                if not task.cancelled() and task.exception() is not None:
                    main.cancel()
                    raise task.exception()
        main.result()

    async def _drama(self):
        await asyncio.sleep(TROUBLED_SECONDS)
        await self._calm()
        end = self.loop.time() + END_SECONDS
        while not await self._ended():
            if self.loop.time() > end:
                raise laws.BrokenError("every order ends", "; ".join(await self._open()))
            await asyncio.sleep(20.0)
        try:
            async with asyncio.timeout(END_SECONDS):
                await self._settled()
        except TimeoutError:
            raise laws.BrokenError("every channel is closed", "somebody still waits for the chain") from None
        laws.at_end(self)
        self._count()
        laws.clean(await audit.audited(self))

    def _count(self):
        """Count what an order is planned by: events of each side's log, and windows."""
        for one in self.people.values():
            kinds = one.disk.look(lambda tx: tx.column("SELECT kind FROM log_entries"))
            self.figures[f"{one.role} events"] += len(kinds)
            self.figures["windows"] += kinds.count("keys.offered")

    async def _calm(self):
        """All faults end."""
        self.network.heal()
        self.every, self.most, self.chain.base = BLOCK_SECONDS, None, self.chain.quiet
        for one in self.people.values():
            one.node.away, one.disk.is_full, one.disk.strike_in = 0.0, False, None
            if one.process.dead:
                self._again(one, RESTART_SECONDS)

    async def _mine(self):
        while True:
            await asyncio.sleep(self.every * self.chance.uniform(0.8, 1.2))
            self.chain.mine(self.seconds, self.most)

    def _happen(self, event):
        self.note(event.name, event.args)
        getattr(self, "_" + event.name)(**event.args)

    # ---- events

    def _order(self, key, buyer, provider, limit):
        self.figures["orders"] += 1
        self.orders[key] = self.people[buyer]
        self._do(self._ordered(key, self.people[buyer], self.people[provider], limit))

    async def _ordered(self, key, buyer, provider, limit):
        """An owner who asks until it is told that the order was taken."""
        mandate = {"limit": str(limit), "provider": provider.did, "purpose": goods.PURPOSE}
        while True:
            try:
                await buyer.ask(lambda house: house.acquisitions.acquire(key, PRODUCT, mandate))
            except REFUSALS as fault:
                self.note(key, "not taken", type(fault).__name__)
                await asyncio.sleep(AGAIN_SECONDS)
            else:
                return

    def _crash(self, who, down):
        one = self.people[who]
        if not one.process.dead:
            one.kill()
            self.figures["crashes"] += 1
            self._again(one, down)

    def _power(self, who, commits, down):
        self.people[who].disk.strike_in, self.people[who].down = commits, down

    def _back_up(self, who):
        one = self.people[who]
        if one.is_up:
            one.save()
            self._known[who] = self.books.saved(one)

    def _restore(self, who, down):
        """A participant goes on with its back-up; of what it forgot, others may have to remind it."""
        one = self.people[who]
        if one.saved is None:
            return
        if not one.process.dead:
            one.kill()
        one.fall_back()
        self.fallen.add(who)
        self.books.fell_back(one, self._known[who], self._claimed)
        self._again(one, down)

    def _claimed(self, channel):
        return self.chain.state.channels[bytes.fromhex(channel)].claimed

    def _full(self, who, seconds):
        one = self.people[who]
        one.disk.is_full = True
        later(self.loop, seconds, lambda: setattr(one.disk, "is_full", False))

    def _lines(self, lost, doubled, slow, seconds):
        network = self.network
        network.lost, network.doubled, network.slow = lost, doubled, slow
        later(self.loop, seconds, network.calm)

    def _cut(self, who, other, seconds):
        self.network.cut(who, other, self.loop.time() + seconds)

    def _away(self, who, seconds):
        self.people[who].node.away = self.loop.time() + seconds

    def _blocks(self, every, most, seconds):
        self.every, self.most = every, most
        later(self.loop, seconds, lambda: self.__dict__.update(every=BLOCK_SECONDS, most=None))

    def _spike(self, times, seconds):
        self.chain.base = self.chain.quiet * times
        later(self.loop, seconds, lambda: setattr(self.chain, "base", self.chain.quiet))

    def _dearer(self, times):
        """Gas costs more for good once the next transaction is sent, which arrives only at another price."""
        self.chain.dearer = times

    def _reorganise(self, depth, most, forgotten):
        self.chain.reorganise(depth, self.seconds, most, forgotten=forgotten)

    def _settle(self, who=None):
        return self._settled() if who is None else self._do(self._asked(self.people[who]))

    async def _asked(self, one):
        try:
            told = await one.ask(lambda house: house.settlements.settle(None))
        except REFUSALS as fault:
            self.note(one.name, "settles not", type(fault).__name__)
            return None
        self.note(one.name, "settled", told["withdrawn"], [row["settled"] for row in told["channels"]])
        return told

    # ---- the end

    async def _ended(self):
        return all(one.is_up for one in self.people.values()) and not await self._open()

    async def _open(self):
        """What has not ended: orders that were not taken, or are under way."""
        found = []
        for key, buyer in self.orders.items():
            row = buyer.disk.look(lambda tx, key=key: tx.get(AcquisitionRow, id=key))
            if row is None or row.state not in FINAL:
                turn = None
                if row is not None and buyer.is_up:
                    turn = (await buyer.ask(lambda house, key=key: house.acquisitions.view(key))).get("turn")
                found.append(f"{key} of {buyer.name} is {row and str(row.state)}, {turn}")
        return found

    async def _settled(self):
        """Providers settle until every channel is closed, then everybody withdraws."""
        for _ in range(SETTLE_ROUNDS_MAX):
            await asyncio.gather(*(self._asked(one) for one in self.people.values()))
            if all(found.closed for found in self.chain.state.channels.values()):
                break
            await asyncio.sleep(60.0)
        await asyncio.gather(*(self._asked(one) for one in self.people.values()))

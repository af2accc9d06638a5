"""The payee as it runs: the real acts, outbox, watch, following, settling and chores, on a disk that outlives them."""

from __future__ import annotations

from types import SimpleNamespace

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from connector.chain.chain_watch import ChainWatch
from connector.chain.transactions import Transactions
from connector.channel.doors import Holder
from connector.enforcement.enforce import Enforcement
from connector.runtime.errors import PenstockError
from connector.settlement.claiming import Claiming
from connector.settlement.contradictions import Contradictions
from connector.settlement.following import Following
from connector.settlement.monitor import CLAIM, Monitor
from connector.settlement.purse import Purse
from connector.settlement.receivables import Receivables
from connector.settlement.settlement import Settlements
from connector.store.evidence import Evidence
from contracts import signature
from contracts.canonical import sha
from ledger.chain.errors import ChainError
from ledger.chain.programs import Programs
from tests.channel.rig import CHANNELS, PAYEE, PAYEE_KEY, REGISTRY, Books, Duties, Editions, Judge
from tests.core import core
from tests.money import peers, program
from tests.money.disk import CrashError, Disk

CONFIRMATIONS = 2
CHORES = (CLAIM, "give up unpaid windows", "end leases")
LOG_KEY = Ed25519PrivateKey.from_private_bytes(b"\x77" * 32)


class Payee:
    """One process after another on one disk; `broken` are the faults that no operator should ever see."""

    def __init__(self, world):
        self.world, self.disk = world, Disk()
        self.books, self.editions = Books(), Editions(world.tables)
        self.judge, self.duties = Judge(), Duties()
        self.drawn, self.up, self.broken, self.settling, self.refusals, self.filed = 0, False, [], [], [], []
        self.begin()

    def random(self, size):
        self.drawn += 1
        return sha(["preimage", self.drawn])[:size]

    # ---- the process

    def begin(self):
        """Start; the chain is looked at, and what is due is done before anything is answered."""
        world = self.world
        self.disk.start()
        evidence = Evidence("payee", "payee/log", LOG_KEY, {})
        programs = Programs(world.chain, program.DEPLOYMENT)
        self.watch = ChainWatch(programs, evidence, world.clock, None)
        self.holder = Holder(
            lambda told, _account: signature.sign(told, PAYEE_KEY), CHANNELS, REGISTRY, self.books, self.editions,
            evidence, self.watch, self.editions, Enforcement(self.judge, self.duties, evidence), self.random,
            contradicted=lambda *told: Contradictions(self.ground).found(*told),
        )  # fmt: skip
        self.transactions = Transactions(self.disk, programs, PAYEE_KEY, world.clock)
        doors, keys = peers.doors(world), SimpleNamespace(address=PAYEE, accounts=(PAYEE,))
        settings = SimpleNamespace(chain=SimpleNamespace(confirmations=CONFIRMATIONS))
        self.ground = ground = core(
            store=self.disk, clock=world.clock, evidence=evidence, settings=settings, outbound=doors["outbound"],
            keys=keys, did=doors["did"], roles=doors["roles"],
        )  # fmt: skip
        view = peers.view(doors)
        payments = peers.payments(ground, view, doors)
        purse = Purse(ground, programs, self.transactions)
        self.settlements = Settlements(
            ground, view, programs, self.transactions, self.watch, self.holder, payments, purse
        )
        cases = SimpleNamespace(file=self._file)
        self.receivables = Receivables(ground, view, self.watch, self.holder, payments, self.settlements, cases)
        ground.topics.channel_stopped.heard_by(self.receivables.wake)
        ground.topics.release_forgotten.heard_by(self.receivables.wake)
        self.watch.seen.heard_by(Following(ground, programs, self.transactions, self.settlements).seen)
        anchoring = SimpleNamespace()
        self.claiming = Claiming(ground, programs, self.transactions, self.watch, self.holder)
        self.monitor = Monitor(ground, self.watch, self.holder, anchoring, self.claiming)
        self.up = True
        self.go(self._start())

    async def _start(self):
        await self.claiming.begin()
        self.transactions.start()
        await self.receivables.recover()

    async def _file(self, proof):
        self.filed.append(proof)

    def end(self):
        """Die, or be switched off."""
        tasks = [*self.settling, self.transactions._task, self.watch._looking, *self.receivables.driver._tasks]
        self.settling, self.up = [], False
        self.world.loop.end([task for task in tasks if task is not None])

    def again(self):
        """Die and start."""
        self.end()
        self.begin()

    # ---- what happens in it

    def act(self, work):
        """An act of the channel, as its HTTP route does it: the chain is looked at first."""
        if self.world.loop.is_running():  # a buyer that is asked by us asks us back
            return self.disk.act(work)
        task = self.world.loop.create_task(self._acting(work))
        self.world.loop.settle()
        return task.result()

    async def _acting(self, work):
        await self.watch.look()
        return self.disk.act(work)

    def look(self):
        self.go(self.watch.look())

    def rounds(self):
        """One round of the monitor."""
        self.go(self._round())

    async def _round(self):
        for name in CHORES:
            await self.monitor.chores[name]()

    def settle(self, agreement=None):
        """Begin to settle; it ends when the chain has mined what it sends."""
        self.settling.append(self.world.loop.create_task(self.settlements.settle(agreement)))
        self.world.loop.settle()
        self.sweep()

    def sweep(self):
        """See how settlements ended: a refusal with words is an end, a fault of ours is not."""
        for task in [task for task in self.settling if task.done()]:
            self.settling.remove(task)
            self._ended(task)

    def go(self, work):
        """Let a piece of work run as far as it can without another block."""
        task = self.world.loop.create_task(work)
        self.world.loop.settle()
        if task.done():
            self._ended(task)
        else:
            self.settling.append(task)

    def _ended(self, task):
        if task.cancelled() or task.exception() is None:
            return
        fault = task.exception()
        if isinstance(fault, CrashError):
            return
        (self.refusals if isinstance(fault, (PenstockError, ChainError)) else self.broken).append(fault)

"""The life of a participant: made from its table of parts, begun, taken over, ended.

Law: parts are made in the table's order and end in the reverse; nothing works before this process holds the lease, and
what lapses waits for nothing.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from connector.core import service, topics
from connector.core.service import Parts
from connector.operation import catching_up, set_back
from connector.runtime.clock import Clock
from connector.store import restored
from connector.store.succession import Succession

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Self

    from connector.core.core import Core
    from connector.identity.space.author import SpaceAuthor
    from connector.identity.space.view import SpaceView
    from connector.negotiation.reactions import Rules
    from connector.operation.health import Health
    from connector.operation.metrics import Metrics
    from connector.runtime.settings import Settings
    from connector.settlement.claiming import Claiming
    from connector.settlement.monitor import Monitor
    from connector.store.beside import Beside
    from connector.store.store import Store
    from connector.store.tenure import Tenure
    from ledger.chain.programs import Programs

WAKE = "wake"  # what a driver here was woken for, while another process drives


class Life:
    """What a participant does as a whole; its table (`connector.app.app`) stands on this and names the parts."""

    # those of the parts that are asked here
    core: Core
    store: Store
    tenure: Tenure
    beside: Beside
    space: SpaceView
    programs: Programs
    author: SpaceAuthor
    health: Health
    metrics: Metrics
    claiming: Claiming
    monitor: Monitor

    def __init__(self, data: Path, settings: Settings, clock: Clock, rules: Rules) -> None:
        self.data, self.settings, self.clock, self.rules = data, settings, clock, rules
        self.did, self.url = settings.did, settings.url
        self.parts: Parts
        self.took_over: Callable[[], object] | None = None  # called when the work has become ours after the start
        self.succession: Succession

    @classmethod
    async def start(cls, data: Path, settings: Settings, clock: Clock | None = None, rules: Rules = ()) -> Self:
        """Build and open a participant, once its database is free and its space answers.

        `catch_up` then goes on when the server listens, and `recover` after it.
        """
        made = cls(data, settings, clock or Clock(), rules)
        await service.make(made)
        made.parts = Parts(made)
        made._tie()
        try:
            made.health.catching_up = await made.store.read(restored.marked) is not None
        except BaseException:
            await service.end(made)
            raise
        return made

    async def catch_up(self) -> None:
        """Learn what others know of our log, if we were restored; call it when the server listens.

        Others that were restored, too, ask us meanwhile, and of all there is that alone is answered. Raises
        EvidenceBroken when what others hold cannot be reached.
        """
        await set_back.wait(self.core, self.space, self.programs, self.tenure, catching_up.catch_up)
        self.health.catching_up = False

    def _tie(self) -> None:
        """Have every part asked, and look again, as its line says."""
        for chores in service.each(self, "chores"):
            self.monitor.chores.update(chores)
        self.health.warns += service.each(self, "warns")
        self.metrics.told += service.measured(self)
        self.succession = Succession(self.tenure, self.work, self.tenure.give_up)
        for said, working in (("looks", False), ("working", True)):
            for looks in service.each(self, said):
                for tables, look in looks.items():
                    self.succession.look(tables, look, working=working)
        if self.settings.side_by_side:
            self._tie_beside()

    def _tie_beside(self) -> None:
        """Have the processes on our tables hear of each other."""
        if not self.settings.space.exchange:
            self.space.build = self.author.rebuild
        for name in topics.EVERYWHERE:
            topic = getattr(self.core.topics, name)
            topic.heard_by(partial(self.beside.tell, name))
            self.beside.hears[name] = topic.tell
        driven = {driver.name: driver for driver in service.drivers(self)}
        for name, driver in driven.items():
            driver.elsewhere = partial(self.beside.tell, WAKE, name)
        self.beside.hears[WAKE] = lambda name, key: driven[name].wake(key)
        self.beside.listen()
        self.store.on_foreign(self.succession.changed)

    async def recover(self) -> None:
        """Go on with everything open; call it when the server answers, because peers answer at once.

        Beside another process that works on our tables we answer questions, and take its place when it is gone.
        """
        if self.health.catching_up:
            await self.catch_up()
        for ready in service.each(self, "readies"):
            await ready()
        for driver in service.drivers(self):
            driver.resting = not self.tenure.held
        await self.succession.begin()

    async def work(self) -> None:
        """Begin what one process does at a time; what lapses waits for nothing."""
        await self.claiming.begin()
        await service.begin(self)
        if self.took_over is not None:
            self.took_over()

    async def close(self) -> None:
        """Stop working; every row stays as it is."""
        if self.tenure.held:
            await self.claiming.end()
        await self.succession.close()
        await service.end(self)

"""Who works on a database: one process at a time, the next one takes over when it is gone.

Law: a process that holds the lease does the participant's work, any other waits. A holder that cannot renew in time
stops at once: somebody else may have begun. One that was away with its whole machine, a lid closed or a machine paused,
goes on where nobody took the work meanwhile. A holder whose process is dead on this very machine is not waited for, so
a restart after a crash costs nothing.
"""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import socket
from typing import TYPE_CHECKING

from connector.runtime.cancellation import cancel
from connector.runtime.living import lives
from connector.store import leases
from connector.store.errors import StoreBusy
from connector.store.rows.protocol import LeaseRow

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.runtime.clock import Clock
    from connector.store.store import Store
    from connector.store.transaction import Tx

NAME = "participant"
LEASE_SECONDS = 30  # how long another machine waits after a holder fell silent
RENEW_SECONDS = 5.0
WAIT_SECONDS = 0.5

log = logging.getLogger(__name__)


class Tenure:
    """This process's right to work on the store; `lost` is called when it is gone. `url` is where it answers.

    `given_up` says that it ends for that, and not because somebody told it to.
    """

    def __init__(self, store: Store, clock: Clock, lost: Callable[[], object], url: str = "") -> None:
        self._store = store
        self._clock = clock
        self._lost = lost
        self._holder = f"{this_process()}/{secrets.token_hex(8)}/{url}"
        self._task: asyncio.Task[None] | None = None
        self.given_up = False

    @property
    def held(self) -> bool:
        """Whether the work is ours, as far as we know."""
        return self._task is not None

    async def take(self) -> None:
        """Return when the work is ours."""
        waited = False
        while not await self.attempt():
            if not waited:
                log.warning("another process works on this database; waiting for it to end")
                waited = True
            await asyncio.sleep(WAIT_SECONDS)

    async def attempt(self) -> bool:
        """Take the work if nobody has it; return whether it is ours."""
        if self._task is None and await self._try():
            self._task = asyncio.create_task(self._renew(), name="tenure")
        return self.held

    async def where(self) -> str:
        """Return where the process answers that works, empty when none does, or it said nothing."""
        row = await self._store.read(lambda tx: tx.get(LeaseRow, name=NAME))
        if row is None or row.until <= self._clock.now() or is_dead(row.holder):
            return ""
        return row.holder.split("/", 3)[3] if row.holder.count("/") > 2 else ""

    def require(self, tx: Tx) -> None:
        """Raise `StoreBusy` in the transaction of an act that only who works may do, when somebody else works."""
        row = tx.get(LeaseRow, name=NAME)
        if row is None or row.holder != self._holder:
            raise StoreBusy("another process works on this database now; nothing was written, this one ends")

    def give_up(self) -> None:
        """End this process: whoever started it starts it again, and it waits for its turn."""
        self.given_up = True
        self._lost()

    async def close(self) -> None:
        """Hand the work to whoever waits."""
        if self._task is not None:
            await cancel(self._task)
            await self._store.write(lambda tx: leases.release(tx, NAME, self._holder))

    async def _try(self) -> bool:
        now = self._clock.now()
        held = await self._store.read(lambda tx: tx.get(LeaseRow, name=NAME))
        if held is not None and (is_dead(held.holder) or _is_of_before(held.holder)):
            await self._store.write(lambda tx: leases.release(tx, NAME, held.holder))
        return await self._store.write(lambda tx: leases.take(tx, NAME, self._holder, now, LEASE_SECONDS))

    async def _renew(self) -> None:
        held = self._clock.monotonic()
        while True:
            await asyncio.sleep(RENEW_SECONDS)
            asked = self._clock.monotonic()
            try:
                renewed = await self._prolong()
            except StoreBusy:  # somebody else writes; until the lease ends nobody else may work
                if self._clock.monotonic() - held < LEASE_SECONDS:
                    continue
                renewed = False
            if not renewed:
                log.critical("this process was away too long and another has taken over, or may have: it stops")
                self.give_up()
                return
            held = asked

    async def _prolong(self) -> bool:
        now = self._clock.now()
        return await self._store.write(lambda tx: leases.renew(tx, NAME, self._holder, now, LEASE_SECONDS))


def this_process() -> str:
    """Return how a holder of this process begins."""
    return f"{socket.gethostname()}/{os.getpid()}"


def is_dead(holder: str) -> bool:
    """Say whether a holder was a process of this machine that lives no more."""
    host, _, rest = holder.partition("/")
    process = rest.partition("/")[0]
    if host != socket.gethostname() or not process.isdecimal():
        return False
    return not lives(int(process))


def _is_of_before(holder: str) -> bool:
    """Say whether a holder had the number of this process, which has taken nothing yet."""
    return holder.startswith(this_process() + "/")

"""What must happen though nobody asks: deadlines that pass in silence (spec 3.5, 4, 5).

Law: every chore is a row of CHORES and may run at any time, any number of times; one that fails is tried again at the
next round and stops no other. Nothing that a peer waits for is done here: causes wake their own steps.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from connector.chain.anchoring import due
from connector.channel import openings, payee
from connector.custody import archiving
from connector.identity import tokens
from connector.runtime.cancellation import cancel
from connector.runtime.errors import explain_failure
from connector.settlement.claiming import ROUND_SECONDS

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from connector.chain.anchoring import Anchoring
    from connector.chain.chain_watch import ChainWatch
    from connector.channel.doors import Holder
    from connector.core.core import Core
    from connector.settlement.claiming import Claiming


CLAIM = "claim before it is too late"
# a witness or the chain that was away is asked again so soon
ANCHOR_RETRY_SECONDS = 60.0

log = logging.getLogger(__name__)


class Monitor:
    """The rounds of one participant."""

    def __init__(self, core: Core, watch: ChainWatch, holder: Holder, anchoring: Anchoring, claiming: Claiming) -> None:
        self._core, self._watch, self._holder, self._anchoring = core, watch, holder, anchoring
        self._task: asyncio.Task[None] | None = None
        self._anchored = self._again = float("-inf")
        self.chores: dict[str, Callable[[], Awaitable[None]]] = {
            CLAIM: claiming.chore,  # what lapses waits for nothing
            "forget spent tokens": self._purge_tokens,
            "give up unpaid windows": self._lapse_windows,
            "end leases": self._end_leases,
            "anchor the log": self._anchor,
            archiving.CHORE: archiving.Archiving(core).chore,
        }

    def start(self) -> None:
        """Begin the rounds."""
        self._task = asyncio.create_task(self._rounds(), name="monitor")

    async def close(self) -> None:
        """End the rounds."""
        await cancel(self._task)

    async def _rounds(self) -> None:
        rest = min(ROUND_SECONDS, self._core.settings.log.anchor_interval_seconds or ROUND_SECONDS)
        while True:
            await asyncio.sleep(rest)
            for name, chore in self.chores.items():
                try:
                    await chore()
                except Exception as fault:  # noqa: BLE001  # one chore's fault must not stop the others
                    log.warning("could not %s: %s", name, explain_failure(fault).text)

    async def _purge_tokens(self) -> None:
        now = self._core.clock.now()
        await self._core.store.write(lambda tx: tokens.purge(tx, now))

    async def _lapse_windows(self) -> None:
        await self._watch.look()
        holder, now = self._holder, self._core.clock.now()
        await self._core.store.write(lambda tx: payee.lapse(tx, holder, now))

    async def _end_leases(self) -> None:
        now = self._core.clock.now()
        await self._core.store.write(lambda tx: openings.end_lapsed(tx, self._core.evidence, now))

    async def _anchor(self) -> None:
        """Anchor what is new when that is due.

        A space that has not all the witnesses yet is waited for: a log that was registered with fewer stays so a while.
        """
        wanted, now = self._core.settings.log, self._core.clock.monotonic()
        if not self._anchoring.witnessed() or now < self._again:
            return
        evidence, gathering = self._core.evidence, self._anchoring.gathering
        new = await self._core.store.read(lambda tx: evidence.unanchored(tx) + gathering.waiting(tx))
        if due(wanted, now - self._anchored, new):
            # one that fails is tried again before the interval is over, however many events wait, and not at once
            self._again = now + min(ANCHOR_RETRY_SECONDS, wanted.anchor_interval_seconds or ANCHOR_RETRY_SECONDS)
            await self._anchoring.anchor()
            self._anchored = self._again = now

"""A buyer that was served says so in time, and again until its provider has heard it (spec 4; decision 0112).

Law: (1) what is owed stands in the rows, so a start finds it; a timer only says when to look. (2) Keys kept are
acknowledged when nothing more was asked for in `ACK_AFTER_SECONDS`, keys leased when their opening has ended. (3) While
a window is asked for and signed, nothing is acknowledged on its channel, for both would take the next seq.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from connector.channel import acknowledgement
from connector.channel.errors import ChannelFault
from connector.core.driver import Driver
from connector.runtime.errors import PeerRefused

if TYPE_CHECKING:
    from connector.chain.chain_watch import ChainWatch
    from connector.channel.acknowledgement import Owed
    from connector.core.core import Core
    from connector.identity.space.view import SpaceView
    from connector.settlement.paying import Payments

ACK_AFTER_SECONDS = 60.0  # `ackAfter` of specification 4
LOOK_SECONDS_MAX = 600.0  # a clock that was set, or a machine that slept, is noticed within this time

log = logging.getLogger(__name__)


class Acknowledging:
    """The acknowledgements that one participant owes; keys of the driver are channel ids."""

    def __init__(self, core: Core, space: SpaceView, watch: ChainWatch, payments: Payments) -> None:
        self._core, self._space, self._watch, self._payments = core, space, watch, payments
        self.driver = Driver("acknowledgement", self._advance, self._leave)
        self._served: dict[str, float] = {}
        self._timers: dict[str, asyncio.TimerHandle] = {}

    async def recover(self) -> None:
        """Go on with what an earlier run, or another process, left owed."""
        self.driver.resume(await self._core.store.read(acknowledgement.channels))

    def close(self) -> None:
        """Wait for nothing any more; what is owed is found at the next start."""
        self.driver.resting = True
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

    def served(self, channel: bytes) -> None:
        """Take note that keys came: from now on it is counted for how long nothing is asked for."""
        self._served[channel.hex()] = self._core.clock.monotonic()
        if channel.hex() not in self._timers:
            self.driver.wake(channel.hex())

    def wake(self, channel: bytes) -> None:
        """Look now whether something is owed on a channel."""
        self._forget_timer(channel.hex())
        self.driver.wake(channel.hex())

    async def _advance(self, key: str) -> None:
        channel = bytes.fromhex(key)
        self._forget_timer(key)
        found = await self._core.store.read(lambda tx: acknowledgement.owed(tx, channel))
        if found is None or found.peer not in self._space.last().members:
            self._served.pop(key, None)
            return
        if (rest := self._rest(key, found)) > 0:
            later = asyncio.get_running_loop().call_later
            self._timers[key] = later(min(rest, LOOK_SECONDS_MAX), self.driver.wake, key)
            return
        await self._acknowledge(channel, found.peer)
        self._served.pop(key, None)

    def _rest(self, key: str, found: Owed) -> float:
        """Return the seconds until an acknowledgement is due."""
        clock = self._core.clock
        if found.signed:
            return 0.0
        if found.leased:
            return 0.0 if found.runs_until is None else (found.runs_until - clock.now()).total_seconds()
        return self._served.setdefault(key, clock.monotonic()) + ACK_AFTER_SECONDS - clock.monotonic()

    async def _acknowledge(self, channel: bytes, peer: str) -> None:
        """Send what is owed; a provider that lost what it is about is made level first."""
        try:
            await self._payments.acknowledge(peer, channel)
        except PeerRefused:
            await self._watch.look()
            await self._payments.level(peer, channel)
            if await self._core.store.read(lambda tx: acknowledgement.owed(tx, channel)) is not None:
                await self._payments.acknowledge(peer, channel)
        except ChannelFault as fault:
            log.info("nothing is acknowledged on `%s` now: %s", channel.hex(), fault)

    async def _leave(self, key: str, fault: Exception) -> None:
        """Leave what the provider does not take: it claims with the preimage, and the next start tries again."""
        self._served.pop(key, None)
        log.warning("the provider did not take the acknowledgement of the channel `%s`: %s", key, fault)

    def _forget_timer(self, key: str) -> None:
        timer = self._timers.pop(key, None)
        if timer is not None:
            timer.cancel()

"""Is it alive, is it ready, and if not, why: for whoever decides where requests go and whom to wake.

Law: live says that the loop turns, nothing else. Ready names every reason against it, each a row of `REASONS`, and what
its owner has to see to although requests may come (`warns`); none of it tells a stranger more than that word.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from shutil import disk_usage
from typing import TYPE_CHECKING, Any

from connector.runtime.limits import FREE_DISK_BYTES
from connector.store.errors import EvidenceBroken

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from connector.chain.chain_watch import ChainWatch
    from connector.core.core import Core
    from connector.store.timekeeping import Timekeeping

# who asks whether we are ready has little patience
LOOK_SECONDS = 2.0


class Health:
    """The state of one participant; `draining` is set when it is told to stop, `catching_up` after a restore."""

    def __init__(self, core: Core, watch: ChainWatch, timekeeping: Timekeeping) -> None:
        self.core, self.watch, self.timekeeping = core, watch, timekeeping
        self.draining = self.catching_up = False
        self.warns: list[Callable[[], list[str]]] = []

    async def looked(self) -> dict[str, Any]:
        """Look at the chain if nobody did lately, at most `LOOK_SECONDS` long, and return what the endpoint says."""
        with suppress(TimeoutError):
            async with asyncio.timeout(LOOK_SECONDS):
                await self.watch.look()
        found = self.reasons()
        warnings = [word for each in self.warns for word in each()]
        return {"status": "not ready" if found else "ready", "reasons": found, "warnings": warnings}

    def reasons(self) -> list[str]:
        """Return what speaks against sending requests here; empty when it is ready."""
        return [name for name, holds in REASONS.items() if holds(self)]

    def chain_is_stale(self) -> bool:
        """Say whether the newest block is too old to decide by."""
        age = self.watch.age()
        return age is None or age > self.core.settings.chain.stale_max_seconds


# reason → does it hold
REASONS: Mapping[str, Callable[[Health], bool]] = {
    "draining": lambda health: health.draining,
    "catching-up": lambda health: health.catching_up,
    "disk-failed": lambda health: health.core.store.failure is not None,
    "disk-full": lambda health: disk_usage(health.core.data).free < FREE_DISK_BYTES,
    "log-broken": lambda health: isinstance(health.core.evidence.newest, EvidenceBroken),
    "chain-stale": Health.chain_is_stale,
    "clock-behind": lambda health: bool(health.timekeeping.wrong(health.watch.block_time)),
}

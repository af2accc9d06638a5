"""Is it alive, is it ready, and if not, why: for whoever decides where requests go and whom to wake.

Law: live says that the loop turns, nothing else. Ready names every reason against it, each a row of `REASONS`, none of
which tells a stranger more than that word.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from shutil import disk_usage
from typing import TYPE_CHECKING, Any

from connector.limits import FREE_DISK_BYTES
from connector.store.errors import EvidenceBroken

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from connector.base import Base

# who asks whether we are ready has little patience
LOOK_SECONDS = 2.0


class Health:
    """The state of one participant; `draining` is set when it is told to stop."""

    def __init__(self, base: Base) -> None:
        self._base = base
        self.draining = False

    async def looked(self) -> dict[str, Any]:
        """Look at the chain if nobody did lately, at most `LOOK_SECONDS` long, and return what the endpoint says."""
        with suppress(TimeoutError):
            async with asyncio.timeout(LOOK_SECONDS):
                await self._base.watch.look()
        found = self.reasons()
        return {"status": "not ready" if found else "ready", "reasons": found}

    def reasons(self) -> list[str]:
        """Return what speaks against sending requests here; empty when it is ready."""
        return [name for name, holds in REASONS.items() if holds(self._base, self)]


def _chain_is_stale(base: Base, _health: Health) -> bool:
    age = base.watch.age()
    return age is None or age > base.settings.chain.stale_max_seconds


# reason → does it hold
REASONS: Mapping[str, Callable[[Base, Health], bool]] = {
    "draining": lambda _base, health: health.draining,
    "disk-failed": lambda base, _health: base.store.failure is not None,
    "disk-full": lambda base, _health: disk_usage(base.data).free < FREE_DISK_BYTES,
    "log-broken": lambda base, _health: isinstance(base.evidence.newest, EvidenceBroken),
    "chain-stale": _chain_is_stale,
}

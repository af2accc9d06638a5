"""Which uses run in this process, so that an exchange that watches can be told of them.

Law: it is kept in memory alone: what no process runs any more is over.
"""

from __future__ import annotations

import secrets
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from connector.core.core import Core

# what is done with data (`catalog.watching.ACTIONS`)
READ: Final = "read"
STREAM: Final = "stream"
COMPUTE: Final = "compute"
NAME_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class Running:
    """A use that runs, under an agreement (its digest in hex)."""

    use: str
    agreement: str
    action: str
    since: datetime


class RunningUses:
    """The uses that run in one process."""

    def __init__(self, core: Core) -> None:
        self._clock = core.clock
        self._running: dict[str, Running] = {}

    @contextmanager
    def of(self, agreement: str, action: str) -> Iterator[None]:
        """Have a use known while it runs."""
        use = Running(secrets.token_hex(NAME_BYTES), agreement, action, self._clock.now())
        self._running[use.use] = use
        try:
            yield
        finally:
            del self._running[use.use]

    def page(self) -> list[Running]:
        """Return what runs now, those first that began first."""
        return list(self._running.values())

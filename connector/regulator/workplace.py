"""What a machine gives an audit: a folder that is thrown away, two processes to help, and a line now and then."""

from __future__ import annotations

import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing.context import SpawnContext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from connector.runtime.speed import Pace
from ledger.audit.workplace import Workplace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from multiprocessing.context import SpawnProcess

# what reads and keeps the logs has no more to give to a third
HANDS = 2
# an audit that ends sooner says nothing on its way
SAY_EVERY_SECONDS = 5.0


@contextmanager
def workplace(say: Callable[[str], None], every_seconds: float = SAY_EVERY_SECONDS) -> Iterator[Workplace]:
    """Yield a place for one audit, in the folder for temporary files: some two KB for each event to be read.

    `say` takes a line of progress, each `every_seconds` at most. The processes are begun when a space is large enough
    to need them.
    """
    with tempfile.TemporaryDirectory(prefix="penstock-audit-") as folder:
        spawning = _Spawning()
        hands = ProcessPoolExecutor(HANDS, mp_context=spawning)
        place = Workplace(str(Path(folder) / "entries.db"), hands, Progress(say, every_seconds))
        try:
            yield place
        finally:
            if place.hands is None:
                spawning.kill()
            hands.shutdown(cancel_futures=True)


class _Spawning(SpawnContext):
    """Begins processes, and knows them.

    A pool whose process was killed ends those that it knows of, and waits for all: one that it was beginning at that
    very moment is not told to end, and waits for work as the pool waits for it (concurrent.futures of Python 3.11).
    """

    def __init__(self) -> None:
        super().__init__()
        self._begun: list[SpawnProcess] = []

    def Process(self, *args: Any, **options: Any) -> SpawnProcess:  # type: ignore[override]  # noqa: N802 - a pool's word
        made: SpawnProcess = super().Process(*args, **options)
        self._begun.append(made)
        return made

    def kill(self) -> None:
        """End those that run still."""
        for one in self._begun:
            if one.is_alive():
                one.kill()


class Progress:
    """Says how far the reading is, now and then."""

    def __init__(self, say: Callable[[str], None], every_seconds: float = SAY_EVERY_SECONDS) -> None:
        self._say, self._every = say, every_seconds
        self._said, self._pace = time.monotonic(), Pace("events")

    def __call__(self, done: int, expected: int) -> None:
        """Take note that so many events of so many were read."""
        now = time.monotonic()
        if now - self._said >= self._every:
            self._said = now
            self._say(f"{done:,} of {expected:,} events read: {self._pace.line(now, done, expected)}")

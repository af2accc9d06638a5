"""What a machine gives an audit: a folder that is thrown away, two processes to help, and a line now and then."""

from __future__ import annotations

import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

from connector.runtime.speed import Pace
from ledger.audit.workplace import Workplace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

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
        hands = ProcessPoolExecutor(HANDS, mp_context=get_context("spawn"))
        try:
            yield Workplace(str(Path(folder) / "entries.db"), hands, Progress(say, every_seconds))
        finally:
            hands.shutdown(cancel_futures=True)


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

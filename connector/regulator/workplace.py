"""What a machine gives an audit: a folder that is thrown away, two processes to help, and a line now and then."""

from __future__ import annotations

import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

from ledger.audit.workplace import Workplace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# what reads and keeps the logs has no more to give to a third
HANDS = 2
# an audit that ends sooner says nothing on its way
SAY_EVERY_SECONDS = 5.0


@contextmanager
def workplace(say: Callable[[str], None]) -> Iterator[Workplace]:
    """Yield a place for one audit, in the folder for temporary files: some two KB for each event to be read.

    `say` takes a line of progress. The processes are begun when a space is large enough to need them.
    """
    with tempfile.TemporaryDirectory(prefix="penstock-audit-") as folder:
        hands = ProcessPoolExecutor(HANDS, mp_context=get_context("spawn"))
        try:
            yield Workplace(str(Path(folder) / "entries.db"), hands, Progress(say))
        finally:
            hands.shutdown(cancel_futures=True)


class Progress:
    """Says how far the reading is, now and then."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._said = time.monotonic()

    def __call__(self, done: int, expected: int) -> None:
        """Take note that so many events of so many were read."""
        now = time.monotonic()
        if now - self._said >= SAY_EVERY_SECONDS:
            self._said = now
            self._say(f"{done:,} of {expected:,} events read")

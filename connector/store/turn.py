"""Whose turn it is among the processes that write to one database.

SQLite keeps no queue: who waits for its lock tries again now and then, and whoever writes without a pause wins nearly
every time. Law: a process that waits holds the turn meanwhile, and nobody begins to write while somebody else holds it.
So the next lock is the waiting one's. It is a courtesy, no lock: a waiting process that was stopped keeps the others no
longer than `COURTESY_SECONDS` at a time.
"""

from __future__ import annotations

import fcntl
import os
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# who waits asks SQLite again every 0.1 s at the latest
COURTESY_SECONDS = 0.25
# how soon the turn is asked for again
ASK_SECONDS = 0.001


class Turn:
    """The turn at the databases of one folder; several processes, or stores of one process, take it from each other."""

    def __init__(self, folder: Path) -> None:
        self._handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)

    @contextmanager
    def taken(self, *, wait: bool) -> Iterator[bool]:
        """Hold the turn; without `wait` yield False at once if it is somebody else's, with it ask for a while."""
        held = self._take()
        for _ in range(int(COURTESY_SECONDS / ASK_SECONDS)):
            if held or not wait:
                break
            time.sleep(ASK_SECONDS)
            held = self._take()
        try:
            yield held
        finally:
            if held:
                fcntl.flock(self._handle, fcntl.LOCK_UN)

    def close(self) -> None:
        """Give up the handle; closing twice does nothing."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1

    def _take(self) -> bool:
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

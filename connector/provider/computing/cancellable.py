"""Questions that are asked and not answered, each of which its buyer may take back."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from connector.runtime.errors import Conflict

if TYPE_CHECKING:
    from collections.abc import Iterator

CANCELLED: Final = "`{}` was cancelled"


class Cancellable:
    """The tasks that answer, by agreement and id; of one process, on its loop."""

    def __init__(self) -> None:
        self._tasks: dict[tuple[str, str], set[asyncio.Task[object]]] = {}
        self._over: set[asyncio.Task[object]] = set()

    @contextmanager
    def under(self, key: tuple[str, str]) -> Iterator[None]:
        """Let what is done inside be cancelled under a key; raises Conflict where it was."""
        task = asyncio.current_task()
        assert task is not None, "a question is answered in a task"
        self._tasks.setdefault(key, set()).add(task)
        try:
            yield
        except asyncio.CancelledError:
            if task not in self._over:  # the server stops, or who asked is gone
                raise
            task.uncancel()
            raise Conflict(CANCELLED.format(key[1]), "ask again, also under the same id") from None
        finally:
            self._over.discard(task)
            self._tasks[key].discard(task)
            if not self._tasks[key]:
                del self._tasks[key]

    def cancel(self, key: tuple[str, str]) -> int:
        """Cancel what is done under a key; returns how many tasks there were."""
        found = self._tasks.get(key, set()) - self._over
        for task in found:
            self._over.add(task)
            task.cancel()
        return len(found)

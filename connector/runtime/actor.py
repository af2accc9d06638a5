"""Who of our own people a request is of, for what is written down because of it.

Law: a name holds in the very task that serves the request, until that ends. What is begun in it and lives on, or runs
beside it, is the participant's own: rather nobody is named than the wrong one.
"""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_CURRENT: ContextVar[tuple[asyncio.Task[Any] | None, str]] = ContextVar("penstock_actor", default=(None, ""))


@contextmanager
def acting(name: str) -> Iterator[None]:
    """Name who acts inside the block: `owner`, `account:NAME`, `operator:NAME`, `key:NAME`."""
    reset = _CURRENT.set((asyncio.current_task(), name))
    try:
        yield
    finally:
        _CURRENT.reset(reset)


def current() -> str:
    """Return who acts in this task, empty for nobody of ours."""
    task, name = _CURRENT.get()
    return name if name and task is asyncio.current_task() else ""

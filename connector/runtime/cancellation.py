"""How long work of a part ends: cancelled, and waited for, so that nothing of it happens after its part has closed."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any


async def cancel(*tasks: asyncio.Task[Any] | None) -> None:
    """Cancel tasks and return when all have ended; raises what one had met before. None is a task that never began."""
    begun = [task for task in tasks if task is not None]
    for task in begun:
        task.cancel()
    for task in begun:
        with suppress(asyncio.CancelledError):
            await task

"""A space of those who trade, are watched and keep it, in which keys and accounts are followed by others."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import ClassVar

from connector.runtime.clock import Clock
from tests.api.space import Space


class Followed(Space):
    """Exchange, supervisor, provider and buyer."""

    kinds: ClassVar = {"exchange": "exchange", "regulator": "regulator", "provider": "provider", "buyer": "buyer"}


@asynccontextmanager
async def followed_space(folder):
    """Run such a space in a folder."""
    made = Followed(folder, Clock().now)
    made.prepare(tuple(Followed.kinds))
    try:
        await made.start()
        yield made
    finally:
        await made.stop()

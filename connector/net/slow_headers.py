"""Headers that somebody has to sign elsewhere first, a hardware module perhaps: whoever sends waits beside the loop.

Law: they are made once, when they are first read; `read` does so in a thread, so that a slow key holds up nobody else.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class SlowHeaders(Mapping[str, str]):
    """Name → value, made by `make` when somebody reads them."""

    def __init__(self, make: Callable[[], Mapping[str, str]]) -> None:
        self._make = make

    @cached_property
    def _made(self) -> Mapping[str, str]:
        return self._make()

    def __getitem__(self, name: str) -> str:
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._made)

    def __len__(self) -> int:
        return len(self._made)


async def read(headers: Mapping[str, str] | None) -> Mapping[str, str]:
    """Return the headers as they are sent; raises what making them raises."""
    if isinstance(headers, SlowHeaders):
        return await asyncio.to_thread(dict, headers)
    return headers or {}

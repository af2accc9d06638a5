"""The readers that this connector would answer statements with, as they measure themselves now.

A provider has them named in terms where its answers are attested. A buyer who has the same program on the same
libraries measures the same: so it sees of a product which program answers, and trusts no word for it.
"""

from __future__ import annotations

import asyncio
from importlib.util import find_spec
from typing import TYPE_CHECKING

from connector.compute.attesters import ATTESTERS
from connector.compute.measuring import NOISE, READERS, looked_at
from contracts import platforms

if TYPE_CHECKING:
    from connector.core.core import Core
    from contracts.canonical import JsonObject


class Readers:
    """What would answer here, and what would vouch for it."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._turn = asyncio.Lock()  # a process each: they are measured one after the other

    async def page(self) -> JsonObject:
        """Return the readers of exact answers and of those with noise, where these can be drawn; SettingsError."""
        known = [name for name in READERS if name != NOISE or find_spec("opendp") is not None]
        async with self._turn:
            found = [(name, await asyncio.to_thread(looked_at, READERS[name])) for name in known]
        readers = [{"answers": name, "confined": one.confined, "measurement": one.digest} for name, one in found]
        return {"readers": readers, "platforms": [_platform(name) for name in ATTESTERS]}


def _platform(name: str) -> dict[str, str]:
    en, zh = platforms.platform(name).words
    return {"platform": name, "en": en, "zh": zh}

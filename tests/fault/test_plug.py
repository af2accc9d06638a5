"""The plug is pulled twice during one pull: the buyer's, then both; at the end the right bytes and the right bill.

`make test` does it with a small edition; with `PENSTOCK_TEST_FAULTS=all` it has 10 GiB, or what the disk has room for.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import pytest

from bench.space import space
from tests.fault.pulls import MIB, PIECE_KIB, Pull, fill

SMALL_MIB, LARGE_MIB = 24, 10 * 1024
# source, provider's sealed bytes, buyer's, opened files; and what others need meanwhile
COPIES, SPARE_MIB = 4, 8 * 1024

pytestmark = [pytest.mark.faults, pytest.mark.asyncio(loop_scope="session")]


def size_mib(folder):
    if os.environ.get("PENSTOCK_TEST_FAULTS") != "all":
        return SMALL_MIB
    free = shutil.disk_usage(folder).free // MIB
    return min(LARGE_MIB, (free - SPARE_MIB) // COPIES)


async def test_a_pull_survives_the_plug_twice(record_property):
    with tempfile.TemporaryDirectory(prefix="penstock-plug-") as name:
        folder = Path(name)
        mib = size_mib(folder)
        assert mib >= SMALL_MIB, "the disk has no room"
        source = folder / "data.bin"
        fill(source, mib)
        async with space(folder) as made:
            pull = Pull(made, source, "plug")
            await pull.begin(PIECE_KIB if mib == SMALL_MIB else 1024)
            provider, buyer = made.people["provider"], made.people["buyer"]

            first = await pull.until(1 / 4)
            await buyer.kill()
            await buyer.start()
            second = await pull.until(1 / 2)
            assert second["progress"]["keysHeld"] > first["progress"]["keysHeld"]
            await provider.kill()
            await buyer.kill()
            await provider.start()
            await buyer.start()
            await pull.ends_right(folder / "opened")
        record_property("mib", mib)

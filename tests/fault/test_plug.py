"""The plug is pulled twice during one pull: the buyer's, then both; at the end the right bytes and the right bill.

`make test` does it with a small edition; with `PENSTOCK_TEST_FAULTS=all` it has 10 GiB, or what the disk has room for.
"""

from __future__ import annotations

import os
import random
import shutil
import tempfile
from pathlib import Path

import pytest
from blake3 import blake3

from bench.space import space
from contracts.tariff import Tariff, amount

MIB = 2**20
SMALL_MIB, LARGE_MIB = 24, 10 * 1024
# source, provider's sealed bytes, buyer's, opened files; and what others need meanwhile
COPIES, SPARE_MIB = 4, 8 * 1024
PURPOSE = "AirTrafficResearch"
TARIFF = Tariff("byte", 1, MIB, "CNY")

pytestmark = [pytest.mark.faults, pytest.mark.asyncio(loop_scope="session")]


def size_mib(folder):
    if os.environ.get("PENSTOCK_TEST_FAULTS") != "all":
        return SMALL_MIB
    free = shutil.disk_usage(folder).free // MIB
    return min(LARGE_MIB, (free - SPARE_MIB) // COPIES)


def digest(path):
    hasher = blake3()
    with path.open("rb", buffering=0) as file:
        while piece := file.read(MIB):
            hasher.update(piece)
    return hasher.hexdigest()


def fill(path, mib):
    """Write bytes of a seed: no two pieces alike, and nothing that compresses."""
    drawn = random.Random(mib)
    with path.open("wb") as file:
        for _ in range(mib):
            file.write(drawn.randbytes(MIB))


async def until(made, key, share):
    """Return the buyer's view as soon as so much of the keys is here; the pull must not be over by then."""
    told = ""
    while True:
        view = await made.call("buyer", "GET", f"acquisitions/{key}?wait=20&after={told}")
        assert view["state"] not in ("complete", "failed"), view
        told, progress = view["mark"], view["progress"]
        if progress["rows"] and progress["keysHeld"] >= share * progress["rows"]:
            return view


async def test_a_pull_survives_the_plug_twice(record_property):
    with tempfile.TemporaryDirectory(prefix="penstock-plug-") as name:
        folder = Path(name)
        mib = size_mib(folder)
        assert mib >= SMALL_MIB, "the disk has no room"
        source = folder / "data.bin"
        fill(source, mib)
        async with space(folder) as made:
            # so many windows that each strike falls well inside the pull
            published = await made.offer("plug", [source], 64 if mib == SMALL_MIB else 1024)
            mandate = {"bid": None, "limit": "1", "purpose": PURPOSE, "deposit": None}
            await made.call("buyer", "POST", "acquisitions", {"id": "plug", "product": "plug", "mandate": mandate})
            provider, buyer = made.people["provider"], made.people["buyer"]

            first = await until(made, "plug", 1 / 4)
            await buyer.kill()
            await buyer.start()
            second = await until(made, "plug", 1 / 2)
            assert second["progress"]["keysHeld"] > first["progress"]["keysHeld"]
            await provider.kill()
            await buyer.kill()
            await provider.start()
            await buyer.start()

            view = await made.reach("plug", frozenset({"complete"}))
            target = folder / "opened"
            opening = {"id": "open-plug", "acquisition": "plug", "purpose": PURPOSE, "to": str(target)}
            await made.call("buyer", "POST", "openings", opening)
            due = amount(TARIFF, int(published["plainBytes"]))
            assert view["progress"]["paid"] == str(due)
            settled = await made.call("provider", "POST", "settlements", {"agreement": view["agreement"]})
            assert [row["settled"] for row in settled["channels"]] == [str(due)]
        (opened,) = [path for path in target.rglob("*") if path.is_file()]
        assert opened.stat().st_size == mib * MIB
        assert digest(opened) == digest(source)
        record_property("mib", mib)

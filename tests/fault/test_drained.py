"""A provider is told to stop under twenty pulls: it ends in time, and after its next start every pull ends well.

Real processes. Nothing is charged that does not come: each pull is paid once, and its bytes are there.
"""

from __future__ import annotations

import asyncio
import sys

import pytest

from bench.gated import GATE
from connector.runtime.clock import Clock
from contracts.tariff import Tariff, amount
from tests.api.space import PURPOSE, Space
from tests.fault.extent import DRAINED

ROLES = ("exchange", "provider", "buyer")
PULLS, SIZE, PRICE, MIB = 20, 8 << 20, 64, 1 << 20
DRAINED_SECONDS, DONE_SECONDS, LOOK_SECONDS = 30, 240, 0.02
NAMES = [f"pull-{number}" for number in range(PULLS)]

pytestmark = [pytest.mark.faults]


@pytest.fixture
async def space(tmp_path):
    made = Space(tmp_path, Clock().now)
    made.prepare(ROLES)
    # all pulls begin together, when a file is there
    made.people["buyer"].command = (sys.executable, "-m", "bench.gated", str(tmp_path / GATE), "serve")
    try:
        await made.start()
        yield made
    finally:
        await made.stop()


async def views(space):
    doors = space.doors["buyer"]
    return await asyncio.gather(*(doors.call("GET", f"acquisitions/{name}") for name in NAMES))


async def begun(space):
    """Have all pulls begin at once; return when keys have come."""
    for name in NAMES:
        await space.until(name, lambda view: view["state"] in ("receiving", "failed"), within=DONE_SECONDS)
    (space.folder / GATE).touch()
    async with asyncio.timeout(DONE_SECONDS):
        while not any((view["progress"]["keysHeld"] or 0) > 0 for view in await views(space)):
            await asyncio.sleep(LOOK_SECONDS)


async def test_a_provider_that_is_told_to_stop_ends_and_nothing_is_lost(space, record_property):
    files, due = {}, {}
    for name in NAMES:
        [files[name]] = paths = space.files(name, (SIZE,))
        published = await space.publish_files("provider", name, paths, price=PRICE)
        due[name] = str(amount(Tariff("byte", PRICE, MIB, "CNY"), int(published["plainBytes"])))
    await asyncio.gather(*(space.get(name, limit=PRICE) for name in NAMES))
    await begun(space)
    provider = space.people["provider"]
    provider.tell()
    started = asyncio.get_running_loop().time()
    async with asyncio.timeout(DRAINED_SECONDS):
        await provider.wait()
    sys.stdout.write(f"ended after {asyncio.get_running_loop().time() - started:.1f} s\n")
    assert provider._process.returncode == 0, provider.last_words()
    left = [view for view in await views(space) if view["state"] != "complete"]
    await provider.start()
    async with asyncio.timeout(DONE_SECONDS):
        for name in NAMES:
            await space.until(name, lambda view: view["state"] in ("complete", "failed"), within=DONE_SECONDS)
    for name, view in zip(NAMES, await views(space), strict=True):
        assert (view["state"], view["progress"]["keysHeld"]) == ("complete", view["progress"]["rows"]), view
        assert view["progress"]["paid"] == due[name], view
        settled = await space.doors["provider"].call("POST", "settlements", {"agreement": view["agreement"]})
        assert [row["settled"] for row in settled["channels"]] == [due[name]]
        assert (await opened(space, name)).read_bytes() == files[name].read_bytes()
    record_property(DRAINED, len(left))
    assert len(left) == PULLS


async def opened(space, name):
    """Open a replica and return its file."""
    to = space.folder / "opened" / "buyer" / name
    body = {"id": f"open-{name}", "acquisition": name, "purpose": PURPOSE, "to": str(to)}
    await space.doors["buyer"].call("POST", "openings", body)
    [file] = to.iterdir()
    return file

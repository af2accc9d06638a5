"""A space that an older program left in the middle of a trade goes on with this one: every version that was landed.

The processes live at the time at which they were killed, so that no term or expiry has passed since.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tarfile
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from connector.demo.processes import Participant
from connector.runtime.clock import Clock
from connector.store import upgrades
from tests.fault.extent import UPGRADED
from tests.newcomer.walk import same
from tests.upgrades.ground import ABOUT, KEPT, PORTS, SURVEY, TIDES

pytestmark = [pytest.mark.faults, pytest.mark.asyncio(loop_scope="session")]

THEN = (sys.executable, str(Path(__file__).with_name("then.py")))
DOWN = timedelta(minutes=1)
BOUGHT = "--purpose Research --max-price 600 --max-total 600 --data buyer --id"
WITHIN_SECONDS = 120
WHOLE, NOTHING = "whole", '{"waiting":[]}'


class Space:
    """The kept folders, served by this program, and its commands."""

    def __init__(self, folder, about):
        self._folder = folder
        beside = datetime.fromisoformat(about["made"]) + DOWN - Clock().now()
        self._environment = {"PENSTOCK_TEST_SKEW": str(round(beside.total_seconds()))}
        self._served = [Participant(folder / name, (*THEN, "serve")) for name in PORTS]

    async def start(self):
        for each in self._served:
            await each.start(self._environment)

    async def stop(self):
        for each in self._served:
            await each.stop()

    async def type(self, *words, code=0):
        process = await asyncio.create_subprocess_exec(
            *THEN, *words, cwd=self._folder, env={**os.environ, **self._environment},
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        said, _ = await asyncio.wait_for(process.communicate(), WITHIN_SECONDS)
        assert process.returncode == code, said.decode()
        return said.decode()


async def test_every_version_is_kept():
    """Whoever changes what the tables keep keeps a space of the version before (`tests/upgrades/make.py`)."""
    assert {each.name.split(".")[0].split("-")[0] for each in KEPT.iterdir()} >= {
        f"version_{number}" for number in range(1, upgrades.VERSION + 1)
    }


@pytest.mark.parametrize("kept", sorted(KEPT.glob("*.tar.xz")), ids=lambda kept: kept.name.split(".")[0])
async def test_a_space_of_an_older_program_goes_on(kept, tmp_path, record_property):
    with tarfile.open(kept) as folders:
        folders.extractall(tmp_path, filter="data")
    about = json.loads((tmp_path / ABOUT).read_text())
    space, (tides, survey) = Space(tmp_path, about), about["products"]
    try:
        await space.start()
        await space.type("get", survey, *BOUGHT.split(), "second")  # what the kill left ends under its id
        await space.type("get", tides, *BOUGHT.split(), "third", "--to", "third")
        for bought in ("first", "second"):
            await space.type("open", bought, "--purpose", "Research", "--to", bought, "--data", "buyer")
        for bought, file in (("first", TIDES), ("second", SURVEY), ("third", TIDES)):
            assert same(tmp_path / bought / file, tmp_path / file)
        settled = await space.type("settle", "--data", "provider")
        assert settled.count("settled ") == 3, settled
        for who in PORTS:
            assert WHOLE in await space.type("log", "fsck", "--data", who)
        assert NOTHING in await space.type("doctor", "--orders", "--json", "--data", "buyer")
        for who in ("provider", "buyer"):
            await space.type("log", "anchor", "--data", who)
        where = ("--exchange", f"http://localhost:{PORTS['exchange']}", "--development")
        report = await space.type("audit", *where, "--data", "regulator")
        assert report.startswith("audit: clean"), report
    finally:
        await space.stop()
    record_property(UPGRADED, 1)

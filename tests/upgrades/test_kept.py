"""A space that an older program left in the middle of a trade goes on with this one: every version that was landed.

The processes live at the time at which they were killed, so that no term or expiry has passed since.
"""

from __future__ import annotations

import json
import sys
import tarfile
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from connector.runtime.clock import Clock
from connector.store import upgrades
from tests.fault.extent import UPGRADED
from tests.newcomer.walk import Walk, same
from tests.upgrades.ground import ABOUT, KEPT, PORTS, SURVEY, TIDES

pytestmark = [pytest.mark.faults, pytest.mark.asyncio(loop_scope="session")]

SKEWED = (sys.executable, str(Path(__file__).parents[1] / "fault" / "skewed.py"))
DOWN = timedelta(minutes=1)
BOUGHT = "--purpose Research --max-price 600 --max-total 600 --data buyer --id"
WHOLE, NOTHING = "whole", '{"waiting":[]}'


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
    ahead = datetime.fromisoformat(about["made"]) + DOWN - Clock().now()
    walk = Walk(tmp_path, {"PENSTOCK_TEST_SKEW": str(round(ahead.total_seconds()))}, SKEWED)
    tides, survey = about["products"]

    async def penstock(*words):
        return await walk.type(("penstock", *words))

    try:
        for who in PORTS:
            await walk.serve(("penstock", "serve", "--data", who), (*SKEWED, "serve"))
        await penstock("get", survey, *BOUGHT.split(), "second")  # what the kill left ends under its id
        await penstock("get", tides, *BOUGHT.split(), "third", "--to", "third")
        for bought in ("first", "second"):
            await penstock("open", bought, "--purpose", "Research", "--to", bought, "--data", "buyer")
        for bought, file in (("first", TIDES), ("second", SURVEY), ("third", TIDES)):
            assert same(tmp_path / bought / file, tmp_path / file)
        settled = await penstock("settle", "--data", "provider")
        assert settled.count("settled ") == 3, settled
        for who in PORTS:
            assert WHOLE in await penstock("log", "fsck", "--data", who)
        assert NOTHING in await penstock("doctor", "--orders", "--json", "--data", "buyer")
        for who in ("provider", "buyer"):
            await penstock("log", "anchor", "--data", who)
        where = ("--exchange", f"http://localhost:{PORTS['exchange']}", "--development")
        report = await penstock("audit", *where, "--data", "regulator")
        assert report.startswith("audit: clean"), report
    finally:
        await walk.stop()
    record_property(UPGRADED, 1)

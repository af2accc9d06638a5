"""F21: a clock that is wrong by less than the leeway: a pull ends right. Beyond it the pull waits until it is set.

Real processes; one of them has its clock shifted (`skewed`), the chain's is the exchange's.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import sys
from pathlib import Path

import pytest

from bench.space import space
from connector.runtime.limits import CLOCK_LEEWAY_SECONDS
from tests.fault.extent import SKEWED, drawn
from tests.fault.pulls import PIECE_KIB, Pull, fill

PENSTOCK = str(Path(__file__).with_name("skewed.py"))
SOURCE_MIB = 4
ALMOST_SECONDS = CLOCK_LEEWAY_SECONDS - 10  # a call takes its time on a busy machine
CASES = list(itertools.product(("provider", "buyer"), (1, -1)))

pytestmark = [pytest.mark.faults, pytest.mark.asyncio(loop_scope="session")]


def skewed(role, seconds):
    return {role: ("env", f"PENSTOCK_TEST_SKEW={seconds}", sys.executable, PENSTOCK, "serve")}


@pytest.mark.parametrize(("role", "sign"), drawn(CASES, 1))
async def test_a_clock_within_the_leeway_costs_nothing(tmp_path, role, sign, record_property):
    source = tmp_path / "data.bin"
    fill(source, SOURCE_MIB)
    async with space(tmp_path, commands=skewed(role, sign * ALMOST_SECONDS)) as made:
        pull = Pull(made, source)
        await pull.begin()
        async with asyncio.timeout(120):
            await pull.ends_right(tmp_path / "opened")
    record_property(SKEWED, 1)


async def test_an_order_waits_for_a_clock_that_is_set_right(tmp_path):
    """Its tokens are refused meanwhile: nothing is lost, and nobody has to order again."""
    source = tmp_path / "data.bin"
    fill(source, SOURCE_MIB)
    async with space(tmp_path) as made:
        pull, buyer = Pull(made, source), made.people["buyer"]
        right = buyer.command
        pull.published = await made.offer(pull.name, [source], pieceKiB=PIECE_KIB)
        await buyer.stop()
        buyer.command = skewed("buyer", CLOCK_LEEWAY_SECONDS + 20)["buyer"]
        await buyer.start()
        await pull.ask()
        async with asyncio.timeout(60):
            while "another time" not in json.dumps(
                view := await made.call("buyer", "GET", f"acquisitions/{pull.name}")
            ):
                assert view["state"] not in ("complete", "failed"), view
                await asyncio.sleep(0.2)
        await buyer.stop()
        buyer.command = right
        await buyer.start()
        async with asyncio.timeout(120):
            await pull.ends_right(tmp_path / "opened")

"""One market day for all tests of the market, played once."""

from __future__ import annotations

import sys

import pytest_asyncio
import uvloop

from tests.market.day import played


def pytest_asyncio_loop_factories(config, item):
    """Run the day on the loop that servers run on."""
    return {"uvloop": uvloop.new_event_loop}


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def day(tmp_path_factory):
    async with played(tmp_path_factory.mktemp("market")) as made:
        sys.stderr.write(made.printed() + "\n")
        yield made

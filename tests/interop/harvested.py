"""Harvest a catalogue that a program of another make serves: the in-memory connector of the protocol's official kit.

    python -m tests.interop.harvested

An exchange of ours reads it as a source, finds its data sets and says what they lack. Exit code 0 when all of it held.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from contextlib import asynccontextmanager
from pathlib import Path

from connector.demo.processes import free_ports
from tests.federation.exchanges import add, exchange, found
from tests.interop.resolve import end, resolve

IDS = tuple(f"kit-dataset-{number}" for number in range(30))
PARTICIPANT = "TCK_PARTICIPANT"
READY_SECONDS = 60
# the connector tells no title, no price and no form of delivery that anybody could know
LACKS = {"not-reviewed", "no-edition", "no-evidence", "odrl-terms", "no-price", "no-profile", "hearsay"}


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


@asynccontextmanager
async def served(classpath: str, ids):
    """Serve a catalogue of the kit's connector with these data sets; yields its DSP base."""
    port = free_ports(1)[0]
    command = ["java", "-cp", classpath, "Catalogue", str(port), *ids]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    try:
        async with asyncio.timeout(READY_SECONDS):
            while b"ready" not in (line := await process.stdout.readline()):
                assert line, "the kit's connector did not begin"
        yield f"http://localhost:{port}/dsp"
    finally:
        await end(process)


async def harvest(folder: Path, classpath: str) -> None:
    """Read the catalogue, then a smaller one in its place, then none."""
    async with exchange(folder / "exchange") as near:
        async with served(classpath, IDS) as base:
            row = await add(near, "kit", base, "dsp")
            assert (row["state"], row["products"], row["left"]) == ("fresh", len(IDS), 0), row
            rows = await found(near, "kit", "source=kit")
            assert sorted(one["title"] for one in rows) == sorted(IDS)
            assert {one["provider"] for one in rows} == {PARTICIPANT}
            assert {limit["key"] for one in rows for limit in one["limits"]} == LACKS
            assert await found(near, "kit dataset 7", "tier=plain") == []
        row = await near.harvesting.now("kit")
        assert (row["state"], row["products"]) == ("failing", len(IDS)), row
        assert len(await found(near, "kit")) == len(IDS)
        say(f"{len(IDS)} data sets harvested, found, and kept while their connector is away")


async def main() -> int:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        version, classpath = await resolve(folder)
        say(f"the kit is {version}")
        await harvest(folder, classpath)
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))

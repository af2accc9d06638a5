"""Drive two participants of ours with the clients that people use of EDC's Management API, each as it is published.

    python -m tests.interop.clients [--only npm|tractusx-sdk|edcpy]… [--record]

Each client is installed from its registry into an environment of its own and plays journeys of provider and buyer; none
of it is kept here. `--record` writes docs/clients.json, of which the table in docs/management-api.md is made. Prints
each journey and what came of it, last `N passed, M failed`; exit code 0 only when all passed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import shutil
import sys
import tempfile
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from aiohttp import web

from connector.demo.processes import SERVE, Participant, free_ports
from connector.operation.initialise import initialise
from connector.runtime.data_folder import TOKEN_FILE
from docs.generate import drivers, pages
from tests.interop.edc.space import CONTENT, address
from tests.interop.resolve import run

HERE = Path(__file__).parent
INSTALL_SECONDS = 600
JOURNEYS_SECONDS = 300
NPM, NODE = "@think-it-labs/edc-connector-client@0.9.5", "node@24"
NODE_LEAST, PYTHON_LEAST = 24, (3, 12)
ENDED = re.compile(r"(.*) (passed|FAILED.*)")
PYTHONS = ("python3.13", "python3.12")


@dataclass(frozen=True)
class Driver:
    """A client: its name and release, and what runs its journeys in `folder`, installed."""

    name: str
    release: str
    ready: object


async def node(folder: Path) -> list[str]:
    """Install the client of npm, and a Node that is new enough where there is none."""
    if shutil.which("npm") is None:
        sys.exit("npm is absent: the client of npm cannot be installed; it needs Node and npm")
    _, said = await run(["node", "--version"], folder, INSTALL_SECONDS)
    wanted = [NPM] if int(said.strip().removeprefix("v").split(".")[0]) >= NODE_LEAST else [NPM, NODE]
    await installed(["npm", "install", "--no-audit", "--no-fund", "--loglevel=error", *wanted], folder)
    shutil.copy(HERE / "npm.mjs", folder)
    own = folder / "node_modules/node/bin/node"
    return [str(own) if own.exists() else "node", "npm.mjs"]


def python(requirement: str, program: str, least: tuple[int, int] = (3, 11)):
    """Return what installs a client of PyPI: with a Python that it is for, else with ours in spite of what it says."""

    async def ready(folder: Path) -> list[str]:
        own, anyway = await interpreter(folder, least)
        await installed([own, "-m", "venv", "venv"], folder)
        pip = [str(folder / "venv/bin/python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        await installed([*pip, *anyway, requirement], folder)
        return [str(folder / "venv/bin/python"), str(HERE / program)]

    return ready


async def interpreter(folder: Path, least: tuple[int, int]) -> tuple[str, list[str]]:
    """Return a Python of a release, and what pip is told where that is older."""
    if sys.version_info[:2] >= least:
        return sys.executable, []
    kept = sorted(map(str, Path.home().glob(".pyenv/versions/3.1[23]*/bin/python")))
    for one in [*map(shutil.which, PYTHONS), *kept]:
        if one and (await run([one, "-c", "import venv, ensurepip"], folder, INSTALL_SECONDS))[0] == 0:
            return one, []
    return sys.executable, ["--ignore-requires-python"]


async def installed(command: list[str], folder: Path) -> None:
    code, said = await run(command, folder, INSTALL_SECONDS)
    if code != 0:
        sys.exit(f"`{' '.join(command)}` failed:\n{said}")


DRIVERS = (
    Driver("npm", NPM, node),
    Driver("tractusx-sdk", "tractusx-sdk==0.8.3", python("tractusx-sdk==0.8.3", "tractusx_journeys.py", PYTHON_LEAST)),
    Driver("edcpy", "edcpy==0.11.2", python("edcpy==0.11.2", "edcpy_journeys.py")),
)


@asynccontextmanager
async def source():
    """Serve a table, and take what is pushed."""
    taken: dict[str, bytes] = {}

    async def give(_request: web.Request) -> web.Response:
        return web.Response(body=CONTENT, content_type="text/csv")

    async def take(request: web.Request) -> web.Response:
        taken[request.match_info["name"]] = await request.read()
        return web.Response()

    async def show(request: web.Request) -> web.Response:
        return web.Response(body=taken[request.match_info["name"]])

    app = web.Application()
    app.router.add_get("/table.csv", give)
    app.router.add_route("*", "/in/{name}", take)
    app.router.add_get("/taken/{name}", show)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "localhost", 0).start()
        yield address(runner.addresses[0][1])
    finally:
        await runner.cleanup()


@asynccontextmanager
async def space(folder: Path):
    """Run a provider and a buyer of ours, each in a space of its own, and a source of data; yield where they are."""
    sides = {"provider": ("provider",), "buyer": ("buyer",)}
    async with source() as data:
        told: dict[str, object] = {"source": data}
        running: list[Participant] = []
        try:
            for side, roles in sides.items():
                at, port = folder / side, free_ports(1)[0]
                own = {"region": "DE-BY", "port": port, "exchange": None, "development": True}
                did = initialise(at, name=side.title(), roles=roles, **own).did
                running.append(Participant(at, (*SERVE, "--verbose")))
                await running[-1].start()
                told[side] = {"url": address(port), "did": did, "key": (at / TOKEN_FILE).read_text().strip()}
            yield told
        finally:
            for one in running:
                await one.stop()


async def play(driver: Driver, folder: Path, told: dict[str, object]) -> dict[str, bool]:
    """Install a client and run its journeys; return what came of each."""
    folder.mkdir()
    command = await driver.ready(folder)
    os.environ["SPACE"] = json.dumps(told)
    code, said = await run(command, folder, JOURNEYS_SECONDS)
    lines = [found for line in said.splitlines() if (found := ENDED.fullmatch(line))]
    results = {f"{driver.name}: {found[1]}": found[2] == "passed" for found in lines}
    for found in lines:
        sys.stdout.write(f"{driver.name}: {found[0]}\n")
    if code != 0 or not lines:
        sys.stdout.write(f"{said[-4_000:]}\n{driver.name} ended with {code}\n")
        results[f"{driver.name}: it runs"] = False
    sys.stdout.flush()
    return results


async def main(arguments) -> int:
    results: dict[str, bool] = {}
    with tempfile.TemporaryDirectory() as name:
        for driver in DRIVERS:
            if arguments.only and driver.name not in arguments.only:
                continue
            folder = Path(name) / driver.name
            folder.mkdir()
            async with space(folder) as told:
                results |= await play(driver, folder / "client", told)
                if not all(results.values()):
                    for side in ("provider", "buyer"):
                        sys.stdout.write((folder / side / "serve.log").read_text(errors="replace")[-4_000:])
    if arguments.record:
        record = {"date": datetime.now(UTC).date().isoformat(), "results": results}
        record["releases"] = {driver.name: driver.release for driver in DRIVERS}
        drivers.RECORD.write_text(json.dumps(record, indent=2) + "\n")
        pages.write()
    passed = sum(results.values())
    sys.stdout.write(f"{passed} passed, {len(results) - passed} failed\n")
    return 0 if results and passed == len(results) else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", action="append", choices=[driver.name for driver in DRIVERS])
    parser.add_argument("--record", action="store_true")
    sys.exit(asyncio.run(main(parser.parse_args())))

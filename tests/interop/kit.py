"""Run the official test kit of the Dataspace Protocol 2025-1 against a real `penstock serve`.

    python -m tests.interop.kit [--log] [--record] [PREFIX…]        for example CN: or TP_C:01

Prints each test's id and what came of it, last `N passed, M failed`; exit code 0 only when all that should run passed.
A test that does not pass is shown with what the kit said since its start, and the connector's log comes at the end;
`--log` shows all the kit says. No test is run twice. `--record` writes docs/compatibility.json, of which the README's
table is made. Every port is a free one, and every process ends with this one.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import secrets
import signal
import sys
import tempfile
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from aiohttp import web

from connector.demo.processes import SERVE, Participant, free_ports
from connector.operation.initialise import initialise
from docs.generate import compatibility, pages
from tests.interop import adapter, catalogue
from tests.interop.resolve import end, resolve

HERE = Path(__file__).parent
TESTS = 65  # of 67; two are disabled in the kit itself
KIT_SECONDS = 900  # some fifty on an idle machine
WAIT_SECONDS = 30  # how long the kit waits for one step; a step takes a fraction of a second, on a loaded machine more
LOG_LINES = 200
KEY = "dataspacetck."
RESULT = re.compile(r"(SUCCESSFUL|FAILED|ABORTED): ((?:MET|CAT|CN|CN_C|TP|TP_C):\d\d-\d\d)")
PASSED = "passed"
WORDS = {"SUCCESSFUL": PASSED, "FAILED": "failed", "ABORTED": "aborted"}
FLAGS = {"--log", "--record"}


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


async def run_kit(classpath: str, settings: Path, said: dict[str, str], prefixes, *, show: bool) -> dict[str, str]:
    """Run the kit with the settings `said`; return id → what came of it, saying each as it comes."""
    settings.write_text("".join(f"{name}={value}\n" for name, value in said.items()))
    command = ["java", "-cp", classpath, "Kit", str(settings), *prefixes]
    kit = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, limit=1 << 20
    )
    results: dict[str, str] = {}
    try:
        async with asyncio.timeout(KIT_SECONDS):
            await _read(kit.stdout, results, show=show)
    except TimeoutError:
        say(f"the kit did not end within {KIT_SECONDS} s")
    finally:
        await end(kit)
    return results


async def _read(lines, results: dict[str, str], *, show: bool) -> None:
    since: list[str] = []
    async for raw in lines:
        line = raw.decode(errors="replace").rstrip()
        since = [line] if "Started: " in line else [*since, line]
        if show:
            say(line)
        if found := RESULT.search(line):
            results[found[2]] = WORDS[found[1]]
            if results[found[2]] != PASSED and not show:
                say("\n".join(since))
            say(f"{found[2]} {results[found[2]]}")


@asynccontextmanager
async def connector(data: Path, port: int, kit: str, static: str):
    """Serve a lone connector that is scripted for the kit at address `kit`; yields its DID."""
    os.environ["PENSTOCK_DEVELOPMENT_STATIC_TOKEN"] = static
    os.environ["PENSTOCK_DEVELOPMENT_STATIC_PEER"] = catalogue.PEER
    roles = ("provider", "buyer")
    own = initialise(data, name="Lone", roles=roles, region="US-NY", port=port, exchange=None, development=True)
    await catalogue.seed(data, kit)
    scripted = Participant(data, (*SERVE, "--verbose", "--reactions", str(HERE / "reactions.json")))
    try:
        await scripted.start()
        yield own.did
    finally:
        await scripted.stop()


@asynccontextmanager
async def adapted(port: int, url: str, data: Path):
    """Serve the two addresses at which the kit asks the connector at `url` to begin."""
    runner = web.AppRunner(adapter.build(url, (data / "management.token").read_text().strip()))
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        yield
    finally:
        await runner.cleanup()


async def test(folder: Path, classpath: str, prefixes, *, show: bool) -> dict[str, str]:
    """Run the kit against a lone connector."""
    ours, theirs, between = free_ports(3)
    url, base, begin = (f"http://localhost:{port}" for port in (ours, theirs, between))
    static, data, dsp = "static-" + secrets.token_urlsafe(16), folder / "connector", KEY + "dsp.connector."
    async with connector(data, ours, base, static) as did, adapted(between, url, data):
        said = catalogue.test_ids() | _kit_at(theirs, show=show)
        said |= {
            dsp + "agent.id": did,
            dsp + "http.url": url + "/dsp",
            dsp + "http.base.url": url,
            dsp + "http.headers.authorization": static,
            dsp + "negotiation.initiate.url": begin + "/negotiations",
            dsp + "transfer.initiate.url": begin + "/transfers",
        }
        results = await run_kit(classpath, folder / "kit.properties", said, prefixes, show=show)
    if show or set(results.values()) != {PASSED}:
        say("what the connector said:")
        say("\n".join((data / "serve.log").read_text(errors="replace").splitlines()[-LOG_LINES:]))
    return results


async def test_itself(folder: Path, classpath: str, *, show: bool) -> None:
    """Run a few tests of the kit in its local mode, to see that it runs at all."""
    say("against itself, to see that it runs:")
    said = _kit_at(free_ports(1)[0], show=show) | {KEY + "dsp.local.connector": "true"}
    results = await run_kit(classpath, folder / "local.properties", said, ["CAT:"], show=show)
    if set(results.values()) != {PASSED}:
        sys.exit("the kit does not pass against itself")


def _kit_at(port: int, *, show: bool) -> dict[str, str]:
    return {
        KEY + "debug": str(show).lower(),
        KEY + "ansi": "false",
        KEY + "port": str(port),
        KEY + "callback.address": f"http://localhost:{port}",
        KEY + "dsp.default.wait": str(WAIT_SECONDS),
    }


def record(version: str, results: dict[str, str]) -> None:
    """Write what came of a whole run, and the README's table of it."""
    told = {"kit": version, "date": datetime.now(UTC).date().isoformat(), "results": dict(sorted(results.items()))}
    compatibility.RECORD.write_text(json.dumps(told, indent=2) + "\n")
    pages.write()


async def main(arguments) -> int:
    running = asyncio.current_task()
    for number in (signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, running.cancel)
    show, prefixes = "--log" in arguments, [each for each in arguments if each not in FLAGS]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        version, classpath = await resolve(folder)
        say(f"the kit is {version}")
        await test_itself(folder, classpath, show=show)
        say("against penstock serve:")
        results = await test(folder, classpath, prefixes, show=show)
    absent = 0 if prefixes else TESTS - len(results)
    if absent > 0:
        say(f"{absent} tests did not run")
    elif "--record" in arguments and not prefixes:
        record(version, results)
    passed = sum(result == PASSED for result in results.values())
    say(f"{passed} passed, {len(results) - passed + max(absent, 0)} failed")
    return 0 if results and passed == len(results) and absent <= 0 else 1


if __name__ == "__main__":
    try:
        sys.exit(asyncio.run(main(sys.argv[1:])))
    except asyncio.CancelledError:
        sys.exit("the run was ended from outside")

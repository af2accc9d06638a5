"""Run the official test kit of the Dataspace Protocol 2025-1 against a real `penstock serve`.

    python -m tests.interop.kit [--log] [PREFIX…]        for example CN: or TP_C:01

Prints each test's id and what came of it, last `N passed, M failed`; exit code 0 only when all that should run passed.
The kit is resolved by Maven when this runs; nothing of it is kept here. `--log` shows what the kit and the connector
say.
"""

from __future__ import annotations

import asyncio
import os
import re
import secrets
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import aiohttp
from aiohttp import web

from connector.cli.init import initialise
from tests.interop import adapter, catalogue

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
TESTS = 65  # of 67; two are disabled in the kit itself
KIT_SECONDS = 900
READY_SECONDS = 30
WAIT_SECONDS = 15  # how long the kit waits for one step
GROUP = "org.eclipse.dataspacetck.dsp"
NEWEST = "1.0.1"
PARTS = ("dsp-api", "dsp-system", "dsp-metadata", "dsp-catalog", "dsp-contract-negotiation", "dsp-transfer-process")
PARTS += ("core", "boot", "tck-runtime")
PARTS_VERSION = "1.0.0-RC6"
CANDIDATES = {
    f"dsp-tck {NEWEST}": [(GROUP, "dsp-tck", NEWEST)],
    f"modules of {PARTS_VERSION} (the same test cases)": [(GROUP, part, PARTS_VERSION) for part in PARTS],
}
# the HTTP client's own artefact is an empty shell to Maven, which does not read its other metadata
CLIENT = ("com.squareup.okhttp3", "okhttp-jvm", "5.3.0")
RESULT = re.compile(r"(SUCCESSFUL|FAILED|ABORTED): ((?:MET|CAT|CN|CN_C|TP|TP_C):\d\d-\d\d)")


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def project(dependencies) -> str:
    rows = "".join(
        f"<dependency><groupId>{group}</groupId><artifactId>{name}</artifactId><version>{version}</version></dependency>"
        for group, name, version in dependencies
    )
    head = '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>'
    named = "<groupId>x</groupId><artifactId>x</artifactId><version>1</version>"
    return f"{head}{named}<dependencies>{rows}</dependencies></project>"


def resolve(folder: Path) -> tuple[str, str]:
    """Return which version there is and its class path; ends the program with Maven's own words when there is none."""
    words = []
    for version, dependencies in CANDIDATES.items():
        (folder / "pom.xml").write_text(project([*dependencies, CLIENT]))
        command = ["mvn", "-q", "-B", "dependency:build-classpath", "-Dmdep.outputFile=classpath"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return version, (folder / "classpath").read_text().strip()
        words.append(f"{version}: {next((line for line in done.stdout.splitlines() if 'ERROR' in line), done.stderr)}")
    sys.exit("the kit cannot be resolved\n" + "\n".join(words))


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def properties(path: Path, said) -> Path:
    path.write_text("".join(f"{name}={value}\n" for name, value in said.items()))
    return path


async def run_kit(classpath: str, settings: Path, prefixes, *, show: bool) -> dict[str, str]:
    """Run the kit and return id → SUCCESSFUL, FAILED or ABORTED, saying each as it comes."""
    command = ["java", "-cp", classpath, "Kit", str(settings), *prefixes]
    kit = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, limit=1 << 20
    )
    results = {}
    assert kit.stdout is not None
    async with asyncio.timeout(KIT_SECONDS):
        async for raw in kit.stdout:
            line = raw.decode(errors="replace").rstrip()
            if show:
                say(line)
            if found := RESULT.search(line):
                results[found[2]] = found[1]
                say(f"{found[2]} {found[1].lower()}")
        await kit.wait()
    return results


async def served(data: Path, url: str, reactions: Path, log) -> asyncio.subprocess.Process:
    """Start the connector and return when it answers."""
    command = [sys.executable, "-m", "connector.cli.main", "serve", "--data", str(data), "--reactions", str(reactions)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = await asyncio.create_subprocess_exec(*command, "--verbose", stderr=log, env=environment, cwd=ROOT)
    async with asyncio.timeout(READY_SECONDS), aiohttp.ClientSession() as session:
        while True:
            if process.returncode is not None:
                sys.exit("the connector ended before it answered")
            try:
                async with session.get(url + "/health") as answer:
                    if answer.status == 200:
                        return process
            except aiohttp.ClientError:
                await asyncio.sleep(0.1)


async def test(folder: Path, classpath: str, prefixes, *, show: bool) -> dict[str, str]:
    """Run the kit against a lone connector."""
    ours, theirs, between = free_port(), free_port(), free_port()
    url, base, begin = (f"http://localhost:{port}" for port in (ours, theirs, between))
    static = "static-" + secrets.token_urlsafe(16)
    data = folder / "connector"
    os.environ["PENSTOCK_DEVELOPMENT_STATIC_TOKEN"] = static
    os.environ["PENSTOCK_DEVELOPMENT_STATIC_PEER"] = catalogue.PEER
    roles = ("provider", "buyer")
    own = initialise(
        data, name="Lone", roles=roles, region="US-NY", port=ours, exchange=None, development=True, public_url=None
    )
    await catalogue.seed(data, base)
    key = "dataspacetck."
    dsp = key + "dsp.connector."
    said = catalogue.test_ids() | {
        key + "debug": "true" if show else "false",
        key + "ansi": "false",
        key + "port": str(theirs),
        key + "callback.address": base,
        key + "dsp.default.wait": str(WAIT_SECONDS),
        dsp + "agent.id": own.did,
        dsp + "http.url": url + "/dsp",
        dsp + "http.base.url": url,
        dsp + "http.headers.authorization": static,
        dsp + "negotiation.initiate.url": begin + "/negotiations",
        dsp + "transfer.initiate.url": begin + "/transfers",
    }
    runner = web.AppRunner(adapter.build(url, (data / "management.token").read_text().strip()))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", between).start()
    with (folder / "connector.log").open("wb") as log:
        process = await served(data, url, HERE / "reactions.json", None if show else log)
        try:
            return await run_kit(classpath, properties(folder / "kit.properties", said), prefixes, show=show)
        finally:
            process.terminate()
            await process.wait()
            await runner.cleanup()


async def main(arguments) -> int:
    show = "--log" in arguments
    prefixes = [each for each in arguments if each != "--log"]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        version, resolved = resolve(folder)
        say(f"the kit is {version}")
        subprocess.run(["javac", "-cp", resolved, "-d", str(folder), str(HERE / "Kit.java")], check=True)
        classpath = f"{folder}{os.pathsep}{resolved}"
        alone = properties(folder / "local.properties", {"dataspacetck.dsp.local.connector": "true"})
        say("against itself, to see that it runs:")
        smoke = await run_kit(classpath, alone, ["CAT:"], show=show)
        if set(smoke.values()) != {"SUCCESSFUL"}:
            sys.exit("the kit does not pass against itself")
        say("against penstock serve:")
        results = await test(folder, classpath, prefixes, show=show)
    passed = sum(result == "SUCCESSFUL" for result in results.values())
    absent = 0 if prefixes else TESTS - len(results)
    if absent > 0:
        say(f"{absent} tests did not run")
    say(f"{passed} passed, {len(results) - passed + max(absent, 0)} failed")
    return 0 if results and passed == len(results) and absent <= 0 else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1:])))

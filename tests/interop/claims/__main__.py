"""Run the official test kit of the Decentralized Claims Protocol against real `penstock serve` in each role.

    python -m tests.interop.claims [--log] [PACKAGE…]        for example presentation.verifier

One participant is verifier and holder, an exchange issues; the kit plays the others. Prints each test and what came of
it, last `N passed, M failed`; exit code 0 only when all passed. A test that contradicts the text that it is a test of
(SUPERSEDED) runs as well, is told, and is not counted.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import sys
import tempfile
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
from aiohttp import web

from connector.demo.processes import SERVE, Participant, free_ports
from connector.operation.initialise import initialise
from connector.runtime.data_folder import DATABASE
from connector.store.rows.credential import CredentialRequestRow, RequestState
from connector.store.store import Store
from connector.store.tables import TABLES
from tests.interop.resolve import PARTS_VERSION, end, resolve, run

HERE = Path(__file__).parent
GROUP, SYSTEM = "org.eclipse.dataspacetck.dcp", "org.eclipse.dataspacetck.dsp"
NEWEST = "1.0.2"
CANDIDATES = {
    f"dcp-tck {NEWEST}": [(GROUP, "dcp-tck", NEWEST)],
    f"dcp-tck {PARTS_VERSION}, by its modules": [
        *((GROUP, part, PARTS_VERSION) for part in ("dcp-api", "dcp-system", "dcp-testcases")),
        *((SYSTEM, part, PARTS_VERSION) for part in ("core", "boot", "tck-runtime")),
    ],
}
# package of the kit → how many tests it runs
PACKAGES = {
    "presentation.verifier": 18,
    "presentation.cs": 16,
    "issuance.cs": 24,
    "issuance.issuer": 25,
}
# what 1.0.0-RC6 asks, and the text forbids: a holder answers a question that goes too far with what may be seen, 2xx
# (DCP 1.0.1, 5.4.1.2); later releases of the kit ask for that
SUPERSEDED = {"5.4.1.2 Verify Resolution API invalid scope escalation request for a SensitiveDataCredential"}
KEY = "dataspacetck."
RESULT = re.compile(r"(SUCCESSFUL|FAILED|ABORTED): (.*)")
KIT_SECONDS = 600
COMMAND_SECONDS = 60
PENSTOCK = (sys.executable, "-m", "connector.cli.entry")
TRIGGER = {"@context": ["https://w3id.org/dspace/2025/1/context.jsonld"], "@type": "CatalogRequestMessage"}


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


async def command(data: Path, *words: str):
    """Run a command of ours as its user would; return what it answers."""
    code, said = await run([*PENSTOCK, *words, "--data", str(data), "--json"], data, COMMAND_SECONDS)
    assert code == 0, said
    return json.loads(said)


def asked(package: str, issuer: str) -> CredentialRequestRow:
    """Return a request of ours under the name by which the kit delivers: it issues without being asked."""
    now = datetime.now(UTC)
    return CredentialRequestRow(
        id=package,
        issuer=issuer,
        wanted=["MembershipCredential"],
        state=RequestState.RECEIVED,
        place="",
        reason="",
        created=now,
        updated=now,
    )


async def asked_before(data: Path, issuers: dict[str, str]) -> None:
    """Have asked the kit's issuers (package → DID) for credentials."""
    rows = [asked(package, issuer) for package, issuer in issuers.items()]
    store = await Store.open(data / DATABASE, TABLES)
    try:
        await store.write(lambda tx: [tx.insert(row) for row in rows])
    finally:
        await store.close()


@asynccontextmanager
async def serving(*folders: Path):
    """Serve the participants of these folders."""
    participants = [Participant(each, (*SERVE, "--verbose")) for each in folders]
    try:
        for each in participants:
            await each.start()
        yield
    finally:
        for each in participants:
            await each.stop()


@asynccontextmanager
async def trigger(port: int, url: str):
    """Serve the address at which the kit asks for something protected: a catalogue, with what it shows of itself."""

    async def ask(request):
        headers = {"Authorization": request.headers.get("Authorization", "")}
        target = url + "/dsp/catalog/request"
        async with aiohttp.ClientSession() as session, session.post(target, json=TRIGGER, headers=headers) as got:
            return web.Response(status=got.status, text=await got.text(), content_type="application/json")

    app = web.Application()
    app.router.add_post("/trigger", ask)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        yield f"http://localhost:{port}/trigger"
    finally:
        await runner.cleanup()


async def run_package(classpath: str, folder: Path, package: str, said: dict[str, str], *, show: bool):
    """Run a package of the kit; return (test, what came of it), in their order: two tests may have one name."""
    settings = folder / f"{package}.properties"
    settings.write_text("".join(f"{name}={value}\n" for name, value in said.items()))
    kit = await asyncio.create_subprocess_exec(
        *("java", "-cp", classpath, "ClaimsKit", str(settings), package),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        limit=1 << 20,
    )
    results: list[tuple[str, str]] = []
    try:
        async with asyncio.timeout(KIT_SECONDS):
            async for raw in kit.stdout:
                line = raw.decode(errors="replace").rstrip()
                if show or line.startswith("WHY "):
                    say(line[:1_000])
                if found := RESULT.search(line):
                    results.append((found[2], "passed" if found[1] == "SUCCESSFUL" else "failed"))
                    say(f"{package}: {found[2]} {results[-1][1]}")
    except TimeoutError:
        say(f"the kit did not end within {KIT_SECONDS} s")
    finally:
        await end(kit)
    return results


async def test(folder: Path, classpath: str, packages, *, show: bool) -> dict[str, list[tuple[str, str]]]:
    """Run packages of the kit against a lone participant and an exchange."""
    ours, issuing, between, *theirs = free_ports(3 + len(packages))
    kits = dict(zip(packages, theirs, strict=True))
    lone, exchange = folder / "lone", folder / "exchange"
    # each package draws keys of its own, so it has participants of its own
    issuers = {package: f"did:web:localhost%3A{port}:issuer" for package, port in kits.items()}
    os.environ["PENSTOCK_TRUST_REQUIRED"] = "MembershipCredential"
    os.environ["PENSTOCK_TRUST_ISSUERS"] = ",".join(f"{issuer} *" for issuer in issuers.values())
    # the kit tries a verifier with every call
    os.environ["PENSTOCK_TRUST_FRESH_SECONDS"] = "0"
    told = {"region": "US-NY", "exchange": None, "development": True}
    own = initialise(lone, name="Lone", roles=("provider", "buyer"), port=ours, **told)
    us = initialise(exchange, name="Exchange", roles=("exchange",), port=issuing, **told)
    await asked_before(lone, issuers)
    results = {}
    async with serving(lone, exchange), trigger(between, own.url) as asks:
        client = await command(lone, "credential", "client", "add", "kit")
        for kind in ("MembershipCredential", "RoleCredential"):
            for port in kits.values():
                holder = f"did:web:localhost%3A{port}:holder"
                await command(exchange, "exchange", "credential", "grant", holder, kind)
        said = {KEY + "debug": str(show).lower(), KEY + "ansi": "false", KEY + "vpp.trigger.endpoint": asks}
        service = {
            KEY + "sts.url": client["endpoint"].removesuffix("/token"),
            KEY + "sts.client.id": client["client"],
            KEY + "sts.client.secret": client["secret"],
        }
        under = {
            "presentation.verifier": {KEY + "did.verifier": own.did},
            "presentation.cs": {KEY + "did.holder": own.did, **service},
            "issuance.cs": {KEY + "did.holder": own.did},
            "issuance.issuer": {KEY + "did.issuer": us.did},
        }
        for package, port in kits.items():
            at = {KEY + "port": str(port), KEY + "callback.address": f"http://localhost:{port}"}
            at |= {KEY + "credentials.correlation.id": package}
            results[package] = await run_package(classpath, folder, package, said | at | under[package], show=show)
    failed = any(result != "passed" for found in results.values() for _, result in found)
    for each in (lone, exchange) if show or failed else ():
        say(f"what {each.name} said:")
        say("\n".join((each / "serve.log").read_text(errors="replace").splitlines()[-80:]))
    return results


async def main(arguments) -> int:
    running = asyncio.current_task()
    for number in (signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, running.cancel)
    show, packages = "--log" in arguments, [each for each in arguments if each != "--log"] or list(PACKAGES)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        version, classpath = await resolve(folder, CANDIDATES, HERE)
        say(f"the kit is {version}")
        results = await test(folder, classpath, packages, show=show)
    absent = {each: PACKAGES[each] - len(results[each]) for each in packages}
    for package, count in absent.items():
        if count > 0:
            say(f"{count} tests of {package} did not run")
    counted = [pair for found in results.values() for pair in found if pair[0] not in SUPERSEDED]
    for test_name, result in (pair for found in results.values() for pair in found if pair[0] in SUPERSEDED):
        say(f"not counted, because DCP 1.0.1 asks for the contrary: {test_name} ({result})")
    passed = sum(result == "passed" for _, result in counted)
    missing = sum(max(0, count) for count in absent.values())
    say(f"{passed} passed, {len(counted) - passed + missing} failed")
    return 0 if counted and passed == len(counted) and not missing else 1


if __name__ == "__main__":
    try:
        sys.exit(asyncio.run(main(sys.argv[1:])))
    except asyncio.CancelledError:
        sys.exit("the run was ended from outside")

"""Trade with a stock Eclipse Dataspace Connector by verifiable credentials (DCP 1.0.1), in both directions.

    python -m tests.interop.claims.edc

The stock connector's identity hub is a participant of ours: it holds the credential that an exchange of ours issued,
and gives the stock connector its tokens. Both sides demand a membership of each other. Prints each journey and what
came of it, last `N passed, M failed`; exit code 0 only when all passed. Of one that failed both sides' last words are
shown. Every process ends with this one.
"""

from __future__ import annotations

import asyncio
import re
import signal
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path

from connector.demo.processes import free_ports
from tests.interop.claims.edc import counterpart
from tests.interop.claims.edc.journeys import DEMANDED, FRESH_SECONDS, JOURNEYS, PRODUCT, Table
from tests.interop.claims.edc.space import Party
from tests.interop.edc.counterpart import DOORS, dsp
from tests.interop.edc.space import sink

JOURNEY_SECONDS = 600
LOG_LINES = 40
# of the stock connector's log, which is mostly traces
TELLING = re.compile(r"SEVERE|Exception|Caused by|Unauthorized")


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


async def play(table: Table, log: Path) -> list[bool]:
    """Play the journeys one after the other; return what came of each."""
    results = []
    for journey in JOURNEYS:
        name, begun, table.told = journey.__name__.replace("_", " "), time.monotonic(), ""
        try:
            async with asyncio.timeout(JOURNEY_SECONDS):
                await journey(table)
        except Exception as fault:  # whatever it raises is the journey's end, and is told
            say(f"{name} FAILED: {type(fault).__name__}: {fault}"[:4_000])
            said = [line for line in log.read_text(errors="replace").splitlines() if TELLING.search(line)]
            say("\n".join(line[:1_000] for line in said[-LOG_LINES:]))
            for party in (table.issuer, table.hub, table.ours):
                say(party.last_words())
            results.append(False)
        else:
            say(f"{name} passed ({time.monotonic() - begun:.1f} s{table.told and f'; {table.told}'})")
            results.append(True)
    return results


async def serve(stack: AsyncExitStack, folder: Path, below: str) -> tuple[Party, Party, Party]:
    """Serve who issues, the hub of the stock connector that answers `below` an address, and who trades; return them."""
    issuer = Party(folder, "issuer", "exchange")
    hub = Party(folder, "hub", "buyer")
    ours = Party(folder, "ours", "provider", "buyer")
    demands = {"trust_required": DEMANDED, "trust_issuers": f"{issuer.did} *"}
    settings = {ours: demands | {"trust_fresh_seconds": str(FRESH_SECONDS)}, hub: {"trust_connector": below}}
    for party in (issuer, hub, ours):
        stack.push_async_callback(party.stop)
        await party.start(**settings.get(party, {}))
    await ours.publish(PRODUCT)
    return issuer, hub, ours


async def main() -> int:
    running = asyncio.current_task()
    for number in (signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, running.cancel)
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        classpath = await counterpart.resolve(folder)
        say(f"the counterpart is Eclipse EDC {counterpart.VERSION}, stock, with its modules of DCP")
        ports = free_ports(len(DOORS))
        issuer, hub, ours = await serve(stack, folder, dsp(ports))
        client = await hub.command("credential", "client", "add", "edc")
        tokens = {name: client[name] for name in ("client", "endpoint", "secret")}
        identity = counterpart.Identity(did=hub.did, issuer=issuer.did, **tokens)
        edc = await stack.enter_async_context(counterpart.running(folder, classpath, identity, ports))
        taking = await stack.enter_async_context(sink())
        results = await play(Table(edc, hub, ours, issuer, taking), folder / counterpart.LOG)
    passed = sum(results)
    say(f"{passed} passed, {len(results) - passed} failed")
    return 0 if results and all(results) else 1


if __name__ == "__main__":
    try:
        sys.exit(asyncio.run(main()))
    except asyncio.CancelledError:
        sys.exit("the run was ended from outside")

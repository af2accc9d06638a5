"""How soon nothing flows any more when an agreement is revoked, while other transfers run.

`python -m bench.revocation [--revocations 100] [--others 6] [--mib 64]`

The provider is a process with one sealed edition and an agreement with a running transfer for every revocation. For
each, a buyer draws its sealed bytes, and another asks for one piece after the other; the operator revokes through the
management interface. The time runs from the moment that call is sent, its commit included, to the last sealed byte
received and to the last piece that was given; keys are decided in the order of the commits, so none is released after
it. Meanwhile `others` transfers of other agreements are drawn by all who have time.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import socket
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import aiohttp
import uvloop

from bench import report
from bench.hostile import Party
from bench.sealing import sealed_edition
from bench.space import machine, workshop
from connector.client.server import Server
from connector.custody import edition as editions
from connector.custody import tickets
from connector.demo.processes import Participant, free_ports
from connector.net.outbound import Outbound
from connector.operation.initialise import initialise
from connector.provider.data_addresses import TICKET_KEY
from connector.runtime.data_folder import DATABASE, KEYS
from connector.store.rows.agreement import AgreementRow
from connector.store.rows.protocol import ProcessState, TransferRow
from connector.store.store import Store
from connector.store.tables import TABLES

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from connector.custody.sealed import Sealed
    from connector.store.transaction import Tx

# the latency that we publish: a transfer is cut within a second of the word, also on a busy machine
PUBLISHED_MS = 1_000.0
FIGURES = tuple((name, percent) for name in ("the last sealed byte", "the last piece given") for percent in (50, 99))
TARGETS = {f"revocation to {name}, p{percent}": {"at_most": PUBLISHED_MS} for name, percent in FIGURES}
PRODUCT = "bench-revocation"
REVOCATIONS, OTHERS, MIB = 100, 6, 64
PIECE_BYTES = 1 << 20
READ_BYTES = 1 << 16
PAUSE_SECONDS = 0.002  # between reads: a buyer that takes some 30 MiB/s is never done before it is cut off
BEGUN_BYTES = 1 << 20
OVER_SECONDS = 10.0
TERM = timedelta(days=30)
UNBOUNDED = str(1 << 50)


@dataclass(slots=True)
class Stage:
    """The provider that runs, and the tickets of its transfers by agreement."""

    url: str
    edition: str
    rows: int
    door: Server
    web: aiohttp.ClientSession
    tickets: dict[str, str] = field(default_factory=dict)

    def pieces(self, first: int, count: int) -> str:
        """Return the address of sealed pieces."""
        return f"{self.url}/sealed/{self.edition}/pieces?first={first}&count={count}"


def agreement(digest: str, sealed: Sealed, peer: str, now: datetime) -> AgreementRow:
    """Return the row of an agreement under which the edition may be drawn."""
    until = now + TERM
    atom = {"leftOperand": "dateTime", "operator": "lteq", "rightOperand": until.isoformat()}
    policy = {"permission": [{"action": "use", "constraint": [atom]}]}
    terms = {"product": PRODUCT, "tier": "kept", "policy": policy, "maxUnpaidBytes": UNBOUNDED}
    return AgreementRow(
        digest=digest,
        role="provider",
        negotiation="",
        peer=peer,
        product=PRODUCT,
        edition=sealed.edition_id.hex(),
        terms=terms,
        odrl={},
        state="performing",
        not_after=until,
        created=now,
    )


def transfer(pid: str, digest: str, party: Party, now: datetime) -> TransferRow:
    """Return the row of a transfer that runs."""
    return TransferRow(
        id=pid,
        role="provider",
        peer=party.did,
        peer_pid=f"urn:uuid:{digest[:32]}",
        agreement=digest,
        callback=party.url + "/dsp",
        format="sealed",
        state=ProcessState.STARTED,
        pending=ProcessState.NONE,
        turn="consumer",
        deadline=now + TERM,
        entered={"STARTED": 1},
        reason="",
        created=now,
        updated=now,
    )


async def seed(data: Path, sealed: Sealed, party: Party, count: int) -> dict[str, str]:
    """Write the rows; return agreement → ticket."""
    now, key, made = datetime.now(UTC), os.urandom(32), {}
    (data / KEYS / TICKET_KEY).write_bytes(key)
    store = await Store.open(data / DATABASE, TABLES)

    def act(tx: Tx) -> None:
        editions.record(tx, sealed, product=PRODUCT, now=now)
        for number in range(count):
            digest, pid = os.urandom(32).hex(), f"urn:uuid:bench-{number}"
            tx.insert(agreement(digest, sealed, party.did, now))
            tx.insert(transfer(pid, digest, party, now))
            about = sealed.edition_id, bytes.fromhex(digest), tickets.transfer_digest(pid)
            made[digest] = tickets.SCHEME + tickets.issue(key, *about, now)

    await store.write(act)
    await store.close()
    return made


@contextlib.asynccontextmanager
async def stage(folder: Path, count: int, mib: int) -> AsyncIterator[Stage]:
    """Start a provider with `count` agreements, and a peer that hears what it says."""
    source, data, port = folder / "source.bin", folder / "provider", free_ports(1)[0]
    source.write_bytes(os.urandom(mib << 20))
    party = Party(folder / "party")
    await party.start()
    initialise(data, name="bench", roles=("provider",), region="US-NY", port=port, exchange=None, development=True)
    sealed = await asyncio.to_thread(sealed_edition, data, source)
    made = await seed(data, sealed, party, count)
    person = Participant(data)
    try:
        await person.start()
        async with Outbound(development=True) as outbound, aiohttp.ClientSession() as session:
            door = Server(data, outbound)
            url = (await door.call("GET", "status"))["url"]
            yield Stage(url, sealed.edition_id.hex(), len(sealed.table), door, session, made)
    finally:
        await person.stop()
        await party.stop()


class Drawing:
    """Sealed bytes drawn over a connection of their own, until its end; `last` is when the last of them came."""

    def __init__(self) -> None:
        self.bytes = 0
        self.last = 0.0
        self.begun = asyncio.Event()

    async def draw(self, made: Stage, ticket: str) -> None:
        """Draw the whole edition."""
        at = urlsplit(made.pieces(0, made.rows))
        reader, writer = await asyncio.open_connection(sock=await _connected(at.port or 0), limit=READ_BYTES)
        head = f"GET {at.path}?{at.query} HTTP/1.1\r\nHost: {at.netloc}\r\nAuthorization: {ticket}\r\n\r\n"
        writer.write(head.encode())
        with contextlib.suppress(ConnectionError):
            while some := await reader.read(READ_BYTES):
                self.bytes, self.last = self.bytes + len(some), time.perf_counter()
                if self.bytes > BEGUN_BYTES:
                    self.begun.set()
                await asyncio.sleep(PAUSE_SECONDS)
        writer.close()


async def _connected(port: int) -> socket.socket:
    """Connect with a small buffer: what lies in the buyer's own kernel has left the provider long ago."""
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, READ_BYTES)
    made.setblocking(False)
    await asyncio.get_running_loop().sock_connect(made, ("127.0.0.1", port))
    return made


async def given(made: Stage, ticket: str) -> float:
    """Ask for one piece after the other; return when the last was given."""
    last = 0.0
    while True:
        try:
            async with made.web.get(made.pieces(0, 1), headers={"Authorization": ticket}) as answer:
                if answer.status != 200:
                    return last
                await answer.read()
                last = time.perf_counter()
        except aiohttp.ClientError:  # cut off within a piece: the next is refused
            continue


async def once(made: Stage, digest: str) -> tuple[float, float]:
    """Revoke one agreement while it is drawn on; return the milliseconds to the last byte and to the last piece."""
    drawing, ticket = Drawing(), made.tickets[digest]
    drawn = asyncio.create_task(drawing.draw(made, ticket))
    pieces = asyncio.create_task(given(made, ticket))
    async with asyncio.timeout(OVER_SECONDS):
        await drawing.begun.wait()
        begun = time.perf_counter()
        await made.door.call("POST", f"agreements/{digest}/revoke", {"reason": "measured"})
        await drawn
        last = await pieces
    assert drawing.bytes < made.rows * PIECE_BYTES, "the transfer was done before it could be cut"
    return tuple(1000 * max(0.0, at - begun) for at in (drawing.last, last))  # type: ignore[return-value]  # two


async def other(made: Stage, ticket: str) -> None:
    """Draw an edition again and again: what else a provider has to do."""
    while True:
        await Drawing().draw(made, ticket)


async def measure(revocations: int, others: int, mib: int) -> list[report.Row]:
    """Return the rows."""
    with workshop() as folder:
        async with stage(folder, revocations + others, mib) as made:
            names = list(made.tickets)
            load = [asyncio.create_task(other(made, made.tickets[name])) for name in names[revocations:]]
            try:
                taken = [await once(made, name) for name in names[:revocations]]
            finally:
                for task in load:
                    task.cancel()
                await asyncio.gather(*load, return_exceptions=True)
    values = dict(zip(dict.fromkeys(name for name, _ in FIGURES), zip(*taken, strict=True), strict=True))
    figures = {
        f"revocation to {name}, p{percent}": (report.percentile(values[name], percent), "ms")
        for name, percent in FIGURES
    }
    return report.rows(figures, TARGETS)


def main() -> None:
    """Measure, print, write bench/results/revocation.json."""
    parser = argparse.ArgumentParser(prog="python -m bench.revocation")
    parser.add_argument("--revocations", type=int, default=REVOCATIONS)
    parser.add_argument("--others", type=int, default=OTHERS, help="transfers that run meanwhile")
    parser.add_argument("--mib", type=int, default=MIB, help="size of the edition")
    told = parser.parse_args()
    print(machine())
    print(f"{told.revocations} revocations while {told.others} other transfers run")
    rows = uvloop.run(partial(measure, told.revocations, told.others, told.mib)())
    print(report.table(rows))
    print("written to", report.write("revocation", rows))


if __name__ == "__main__":
    main()

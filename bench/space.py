"""A small space on loopback for a benchmark: real participants, each a process with its own data directory."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from bench.certificate import HOST
from connector.client import server
from connector.client.server import ADDRESS_FILE, Server
from connector.demo.processes import SERVE, Participant, free_ports
from connector.net import tls
from connector.net.outbound import Outbound
from connector.operation.initialise import initialise
from connector.runtime import settings
from connector.runtime.errors import from_reason

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping, Sequence

    from bench.certificate import Certificate

EXCHANGE = "exchange"
ROLES = (EXCHANGE, "regulator", "provider", "buyer")
REGION = "US-NY"
FUNDS = 10**12  # money is not what a benchmark runs out of
TERM_DAYS = 30
server.CALL_SECONDS = 1800.0  # publishing a large edition takes longer than a person would wait
WAIT_SECONDS = 20
LOOPBACK = "127.0.0.0/8"


@dataclass(slots=True)
class Space:
    """The participants by role; `hosted` ones have a data directory and are run by the benchmark itself."""

    people: dict[str, Participant]
    doors: dict[str, Server]
    hosted: Sequence[str] = field(default=())

    def pid(self, role: str) -> int:
        """Return the process id of a participant that runs."""
        return int(orjson.loads((self.people[role].data / ADDRESS_FILE).read_bytes())["pid"])

    def did(self, role: str) -> str:
        """Return a participant's DID."""
        return settings.load(self.people[role].data, {}, {}).did

    async def call(self, role: str, method: str, path: str, body: Any = None) -> Any:
        """Call a participant's management interface."""
        return await self.doors[role].call(method, path, body)

    async def admit(self, role: str) -> None:
        """Have the exchange admit a member that answers; a buyer is credited, too."""
        await self.call(EXCHANGE, "POST", "members", {"did": self.did(role), "invite": True})
        if role == "buyer":
            await self.call(EXCHANGE, "POST", "credits", {"id": "bench", "did": self.did(role), "amount": str(FUNDS)})

    async def offer(self, product: str, paths: Sequence[Path], **told: Any) -> Any:
        """Have the provider publish files at 1 per MiB and the exchange list them; return the publication.

        `told` are members of the brief besides or instead of the usual ones.
        """
        brief = {"id": product, "title": product, "files": [str(path) for path in paths], "keywords": ["bench"]}
        price = {"price": "1", "floor": "1", "unit": "MiB", "tier": "kept", "openings": None}
        until = datetime.now(UTC) + timedelta(days=TERM_DAYS)
        rules = {"purpose": "Research", "region": "US", "until": until.isoformat(timespec="seconds")}
        published = await self.call("provider", "POST", "products", brief | price | rules | told)
        await self.call(EXCHANGE, "POST", f"listings/{product}/review", {})
        return published

    async def agree(self, product: str) -> None:
        """Have the buyer agree on what stays at the provider, under the product's own name."""
        mandate = {"limit": "1", "purpose": "Research"}
        await self.call("buyer", "POST", "acquisitions", {"id": product, "product": product, "mandate": mandate})
        await self.reach(product, frozenset({"complete"}))

    async def reach(self, key: str, states: frozenset[str], buyer: str = "buyer") -> Any:
        """Return a buyer's acquisition as soon as it is in one of `states`; raise what it failed with."""
        told = ""
        while True:
            path = f"acquisitions/{key}?wait={WAIT_SECONDS}&after={told}"
            view = await self.call(buyer, "GET", path)
            told = view["mark"]
            if view["state"] == "failed":
                raise from_reason(view["reason"])
            if view["state"] in states:
                return view


@contextlib.asynccontextmanager
async def space(
    folder: Path,
    *,
    hosted: Sequence[str] = (),
    commands: Mapping[str, Sequence[str]] | None = None,
    certificate: Certificate | None = None,
) -> AsyncIterator[Space]:
    """Make four data directories and start every participant that is not `hosted`; all are stopped at the end.

    With a certificate they speak https with each other, outside development, otherwise plain http.
    """
    ports = dict(zip(ROLES, free_ports(len(ROLES)), strict=True))
    people, environment = {}, {} if certificate is None else _secure(certificate)
    host = "http://localhost" if certificate is None else f"https://{HOST}"
    for role in ROLES:
        exchange = "" if role == EXCHANGE else f"{host}:{ports[EXCHANGE]}"
        own = None if certificate is None else f"{host}:{ports[role]}"
        make(folder / role, role, ports[role], exchange, own)
        people[role] = Participant(folder / role, (commands or {}).get(role, SERVE))
    async with _outbound(certificate) as outbound:
        doors = {role: Server(person.data, outbound) for role, person in people.items()}
        made = Space(people, doors, tuple(hosted))
        try:
            for role in ROLES:
                if role not in hosted:
                    await people[role].start(environment)
                    if role != EXCHANGE:
                        await made.admit(role)
            yield made
        finally:
            for person in people.values():
                await person.stop()


def _secure(certificate: Certificate) -> dict[str, str]:
    """Return the settings of a participant that serves with a certificate and believes it."""
    files = {"TLS_CERTIFICATE": certificate.path, "TLS_KEY": certificate.key, "TRUST": certificate.path}
    told = {f"PENSTOCK_SERVER_{name}": str(path) for name, path in files.items()}
    return told | {"PENSTOCK_SERVER_NETWORKS": LOOPBACK}


def _outbound(certificate: Certificate | None) -> Outbound:
    if certificate is None:
        return Outbound(development=True)
    return Outbound(networks=[LOOPBACK], trust=tls.trusting(str(certificate.path)))


def make(data: Path, role: str, port: int, exchange: str, public_url: str | None = None) -> None:
    """Make one participant's data directory; one with an address of its own is outside development."""
    initialise(
        data,
        name=f"bench {role}",
        roles=(role,),
        region=REGION,
        port=port,
        exchange=exchange,
        development=public_url is None,
        public_url=public_url,
    )


@contextlib.contextmanager
def workshop() -> Iterator[Path]:
    """Yield a folder on a real disk (TMPDIR decides which) and remove it at the end."""
    folder = Path(tempfile.mkdtemp(prefix="penstock-bench-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def machine() -> str:
    """Return the machine in one line: figures mean nothing without it."""
    cpu = next((line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")), "")
    name = cpu.partition(":")[2].strip() or os.uname().machine
    return f"{os.cpu_count()} x {name}, {os.uname().sysname} {os.uname().release}, load {os.getloadavg()[0]:.1f}"

"""A space for a soak: `penstock serve` of every role, on settings alone; how it is asked, killed and begun again.

Who is *spared* is never struck, so that what it holds can be followed over the whole soak: a provider and a buyer.
"""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import time
from dataclasses import dataclass, field

import penstock

from connector.client.address import ADDRESS_FILE
from connector.demo.processes import SERVE, Participant, free_ports
from connector.identity import keys as key_files
from connector.runtime import settings
from connector.runtime.data_folder import KEYS

EXCHANGE = "exchange"
ROLES = {
    EXCHANGE: EXCHANGE,
    "regulator": "regulator",
    "provider": "provider",
    "spared-provider": "provider",
    "buyer": "buyer",
    "other-buyer": "buyer",
    "spared-buyer": "buyer",
}
# who may begin with an older program
OLDER = ("provider", "other-buyer")
SPARED = frozenset({"spared-provider", "spared-buyer"})
REGION = "US-NY"
FUNDS = 10**12  # no order fails for want of money
# what is met while a server is away
AWAY = (penstock.PeerUnreachable, penstock.ServerAbsent, penstock.OutcomeUnknown)
AUTOMATIC = {"PENSTOCK_REVIEW_AUTOMATIC": "true"}


@dataclass
class Person:
    """A participant: its process, what it is told besides, and how long each of its starts took, in seconds."""

    role: str
    process: Participant
    environment: dict[str, str]
    starts: list[float] = field(default_factory=list)
    # an older program's until it is upgraded
    command: tuple[str, ...] = SERVE
    # whoever strikes somebody has it to himself until it runs again
    struck: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def data(self):
        return self.process.data

    @property
    def did(self):
        return settings.load(self.data, {}, {}).did

    @property
    def codes(self):
        """Return with what those of its processes have ended that have."""
        each = getattr(self.process, "processes", (self.process,))
        return [one._process.returncode for one in each if one._process is not None and not one.running]

    async def start(self, command=None, **more):
        """Start its process, by another `command` and with `more` in its environment where that is said."""
        begun = time.monotonic()
        self.process.command = tuple(command or self.command)
        await self.process.start(self.environment | more)
        self.starts.append(time.monotonic() - begun)

    @contextlib.asynccontextmanager
    async def asked(self):
        """Yield a client of this participant; raises what asking it raises."""
        async with penstock.Client(self.data) as client:
            yield client

    async def patient(self, ask, *also, tries=60):
        """Return `ask(client)`, asked again while its server is away or it meets one of `also`."""
        for left in reversed(range(tries)):
            try:
                async with self.asked() as client:
                    return await ask(client)
            except (*AWAY, *also):
                if not left:
                    raise
                await asyncio.sleep(1)
        raise AssertionError


class Space:
    """All participants of a soak, by name."""

    def __init__(self, folder, ground, small=(), older=None):
        self.folder, self.ground, self.small, self.people = folder, ground, frozenset(small), {}
        ports = dict(zip(ROLES, free_ports(len(ROLES)), strict=True))
        for name, role in ROLES.items():
            command = older if older and name in OLDER else SERVE
            exchange = () if name == EXCHANGE else ("--exchange", f"http://localhost:{ports[EXCHANGE]}")
            about = ("--name", f"The {name}", "--role", role, "--region", REGION, "--port", str(ports[name]), *exchange)
            # a program knows the settings that it wrote
            made = (*command[:-1], "init", "--data", str(folder / name), *about, "--development")
            subprocess.run(made, check=True, stdout=subprocess.DEVNULL)
            told = ground.environment(name, role) | (AUTOMATIC if name == EXCHANGE else {})
            process = ground.process(name, role, folder / name, ports[name])
            self.people[name] = Person(role, process, told, command=command)
            ground.endow(key_files.load(folder / name / KEYS).address)
        self.url = f"http://localhost:{ports[EXCHANGE]}"

    def of(self, role):
        """Return name → person of a role."""
        return {name: person for name, person in self.people.items() if person.role == role}

    async def start(self):
        """Start everybody, have them admitted, and credit the buyers."""
        await asyncio.gather(*(person.start() for person in self.people.values()))
        for name, person in self.people.items():
            if name != EXCHANGE:
                async with self.people[EXCHANGE].asked() as exchange:
                    await exchange.member_admit(did=person.did, invite=True)
                    if person.role == "buyer":
                        await exchange.credit_issue(did=person.did, amount=str(FUNDS), id=f"soak-{name}")

    async def upgrade(self):
        """Stop everybody who serves with an older program, and start it with this one; return their names."""
        older = [name for name, person in self.people.items() if person.command != SERVE]
        for name in older:
            person = self.people[name]
            async with person.struck:
                await person.process.stop()
                person.command = SERVE
                await person.start()
        return older

    async def stop(self):
        await asyncio.gather(*(person.process.stop() for person in self.people.values()))


def pid(person):
    """Return the process of who runs, None where none does."""
    process = person.process
    return process.pid if process.running and (person.data / ADDRESS_FILE).exists() else None

"""`penstock up`: a space of four on this machine that stays: exchange, provider, buyer and regulator in one folder.

Law: (1) the folder is all of it: the same again goes on with what is there, at the same addresses, because they are the
names of the four. (2) What would stand in the way is said before anything is made or started: a folder of something
else, a port that is taken, a space that runs. (3) A participant is made aside and moved to its place whole. (4) Nobody
is removed but by `reset`, and nothing but the four.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shlex
import shutil
import signal
import socket
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from connector.client.address import ADDRESS_FILE
from connector.client.server import Server
from connector.custody.kek import SUFFIX
from connector.demo.processes import SERVE, Participant
from connector.demo.report import command
from connector.demo.run import stopped_by
from connector.net.outbound import Outbound
from connector.operation.initialise import initialise
from connector.runtime import files, settings, settings_sources
from connector.runtime.clock import Clock
from connector.runtime.errors import Conflict, InvalidInput, PeerRefused, ServerAbsent
from connector.runtime.living import lives
from contracts.currencies import FIRST
from contracts.price_words import money

if TYPE_CHECKING:
    from collections.abc import Callable

ROLES = ("exchange", "regulator", "provider", "buyer")
NAMES = {"exchange": "My exchange", "regulator": "My regulator", "provider": "My provider", "buyer": "My buyer"}
REGION = "US"
# the first four in a row that nobody listens on, a row every ten
PORTS_FROM, PORT_ROWS, PORTS_APART = 7700, 40, 10
# settings that four participants cannot share
OWN = frozenset(
    {
        "participant.name", "participant.roles", "server.port", "server.public_url", "space.exchange", "store.database",
        "vault.kek_file",
    }
)  # fmt: skip
# what the buyer may spend, in minor units
FUNDS = 1_000_000
# how long what is published may be used, as the printed command says it
TERM_DAYS = 365
THERE_ALREADY = 409
# whoever signs in by a printed link
DESK = "desk"
# beside its place, until it is whole
ASIDE = ".making-"


@dataclass(frozen=True, slots=True)
class Found:
    """The four when they are ready: who each is, where, and the link by which its console is entered once."""

    folder: Path
    begun: bool
    participants: dict[str, dict[str, str]]
    commands: list[str]

    def json(self) -> dict[str, Any]:
        """Return what `--json` prints."""
        return {
            "folder": str(self.folder),
            "begun": self.begun,
            "participants": self.participants,
            "commands": self.commands,
        }

    def lines(self) -> list[str]:
        """Return what a person reads."""
        state = "is made: four participants, nothing published" if self.begun else "goes on where it was"
        who = [f"{role:<10} {one['url']}  console: {one['console']}" for role, one in self.participants.items()]
        return [
            f"your space in {self.folder} {state}",
            *who,
            f"all three are members, and {money(FUNDS, FIRST)} were credited to the buyer",
            "a console's link holds once, and for a short time; `up` prints new ones",
            "next, in another terminal (FILE is a table of yours, csv or parquet):",
            *(f"  {one}" for one in self.commands),
            "all four run until you press Ctrl-C",
        ]


def reset(folder: Path) -> list[str]:
    """Remove the four participants of a folder; returns who was there. Raises Conflict where one runs."""
    there = _there(folder)
    _require_rest(folder)
    for place in (*(folder / role for role in there), *folder.glob(f"{ASIDE}*")):
        shutil.rmtree(place)
    for role in there:
        files.remove(folder / f"{role}{SUFFIX}")
    return there


def make(folder: Path, first: int | None = None) -> bool:
    """Make who of the four is not there; returns whether nobody was. Raises InvalidInput and Conflict as (2) says.

    `first` is the first of their four ports in a row; a row that is free, if nobody says one.
    """
    there = _there(folder)
    _require_own_settings()
    if not there and folder.exists() and any(one for one in folder.iterdir() if not one.name.startswith(ASIDE)):
        raise InvalidInput(f"`{folder}` holds something else", "name a folder that is empty, or not there: `--data`")
    _require_rest(folder)
    ports = {role: settings.load(folder / role, {}).server.port for role in there}
    if there and first is not None and ports[there[0]] - ROLES.index(there[0]) != first:
        text = f"the space in `{folder}` has the ports from {ports[there[0]] - ROLES.index(there[0])} on"
        raise InvalidInput(text, "they are part of the four names: leave `--port` out, or make another space")
    _require_free(ports)
    if len(there) == len(ROLES):
        return False
    fresh = _completed(ports) if there else _row(_free_row() if first is None else first)
    _require_free({role: port for role, port in fresh.items() if role not in ports})
    files.make_folder(folder)
    for role in ROLES:
        if role not in there:
            _make(folder, role, fresh)
    return not there


async def run(
    folder: Path, say: Callable[[str], None], show: Callable[[Found], None], first: int | None = None
) -> None:
    """Make what is absent, start the four, have them admitted, show them, and stay until told to end.

    SIGTERM, SIGHUP and Ctrl-C end it: KeyboardInterrupt, with all four stopped. Raises ServerAbsent when one ends by
    itself.
    """
    begun = await asyncio.to_thread(make, folder, first)
    # a Ctrl-C is ours: the terminal tells a session of its own nothing
    people = {role: Participant(folder / role, SERVE, apart=True) for role in ROLES}
    # … and who closes the terminal means all of it; a second Ctrl-C does not interrupt how the first one ends them
    with stopped_by(signal.SIGTERM), stopped_by(signal.SIGHUP), stopped_by(signal.SIGINT):
        async with Outbound(development=True) as outbound:
            doors = {role: Server(person.data, outbound) for role, person in people.items()}
            try:
                say("starting four participants")
                await asyncio.gather(*(person.start() for person in people.values()))
                say("admitting them")
                show(await _settled(folder, doors, begun=begun))
                await _watched(people)
            finally:
                for person in people.values():  # a second Ctrl-C cancels what follows, perhaps before it begins
                    person.tell()
                await asyncio.gather(*(person.stop() for person in people.values()))


def commands(folder: Path, exchange: str) -> list[str]:
    """Return what could be tried next, as it is typed."""
    short = shlex.quote(_short(folder))
    until = (Clock().now() + timedelta(days=TERM_DAYS)).strftime("%Y-%m-%dT00:00:00Z")
    terms = f'--title "My data" --price 250 --purpose Research --until {until}'
    said = (
        f"publish FILE --id mine {terms} --data {short}/provider",
        f"exchange review mine --data {short}/exchange",
        f"find my --data {short}/buyer",
        f"get mine --max-price 250 --purpose Research --id first --data {short}/buyer",
        f"open first --purpose Research --to opened --data {short}/buyer",
        f"settle --data {short}/provider",
        f"audit --exchange {exchange} --data {short}/regulator --development",
    )
    return [f"{shlex.quote(command())} {one}" for one in said]


def again(folder: Path) -> str:
    """Return how to go on with a space that was stopped."""
    return f"stopped; go on with: {shlex.quote(command())} up --data {shlex.quote(_short(folder))}"


async def _settled(folder: Path, doors: dict[str, Server], *, begun: bool) -> Found:
    """Admit who is no member, credit the buyer once, and let one account of each sign in."""
    status = {role: await door.call("GET", "status") for role, door in doors.items()}
    members = {one["did"] for one in (await doors["exchange"].call("GET", "members"))["members"]}
    for role in ROLES[1:]:
        if status[role]["did"] not in members:
            await doors["exchange"].call("POST", "members", {"did": status[role]["did"], "invite": True})
    credit = {"id": "up", "did": status["buyer"]["did"], "amount": str(FUNDS)}
    await doors["exchange"].call("POST", "credits", credit)
    links = {role: await _link(door, role) for role, door in doors.items()}
    people = {
        role: {
            "did": status[role]["did"],
            "url": status[role]["url"],
            "data": str(folder / role),
            "console": links[role],
        }
        for role in ROLES
    }
    return Found(folder, begun, people, commands(folder, status["exchange"]["url"]))


async def _link(door: Server, role: str) -> str:
    """Return a link by which the account of this desk, made if it is not there, signs in once."""
    name = f"{role}-{DESK}"
    try:
        await door.call("POST", "accounts", {"name": name, "roles": [], "operator": True})
    except PeerRefused as refusal:
        if refusal.status != THERE_ALREADY:
            raise
    return str((await door.call("POST", f"accounts/{name}/link", {}))["url"])


async def _watched(people: dict[str, Participant]) -> None:
    """Raise ServerAbsent as soon as one of them ends."""
    ends: dict[asyncio.Task[None], str] = {asyncio.create_task(one.wait()): role for role, one in people.items()}
    try:
        done, _ = await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in ends:
            task.cancel()
    role = ends[done.pop()]
    person = people[role]
    raise ServerAbsent(f"the {role} ended: {person.last_words()}", f"its log is `{person.data}/serve.log`")


def _make(folder: Path, role: str, ports: dict[str, int]) -> None:
    aside = folder / f"{ASIDE}{role}"
    shutil.rmtree(aside, ignore_errors=True)
    initialise(
        aside,
        name=NAMES[role],
        roles=(role,),
        region=REGION,
        port=ports[role],
        exchange="" if role == "exchange" else f"http://localhost:{ports['exchange']}",
        development=True,
        folders=(str(Path.cwd()),) if role == "provider" else None,
    )
    files.move(aside, folder / role)


def _there(folder: Path) -> list[str]:
    return [role for role in ROLES if (folder / role / settings.FILE_NAME).exists()]


def _require_rest(folder: Path) -> None:
    """Raise Conflict where participants of the folder run."""
    running = {}
    for role in _there(folder):
        with contextlib.suppress(OSError, ValueError, KeyError):
            told = orjson.loads((folder / role / ADDRESS_FILE).read_bytes())
            if lives(told["pid"]):
                running[role] = told["pid"]
    if running:
        ends = f"kill {' '.join(map(str, running.values()))}"
        hint = f"its commands work; to stop it, press Ctrl-C where it was started, or: {ends}"
        raise Conflict(f"the space in `{folder}` runs already: {', '.join(running)}", hint)


def _require_own_settings() -> None:
    """Raise InvalidInput where the environment says for all four what is each one's own."""
    if taken := sorted(OWN & settings_sources.from_environment(os.environ).keys()):
        name = settings_sources.variable(taken[0])
        raise InvalidInput(f"`{name}` is set, and would hold for all four", f"unset {name}")


def _require_free(ports: dict[str, int]) -> None:
    """Raise InvalidInput where somebody else listens on a port of ours."""
    for role, port in ports.items():
        if not _is_free(port):
            hint = f"end what listens there (`lsof -i :{port}` names it): the port is part of the {role}'s name"
            raise InvalidInput(f"port {port} of the {role} is taken", hint)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _free_row() -> int:
    """Return the first of four ports in a row that nobody listens on; raises InvalidInput."""
    last = PORTS_FROM + PORT_ROWS * PORTS_APART
    for first in range(PORTS_FROM, last, PORTS_APART):
        if all(map(_is_free, _row(first).values())):
            return first
    raise InvalidInput(f"no four ports in a row are free from {PORTS_FROM} to {last}", "name one with `--port`")


def _row(first: int) -> dict[str, int]:
    return {role: first + place for place, role in enumerate(ROLES)}


def _completed(ports: dict[str, int]) -> dict[str, int]:
    """Return the ports of all four, where some were made: the rest stand in the row of theirs."""
    role, port = next(iter(ports.items()))
    return _row(port - ROLES.index(role)) | ports


def _short(folder: Path) -> str:
    """Return a folder as it is typed from here."""
    here = Path.cwd()
    return os.fspath(folder.relative_to(here)) if folder.is_relative_to(here) else os.fspath(folder)

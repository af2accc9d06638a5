"""`penstock doctor`: what must be right before this participant can serve, each a row of `CHECKS`.

Law: a check looks and changes nothing; it returns what it saw, or raises the fault that the server would meet, so that
the doctor and the server say the same words and end with the same code.
"""

from __future__ import annotations

import asyncio
import shlex
import socket
import sqlite3
from contextlib import closing, suppress
from email.utils import parsedate_to_datetime
from pathlib import Path
from shutil import disk_usage
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import orjson

from connector.cli import supplied
from connector.cli.patient import FAIL, OK, SKIPPED, WARN, Patient, Result, Seen
from connector.client.server import ADDRESS_FILE
from connector.custody import row_key
from connector.custody.secrets import in_module, kek_of, kek_place, key_files
from connector.identity import keys
from connector.identity.space.kept import contradiction
from connector.net import tls
from connector.net.outbound import Outbound
from connector.operation import installation
from connector.runtime import data_folder, private_file, private_folder
from connector.runtime.errors import (
    Absent,
    AddressRefused,
    Conflict,
    InvalidInput,
    PeerUnreachable,
    PenstockError,
    SettingsError,
    explain_failure,
)
from connector.runtime.limits import CLOCK_LEEWAY_SECONDS, FREE_DISK_BYTES
from connector.store.alarms import told
from connector.store.connection import UNREADABLE, WRITING, connect
from connector.store.errors import StoreDamaged, StoreError, StoreFailed
from connector.store.offline import look
from connector.store.tables import TABLES
from connector.store.timekeeping import HINT, newest_event

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping


# below this somebody should make room soon
DISK_BYTES_LOW = 1024 * 1_048_576
# reading a larger database whole takes longer than a doctor may
QUICK_CHECK_BYTES_MAX = 256 * 1_048_576
# a certificate is renewed a month before it ends, as the public authorities' tools do
CERTIFICATE_DAYS_LOW = 30
# asked at once, and told one by one: a doctor looks at a sample of a large space
PEERS_ASKED_MAX = 32
PEERS_NAMED_MAX = 5
# whoever takes longer to say where it is will not do for work either
ASK_SECONDS = 5.0


async def examine(patient: Patient) -> list[Result]:
    """Do every check, each on its own; one that fails hides no other."""
    results = [await _result("settings", settings_read, patient)]
    checks = {name: check for name, check in CHECKS.items() if patient.known is not None or name in WITHOUT_SETTINGS}
    return results + [await _result(name, check, patient) for name, check in checks.items()]


async def _result(name: str, check: Callable[[Patient], Awaitable[Seen]], patient: Patient) -> Result:
    try:
        seen = await check(patient)
    except Exception as fault:  # noqa: BLE001  # whatever is wrong is what we are here to say
        failure = explain_failure(fault)
        return Result(name, FAIL, failure.text, failure.hint, failure.exit_code)
    return Result(name, seen.state, seen.text, seen.hint)


async def settings_read(patient: Patient) -> Seen:
    """Say who this is, or what is wrong with the settings."""
    settings = patient.settings
    return Seen(
        f"{settings.participant.name}: {', '.join(settings.participant.roles)} in {settings.participant.region}"
    )


async def development(patient: Patient) -> Seen:
    """Say loudly that anybody on the wire can read and change what is said."""
    if not patient.settings.server.development:
        return Seen("off")
    text = "DEVELOPMENT MODE: plain http and loopback addresses are permitted"
    if static := patient.settings.development.static_peer:
        text += f"; whoever sends `development.static_token` is taken for `{static}`"
    return Seen(text, WARN, "never in production")


async def distribution(_patient: Patient) -> Seen:
    """Check that the five generic import names are ours: another package of the same name overwrites silently."""
    return Seen(installation.checked())


async def names(patient: Patient) -> Seen:
    """Check that others can find us: the host of our public URL has an address."""
    parts = urlsplit(patient.settings.url)
    try:
        found = await asyncio.get_running_loop().getaddrinfo(parts.hostname, parts.port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise InvalidInput(f"the name `{parts.hostname}` of `server.public_url` has no address: {error}") from error
    where = sorted({str(address[4][0]) for address in found})
    return Seen(f"{patient.settings.did} at {', '.join(where)}")


async def identity_keys(patient: Patient) -> Seen:
    """Check the five keys and the management token: there, whole, and nobody else's to read; those of a module sign."""
    found = await asyncio.to_thread(keys.load, patient.data / data_folder.KEYS)
    token = patient.data / data_folder.TOKEN_FILE
    if not token.exists():
        raise Absent(f"there is no `{token}`", "make a participant with `penstock init`")
    private_file.read(token)
    kept = len(keys.PURPOSES) - found.files
    there = "" if found.module is None or not kept else f"; {kept} keys in `{found.module.shown}`, each of which signs"
    return Seen(f"{found.files} keys and the management token, readable by their owner alone{there}")


async def vault_keys(patient: Patient) -> Seen:
    """Check that the key-encryption key is there, outside the data folder, and unwraps every key of the vault."""
    told = patient.settings.vault.kek_file
    place = kek_place(patient.data, told)
    wrapped = key_files(patient.data / data_folder.VAULT_KEYS)
    file = patient.data / data_folder.DATABASE
    if file.exists() and not any(each.stem.startswith("rows-") for each in wrapped):
        with suppress(StoreError, *UNREADABLE):  # the check `database` says what is wrong with it
            await asyncio.to_thread(look, file, TABLES, row_key.refuse_resting)
    if not wrapped and (in_module(told) or not Path(place).exists()):
        return Seen(f"none yet; `penstock serve` draws `{place}`", SKIPPED)
    kek = kek_of(patient.data, told, make=False)
    for each in wrapped:
        kek.unwrap(each.stem, private_file.read(each))
    return Seen(f"`{place}` unwraps all {len(wrapped)} keys of the vault; keep it out of back-ups of the data folder")


async def privacy(patient: Patient) -> Seen:
    """Check that the data folder and what lies in it are their owner's alone."""
    if not patient.data.is_dir():
        return Seen("no data folder yet", SKIPPED)
    if found := private_folder.open_to_others(patient.data):
        named = ", ".join(found[: private_folder.NAMED_MAX]) + (", …" if len(found) > private_folder.NAMED_MAX else "")
        raise SettingsError(f"others may read or change {named}", f"chmod -R go= {shlex.quote(str(patient.data))}")
    return Seen(f"`{patient.data}` and what lies in it are its owner's alone")


async def clock(patient: Patient) -> Seen:
    """Compare our clock with our newest event, and with the exchange's clock: tokens live two minutes."""
    with suppress(Absent, StoreError, *UNREADABLE):  # the check `database` says what is wrong with it
        newest = await asyncio.to_thread(look, patient.tables, TABLES, newest_event)
        if newest is not None and (wrong := newest.told(patient.clock.now())):
            raise InvalidInput(wrong, HINT)
    if not patient.heard:
        return Seen("nobody to compare with", SKIPPED)
    theirs = parsedate_to_datetime(patient.heard)
    off = abs((patient.clock.now() - theirs).total_seconds())
    if off > CLOCK_LEEWAY_SECONDS:
        raise InvalidInput(f"this clock differs from the exchange's by {off:.0f} s", "set it by NTP")
    return Seen(f"within {max(off, 1):.0f} s of the exchange's")


async def database(patient: Patient) -> Seen:
    """Check that SQLite or the server gives what durability rests on, and that a file is whole."""
    if place := patient.settings.store.database:
        return await asyncio.to_thread(_server, place)
    path = patient.data / data_folder.DATABASE
    if not path.exists():
        return Seen(f"none yet; `penstock serve` makes it (sqlite {sqlite3.sqlite_version})", SKIPPED)
    with closing(connect(path, WRITING)) as connection:
        said = "not read whole"
        if path.stat().st_size <= QUICK_CHECK_BYTES_MAX:
            said = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
            if said != "ok":
                raise StoreDamaged(f"the database is damaged: {said}")
    return Seen(f"WAL, synchronous FULL, quick check: {said} (sqlite {sqlite3.sqlite_version})")


async def alarms(patient: Patient) -> Seen:
    """Tell what a person should have heard of: who contradicted itself, whose notice was forged, what was altered."""
    with suppress(Absent):
        text, hint = await asyncio.to_thread(look, patient.tables, TABLES, told)
        return Seen(text, WARN if hint else OK, hint)
    return Seen("no database yet", SKIPPED)


async def heads(patient: Patient) -> Seen:
    """Show the proof against an exchange that signed two different lists of its members under one number."""
    with suppress(Absent):
        notes = await asyncio.to_thread(look, patient.tables, TABLES, contradiction)
        if notes is None:
            return Seen("the exchange never contradicted itself")
        text = "the exchange signed two different heads of its space under one number:\n" + "\n".join(notes)
        return Seen(text, WARN, "give both to a regulator: the key of the exchange's log checks them")
    return Seen("no database yet", SKIPPED)


def _server(place: str) -> Seen:
    """Check that a database server answers and keeps what it acknowledges."""
    from connector.store import postgres  # noqa: PLC0415 - its driver comes with an extra

    with closing(postgres.Postgres(place).reader()) as session:
        return Seen(postgres.described(session))


async def port(patient: Patient) -> Seen:
    """Check that our server answers, or that its port is free for it."""
    server = patient.settings.server
    if (patient.data / ADDRESS_FILE).exists():
        url = orjson.loads((patient.data / ADDRESS_FILE).read_bytes())["url"]
        try:
            await patient.outbound.get(f"{url}/health", timeout_seconds=ASK_SECONDS)
        except PenstockError:
            pass
        else:
            return await _serving(patient, url)
    family = socket.AF_INET6 if ":" in server.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((server.host, server.port))
        except OSError as error:
            hint = "stop the other program, or change `server.port`"
            raise Conflict(f"port {server.port} of `{server.host}` cannot be had: {error.strerror}", hint) from error
    return Seen(f"{server.host}:{server.port} is free")


async def _serving(patient: Patient, url: str) -> Seen:
    """Say that our server answers, and what it warns of."""
    warnings: list[str] = []
    with suppress(PenstockError):  # one that is not ready says why in other checks
        told = (await patient.outbound.get(f"{url}/health/ready", timeout_seconds=ASK_SECONDS)).json()
        warnings = told.get("warnings", []) if isinstance(told, dict) else []
    if not warnings:
        return Seen(f"serving at {url}")
    hint = "see `lapses` in penstock show, and docs/operation.md"
    return Seen(f"serving at {url}, which warns: {', '.join(map(str, warnings))}", WARN, hint)


async def disk(patient: Patient) -> Seen:
    """Check the room left where the data lie."""
    free = disk_usage(patient.data).free
    text = f"{free // 1_048_576} MiB free"
    if free < FREE_DISK_BYTES:
        raise StoreFailed(f"{text}, at least {FREE_DISK_BYTES // 1_048_576} are needed")
    return Seen(text, WARN, "make room before sealing or pulling") if free < DISK_BYTES_LOW else Seen(text)


async def certificates(patient: Patient) -> Seen:
    """Try the files of TLS on each other."""
    server = patient.settings.server
    serves = tls.serving(server.tls_certificate, server.tls_key)
    tls.trusting(server.trust)
    believed = f" and believe `{server.trust}`, too" if server.trust else ""
    if serves is None:
        return Seen("we serve no TLS ourselves" + believed)
    ends = tls.ends(server.tls_certificate)
    days = (ends - patient.clock.now()).days
    text = f"we serve TLS with `{server.tls_certificate}`, which ends on {ends:%Y-%m-%d}{believed}"
    if days < 0:
        raise SettingsError(f"{text}, {-days} days ago: no peer believes it", "renew it, then start the server again")
    return Seen(text, WARN, f"renew it: {days} days are left") if days < CERTIFICATE_DAYS_LOW else Seen(text)


async def exchange(patient: Patient) -> Seen:
    """Ask the exchange who is in the space."""
    settings = patient.settings
    try:
        answer = await patient.outbound.get(f"{patient.exchange}/space", timeout_seconds=ASK_SECONDS)
    except PenstockError:
        if settings.has("exchange") or not settings.space.exchange:
            return Seen("this participant is its own exchange and is not serving", SKIPPED)
        raise
    patient.space, patient.heard = answer.json(), answer.headers.get("Date", "")
    if settings.did in {member["did"] for member in patient.space["members"]}:
        return Seen(f"{patient.exchange}: {len(patient.space['members'])} members, we are one")
    return Seen(
        f"{patient.exchange}: we are no member",
        WARN,
        f"apply by: penstock join; it answers by: penstock exchange admit {settings.did}",
    )


async def peers(patient: Patient) -> Seen:
    """Ask the other members whether they serve; who is silent can neither sell to us nor buy."""
    settings = patient.settings
    others = [member for member in patient.space.get("members", ()) if member["did"] != settings.did]
    if not others:
        return Seen("nobody else is known", SKIPPED)
    asked = others[:PEERS_ASKED_MAX]
    server = settings.server
    # their addresses are told by the exchange: our own rules about addresses hold
    rules: dict[str, Any] = {"networks": server.networks, "trust": tls.trusting(server.trust)}
    async with Outbound(development=server.development, **rules) as outbound:
        faults = await asyncio.gather(*(_silent(outbound, member["url"]) for member in asked))
    silent = [f"{member['did']} ({fault})" for member, fault in zip(asked, faults, strict=True) if fault]
    text = f"{len(asked) - len(silent)} of {len(asked)} others answer"
    if len(others) > len(asked):
        text += f", {len(others) - len(asked)} were not asked"
    if not silent:
        return Seen(text)
    hint = "ask their operators; what is under way with them waits and goes on by itself"
    return Seen(f"{text}; silent: {', '.join(silent[:PEERS_NAMED_MAX])}", WARN, hint)


async def _silent(outbound: Outbound, url: str) -> str:
    """Return why a member cannot be heard, nothing if it can."""
    try:
        await outbound.get(f"{url}/health/live", timeout_seconds=ASK_SECONDS)
    except (PeerUnreachable, AddressRefused) as fault:
        return str(fault)
    except PenstockError:
        return ""  # it answers, whatever it says: another make has no such address
    return ""


# in the order in which they are said; `exchange` comes before what is compared with it
CHECKS: Mapping[str, Callable[[Patient], Awaitable[Seen]]] = {
    "development": development,
    "distribution": distribution,
    "names": names,
    "certificates": certificates,
    "keys": identity_keys,
    "privacy": privacy,
    "vault keys": vault_keys,
    "database": database,
    "alarms": alarms,
    "heads": heads,
    "port": port,
    "disk": disk,
    "exchange": exchange,
    "clock": clock,
    "peers": peers,
    "chain": supplied.chain,
    "anchors": supplied.anchors,
    "bucket": supplied.bucket,
}
WITHOUT_SETTINGS = frozenset({"distribution", "keys", "privacy", "database"})

"""`penstock serve`: run the participant of a data directory until it is told to stop."""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from connector.cli.options import DEFAULT_DATA, Data

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from connector.negotiation.reactions import Rules
    from connector.runtime.settings import Settings
    from connector.store.store import Store

UNEXPECTED = 1  # exit code of what should not happen: its trace belongs in the log, nowhere else
INTERRUPTED = 130  # exit code of a process that was told to end before it had begun
GIVEN_UP = 7  # exit code of one whose database another may work on by now; a supervisor starts it again
DRAIN_SECONDS = 10.0  # requests under way at SIGTERM may finish within this time
# and all else within this: whatever is cut off then is durable up to its last step, and goes on at the next start
CLOSE_SECONDS = 15.0
# nearly all objects are gone by reference count; a look for cycles at more of them at once would hold up honest peers
COLLECT_AFTER = (2_000, 20, 100)

# a block from here on goes back to the system when it is free: row tables come and go, and would leave holes
RETURNED_BYTES = 1024 * 1024
_MMAP_THRESHOLD = -3  # of mallopt(3); to set it ends that glibc moves it to the largest block that was ever free


def give_back() -> None:
    """Let large blocks be returned when they are free, where the C library can be told so."""
    import ctypes  # noqa: PLC0415  # the help page starts fast

    tell = getattr(ctypes.CDLL(None), "mallopt", None)
    if tell is not None:
        tell(_MMAP_THRESHOLD, RETURNED_BYTES)


def hold() -> None:
    """Look for no cycles while modules are loaded: what they make stays, and looking at it takes a tenth of a start."""
    import gc  # noqa: PLC0415  # the help page starts fast

    gc.disable()


def settle() -> None:
    """Leave what was made so far out of every later collection: it is most of the heap, and it stays."""
    import gc  # noqa: PLC0415  # the help page starts fast

    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)
    gc.enable()


def ready(settings: Settings) -> str:
    """Return what is said once the server answers: who it is, as what, in whose space, and where its pages are."""
    roles = ", ".join(settings.participant.roles)
    space = f"in the space of {settings.space.exchange}" if settings.space.exchange else "in a space of its own"
    return f"{settings.did} is ready as {roles}, {space}\n  at {settings.url}, its console at {settings.url}/console"


async def run(data: Path, settings: Settings, rules: Rules = ()) -> None:
    """Serve until SIGTERM or SIGINT; `server.json` says where once the server answers."""
    import asyncio  # noqa: PLC0415  # the help page starts fast
    import os  # noqa: PLC0415  # the help page starts fast

    from aiohttp import web  # noqa: PLC0415  # the help page starts fast

    from connector.api.server import build  # noqa: PLC0415  # the help page starts fast
    from connector.app.app import Connector  # noqa: PLC0415  # the help page starts fast
    from connector.client.server import ADDRESS_FILE  # noqa: PLC0415  # the help page starts fast
    from connector.net import tls  # noqa: PLC0415  # the help page starts fast
    from connector.store.errors import StoreBusy  # noqa: PLC0415  # the help page starts fast

    settle()  # the rest of the start may wait for others, for as long as they take
    give_back()
    own, trust = (settings.server.tls_certificate, settings.server.tls_key), settings.server.trust
    context = tls.serving(*own, asks=bool(settings.server.peer_certificates), trust=trust)
    _require_free(data / ADDRESS_FILE, settings)
    stop = asyncio.Event()
    _told(os._exit, INTERRUPTED)  # while it waits for the database, for the space, or for what others know of its log
    connector = await Connector.start(data, settings, rules=rules)
    if context is not None:
        shown = [connector.trust] if settings.server.peer_certificates and connector.trust is not None else []
        renewed = tls.Renewed([context, *shown], *own)
        connector.monitor.chores["take renewed TLS files"] = renewed.look
    connector.store.on_failure(partial(_disk_failed, connector.store))
    runner = web.AppRunner(build(connector.parts), access_log=None, shutdown_timeout=DRAIN_SECONDS)
    try:
        await runner.setup()
        site = web.TCPSite(runner, settings.server.host, settings.server.port, ssl_context=context)
        try:
            await site.start()
        except OSError as fault:
            raise _taken(settings, fault) from fault
        await connector.catch_up()
        _told(stop.set)
        await connector.recover()
        await connector.hosted.expect()
        settle()
        connector.took_over = partial(_announce, data / ADDRESS_FILE, settings)
        with _present(data / ADDRESS_FILE, settings, works=connector.tenure.held):
            await stop.wait()
    finally:
        connector.health.draining = True
        _told(os._exit, INTERRUPTED)  # who says it again does not want to wait
        await runner.cleanup()
        if not await _rested(connector.close) and stop.is_set():  # else the fault that ended it is still to be said
            os._exit(GIVEN_UP if connector.tenure.given_up else 0)
    if connector.tenure.given_up:
        raise StoreBusy("this process was away too long, and another may work on its database: it has ended")


async def _rested(close: Callable[[], Awaitable[None]]) -> bool:
    """Have all come to rest, and say whether it has in time; what has not is cut off."""
    import asyncio  # noqa: PLC0415  # the help page starts fast
    import logging  # noqa: PLC0415  # the help page starts fast

    try:
        async with asyncio.timeout(CLOSE_SECONDS):
            await close()
    except TimeoutError:
        logging.getLogger(__name__).warning("not all came to rest within %d s; the rest is cut off", CLOSE_SECONDS)
        return False
    return True


def _told(act: Callable[..., object], *words: object) -> None:
    """Do this from now on when told to stop."""
    import asyncio  # noqa: PLC0415  # the help page starts fast
    import signal  # noqa: PLC0415  # the help page starts fast

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, act, *words)


@contextmanager
def _present(path: Path, settings: Settings, *, works: bool) -> Iterator[None]:
    """Have other commands find us while we serve; of several processes in a folder, whoever works."""
    import os  # noqa: PLC0415  # the help page starts fast

    from connector.cli.speak import talk  # noqa: PLC0415  # the help page starts fast
    from connector.runtime import files  # noqa: PLC0415  # the help page starts fast
    from connector.runtime.data_folder import STARTING  # noqa: PLC0415  # the help page starts fast

    if works or not _is_served(path):
        _announce(path, settings)
    else:
        files.remove(path.with_name(STARTING))
        talk(f"{settings.did} answers at {settings.own_url}, too, beside the process that works")
    try:
        yield
    finally:
        if _served_by(path) == os.getpid():
            files.remove(path)


def _require_free(path: Path, settings: Settings) -> None:
    """Raise InvalidInput if somebody else listens where we want to, before a chain is founded.

    If it is another process of this participant, as its address file says, this one stands by until that ends.
    """
    import errno  # noqa: PLC0415  # the help page starts fast
    import socket  # noqa: PLC0415  # the help page starts fast

    from connector.cli.speak import talk  # noqa: PLC0415  # the help page starts fast

    family = socket.AF_INET6 if ":" in settings.server.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.server.host, settings.server.port))
        except OSError as fault:
            if fault.errno != errno.EADDRINUSE or not _is_served(path):
                raise _taken(settings, fault) from fault
            talk(f"{settings.did} is served by another process already; this one stands by until that ends")


def _is_served(path: Path) -> bool:
    """Say whether the process that an address file names still runs; one that a crash left says nothing."""
    from connector.runtime.living import lives  # noqa: PLC0415  # the help page starts fast

    process = _served_by(path)
    return process is not None and lives(process)


def _served_by(path: Path) -> int | None:
    """Return the process that an address file names, None if there is no such file."""
    import orjson  # noqa: PLC0415  # the help page starts fast

    try:
        return int(orjson.loads(path.read_bytes())["pid"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _taken(settings: Settings, fault: OSError) -> Exception:
    from connector.runtime.errors import InvalidInput  # noqa: PLC0415  # the help page starts fast

    where = f"{settings.server.host}:{settings.server.port}"
    hint = "stop it, or choose another `server.port`"
    return InvalidInput(f"cannot listen on `{where}`: {(fault.strerror or str(fault)).lower()}", hint)


def _announce(path: Path, settings: Settings) -> None:
    """Tell other commands where the server answers, and whoever started it that it does."""
    import logging  # noqa: PLC0415  # the help page starts fast
    import os  # noqa: PLC0415  # the help page starts fast

    import orjson  # noqa: PLC0415  # the help page starts fast

    from connector.cli.speak import talk  # noqa: PLC0415  # the help page starts fast
    from connector.runtime import files, log_lines  # noqa: PLC0415  # the help page starts fast
    from connector.runtime.data_folder import STARTING  # noqa: PLC0415  # the help page starts fast

    trust = str(Path(settings.server.trust).resolve()) if settings.server.trust else ""
    files.write_atomic(path, orjson.dumps({"url": settings.url, "pid": os.getpid(), "trust": trust}))
    files.remove(path.with_name(STARTING))
    if settings.telemetry.logs == log_lines.JSON:  # nobody reads along, and a line is an object
        logging.getLogger(__name__).info(ready(settings))
    else:
        talk(ready(settings))


def _disk_failed(store: Store) -> None:
    """Say so and end at once: a disk that failed is not asked again, not even to close."""
    import os  # noqa: PLC0415  # the help page starts fast

    from connector.cli.speak import complain  # noqa: PLC0415  # the help page starts fast
    from connector.runtime.errors import explain_failure  # noqa: PLC0415  # the help page starts fast

    assert store.failure is not None
    failure = explain_failure(store.failure)
    complain(failure, as_json=False)
    os._exit(failure.exit_code)


def serve(
    data: Data = DEFAULT_DATA,
    host: Annotated[str | None, typer.Option(help="listen here instead of the settings' host")] = None,
    port: Annotated[int | None, typer.Option(help="listen here instead of the settings' port")] = None,
    reactions: Annotated[
        Path | None, typer.Option(help="JSON file that says when to agree, counter, hold, refuse")
    ] = None,
    *,
    verbose: Annotated[bool, typer.Option(help="say on stderr what goes on")] = False,
) -> None:
    """Run the participant, for example: penstock serve --data ./provider."""
    import json  # noqa: PLC0415  # the help page starts fast
    import logging  # noqa: PLC0415  # the help page starts fast
    import os  # noqa: PLC0415  # the help page starts fast

    import uvloop  # noqa: PLC0415  # the help page starts fast

    from connector.cli.speak import complain, talk  # noqa: PLC0415  # the help page starts fast
    from connector.runtime import files, log_lines  # noqa: PLC0415  # the help page starts fast
    from connector.runtime import settings as settings_file  # noqa: PLC0415  # the help page starts fast
    from connector.runtime.data_folder import STARTING  # noqa: PLC0415  # the help page starts fast
    from connector.runtime.errors import explain_failure  # noqa: PLC0415  # the help page starts fast

    hold()
    try:
        flags: dict[str, Any] = {"server.host": host, "server.port": port}
        settings = settings_file.load(data, os.environ, flags)
        log_lines.set_up(settings.telemetry.logs, verbose=verbose)
        if settings.server.development:
            talk(f"DEVELOPMENT: {settings.did} accepts plain http and loopback addresses; never in public")
        if static := settings.development.static_peer:
            talk(f"DEVELOPMENT: whoever sends `development.static_token` is taken for `{static}`; never in public")
        if not settings.space.exchange and not settings.has("exchange"):
            talk(f"no `space.exchange` is set: {settings.did} is alone, on a chain of its own")
        files.write_atomic(data / STARTING, json.dumps({"pid": os.getpid()}).encode())
        try:
            uvloop.run(run(data, settings, _rules(reactions)))
        finally:
            files.remove(data / STARTING)
    except Exception as fault:
        failure = explain_failure(fault)
        if failure.exit_code == UNEXPECTED:
            logging.getLogger(__name__).exception("the server ended")
        complain(failure, as_json=False)
        raise typer.Exit(failure.exit_code) from fault


def _rules(path: Path | None) -> Rules:
    """Read the operator's reactions, none without a file."""
    from connector.negotiation import reactions  # noqa: PLC0415  # the help page starts fast
    from connector.runtime.errors import InvalidInput  # noqa: PLC0415  # the help page starts fast

    if path is None:
        return ()
    try:
        content = path.read_bytes()
    except OSError as fault:
        raise InvalidInput(f"`{path}` cannot be read: {fault.strerror}") from fault
    return reactions.read(content)

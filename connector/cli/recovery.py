"""`penstock admin backup` and `restore`: a copy of a participant to keep, and a participant out of such a copy."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from connector.cli import admin
from connector.cli.options import DEFAULT_DATA, AsJson, Data, folder_option
from connector.cli.speak import answer, finish

app = admin.app

Target = Annotated[Path, typer.Argument(metavar="TO", help="the new folder to write", file_okay=False)]
Source = Annotated[Path, typer.Argument(metavar="FROM", help="what `admin backup` wrote", exists=True, file_okay=False)]


@app.command()
def backup(
    to: Target,
    data: Data = DEFAULT_DATA,
    *,
    sealed: Annotated[
        bool, typer.Option("--sealed", help="copy the sealed bytes, too, instead of listing them")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Copy database and settings as of one moment, running or not. No key is in it: they are kept apart.

    For example: penstock admin backup /safe/2026-11-21
    """
    made = finish(backed_up(data, to, sealed=sealed), as_json=as_json)
    lines = [f"{made['did']} as of {made['at']}: {len(made['files'])} files, {made['log']['size']} events in the log"]
    lines += [f"{len(made['sealed'])} sealed files are {'copied' if sealed else 'listed'}"]
    answer(made, [*lines, *(f"not in it: {each}" for each in made["without"])], as_json=as_json)


async def backed_up(data: Path, to: Path, *, sealed: bool) -> dict[str, Any]:
    """Make a back-up; returns its list as JSON."""
    import asyncio  # noqa: PLC0415  # loaded when the verb runs

    from connector.operation import backup as making  # noqa: PLC0415  # loaded when the verb runs
    from connector.runtime.clock import Clock  # noqa: PLC0415  # loaded when the verb runs

    return (await asyncio.to_thread(making.make, data, to, Clock().now(), sealed=sealed)).json()


@app.command()
def restore(
    source: Source,
    data: Data = DEFAULT_DATA,
    keys: Annotated[
        Path | None, folder_option("--keys", "the `keys` folder, if it is not in the data directory")
    ] = None,
    mirror: Annotated[str, typer.Option(help="where a copy of the own log lies: a folder, or https://host/log")] = "",
    without: Annotated[list[str] | None, typer.Option(help="DID of a member that is gone and not waited for")] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Make a participant out of a back-up; refused while the old one lives. It signs only what others can follow.

    For example: penstock admin restore /safe/2026-11-21 --data provider --mirror https://mirror.example/log
    """
    told = finish(restored(source, data, keys, mirror, tuple(without or ())), as_json=as_json)
    lines = [
        f"{told['did']} lives in {told['data']} again, as of {told['at']}, with {told['events']} events in its log"
    ]
    if told["sealedAbsent"]:
        lines.append(
            f"{told['sealedAbsent']} sealed files are absent: fetch or seal them again (`vault scrub --repair`)"
        )
    if not told["vaultKeys"]:
        lines.append("no key of the vault is here: put `keys/vault` back, or nothing opens and nothing is claimed")
    answer(told, [*lines, f"next: penstock doctor --data {data}, then penstock serve --data {data}"], as_json=as_json)


@app.command("set-back")
def set_back(
    data: Data = DEFAULT_DATA,
    mirror: Annotated[str, typer.Option(help="where a copy of the own log lies: a folder, or https://host/log")] = "",
    without: Annotated[list[str] | None, typer.Option(help="DID of a member that is gone and not waited for")] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Say of a database on a server that it was set back in time: the next start asks what others know, then signs.

    A process notices it by itself if its data directory saw more of the log. No process may be running.

    For example: penstock admin set-back --data exchange --mirror https://mirror.example/log
    """
    told = finish(_set_back(data, _where(mirror), tuple(without or ())), as_json=as_json)
    lines = [f"the log has {told['events']} events, the newest of {told['made']}"]
    answer(told, [*lines, f"next: penstock serve --data {data}"], as_json=as_json)


async def _set_back(data: Path, mirror: str, without: tuple[str, ...]) -> dict[str, Any]:
    """Mark the database; returns what is told about it."""
    import os  # noqa: PLC0415  # loaded when the verb runs

    from connector.custody.row_key import RowKey  # noqa: PLC0415  # loaded when the verb runs
    from connector.custody.secrets import Keys  # noqa: PLC0415  # loaded when the verb runs
    from connector.operation import set_back as marking  # noqa: PLC0415  # loaded when the verb runs
    from connector.runtime import settings  # noqa: PLC0415  # loaded when the verb runs
    from connector.runtime.clock import Clock  # noqa: PLC0415  # loaded when the verb runs
    from connector.runtime.data_folder import tables  # noqa: PLC0415  # loaded when the verb runs
    from connector.store.store import Store  # noqa: PLC0415  # loaded when the verb runs
    from connector.store.tables import TABLES  # noqa: PLC0415  # loaded when the verb runs
    from connector.store.tenure import Tenure  # noqa: PLC0415  # loaded when the verb runs

    known = settings.load(data, os.environ)
    row_key = RowKey(Keys.of(data, known.vault.kek_file))
    store = await Store.open(tables(data, known.store.database), TABLES, row_key)
    try:
        tenure = Tenure(store, Clock(), lambda: None)
        if not await tenure.attempt():
            from connector.runtime.errors import Conflict  # noqa: PLC0415  # loaded when it is needed

            raise Conflict("a process works on this database", "stop all that serve it, then say so again")
        try:
            return await store.write(lambda tx: marking.told(tx, Clock().now(), mirror, without))
        finally:
            await tenure.close()
    finally:
        await store.close()


def _where(mirror: str) -> str:
    return mirror if not mirror or mirror.startswith(("http://", "https://")) else str(Path(mirror).resolve())


async def restored(
    source: Path, data: Path, keys: Path | None, mirror: str, without: tuple[str, ...]
) -> dict[str, Any]:
    """Restore; returns what is told about it."""
    from connector.operation import restoring  # noqa: PLC0415  # loaded when the verb runs
    from connector.runtime.clock import Clock  # noqa: PLC0415  # loaded when the verb runs

    wanted = restoring.Wanted(source, data, keys, _where(mirror), without)
    return await restoring.restore(wanted, Clock().now())

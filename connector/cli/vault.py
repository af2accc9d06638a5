"""`penstock vault`: the sealed bytes this participant keeps; works beside a running server and without one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from connector.cli.options import DEFAULT_DATA, AsJson, Data
from connector.cli.speak import answer, ask, finish, talk

if TYPE_CHECKING:
    from pathlib import Path

    from connector.vault.scrub import Kept, Scrubbed

app = typer.Typer(help="The sealed bytes kept here: editions and replicas.", no_args_is_help=True)
DAMAGED = 6  # exit code: verification failed


@app.command("list")
def list_(data: Data = DEFAULT_DATA, *, as_json: AsJson = False) -> None:
    """List the editions sealed here and the replicas held here.

    For example: penstock vault list
    """
    rows = [kept.json() for kept in finish(holdings(data), as_json=as_json)]
    answer({"holdings": rows}, [_line(row) for row in rows] or ["the vault is empty"], as_json=as_json)


@app.command()
def scrub(data: Data = DEFAULT_DATA, *, as_json: AsJson = False) -> None:
    """Hash all sealed bytes again and compare them with their rows.

    For example: penstock vault scrub
    """
    found = finish(scrub_all(data), as_json=as_json)
    rows = [one.json() for one in found]
    damaged = sum(len(one.bad) for one in found)
    lines = [
        f"{row['kind']}  {row['id'][:16]}  {row['good']} rows verify, damaged {row['bad']} {row['problem']}".rstrip()
        for row in rows
        if row["bad"]
    ]
    counts = f"{sum(one.good for one in found)} rows verify, {damaged} do not"
    answer({"scrubbed": rows, "damaged": damaged}, [*lines, counts], as_json=as_json)
    if damaged:
        raise typer.Exit(DAMAGED)


@app.command()
def rekey(data: Data = DEFAULT_DATA, *, as_json: AsJson = False) -> None:
    """Draw a fresh key-encryption key and wrap all keys of the vault under it; the old one opens nothing afterwards.

    For example: penstock vault rekey
    """
    done = ask(data, "POST", "vault/rekey", {}, as_json=as_json)
    answer(done, [f"{done['keys']} keys are wrapped under a fresh key-encryption key"], as_json=as_json)


def _line(row: dict[str, Any]) -> str:
    size = f"{row['held']} of {row['rows']} rows, {row['sealedBytes']} bytes"
    return f"{row['kind']}  {row['id'][:16]}  {row['state']}  {size}"


async def holdings(data: Path) -> list[Kept]:
    """Return what the database says is kept in `data`."""
    from connector import data_folder  # noqa: PLC0415  # loaded when the verb runs
    from connector.store import offline  # noqa: PLC0415  # loaded when the verb runs
    from connector.store.tables import TABLES  # noqa: PLC0415  # loaded when the verb runs
    from connector.vault import scrub as scrubbing  # noqa: PLC0415  # loaded when the verb runs

    folders = data / data_folder.SEALED, data / data_folder.REPLICAS
    return offline.look(data / data_folder.DATABASE, TABLES, lambda tx: scrubbing.holdings(tx, *folders))


async def scrub_all(data: Path) -> list[Scrubbed]:
    """Hash everything kept in `data`, one file after the other."""
    from connector.vault import scrub as scrubbing  # noqa: PLC0415  # loaded when the verb runs

    found = []
    for kept in await holdings(data):
        talk(f"  hashing {kept.kind} {kept.id[:16]}")
        found.append(scrubbing.scrub(kept))
    return found

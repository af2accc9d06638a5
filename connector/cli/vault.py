"""`penstock vault`: the sealed bytes this participant keeps; works beside a running server and without one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from connector.cli import declared
from connector.cli.options import DEFAULT_DATA, AsJson, Data, Long
from connector.cli.speak import answer, ask, finish, talk
from connector.client.acts.columns import Column, lines
from connector.client.acts.vault import exported, repaired

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.custody.idle import Idle
    from connector.custody.scrub import Kept, Scrubbed
    from connector.store.transaction import Tx

app = typer.Typer(help="The sealed bytes kept here: editions and replicas.", no_args_is_help=True)
T = TypeVar("T")
NewFile = Annotated[Path, typer.Option("--to", help="the new file, for you alone", dir_okay=False, resolve_path=True)]
REPAIR_PAUSE_SECONDS = 0.5  # between two looks at how far a repair is
DAMAGED = 6  # exit code: verification failed
KEPT = (
    Column("KIND", "kind"),
    Column("ID", "id", is_id=True),
    Column("STATE", "state"),
    Column("PIECES", lambda row: f"{row['held']} of {row['rows']}", is_count=True),
    Column("BYTES", "sealedBytes", is_count=True),
    Column("EDITION", "edition", long=True),
    Column("FILE", "file", long=True),
)
IDLE = (
    Column("KIND", "kind"),
    Column("ID", "id", is_id=True),
    Column("BYTES", "sealedBytes", is_count=True),
    Column("USED", "used", is_moment=True),
)
DESTROYED = (
    Column("AGREEMENT", "agreement", is_id=True),
    Column("HOLDER", "holder"),
    Column("AT", "at", is_moment=True),
    Column("WHAT", "text"),
)
HOLDERS = (
    Column("AGREEMENT", "agreement", is_id=True),
    Column("STATE", "state"),
    Column("PAID BYTES", "paidBytes", is_count=True),
    Column("HOLDER", "holder"),
    Column("SERVES SINCE", "serves", is_moment=True, rare=True),
    Column("DELETED", "deleted", is_moment=True, rare=True),
    Column("SINCE", "since", long=True, is_moment=True),
    Column("TIER", "tier", long=True),
    Column("RECEIPTS", "receipts", long=True, is_count=True),
    Column("PARENT", "parent", long=True),
)


@app.command("list")
def list_(data: Data = DEFAULT_DATA, *, long: Long = False, as_json: AsJson = False) -> None:
    """List the editions sealed here and the replicas held here.

    For example: penstock vault list
    """
    rows = [kept.json() for kept in finish(holdings(data), as_json=as_json)]
    answer({"holdings": rows}, lines(KEPT, rows, long=long) or ["the vault is empty"], as_json=as_json)


@app.command()
def scrub(
    data: Data = DEFAULT_DATA,
    *,
    repair: Annotated[
        bool, typer.Option("--repair", help="fetch damaged pieces again from whoever holds them")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Hash all sealed bytes again and compare each piece with its commitment; `--repair` needs the server.

    For example: penstock vault scrub --repair
    """
    if repair:
        _repair(data, as_json=as_json)
        return
    found = finish(scrub_all(data), as_json=as_json)
    rows = [one.json() for one in found]
    damaged = sum(len(one.bad) for one in found)
    told = [
        f"{row['kind']}  {row['id'][:16]}  {row['good']} pieces verify, damaged {row['bad']} {row['problem']}".rstrip()
        for row in rows
        if row["bad"]
    ]
    counts = f"{sum(one.good for one in found)} pieces verify, {damaged} do not"
    answer({"scrubbed": rows, "damaged": damaged}, [*told, counts], as_json=as_json)
    if damaged:
        raise typer.Exit(DAMAGED)


def _repair(data: Path, *, as_json: bool) -> None:
    """Have the server hash and repair everything, and say how far it is until it has done so."""
    from time import sleep  # noqa: PLC0415  # loaded when the verb runs

    view, told = ask(data, "POST", "vault/repairs", {}, as_json=as_json), ""
    while view["running"]:
        sleep(REPAIR_PAUSE_SECONDS)
        view = ask(data, "GET", "vault/repairs", as_json=as_json)
        left = sum(mend["left"] for mend in view["mends"])
        if told != (told := f"  hashed {view['hashed']}, {len(view['mends'])} damaged, {left} pieces to fetch"):
            talk(told)
    answer(view, repaired(view), as_json=as_json)
    if any(mend["state"] != "mended" for mend in view["mends"]):
        raise typer.Exit(DAMAGED)


declared.add(app, "vault", "rekey", "leak")


@app.command()
@declared.asking("vault_trace", "file")
def trace(
    typed: declared.Typed,
    file: Annotated[Path, typer.Argument(help="a CSV or Parquet file that was found", exists=True, resolve_path=True)],
) -> None:
    """Say by its watermark whose plain copy of a product a found table is, and how likely that is an accident.

    For example: penstock vault trace found.csv --product rain-table
    """
    typed.also(file=str(file)).do()


@app.command()
@declared.asking("garbage_collect")
def collect(
    typed: declared.Typed,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="say what is kept why, and remove nothing")] = False,
) -> None:
    """Remove the editions, replicas and files that no agreement, transfer, channel, dispute or edition needs.

    For example: penstock vault collect --dry-run
    """
    found = (typed.of("garbage_list") if dry_run else typed).ask()["found"]
    freed = sum(int(row["sealedBytes"]) for row in found if not row["reasons"])
    told = [f"{row['kind']}  {row['id'][:16]}  {'; '.join(row['reasons']) or 'nothing needs it'}" for row in found]
    said = f"{freed} bytes {'would be' if dry_run else 'are'} removed"
    typed.tell({"found": found, "freedBytes": str(freed), "dryRun": dry_run}, [*told, said])


@app.command()
def idle(
    days: Annotated[int, typer.Option(help="not opened, served or pulled for so many days", min=0)] = 90,
    data: Data = DEFAULT_DATA,
    *,
    long: Long = False,
    as_json: AsJson = False,
) -> None:
    """List what nobody has used for a time, with its size, the longest idle first.

    For example: penstock vault idle --days 30
    """
    rows = [one.json() for one in finish(idling(data, days), as_json=as_json)]
    said = f"{sum(int(row['sealedBytes']) for row in rows)} bytes in all"
    answer({"idle": rows, "days": days}, [*lines(IDLE, rows, long=long), said], as_json=as_json)


@app.command()
def destroyed(
    data: Data = DEFAULT_DATA,
    *,
    long: Long = False,
    as_json: AsJson = False,
) -> None:
    """List what was destroyed because its agreement was over: here, or by buyers of ours, who sign it.

    For example: penstock vault destroyed
    """
    rows = finish(destructions(data), as_json=as_json)
    said = lines(DESTROYED, rows, long=long) or ["nothing was destroyed yet"]
    answer({"destroyed": rows}, said, as_json=as_json)


@app.command()
def holders(
    edition: Annotated[str, typer.Argument(help="the id of an edition of ours, or its beginning")],
    data: Data = DEFAULT_DATA,
    *,
    long: Long = False,
    as_json: AsJson = False,
) -> None:
    """List who holds an edition sealed here: under which agreement, what was paid, who serves it, who deleted it.

    For example: penstock vault holders 5b1f0c
    """
    found = finish(holding(data, edition), as_json=as_json)
    answer({"holders": found}, lines(HOLDERS, found, long=long) or ["nobody has agreed on it"], as_json=as_json)


@app.command()
def lineage(
    replica: Annotated[
        str, typer.Argument(help="the id of a replica, its edition or agreement, or of an edition of ours; a beginning")
    ],
    data: Data = DEFAULT_DATA,
    *,
    as_json: AsJson = False,
) -> None:
    """Say where a replica comes from: who sealed it, under which agreement it is held, who brought its pieces.

    Of an edition sealed here: which licensed editions it was made out of.

    For example: penstock vault lineage 5b1f0c
    """
    found = finish(descent(data, replica), as_json=as_json)
    told = [f"{name:12}{value}" for name, value in found.items() if not isinstance(value, list) and value]
    told += [
        f"{'from':12}{row['from']}: {row['rows']} pieces {row['dropped']}".rstrip() for row in found.get("sources", ())
    ]
    told += [f"{'made into':12}{edition}" for edition in found.get("derived", ())]
    told += [f"{'made out of':12}{row['edition']} under {row['agreement']}" for row in found.get("derivedFrom", ())]
    answer(found, told, as_json=as_json)


@app.command("export-keys")
@declared.asking("vault_export_keys", "to")
def export_keys(typed: declared.Typed, to: NewFile) -> None:
    """Hand the keys out into a file, with the warning beside it."""
    done = typed.ask(to=str(to))
    talk(f"warning: {done['warning']}")
    typed.tell(done, exported(done))


async def holdings(data: Path) -> list[Kept]:
    """Return what the database says is kept in `data`."""
    from connector.custody import scrub as scrubbing  # noqa: PLC0415  # loaded when the verb runs
    from connector.runtime import data_folder  # noqa: PLC0415  # loaded when the verb runs

    return await _look(data, lambda tx: scrubbing.holdings(tx, data / data_folder.SEALED))


async def scrub_all(data: Path) -> list[Scrubbed]:
    """Hash everything kept in `data`, one edition after the other."""
    import os  # noqa: PLC0415  # loaded when the verb runs

    from connector.custody import scrub as scrubbing  # noqa: PLC0415  # loaded when the verb runs
    from connector.custody.blobs import Blobs  # noqa: PLC0415  # loaded when the verb runs
    from connector.custody.bucket import Bucket  # noqa: PLC0415  # loaded when the verb runs
    from connector.runtime import data_folder, settings  # noqa: PLC0415  # loaded when the verb runs

    place, found = settings.load(data, os.environ).vault.blobs, []
    blobs = Blobs(data / data_folder.SEALED, Bucket(place) if place else None)
    for kept in await holdings(data):
        talk(f"  hashing {kept.kind} {kept.id[:16]}")
        found.append(scrubbing.scrub(kept, blobs))
    return found


async def idling(data: Path, days: int) -> list[Idle]:
    """Return what nobody has used in `data` for so many days."""
    from datetime import timedelta  # noqa: PLC0415  # loaded when the verb runs

    from connector.custody import idle as idleness  # noqa: PLC0415  # loaded when the verb runs
    from connector.runtime.clock import Clock  # noqa: PLC0415  # loaded when the verb runs

    now, longer_than = Clock().now(), timedelta(days=days)
    return await _look(data, lambda tx: idleness.idle(tx, now, longer_than))


async def destructions(data: Path) -> list[dict[str, Any]]:
    """Return the destruction records kept in `data`, the newest first."""
    from connector.custody import lineage as descents  # noqa: PLC0415  # loaded when the verb runs

    return await _look(data, descents.destroyed)


async def holding(data: Path, edition: str) -> list[dict[str, Any]]:
    """Return who holds an edition of ours."""
    from connector.custody import lineage as descents  # noqa: PLC0415  # loaded when the verb runs

    return await _look(data, lambda tx: descents.holders(tx, edition))


async def descent(data: Path, replica: str) -> dict[str, Any]:
    """Return where a replica comes from."""
    from connector.custody import lineage as descents  # noqa: PLC0415  # loaded when the verb runs

    return await _look(data, lambda tx: descents.descent(tx, replica))


async def _look(data: Path, act: Callable[[Tx], T]) -> T:
    import os  # noqa: PLC0415  # loaded when the verb runs

    from connector.runtime import data_folder, settings  # noqa: PLC0415  # loaded when the verb runs
    from connector.store import offline  # noqa: PLC0415  # loaded when the verb runs
    from connector.store.tables import TABLES  # noqa: PLC0415  # loaded when the verb runs

    known = settings.load(data, os.environ)
    return offline.look(data_folder.tables(data, known.store.database), TABLES, act)

"""`penstock exchange source`: other catalogues whose products are found here, too."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

import typer

from connector.cli.options import DEFAULT_DATA, AsJson, Data
from connector.cli.speak import answer, ask

app = typer.Typer(help="Sources: other exchanges and catalogues whose products are found here.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="NAME", help="what you call the source")]


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="what to call it: a-z, 0-9 and hyphens")],
    address: Annotated[str, typer.Argument(help="its DID, or the address of the exchange or of the catalogue")],
    kind: Annotated[str, typer.Option(help="exchange, or dsp for any catalogue of the protocol")] = "exchange",
    most: Annotated[int | None, typer.Option(help="how many products it may bring", min=1)] = None,
    member: Annotated[str, typer.Option(help="admit it as a member of this name, that speaks the protocol alone")] = "",
    region: Annotated[str, typer.Option(help="where that member is, ISO 3166")] = "",
    data: Data = DEFAULT_DATA,
    *,
    as_json: AsJson = False,
) -> None:
    """Harvest another exchange, or any catalogue of the Dataspace Protocol, from now on.

    For example: penstock exchange source add river https://river.example
    """
    body: dict[str, Any] = {"name": name, "kind": kind, "address": address} | ({} if most is None else {"most": most})
    body |= {"member": {"name": member, "region": region}} if member or region else {}
    told = ask(data, "POST", "sources", body, as_json=as_json)
    answer(told, _lines(told), as_json=as_json)


@app.command("list")
def list_(data: Data = DEFAULT_DATA, *, as_json: AsJson = False) -> None:
    """List the sources: what they brought, how fresh it is, and what is wrong with them.

    For example: penstock exchange source list
    """
    found = ask(data, "GET", "sources", as_json=as_json)
    lines = [line for row in found["sources"] for line in _lines(row)]
    answer(found, lines or ["no source is harvested"], as_json=as_json)


@app.command()
def show(name: Name, data: Data = DEFAULT_DATA, *, as_json: AsJson = False) -> None:
    """Show a source, with what of it was left out and why.

    For example: penstock exchange source show river
    """
    told = ask(data, "GET", _path(name), as_json=as_json)
    answer(told, [*_lines(told), *(f"  left out: {line}" for line in told["told"])], as_json=as_json)


@app.command()
def harvest(name: Name, data: Data = DEFAULT_DATA, *, as_json: AsJson = False) -> None:
    """Read a source now instead of when it is due.

    For example: penstock exchange source harvest river
    """
    _turn(name, "harvest", data, as_json=as_json)


@app.command()
def pause(name: Name, data: Data = DEFAULT_DATA, *, as_json: AsJson = False) -> None:
    """Read a source no more until it is resumed; what it brought stays, with its age.

    For example: penstock exchange source pause river
    """
    _turn(name, "pause", data, as_json=as_json)


@app.command()
def suspend(
    name: Name,
    reason: Annotated[str, typer.Option(help="why, for the record")],
    data: Data = DEFAULT_DATA,
    *,
    as_json: AsJson = False,
) -> None:
    """Read a source no more and show nothing that it alone brought, until it is resumed.

    For example: penstock exchange source suspend river --reason "complaints about what it lists"
    """
    _turn(name, "suspend", data, {"reason": reason}, as_json=as_json)


@app.command()
def resume(name: Name, data: Data = DEFAULT_DATA, *, as_json: AsJson = False) -> None:
    """Read a paused or suspended source again.

    For example: penstock exchange source resume river
    """
    _turn(name, "resume", data, as_json=as_json)


@app.command()
def drop(name: Name, data: Data = DEFAULT_DATA, *, as_json: AsJson = False) -> None:
    """Forget a source with all that only it brought.

    For example: penstock exchange source drop river
    """
    _turn(name, "drop", data, as_json=as_json)


def _turn(name: str, act: str, data: Any, body: dict[str, str] | None = None, *, as_json: bool) -> None:
    told = ask(data, "POST", f"{_path(name)}/{act}", body or {}, as_json=as_json)
    answer(told, _lines(told), as_json=as_json)


def _path(name: str) -> str:
    return "sources/" + quote(name, safe="")


def _lines(row: dict[str, Any]) -> list[str]:
    """Return what a person reads of a source."""
    read = f"read to the end {row['read']}" if row["read"] else "never read to the end"
    lines = [f"{row['name']}  {row['state']}  {row['products']} products, {read}  ({row['kind']} {row['address']})"]
    if row["left"]:
        lines.append(f"  {row['left']} left out")
    if row["reason"]:
        lines.append(f"  {row['reason']}" + (f"; next try {row['due']}" if row["state"] == "failing" else ""))
    if row["member"]:
        lines.append(f"  of the member {row['member']['name']} ({row['member']['region']})")
    return lines

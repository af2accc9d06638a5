"""`penstock admin account`: who may sign in to the console, made and removed by the owner of the data directory."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

import typer

from connector.cli.options import DEFAULT_DATA, AsJson, Data
from connector.cli.speak import answer, ask

app = typer.Typer(help="Accounts of the console: add, list, link, remove.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="NAME", help="the account's name")]
Roles = Annotated[
    list[str] | None, typer.Option("--role", help="a role to look through; may be repeated; default: all of ours")
]


@app.command()
def add(
    name: Name,
    role: Roles = None,
    data: Data = DEFAULT_DATA,
    *,
    operator: Annotated[bool, typer.Option("--operator", help="may act, not only look; needs one-time codes")] = False,
    as_json: AsJson = False,
) -> None:
    """Make an account; its password is drawn and shown this once.

    For example: penstock admin account add ada --operator
    """
    made = ask(data, "POST", "accounts", {"name": name, "roles": role or [], "operator": operator}, as_json=as_json)
    lines = [f"account   {made['name']} ({', '.join(made['roles'])})", f"password  {made['password']}"]
    if made["codes"]:
        lines.append(f"codes     {made['codes']}")
    answer(made, [*lines, "shown this once: hand them over by a safe way"], as_json=as_json)


@app.command(name="list")
def list_(data: Data = DEFAULT_DATA, *, as_json: AsJson = False) -> None:
    """List the accounts.

    For example: penstock admin account list
    """
    found = ask(data, "GET", "accounts", as_json=as_json)
    answer(found, [_line(row) for row in found["accounts"]] or ["there is no account yet"], as_json=as_json)


@app.command()
def link(name: Name, data: Data = DEFAULT_DATA, *, as_json: AsJson = False) -> None:
    """Give out a link by which NAME signs in once, without password or code, within a day.

    For example: penstock admin account link ada
    """
    made = ask(data, "POST", _path(name, "link"), {}, as_json=as_json)
    answer(made, [made["url"], f"good once, until {made['expires']}"], as_json=as_json)


@app.command()
def remove(name: Name, data: Data = DEFAULT_DATA, *, as_json: AsJson = False) -> None:
    """Remove an account; its sessions end at once.

    For example: penstock admin account remove ada
    """
    gone = ask(data, "POST", _path(name, "removal"), {}, as_json=as_json)
    answer(gone, [f"removed {gone['name']}"], as_json=as_json)


def _path(name: str, act: str) -> str:
    return f"accounts/{quote(name, safe='')}/{act}"


def _line(row: dict[str, Any]) -> str:
    may = "may act" if row["operator"] else "may look"
    locked = f"  locked until {row['locked']}" if row["locked"] else ""
    return f"{row['name']}  {may}  {', '.join(row['roles'])}{locked}"

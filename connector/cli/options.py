"""The options that every verb shares, so that they read and behave the same everywhere.

Law for every verb module: at its top it imports typer, this file, `speak` and declared acts (`connector.client.acts`),
nothing else of the project. `penstock --help` loads all verbs, and must answer before anybody wonders; what a verb
needs is loaded when it runs.
"""

from __future__ import annotations

import os
import shlex
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from connector.runtime.limits import SERVER_WAIT_SECONDS_MAX


def waits(seconds: int | None) -> int | None:
    """Keep how long the own server is waited for."""
    from connector.client import presence  # noqa: PLC0415  # loaded when a verb runs

    presence.SAID[:] = [] if seconds is None else [seconds]
    return seconds


Data = Annotated[
    Path,
    typer.Option("--data", envvar="PENSTOCK_DATA", help="the participant's data directory", show_default=True),
]
AsJson = Annotated[bool, typer.Option("--json", help="print one JSON object on stdout, nothing else")]
Long = Annotated[bool, typer.Option("--long", help="show all columns, and ids whole")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="say what would be written, paid and sent, and do nothing")]
Development = Annotated[bool, typer.Option("--development", help="permit plain http and loopback addresses")]
Wait = Annotated[
    int | None,
    typer.Option(
        "--wait",
        metavar="SECONDS",
        min=0,
        max=SERVER_WAIT_SECONDS_MAX,
        help="wait so long for the own server; default: PENSTOCK_WAIT, or a little while it starts",
        callback=waits,
    ),
]
Exchange = Annotated[str, typer.Option("--exchange", help="base URL of the space's exchange")]
Did = Annotated[str, typer.Argument(metavar="DID", help="the member's did:web")]
Rpc = Annotated[str, typer.Option("--rpc", help="JSON-RPC address of the chain; default: the exchange's /rpc")]
OperatorKey = Annotated[
    Path | None, typer.Option("--as", help="file of the operator's key with which to act", metavar="KEY")
]


class Language(StrEnum):
    """The languages that policies and contracts are told in."""

    EN = "en"
    ZH = "zh"


Document = Annotated[Path, typer.Argument(help="the file to read", exists=True, dir_okay=False, readable=True)]

DEFAULT_DATA = Path("penstock-data")


def whose(data: Path) -> str:
    """Return what a command that is shown needs to be of the same data directory, when it is pasted."""
    own = str(data) in (os.environ.get("PENSTOCK_DATA"), str(DEFAULT_DATA))
    return "" if own else f" --data {shlex.quote(str(data))}"


def file_option(name: str, what: str) -> Any:
    """Return the option `name FILE` for a file that must be there."""
    return typer.Option(name, help=what, exists=True, dir_okay=False, readable=True)


Trust = Annotated[Path | None, file_option("--trust", "PEM file of authorities to believe besides the public ones")]


def file_argument(name: str, what: str) -> Any:
    """Return the argument `name` for a file that must be there."""
    return typer.Argument(help=what, exists=True, dir_okay=False, readable=True, metavar=name)


def new_file_option(*names: str, what: str) -> Any:
    """Return the option `names FILE` for a file to write: its folder must be there, which is said before any work."""
    return typer.Option(*names, help=what, dir_okay=False, callback=_placed)


def _placed(value: Path | None) -> Path | None:
    if value is not None and not value.absolute().parent.is_dir():
        raise typer.BadParameter(f"the folder of `{value}` is not there: make it, or name another")
    return value


def folder_option(name: str, what: str) -> Any:
    """Return the option `name DIRECTORY`, made absolute because servers have directories of their own."""
    return typer.Option(name, help=what, file_okay=False, resolve_path=True)

"""`penstock filing`: contracts at the exchange's register."""

from __future__ import annotations

import typer

from connector.cli import declared
from connector.cli.contract import Out, tell

app = typer.Typer(help="Contracts at the exchange's register: file, list, show, open.", no_args_is_help=True)

declared.add(app, "filing", "make", "list", "show")


@app.command("open")
@declared.asking("filing_open")
def open_(typed: declared.Typed, out: Out = None) -> None:
    """Print the contract, or write it into a file."""
    tell(typed, out)

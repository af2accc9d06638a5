"""`penstock deal`: deals that were made elsewhere, filed afterwards."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Annotated

import typer

from connector.cli import declared
from connector.client.acts.deals import lines

app = typer.Typer(
    help="Deals made elsewhere and filed afterwards: file, list, show, confirm, contest, withdraw.",
    no_args_is_help=True,
)
PAPER = "KIND=FILE, such as contract=contract.pdf"


@app.command()
@declared.asking("deal_file", "papers")
def file(
    typed: declared.Typed,
    papers: Annotated[
        list[str] | None,
        typer.Option(
            "--paper",
            help="a paper as KIND=FILE: contract, payment, delivery or other; its SHA-256 is filed, the file stays "
            "here; may be repeated",
        ),
    ] = None,
) -> None:
    """File a deal that was made elsewhere: who made it with whom, when, for how much, and what shows it."""
    told = typed.ask(papers=[_named(one) for one in papers or []])
    typed.tell(told, lines(told))


declared.add(app, "deal", "list", "show", "confirm", "contest", "withdraw")


def _named(told: str) -> str:
    """Return a paper as it is filed: its kind, the name of its file, and the SHA-256 of that."""
    kind, _, path = told.partition("=")
    try:
        with Path(path).open("rb") as opened:
            digest = hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError as error:
        raise typer.BadParameter(f"`{told}`: {error.strerror}; {PAPER}", param_hint="--paper") from error
    return f"{kind}={Path(path).name}={digest}"

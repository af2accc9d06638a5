"""`penstock exchange operator`, `assent`: the three operators who check each other."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from connector.cli import declared, key_file
from connector.cli.options import new_file_option
from connector.client.acts import operators

app = typer.Typer(help="Operators of the exchange: add, list, dismiss.", no_args_is_help=True)

KeyFile = Annotated[Path | None, new_file_option("--to", what="write the new operator's key into this file")]


@app.command()
@declared.asking("operator_add")
def add(typed: declared.Typed, to: KeyFile = None) -> None:
    """Tell the key once, or write it into a file."""
    made = typed.ask()
    typed.tell(key_file.kept(made, to), [f"{made['operator']} is on the post {made['post']}", *_lines(made, to)])


declared.add(app, "exchange operator", "list", "dismiss")


@declared.asking("act_assent")
def assent(typed: declared.Typed, to: KeyFile = None) -> None:
    """Assent; a key that comes of it is told or written as above."""
    done = typed.ask()
    told = done | {"result": key_file.kept(done["result"], to)}
    typed.tell(told, [operators.done(done), *_lines(done["result"], to)])


def _lines(made: dict[str, Any], to: Path | None) -> list[str]:
    who = made.get("operator", "")
    return key_file.lines(made, to, f"give it to {who}, who acts with penstock exchange --as {to} …")

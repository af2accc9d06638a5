"""`penstock exchange operator`, `assent`: the three operators who check each other."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from connector.cli import declared
from connector.cli.options import new_file_option
from connector.client.acts import operators

app = typer.Typer(help="Operators of the exchange: add, list, dismiss.", no_args_is_help=True)

KeyFile = Annotated[Path | None, new_file_option("--to", what="write the new operator's key into this file")]


@app.command()
@declared.asking("operator_add")
def add(typed: declared.Typed, to: KeyFile = None) -> None:
    """Tell the key once, or write it into a file."""
    made = typed.ask()
    typed.tell(_kept(made, to), [f"{made['operator']} is on the post {made['post']}", *_key_lines(made, to)])


declared.add(app, "exchange operator", "list", "dismiss")


@declared.asking("act_assent")
def assent(typed: declared.Typed, to: KeyFile = None) -> None:
    """Assent; a key that comes of it is told or written as above."""
    done = typed.ask()
    told = done | {"result": _kept(done["result"], to)}
    typed.tell(told, [operators.done(done), *_key_lines(done["result"], to)])


def _kept(made: dict[str, Any], to: Path | None) -> dict[str, Any]:
    """Write a new key into its file, and return what is shown besides."""
    if to is None or "key" not in made:
        return made
    from connector.runtime import files  # noqa: PLC0415  # loaded when a verb runs

    files.write_atomic(to, json.dumps(made, indent=2, ensure_ascii=False).encode() + b"\n")
    return {name: value for name, value in made.items() if name != "key"} | {"file": str(to)}


def _key_lines(made: dict[str, Any], to: Path | None) -> list[str]:
    if "key" not in made:
        return []
    if to is not None:
        return [f"the key is in {to}: give it to {made['operator']}, who acts with penstock exchange --as {to} …"]
    return [f"the key, told once: {json.dumps({name: made[name] for name in ('url', 'key')})}"]

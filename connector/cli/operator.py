"""`penstock exchange operator`, `assent`: the three operators who check each other."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from connector.cli import declared
from connector.cli.options import DEFAULT_DATA, AsJson, Data, new_file_option
from connector.cli.speak import answer, ask
from connector.client.acts import operators

app = typer.Typer(help="Operators of the exchange: add, list, dismiss.", no_args_is_help=True)

Identifier = Annotated[str, typer.Argument(metavar="ID", help="the act's id")]
KeyFile = Annotated[Path | None, new_file_option("--to", what="write the new operator's key into this file")]


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="what the operator is called")],
    post: Annotated[str, typer.Option(help="system, security or audit")],
    to: KeyFile = None,
    data: Data = DEFAULT_DATA,
    *,
    as_json: AsJson = False,
) -> None:
    """Put somebody on a post; the key is told once. When all three are filled they check each other.

    For example: penstock exchange operator add "Li Wei" --post security --to li-wei.key
    """
    made = ask(data, "POST", "operators", {"name": name, "post": post}, as_json=as_json)
    answer(
        _kept(made, to), [f"{made['operator']} is on the post {made['post']}", *_key_lines(made, to)], as_json=as_json
    )


declared.add(app, "exchange operator", "list", "dismiss")


def assent(identifier: Identifier, to: KeyFile = None, data: Data = DEFAULT_DATA, *, as_json: AsJson = False) -> None:
    """Assent to an act of another operator; it is done at once. Only the operator that it waits for can.

    For example: penstock exchange assent 5f0c9d3e8f5e
    """
    done = ask(data, "POST", f"acts/{quote(identifier, safe='')}/assent", {}, as_json=as_json)
    told = done | {"result": _kept(done["result"], to)}
    answer(told, [operators.done(done), *_key_lines(done["result"], to)], as_json=as_json)


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

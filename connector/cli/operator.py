"""`penstock exchange operator`, `pending`, `assent`, `dissent`: the three operators who check each other."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from connector.cli.options import DEFAULT_DATA, AsJson, Data, new_file_option
from connector.cli.speak import answer, ask

app = typer.Typer(help="Operators of the exchange: add, list, dismiss.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="what the operator is called")]
Identifier = Annotated[str, typer.Argument(metavar="ID", help="the act's id")]
KeyFile = Annotated[Path | None, new_file_option("--to", what="write the new operator's key into this file")]


@app.command()
def add(
    name: Name,
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


@app.command("list")
def list_(data: Data = DEFAULT_DATA, *, as_json: AsJson = False) -> None:
    """List the operators, and say whether three check each other.

    For example: penstock exchange operator list
    """
    found = ask(data, "GET", "operators", as_json=as_json)
    lines = [f"{row['state']:<10} {row['post']:<9} {row['name']}" for row in found["operators"]]
    answer(found, [*lines, f"{found['en']} · {found['zh']}"], as_json=as_json)


@app.command()
def dismiss(
    name: Name,
    reason: Annotated[str, typer.Option(help="why, in words that the other operators read")],
    data: Data = DEFAULT_DATA,
    *,
    as_json: AsJson = False,
) -> None:
    """Take somebody off a post; their key opens nothing any more.

    For example: penstock exchange operator dismiss "Li Wei" --reason "left the company"
    """
    done = ask(data, "POST", "operators/dismissals", {"name": name, "reason": reason}, as_json=as_json)
    answer(done, [f"{done['name']} is {done['state']}"], as_json=as_json)


def pending(
    state: Annotated[str, typer.Option(help="waiting, assented, done, failed, refused or lapsed")] = "waiting",
    data: Data = DEFAULT_DATA,
    *,
    as_json: AsJson = False,
) -> None:
    """List what operators did, by default what waits for another's assent.

    For example: penstock exchange pending
    """
    found = ask(data, "GET", "acts?state=" + quote(state, safe=""), as_json=as_json)
    lines = [
        f"{row['id']}  {row['en']} · {row['zh']}  {json.dumps(row['path'] | (row['body'] or {}), ensure_ascii=False)}"
        f"  by {row['operator']}" + (f", waits for {row['awaits']} until {row['until']}" * (row["state"] == "waiting"))
        for row in found["acts"]
    ]
    answer(found, lines or [f"no act is {state}"], as_json=as_json)


def assent(identifier: Identifier, to: KeyFile = None, data: Data = DEFAULT_DATA, *, as_json: AsJson = False) -> None:
    """Assent to an act of another operator; it is done at once. Only the operator that it waits for can.

    For example: penstock exchange assent 5f0c9d3e8f5e
    """
    done = ask(data, "POST", f"acts/{quote(identifier, safe='')}/assent", {}, as_json=as_json)
    told = done | {"result": _kept(done["result"], to)}
    answer(told, [f"{done['en']} · {done['zh']}: {done['state']}", *_key_lines(done["result"], to)], as_json=as_json)


def dissent(
    identifier: Identifier,
    reason: Annotated[str, typer.Option(help="why not, in words that who proposed it reads")],
    data: Data = DEFAULT_DATA,
    *,
    as_json: AsJson = False,
) -> None:
    """Refuse an act that waits for your assent.

    For example: penstock exchange dissent 5f0c9d3e8f5e --reason "no contract with them yet"
    """
    done = ask(data, "POST", f"acts/{quote(identifier, safe='')}/dissent", {"reason": reason}, as_json=as_json)
    answer(done, [f"{done['en']} · {done['zh']}: {done['state']}"], as_json=as_json)


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

"""`penstock space`: what may be listed where, under which policies, and who sees what; and how an operator rules it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from connector.cli.options import DEFAULT_DATA, AsJson, Data, DryRun, file_option
from connector.cli.speak import answer, ask

app = typer.Typer(help="Spaces of the exchange: list, show, rules.", no_args_is_help=True)
ruling = typer.Typer(help="Spaces: create, change, close.", no_args_is_help=True)

Identifier = Annotated[str, typer.Argument(metavar="ID", help="the space's id")]
Reason = Annotated[str, typer.Option(help="why, in words that members read")]
RulesFile = Annotated[Path | None, file_option("--rules", "JSON file of its rules (docs/exchange.md)")]


@app.command("list")
def list_(data: Data = DEFAULT_DATA, *, as_json: AsJson = False) -> None:
    """List the spaces of our exchange, and say whether its operators check each other.

    For example: penstock space list
    """
    found = ask(data, "GET", "spaces", as_json=as_json)
    lines = [f"{row['id']:<16} {row['state']:<7} {row['name']}: {row['description']}" for row in found["spaces"]]
    answer(found, [*lines, f"{found['operators']['en']} · {found['operators']['zh']}"], as_json=as_json)


@app.command()
def show(identifier: Identifier, data: Data = DEFAULT_DATA, *, as_json: AsJson = False) -> None:
    """Show a space with its rules in words.

    For example: penstock space show main
    """
    row = ask(data, "GET", _path(identifier), as_json=as_json)
    answer(row, _lines(row), as_json=as_json)


@app.command()
def rules(identifier: Identifier, data: Data = DEFAULT_DATA, *, as_json: AsJson = False) -> None:
    """Show every version of a space's rules, the newest first, with who made it and why.

    For example: penstock space rules main
    """
    found = ask(data, "GET", _path(identifier) + "/rules", as_json=as_json)
    lines = []
    for row in found["versions"]:
        lines.append(f"version {row['version']} since {row['since']} by {row['by']}: {row['reason'] or 'made'}")
        lines.append("    " + json.dumps({name: value for name, value in row["rules"].items() if value is not None}))
    answer(found, lines or ["no rules were ever made: nothing is restricted"], as_json=as_json)


@ruling.command()
def create(
    identifier: Identifier,
    name: Annotated[str, typer.Option(help="what people read")],
    description: Annotated[str, typer.Option(help="what it is for")] = "",
    rules: RulesFile = None,
    data: Data = DEFAULT_DATA,
    *,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Make a space; without --rules nothing is restricted.

    For example: penstock exchange space create health --name "Health data" --rules health.json
    """
    body = {"id": identifier, "name": name, "description": description, "rules": _read(rules) or {}}
    row = ask(data, "POST", "spaces", body, dry_run=dry_run, as_json=as_json)
    answer(row, _lines(row), as_json=as_json)


@ruling.command()
def change(
    identifier: Identifier,
    reason: Reason,
    name: Annotated[str | None, typer.Option(help="another name")] = None,
    description: Annotated[str | None, typer.Option(help="another description")] = None,
    rules: RulesFile = None,
    data: Data = DEFAULT_DATA,
    *,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Give a space another name, description or rules; what is listed and no longer keeps to them is suspended.

    For example: penstock exchange space change health --rules stricter.json --reason "purpose must be said"
    """
    changes = {"name": name, "description": description, "rules": _read(rules)}
    body = {key: value for key, value in changes.items() if value is not None} | {"reason": reason}
    row = ask(data, "POST", _path(identifier), body, dry_run=dry_run, as_json=as_json)
    answer(row, _lines(row), as_json=as_json)


@ruling.command()
def close(
    identifier: Identifier,
    reason: Reason,
    data: Data = DEFAULT_DATA,
    *,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Wind a space up: nothing is handed in or found there any more; agreements go on.

    For example: penstock exchange space close health --reason "merged with main"
    """
    row = ask(data, "POST", _path(identifier) + "/closing", {"reason": reason}, dry_run=dry_run, as_json=as_json)
    answer(row, _lines(row), as_json=as_json)


def _path(identifier: str) -> str:
    return "spaces/" + quote(identifier, safe="")


def _lines(row: dict[str, Any]) -> list[str]:
    head = f"{row['id']}: {row['name']} ({row['state']}, version {row['version']} of its rules)"
    return [head, *filter(None, [row["description"]]), *(f"  {one['en']} · {one['zh']}" for one in row["words"])]


def _read(path: Path | None) -> Any:
    if path is None:
        return None
    try:
        return json.loads(path.read_bytes())
    except ValueError as error:
        raise typer.BadParameter(f"`{path}` is no JSON: {error}", param_hint="--rules") from error

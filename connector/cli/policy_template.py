"""`penstock policy template`: rules that are asked for again and again, listed, shown and filled in; offline."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from connector.cli.options import AsJson  # noqa: TC001  # typer reads it when the command is made
from connector.cli.speak import answer, finish

if TYPE_CHECKING:
    from policy.templates import Template

app = typer.Typer(help="Templates of rules: list, show, fill.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="NAME", help="a template: `penstock policy template list`")]
Names = Annotated[list[str], typer.Argument(metavar="NAME...", help="templates; together they are one permission")]
Said = Annotated[
    list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="what is filled in; several between commas")
]


@app.command("list")
def list_(*, as_json: AsJson = False) -> None:
    """List the templates: what each says, what is filled in, and the numbers it has on others' lists.

    For example: penstock policy template list
    """
    from policy.templates import TEMPLATES  # noqa: PLC0415  # loaded when the verb runs

    rows = [_told(row) for row in TEMPLATES.values()]
    width = max(len(row["name"]) for row in rows)
    lines = []
    for row in rows:
        asked = " ".join(f"{one['name']}=…" for one in row["parameters"])
        told = f"not here: {row['instead']['en']}" if row["instead"] else asked
        lines.append(f"{row['name']:<{width}}  {row['en']} · {row['zh']}" + (f"  ({told})" if told else ""))
    answer({"templates": rows}, lines, as_json=as_json)


@app.command()
def show(name: Name, *, as_json: AsJson = False) -> None:
    """Show a template: what is filled in, an example of its rules, and these in words.

    For example: penstock policy template show uses
    """

    async def work() -> tuple[dict[str, Any], list[str]]:
        from policy import templates  # noqa: PLC0415  # loaded when the verb runs
        from policy.parse import parse  # noqa: PLC0415  # the same
        from policy.words.speak import LANGUAGES, explain  # noqa: PLC0415  # the same

        row = templates.named(name)
        told = _told(row)
        if told["instead"]:
            return told, [f"{row.name}: {row.en} · {row.zh}", f"not here: {told['instead']['en']}"]
        rules = templates.fill([name], {one.name: one.example for one in row.parameters})
        policy = parse({"@type": "Offer", "target": "urn:penstock:product:example", **rules})
        words = {lang: explain(policy, lang) for lang in LANGUAGES}
        typed = " ".join(f'--set "{one.name}={one.example}"' for one in row.parameters)
        lines = [f"{row.name}: {row.en} · {row.zh}"]
        lines += [f"  {one.name}  {one.en}, for example {one.example}" for one in row.parameters]
        lines += [*(sentence for said in words.values() for sentence in said)]
        lines.append(f"penstock policy template fill {name} {typed}".rstrip())
        return {**told, "rules": rules, "words": words}, lines

    document, lines = finish(work(), as_json=as_json)
    answer(document, lines, as_json=as_json)


@app.command()
def fill(names: Names, said: Said = None, *, as_json: AsJson = False) -> None:
    """Print the policy of some templates, filled in: what `penstock publish --policy` takes.

    For example: penstock policy template fill uses region --set times=3 --set region=CN
    """
    values = read_said(said)

    async def work() -> dict[str, Any]:
        from policy import templates  # noqa: PLC0415  # loaded when the verb runs

        return templates.fill(names, values)

    rules = finish(work(), as_json=as_json)
    answer(rules, json.dumps(rules, ensure_ascii=False, indent=2).splitlines(), as_json=as_json)


def read_said(said: list[str] | None) -> dict[str, str]:
    """Return what `--set NAME=VALUE` says, each."""
    return dict(map(_pair, said or ()))


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise typer.BadParameter(f"`{text[:100]}` is no NAME=VALUE", param_hint="--set")
    return name.strip(), value


def _told(row: Template) -> dict[str, Any]:
    en, zh = row.instead
    return {
        "name": row.name,
        "lists": list(row.lists),
        "en": row.en,
        "zh": row.zh,
        "parameters": [
            {"name": one.name, "en": one.en, "zh": one.zh, "example": one.example, "several": one.several}
            for one in row.parameters
        ],
        "instead": {"en": en, "zh": zh} if en else None,
    }

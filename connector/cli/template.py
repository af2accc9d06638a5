"""`penstock template`: contract templates of the exchange: listed, shown, filled in; and models to begin with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from connector.cli import declared
from connector.cli.options import AsJson, new_file_option
from connector.cli.policy_template import Said, read_said
from connector.cli.speak import answer, finish

app = typer.Typer(help="Contract templates of the exchange: list, show, fill, model.", no_args_is_help=True)

declared.add(app, "template", "list", "show")

Out = Annotated[Path | None, new_file_option("-o", "--out", what="write the policy here")]
Model = Annotated[Path | None, new_file_option("-o", "--out", what="write the template here")]


@app.command()
@declared.asking("template_show")
def fill(typed: declared.Typed, said: Said = None, out: Out = None) -> None:
    """Print the policy of a template, filled in: what `penstock publish --policy` takes; or write it into a file.

    For example: penstock template fill 0d2f1c7e-5b3a-4f0e-9a61-3c2b7d9e4f10 --set times=3 -o policy.json
    """
    from connector.runtime import files  # noqa: PLC0415  # loaded when the verb runs

    found = finish(_filled(typed.ask(), read_said(said)), as_json=typed.as_json)
    text = json.dumps(found["policy"], ensure_ascii=False, indent=2)
    if out is not None:
        files.write_atomic(out, text.encode())
    lines = [f"written to {out}; next: penstock publish FILES --policy {out}"] if out is not None else text.splitlines()
    rules = [sentence for language in found["words"].values() for sentence in language] if out is not None else []
    clauses = [f"only promised, and in no policy: {one['en']} · {one['zh']}" for one in found["clauses"]]
    typed.tell(found, [*lines, *rules, *(clauses if out is not None else ())])


@app.command()
def model(
    kind: Annotated[str, typer.Argument(metavar="KIND", help="provision, processing, joint-development or brokerage")],
    *,
    out: Model = None,
    as_json: AsJson = False,
) -> None:
    """Print a template after a model contract, in our own words, for an exchange to change and add; offline.

    For example: penstock template model processing -o processing.json
    """
    from connector.runtime import files  # noqa: PLC0415  # loaded when the verb runs

    found = finish(_model(kind), as_json=as_json)
    text = json.dumps(found, ensure_ascii=False, indent=2)
    if out is not None:
        files.write_atomic(out, text.encode())
    next_step = f"written to {out}; change what differs with you; next: penstock exchange template add {out}"
    answer(found, [next_step] if out is not None else text.splitlines(), as_json=as_json)


async def _model(kind: str) -> dict[str, Any]:
    """Return the template of a kind; raises CatalogError."""
    from catalog.model_contracts import model as model_of  # noqa: PLC0415  # loaded when the verb runs

    return model_of(kind).json()


async def _filled(found: Any, values: dict[str, str]) -> dict[str, Any]:
    """Return the policy of a template that the exchange showed; raises PolicyError, CatalogError, Conflict."""
    from catalog.contract_template import from_json, in_words  # noqa: PLC0415  # loaded when the verb runs
    from connector.runtime.errors import Conflict  # noqa: PLC0415  # the same

    if found["state"] != "offered":
        raise Conflict(f"the template is {found['state']}: {found['reason']}", "penstock template list")
    template = from_json(found["template"])
    policy = template.filled(values)
    clauses = [one.json() for one in template.clauses]
    return {"template": found["id"], "policy": policy, "words": in_words(policy), "clauses": clauses}

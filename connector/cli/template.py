"""`penstock template`: contract templates of the exchange: listed, shown, and filled in for a product of ours."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from connector.cli import declared
from connector.cli.options import new_file_option
from connector.cli.policy_template import Said, read_said
from connector.cli.speak import finish

app = typer.Typer(help="Contract templates of the exchange: list, show, fill.", no_args_is_help=True)

declared.add(app, "template", "list", "show")

Out = Annotated[Path | None, new_file_option("-o", "--out", what="write the policy here")]


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

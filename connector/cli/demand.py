"""`penstock demand`: what is looked for and not found, and who looks for what we have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated
from urllib.parse import quote

import typer

from connector.cli import declared
from connector.cli.options import DEFAULT_DATA, AsJson, Data
from connector.cli.speak import answer, ask

if TYPE_CHECKING:
    from pathlib import Path

app = typer.Typer(help="Demands for data: post, list, match, negotiate, withdraw.", no_args_is_help=True)

Identifier = Annotated[str, typer.Argument(metavar="ID", help="the demand's id")]


declared.add(app, "demand", "post", "list", "show", "negotiate")


@app.command()
def pursue(
    identifier: Identifier,
    limit: Annotated[int, typer.Option("--max-price", help="most to agree to per unit, in minor units", min=0)],
    purpose: Annotated[str, typer.Option(help="a term of the purpose scheme")],
    total: Annotated[int | None, typer.Option("--max-total", help="most to agree to in all", min=0)] = None,
    data: Data = DEFAULT_DATA,
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="quote what would be got first, and agree to nothing")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Negotiate and get what matches it best, within these limits, the next one if that fails; again: say how far.

    For example: penstock demand pursue weather-sz --max-price 900 --purpose Research
    """
    if dry_run:
        _try_out(identifier, limit, total, data, as_json=as_json)
        return
    mandate = {"limit": str(limit), "bid": None, "purpose": purpose, "deposit": None}
    mandate["cap"] = None if total is None else str(total)
    row = ask(data, "POST", "pursuits", {"id": identifier, "mandate": mandate}, as_json=as_json)
    got = f", {row['product']} as {row['acquisition']}" if row["product"] else ""
    answer(
        row,
        [f"{row['id']}: {row['state']}{got}", f"tried: {', '.join(row['tried']) or 'nothing yet'}"],
        as_json=as_json,
    )


declared.add(app, "demand", "meet", "reopen", "withdraw")


def _try_out(identifier: str, limit: int, total: int | None, data: Path, *, as_json: bool) -> None:
    """Say what the best match of a demand costs, and whether the limits let it be bought at the asked price."""
    from connector.cli.quote import over, quote_path  # noqa: PLC0415  # loaded when the option is given

    matches = [one["product"] for one in ask(data, "GET", _path(identifier), as_json=as_json).get("matches", ())]
    first = ask(data, "GET", quote_path(matches[0], None), as_json=as_json) if matches else None
    beyond = [] if first is None else over(first, limit, total)
    told = {"dryRun": True, "matches": matches, "quote": first, "within": bool(matches) and not beyond, "over": beyond}
    would = ["nothing listed meets it yet"] if first is None else [f"would get {matches[0]}: {first['sum']}", *beyond]
    answer(told, [*would, "nothing was agreed"], as_json=as_json)


def _path(identifier: str) -> str:
    return "demands/" + quote(identifier, safe="")

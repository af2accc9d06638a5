"""`penstock demand`: what is looked for and not found, and who looks for what we have."""

from __future__ import annotations

from typing import Annotated

import typer

from connector.cli import declared
from connector.cli.get import over

app = typer.Typer(help="Demands for data: post, list, match, negotiate, withdraw.", no_args_is_help=True)

declared.add(app, "demand", "post", "list", "show", "negotiate")


@app.command()
@declared.asking("demand_pursue")
def pursue(
    typed: declared.Typed,
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="quote what would be got first, and agree to nothing")
    ] = False,
) -> None:
    """Get what matches a demand best, or say what that would cost."""
    if dry_run:
        _try_out(typed)
        return
    row = typed.ask()
    got = f", {row['product']} as {row['acquisition']}" if row["product"] else ""
    typed.tell(row, [f"{row['id']}: {row['state']}{got}", f"tried: {', '.join(row['tried']) or 'nothing yet'}"])


declared.add(app, "demand", "meet", "reopen", "withdraw")


def _try_out(typed: declared.Typed) -> None:
    """Say what the best match of a demand costs, and whether the limits let it be bought at the asked price."""
    matches = [one["product"] for one in typed.of("demand_show").ask(id=typed["demand"]).get("matches", ())]
    first = typed.of("acquisition_foresee").also(dry_run=False).ask(product=matches[0]) if matches else None
    beyond = [] if first is None else over(first, typed.minor("mandate_limit"), typed.minor("mandate_cap"))
    told = {"dryRun": True, "matches": matches, "quote": first, "within": bool(matches) and not beyond, "over": beyond}
    would = ["nothing listed meets it yet"] if first is None else [f"would get {matches[0]}: {first['sum']}", *beyond]
    typed.tell(told, [*would, "nothing was agreed"])

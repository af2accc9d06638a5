"""`penstock try`: how much of a list of one's own a product covers, before its data are bought."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003  # typer reads it when the command is made
from typing import Annotated

import typer

from connector.cli import declared
from connector.cli.get import acquire
from connector.cli.speak import finish
from connector.client.acts.queries import fitted

# under which id a product is agreed on to be tried: the same each time, so it is agreed on once
TRIAL = "try-{}"


@declared.asking("fitting_ask", "file")
def try_(
    typed: declared.Typed,
    mine: Annotated[
        Path, typer.Option("--with", help="the list: .csv, .parquet, .jsonl or .ndjson", resolve_path=True)
    ],
    max_price: Annotated[
        str | None,
        typer.Option("--max-price", help="agree on the product first, up to this price a trial; needs --purpose"),
    ] = None,
) -> None:
    """Try how much of a list of your own a product covers; neither side sees the other's keys."""
    if max_price is not None and not typed["dry_run"]:
        if typed["purpose"] is None:
            raise typer.BadParameter("an agreement is for a purpose", param_hint="--purpose")
        product = typed["what"]
        trial = typed.of("acquisition_begin").also(
            product=product, mandate_limit=max_price, mandate_purpose=typed["purpose"]
        )
        finish(acquire(typed.data, trial.request(id=TRIAL.format(product))[1]), as_json=typed.as_json)
    told = typed.ask(file=str(mine))
    typed.tell(told, fitted(told))

"""`penstock version`: the versions of a listed product, what differs between two, and going back to one."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

import typer

from connector.cli import declared
from connector.cli.options import DEFAULT_DATA, AsJson, Data
from connector.cli.speak import answer, ask
from connector.client.acts.products import differences

app = typer.Typer(help="Versions of a listed product: list, compare, roll back.", no_args_is_help=True)

Product = Annotated[str, typer.Argument(help="the listed product's id")]


declared.add(app, "version", "list")


@app.command()
def compare(
    product: Product,
    old: Annotated[int, typer.Argument(help="number of a version", min=1)],
    new: Annotated[int, typer.Argument(help="number of another", min=1)],
    data: Data = DEFAULT_DATA,
    *,
    as_json: AsJson = False,
) -> None:
    """Say in words what differs between two versions.

    For example: penstock version compare nyc-flights-2013 1 3
    """
    found = ask(data, "GET", f"products/{quote(product, safe='')}/versions?from={old}&to={new}", as_json=as_json)
    answer(found, differences(found) or ["nothing differs"], as_json=as_json)


declared.add(app, "version", "roll-back")

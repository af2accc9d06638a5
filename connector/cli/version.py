"""`penstock version`: the versions of a listed product, what differs between two, and going back to one."""

from __future__ import annotations

from typing import Annotated

import typer

from connector.cli import declared
from connector.client.acts.products import differences

app = typer.Typer(help="Versions of a listed product: list, compare, roll back.", no_args_is_help=True)

declared.add(app, "version", "list")


@app.command()
@declared.asking("version_list")
def compare(
    typed: declared.Typed,
    old: Annotated[int, typer.Argument(help="number of a version", min=1)],
    new: Annotated[int, typer.Argument(help="number of another", min=1)],
) -> None:
    """Say in words what differs between two versions.

    For example: penstock version compare nyc-flights-2013 1 3
    """
    found = typed.ask(old=old, new=new)
    typed.tell(found, differences(found) or ["nothing differs"])


declared.add(app, "version", "roll-back")

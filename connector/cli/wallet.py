"""`penstock wallet`: what we have and what moved it; money is brought in, taken home and collected by its commands."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import typer

from connector.cli import declared
from connector.cli.plain import PlainGroup
from connector.client.acts.wallet import lines

if TYPE_CHECKING:
    from collections.abc import Sequence

LEVELS = "▁▂▃▄▅▆▇█"
app = typer.Typer(cls=PlainGroup, invoke_without_command=True)


@app.callback()
@declared.asking("wallet_show")
def wallet(typed: declared.Typed, context: typer.Context) -> None:
    """Show what we have on chain and in channels, what is owed and earned, and every movement of the balance.

    For example: penstock wallet --json
    """
    if context.invoked_subcommand is None:
        told = typed.ask()
        typed.tell(told, [*lines(told), *(_plot(told) if sys.stdout.isatty() else [])])


def _plot(told: Any) -> list[str]:
    """Return the balance of the last days, a bar for each; nothing where there never was any."""
    amounts = [int(day["amount"]) for day in told["days"]]
    if not any(amounts):
        return []
    return ["", f"{bars(amounts)}  the balance at the end of each day since {told['days'][0]['day']}"]


def bars(amounts: Sequence[int]) -> str:
    """Return amounts as bars of one line; the highest bar is the largest amount, and nothing is a blank."""
    most = max(amounts)
    return "".join(LEVELS[(len(LEVELS) * one - 1) // most] if one > 0 else " " for one in amounts)


declared.add(app, "wallet")

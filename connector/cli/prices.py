"""`penstock prices`: what was paid for data of each class, from settled trades."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from connector.cli import declared
from connector.client.acts.money import rate


@declared.asking("price_list")
def prices(
    typed: declared.Typed,
    topic: Annotated[str, typer.Option(help="only this topic and what lies in it, such as B0300 or B0000")] = "",
    tier: Annotated[str, typer.Option(help="only this tier: plain, kept or leased")] = "",
) -> None:
    """Show median and quartiles of what was paid, by class; classes with too few trades are not shown.

    For example: penstock prices --topic B0300
    """
    found = typed.ask()
    within = topic.rstrip("0")
    found["prices"] = [row for row in found["prices"] if row["topic"].startswith(within) and tier in {"", row["tier"]}]
    lines = [line for row in found["prices"] for line in _lines(row)]
    least = found["least"]
    lines.append(
        f"{found['suppressed']} classes are not shown: fewer than {least['trades']} trades or {least['buyers']} buyers"
    )
    typed.tell(found, lines)


def _lines(row: dict[str, Any]) -> list[str]:
    about = ", ".join(
        part for part in (row["topic"] or "no topic", f"grade {row['grade']}", row["form"], row["tier"]) if part
    )
    median, low, high = (rate(row[name], row["currency"]) for name in ("median", "q1", "q3"))
    return [
        f"{about}: median {median}, quartiles {low} to {high} per {row['unit']}, {row['n']} trades",
        f"    entries of the exchange's log: {' '.join(row['entries'])}",
    ]

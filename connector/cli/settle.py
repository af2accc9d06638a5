"""`penstock settle`: close channels on chain at what was delivered, and collect the shares."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from connector.cli import declared
from connector.cli.speak import talk


@declared.asking("settlement_make")
def settle(
    typed: declared.Typed,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="say what would be settled, and send nothing")] = False,
) -> None:
    """Settle as the payee: claim the newest voucher, close the channel, withdraw the shares.

    A channel that cannot be settled stops no other: it is told with its reason, and the exit code is the first one's.

    For example: penstock settle --dry-run
    """
    if dry_run:
        found = typed.of("settlement_preview").ask()
        said = f"{found['withdrawable']} minor units can be withdrawn"
        typed.tell({**found, "dryRun": True}, [*map(_previewed, found["channels"]), said])
        return
    settled = typed.ask()
    typed.tell(settled, list(map(_settled, settled["channels"])) or ["nothing to settle"])
    for fault in (row["fault"] for row in settled["channels"] if "fault" in row):
        talk(f"next: {fault['hint']}")
        raise typer.Exit(fault["exit"])


def _previewed(row: dict[str, Any]) -> str:
    short = f"; {row['short']} more wait for the buyer's acknowledgement" if row["short"] != "0" else ""
    return f"{row['channel'][:16]}: newest voucher {row['newest']}, claimed {row['claimed']}; {row['bill']}{short}"


def _settled(row: dict[str, Any]) -> str:
    fault = f"not settled: {row['fault']['text']}; " if "fault" in row else ""
    bill = row["bill"] or "nothing bought"
    return f"{row['channel'][:16]}: {fault}settled {row['settled']}, shares {row['shares']}; {bill}"

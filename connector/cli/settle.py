"""`penstock settle`: close channels on chain at what was delivered, and collect the shares."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from connector.cli import declared
from connector.cli.speak import talk
from connector.client.acts.money import money


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
        said, currency = f"{money(found['withdrawable'], found['currency'])} can be withdrawn", found["currency"]
        typed.tell({**found, "dryRun": True}, [*(_previewed(row, currency) for row in found["channels"]), said])
        return
    settled = typed.ask()
    currency = settled["currency"]
    lines = [_settled(row, currency) for row in settled["channels"]] or ["nothing to settle"]
    came = [f"{money(settled['withdrawn'], currency)} withdrawn"] if settled["withdrawn"] != "0" else []
    typed.tell(settled, lines + came)
    for fault in (row["fault"] for row in settled["channels"] if "fault" in row):
        talk(f"next: {fault['hint']}")
        raise typer.Exit(fault["exit"])


def _previewed(row: dict[str, Any], currency: str) -> str:
    short = (
        f"; {money(row['short'], currency)} more wait for the buyer's acknowledgement" if row["short"] != "0" else ""
    )
    newest, claimed = (money(row[name], currency) for name in ("newest", "claimed"))
    return f"{row['channel'][:16]}: newest voucher {newest}, claimed {claimed}; {row['bill']}{short}"


def _settled(row: dict[str, Any], currency: str) -> str:
    fault = f"not settled: {row['fault']['text']}; " if "fault" in row else ""
    bill = row["bill"] or "nothing bought"
    shares = ", ".join(f"{money(share, currency)} to {payee}" for payee, share in row["shares"].items())
    return f"{row['channel'][:16]}: {fault}settled {money(row['settled'], currency)} ({shares or 'no shares'}); {bill}"

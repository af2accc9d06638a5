"""`penstock settle`: close channels on chain at what was delivered, and collect the shares."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

import typer

from connector.cli.options import DEFAULT_DATA, AsJson, Data
from connector.cli.speak import answer, ask, talk


def settle(
    agreement: Annotated[str | None, typer.Argument(help="agreement digest; default: all that can be settled")] = None,
    data: Data = DEFAULT_DATA,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="say what would be settled, and send nothing")] = False,
    as_json: AsJson = False,
) -> None:
    """Settle as the payee: claim the newest voucher, close the channel, withdraw the shares.

    A channel that cannot be settled stops no other: it is told with its reason, and the exit code is the first one's.

    For example: penstock settle --dry-run
    """
    if dry_run:
        path = "settlements" + (f"?agreement={quote(agreement, safe='')}" if agreement else "")
        found = ask(data, "GET", path, as_json=as_json)
        lines = [
            f"{row['channel'][:16]}: newest voucher {row['newest']}, claimed {row['claimed']}; {row['bill']}"
            + (f"; {row['short']} more wait for the buyer's acknowledgement" if row["short"] != "0" else "")
            for row in found["channels"]
        ]
        said = f"{found['withdrawable']} minor units can be withdrawn"
        answer({**found, "dryRun": True}, [*lines, said], as_json=as_json)
        return
    settled = ask(data, "POST", "settlements", {"agreement": agreement}, as_json=as_json)
    lines = [
        f"{row['channel'][:16]}: "
        + (f"not settled: {row['fault']['text']}; " if "fault" in row else "")
        + f"settled {row['settled']}, shares {row['shares']}; {row['bill'] or 'nothing bought'}"
        for row in settled["channels"]
    ]
    answer(settled, lines or ["nothing to settle"], as_json=as_json)
    for fault in (row["fault"] for row in settled["channels"] if "fault" in row):
        talk(f"next: {fault['hint']}")
        raise typer.Exit(fault["exit"])

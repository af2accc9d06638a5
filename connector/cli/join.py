"""`penstock join`: apply for membership at the exchange of the settings, or see what became of it."""

from __future__ import annotations

from typing import Annotated

import typer

from connector.cli.options import DEFAULT_DATA, AsJson, Data, DryRun
from connector.cli.speak import answer, ask


def join(
    message: Annotated[str, typer.Option(help="what the operator should know")] = "",
    data: Data = DEFAULT_DATA,
    *,
    status: Annotated[bool, typer.Option("--status", help="only see what became of the application")] = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Apply for membership at the exchange of the settings; the same again changes nothing while it waits.

    For example: penstock join --message "we publish the harbour's tides; ask for Li Wei"
    """
    body = None if status else {"message": message}
    row = ask(data, "GET" if status else "POST", "membership", body, dry_run=dry_run, as_json=as_json)
    told = {"applied": f"to be answered until {row['due']}", "refused": row["reason"]}
    lines = [f"{row['did']}: {row['state']}" + (f", {told[row['state']]}" if row["state"] in told else "")]
    if row["state"] == "applied":
        lines.append(f"the operator admits it: penstock exchange admit {row['did']}")
    answer(row, lines, as_json=as_json)

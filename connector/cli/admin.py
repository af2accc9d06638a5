"""`penstock admin`: negotiations and transfers, what they wait for, and what to do about it."""

from __future__ import annotations

import typer

from connector.cli import account, declared
from connector.cli.options import DEFAULT_DATA, AsJson, Data
from connector.cli.speak import answer, ask

app = typer.Typer(help="Negotiations and transfers: list, show, retry, end, pause.", no_args_is_help=True)
app.add_typer(account.app, name="account")

declared.add(app, "admin", "list")


@app.command()
def heartbeat(data: Data = DEFAULT_DATA, *, as_json: AsJson = False) -> None:
    """Tell the exchange now that we are there, and learn how we stand; the server does so every minute by itself.

    For example: penstock admin heartbeat
    """
    row = ask(data, "POST", "heartbeat", {}, as_json=as_json)
    news = [f"{count} new of the saved search {name}" for name, count in row.get("news", {}).items()]
    answer(row, [f"the exchange has heard us: we are {row['standing']}", *news], as_json=as_json)


declared.add(app, "admin", "show", "trace", "retry", "terminate", "suspend", "resume", "complete", "revoke")

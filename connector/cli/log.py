"""`penstock log`: the participant's own evidence."""

from __future__ import annotations

import typer

from connector.cli.options import DEFAULT_DATA, AsJson, Data
from connector.cli.speak import answer, ask

app = typer.Typer(help="The participant's Merkle log: heads, witnesses, anchors.", no_args_is_help=True)


@app.command()
def head(data: Data = DEFAULT_DATA, *, as_json: AsJson = False) -> None:
    """Show the newest checkpoint and what was witnessed and anchored.

    For example: penstock log head
    """
    value = ask(data, "GET", "log", as_json=as_json)
    answer(value, [f"{value['origin']}: {value['size']} events, root {value['root']}"], as_json=as_json)


@app.command()
def anchor(data: Data = DEFAULT_DATA, *, as_json: AsJson = False) -> None:
    """Have the newest head cosigned by the witnesses and record it on chain.

    For example: penstock log anchor
    """
    value = ask(data, "POST", "log/anchor", {}, as_json=as_json)
    answer(value, [f"anchored {value['size']} events in block {value['block']}"], as_json=as_json)

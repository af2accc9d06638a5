"""`penstock stream`: what was bought and grows, followed into a file; what we sell that grows."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from connector.cli import declared

app = typer.Typer(help="What grows: follow a stream that was bought, see those that are sold.", no_args_is_help=True)
To = Annotated[
    Path | None,
    typer.Option("--to", help="a new file; default: one beside the agreement's files", resolve_path=True),
]


@app.command()
@declared.asking("stream_follow", "to")
def follow(typed: declared.Typed, to: To = None) -> None:
    """Follow the stream that was bought: each message once, in order, appended to a file, from now on.

    For example: penstock stream follow 5b1f0c --to rain.ndjson
    """
    typed.also(to=None if to is None else str(to)).do()


declared.add(app, "stream", "stop", "list", "sold")

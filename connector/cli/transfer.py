"""`penstock transfer`: pause, resume and cancel what is being got or given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated
from urllib.parse import quote

import typer

from connector.cli import declared
from connector.cli.speak import finish

if TYPE_CHECKING:
    from pathlib import Path

app = typer.Typer(help="What is being got or given: pause, resume, cancel.", no_args_is_help=True)

Identifier = Annotated[str, typer.Argument(metavar="ID", help="your id of an acquisition, or the id of a transfer")]
Reason = Annotated[str, typer.Option("--reason", help="why, in words that the peer reads")]


@app.command()
@declared.asking("process_suspend", "id", "reason")
def pause(typed: declared.Typed, identifier: Identifier, reason: Reason = "paused") -> None:
    """Pause a transfer, as its buyer or its provider: no bytes and no keys flow, what is paid stays.

    For example: penstock transfer pause 3f0c9d3e-8f5e-4b0e-9c55-2f9a7b1d6e10
    """
    _act(typed, identifier, reason)


@app.command()
@declared.asking("process_resume", "id")
def resume(typed: declared.Typed, identifier: Identifier) -> None:
    """Go on with a paused transfer where it was; `penstock get` with the same id does so, too.

    For example: penstock transfer resume 3f0c9d3e-8f5e-4b0e-9c55-2f9a7b1d6e10
    """
    _act(typed, identifier)


@app.command()
@declared.asking("process_terminate", "id", "reason")
def cancel(typed: declared.Typed, identifier: Identifier, reason: Reason = "cancelled") -> None:
    """End a transfer for good; what is not spent of its deposit comes back when the channel is settled.

    For example: penstock transfer cancel 3f0c9d3e-8f5e-4b0e-9c55-2f9a7b1d6e10
    """
    _act(typed, identifier, reason)


def _act(typed: declared.Typed, identifier: str, reason: str = "") -> None:
    process = typed.ask(id=finish(_named(identifier, typed.data), as_json=typed.as_json), reason=reason)
    under_way = f", {process['pending']} is on its way" if process["pending"] else ""
    typed.tell(process, [f"transfer {process['id']}: {process['state']}{under_way}"])


async def _named(identifier: str, data: Path) -> str:
    """Return the id of the transfer that is meant."""
    from connector.client.server import server  # noqa: PLC0415  # loaded when the verb runs
    from connector.runtime.errors import Conflict  # noqa: PLC0415  # loaded when the verb runs

    async with server(data) as own:
        found = await own.call("GET", f"things/{quote(identifier, safe='')}")
        transfer = found["transfer"] if found["kind"] == "acquisitions" else found["id"]
        if transfer is None:
            raise Conflict(f"`{identifier}` is `{found['state']}`: it has no transfer yet", "wait, or let it be")
        return str(transfer)

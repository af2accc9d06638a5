"""`penstock transfer`: show, pause, resume and cancel what is being got or given."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

import typer

from connector.cli import declared
from connector.cli.get import share
from connector.cli.speak import ask
from connector.client.acts.acquisitions import FINAL
from connector.client.acts.processes import lines

app = typer.Typer(help="What is being got or given: show, pause, resume, cancel.", no_args_is_help=True)

ACQUISITIONS = "acquisitions"
Identifier = Annotated[str, typer.Argument(metavar="ID", help="your id of an acquisition, or the id of a transfer")]
Reason = Annotated[str, typer.Option("--reason", help="why, in words that the peer reads")]


@app.command()
@declared.asking("process_suspend", "id", "reason")
def pause(typed: declared.Typed, identifier: Identifier, reason: Reason = "paused") -> None:
    """Pause a transfer, as its buyer or its provider: no bytes and no keys flow, what is paid stays.

    For example: penstock transfer pause 3f0c9d3e-8f5e-4b0e-9c55-2f9a7b1d6e10
    """
    _act(typed, "pause", identifier, reason)


@app.command()
@declared.asking("process_resume", "id")
def resume(typed: declared.Typed, identifier: Identifier) -> None:
    """Go on with a paused transfer where it was; `penstock get` with the same id does so, too.

    For example: penstock transfer resume 3f0c9d3e-8f5e-4b0e-9c55-2f9a7b1d6e10
    """
    _act(typed, "resume", identifier)


@app.command()
@declared.asking("process_terminate", "id", "reason")
def cancel(typed: declared.Typed, identifier: Identifier, reason: Reason = "cancelled") -> None:
    """End a transfer for good; what is not spent of its deposit comes back when the channel is settled.

    For example: penstock transfer cancel 3f0c9d3e-8f5e-4b0e-9c55-2f9a7b1d6e10
    """
    _act(typed, "cancel", identifier, reason)


@app.command()
@declared.asking("acquisition_show", "id", "wait", "after")
def show(typed: declared.Typed, identifier: Identifier) -> None:
    """Show how far a transfer is, as its buyer or its provider.

    For example: penstock transfer show 3f0c9d3e-8f5e-4b0e-9c55-2f9a7b1d6e10
    """
    found = ask(typed.data, "GET", f"things/{quote(identifier, safe='')}", as_json=typed.as_json)
    if found["kind"] != ACQUISITIONS:
        process = typed.of("process_show").ask(id=identifier)
        typed.tell(process, lines(process))
        return
    view = typed.ask(id=found["id"])
    turn = view["turn"] or {}
    said = [f"{view['title']}: {view['state']}", f"  {', '.join(share(view['progress'], 'bytesHeld'))}"]
    said += [f"  paid {view['progress']['sum']}" + (f" of at most {view['most']}" if view["most"] else "")]
    said += [f"  {turn['whose']} has to act until {turn['until']}: {turn['why']}"] if turn.get("why") else []
    typed.tell(view, [line for line in said if line.strip()])


def _act(typed: declared.Typed, verb: str, identifier: str, reason: str | None = None) -> None:
    """Do it to the acquisition that is meant, or to the transfer."""
    found = ask(typed.data, "GET", f"things/{quote(identifier, safe='')}", as_json=typed.as_json)
    own = found["kind"] != ACQUISITIONS
    if own or (found["state"] in FINAL and found["transfer"] is not None):  # a leased one goes on after its end
        _tell(typed, typed.ask(id=found["id"] if own else found["transfer"], **_said(reason)))
        return
    if typed["dry_run"] and found["transfer"] is not None:
        typed.ask(id=found["transfer"], **_said(reason))  # which tells what it would do, and ends
    view = typed.of(f"acquisition_{verb}").ask(id=found["id"], **_said(reason))
    if view["transfer"] is not None:
        _tell(typed, typed.of("process_show").ask(id=view["transfer"]))
        return
    rests = {"kind": "acquisition", "pending": "", "state": view["state"]}
    why = f" ({view['turn']['why']})" if view["turn"] and view["turn"]["why"] else ""
    typed.tell({"id": view["id"], **rests}, [f"acquisition {view['id']}: {view['state']}{why}"])


def _said(reason: str | None) -> dict[str, str]:
    return {} if reason is None else {"reason": reason}


def _tell(typed: declared.Typed, process: Any) -> None:
    under_way = f", {process['pending']} is on its way" if process["pending"] else ""
    typed.tell(process, [f"transfer {process['id']}: {process['state']}{under_way}"])

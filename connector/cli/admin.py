"""`penstock admin`: negotiations and transfers, what they wait for, and what to do about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote, urlencode

import typer

from connector.cli import declared
from connector.cli.options import DEFAULT_DATA, AsJson, Data, DryRun
from connector.cli.speak import answer, ask

if TYPE_CHECKING:
    from collections.abc import Iterator

app = typer.Typer(help="Negotiations and transfers: list, show, retry, end, pause.", no_args_is_help=True)
app.add_typer(declared.group("admin account", "Accounts of the console: add, list, link, remove."), name="account")

Identifier = Annotated[str, typer.Argument(metavar="ID", help="the id of a negotiation or transfer of ours")]
Transfer = Annotated[str, typer.Argument(metavar="ID", help="the id of a transfer of ours")]
Reason = Annotated[str, typer.Option("--reason", help="why, in words that the peer reads")]

MOMENT_CHARACTERS = 19  # of an ISO 8601 moment: to the second
REASON_CHARACTERS = 80  # of a reason in the list; `show` has all of it


@app.command("list")
def list_(
    kind: Annotated[str, typer.Option(help="negotiation or transfer")] = "",
    state: Annotated[str, typer.Option(help="only those in this state, such as REQUESTED")] = "",
    turn: Annotated[str, typer.Option(help="whose turn it is: ours, peer or nobody (at the end)")] = "",
    rows: Annotated[int, typer.Option(help="how many at most")] = 50,
    after: Annotated[str, typer.Option(help="the `next` of the page before")] = "",
    data: Data = DEFAULT_DATA,
    *,
    as_json: AsJson = False,
) -> None:
    """List negotiations and transfers, what has moved last first.

    For example: penstock admin list --turn peer
    """
    asked = {"kind": kind, "state": state, "turn": turn, "rows": str(rows), "after": after}
    path = "processes?" + urlencode({name: value for name, value in asked.items() if value})
    page = ask(data, "GET", path, as_json=as_json)
    lines = _table(page["processes"])
    if page["next"]:
        lines.append(f"more: --after {page['next']}")
    answer(page, lines or ["no negotiation or transfer is like that"], as_json=as_json)


declared.add(app, "admin", "heartbeat")


@app.command()
def show(identifier: Identifier, data: Data = DEFAULT_DATA, *, as_json: AsJson = False) -> None:
    """Show one process: state, whose turn, until when, what went wrong, what is under way.

    For example: penstock admin show urn:uuid:3f0c9d3e-8f5e-4b0e-9c55-2f9a7b1d6e10
    """
    found = ask(data, "GET", _path(identifier), as_json=as_json)
    answer(found, _lines(found), as_json=as_json)


@app.command()
def trace(
    identifier: Annotated[
        str, typer.Argument(metavar="ID", help="a request's id, or that of a negotiation, transfer or acquisition")
    ],
    data: Data = DEFAULT_DATA,
    *,
    as_json: AsJson = False,
) -> None:
    """Follow one request, or all about one process, through this connector and what its peers show of theirs.

    For example: penstock admin trace 4bf92f3577b34da6a3ce929d0e0e4736
    """
    found = ask(data, "GET", f"traces/{quote(identifier, safe='')}", as_json=as_json)
    answer(found, list(_way(found)), as_json=as_json)


def _way(found: dict[str, Any]) -> Iterator[str]:
    """Yield the states, then every request in the order of time, here and at the peers."""
    for key, states in found["states"].items():
        yield f"{states['kind']} {key}: {states['state']}"
    rows = [("here", span) for span in found["spans"]]
    rows += [(peer["did"], span) for peer in found["peers"] for span in peer["spans"]]
    for where, span in sorted(rows, key=lambda row: str(row[1]["at"])):
        took = f"{float(span['seconds']) * 1000:.1f} ms"
        ended = " ".join(filter(None, (str(span["status"] or "no answer"), span["code"])))
        towards = {"came": "from", "went": "to"}[span["side"]]
        yield f"{span['at'][11:23]}  {where}  {span['what']}  {towards} {span['peer']}  {ended}  {took}"
    for peer in found["peers"]:
        if peer["why"]:
            yield f"{peer['did']} shows nothing: {peer['why']}"


@app.command()
def retry(identifier: Identifier, data: Data = DEFAULT_DATA, *, as_json: AsJson = False) -> None:
    """Deliver what is under way, take the step that is held, or ask the peer for its state.

    For example: penstock admin retry urn:uuid:3f0c9d3e-8f5e-4b0e-9c55-2f9a7b1d6e10
    """
    done = ask(data, "POST", _path(identifier, "retry"), {}, as_json=as_json)
    answer(done, [done["did"], *_lines(done)], as_json=as_json)


@app.command()
def terminate(
    identifier: Identifier,
    reason: Reason = "ended by the operator",
    data: Data = DEFAULT_DATA,
    *,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """End a negotiation or transfer and tell the peer why.

    For example: penstock admin terminate urn:uuid:3f0c9d3e-8f5e-4b0e-9c55-2f9a7b1d6e10 --reason "wrong product"
    """
    _act(identifier, "terminate", {"reason": reason}, data, dry_run=dry_run, as_json=as_json)


@app.command()
def suspend(
    identifier: Transfer,
    reason: Reason = "paused by the operator",
    data: Data = DEFAULT_DATA,
    *,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Pause a transfer; nothing is served under it until it is resumed.

    For example: penstock admin suspend urn:uuid:3f0c9d3e-8f5e-4b0e-9c55-2f9a7b1d6e10 --reason maintenance
    """
    _act(identifier, "suspend", {"reason": reason}, data, dry_run=dry_run, as_json=as_json)


@app.command()
def resume(
    identifier: Transfer, data: Data = DEFAULT_DATA, *, dry_run: DryRun = False, as_json: AsJson = False
) -> None:
    """Start a suspended transfer again.

    For example: penstock admin resume urn:uuid:3f0c9d3e-8f5e-4b0e-9c55-2f9a7b1d6e10
    """
    _act(identifier, "resume", {}, data, dry_run=dry_run, as_json=as_json)


@app.command()
def complete(
    identifier: Transfer, data: Data = DEFAULT_DATA, *, dry_run: DryRun = False, as_json: AsJson = False
) -> None:
    """Say that a transfer is done.

    For example: penstock admin complete urn:uuid:3f0c9d3e-8f5e-4b0e-9c55-2f9a7b1d6e10
    """
    _act(identifier, "complete", {}, data, dry_run=dry_run, as_json=as_json)


@app.command()
def revoke(
    agreement: Annotated[
        str, typer.Argument(metavar="AGREEMENT", help="the digest of an agreement of ours, or of a sub-licence")
    ],
    reason: Reason = "revoked by the operator",
    data: Data = DEFAULT_DATA,
    *,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """End an agreement, or take a sub-licence back: what runs under it is cut off at once, and the other party is told.

    For example: penstock admin revoke 5b1f0c --reason "the data subject has objected"
    """
    done = ask(
        data,
        "POST",
        f"agreements/{quote(agreement, safe='')}/revoke",
        {"reason": reason},
        dry_run=dry_run,
        as_json=as_json,
    )
    answer(done, [f"agreement  {done['agreement']}", f"state      {done['state']}"], as_json=as_json)


def _act(identifier: str, verb: str, body: dict[str, str], data: Any, *, dry_run: bool, as_json: bool) -> None:
    done = ask(data, "POST", _path(identifier, verb), body, dry_run=dry_run, as_json=as_json)
    answer(done, _lines(done), as_json=as_json)


def _path(identifier: str, verb: str = "") -> str:
    return "/".join(filter(None, ("processes", quote(identifier, safe=""), verb)))


def _table(processes: list[dict[str, Any]]) -> list[str]:
    """Return a line for each process under a line of headings; none when there is none."""
    rows = [("kind", "state", "turn", "until", "id", "reason")] if processes else []
    rows += [
        (one["kind"], _state(one), one["turn"], _moment(one["deadline"]), one["id"], one["reason"][:REASON_CHARACTERS])
        for one in processes
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]


def _lines(one: dict[str, Any]) -> list[str]:
    """Return one process as `what  value` lines, without what is empty."""
    said = {
        one["kind"]: one["id"],
        "state": _state(one),
        "turn": one["turn"],
        "until": _moment(one["deadline"]),
        "next step": _moment(one["due"]),
        "reason": one["reason"],
        "peer": f"{one['peer']}, as {'buyer' if one['role'] == 'provider' else 'provider'}",
        "its id": one["peerPid"],
        "about": one["about"],
        "moved": _moment(one["updated"]),
    }
    if sent := one["message"]:
        tried = f"tried {sent['attempts']} times, next {_moment(sent['due'])}, until {_moment(sent['deadline'])}"
        said["under way"] = f"{sent['kind']} to {sent['url']}, {tried}"
    width = max(map(len, said))
    return [f"{name.ljust(width)}  {value}" for name, value in said.items() if value]


def _state(one: dict[str, Any]) -> str:
    """Return the state, with the one that a message of ours leads to once the peer has taken it."""
    state = one["state"] or "-"
    return f"{state} > {one['pending']}" if one["pending"] else state


def _moment(at: str | None) -> str:
    return (at or "")[:MOMENT_CHARACTERS].replace("T", " ")

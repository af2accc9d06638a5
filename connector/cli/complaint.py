"""`penstock complaint`: complain about the other party of an agreement; answer, settle, take further, decide."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

import typer

from connector.cli.options import DEFAULT_DATA, AsJson, Data, DryRun
from connector.cli.speak import answer as tell
from connector.cli.speak import ask

app = typer.Typer(help="Complaints about the other party of an agreement, with deadlines.", no_args_is_help=True)

Identifier = Annotated[str, typer.Argument(metavar="ID", help="the complaint's id")]
Words = Annotated[str, typer.Option(help="what is said to it; the other side reads it")]
OUTCOMES = {"settled": "settle", "withdrawn": "withdraw", "upheld": "uphold", "dismissed": "dismiss"}


@app.command()
def file(
    agreement: Annotated[str, typer.Argument(help="the agreement's digest; its licence is on chain")],
    words: Annotated[str, typer.Option(help="what is wrong")],
    identifier: Annotated[str | None, typer.Option("--id", help="an id of your own; repeat it to file once")] = None,
    data: Data = DEFAULT_DATA,
    *,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Complain about the other party of AGREEMENT; it has five working days to answer.

    For example: penstock complaint file 3ede552c3183aa6c… --words "no file of March is in it"
    """
    import uuid  # noqa: PLC0415  # the help page starts fast

    body = {"id": identifier or str(uuid.uuid4()), "agreement": agreement, "words": words}
    made = ask(data, "POST", "complaints", body, dry_run=dry_run, as_json=as_json)
    tell(made, _lines(made), as_json=as_json)


@app.command("list")
def list_(
    first: Annotated[int, typer.Option(help="leave out so many", min=0)] = 0,
    data: Data = DEFAULT_DATA,
    *,
    as_json: AsJson = False,
) -> None:
    """List the complaints that concern us, those first that are due first; an exchange sees all.

    For example: penstock complaint list
    """
    found = ask(data, "GET", f"complaints?first={first}", as_json=as_json)
    lines = [line for row in found["complaints"] for line in _lines(row)[:1]]
    tell(found, lines or ["no complaint concerns us"], as_json=as_json)


@app.command()
def show(identifier: Identifier, data: Data = DEFAULT_DATA, *, as_json: AsJson = False) -> None:
    """Show a complaint: who said what, whose turn it is, and until when.

    For example: penstock complaint show march-is-missing
    """
    found = ask(data, "GET", "complaints/" + quote(identifier, safe=""), as_json=as_json)
    tell(found, _lines(found), as_json=as_json)


@app.command()
def answer(
    identifier: Identifier, words: Words, data: Data = DEFAULT_DATA, *, dry_run: DryRun = False, as_json: AsJson = False
) -> None:
    """Answer a complaint about us.

    For example: penstock complaint answer march-is-missing --words "edition 3 has it"
    """
    _move(identifier, "answer", words, data, dry_run=dry_run, as_json=as_json)


@app.command()
def escalate(
    identifier: Identifier, words: Words, data: Data = DEFAULT_DATA, *, dry_run: DryRun = False, as_json: AsJson = False
) -> None:
    """Take a complaint of ours to the exchange: after an answer that does not help, or when none came in time.

    For example: penstock complaint escalate march-is-missing --words "edition 3 lacks it, too"
    """
    _move(identifier, "escalate", words, data, dry_run=dry_run, as_json=as_json)


@app.command()
def close(
    identifier: Identifier,
    words: Words,
    outcome: Annotated[str, typer.Option("--as", help="settled or withdrawn (yours); upheld or dismissed (exchange)")],
    data: Data = DEFAULT_DATA,
    *,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Close a complaint: whoever filed it settles or withdraws it, the exchange upholds or dismisses it.

    For example: penstock complaint close march-is-missing --as settled --words "edition 3 is whole"
    """
    if outcome not in OUTCOMES:
        raise typer.BadParameter(f"`{outcome}` is none of {', '.join(OUTCOMES)}", param_hint="--as")
    _move(identifier, OUTCOMES[outcome], words, data, dry_run=dry_run, as_json=as_json)


def _move(identifier: str, move: str, words: str, data: Any, *, dry_run: bool, as_json: bool) -> None:
    moved = ask(
        data,
        "POST",
        f"complaints/{quote(identifier, safe='')}/{move}",
        {"words": words},
        dry_run=dry_run,
        as_json=as_json,
    )
    tell(moved, _lines(moved), as_json=as_json)


def _lines(row: dict[str, Any]) -> list[str]:
    late = "OVERDUE since" if row.get("overdue") else "until"
    turn = f", {row['turn']} has to act {late} {row['due']}" if "due" in row else ""
    lines = [f"{row['id']}  ({row['state']}{turn})  {row['words']}"]
    lines += [f"    {name}: {row[name]}" for name in ("complainant", "respondent", "agreement")]
    return lines + [f"    {name}: {row[name]}" for name in ("answer", "reason") if row[name]]

"""`penstock demand`: what is looked for and not found, and who looks for what we have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote, urlencode

import typer

from connector.cli.options import DEFAULT_DATA, AsJson, Data, DryRun
from connector.cli.speak import answer, ask

if TYPE_CHECKING:
    from pathlib import Path

app = typer.Typer(help="Demands for data: post, list, match, negotiate, withdraw.", no_args_is_help=True)

Identifier = Annotated[str, typer.Argument(metavar="ID", help="the demand's id")]


@app.command()
def post(
    title: Annotated[str, typer.Argument(help="what is looked for, in words")],
    until: Annotated[str, typer.Option(help="when it ends, RFC 3339 with a time zone")],
    description: Annotated[str, typer.Option(help="more words")] = "",
    where: Annotated[list[str] | None, typer.Option(help="a condition as of `find`; may be repeated")] = None,
    purpose: Annotated[str, typer.Option(help="what it is to be used for, a term of the purpose scheme")] = "",
    place: Annotated[str, typer.Option("--in", help="where it is to be used, ISO 3166 or GB/T 2260")] = "",
    most: Annotated[int | None, typer.Option(help="highest price in minor units per unit", min=0)] = None,
    unit: Annotated[str, typer.Option(help="the unit of that price: byte, row, piece, opening, call, flat")] = "byte",
    currency: Annotated[str, typer.Option(help="the currency of that price")] = "CNY",
    identifier: Annotated[str | None, typer.Option("--id", help="an id of your own; repeat it to post once")] = None,
    data: Data = DEFAULT_DATA,
    *,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Say what you look for; what is listed already and meets it is shown at once.

    For example: penstock demand post "hourly weather Shenzhen" --until 2027-12-31T00:00:00Z --purpose Research
    """
    import uuid  # noqa: PLC0415  # the help page starts fast

    body = {
        "id": identifier or str(uuid.uuid4()),
        "title": title,
        "description": description,
        "where": where or [],
        "purpose": purpose,
        "place": place,
        "most": None if most is None else str(most),
        "unit": unit,
        "currency": currency,
        "until": until,
    }
    demand = ask(data, "POST", "demands", body, dry_run=dry_run, as_json=as_json)
    answer(demand, _lines(demand), as_json=as_json)


@app.command("list")
def list_(
    product: Annotated[str | None, typer.Option("--for", help="those that this listed product meets")] = None,
    first: Annotated[int, typer.Option(help="leave out so many, the newest", min=0)] = 0,
    data: Data = DEFAULT_DATA,
    *,
    mine: Annotated[bool, typer.Option("--mine", help="your own, whatever became of them")] = False,
    as_json: AsJson = False,
) -> None:
    """List demands that are looking, newest first; with --for the best matches of a product first.

    For example: penstock demand list --for nyc-weather-2013
    """
    query = urlencode([("first", first), *([("mine", "1")] if mine else [])])
    path = f"demands?{query}" if product is None else "matches/" + quote(product, safe="")
    found = ask(data, "GET", path, as_json=as_json)
    lines = [line for demand in found["demands"] for line in _lines(demand)]
    answer(found, lines or ["no demand"], as_json=as_json)


@app.command()
def show(identifier: Identifier, data: Data = DEFAULT_DATA, *, as_json: AsJson = False) -> None:
    """Show a demand; your own with what meets it now, and why.

    For example: penstock demand show weather-sz
    """
    demand = ask(data, "GET", _path(identifier), as_json=as_json)
    answer(demand, _lines(demand), as_json=as_json)


@app.command()
def negotiate(
    identifier: Identifier,
    product: Annotated[str, typer.Argument(help="the listed product that is being negotiated")],
    data: Data = DEFAULT_DATA,
    *,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Say that you negotiate about PRODUCT for it; others are shown it no longer.

    For example: penstock demand negotiate weather-sz sz-weather-2026
    """
    _move(identifier, "negotiate", {"product": product}, data, dry_run=dry_run, as_json=as_json)


@app.command()
def pursue(
    identifier: Identifier,
    limit: Annotated[int, typer.Option("--max-price", help="most to agree to per unit, in minor units", min=0)],
    purpose: Annotated[str, typer.Option(help="a term of the purpose scheme")],
    total: Annotated[int | None, typer.Option("--max-total", help="most to agree to in all", min=0)] = None,
    data: Data = DEFAULT_DATA,
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="quote what would be got first, and agree to nothing")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Negotiate and get what matches it best, within these limits, the next one if that fails; again: say how far.

    For example: penstock demand pursue weather-sz --max-price 900 --purpose Research
    """
    if dry_run:
        _try_out(identifier, limit, total, data, as_json=as_json)
        return
    mandate = {"limit": str(limit), "bid": None, "purpose": purpose, "deposit": None}
    mandate["cap"] = None if total is None else str(total)
    row = ask(data, "POST", "pursuits", {"id": identifier, "mandate": mandate}, as_json=as_json)
    got = f", {row['product']} as {row['acquisition']}" if row["product"] else ""
    answer(
        row,
        [f"{row['id']}: {row['state']}{got}", f"tried: {', '.join(row['tried']) or 'nothing yet'}"],
        as_json=as_json,
    )


@app.command()
def meet(
    identifier: Identifier,
    agreement: Annotated[str, typer.Argument(help="the agreement (its digest) that met it; its licence is on chain")],
    data: Data = DEFAULT_DATA,
    *,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Say which agreement met it; the exchange looks for its licence.

    For example: penstock demand meet weather-sz 3ede552c3183aa6c…
    """
    _move(identifier, "meet", {"agreement": agreement}, data, dry_run=dry_run, as_json=as_json)


@app.command()
def reopen(
    identifier: Identifier,
    reason: Annotated[str, typer.Option(help="why the negotiation came to nothing")] = "",
    data: Data = DEFAULT_DATA,
    *,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Look on after a negotiation that came to nothing.

    For example: penstock demand reopen weather-sz
    """
    _move(identifier, "reopen", {"reason": reason}, data, dry_run=dry_run, as_json=as_json)


@app.command()
def withdraw(
    identifier: Identifier,
    reason: Annotated[str, typer.Option(help="why, for the record")] = "",
    data: Data = DEFAULT_DATA,
    *,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Look no longer.

    For example: penstock demand withdraw weather-sz
    """
    _move(identifier, "withdraw", {"reason": reason}, data, dry_run=dry_run, as_json=as_json)


def _try_out(identifier: str, limit: int, total: int | None, data: Path, *, as_json: bool) -> None:
    """Say what the best match of a demand costs, and whether the limits let it be bought at the asked price."""
    from connector.cli.quote import over, quote_path  # noqa: PLC0415  # loaded when the option is given

    matches = [one["product"] for one in ask(data, "GET", _path(identifier), as_json=as_json).get("matches", ())]
    first = ask(data, "GET", quote_path(matches[0], None), as_json=as_json) if matches else None
    beyond = [] if first is None else over(first, limit, total)
    told = {"dryRun": True, "matches": matches, "quote": first, "within": bool(matches) and not beyond, "over": beyond}
    lines = ["nothing listed meets it yet"] if first is None else [f"would get {matches[0]}: {first['sum']}", *beyond]
    answer(told, [*lines, "nothing was agreed"], as_json=as_json)


def _move(identifier: str, move: str, body: dict[str, str], data: Any, *, dry_run: bool, as_json: bool) -> None:
    demand = ask(data, "POST", f"{_path(identifier)}/{move}", body, dry_run=dry_run, as_json=as_json)
    answer(demand, _lines(demand), as_json=as_json)


def _path(identifier: str) -> str:
    return "demands/" + quote(identifier, safe="")


def _lines(demand: dict[str, Any]) -> list[str]:
    """Return what a person reads of a demand, and of what meets it."""
    score = f"{demand['score']:>3}  " if "score" in demand else ""
    ended = "".join(f", {name} {demand[name]}" for name in ("product", "agreement", "reason") if demand.get(name))
    lines = [f"{score}{demand['id']}  {demand['title']}  ({demand['state']}{ended}) until {demand['until']}"]
    for one in demand.get("matches", ()):
        lines.append(f"  {one['score']:>3}  {one['product']}  {one['title']}  ({one['tier']}) of {one['provider']}")
        lines += [f"         {reason['points']:>2} of {reason['of']}: {reason['en']}" for reason in one["reasons"]]
    return lines if demand.get("matches", True) else [*lines, "  nothing listed meets it yet"]

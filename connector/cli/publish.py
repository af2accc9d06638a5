"""`penstock publish`: describe, permit, seal, register and offer a dataset."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from connector.cli.get import LIVE_SECONDS, WAIT_SECONDS, share
from connector.cli.options import DEFAULT_DATA, AsJson, Data
from connector.cli.speak import answer, ask, finish, flash, watched

PERCENT_DECIMALS = 2  # what a ten-thousandth says

Files = Annotated[list[str], typer.Argument(help="files, folders, or addresses: s3://… https://… postgresql://…")]
# what the server reads as an address; which ones, it says itself
ADDRESS = "://"
# a product's state on its way → what is being done
DOING = {"draft": "sealing", "renewing": "sealing", "sealed": "registering", "registered": "handing in"}


def publish(
    files: Files,
    title: Annotated[str, typer.Option(help="what buyers read")],
    price: Annotated[int, typer.Option(help="asked price per unit or period, in minor units", min=0)],
    purpose: Annotated[str, typer.Option(help="a term of the purpose scheme, for example Research")],
    until: Annotated[str, typer.Option(help="end of use, RFC 3339 with a time zone")],
    region: Annotated[str | None, typer.Option(help="where it may be used, ISO 3166; default: anywhere")] = None,
    unit: Annotated[
        str,
        typer.Option(help="what the price is for: MiB, GiB, row, piece, opening, call, flat, advance or free"),
    ] = "MiB",
    every: Annotated[str | None, typer.Option(help="a subscription: day, week, month or year")] = None,
    quota: Annotated[int | None, typer.Option(help="units in each period of a subscription", min=1)] = None,
    beyond: Annotated[
        list[str] | None, typer.Option(help="UNITS=PERCENT: what more units cost of the price; may be repeated")
    ] = None,
    tier: Annotated[str, typer.Option(help="kept, leased or plain")] = "kept",
    floor: Annotated[int | None, typer.Option(help="lowest price to agree to; default: the asked price", min=0)] = None,
    exposure: Annotated[
        int | None,
        typer.Option(help="most that a buyer may owe for keys not yet released; default: eight pieces", min=1),
    ] = None,
    openings: Annotated[int | None, typer.Option(help="at most so many openings", min=1)] = None,
    layout: Annotated[str, typer.Option(help="fixed, aligned (to columns) or cdc (where content says)")] = "fixed",
    column: Annotated[
        list[str] | None, typer.Option(help="offer this column of the tables only; may be repeated; needs aligned")
    ] = None,
    piece: Annotated[
        int | None,
        typer.Option(help="piece size in KiB; default: that of the edition before, or 1024, from 1 GiB on 4096", min=1),
    ] = None,
    classes: Annotated[
        list[str] | None,
        typer.Option(
            "--class", help="what it is about, such as topic=B0300 or industry=56 (docs/catalogue.md); may be repeated"
        ),
    ] = None,
    grade: Annotated[
        int | None,
        typer.Option(help="security grade; default and least: what its columns suggest", min=1, max=5),
    ] = None,
    frequency: Annotated[str, typer.Option(help="how often it is renewed: daily, weekly, …")] = "irregular",
    keyword: Annotated[list[str] | None, typer.Option(help="words to be found by; may be repeated")] = None,
    sample: Annotated[
        int | None,
        typer.Option(
            help="show so many first rows of the table, without what is personal, to whom the space lets", min=1
        ),
    ] = None,
    resource: Annotated[str | None, typer.Option(help="the data resource of ours that it is made of")] = None,
    space: Annotated[str | None, typer.Option(help="list it in this space of the exchange; default: main")] = None,
    identifier: Annotated[str | None, typer.Option("--id", help="product id; repeat it to continue")] = None,
    offer: Annotated[
        str | None, typer.Option(help="an offer id of your own; default: made from the product id")
    ] = None,
    data: Data = DEFAULT_DATA,
    *,
    derived: Annotated[
        list[str] | None,
        typer.Option(
            "--derived-from", help="a replica, edition or agreement here that it was made of; may be repeated"
        ),
    ] = None,
    inherit: Annotated[
        bool, typer.Option("--inherit", help="what buyers make out of it stays under its licence")
    ] = False,
    onward: Annotated[bool, typer.Option("--onward", help="let buyers pass it on, by sub-licences and copies")] = False,
    unlisted: Annotated[
        bool, typer.Option("--unlisted", help="list it nowhere; buyers get it by your DID and its id, when told")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="measure and check, show what others would see, publish nothing")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Publish FILES as a product: profiled, under a policy, sealed, registered, submitted.

    For example: penstock publish a.parquet --title Flights --price 500 --purpose Research
    --until 2027-12-31T23:59:59Z --region US; a subscription: --price 90000 --every month --quota 10 --unit opening
    --tier leased, with more at a price of its own: --beyond 10=120
    """
    body: dict[str, Any] = {
        "files": [_place(file) for file in files],
        "title": title,
        "price": str(price),
        "floor": str(price if floor is None else floor),
        "exposure": None if exposure is None else str(exposure),
        "unit": unit,
        "every": every,
        "quota": quota,
        "beyond": [_step(text) for text in beyond or ()],
        "tier": tier,
        "space": space,
        "resource": resource,
        "sample": sample,
        "purpose": purpose,
        "until": until,
        "region": region,
        "openings": openings,
        "layout": layout,
        "columns": column,
        "onward": onward,
        "inherit": inherit,
        "derivedFrom": derived or None,
        "unlisted": unlisted or None,
        "pieceKiB": piece,
        "classes": dict(_pair(text) for text in classes or ()),
        "grade": grade,
        "frequency": frequency,
        "keywords": keyword or [],
        "id": identifier,
        "offer": offer,
    }
    if dry_run:
        seen = ask(data, "POST", "previews", body, as_json=as_json)
        answer(seen, _seen(seen), as_json=as_json)
        return
    product = finish(_published(data, body), as_json=as_json)
    repeated, size = int(product["repeatedBytes"]), int(product["plainBytes"])
    saved = f", {repeated * 100 // size} % of it repeated from the edition before" if repeated else ""
    edition = f"edition {product['number']} ({product['edition'][:16]})"
    told = f"tell whom it is for: penstock get {product['id']} --provider {product['provider']}"
    reviewed = f"the exchange reviews it: penstock exchange review {product['id']}"
    lines = [
        f"{product['title']}: {product['rows']} rows sealed, {edition}{saved}, {product['state']}",
        f"next: {told if unlisted else reviewed}",
    ]
    answer(product, lines, as_json=as_json)


async def _published(data: Path, body: dict[str, Any]) -> dict[str, Any]:
    """Have the own server publish by `body` and wait until it is done, showing how far it is where somebody watches."""
    from connector.client.server import server  # noqa: PLC0415  # loaded when the verb runs

    live = watched()
    async with server(data) as own:
        begun = await own.call("POST", "publications", body)
        path = f"publications/{quote(begun['id'], safe='')}?wait={LIVE_SECONDS if live else WAIT_SECONDS}"
        while "progress" in (view := await own.call("GET", path)):
            if live:
                done = ", ".join(share(view["progress"], "bytesSealed")) or "reading what it is"
                flash(f"  {DOING.get(view['state'], view['state'])}: {done}")
    if live:
        flash("")
    return dict(view)


def _seen(preview: dict[str, Any]) -> list[str]:
    """Return the lines of what others would see of a product."""
    size = f"{len(preview['files'])} files, {preview['bytes']} bytes, {preview['rows']} rows"
    tables = [f"  {file['path']}: {', '.join(file['columns'])}" for file in preview["files"] if file["columns"]]
    grade = f"security grade {preview['grade']}: {'; '.join(preview['because'])}"
    price = f"price: {preview['price']['en']}"
    permits = [f"  {line}" for line in preview["words"]["en"]]
    last = "nothing was published; the same without --dry-run publishes it"
    return [f"{preview['title']}: {size}", *tables, grade, price, *permits, last]


def _pair(text: str) -> tuple[str, str]:
    """Return the two sides of `name=code`; without a `=` the code is empty, and refused as every unknown one."""
    name, _, code = text.partition("=")
    return name, code


def _place(text: str) -> str:
    """Return an address as it is, a path in full: the server may run elsewhere on this machine."""
    if ADDRESS in text:
        return text
    path = Path(text).resolve()
    if not path.exists():
        raise typer.BadParameter(f"there is no `{text}`")
    return str(path)


def _step(text: str) -> list[int]:
    """Return `1000=80` as 1000 units and 8000 ten-thousandths."""
    units, _, percent = text.removesuffix("%").partition("=")
    whole, _, part = percent.partition(".")
    if not (units.isdecimal() and whole.isdecimal() and len(part) <= PERCENT_DECIMALS and (part or "0").isdecimal()):
        raise typer.BadParameter(f"`{text}` is not UNITS=PERCENT", param_hint="--beyond")
    return [int(units), int(whole + part.ljust(PERCENT_DECIMALS, "0"))]

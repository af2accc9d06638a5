"""`penstock publish`: describe, permit, seal, register and offer a dataset."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from connector.cli import declared
from connector.cli.get import LIVE_SECONDS, WAIT_SECONDS, share
from connector.cli.speak import finish, flash, watched

PERCENT_DECIMALS = 2  # what a ten-thousandth says

Floor = Annotated[int | None, typer.Option(help="lowest price to agree to; default: the asked price", min=0)]
Beyond = Annotated[
    list[str] | None, typer.Option(help="UNITS=PERCENT: what more units cost of the price; may be repeated")
]
# what the server reads as an address; which ones, it says itself
ADDRESS = "://"
# a product's state on its way → what is being done
DOING = {"draft": "sealing", "renewing": "sealing", "sealed": "registering", "registered": "handing in"}


@declared.asking("product_publish", "floor", "beyond")
def publish(
    typed: declared.Typed,
    floor: Floor = None,
    beyond: Beyond = None,
    *,
    preview: Annotated[
        bool, typer.Option("--dry-run", help="measure and check, show what others would see, publish nothing")
    ] = False,
) -> None:
    """Publish FILES as a product: profiled, under a policy, sealed, registered, submitted.

    For example: penstock publish a.parquet --title Flights --price 500 --purpose Research
    --until 2027-12-31T23:59:59Z --region US; a subscription: --price 90000 --every month --quota 10 --unit opening
    --tier leased, with more at a price of its own: --beyond 10=120
    """
    instead: dict[str, Any] = {
        "files": [_place(file) for file in typed["files"]],
        "floor": str(typed["price"] if floor is None else floor),
        "beyond": [_step(text) for text in beyond or ()],
    }
    if preview:
        seen = typed.of("product_preview").ask(**instead)
        typed.tell(seen, _seen(seen))
        return
    product = finish(_published(typed.data, typed.request(**instead)[1]), as_json=typed.as_json)
    repeated, size = int(product["repeatedBytes"]), int(product["plainBytes"])
    saved = f", {repeated * 100 // size} % of it repeated from the edition before" if repeated else ""
    edition = f"edition {product['number']} ({product['edition'][:16]})"
    told = f"tell whom it is for: penstock get {product['id']} --provider {product['provider']}"
    reviewed = f"the exchange reviews it: penstock exchange review {product['id']}"
    lines = [
        f"{product['title']}: {product['rows']} rows sealed, {edition}{saved}, {product['state']}",
        f"next: {told if typed['unlisted'] else reviewed}",
    ]
    typed.tell(product, lines)


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

"""`penstock publish`: describe, permit, seal, register and offer a dataset."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, NoReturn
from urllib.parse import quote

import typer

from connector.cli import declared
from connector.cli.get import LIVE_SECONDS, WAIT_SECONDS, share
from connector.cli.options import file_option
from connector.cli.speak import finish, flash, talk, watched
from connector.client.acts.money import HUNDREDTHS

PERCENT_DECIMALS = 2  # what a ten-thousandth says
TEMPLATE_YEARS = 1  # until when a product file says that its data may be used
TEMPLATE_ID_BYTES = 4  # of chance in its id: the exchange has one product of an id

Files = Annotated[
    list[str] | None, typer.Argument(help="files, folders, or addresses: s3://… https://… postgresql://…")
]
Title = Annotated[str | None, typer.Option(help="what buyers read")]
Price = Annotated[int | None, typer.Option(help="asked price per unit or period, " + HUNDREDTHS, min=0)]
Purpose = Annotated[str | None, typer.Option(help="a term of the purpose scheme, for example Research")]
Until = Annotated[str | None, typer.Option(help="end of use, RFC 3339 with a time zone")]
Floor = Annotated[int | None, typer.Option(help="lowest price to agree to; default: the asked price", min=0)]
Beyond = Annotated[
    list[str] | None, typer.Option(help="UNITS=PERCENT: what more units cost of the price; may be repeated")
]
From = Annotated[
    Path | None, file_option("--from", "a product file (toml, yaml, json): what it says, unless an option says it")
]
Template = Annotated[
    str | None, typer.Option("--template", help="print a product file to fill in, and publish nothing: toml or yaml")
]
# what the server reads as an address; which ones, it says itself
ADDRESS = "://"
# a product's state on its way → what is being done
DOING = {"draft": "sealing", "renewing": "sealing", "sealed": "registering", "registered": "handing in"}
# what has to be said, in a product file or by an option
NEEDED = ("files", "title", "price", "purpose", "until")


@declared.asking("product_publish", *NEEDED, "floor", "beyond")
def publish(
    typed: declared.Typed,
    context: typer.Context,
    files: Files = None,
    title: Title = None,
    price: Price = None,
    purpose: Purpose = None,
    until: Until = None,
    floor: Floor = None,
    beyond: Beyond = None,
    product_file: From = None,
    template: Template = None,
    *,
    preview: Annotated[
        bool, typer.Option("--dry-run", help="measure and check, show what others would see, publish nothing")
    ] = False,
) -> None:
    """Publish FILES as a product: profiled, under a policy, sealed, registered, submitted.

    For example: penstock publish a.parquet --title Flights --price 500 --purpose Research
    --until 2027-12-31T23:59:59Z --region US; by a file: penstock publish --template toml > product.toml, then
    penstock publish --from product.toml; a subscription: --price 90000 --every month --quota 10 --unit opening
    --tier leased, with more at a price of its own: --beyond 10=120
    """
    if template is not None:
        _print_template(template)
    instead: dict[str, Any] = {} if product_file is None else _from(product_file, context, as_json=typed.as_json)
    if files:
        instead["files"] = [_place(file) for file in files]
    told = {"title": title, "purpose": purpose, "until": until, "price": None if price is None else str(price)}
    instead |= {name: value for name, value in told.items() if value is not None}
    if beyond:
        instead["beyond"] = [_step(text) for text in beyond]
    for name in NEEDED:
        if name not in instead:
            _lacks(name, product_file)
    if floor is not None or "floor" not in instead:
        instead["floor"] = instead["price"] if floor is None else str(floor)
    instead.setdefault("beyond", [])
    if preview:
        seen = typed.of("product_preview").ask(**instead)
        typed.tell(seen, _seen(seen))
        return
    product = finish(_published(typed.data, typed.request(**instead)[1]), as_json=typed.as_json)
    typed.tell(product, _told(product, unlisted=bool(instead.get("unlisted") or typed["unlisted"])))
    if product_file is not None and "id" not in instead and not typed["id"]:
        talk(f'put `id = "{product["id"]}"` into {product_file}: the same id publishes the next edition')


def _told(product: dict[str, Any], *, unlisted: bool) -> list[str]:
    """Return what a person reads of a product that is published."""
    edition = f"edition {product['number']}"
    if product.get("unchanged"):
        return [f"{product['title']}: nothing changed: {edition} is {'on offer' if unlisted else product['listing']}"]
    repeated, size = int(product["repeatedBytes"]), int(product["plainBytes"])
    saved = f", {repeated * 100 // size} % of it repeated from the edition before" if repeated else ""
    rows = f"{product['tableRows']} rows in " if product.get("tableRows") else ""
    told = f"tell whom it is for: penstock get {product['id']} --provider {product['provider']}"
    reviewed = f"the exchange reviews it: penstock exchange review {product['id']}"
    sealed = f"{rows}{product['rows']} pieces sealed, {edition} ({product['edition'][:16]}){saved}, {product['state']}"
    return [f"{product['title']}: {sealed}", f"next: {told if unlisted else reviewed}"]


def _print_template(form: str) -> NoReturn:
    """Print a product file to fill in."""
    import secrets  # noqa: PLC0415  # loaded when the verb runs

    from catalog.product_template import TEXTS, template  # noqa: PLC0415  # the same
    from connector.runtime.clock import Clock  # noqa: PLC0415  # the same

    if form not in TEXTS:
        raise typer.BadParameter(f"`{form}` is no form of a template: {' or '.join(TEXTS)}", param_hint="--template")
    until = f"{Clock().now().year + TEMPLATE_YEARS}-12-31"
    typer.echo(template(form, until, "product-" + secrets.token_hex(TEMPLATE_ID_BYTES)), nl=False)
    raise typer.Exit(0)


def _from(file: Path, context: typer.Context, *, as_json: bool) -> dict[str, Any]:
    """Return what a product file says of what no option says; its paths begin in its folder."""
    from catalog import product_file, product_keys  # noqa: PLC0415  # loaded when the verb runs
    from catalog.errors import CatalogError  # noqa: PLC0415  # the same
    from connector.cli.speak import fail  # noqa: PLC0415  # the same
    from connector.runtime.errors import InvalidInput  # noqa: PLC0415  # the same

    try:
        with file.open("rb") as stream:
            content = stream.read(product_file.FILE_BYTES_MAX + 1)
        said = product_keys.said(product_file.read(content, product_file.form_of(file.name)))
    except CatalogError as fault:
        fail(InvalidInput(f"{file}: {fault}", fault.hint), as_json=as_json)
    if "files" in said:
        said["files"] = [_place(one, file.parent) for one in said["files"]]
    return {name: value for name, value in said.items() if not _was_typed(context, name)}


def _was_typed(context: typer.Context, name: str) -> bool:
    """Say whether somebody typed an option, even as what it is when nobody does."""
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def _lacks(name: str, file: Path | None) -> NoReturn:
    """Refuse what has to be said and is not; what a file is to say is called as there."""
    what = "FILES" if name == "files" else f"--{name}"
    where = "or publish by a product file: penstock publish --template toml" if file is None else f"or say it in {file}"
    raise typer.BadParameter(f"it is not said; {where}", param_hint=what)


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


def _place(text: str, folder: Path = Path()) -> str:
    """Return an address as it is, a path in full: the server may run elsewhere on this machine."""
    if ADDRESS in text:
        return text
    path = (folder / text).resolve()
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

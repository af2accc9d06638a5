"""`penstock publish`: describe, permit, seal, register and offer a dataset."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn
from urllib.parse import quote

import typer

from connector.cli import declared
from connector.cli.get import LIVE_SECONDS, WAIT_SECONDS, share
from connector.cli.options import file_option
from connector.cli.rules_text import rules_text
from connector.cli.speak import finish, flash, talk, watched
from connector.client.acts.money import TYPED

if TYPE_CHECKING:
    from collections.abc import Mapping

LIST_SHARE = 100  # a list of files that costs less than a hundredth of them is nobody's concern
PERCENT_DECIMALS = 2  # what a ten-thousandth says
TEMPLATE_YEARS = 1  # until when a product file says that its data may be used
TEMPLATE_ID_BYTES = 4  # of chance in its id: the exchange has one product of an id

Files = Annotated[
    list[str] | None, typer.Argument(help="files, folders, or addresses: s3://… https://… postgresql://…")
]
Title = Annotated[str | None, typer.Option(help="what buyers read")]
Price = Annotated[
    str | None, typer.Option(help="asked price per unit or period, none where the unit is free, " + TYPED)
]
Purpose = Annotated[str | None, typer.Option(help="a term of the purpose scheme, for example Research")]
Until = Annotated[str | None, typer.Option(help="end of use, RFC 3339 with a time zone")]
Policy = Annotated[
    Path | None, file_option("--policy", "a whole policy (ODRL as JSON-LD or Turtle) in place of --purpose")
]
Floor = Annotated[str | None, typer.Option(help="lowest price to agree to; default: the asked price")]
Beyond = Annotated[
    list[str] | None, typer.Option(help="UNITS=PERCENT: what more units cost of the price; may be repeated")
]
From = Annotated[
    Path | None,
    file_option("--from", "a product file (toml, yaml, json) or a Croissant file: what it says, unless an option does"),
]
Template = Annotated[
    str | None, typer.Option("--template", help="print a product file to fill in, and publish nothing: toml or yaml")
]
LINKED = (".json", ".jsonld")  # endings of files that others write: nobody puts our ids into them
LEFT_SHOWN = 40  # of what a Croissant file says and a product file cannot
# what the server reads as an address; which ones, it says itself
ADDRESS = "://"
# a product's state on its way → what is being done
DOING = {"draft": "sealing", "renewing": "sealing", "sealed": "registering", "registered": "handing in"}
# what has to be said, in a product file or by an option
# what stands in the place of files
LIVE = ("api", "stream")
NEEDED = ("files", "title", "price", "purpose", "until")
RULES = "rules"
# of what is given away the price is known
FREE, NOTHING = "free", "0"


@declared.asking("product_publish", *NEEDED, "floor", "beyond", RULES)
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
    policy: Policy = None,
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
    penstock publish --from product.toml; a Croissant file: --from croissant.json --price 500 and the rest; a
    subscription: --price 90000 --every month --quota 10 --unit opening --tier leased, with
    more at a price of its own: --beyond 10=120; under rules of your own: --policy rules.json
    """
    if template is not None:
        _print_template(template)
    instead: dict[str, Any] = {} if product_file is None else _from(product_file, files, context, as_json=typed.as_json)
    if files:
        instead["files"] = [_place(file) for file in files]
    told = {"title": title, "purpose": purpose, "until": until, "price": _asked(typed, price, instead)}
    instead |= {name: value for name, value in told.items() if value is not None}
    if beyond:
        instead["beyond"] = [_step(text) for text in beyond]
    if policy is not None:
        instead[RULES] = finish(_rules(policy), as_json=typed.as_json)
    if typed["negotiable"] is not None:
        instead["negotiable"] = rules_text(typed["negotiable"], as_json=typed.as_json)
    if typed["api"] is not None:
        instead["secret"] = None if typed["secret"] is None else _place(typed["secret"])
    if typed["stream"] is not None:
        instead["stream"] = _place(typed["stream"])
    live = next(filter(None, (typed[name] or instead.get(name) for name in LIVE)), None)
    in_place = {"purpose": instead.get(RULES), "files": live}
    for name in NEEDED:
        if name not in instead and not in_place.get(name):
            _lacks(name, product_file)
    if floor is not None or "floor" not in instead:
        instead["floor"] = instead["price"] if floor is None else typed.amount("--floor", floor)
    instead.setdefault("beyond", [])
    instead.setdefault("files", None)
    if preview:
        seen = typed.of("product_preview").ask(**instead)
        typed.tell(seen, _seen(seen))
        return
    product, asks = finish(_published(typed.data, typed.request(**instead)[1]), as_json=typed.as_json)
    typed.tell(product, _told(product, asks, unlisted=bool(instead.get("unlisted") or typed["unlisted"])))
    if product_file is not None and "id" not in instead and not typed["id"]:
        talk(_keep_id(product["id"], product_file))


def _asked(typed: declared.Typed, price: str | None, instead: Mapping[str, Any]) -> str | None:
    """Return the price that was typed, or nothing of what is given away; None where neither says it."""
    if price is not None:
        return typed.amount("--price", price)
    given_away = (instead.get("unit") or typed["unit"]) == FREE
    return NOTHING if given_away and "price" not in instead else None


async def _rules(file: Path) -> dict[str, Any]:
    """Return the policy of a file, as it is offered; raises PolicyError."""
    from connector.runtime.documents import read  # noqa: PLC0415  # loaded when the verb runs
    from policy.forms.document import read as read_form  # noqa: PLC0415  # the same

    return dict(read_form(read(file)))


def _keep_id(key: str, file: Path) -> str:
    """Return how the next edition is published by the same file."""
    if file.suffix in LINKED:
        return f"the same with --id {key} publishes the next edition"
    return f'put `id = "{key}"` into {file}: the same id publishes the next edition'


def _told(product: dict[str, Any], asks: str, *, unlisted: bool) -> list[str]:
    """Return what a person reads of a product that is published."""
    edition = f"edition {product['number']}"
    if product.get("unchanged"):
        return [f"{product['title']}: nothing changed: {edition} is {'on offer' if unlisted else product['listing']}"]
    repeated, size = int(product["repeatedBytes"]), int(product["plainBytes"])
    saved = f", {repeated * 100 // size} % of it repeated from the edition before" if repeated else ""
    rows = f"{product['tableRows']} rows in " if product.get("tableRows") else ""
    key = shlex.quote(product["id"])
    told = f"tell whom it is for: penstock get {key} --provider {product['provider']}"
    reviewed = f"the exchange reviews it: penstock exchange review {key}"
    sealed = f"{rows}{product['rows']} pieces sealed, {edition} ({product['edition'][:16]}){saved}, {product['state']}"
    price = [f"price: {asks}"] if asks else []
    billed = [f"  {product['billed']['words']['en']}"] if told_of(product["billed"]) else []
    stands = ["what the list shows, the version before, is sold until then"] if product.get("stands") else []
    return [f"{product['title']}: {sealed}", *price, *billed, f"next: {told if unlisted else reviewed}", *stands]


def told_of(billed: dict[str, Any]) -> bool:
    """Say whether what is billed is worth a line: small files are packed, or the list of files costs what is seen."""
    return "packing" in billed or int(billed["list"]) * LIST_SHARE > int(billed["data"])


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


def _from(file: Path, files: list[str] | None, context: typer.Context, *, as_json: bool) -> dict[str, Any]:
    """Return what a product file says of what neither `files` nor an option says; its paths begin in its folder."""
    from catalog import croissant_file, product_file, product_keys  # noqa: PLC0415  # loaded when the verb runs
    from catalog.errors import CatalogError  # noqa: PLC0415  # the same
    from connector.cli.speak import fail  # noqa: PLC0415  # the same
    from connector.runtime.errors import InvalidInput  # noqa: PLC0415  # the same

    try:
        with file.open("rb") as stream:
            content = stream.read(product_file.LINKED_BYTES_MAX + 1)
        document = product_file.read(content, product_file.form_of(file.name))
        if product_file.linked(document):
            taken = croissant_file.read(document)
            said = taken.fields(_named(files))
            _tell_left(taken.left)
            if not files:
                said["files"] = [_below(one, file.parent) for one in said["files"]]
        else:
            said = product_keys.said(document)
    except CatalogError as fault:
        fail(InvalidInput(f"{file}: {fault}", fault.hint), as_json=as_json)
    if "files" in said:  # an address or a whole path is taken as it is
        said["files"] = [_place(one, file.parent) for one in said["files"]]
    for name in ("secret", "stream"):
        if name in said:
            said[name] = _place(said[name], file.parent)
    return {name: value for name, value in said.items() if not _was_typed(context, name)}


def _named(files: list[str] | None) -> list[str] | None:
    """Return what typed files will be called, None where none is typed or a folder says it."""
    if not files:
        return None
    paths = [Path(one) for one in files]
    return [inner.name for path in paths for inner in (path.iterdir() if path.is_dir() else [path])]


def _below(text: str, folder: Path) -> str:
    """Return the whole path of a file that a stranger's file names; a folder, and what lies elsewhere, is refused."""
    path = (folder / text).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise typer.BadParameter(f"`{text}` is not below the folder of the file that names it", param_hint="--from")
    if path.is_dir():  # with all that lies in it
        raise typer.BadParameter(f"`{text}` is a folder, and one file is asked for", param_hint="--from")
    return str(path)


def _tell_left(left: list[str]) -> None:
    """Say what of a Croissant file is not in the product."""
    for line in left[:LEFT_SHOWN]:
        talk(f"not taken: {line}")
    if len(left) > LEFT_SHOWN:
        talk(f"not taken: {len(left) - LEFT_SHOWN} more")


def _was_typed(context: typer.Context, name: str) -> bool:
    """Say whether somebody typed an option, even as what it is when nobody does."""
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def _lacks(name: str, file: Path | None) -> NoReturn:
    """Refuse what has to be said and is not; what a file is to say is called as there."""
    what = "FILES" if name == "files" else f"--{name}"
    where = "or publish by a product file: penstock publish --template toml" if file is None else f"or say it in {file}"
    raise typer.BadParameter(f"it is not said; {where}", param_hint=what)


async def _published(data: Path, body: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """Have the own server publish by `body` and wait until it is done; returns the product, and its price in words.

    Where somebody watches, the price is shown before anything is sealed, and then how far it is.
    """
    from connector.client.server import server  # noqa: PLC0415  # loaded when the verb runs

    live = watched()
    async with server(data) as own:
        begun = await own.call("POST", "publications", body)
        asks = begun.get("price", {}).get("en", "")  # a server of before does not say it
        if live:
            talk(f"  {begun['id']} asks {asks}")
        path = f"publications/{quote(begun['id'], safe='')}?wait={LIVE_SECONDS if live else WAIT_SECONDS}"
        while "progress" in (view := await own.call("GET", path)):
            if live:
                done = ", ".join(share(view["progress"], "bytesSealed")) or "reading what it is"
                flash(f"  {DOING.get(view['state'], view['state'])}: {done}")
    if live:
        flash("")
    return dict(view), asks


def _seen(preview: dict[str, Any]) -> list[str]:
    """Return the lines of what others would see of a product."""
    size = f"{len(preview['files'])} files, {preview['bytes']} bytes, {preview['rows']} rows"
    tables = [f"  {file['path']}: {', '.join(file['columns'])}" for file in preview["files"] if file["columns"]]
    grade = f"security grade {preview['grade']}: {'; '.join(preview['because'])}"
    price = f"price: {preview['price']['en']}"
    permits = [f"  {line}" for line in preview["words"]["en"]]
    last = "nothing was published; the same without --dry-run publishes it"
    return [
        f"{preview['title']}: {size}",
        f"  {preview['billed']['words']['en']}",
        *tables,
        grade,
        price,
        *permits,
        last,
    ]


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

"""`penstock resource`: what we hold, apart from products; `penstock product`: one listed product, and its two faces."""

from __future__ import annotations

import json
from typing import Annotated
from urllib.parse import quote

import typer

from connector.cli.options import DEFAULT_DATA, AsJson, Data
from connector.cli.speak import answer, ask

app = typer.Typer(help="Data resources, apart from the products made of them: add, list.", no_args_is_help=True)
product = typer.Typer(help="One listed product: show it, in our words or in two standards'.", no_args_is_help=True)

Product = Annotated[str, typer.Argument(metavar="ID", help="the listed product's id")]


@app.command()
def add(
    identifier: Annotated[str, typer.Argument(metavar="ID", help="an id of your own; again to change it")],
    title: Annotated[str, typer.Option(help="what it is called")],
    owner: Annotated[str, typer.Option(help="who has the say over it")],
    steward: Annotated[str, typer.Option(help="who answers for it day by day")],
    description: Annotated[str, typer.Option(help="more words")] = "",
    grade: Annotated[int, typer.Option(help="security grade", min=1, max=5)] = 2,
    classes: Annotated[
        list[str] | None, typer.Option("--class", help="what it is about, such as topic=B0300; may be repeated")
    ] = None,
    code: Annotated[str, typer.Option(help="the code that a node assigned; default: a local one")] = "",
    data: Data = DEFAULT_DATA,
    *,
    as_json: AsJson = False,
) -> None:
    """Keep a data resource; products are made of it with `penstock publish --resource ID`.

    For example: penstock resource add gauges --title "Tide gauges" --owner "Harbour Office" --steward "Li Wei"
    """
    body = {
        "id": identifier,
        "title": title,
        "description": description,
        "owner": owner,
        "steward": steward,
        "grade": grade,
        "classes": dict(text.partition("=")[::2] for text in classes or ()),
        "code": code,
    }
    row = ask(data, "POST", "resources", body, as_json=as_json)
    answer(row, [f"{row['title']}: {row['code'] or 'no code, for `participant.subject` is not set'}"], as_json=as_json)


@app.command("list")
def list_(data: Data = DEFAULT_DATA, *, as_json: AsJson = False) -> None:
    """List our data resources with their products.

    For example: penstock resource list
    """
    found = ask(data, "GET", "resources", as_json=as_json)
    lines = [
        f"{row['id']:<16} {row['title']}, of {row['owner']}, with {row['steward']}: "
        + (", ".join(row["products"]) or "no product")
        for row in found["resources"]
    ]
    answer(found, lines or ["no resource is kept"], as_json=as_json)


@product.command()
def show(identifier: Product, data: Data = DEFAULT_DATA, *, as_json: AsJson = False) -> None:
    """Show what the exchange shows us of a product, with sample rows if they are for us.

    For example: penstock product show tides
    """
    row = ask(data, "GET", "offers/" + quote(identifier, safe=""), as_json=as_json)
    tier = row["tier"] or ("a service" if "service" in row else "delivery unknown")
    lines = [f"{row['title']}  {row['price']}  ({tier}) in {row.get('space', 'another exchange')}"]
    lines += ["  " + " | ".join(one) for one in row.get("sample", {}).get("rows", ())]
    told = row.get("service", {})
    lines += [
        f"  {name}: {told[name]}" for name in ("description", "type", "endpoint", "documentation") if told.get(name)
    ]
    lines += [f"  · {one['en']}" for one in row.get("limits", ())]
    answer(row, lines, as_json=as_json)


@product.command()
def face(
    identifier: Product,
    standard: Annotated[str, typer.Option("--as", help="dcat (DCAT-AP, JSON-LD) or ndi (national registration)")],
    data: Data = DEFAULT_DATA,
    *,
    as_json: AsJson = False,
) -> None:
    """Show a listed product as another standard has it: DCAT-AP in JSON-LD, or the national registration.

    For example: penstock product face tides --as dcat
    """
    found = ask(data, "GET", f"offers/{quote(identifier, safe='')}/{quote(standard, safe='')}", as_json=as_json)
    answer(found, json.dumps(found, indent=2, ensure_ascii=False).splitlines(), as_json=as_json)

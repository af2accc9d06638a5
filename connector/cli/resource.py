"""`penstock resource`: what we hold, apart from products; `penstock product`: one listed product, and its two faces."""

from __future__ import annotations

import json
from typing import Annotated
from urllib.parse import quote

import typer

from connector.cli import declared
from connector.cli.options import DEFAULT_DATA, AsJson, Data
from connector.cli.speak import answer, ask

app = declared.group("resource", "Data resources, apart from the products made of them: add, list.")
product = typer.Typer(help="One listed product: show it, in our words or in two standards'.", no_args_is_help=True)

Product = Annotated[str, typer.Argument(metavar="ID", help="the listed product's id")]


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

"""`penstock quote`: what all of a product costs, before anything is agreed."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote as quoted
from urllib.parse import urlencode

import typer

from connector.cli.options import DEFAULT_DATA, AsJson, Data
from connector.cli.speak import answer, ask

ALL = "all"

Provider = Annotated[
    str | None, typer.Option("--provider", help="whose it is, by DID, if it is listed nowhere and you were told")
]


def quote(
    product: Annotated[str, typer.Argument(help="product id, as `find` prints it")],
    provider: Provider = None,
    data: Data = DEFAULT_DATA,
    *,
    as_json: AsJson = False,
) -> None:
    """Say what PRODUCT costs at the asked price, worked out of its own rows; nothing is agreed.

    For example: penstock quote nyc-flights-2013
    """
    told = ask(data, "GET", quote_path(product, provider), as_json=as_json)
    columns = f", the columns {', '.join(told['columns'])} alone" if told["columns"] else ""
    what = "all of it" if told["of"] == ALL else f"one {told['of']}"
    by = f" --provider {provider}" if provider else ""
    most = f" --max-total {told['amount']}" if told["of"] == ALL else ""
    lines = [
        f"{told['title']} ({told['tier']}) of {told['provider']}: {told['price']}",
        f"{what}: {told['sum']}; {told['bytes']} bytes in {told['pieces']} pieces{columns}",
        f"next: penstock get {told['product']} --max-price {told['asked']}{most}{by} --purpose TERM",
    ]
    answer(told, lines, as_json=as_json)


def over(told: dict[str, Any], limit: int, total: int | None) -> list[str]:
    """Return why a quote is over a limit per unit or in all, nothing when it is within both."""
    said = [f"the asked price is {told['asked']} a unit, the limit {limit}"] if int(told["asked"]) > limit else []
    if total is not None and told["of"] == ALL and int(told["amount"]) > total:
        said.append(f"all of it costs {told['amount']}, the limit is {total}")
    return said


def quote_path(product: str, provider: str | None) -> str:
    """Return where our server says what a product costs."""
    return "quotes/" + quoted(product, safe="") + ("?" + urlencode({"provider": provider}) if provider else "")

"""What commands that buy ask first: what a product costs, and whether that is within the limits they were given."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote as quoted
from urllib.parse import urlencode

import typer

from connector.client.acts.acquisitions import ALL

Provider = Annotated[
    str | None, typer.Option("--provider", help="whose it is, by DID, if it is listed nowhere and you were told")
]


def over(told: dict[str, Any], limit: int, total: int | None) -> list[str]:
    """Return why a quote is over a limit per unit or in all, nothing when it is within both."""
    said = [f"the asked price is {told['asked']} a unit, the limit {limit}"] if int(told["asked"]) > limit else []
    if total is not None and told["of"] == ALL and int(told["amount"]) > total:
        said.append(f"all of it costs {told['amount']}, the limit is {total}")
    return said


def quote_path(product: str, provider: str | None) -> str:
    """Return where our server says what a product costs."""
    return "quotes/" + quoted(product, safe="") + ("?" + urlencode({"provider": provider}) if provider else "")

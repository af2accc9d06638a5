"""What commands that buy ask first: what a product costs, and whether that is within the limits they were given."""

from __future__ import annotations

from typing import Any

from connector.client.acts.acquisitions import ALL


def over(told: dict[str, Any], limit: int, total: int | None) -> list[str]:
    """Return why a quote is over a limit per unit or in all, nothing when it is within both."""
    said = [f"the asked price is {told['asked']} a unit, the limit {limit}"] if int(told["asked"]) > limit else []
    if total is not None and told["of"] == ALL and int(told["amount"]) > total:
        said.append(f"all of it costs {told['amount']}, the limit is {total}")
    return said

"""What a list of one's own was told in the fitting room, as a page shows it: shares in per cent, each with its limits.

The share of a group that is covered comes first, then the columns of which it is told how many have them filled, then
how old they are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.client.acts.money import money

if TYPE_CHECKING:
    from collections.abc import Mapping

    from contracts.canonical import JsonObject


def shown(told: Mapping[str, Any]) -> JsonObject:
    """Return the groups of an answer with what is told of each, and what one covered subject costs where that is."""
    aged = {one["group"]: one for one in told.get("freshness", ())}
    groups: dict[str, JsonObject] = {}
    for group, column, keys, covered, low, high, *age in told["rows"]:
        if any(age):  # told as a share of those that are covered
            continue
        share = {"column": column, "keys": keys, **_share(covered / keys, low / keys, high / keys)}
        if column:
            groups[group]["filled"].append(share)
        else:
            groups[group] = {"group": group, **share, "filled": [], "ages": _ages(aged.get(group))}
    return {"id": told["id"], "agreement": told["agreement"], "groups": list(groups.values()), "price": _price(told)}


def _share(share: float, low: float, high: float) -> JsonObject:
    """Return a share in whole per cent, with its limits."""
    return {name: round(100 * one) for name, one in (("share", share), ("low", low), ("high", high))}


def _ages(told: Mapping[str, Any] | None) -> JsonObject | None:
    """Return how old those are that are covered, None where it is not told; without shares where they are too few."""
    if told is None:
        return None
    shares = [{"days": one["days"], **_share(one["share"], one["low"], one["high"])} for one in told["ages"]]
    oldest = told["ages"][-1]["days"] if told["ages"] else None
    about = {name: told[name] for name in ("column", "sealed", "median", "low", "high")}
    return {**about, "shares": shares, "oldest": oldest}


def _price(told: Mapping[str, Any]) -> JsonObject | None:
    """Return what one covered subject comes to in words, or why that cannot be said."""
    if (price := told.get("price")) is None:
        return None
    amounts = {name: price[name] and money(price[name], price["currency"]) for name in ("each", "low", "high")}
    return {**{name: price[name] for name in ("product", "price", "sum", "why")}, **amounts}

"""The one search box: products by words, narrowed by what they are, and what of our own has the id that was typed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote as quoted
from urllib.parse import urlencode

from catalog.facets import FACETS
from connector.console import describing
from connector.console.fitting import fitting
from connector.console.leafing import onward
from connector.console.summary import whole
from connector.identity.space.exchange import ExchangeDoor
from connector.runtime.errors import InvalidInput
from connector.runtime.limits import CONSOLE_FACET_VALUES_MAX, FOUND_ROWS_MAX, PAGE_ROWS_MAX
from connector.store import naming

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from connector.api.call import Call
    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject

# the page that each kind of thing is on; what is on none is not led to
PLACES = {
    "products": "/products/",
    "listings": "/listings/",
    "acquisitions": "/acquisitions/",
    "agreements": "/agreements/",
    "negotiations": "/negotiations/",
    "transfers": "/negotiations/",
}
# of a description, on a card; the style sheet shows three lines of it
ABOUT_CHARACTERS = 240
# what an id looks like that somebody copied with its kind, or as chains write it
_BEFORE = re.compile(r"(?:0x|urn:penstock:[a-z]+:)", re.IGNORECASE)


async def search(call: Call) -> JsonObject:
    """Return what is listed under some words, how it can be narrowed, and what of our own has this very id."""
    text, most = call.request.query.get("q", "").strip(), FOUND_ROWS_MAX - PAGE_ROWS_MAX
    first = call.first(most)
    where = call.request.query.getall("where", [])
    asked = [("q", text), ("first", str(first)), ("counts", "1"), *(("where", one) for one in where)]
    found = await call.of(ExchangeDoor).ask("GET", "/exchange/search?" + urlencode(asked))
    rows = [_card(one) for one in found["products"]]
    fits = fitting(rows, ("id", "title", "provider", "about", "titles", "first", "drawn"))
    after = first + (len(fits) if len(fits) < len(rows) else found["looked"])
    return {
        "q": text,
        "where": where,
        "found": found["found"],
        "first": first,
        "next": onward(after, most) if rows and found["found"] > after else None,
        "named": await call.core.store.read(lambda tx: _named(tx, text)),
        "chosen": [_chosen(text, where, one) for one in where],
        "counts": _counts(found.get("counts", {}), text, where, found["found"]),
        "rows": fits,
    }


def _card(one: Mapping[str, Any]) -> JsonObject:
    """Return what a card shows of a product: what it is, how large, how fresh, what it costs."""
    about = describing.described(one.get("dataset")) if "limits" not in one else {}
    told = {name: one[name] for name in ("id", "title", "price", "tier", "provider")}
    return told | {
        "quality": one.get("quality", {}).get("letter"),
        "prices": describing.prices(one),
        "about": (about.get("description") or {"en": ""})["en"][:ABOUT_CHARACTERS],
        "bytes": about.get("bytes"),
        "tableRows": about.get("tableRows") if int(about.get("tableRows") or 0) else None,
        "fresh": one.get("header", {}).get("sealedAt"),
        "frequency": about.get("frequency"),
        **{name: about.get(name) for name in ("titles", "facts", "first", "drawn")},
        "application": bool(about.get("application")),
        "whole": None if "limits" in one else whole(one),
    }


def _named(tx: Tx, text: str) -> list[JsonObject]:
    """Return what of our own has this id, or one that alone begins so: its kind, its title, the page that it is on."""
    try:
        plain = naming.meant(tx, naming.ANY, _BEFORE.sub("", text, count=1)) if text else ""
    except InvalidInput:  # the beginning of several
        return []
    found = []
    for kind, column in naming.THINGS if plain else ():
        row = tx.get(kind, **{column: plain})
        if row is not None and (there := PLACES.get(kind.TABLE.name)):
            title = getattr(row, "title", None) or plain
            found.append({"kind": kind.TABLE.name, "title": title, "link": there + quoted(plain, safe="")})
    return found


def _counts(told: Mapping[str, Any], text: str, where: Sequence[str], most: int) -> list[JsonObject]:
    """Return the facets by which the rest can be narrowed, each value with the address that narrows by it.

    A value that all have narrows nothing, and is left out.
    """
    return [
        {"name": name, "en": FACETS[name].en, "zh": FACETS[name].zh}
        | {
            "values": [
                {**one, "link": _asking(text, [*where, asked])}
                for one in values[:CONSOLE_FACET_VALUES_MAX]
                if (asked := f"{name}={one['value']}") not in where and one["count"] < most
            ]
        }
        for name, values in told.items()
        if name in FACETS
    ]


def _chosen(text: str, where: Sequence[str], one: str) -> JsonObject:
    """Return a condition that is asked for, in words, with the address that asks without it."""
    name, _, value = one.partition("=")
    facet = FACETS.get(name)
    words = None if facet is None else facet.words(value)
    en, zh = words or (value, value)
    rest = _asking(text, [other for other in where if other != one])
    if facet is None:
        return {"en": one, "zh": one, "link": rest}
    return {"en": f"{facet.en}: {en}", "zh": f"{facet.zh}:{zh}", "link": rest}


def _asking(text: str, where: Sequence[str]) -> str:
    return "/search?" + urlencode([("q", text), *(("where", one) for one in where)], quote_via=quoted)

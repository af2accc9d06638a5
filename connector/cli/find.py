"""`penstock find`: listed products by a word, or what a connector anywhere has on offer."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer

from connector.cli import declared
from connector.cli.speak import fail

BAR_CHARACTERS = 20
NAME_CHARACTERS = 32
# what is shown beside the results of a terminal, and how much of each
FACETS = ("topic", "industry", "region", "tier", "unit", "grade", "provider")
FACET_ROWS = 5


@declared.asking("product_find", "q")
def find(
    typed: declared.Typed,
    words: Annotated[list[str] | None, typer.Argument(help="words to look for")] = None,
    at: Annotated[str | None, typer.Option(help="whose catalogue: a DID, or the address of a connector")] = None,
    peer: Annotated[str | None, typer.Option(help="whose that is, where the address does not say")] = None,
    page: Annotated[str | None, typer.Option("--from", help="go on at this link of the catalogue")] = None,
    facet: Annotated[
        list[str] | None, typer.Option("--facet", help="NAME=VALUE: narrow to it; the answer shows which there are")
    ] = None,
    kind: Annotated[
        str | None, typer.Option("--kind", help="only these: dataset, service, or application, which is a program")
    ] = None,
    save: Annotated[str, typer.Option(help="save words and --where under this name, to be told what is new")] = "",
) -> None:
    """Find listed products, or with --at what another connector offers; in a terminal with what narrows them.

    For example: penstock find weather --where grade=1,2 --where rows=1000.. --counts
    """
    if at is not None:
        asked = {"peer": at} if at.startswith("did:") else {"base": at, "peer": peer}
        found = typed.of("catalogue_read").ask(**asked, start=page)
        found = _with_words(found, words or [])
        typed.tell(found, _lines(found))
        return
    kinds = [] if kind is None else [f"kind={kind}"]
    typed = typed.also(where=[*(typed["where"] or []), *(facet or []), *kinds] or None)
    if page or not (words or any(typed[name] for name in ("where", "counts", "purpose", "like"))):
        from connector.runtime.errors import InvalidInput  # noqa: PLC0415  # loaded when it is needed

        hint = "give a word or --where, or --at DID to see a whole catalogue"
        fail(InvalidInput("nothing to look for", hint), as_json=typed.as_json)
    asked_for = " ".join(words or [])
    if save:
        row = typed.of("search_save").ask(name=save, q=asked_for)
        typed.tell(row, [f"saved as {save}: penstock searches shows what is new"])
        return
    shown = is_seen() and not typed.as_json  # beside what is found, what it can be narrowed by
    found = (typed.also(counts=True) if shown else typed).ask(q=asked_for)
    lines = [line for row in found["products"] for line in _product(row)]
    # an exchange of before does not tell how many it looked at: all that it shows
    seen = typed["first"] + found.get("looked", len(found["products"]))
    if (more := found["found"] - seen) > 0:
        lines.append(f"and {more} more; add a word, or --first {seen}")
    lines = lines or ["nothing found; try one word of its title"]
    counts = found.get("counts", {})
    if shown and not typed["counts"]:
        counts = {name: rows[:FACET_ROWS] for name, rows in counts.items() if name in FACETS and len(rows) > 1}
        lines += ["", "narrow by:"] if counts else []
    typed.tell(found, lines + _counted(counts, "--facet " if shown and not typed["counts"] else ""))


def is_seen() -> bool:
    """Say whether a person reads the answer."""
    return sys.stdout.isatty()


def _product(row: dict[str, Any]) -> list[str]:
    """Return a line for what is listed here; a second one says where another was found, and what it lacks."""
    tier = row["tier"] or ("a service" if row.get("kind") == "service" else "delivery unknown")
    tier += ", an application" if (row.get("dataset") or {}).get("application") else ""
    line = f"{row['id']}  {row['title']}  {row['price'] or 'no price told'}  ({tier})"
    if "origins" not in row:
        return [line, *(f"    · {one['en']}" for one in row.get("limits", ()))]
    places = "; ".join(f"{one['source']}, read {one['read'] or one['fetched']}" for one in row["origins"])
    return [line, f"    of {row['provider']}, found at {places}", *(f"    · {one['en']}" for one in row["limits"])]


def _counted(counts: dict[str, list[dict[str, Any]]], before: str = "") -> list[str]:
    """Return a line for each value of each facet, with a bar as long as its share of the most frequent one."""
    lines = []
    for name, rows in counts.items():
        most = max((row["count"] for row in rows), default=1)
        for row in rows:
            called = "" if row["en"] == row["value"] else f"  {row['en']} · {row['zh']}"
            bar = "█" * max(1, round(BAR_CHARACTERS * row["count"] / most))
            lines.append(f"{before + name + '=' + row['value']:<{NAME_CHARACTERS}} {row['count']:>9,} {bar}{called}")
    return lines


def _with_words(found: dict[str, Any], words: list[str]) -> dict[str, Any]:
    """Keep the datasets whose id or title has every word; all of them without words."""
    from catalog.words import words as words_of  # noqa: PLC0415  # loaded when it is needed

    wanted = set(words_of(" ".join(words)))
    kept = [
        {
            **each,
            "datasets": [one for one in each["datasets"] if wanted <= set(words_of(f"{one['@id']} {_title(one)}"))],
        }
        for each in found["catalogues"]
    ]
    return {**found, "catalogues": kept}


def _lines(found: dict[str, Any]) -> list[str]:
    lines = []
    for each in found["catalogues"]:
        count = len(each["datasets"])
        lines.append(f"{each['participantId']} at {each['base']}: {count} {'dataset' if count == 1 else 'datasets'}")
        lines += [f"  {one['@id']}  {_title(one)}  {_price(one)}  ({_formats(one)})" for one in each["datasets"]]
    return lines + [f"not read: {each['at']} of {each['did']}: {each['why']}" for each in found["unread"]]


def _title(dataset: dict[str, Any]) -> str:
    from catalog.dataset import DCT  # noqa: PLC0415  # loaded when it is needed

    # Eclipse EDC calls it a name, in its own namespace
    told = ("title", "dct:title", DCT + "title", "edc:name", "https://w3id.org/edc/v0.0.1/ns/name", "name")
    return str(next((dataset[name] for name in told if name in dataset), ""))


def _price(dataset: dict[str, Any]) -> str:
    from connector.negotiation.protocol import offers  # noqa: PLC0415  # loaded when it is needed
    from connector.negotiation.protocol.errors import ProtocolError  # noqa: PLC0415  # loaded when it is needed
    from contracts import price_words  # noqa: PLC0415  # loaded when it is needed
    from contracts.tariff import Tariff  # noqa: PLC0415  # loaded when it is needed

    try:
        offer = offers.read(dataset["hasPolicy"][0])
    except ProtocolError:
        return "a price that contradicts itself"
    if offer.terms is not None:
        return price_words.price(Tariff.from_json(offer.terms["tariff"]))
    return "no price told" if offer.price is None else f"{offer.price} per unit, in a currency that it does not name"


def _formats(dataset: dict[str, Any]) -> str:
    return ", ".join(str(one["format"]).rsplit("/", 1)[-1] for one in dataset["distribution"])

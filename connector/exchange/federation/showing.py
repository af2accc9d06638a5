"""Products found elsewhere as members see them beside what is listed here, and as the index holds them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from catalog import foreign, service
from catalog.dataset import TITLE_CHARACTERS_MAX, dataset_from_json, searchable
from catalog.facets import Listed
from catalog.foreign import PROVIDER_CHARACTERS_MAX
from catalog.found import LIMITS, PLAIN, SEALED, is_found, limits_of
from catalog.printable import printable
from catalog.question import UNTOLD_GRADE, Entry, entry, foreign_entry
from catalog.source import UNSEEN
from catalog.spaces import MAIN, sight
from connector.exchange import kinds
from connector.exchange.federation import keeping
from connector.exchange.federation.among import KEYS_MAX, among
from connector.negotiation.protocol import offers
from connector.runtime.errors import Absent
from connector.runtime.limits import FOUND_BYTES_MAX
from connector.store.rows.catalogue import FederatedRow, FederatedState, HarvestedRow, SourceRow
from contracts import price_words
from contracts.tariff import Tariff, asked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject


def indexed(tx: Tx, row: FederatedRow) -> Entry:
    """Return what the index holds of a product found elsewhere; of one that is not to be found its id alone."""
    if row.state is not FederatedState.FOUND:
        return Entry(row.id, row.seq)
    sightings = tx.find(HarvestedRow, "product = ?", (row.id,))
    document = _counting(row, sightings).document
    sources = tuple(sorted({one.source for one in sightings}))
    if document["kind"] == service.TIER:
        told = service.from_json(document["service"])
        about = row.seq, document["provider"], MAIN, row.updated
        return service.entry(told, *about, key=row.id, sources=sources)
    title = printable(document["title"], TITLE_CHARACTERS_MAX)
    if document["kind"] != SEALED:
        return foreign_entry(row.id, row.seq, foreign.from_json(document), row.updated, sources)
    dataset = dataset_from_json(document["dataset"])
    tariff = Tariff.from_json(document["offer"]["terms"]["tariff"])
    listed = Listed(dataset, document["provider"], tariff, row.updated, sources)
    return entry(row.id, row.seq, title, searchable(dataset), listed)


def sight_of(sighting: HarvestedRow) -> str:
    """Return how the index spells who may see a product found elsewhere."""
    return sight(MAIN, _GRADES[sighting.kind](sighting.document))


_GRADES: Mapping[str, Callable[[JsonObject], int]] = {
    SEALED: lambda document: document["dataset"]["grade"],
    service.TIER: lambda document: document["service"]["grade"],
    PLAIN: lambda document: int(document["grade"] or UNTOLD_GRADE),
}


def page(tx: Tx, keys: Sequence[str]) -> tuple[list[JsonObject], int]:
    """Return what members see of the first of these products that fit a page, and how many those were.

    What is to be found no more is left out. One product is shown however long it is.
    """
    told: list[JsonObject] = []
    size = 0
    for first in range(0, len(keys), KEYS_MAX):
        some = keys[first : first + KEYS_MAX]
        found = _found(tx, [key for key in some if is_found(key)])
        for count, key in enumerate(some, first):
            one = found.get(key) if is_found(key) else kinds.shown(tx, key)
            size += 0 if one is None else len(orjson.dumps(one))
            if told and size > FOUND_BYTES_MAX:
                return told, count
            told += [] if one is None else [one]
    return told, len(keys)


def listed(tx: Tx, key: str) -> JsonObject:
    """Return what members see of one product; raises Absent."""
    if not is_found(key):
        kind = kinds.of(key)
        return kind.view(kind.listed(tx, key))
    found = _found(tx, [key]).get(key)
    if found is None:
        raise Absent(f"no source tells of a product `{key[:80]}`")
    return found


def seen(tx: Tx, sightings: Iterable[HarvestedRow]) -> dict[str, SourceRow]:
    """Return those of the sources of these sightings whose products are shown, by name."""
    rows = among(tx, SourceRow, "name", sorted({one.source for one in sightings}))
    return {row.name: row for row in rows if row.state not in UNSEEN}


def _found(tx: Tx, keys: Sequence[str]) -> dict[str, JsonObject]:
    """Return those of these products that are to be found, by three questions for all."""
    rows = [row for row in among(tx, FederatedRow, "id", keys) if row.state is FederatedState.FOUND]
    told: dict[str, list[HarvestedRow]] = {row.id: [] for row in rows}
    sightings = among(tx, HarvestedRow, "product", list(told))
    sources = seen(tx, sightings)
    for one in sightings:
        if one.source in sources:
            told[one.product].append(one)
    return {row.id: view(row, told[row.id], sources) for row in rows if told[row.id]}


def best_telling(tx: Tx, key: str) -> HarvestedRow | None:
    """Return the telling of a product that counts, of those that are shown; None if none is."""
    rows = tx.find(HarvestedRow, "product = ?", (key,))
    sources = seen(tx, rows)
    told = [one for one in rows if one.source in sources]
    return best(told, sources) if told else None


def best(sightings: Sequence[HarvestedRow], sources: Mapping[str, SourceRow]) -> HarvestedRow:
    """Return which of a product's tellings counts."""
    return keeping.best(sightings, {name: source.rank for name, source in sources.items()})


def view(row: FederatedRow, sightings: Sequence[HarvestedRow], sources: dict[str, SourceRow]) -> JsonObject:
    """Return what members see: as of a listing as far as it goes, besides `origins` and `limits`."""
    counting = best(sightings, sources)
    document, kind = counting.document, counting.kind
    told = _TOLD[kind](document)
    differ = len({_face(one.document) for one in sightings}) > 1
    lacks = limits_of(kind, priced=bool(told["price"]), hops=len(counting.path), differ=differ)
    limits = [LIMITS[key] for key in lacks]
    return {
        "id": row.id,
        "title": printable(document["title"], TITLE_CHARACTERS_MAX),
        "provider": _name(document["provider"]),
        "kind": kind,
        **told,
        "state": row.state,
        "source": counting.source,
        "origins": [_origin(one, sources[one.source]) for one in sorted(sightings, key=_near)],
        "limits": [{"key": one.key, "en": one.en, "zh": one.zh} for one in (*_OF_KIND.get(kind, ()), *limits)],
    }


def _sealed(document: JsonObject) -> JsonObject:
    kept = ("tier", "edition", "header", "offer", "dataset")
    return {**{name: document[name] for name in kept}, "price": price_words.price(asked(document["offer"]))}


def _service(document: JsonObject) -> JsonObject:
    price = price_words.price(service.from_json(document["service"]).tariff)
    # its provider's own address stands where that of a catalogue does
    return {"service": document["service"], "tier": "", "price": price, "base": document["service"]["endpoint"]}


def _unnamed(price: object) -> str:
    """Return a price that a catalogue tells without its currency; nobody here knows what its units are."""
    return f"{price} per unit, in a currency that it does not name" if price else ""


def _plain(document: JsonObject) -> JsonObject:
    """Return what a plain catalogue tells; the tier is what its ways of delivery can keep, empty for none we know."""
    product = foreign.from_json(document)
    tariff = product.priced_in
    price = price_words.price(tariff) if tariff else _unnamed(product.price)
    offer = {"id": product.policy.get("@id", ""), "policy": offers.rules(product.policy), "offers": product.offers}
    told = {name: getattr(product, name) for name in ("description", "region", "frequency", "grade", "rows", "size")}
    told |= {"keywords": list(product.keywords), "formats": list(product.formats), "classes": dict(product.classes)}
    tier = product.tiers[0] if product.tiers else ""
    return {"tier": tier, "price": price, "offer": offer, "dataset": told, "base": product.base}


# kind of what was found → what is told of it, and what it lacks besides
_TOLD: Mapping[str, Callable[[JsonObject], JsonObject]] = {SEALED: _sealed, service.TIER: _service, PLAIN: _plain}
_OF_KIND = {service.TIER: (service.LIMITS["used-outside"],)}


def _origin(sighting: HarvestedRow, source: SourceRow) -> JsonObject:
    """Return where a product was found: by whom it was passed on, how fresh that is, and whether it is a member's."""
    return {
        "source": sighting.source,
        "id": _name(sighting.document["id"] if sighting.kind == PLAIN else sighting.own),
        "path": list(sighting.path),
        "hops": len(sighting.path),
        "fetched": sighting.at.isoformat(timespec="seconds"),
        "read": source.read.isoformat(timespec="seconds") if source.read else None,
        "state": source.state,
        "member": source.member,
    }


def _counting(row: FederatedRow, sightings: Sequence[HarvestedRow]) -> HarvestedRow:
    return next(one for one in sightings if (one.source, one.own) == (row.source, row.origin))


def _face(document: JsonObject) -> tuple[str, str]:
    """Return what two origins of one product would have to tell alike."""
    if document["kind"] == SEALED:
        return document["title"], document["offer"]["ask"]
    if document["kind"] == service.TIER:
        return document["title"], document["service"]["tariff"]["minor"]
    return document["title"], document["tariff"].get("minor", document["price"])


def _near(sighting: HarvestedRow) -> tuple[int, str]:
    return len(sighting.path), sighting.source


def _name(text: str) -> str:
    """Return an identifier of somebody else's so that no other one looks like it."""
    return printable(text, PROVIDER_CHARACTERS_MAX).encode("ascii", "backslashreplace").decode()

"""Products found elsewhere as members see them beside what is listed here, and as the index holds them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from catalog import foreign
from catalog.dataset import dataset_from_json, searchable
from catalog.facets import Listed
from catalog.found import LIMITS, SEALED, is_found, limits_of
from catalog.printable import printable
from catalog.question import UNTOLD_GRADE, Entry, entry, foreign_entry
from catalog.source import UNSEEN, State
from catalog.spaces import MAIN, sight
from connector.errors import Absent
from connector.exchange import kinds
from connector.federation import keeping
from connector.protocol import offers
from contracts import price_words
from contracts.tariff import Tariff

if TYPE_CHECKING:
    from collections.abc import Sequence

    from catalog.foreign import Foreign
    from connector.store.transaction import Tx

    Row = dict[str, Any]

TITLE_CHARACTERS_MAX = 256
PROVIDER_CHARACTERS_MAX = 512


def indexed(tx: Tx, row: Row) -> Entry:
    """Return what the index holds of a product found elsewhere; of one that is not to be found its id alone."""
    if row["state"] != keeping.FOUND:
        return Entry(row["id"], row["seq"])
    sightings = tx.find("harvested", "product = ?", (row["id"],))
    document = _counting(row, sightings)["document"]
    sources = tuple(sorted({one["source"] for one in sightings}))
    title = printable(document["title"], TITLE_CHARACTERS_MAX)
    if document["kind"] != SEALED:
        return foreign_entry(row["id"], row["seq"], foreign.from_json(document), row["updated"], sources)
    dataset = dataset_from_json(document["dataset"])
    tariff = Tariff.from_json(document["offer"]["terms"]["tariff"])
    listed = Listed(dataset, document["provider"], tariff, row["updated"], sources)
    return entry(row["id"], row["seq"], title, searchable(dataset), listed)


def sight_of(sighting: Row) -> str:
    """Return how the index spells who may see a product found elsewhere."""
    document = sighting["document"]
    if document["kind"] == SEALED:
        return sight(MAIN, document["dataset"]["grade"])
    return sight(MAIN, int(document["grade"] or UNTOLD_GRADE))


def shown(tx: Tx, keys: Sequence[str]) -> list[Row]:
    """Return what members see of these products, in this order, without those that are to be found no more."""
    found = (_shown(tx, key) if is_found(key) else kinds.shown(tx, key) for key in keys)
    return [one for one in found if one is not None]


def listed(tx: Tx, key: str) -> Row:
    """Return what members see of one product; raises Absent."""
    if not is_found(key):
        kind = kinds.of(key)
        return kind.view(kind.listed(tx, key))
    found = _shown(tx, key)
    if found is None:
        raise Absent(f"no source tells of a product `{key[:80]}`")
    return found


def _shown(tx: Tx, key: str) -> Row | None:
    row = tx.get("federated", id=key)
    if row is None or row["state"] != keeping.FOUND:
        return None
    sightings = tx.find("harvested", "product = ?", (key,))
    named = {one["source"]: tx.get("sources", name=one["source"]) for one in sightings}
    sources = {name: source for name, source in named.items() if source and State(source["state"]) not in UNSEEN}
    seen = [one for one in sightings if one["source"] in sources]
    return view(row, seen, sources) if seen else None


def view(row: Row, sightings: Sequence[Row], sources: dict[str, Row]) -> Row:
    """Return what members see: as of a listing as far as it goes, besides `origins` and `limits`."""
    counting = keeping.best(sightings, {name: source["rank"] for name, source in sources.items()})
    document, kind = counting["document"], counting["kind"]
    told = _sealed(document) if kind == SEALED else _plain(foreign.from_json(document))
    differ = len({_face(one["document"]) for one in sightings}) > 1
    limits = limits_of(kind, priced=bool(told["price"]), hops=len(counting["path"]), differ=differ)
    return {
        "id": row["id"],
        "title": printable(document["title"], TITLE_CHARACTERS_MAX),
        "provider": _name(document["provider"]),
        "kind": kind,
        **told,
        "state": row["state"],
        "source": counting["source"],
        "origins": [_origin(one, sources[one["source"]]) for one in sorted(sightings, key=_near)],
        "limits": [{"key": key, "en": LIMITS[key].en, "zh": LIMITS[key].zh} for key in limits],
    }


def _sealed(document: Row) -> Row:
    tariff = Tariff.from_json({**document["offer"]["terms"]["tariff"], "minor": document["offer"]["ask"]})
    kept = ("tier", "edition", "header", "offer", "dataset")
    return {**{name: document[name] for name in kept}, "price": price_words.price(tariff)}


def _plain(product: Foreign) -> Row:
    """Return what a plain catalogue tells; the tier is what its ways of delivery can keep, empty for none we know."""
    tariff = product.priced_in
    price = price_words.price(tariff) if tariff else f"{product.price} minor units per unit" if product.price else ""
    offer = {"id": product.policy.get("@id", ""), "policy": offers.rules(product.policy), "offers": product.offers}
    told = {name: getattr(product, name) for name in ("description", "region", "frequency", "grade", "rows", "size")}
    told |= {"keywords": list(product.keywords), "formats": list(product.formats), "classes": dict(product.classes)}
    tier = product.tiers[0] if product.tiers else ""
    return {"tier": tier, "price": price, "offer": offer, "dataset": told, "base": product.base}


def _origin(sighting: Row, source: Row) -> Row:
    """Return where a product was found: by whom it was passed on, how fresh that is, and whether it is a member's."""
    return {
        "source": sighting["source"],
        "id": _name(sighting["own"] if sighting["kind"] == SEALED else sighting["document"]["id"]),
        "path": list(sighting["path"]),
        "hops": len(sighting["path"]),
        "fetched": sighting["at"].isoformat(timespec="seconds"),
        "read": source["read"].isoformat(timespec="seconds") if source["read"] else None,
        "state": source["state"],
        "member": source["member"],
    }


def _counting(row: Row, sightings: Sequence[Row]) -> Row:
    return next(one for one in sightings if (one["source"], one["own"]) == (row["source"], row["origin"]))


def _face(document: Row) -> tuple[str, str]:
    """Return what two origins of one product would have to tell alike."""
    if document["kind"] == SEALED:
        return document["title"], document["offer"]["ask"]
    return document["title"], document["tariff"].get("minor", document["price"])


def _near(sighting: Row) -> tuple[int, str]:
    return len(sighting["path"]), sighting["source"]


def _name(text: str) -> str:
    """Return an identifier of somebody else's so that no other one looks like it."""
    return printable(text, PROVIDER_CHARACTERS_MAX).encode("ascii", "backslashreplace").decode()

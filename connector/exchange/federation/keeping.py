"""What was harvested, kept: sightings by source, and above them each product once, whoever tells of it.

Law: (1) A page's sightings, the cursor behind it and what follows for the products are one transaction, so a crash
lands between two pages. (2) Nothing is taken away before its source was read to the end: a sighting that the newest
reading did not meet again is removed then (`sweep`). (3) Of several sightings that one counts which passed the fewest
parties, then that of the source that was added first; a source added later takes no product over.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from catalog.found import found_id
from catalog.listing import State as Listing
from connector.exchange.numbering import following, table_of
from connector.runtime.limits import GONE_PRODUCTS_MAX
from connector.store.rows.console import FactRow

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from connector.exchange.federation.entry import Sighting
    from connector.store.row import Row
    from connector.store.transaction import Tx


FOUND, HIDDEN, GONE = "found", "hidden", "gone"
# of which exchange's changes the oldest are forgotten: below it a reader begins again
FLOOR = "changes.floor"


def take(tx: Tx, source: Row, sightings: Sequence[Sighting], now: datetime) -> tuple[int, int]:
    """Keep a page of a source; return how many products it has now, and how many there was no room for."""
    name, count, left = source["name"], source["products"], 0
    touched: set[str] = set()
    for sighting in sightings:
        known = tx.get("harvested", source=name, own=sighting.own)
        if sighting.document is None:
            if known is not None:
                count -= tx.delete("harvested", source=name, own=sighting.own)
                touched.add(known["product"])
            continue
        if known is not None and known["digest"] == sighting.digest:
            tx.update("harvested", {"source": name, "own": sighting.own}, generation=source["generation"])
            continue
        if known is None and count >= source["most"]:
            left += 1
            continue
        count += known is None
        touched |= {_put(tx, source, sighting, now)} | ({known["product"]} if known else set())
    regroup(tx, touched, now)
    return count, left


def sweep(tx: Tx, source: Row, below: int, limit: int, now: datetime) -> int:
    """Remove up to `limit` sightings of generations below `below`; return how many those were."""
    what = source["name"], below
    old = tx.find("harvested", "source = ? and generation < ?", what, "generation", limit)
    for row in old:
        tx.delete("harvested", source=row["source"], own=row["own"])
    regroup(tx, {row["product"] for row in old}, now)
    return len(old)


def rethink(tx: Tx, provider: str, own: str, edition: str, now: datetime) -> None:
    """Find out again whether products are hidden, after a listing of ours with this provider, id and edition moved."""
    rows = tx.find("federated", "provider = ? and own = ?", (provider, own))
    rows += tx.find("federated", "edition = ?", (edition,)) if edition else []
    regroup(tx, {row["id"] for row in rows if row["state"] != GONE}, now)


def regroup(tx: Tx, products: Iterable[str], now: datetime) -> None:
    """Put together again what sightings say of products; each counts as a change."""
    keys = sorted(products)
    if not keys:
        return
    ranks = {row["name"]: row["rank"] for row in tx.find("sources")}
    for seq, key in enumerate(keys, following(tx)):
        rows = tx.find("harvested", "product = ?", (key,))
        if not rows:
            tx.update("federated", {"id": key}, state=GONE, seq=seq, updated=now)
            continue
        row = best(rows, ranks)
        about = {name: row["document"][of] for name, of in (("provider", "provider"), ("own", "id"))}
        state = HIDDEN if _listed_here(tx, **about, edition=row["edition"]) else FOUND
        where = {"source": row["source"], "origin": row["own"], "edition": row["edition"]}
        tx.put("federated", id=key, **about, **where, state=state, seq=seq, updated=row["changed"] or now)


def best(rows: Sequence[Row], ranks: dict[str, int]) -> Row:
    """Return the sighting that counts."""
    return min(rows, key=lambda row: (len(row["path"]), ranks.get(row["source"], 0), row["own"]))


def prune(tx: Tx) -> None:
    """Forget the oldest of what is gone, when there is too much of it: who has not read so far begins again."""
    count = int(tx.execute("SELECT count(*) AS n FROM federated WHERE state = ?", GONE)[0]["n"])
    if count <= GONE_PRODUCTS_MAX:
        return
    old = tx.find("federated", "state = ?", (GONE,), "seq", count - GONE_PRODUCTS_MAX // 2)
    for row in old:
        tx.delete("federated", id=row["id"])
    tx.put(FactRow(name=FLOOR, value={"seq": old[-1]["seq"]}))


def _put(tx: Tx, source: Row, sighting: Sighting, now: datetime) -> str:
    """Keep one sighting; return the product that it is of."""
    document = sighting.document
    assert document is not None, "what is gone is not kept"
    edition = document.get("edition", "")  # what is not sealed has none
    product = _product(tx, document["provider"], document["id"], edition)
    tx.put(
        "harvested",
        source=source["name"],
        own=sighting.own,
        product=product,
        kind=document["kind"],
        edition=edition,
        document=dict(document),
        path=list(sighting.path),
        digest=sighting.digest,
        changed=sighting.changed,
        generation=source["generation"],
        at=now,
    )
    return product


def _product(tx: Tx, provider: str, own: str, edition: str) -> str:
    """Return the id here of a product: that of another name which its provider gave the same edition, or its own."""
    key = found_id(provider, own)
    same = tx.find("federated", "edition = ? and provider = ?", (edition, provider), "id", 1) if edition else []
    return same[0]["id"] if same and same[0]["state"] != GONE else key


def _listed_here(tx: Tx, provider: str, own: str, edition: str) -> bool:
    row = tx.get(table_of(own), id=own)
    if row is not None and row["provider"] == provider and row["state"] == Listing.LISTED.value:
        return True
    where = "edition = ? and state = ?"
    return bool(edition and tx.find("listings", where, (edition, Listing.LISTED.value), "id", 1))

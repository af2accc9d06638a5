"""What was harvested, kept: sightings by source, and above them each product once, whoever tells of it.

Law: (1) A page's sightings, the cursor behind it and what follows for the products are one transaction, so a crash
lands between two pages. (2) Nothing is taken away before its source was read to the end: a sighting that the newest
reading did not meet again is removed then (`sweep`). (3) Of several sightings that one counts which passed the fewest
parties, then that of the source that was added first; a source added later takes no product over.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from catalog.found import found_id
from catalog.listing import State as Listing
from connector.exchange import standing
from connector.exchange.federation.among import among
from connector.exchange.numbering import following, row_of
from connector.runtime.limits import GONE_PRODUCTS_MAX
from connector.store.rows.catalogue import FederatedRow, FederatedState, HarvestedRow, ListingRow, SourceRow
from connector.store.rows.console import FactRow

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from connector.exchange.federation.entry import Sighting
    from connector.store.transaction import Tx


# of which exchange's changes the oldest are forgotten: below it a reader begins again
FLOOR = "changes.floor"


def take(tx: Tx, source: SourceRow, sightings: Sequence[Sighting], now: datetime) -> tuple[int, int]:
    """Keep a page of a source; return how many products it has now, and how many there was no room for."""
    name, count, left = source.name, source.products, 0
    touched, met = set[str](), set[str]()
    owns = [sighting.own for sighting in sightings]
    there = {row.own: row for row in among(tx, HarvestedRow, "own", owns, "source = ?", name)}
    for sighting in sightings:
        own = sighting.own
        # one that a page tells twice is there as it was told first
        known = tx.get(HarvestedRow, source=name, own=own) if own in met else there.get(own)
        met.add(own)
        if sighting.document is None:
            if known is not None:
                count -= tx.delete(HarvestedRow, source=name, own=sighting.own)
                touched.add(known.product)
            continue
        if known is not None and known.digest == sighting.digest:
            tx.change(known, replace(known, generation=source.generation))
            continue
        if known is None and count >= source.most:
            left += 1
            continue
        count += known is None
        touched |= {_put(tx, source, sighting, now)} | ({known.product} if known else set())
    regroup(tx, touched, now)
    return count, left


def sweep(tx: Tx, source: SourceRow, below: int, limit: int, now: datetime) -> int:
    """Remove up to `limit` sightings of generations below `below`; return how many those were."""
    what = source.name, below
    old = tx.find(HarvestedRow, "source = ? and generation < ?", what, "generation", limit)
    for row in old:
        tx.delete(HarvestedRow, source=row.source, own=row.own)
    regroup(tx, {row.product for row in old}, now)
    return len(old)


def rethink(tx: Tx, provider: str, own: str, edition: str, now: datetime) -> None:
    """Find out again whether products are hidden, after a listing of ours with this provider, id and edition moved."""
    rows = tx.find(FederatedRow, "provider = ? and own = ?", (provider, own))
    rows += tx.find(FederatedRow, "edition = ?", (edition,)) if edition else []
    regroup(tx, {row.id for row in rows if row.state is not FederatedState.GONE}, now)


def regroup(tx: Tx, products: Iterable[str], now: datetime) -> None:
    """Put together again what sightings say of products; each counts as a change."""
    keys = sorted(products)
    if not keys:
        return
    told: dict[str, list[HarvestedRow]] = {key: [] for key in keys}
    for one in among(tx, HarvestedRow, "product", keys):
        told[one.product].append(one)
    names = sorted({one.source for rows in told.values() for one in rows})
    ranks = {row.name: row.rank for row in among(tx, SourceRow, "name", names)}
    for seq, (key, rows) in enumerate(told.items(), following(tx)):
        if not rows:
            tx.update(FederatedRow, {"id": key}, state=FederatedState.GONE, seq=seq, updated=now)
            continue
        row = best(rows, ranks)
        about = {name: row.document[of] for name, of in (("provider", "provider"), ("own", "id"))}
        listed = _listed_here(tx, **about, edition=row.edition)
        state = FederatedState.HIDDEN if listed else FederatedState.FOUND
        where = {"source": row.source, "origin": row.own, "edition": row.edition}
        tx.put(FederatedRow(id=key, **about, **where, state=state, seq=seq, updated=row.changed or now))


def best(rows: Sequence[HarvestedRow], ranks: dict[str, int]) -> HarvestedRow:
    """Return the sighting that counts."""
    return min(rows, key=lambda row: (len(row.path), ranks.get(row.source, 0), row.own))


def prune(tx: Tx) -> None:
    """Forget the oldest of what is gone, when there is too much of it: who has not read so far begins again."""
    count = int(tx.execute("SELECT count(*) AS n FROM federated WHERE state = ?", FederatedState.GONE.value)[0]["n"])
    if count <= GONE_PRODUCTS_MAX:
        return
    old = tx.find(FederatedRow, "state = ?", (FederatedState.GONE,), "seq", count - GONE_PRODUCTS_MAX // 2)
    for row in old:
        tx.delete(FederatedRow, id=row.id)
    tx.put(FactRow(name=FLOOR, value={"seq": old[-1].seq}))


def _put(tx: Tx, source: SourceRow, sighting: Sighting, now: datetime) -> str:
    """Keep one sighting; return the product that it is of."""
    document = sighting.document
    assert document is not None, "what is gone is not kept"
    edition = document.get("edition", "")  # what is not sealed has none
    product = _product(tx, document["provider"], document["id"], edition)
    kept = HarvestedRow(
        source=source.name,
        own=sighting.own,
        product=product,
        kind=document["kind"],
        edition=edition,
        document=dict(document),
        path=list(sighting.path),
        digest=sighting.digest,
        changed=sighting.changed,
        generation=source.generation,
        at=now,
    )
    tx.put(kept)
    return product


def _product(tx: Tx, provider: str, own: str, edition: str) -> str:
    """Return the id here of a product: that of another name which its provider gave the same edition, or its own."""
    key = found_id(provider, own)
    same = tx.find(FederatedRow, "edition = ? and provider = ?", (edition, provider), "id", 1) if edition else []
    return same[0].id if same and same[0].state is not FederatedState.GONE else key


def _listed_here(tx: Tx, provider: str, own: str, edition: str) -> bool:
    row = tx.get(row_of(own), id=own)
    if row is not None and not isinstance(row, FederatedRow) and row.provider == provider and standing.shown(row):
        return True
    where = "edition = ? and state = ?"
    return bool(edition and tx.find(ListingRow, where, (edition, Listing.LISTED), "id", 1))

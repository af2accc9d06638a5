"""Listings: products that providers submit, their moves, and how buyers find them.

Law: a listing is what the provider said and the exchange checked. How it is found and moved, and what its versions are,
is that of everything on the list (`connector.exchange.stock`).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC
from typing import TYPE_CHECKING, Any

from catalog import difference, faces, identifiers
from catalog.dataset import dataset_from_json, searchable
from catalog.facets import DATASET, Listed
from catalog.found import SEALED
from catalog.listing import Move, State, moved, renewing
from catalog.lookalike import skeleton
from catalog.quality import letter, qualities
from catalog.question import Entry, entry
from catalog.spaces import MAIN
from connector.exchange import standing
from connector.exchange.case import Turn
from connector.exchange.handed_in import CODE, LISTING_KEYS, RESOURCE, SAMPLE, SPACE
from connector.exchange.numbering import following, seq_of
from connector.exchange.stock import MOVED, Stock
from connector.exchange.versions import Versions
from connector.runtime.errors import Conflict, RequestRefused
from connector.runtime.limits import MEMBER_DAILY_PRODUCTS_MAX, MEMBER_PRODUCTS_MAX, PAGE_ROWS_MAX
from connector.store.rows.catalogue import HandedInRow, ListingRow
from contracts import price_words
from contracts.canonical import sha
from contracts.tariff import Tariff, asked
from ledger.edition.header import read_header

if TYPE_CHECKING:
    from datetime import datetime

    from catalog.dataset import Dataset
    from connector.exchange.numbering import Stocked
    from connector.store.evidence import Evidence
    from connector.store.transaction import Tx

# what a question calls these, and how other standards have one (`connector.exchange.kinds`)
NAME, FACES = DATASET, faces.FACES
VERSIONS = Versions(
    ("title", "dataset", "offer", "tier", "edition", "header", SPACE, SAMPLE, RESOURCE, CODE), difference.differences
)
ABSENT = "members see what is listed by `penstock find`, an operator the rest by `penstock exchange listings`"
STOCK = Stock(
    ListingRow,
    "id",
    "there is no listing `{}`",
    ABSENT,
    MOVED,
    said=lambda row: row.header,
    part="id",
    versions=VERSIONS,
)
find, listed, move, absent = STOCK.find, STOCK.listed, STOCK.step, STOCK.absent
ALIKE_SHOWN = 5
EXPOSURE = "maxExposure"  # of the terms: what may be owed at a time, worked out of the price
SPLIT = "split"  # of the terms: who is paid, another account of its provider after one that was; a project's is checked


def submit(tx: Tx, evidence: Evidence, document: dict[str, Any], provider: str, now: datetime) -> ListingRow:
    """Take in a checked submission; the same one again changes nothing, a later edition is the listing's next version.

    Raises `Conflict` for another provider's id, and for an edition that does not follow the listed one.
    """
    key = document["id"]
    known = tx.get(ListingRow, id=key)
    if known is not None and known.code and not identifiers.read(known.code).local:
        document[CODE] = known.code  # the node has assigned it, whether its provider knows or not
    if (code := document[CODE]) and any(row.id != key for row in tx.find(ListingRow, "code = ?", (code,), limit=2)):
        raise Conflict(f"another product has the code `{code}`", "a code is of one product")
    if known is not None:
        if known.provider != provider:
            raise Conflict(f"the product id `{key}` is taken", "choose another id")
        row = replace(known, space=known.space or MAIN)  # a listing of before there were several
        if row.state is not State.WITHDRAWN and VERSIONS.of(row) == VERSIONS.document(document):
            return row
        _count(tx, provider, now)
        return _renew(tx, evidence, known, document, provider, now)
    count = tx.execute("SELECT count(*) AS submitted FROM listings WHERE provider = ?", provider)[0]["submitted"]
    if count >= MEMBER_PRODUCTS_MAX:
        raise Conflict(f"one provider lists at most {MEMBER_PRODUCTS_MAX} products", "hand in a later edition")
    _count(tx, provider, now)
    row = ListingRow(
        id=key,
        **VERSIONS.document(document),
        skeleton=skeleton(document["title"]),
        provider=provider,
        state=State.SUBMITTED,
        seed=None,
        review=None,
        reason=None,
        created=now,
        updated=now,
        seq=following(tx),
    )
    return STOCK.keep(tx, evidence, None, Turn(row, provider, digest=sha(document).hex()))


def _count(tx: Tx, provider: str, now: datetime) -> None:
    """Count what a member hands in today; raises RequestRefused when it is too much for one day."""
    row, day = tx.get(HandedInRow, member=provider), now.astimezone(UTC).date().isoformat()
    count = row.count if row is not None and row.day == day else 0
    if count >= MEMBER_DAILY_PRODUCTS_MAX:
        text = f"one provider hands in at most {MEMBER_DAILY_PRODUCTS_MAX} new or changed products a day"
        raise RequestRefused("too-many", text, "go on tomorrow: a day begins at midnight UTC")
    tx.put(HandedInRow(member=provider, day=day, count=count + 1))


def _renew(
    tx: Tx, evidence: Evidence, known: ListingRow, document: dict[str, Any], provider: str, now: datetime
) -> ListingRow:
    """Put the next version in the place of a listing; what it says of the edition is to be reviewed anew."""
    if known.state is State.LISTED and _but_for_price(VERSIONS.of(known)) == _but_for_price(document):
        return _price(tx, evidence, known, document, provider, now)
    before = VERSIONS.reviewed(tx, known.id, document)
    stands = standing.kept(known, VERSIONS.of(known))
    if known.state in standing.WAITING and _but_for_price(VERSIONS.of(known)) == _but_for_price(document):
        stands = _at_price(stands, document["offer"])
    same = known.edition == document["edition"]
    if before is None and not same:
        _check_follows(known, document)
    reason = f"back to version {before.number}" if before else ""
    row = replace(
        known,
        **VERSIONS.document(document),
        skeleton=skeleton(document["title"]),
        state=moved(known.state, renewing(known.state), role="provider"),
        review=before.review if before else None,
        seed=known.seed if same and not before else None,
        reason=reason,
        updated=now,
        seq=following(tx),
        standing=stands,
    )
    # the event tells which header was there before
    STOCK.keep(tx, evidence, known, Turn(row, provider, reason, digest=sha(known.header).hex()))
    return STOCK.list_again(tx, evidence, known.id, now) if before else row


def _but_for_price(said: dict[str, Any]) -> dict[str, Any]:
    """Return what a version says but its price, the exposure that follows from it, and the accounts that are paid."""
    told = VERSIONS.document(said)
    offer = {name: value for name, value in told["offer"].items() if name != "ask"}
    terms = {name: value for name, value in offer["terms"].items() if name not in (EXPOSURE, SPLIT)}
    tariff = {name: value for name, value in terms["tariff"].items() if name != "minor"}
    return told | {"offer": offer | {"terms": terms | {"tariff": tariff}}}


def _at_price(stands: dict[str, Any] | None, offer: dict[str, Any]) -> dict[str, Any] | None:
    """Return what stands at the price of the version after it, where the two count the same: a price alone is at once.

    Where they do not, what stands keeps its own until the next version is listed.
    """
    if stands is None:
        return None
    said = stands["said"]
    terms, asks = said["offer"]["terms"], offer["terms"]
    if {**terms["tariff"], "minor": ""} != {**asks["tariff"], "minor": ""}:
        return stands
    priced = {**terms, "tariff": asks["tariff"]} | ({EXPOSURE: asks[EXPOSURE]} if EXPOSURE in asks else {})
    return stands | {"said": said | {"offer": said["offer"] | {"ask": offer["ask"], "terms": priced}}}


def _price(
    tx: Tx, evidence: Evidence, known: ListingRow, document: dict[str, Any], provider: str, now: datetime
) -> ListingRow:
    """Put another price in the place of a listing's: nothing that its review looked at is another (decision 0136)."""
    was, asks = (price_words.price(asked(offer)) for offer in (known.offer, document["offer"]))
    reason = f"price: {was} → {asks}"
    state = moved(known.state, Move.PRICE, role="provider")
    row = replace(known, offer=document["offer"], state=state, reason=reason, updated=now, seq=following(tx))
    VERSIONS.keep(tx, row, now)
    return STOCK.keep(tx, evidence, known, Turn(row, provider, reason, digest=sha(document["offer"]).hex()))


def _check_follows(known: ListingRow, document: dict[str, Any]) -> None:
    """Raise `Conflict` for an edition that is not a later one of what is listed."""
    old, new = read_header(known.header), read_header(document["header"])
    if new.series != old.series or new.number <= old.number:
        raise Conflict(f"the edition does not follow the one listed as `{known.id}`", "publish the next one")


def page(tx: Tx, state: State, first: int) -> list[dict[str, Any]]:
    """Return listings of a state for the operator, those first that are in it longest."""
    query = "SELECT id FROM listings WHERE state = ? ORDER BY updated, id LIMIT ? OFFSET ?"
    rows = [find(tx, str(key)) for key in tx.column(query, state.value, PAGE_ROWS_MAX, first)]
    names = ("id", "title", "provider", "tier", "edition", "state", "reason")
    return [
        {name: getattr(row, name) for name in names} | {"since": row.updated.isoformat(), "alike": _alike(tx, row)}
        for row in rows
    ]


def _alike(tx: Tx, row: ListingRow) -> list[dict[str, str]]:
    """Return listings of other providers whose titles are or look the same: the reviewer asks whose it really is."""
    what = row.skeleton, row.provider
    # asked so, the index leads past however many the provider has itself
    found = [
        one
        for side in ("<", ">")
        for one in tx.find(ListingRow, f"skeleton = ? and provider {side} ?", what, "provider, id", ALIKE_SHOWN)
    ]
    return [{"id": one.id, "title": one.title, "provider": one.provider} for one in found[:ALIKE_SHOWN]]


def number(tx: Tx) -> None:
    """Give a `seq` to listings of before there were any."""
    for row in tx.find(ListingRow, "seq is null"):
        tx.change(row, replace(row, seq=following(tx)))


def view(row: Stocked) -> dict[str, Any]:
    """Return what members see of a listing."""
    row = STOCK.own(row)
    return {
        "id": row.id,
        "space": row.space or MAIN,
        "code": row.code,
        "resource": row.resource,
        "title": row.title,
        "provider": row.provider,
        "tier": row.tier,
        "price": price_words.price(asked(row.offer)),
        "edition": row.edition,
        "header": row.header,
        "offer": row.offer,
        "dataset": row.dataset,
        "quality": _quality(row),
        "state": row.state,
        "review": row.review,
    }


def indexed(row: Stocked) -> Entry:
    """Return what the index holds of a listing; of one that is not to be found its key alone."""
    found = standing.shown(row)
    if found is None:
        return Entry(row.id, seq_of(row))
    row = STOCK.own(found)
    dataset = dataset_from_json(row.dataset)
    tariff = Tariff.from_json(row.offer["terms"]["tariff"])
    listed_as = Listed(dataset, row.provider, tariff, row.updated, space=row.space or MAIN)
    return entry(row.id, seq_of(row), row.title, searchable(dataset), listed_as)


def described(document: dict[str, Any]) -> Dataset:
    """Return the data set."""
    return dataset_from_json(document["dataset"])


def take_review(tx: Tx, evidence: Evidence, row: Stocked, finding: dict[str, Any], now: datetime) -> None:
    """Keep what a review found; of the edition is what it opened, of this version what it doubts."""
    row = STOCK.own(row)
    fields = {name: finding[name] for name in ("seed", "rows", "bound")}
    evidence.record(tx, "edition.reviewed", part=row.edition, fields=fields, now=now)
    tx.change(row, replace(row, review=finding))


def told(row: Stocked) -> dict[str, Any]:
    """Return a listing as other exchanges are told of it."""
    return {"kind": SEALED, "provider": row.provider, **{name: getattr(row, name) for name in LISTING_KEYS}}


def ruled(document: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """Return its policy and tier."""
    return document["offer"]["policy"], document["tier"]


def _quality(row: ListingRow) -> dict[str, Any]:
    """Return the measured qualities of a listing in basis points, and the letter they come to."""
    dataset = dataset_from_json(row.dataset)
    return {"letter": letter(dataset, row.updated), **qualities(dataset, row.updated)}

"""Data services on the list: handed in by members, reviewed by the exchange, found beside the products.

Law: a service is found and moved like everything on the list, and its versions are kept (`connector.exchange.stock`);
its document is on the exchange alone, so its provider goes back to a version here. One that says what no reviewed
version said is reviewed anew, by an operator's reading or by the rules alone, and every view of it says by which.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from catalog import difference, faces, service
from catalog.facets import DATA_SERVICE
from catalog.listing import FOUND_IN, State, moved, renewing
from catalog.question import Entry
from connector.exchange.case import Turn
from connector.exchange.numbering import following
from connector.exchange.stock import MOVED, Stock
from connector.exchange.versions import Versions
from connector.runtime.errors import Conflict
from connector.runtime.limits import MEMBER_SERVICES_MAX, PAGE_ROWS_MAX
from connector.store.rows.catalogue import ServiceRow
from contracts import price_words

if TYPE_CHECKING:
    from datetime import datetime

    from catalog.service import Service
    from connector.exchange.numbering import Stocked
    from connector.store.evidence import Evidence
    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject


# what a question calls these, and how other standards have one (`connector.exchange.kinds`)
NAME, FACES = DATA_SERVICE, faces.SERVICE_FACES
VERSIONS = Versions(("title", "space", "service"), difference.of_services)
STOCK = Stock(
    ServiceRow, "id", "there is no service `{}`", "", MOVED, said=lambda row: row.service, part="id", versions=VERSIONS
)
find, listed, move, absent = STOCK.find, STOCK.listed, STOCK.step, STOCK.absent
# what a reader is told in the place of the bound that a draw of rows gives
READ, CHECKED = "read by the exchange's operator", "held against the rules of its space, read by nobody"
# those that are nobody's to read or to find any more
ENDED = (State.WITHDRAWN.value, State.REFUSED.value)


def submit(
    tx: Tx, evidence: Evidence, document: JsonObject, provider: str, now: datetime, reason: str = ""
) -> ServiceRow:
    """Take in a checked submission; the same one again changes nothing, another one is the service's next version.

    Raises `Conflict` for another provider's id and beyond `MEMBER_SERVICES_MAX`.
    """
    key, known = document["id"], tx.get(ServiceRow, id=document["id"])
    if known is not None:
        if known.provider != provider:
            raise Conflict(f"the service id `{key[:200]}` is taken", "choose another id")
        if VERSIONS.of(known) == VERSIONS.document(document) and known.state not in ENDED:
            return known
        return _renew(tx, evidence, known, document, reason, now)
    own_ = tx.execute("SELECT count(*) AS n FROM services WHERE provider = ? AND state NOT IN (?, ?)", provider, *ENDED)
    if own_[0]["n"] >= MEMBER_SERVICES_MAX:
        raise Conflict(f"one member lists at most {MEMBER_SERVICES_MAX} services", "withdraw one that is old")
    row = ServiceRow(
        id=key,
        **VERSIONS.document(document),
        provider=provider,
        state=State.SUBMITTED,
        review=None,
        reason="",
        seq=following(tx),
        created=now,
        updated=now,
    )
    return STOCK.keep(tx, evidence, None, Turn(row, provider))


def _renew(
    tx: Tx, evidence: Evidence, known: ServiceRow, document: JsonObject, reason: str, now: datetime
) -> ServiceRow:
    """Put the next version in the place of a service; one that was reviewed as it is, is listed at once."""
    before = VERSIONS.reviewed(tx, known.id, document)
    reason = reason or (f"back to version {before.number}" if before else "")
    row = replace(
        known,
        **VERSIONS.document(document),
        state=moved(known.state, renewing(known.state), role="provider", reason=reason),
        review=before.review if before else None,
        reason=reason,
        updated=now,
        seq=following(tx),
    )
    STOCK.keep(tx, evidence, known, Turn(row, known.provider, reason))
    return STOCK.list_again(tx, evidence, known.id, now) if before else row


def version(tx: Tx, key: str, number: int, provider: str) -> JsonObject:
    """Return a version of a provider's own service as it was handed in; raises Absent."""
    row = find(tx, key)
    if row.provider != provider:
        raise absent(key)
    return {"id": key, **VERSIONS.find(tx, key, number).document}


def page(tx: Tx, state: State, first: int) -> list[JsonObject]:
    """Return services of a state for the operator, those first that are in it longest."""
    return _page(tx, "state = ?", state.value, first)


def own(tx: Tx, provider: str, first: int) -> list[JsonObject]:
    """Return a provider's services in every state, those first that are in it longest."""
    return _page(tx, "provider = ?", provider, first)


def _page(tx: Tx, where: str, what: str, first: int) -> list[JsonObject]:
    rows = tx.find(ServiceRow, where, (what,), "updated", first + PAGE_ROWS_MAX)[first:]
    names = ("id", "title", "provider", "state", "reason")
    return [{name: getattr(row, name) for name in names} | {"since": row.updated.isoformat()} for row in rows]


def view(row: Stocked) -> JsonObject:
    """Return what members see of a service; its `limits` say what it lacks beside a product."""
    row = STOCK.own(row)
    about = {name: getattr(row, name) for name in ("id", "space", "title", "provider", "service", "state", "review")}
    by_rules = (row.review or {}).get("bound") == CHECKED
    lacks = ("used-outside", "rules-only-review" if by_rules else "read-only-review")
    limits = [{"key": key, "en": service.LIMITS[key].en, "zh": service.LIMITS[key].zh} for key in lacks]
    price = price_words.price(service.from_json(row.service).tariff)
    return about | {"kind": service.TIER, "tier": "", "price": price, "limits": limits}


def indexed(row: Stocked) -> Entry:
    """Return what the index holds of a service; of one that is not to be found its id alone."""
    row = STOCK.own(row)
    if row.state not in FOUND_IN:
        return Entry(row.id, row.seq)
    return service.entry(service.from_json(row.service), row.seq, row.provider, row.space, row.updated)


def take_review(tx: Tx, _evidence: Evidence, row: Stocked, finding: JsonObject, _now: datetime) -> None:
    """Keep what a review found; nothing was opened, so the moves are all that is on record."""
    row = STOCK.own(row)
    tx.change(row, replace(row, review=finding))


def told(row: Stocked) -> JsonObject:
    """Return a service as other exchanges are told of it."""
    return {"kind": service.TIER, **{name: getattr(row, name) for name in ("provider", "id", "title", "service")}}


def described(document: JsonObject) -> Service:
    """Return the service."""
    return service.from_json(document["service"])


def ruled(document: JsonObject) -> tuple[JsonObject, str]:
    """Return its policy, and what stands for the tier that it has not."""
    return document["service"]["policy"], service.TIER

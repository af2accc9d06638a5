"""What becomes of a product where that is to be decided, as functions of its row.

Law: nothing is looked up and nothing is written here; `on_offer.keep` writes the row that follows, in the transaction
of the thing that was done.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from catalog.dataset import dataset_json
from connector.licence import hosted
from connector.negotiation.on_offer import OFFERED, offered, stood, version
from connector.runtime.errors import Conflict
from connector.store.rows.product import ProductState as State
from connector.store.table_row import replace

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from catalog.dataset import Dataset
    from connector.store.rows.product import ProductRow
    from contracts.canonical import JsonObject

# what makes it another product: another id is due
LASTING = ("tier", "offer", "unlisted")


def begun(known: ProductRow | None, draft: ProductRow) -> ProductRow | None:
    """Return what follows when a product is published by a draft, None when it is on its way by just that one.

    One that never was sealed begins anew; one on offer stays there as it is until its next edition is durable. Raises
    Conflict for what would be another product.
    """
    if known is None:
        return draft
    if hosted.HOSTED in (known.terms or {}):
        raise Conflict(f"`{known.id}` is hosted for another provider", "it delegates its next edition itself")
    if known.state is State.FAILED and known.edition is None:
        return replace(draft, created=known.created)
    if known.state in OFFERED:
        changed = [name for name in LASTING if known.brief.get(name) != draft.brief.get(name)]
        if changed:
            raise Conflict(f"`{changed[0]}` of the product `{known.id}` is another", "choose another id")
        # whoever may not know of it does not come to by its next edition, but what nobody may is published anew
        access = draft.access if draft.access is not None else known.access or None
        return replace(known, renewal=draft.brief, access=access, state=State.RENEWING, reason=None)
    if (known.renewal or known.brief) != draft.brief:
        raise Conflict(f"the product `{known.id}` was published with another brief", "choose another id")
    return None


def renewed(row: ProductRow, draft: ProductRow) -> ProductRow:
    """Return a product with what the brief of its next edition says."""
    return replace(row, brief=draft.brief, title=draft.title, policy=draft.policy, limits=draft.limits)


def sealed(
    known: ProductRow,
    said: ProductRow,
    edition: str,
    dataset: Dataset,
    sample: JsonObject | None,
    terms: JsonObject,
    limits: JsonObject,
    now: datetime,
    *,
    fresh: bool,
) -> ProductRow:
    """Return what follows when an edition is sealed as `said`; one that is not `fresh` is registered already.

    What was on offer before stands beside it until the exchange has reviewed the new version, if that is another.
    """
    after = replace(
        known,
        brief=said.brief,
        title=said.title,
        policy=said.policy,
        renewal=None,
        edition=edition,
        dataset=dataset_json(dataset),
        sample=sample,
        terms=terms,
        limits=limits,
        state=State.SEALED if fresh else State.REGISTERED,
        updated=now,
    )
    if known.state is not State.RENEWING or known.blind or version(known) == version(after):
        return after
    return replace(after, standing=known.standing or version(known))


def registered(row: ProductRow, now: datetime) -> ProductRow:
    """Return what follows when the chain has its edition."""
    return replace(row, state=State.REGISTERED, updated=now)


def on_offer(row: ProductRow, now: datetime, *, waits: bool) -> ProductRow:
    """Return what follows when the exchange has it, or nobody is to; what stands does while the review `waits`."""
    return replace(row, state=offered(row), standing=row.standing if waits else None, updated=now)


def listed(row: ProductRow, now: datetime) -> ProductRow:
    """Return what follows when the exchange lists the version that waited: nothing stands beside it."""
    return replace(row, standing=None, updated=now)


def beside(row: ProductRow, listed: JsonObject | None) -> ProductRow:
    """Return a product with the version beside it that the exchange lists, if that is another than stood there."""
    return row if listed is None or listed == row.standing else replace(row, standing=listed)


def refused(row: ProductRow, reason: str, now: datetime) -> ProductRow:
    """Return what follows when the exchange refused the version that waited: the one that stood is the product.

    Who is publishing the next one meanwhile is told of that one.
    """
    return replace(stood(row), reason=reason if row.state in OFFERED else None, updated=now)


def failed(row: ProductRow, reason: str, now: datetime) -> ProductRow:
    """Return what follows a fault; a product whose next edition failed is on offer as it was.

    What it falls back to stands beside it as well, until the exchange is asked: another version that was handed in
    between may be waiting there, and is the product once it is listed.
    """
    state = offered(row) if row.state is State.RENEWING or row.standing is not None else State.FAILED
    row = row if row.state is State.RENEWING else replace(stood(row), standing=row.standing)
    return replace(row, state=state, reason=reason, renewal=None, updated=now)


def anew(row: ProductRow, now: datetime) -> ProductRow:
    """Return what follows when its edition leaked: it is sealed again, without what leaked."""
    return replace(row, state=State.DRAFT, updated=now)


def priced(row: ProductRow, brief: JsonObject, terms: JsonObject, now: datetime) -> ProductRow:
    """Return what follows another price: it is on its way to the exchange again, as it is but for that."""
    limits = row.limits | {"ask": brief["price"], "floor": brief["floor"]}
    standing = _at_price(row.standing, brief, terms)
    after = replace(row, brief=brief, terms=terms, limits=limits, standing=standing)
    return replace(after, state=State.REGISTERED, reason=None, updated=now)


def unpriced(row: ProductRow, before: Mapping[str, Any], reason: str, now: datetime) -> ProductRow:
    """Return what follows when the exchange refused another price: on offer at the one before, `repricing.PRICED`."""
    return replace(row, **before, state=offered(row), reason=reason, updated=now)


def gone_back(row: ProductRow, kept: Mapping[str, Any], now: datetime) -> ProductRow:
    """Return what follows when an earlier version takes its place: as if that were on its way to the exchange."""
    standing = None if row.blind else row.standing or version(row)
    return replace(row, **kept, standing=standing, state=State.REGISTERED, reason=None, updated=now)


def _at_price(standing: JsonObject | None, brief: JsonObject, terms: JsonObject) -> JsonObject | None:
    """Return what stands at the price of the version after it, where the two count the same, as the exchange does."""
    if standing is None:
        return None
    said, tariff = standing["terms"], terms["tariff"]
    if {**said["tariff"], "minor": ""} != {**tariff, "minor": ""}:
        return standing
    amounts = {"price": brief["price"], "floor": brief["floor"]}
    return standing | {
        "brief": standing["brief"] | amounts,
        "terms": said | {"tariff": tariff, "maxExposure": terms["maxExposure"]},
        "limits": standing["limits"] | {"ask": brief["price"], "floor": brief["floor"]},
    }

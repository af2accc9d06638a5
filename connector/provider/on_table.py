"""The terms on the table: what a provider offers a product for, before anybody has bid (`contracts.terms`).

Law: nothing here is negotiated; what is, is the price alone (`connector.licence.pricing`).
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from connector.licence import pricing
from connector.provider import negotiable, sold_program
from connector.provider.computing import offered
from contracts import address
from contracts.split import WHOLE_BPS, Split
from contracts.units import COMPUTED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from catalog.dataset import Dataset
    from connector.core.core import Core
    from connector.custody.sealed import Sealed
    from connector.identity.space.view import SpaceView
    from connector.licence.pricing import Goods
    from connector.store.rows.product import ProductRow
    from contracts.tariff import Tariff
    from ledger.chain.programs import Programs


LOCK_TTL_SECONDS = 24 * 3600
LEASE_SECONDS = 900
UNPAID_EDITIONS = 2  # sealed bytes a buyer may draw before paying: the edition twice over
# and of a small edition more: what was under way when a connection broke is drawn again
UNPAID_BYTES_MIN = 256 * 1024 * 1024


def terms(
    core: Core,
    space: SpaceView,
    programs: Programs,
    row: ProductRow,
    sealed: Sealed,
    tariff: Tariff,
    goods: Goods,
    shared: tuple[str, Split] | None,
) -> dict[str, Any]:
    """Return the terms on the table: all members of `contracts.terms` but `policy` and `salt`.

    What is sold is `shared` under a project, by its digest, or is the provider's but for the exchange's fee.
    """
    brief, header = row.brief, sealed.header
    now, own = space.last(), core.identity.member.address
    exchange = now.members[now.exchange].address
    arbiter = now.supervisor
    # an exchange that sells itself pays itself no fee: a payee stands once in a split
    fee = 0 if exchange == own else now.fee_bps
    shares = ((own, WHOLE_BPS - fee), (exchange, fee)) if fee else ((own, WHOLE_BPS),)
    chain = core.settings.chain
    leased = row.tier == "leased"
    return {
        "v": 1,
        "product": row.id,
        "title": row.title,
        "editionId": sealed.edition_id.hex(),
        "tariff": tariff.json(),
        "token": address.show(programs.deployment.addresses["token"]),
        "split": (Split(shares) if shared is None else shared[1]).json(),
        "maxExposure": brief.get("exposure") or str(pricing.exposure(tariff, goods)),
        "lockTtl": max(LOCK_TTL_SECONDS, chain.claim_margin_seconds + chain.stale_max_seconds),
        "claimMargin": chain.claim_margin_seconds,
        "staleMax": chain.stale_max_seconds,
        "maxUnpaidBytes": str(max(UNPAID_EDITIONS * header.sealed_bytes, UNPAID_BYTES_MIN)),
        "tier": row.tier,
        "leaseSeconds": LEASE_SECONDS if leased else 0,
        "arbitrator": address.show(address.NOBODY if arbiter is None else arbiter.address),
        "notAfter": datetime.fromisoformat(negotiable.widest(brief, row.limits)["until"])
        .astimezone(UTC)
        .strftime("%Y-%m-%dT%H:%M:%SZ"),
    } | _besides(row, shared)


def _besides(row: ProductRow, shared: tuple[str, Split] | None) -> dict[str, Any]:
    """Return the members of the terms that are left out where they say nothing."""
    inherit = {"inherit": True} if row.brief.get("inherit") else {}
    project = {} if shared is None else {"project": shared[0]}
    return inherit | project | ({"blindSalt": row.blind.hex()} if row.blind else {})


def gate(row: ProductRow, dataset: Dataset) -> dict[str, Any]:
    """Return the terms' member for what answers pass, empty where data are delivered."""
    if row.tier != COMPUTED:
        return {}
    return {offered.MEMBER: offered.gate_of(row.brief, dataset.files).json()}


def sold(row: ProductRow, dataset: Dataset) -> dict[str, Any]:
    """Return the terms' members for what is sold in place of data that are delivered: answers, or a program."""
    return gate(row, dataset) | sold_program.member(dataset)


def columns(sealed: Sealed, brief: Mapping[str, Any]) -> dict[str, Any]:
    """Return the terms' member for a contract about some columns: each with the group of its rows.

    What is asked where it is names them in its gate.
    """
    names = () if brief["tier"] == COMPUTED else brief.get("columns") or ()
    return {"columns": {name: sealed.index.schema["columns"][name] for name in names}} if names else {}

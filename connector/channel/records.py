"""The channel's events: which fields each carries, in one place for both sides (spec 7)."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from connector.channel import tally
from contracts.typed_data import digest
from contracts.typed_json import row_set

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from connector.channel.doors import Desk
    from connector.store.rows.channel import WindowRow
    from connector.store.transaction import Tx
    from contracts.typed_data import Order


def order_json(order: Order, context: Mapping[str, str] = tally.UNSAID) -> dict[str, Any]:
    """Return an order as evidence says it; with the period it draws on, where its context says one."""
    period = {"period": context[tally.PERIOD]} if tally.PERIOD in context else {}
    return period | {
        "agreement": order.agreement_digest.hex(),
        "edition": order.edition_id.hex(),
        "transfer": order.transfer_id.hex(),
        "use": order.use,
        "ranges": row_set(order.ranges).json(),
        "amount": str(order.amount),
        "readerKey": order.reader_key.hex(),
    }


def keys_event(tx: Tx, desk: Desk, kind: str, window: WindowRow, now: datetime, **more: Any) -> int:
    """Record a `keys.*` event of a window with the fields its kind carries; return its index."""
    fields: dict[str, Any] = {}
    for part in _KINDS[kind]:
        fields |= part(tx, desk, window)
    fields |= more
    link = [window.account_hash.hex(), str(window.seq)]
    return desk.evidence.record(tx, kind, part=window.channel, link=link, fields=fields, now=now)


def _offered(tx: Tx, desk: Desk, window: WindowRow) -> dict[str, Any]:
    assert window.offer is not None
    return {
        "lock": window.offer.lock.hex(),
        "maskedHash": window.offer.masked_hash.hex(),
        "decisionDigest": window.offer.decision_digest.hex(),
        "plainBytes": _plain_bytes(tx, desk, window),
    }


def _pinned(_tx: Tx, desk: Desk, window: WindowRow) -> dict[str, Any]:
    """Return what an auditor needs to lay the voucher and the receipt again and compare their digests."""
    assert window.offer is not None
    return {"offerDigest": digest(desk.registry, window.offer).hex(), "validUntil": str(window.valid_until)}


def _rows(_tx: Tx, _desk: Desk, window: WindowRow) -> dict[str, Any]:
    rows = [order_json(*each) for each in tally.beside(window.orders, window.contexts)]
    return {"rows": rows, "amount": str(window.amount), "cumulative": str(window.cumulative)}


def _paid(_tx: Tx, desk: Desk, window: WindowRow) -> dict[str, Any]:
    assert window.voucher is not None
    return {"voucherDigest": digest(desk.channels, window.voucher).hex()}


def _received(_tx: Tx, desk: Desk, window: WindowRow) -> dict[str, Any]:
    return {"receiptDigest": "" if window.receipt is None else digest(desk.registry, window.receipt).hex()}


def _plain_bytes(tx: Tx, desk: Desk, window: WindowRow) -> str:
    total = 0
    for order in window.orders:
        table = desk.editions.table(tx, order.edition_id)
        assert table is not None
        total += tally.plain_bytes(table, row_set(order.ranges))
    return str(total)


_KINDS: Mapping[str, tuple[Callable[[Tx, Desk, WindowRow], dict[str, Any]], ...]] = MappingProxyType(
    {
        "keys.offered": (_rows, _offered, _pinned),
        "keys.released": (_rows, _offered, _pinned, _paid),
        "keys.refused": (_rows, _offered, _paid),
        "keys.received": (_rows, _paid, _received),
        "keys.acknowledged": (_rows, _paid, _received),
        "keys.faulted": (_rows, _paid, _received),
    }
)

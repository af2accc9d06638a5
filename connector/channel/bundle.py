"""What the payer can lay before an arbiter when keys or edition prove wrong (spec 6).

Law: the bundle holds what the channel knows, under the names of spec 6; whoever files it adds what lies elsewhere:
header, its signature and registration, signatures of the agreement, log proofs and, for `edition`, the ciphertext.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.store.rows.channel import BundleRow
from contracts.canonical import sha
from contracts.typed_json import row_set, to_json

if TYPE_CHECKING:
    from datetime import datetime

    from connector.channel.doors import Buyer
    from connector.store.rows.channel import ChannelRow, WindowRow
    from connector.store.transaction import Tx
    from contracts.typed_data import Order

VERSION = 1


def places(orders: tuple[Order, ...]) -> list[tuple[Order, int]]:
    """Return (order, row number) for each position of a batch: the order in which secrets are masked."""
    return [(order, row) for order in orders for row in row_set(order.ranges)]


def keep(
    tx: Tx,
    buyer: Buyer,
    account: ChannelRow,
    window: WindowRow,
    position: int,
    code: str,
    preimage: bytes,
    now: datetime,
) -> str:
    """Store the bundle for the row at `position` of a window; return its digest in hex, its id."""
    document = build(tx, buyer, account, window, position, code, preimage)
    bundle = sha(document).hex()
    tx.put(BundleRow(id=bundle, channel=account.id, seq=window.seq, code=code, bundle=document, created=now))
    return bundle


def build(
    tx: Tx, buyer: Buyer, account: ChannelRow, window: WindowRow, position: int, code: str, preimage: bytes
) -> dict[str, Any]:
    """Return the channel's part of the bundle; `masked` is still there, for keys that are not acknowledged."""
    order, row = places(window.orders)[position]
    table = buyer.editions.table(tx, order.edition_id)
    deal = buyer.books.deal(tx, order.agreement_digest)
    assert table is not None
    assert deal is not None
    assert window.masked is not None
    return {
        "v": VERSION,
        "code": code,
        "chain": {
            "chainId": str(buyer.registry.chain_id),
            "registry": buyer.registry.verifying_contract.hex(),
            "channels": buyer.channels.verifying_contract.hex(),
            "salt": buyer.registry.salt.hex(),
        },
        "channelId": account.id,
        "signer": account.signer.hex(),
        "payee": account.payee.hex(),
        "editionId": order.edition_id.hex(),
        "row": table.raw(row).hex(),
        "index": row,
        "path": [node.hex() for node in table.path(row)],
        "offer": _json(window.offer),
        "offerSignature": _hex(window.offer_signature),
        "masked": window.masked.hex(),
        "t": preimage.hex(),
        "position": position,
        "batch": {"prev": window.prev.hex(), "orders": [to_json(each) for each in window.orders]},
        "voucher": _json(window.voucher),
        "voucherSignature": _hex(window.voucher_signature),
        "receipt": _json(window.receipt),
        "receiptSignature": _hex(window.receipt_signature),
        "agreement": to_json(deal.agreement),
    }


def _json(value: Any) -> dict[str, Any] | None:
    return None if value is None else to_json(value)


def _hex(value: bytes | None) -> str | None:
    return None if value is None else value.hex()

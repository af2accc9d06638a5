"""What a buyer sees of what it is getting: how far it is, whose turn it is, what it has paid."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.engine import copying, waiting
from connector.errors import Absent
from connector.vault import replicas
from contracts import price_words
from contracts.tariff import Tariff
from contracts.typed_data import Agreement
from contracts.typed_json import from_json

if TYPE_CHECKING:
    from connector.errors import Failure
    from connector.store.transaction import Tx


def view(tx: Tx, key: str, trouble: Failure | None, asked: str) -> dict[str, Any]:
    """Return an acquisition as its buyer sees it; raises Absent. See `waiting.turn` for `trouble` and `asked`."""
    row = tx.get("acquisitions", id=key)
    if row is None:
        raise Absent(f"there is no acquisition `{key[:100]}`")
    windows = tx.find("windows", "channel = ?", (row["channel"] or "",), order="seq")
    released = [one for one in windows if one["state"] in ("released", "acknowledged") and one["orders"]]
    talk = tx.get("negotiations", id=row["negotiation"]) if row["negotiation"] else None
    agreement = tx.get("agreements", digest=row["agreement"]) if row["agreement"] else None
    paid = tx.get("paid_rows", agreement=row["agreement"]) if row["agreement"] else None
    replica = replicas.under(tx, row["agreement"] or "")
    keys = sum(count for _, count in replica["key_rows"]) if replica else 0
    held = sum(count for _, count in replica["bytes_rows"]) if replica else 0
    rows = int(replica["header"]["rows"]) if replica else 0
    turn = waiting.turn(tx, row, trouble, asked)
    cost = "0" if paid is None else str(paid["amount"])
    told = f"{held} of {rows} rows here, {keys} keys, {len(released)} windows, paid {cost}"
    copied = (row["progress"] or {}).get("files")
    price, cap = _price(agreement)
    return {
        "id": row["id"],
        "product": row["product"],
        "title": agreement["terms"]["title"] if agreement and agreement["terms"] else row["product"],
        "state": row["state"],
        "reason": row["reason"],
        "turn": None if turn is None else turn.json(),
        "mark": f"{row['state']}-{len(released)}",
        "agreement": row["agreement"],
        "channel": row["channel"],
        "transfer": row["transfer"],
        "price": price,
        "cap": cap,
        "negotiation": None if talk is None else {"rounds": talk["rounds"], "price": _said(talk["price"])},
        "progress": {
            "windows": len(released),
            "rowsHeld": held,
            "sealedBytes": replica["header"]["sealedBytes"] if replica else "0",
            "keysHeld": keys,
            "rows": rows,
            "paid": cost,
            "text": told if copied is None else copying.text(row["progress"]),
        },
    }


def _price(agreement: dict[str, Any] | None) -> tuple[str, str | None]:
    """Return the agreed price in words, and the most that is ever due; None before it is agreed on."""
    if agreement is None or not agreement["terms"]:
        return "", None
    signed = agreement["agreement"]
    tariff = Tariff.from_json(agreement["terms"]["tariff"])
    return price_words.price(tariff), None if signed is None else str(from_json(Agreement, signed).price_cap)


def _said(price: int | None) -> str:
    return "" if price is None else str(price)

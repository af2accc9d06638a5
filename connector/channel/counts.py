"""Counters of the policy's rules: reserved with the offer, committed with the release, given back otherwise.

Law: `committed + reserved` of a counter is the sum over its reservations and never passes the limit that the decision
named. A holder (an opening, or one order of one window) takes its share once, however often it is asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.channel.errors import fault

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from connector.channel.doors import Held
    from connector.store.transaction import Tx

RESERVED = "reserved"
COMMITTED = "committed"
RETURNED = "returned"


def taken(tx: Tx, agreement: str, *, without: str) -> dict[tuple[str, str], int]:
    """Return (rule, operand) → what is committed and reserved by everybody but the holder `without`."""
    rows = tx.find("counters", "agreement = ?", (agreement,))
    counts = {(row["rule"], row["operand"]): row["committed"] + row["reserved"] for row in rows}
    for row in tx.find("reservations", "id = ? and agreement = ?", (without, agreement)):
        if row["state"] != RETURNED:
            counts[row["rule"], row["operand"]] -= row["amount"]
    return counts


def reserve(tx: Tx, agreement: str, holder: str, held: Iterable[Held], now: datetime) -> None:
    """Take what a decision holds; `exhausted` when a counter has no room."""
    for share in held:
        row = tx.get("reservations", id=holder, rule=share.rule, operand=share.operand)
        if row is not None and row["state"] != RETURNED:
            continue
        _add(tx, agreement, share.rule, share.operand, reserved=share.amount, limit=share.limit)
        tx.put(
            "reservations",
            id=holder,
            agreement=agreement,
            rule=share.rule,
            operand=share.operand,
            amount=share.amount,
            state=RESERVED,
            created=now,
        )


def commit(tx: Tx, holder: str) -> None:
    """Make final what the holder has reserved; what is final already stays."""
    for row in tx.find("reservations", "id = ? and state = ?", (holder, RESERVED)):
        _add(tx, row["agreement"], row["rule"], row["operand"], reserved=-row["amount"], committed=row["amount"])
        _mark(tx, holder, row["rule"], row["operand"], COMMITTED)


def give_back(tx: Tx, holder: str) -> None:
    """Return what the holder has reserved and did not use; what is final stays."""
    for row in tx.find("reservations", "id = ? and state = ?", (holder, RESERVED)):
        _add(tx, row["agreement"], row["rule"], row["operand"], reserved=-row["amount"])
        _mark(tx, holder, row["rule"], row["operand"], RETURNED)


def _mark(tx: Tx, holder: str, rule: str, operand: str, state: str) -> None:
    tx.update("reservations", {"id": holder, "rule": rule, "operand": operand}, state=state)


def _add(
    tx: Tx,
    agreement: str,
    rule: str,
    operand: str,
    *,
    reserved: int = 0,
    committed: int = 0,
    limit: int | None = None,
) -> None:
    row = tx.get("counters", agreement=agreement, rule=rule, operand=operand)
    now_reserved = (row["reserved"] if row else 0) + reserved
    now_committed = (row["committed"] if row else 0) + committed
    assert now_reserved >= 0
    assert now_committed >= 0
    if limit is not None and now_reserved + now_committed > limit:
        raise fault("exhausted", f"`{operand}` of rule `{rule}` has {limit} in all, and they are taken")
    tx.put(
        "counters",
        agreement=agreement,
        rule=rule,
        operand=operand,
        reserved=now_reserved,
        committed=now_committed,
    )

"""What an agent's key spends: taken out of its budget before anything is signed or asked, in the transaction of it.

Law: (1) what is taken is what it may cost at most; of two that each fit alone, the second is refused. (2) It stays
taken but for a purchase that ended before anything was agreed on. Of one that was agreed on the agreement's own cap is
taken, which bounds all that is ever due under it; where data are asked, the answers in its place. (3) Asked for again
under the same id, nothing is taken anew. What the owner asks for is in no key's budget.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.console.amounts import decimal
from connector.consumer.steps import FINAL
from connector.runtime.errors import Conflict, InvalidInput, PaymentRefused
from connector.runtime.limits import KEY_SPENDINGS_MAX
from connector.store.rows.agreement import AcquisitionRow, AgreementRow
from connector.store.rows.console import ApiKeyRow, KeySpendingRow, Taken
from connector.store.table_row import replace
from contracts.tariff import Tariff
from contracts.typed_data import Agreement
from contracts.typed_json import from_json
from contracts.units import COMPUTED

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject

# how an event names a program that acts with a key (`connector.runtime.actor`)
KEY = "key:"
SHOWN_MAX = 50


def begin(tx: Tx, row: AcquisitionRow) -> None:
    """Write a purchase that is begun; with an agent's key its cap is taken first. Raises PaymentRefused."""
    if (key := _agent(tx)) is not None:
        if row.mandate.get("cap") is None:
            raise InvalidInput("an agent says what all of it may cost: `cap`", "a quote says what it comes to")
        take(tx, key, KeySpendingRow(
            agent=key.name, what=Taken.PURCHASE, id=row.id, most=int(row.mandate["cap"]), at=row.created
        ))  # fmt: skip
    tx.put(row)


def answer(tx: Tx, agreement: str, job: str, most: int, now: datetime) -> None:
    """Take what an answer may cost, where it is asked for with an agent's key; raises PaymentRefused."""
    if (key := _agent(tx)) is not None:
        take(tx, key, KeySpendingRow(agent=key.name, what=Taken.ANSWER, id=f"{agreement}/{job}", most=most, at=now))


def take(tx: Tx, key: ApiKeyRow, wanted: KeySpendingRow) -> None:
    """Take an amount out of a key's budget; raises PaymentRefused where it is not in it, Conflict beyond the limit."""
    taken = tx.find(KeySpendingRow, "agent = ?", (key.name,))
    known = next((one for one in taken if (one.what, one.id) == (wanted.what, wanted.id)), None)
    before = 0 if known is None else known.most
    left = _left(tx, key, taken)
    if wanted.most - before > left:
        raise PaymentRefused(
            f"it may cost {decimal(str(wanted.most))}, and {decimal(str(left))} is left of the budget of the key "
            f"`{key.name}`",
            "say less at most, or propose it: who is there assents (`penstock agent proposals`)",
        )
    if known is None and len(taken) >= KEY_SPENDINGS_MAX:
        raise Conflict(f"the key `{key.name}` has asked for {KEY_SPENDINGS_MAX} things that cost", "make a new key")
    tx.put(wanted if known is None else replace(known, most=max(before, wanted.most)))


def require_own(tx: Tx, key: str, acquisition: str) -> None:
    """Raise Conflict where a purchase was begun otherwise than with this key: to go on with it is its buyer's."""
    begun = tx.get(AcquisitionRow, id=acquisition)
    if begun is not None and tx.get(KeySpendingRow, agent=key, what=Taken.PURCHASE, id=acquisition) is None:
        raise Conflict(f"`{acquisition[:100]}` was not begun with the key `{key}`", "choose another id")


def shown(tx: Tx, key: ApiKeyRow) -> JsonObject:
    """Return what was taken of a budget, what is left, and of what, the newest first."""
    taken = tx.find(KeySpendingRow, "agent = ?", (key.name,), order="at DESC")
    left = _left(tx, key, taken)
    return {
        "budget": str(key.budget),
        "taken": str(int(key.budget or 0) - left),
        "left": str(left),
        "spendings": [
            {"what": one.what, "id": one.id, "most": str(_counts(tx, one)), "at": one.at.isoformat(timespec="seconds")}
            for one in taken[:SHOWN_MAX]
        ],
    }


def _agent(tx: Tx) -> ApiKeyRow | None:
    """Return the agent's key for which a transaction is, None for anybody else."""
    if not tx.actor.startswith(KEY):
        return None
    key = tx.get(ApiKeyRow, name=tx.actor.removeprefix(KEY))
    return None if key is None or key.budget is None else key


def _left(tx: Tx, key: ApiKeyRow, taken: Sequence[KeySpendingRow]) -> int:
    return max(0, int(key.budget or 0) - sum(_counts(tx, one) for one in taken))


def _counts(tx: Tx, one: KeySpendingRow) -> int:
    """Return what of a spending is taken as things stand."""
    row = tx.get(AcquisitionRow, id=one.id) if one.what is Taken.PURCHASE else None
    if row is None or row.state not in FINAL:
        return one.most
    deal = None if row.agreement is None else tx.get(AgreementRow, digest=row.agreement)
    if deal is None:
        return 0 if row.agreement is None else one.most
    if deal.terms is None or deal.agreement is None:
        return one.most
    if deal.terms["tier"] == COMPUTED and not Tariff.from_json(deal.terms["tariff"]).period:
        return 0
    return min(one.most, int(from_json(Agreement, deal.agreement).price_cap))

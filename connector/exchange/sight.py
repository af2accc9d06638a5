"""Who finds and reads what is listed: a grade a space, by the reader's role and membership.

Law: what is asked for by its id, found by a question, told to another exchange and shown as a sample is decided here
alone, by the rules of the space as they are now (`catalog.spaces.Rules`). Who supervises a space reads everything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from catalog.spaces import MAIN, Rules, from_json
from catalog.spaces import sight as grade_mark
from connector.exchange import kinds, spaces
from connector.store.rows.catalogue import ListingRow

if TYPE_CHECKING:
    from connector.exchange.numbering import Stocked
    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject

SUPERVISE = frozenset({"exchange", "regulator"})
_HIGHEST = Rules().sight("", "")


def grades(tx: Tx, member: str, role: str) -> tuple[str, ...] | None:
    """Return what a member finds: the highest grade in each space, as the index spells it; None for everything."""
    if role in SUPERVISE:
        return None
    highest = {row.id: from_json(row.rules).sight(role, member) for row in spaces.every(tx)}
    if all(grade == _HIGHEST for grade in highest.values()):
        return None
    return tuple(grade_mark(key, most) for key, most in highest.items() if most)


def sees(tx: Tx, row: Stocked, member: str, role: str) -> bool:
    """Say whether a member sees a product or service: what it would find, and its own."""
    grade, own = kinds.described(row).grade, row.provider == member
    return own or role in SUPERVISE or grade <= _rules(tx, row).sight(role, member)


def sample(tx: Tx, row: Stocked, member: str, role: str) -> JsonObject:
    """Return the sample rows of a listing that has some for whom the space shows them, nothing for others."""
    if not isinstance(row, ListingRow) or row.sample is None:
        return {}
    most = _rules(tx, row).sample(role)
    if row.provider == member or role in SUPERVISE or kinds.described(row).grade <= most:
        return {"sample": row.sample}
    return {}


def _rules(tx: Tx, row: Stocked) -> Rules:
    return from_json(spaces.find(tx, row.space or MAIN).rules)

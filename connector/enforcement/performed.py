"""Acts done under an agreement, as policy sees them: openings, and duties that somebody has fulfilled.

Law: an act is written in the transaction that does it, once, however often it is told. What only its holder can count
(keys kept) is no act of the key holder's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.store.rows.use import PerformedRow
from policy.world import Act

if TYPE_CHECKING:
    from datetime import datetime

    from connector.store.transaction import Tx

READ, DELETE = "read", "delete"
# a decision looks at the newest: the last use, and what was done since
ACTS_MAX = 1_000


def record(tx: Tx, agreement: str, key: str, act: Act) -> None:
    """Keep an act under its own `key`; one that is known already stays as it was told first."""
    name = f"{agreement}/{key}"
    if tx.get(PerformedRow, id=name) is None:
        tx.insert(PerformedRow(id=name, agreement=agreement, action=act.action, who=act.by, at=act.at))


def acts(tx: Tx, agreement: str) -> tuple[Act, ...]:
    """Return the newest acts under an agreement, oldest first."""
    rows = tx.find(PerformedRow, "agreement = ?", (agreement,), order="at desc", limit=ACTS_MAX)
    return tuple(Act(row.action, row.at, row.who) for row in reversed(rows))


def read(by: str, at: datetime) -> Act:
    """Return the act of an opening."""
    return Act(READ, at, by)

"""What was asked of a provider's data, and how each statement ended: for its own eyes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from connector.provider.computing import privacy
from connector.provider.computing.asked import statement_digest
from connector.store.rows.compute import ComputationRow
from contracts.noise import epsilon_text

if TYPE_CHECKING:
    from connector.core.core import Core
    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject

LISTED_MAX: Final = 500


class Computations:
    """The list of what one provider was asked."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def page(self, product: str | None = None) -> JsonObject:
        """Return the newest statements, of one product if it is named, and what is told of the budgets of noise."""

        def look(tx: Tx) -> JsonObject:
            where, about = ("", ()) if product is None else ("product = ?", (product,))
            rows = tx.find(ComputationRow, where, about, order="created desc", limit=LISTED_MAX)
            return {"computations": [_line(one) for one in rows], "budgets": privacy.budgets(tx, product)}

        return await self._core.store.read(look)


def _line(row: ComputationRow) -> JsonObject:
    return {
        "product": row.product,
        "peer": row.peer,
        "agreement": row.agreement,
        "id": row.job,
        "statement": row.statement,
        "digest": statement_digest(row.statement),
        "purpose": row.purpose,
        "state": row.state.value,
        "reason": row.reason or "",
        "rows": row.rows,
        "epsilon": None if row.epsilon is None else epsilon_text(row.epsilon),
        "began": row.created.isoformat(timespec="seconds"),
        "ended": None if row.ended is None else row.ended.isoformat(timespec="seconds"),
    }

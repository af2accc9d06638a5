"""What was asked of a provider's data, and how each statement ended: for its own eyes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from connector.provider.computing import privacy
from connector.provider.computing.asked import agreement_of, statement_digest
from connector.provider.computing.ended import billed
from connector.store.rows.compute import ComputationRow
from connector.store.rows.compute import ComputationState as State
from contracts import attested, price_words
from contracts.noise import epsilon_text
from contracts.tariff import Tariff

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
            return {"computations": [_line(tx, one) for one in rows], "budgets": privacy.budgets(tx, product)}

        return await self._core.store.read(look)


def _line(tx: Tx, row: ComputationRow) -> JsonObject:
    """Return what is shown of a statement; `billed` is what its answer counts as in words."""
    agreement = agreement_of(tx, row)
    tariff, told = Tariff.from_json(agreement.signed_terms["tariff"]), row.state is State.RELEASED
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
        "billed": price_words.billed(tariff, billed(agreement, row)) if told else "",
        "attested": attested.label(agreement.signed_terms) if told else "",
        "began": row.created.isoformat(timespec="seconds"),
        "ended": None if row.ended is None else row.ended.isoformat(timespec="seconds"),
    }

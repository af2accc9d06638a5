"""What was asked of data that stay at their provider, newest first: of ours, and by us (decision 0189)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from catalog.printable import printable
from connector.console.leafing import leafed
from connector.runtime.limits import FOUND_ROWS_MAX, PAGE_ROWS_MAX
from connector.store.rows.agreement import AgreementRow
from connector.store.rows.compute import AnswerRow, ComputationRow, ComputationState

if TYPE_CHECKING:
    from connector.api.call import Call
    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject

STATEMENT_CHARACTERS_MAX: Final = 200


async def computations(call: Call) -> JsonObject:
    """Return a page of statements, whoever asked: what, of which product, and how it ended."""
    first = call.first(FOUND_ROWS_MAX)
    most = first + PAGE_ROWS_MAX + 1

    def read(tx: Tx) -> list[JsonObject]:
        ours = [_of_ours(row) for row in tx.find(ComputationRow, order="created desc", limit=most)]
        theirs = [_by_us(tx, row) for row in tx.find(AnswerRow, order="created desc", limit=most)]
        return sorted([*ours, *theirs], key=_begun, reverse=True)[first:most]

    return leafed(first, await call.core.store.read(read))


def _begun(row: JsonObject) -> str:
    return str(row["created"])


def _of_ours(row: ComputationRow) -> JsonObject:
    return {
        "created": row.created.isoformat(timespec="seconds"),
        "product": printable(row.product, STATEMENT_CHARACTERS_MAX),
        "role": "provider",
        "statement": printable(row.statement, STATEMENT_CHARACTERS_MAX),
        "state": row.state.value,
        "number": row.rows,
        "peer": row.peer,
    }


def _by_us(tx: Tx, row: AnswerRow) -> JsonObject:
    agreement = tx.get(AgreementRow, digest=row.agreement)
    return {
        "created": row.created.isoformat(timespec="seconds"),
        "product": "" if agreement is None else printable(agreement.product, STATEMENT_CHARACTERS_MAX),
        "role": "buyer",
        "statement": printable(row.statement, STATEMENT_CHARACTERS_MAX),
        "state": ComputationState.RUNNING.value if row.answer is None else ComputationState.RELEASED.value,
        "number": None,
        "peer": "" if agreement is None else agreement.peer,
    }

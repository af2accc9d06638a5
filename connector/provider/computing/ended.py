"""How a question ends: what is told is counted, written as it is signed, and recorded."""

from __future__ import annotations

from hashlib import sha256
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from connector.provider.computing.asked import agreement_of, record, written
from connector.store.rows.compute import ComputationState as State
from connector.store.rows.vault import CopyRow
from connector.store.table_row import replace
from contracts import answered
from contracts.answered import Answered, seconds_text
from contracts.tariff import Tariff

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from connector.core.core import Core
    from connector.store.rows.agreement import AgreementRow
    from connector.store.rows.compute import ComputationRow
    from connector.store.transaction import Tx


def billed(agreement: AgreementRow, row: ComputationRow) -> int:
    """Return how many units of its agreement's price an answer is, at most while it is not here.

    Of what is looked up each key is an answer; where subjects found have the price, each whose rows are told.
    """
    terms, tenths = agreement.signed_terms, row.at_most if row.took is None else row.took
    keys = row.rows or 1 if "lookup" in terms["gate"] else 1
    told = Answered(keys, row.each or 0, tenths or 0, row.rows or 0)
    return answered.units(Tariff.from_json(terms["tariff"]), told)


def released(
    tx: Tx, row: ComputationRow, rows: int, members: Mapping[str, Any], confined: Sequence[str], now: datetime
) -> ComputationRow:
    """Count an answer, and return its row with what leaves; `members` are what it says."""
    answer = written(row, members, confined, now)
    copy, units = tx.get(CopyRow, id=row.transfer), billed(agreement_of(tx, row), row)
    assert copy is not None, "a statement is begun before it is answered"
    tx.change(copy, replace(copy, calls=copy.calls + units, bytes=copy.bytes + len(answer)))
    return replace(row, state=State.RELEASED, rows=rows, answer=answer, ended=now)


def end(
    core: Core,
    tx: Tx,
    row: ComputationRow,
    after: ComputationRow,
    now: datetime,
    kept: ComputationRow | None = None,
    more: Mapping[str, str] = MappingProxyType({}),
) -> ComputationRow:
    """Write how a question ended, and record it with what `more` is said of its answer.

    `kept` is its row where less is kept of it than was told.
    """
    told = {"rows": str(after.rows or 0)} | ({"answer": sha256(after.answer).hexdigest()} if after.answer else {})
    told |= {} if after.took is None else {"seconds": seconds_text(after.took)}
    record(core, tx, "computation.ended", after, {"outcome": after.state.value, **told, **more}, now)
    return tx.change(row, kept or after)

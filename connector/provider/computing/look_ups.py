"""Subjects that a buyer looks up without showing which: decided, counted and answered in one act (decision 0193).

Law: (1) what is told of a key is one multiplication and its bucket, as it lies: no process is begun, and nothing here
knows what was asked or found. (2) Keys are counted for buyer and product, whatever agreement they are asked under, in
the act that answers them; under one id they are answered once. (3) The answer is not kept: asked again it is the same.
"""

from __future__ import annotations

import asyncio
import base64
from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from connector.channel.errors import ChannelFault
from connector.compute import blinding
from connector.compute.bucketed import FUNCTION
from connector.compute.sought import Sought
from connector.provider.computing.asked import copy_of, ground_of, known, permitted, record, row_for, take, written
from connector.provider.computing.ended import billed
from connector.provider.computing.lookup_tables import LookupTables
from connector.runtime.errors import InvalidInput, NotPermitted
from connector.store.rows.compute import ComputationState as State
from connector.store.rows.compute import FittingRow
from connector.store.table_row import replace
from contracts import gate as gates

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.core.core import Core
    from connector.custody.secrets import Keys
    from connector.custody.tickets import Ticket
    from connector.enforcement.enforce import Enforcement
    from connector.licence.duties import Duties
    from connector.provider.computing.asked import Asked, Ground
    from connector.provider.computing.lookup_tables import Table
    from connector.provider.plain.copies import Copies
    from connector.store.rows.compute import ComputationRow
    from connector.store.transaction import Tx

ANSWER_BYTES_MAX: Final = 24 << 20
_LOOKED_UP: Final = (
    "SELECT coalesce(sum(f.keys), 0) FROM fittings AS f JOIN computations AS c "
    "ON c.agreement = f.agreement AND c.job = f.job WHERE c.peer = ? AND c.product = ?"
)


class LookUps:
    """The look-ups that one provider answers."""

    def __init__(self, core: Core, secrets: Keys, copies: Copies, enforcement: Enforcement, duties: Duties) -> None:
        self._core, self._copies, self._enforcement, self._duties = core, copies, enforcement, duties
        self.tables = LookupTables(core, secrets, copies)

    async def answer(self, ticket: Ticket, ground: Ground, asked: Asked) -> ComputationRow:
        """Answer a look-up, or return its answer of before; raises NotPermitted, InvalidInput, Conflict."""
        gate, sought = gates.read(ground.agreement.signed_terms["gate"]), _sought(asked)
        assert gate.lookup is not None, "it was looked at before"
        table = await self.tables.of(ground.product, gate, sought.table)
        told = await asyncio.to_thread(_answered, table, sought)
        try:
            return await self._core.store.write(partial(self._tell, ticket, asked, gate.lookup.keys, table, told))
        except ChannelFault as fault:
            await self._duties.note(fault, [ground.agreement.digest])
            raise

    def _tell(
        self, ticket: Ticket, asked: Asked, most: int, table: Table, told: Mapping[str, Any], tx: Tx
    ) -> ComputationRow:
        """Decide a look-up, count it, and write that it was answered; raises NotPermitted with the reasons."""
        ground, now = ground_of(self._copies, tx, ticket), self._core.clock.now()
        if (before := known(tx, ground, asked)) is not None:
            assert before.ended is not None, "it is begun and ended in one act"
            return replace(before, answer=written(before, told, table.confined, before.ended))
        agreement, keys = ground.agreement, len(_sought(asked).points)
        _within(tx, agreement.peer, agreement.product, keys, most)
        granted = permitted(self._enforcement, tx, ground, asked, (FUNCTION,), {}, now)
        take(self._enforcement, tx, granted, now)
        row = replace(row_for(ground, asked, State.RELEASED, now), rows=keys, ended=now)
        answer = written(row, told, table.confined, now)
        copy = copy_of(self._copies, tx, ground, row.purpose, now)
        counted = replace(copy, calls=copy.calls + billed(agreement, row), bytes=copy.bytes + len(answer))
        self._copies.within_quota(tx, agreement, counted)
        tx.change(copy, counted)
        tx.put(FittingRow(agreement=row.agreement, job=row.job, keys=keys))
        tx.put(row)
        self._record(tx, row, answer)
        return replace(row, answer=answer)

    def _record(self, tx: Tx, row: ComputationRow, answer: bytes) -> None:
        begun = {"purpose": row.purpose, "keys": str(row.rows)}
        record(self._core, tx, "computation.started", row, begun, row.created)
        ended = {"outcome": row.state.value, "rows": str(row.rows), "answer": sha256(answer).hexdigest()}
        record(self._core, tx, "computation.ended", row, ended, row.created)


def _sought(asked: Asked) -> Sought:
    assert isinstance(asked.about, Sought), "subjects are looked up"
    return asked.about


def _within(tx: Tx, peer: str, product: str, keys: int, most: int) -> None:
    """Raise NotPermitted where a buyer would look up more of a product than its terms allow."""
    [before] = tx.column(_LOOKED_UP, peer, product)
    if int(before) + keys > most:
        text = f"{before} of {most} keys were looked up, and {keys} more are too many"
        raise NotPermitted(text, "what was answered stays answered: ask again under its id")


def _answered(table: Table, sought: Sought) -> dict[str, Any]:
    """Return what an answer says: each key under one more scalar, and each bucket once (blocking)."""
    numbers = sorted(set(sought.buckets))
    if len(numbers) * table.shape.bucket_bytes > ANSWER_BYTES_MAX:
        most = max(1, ANSWER_BYTES_MAX // table.shape.bucket_bytes)
        raise InvalidInput(f"the buckets of {len(numbers)} keys are too long together", f"look up {most} at once")
    points = [base64.b64encode(one).decode() for one in blinding.again(table.secret, sought.points)]
    found = {str(number): base64.b64encode(table.bucket(number)).decode() for number in numbers}
    shape = {"entries": table.shape.entries, "entryBytes": table.shape.entry_bytes}
    return {"columns": table.columns, **shape, "points": points, "buckets": found}

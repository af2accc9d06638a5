"""Subjects that a buyer looks up without showing which: decided, counted and answered in one act (decision 0193).

Law: (1) what is told of a key is one multiplication and a part of its bucket, as it lies (`look_up_ways`): no process
is begun, and nothing here knows what was asked or found. (2) Keys are counted for buyer and product, whatever agreement
they are asked under, in the act that answers them; under one id they are answered once. (3) The answer is not kept:
asked again it is the same. (4) Rows of those who are there are told once for each look-up, of as many as it had keys.
"""

from __future__ import annotations

import asyncio
from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from connector.channel.errors import ChannelFault
from connector.compute.bucketed import FUNCTION
from connector.compute.matched import Matched, under
from connector.compute.sought import Sought
from connector.provider.computing import look_up_ways
from connector.provider.computing.asked import copy_of, ground_of, known, permitted, record, row_for, take, written
from connector.provider.computing.ended import billed
from connector.provider.computing.lookup_tables import LookupTables
from connector.runtime.errors import InvalidInput, NotPermitted
from connector.store.rows.compute import ComputationRow, FittingRow
from connector.store.rows.compute import ComputationState as State
from connector.store.table_row import replace
from contracts import gate as gates
from contracts.tariff import Tariff

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.core.core import Core
    from connector.custody.secrets import Keys
    from connector.custody.tickets import Ticket
    from connector.enforcement.enforce import Enforcement
    from connector.licence.duties import Duties
    from connector.provider.computing.asked import Asked, Ground
    from connector.provider.computing.look_up_ways import LookedUp, Way
    from connector.provider.computing.lookup_tables import Table
    from connector.provider.plain.copies import Copies
    from connector.store.transaction import Tx

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
        terms, about = ground.agreement.signed_terms, _about(asked)
        gate, tariff = gates.read(terms["gate"]), Tariff.from_json(terms["tariff"])
        assert gate.lookup is not None, "it was looked at before"
        way = look_up_ways.way(tariff, about)
        table = await self.tables.of(ground.product, gate, about.table, tagged=look_up_ways.tagged(tariff))
        told = await asyncio.to_thread(way.told, table, about)
        try:
            return await self._core.store.write(partial(self._tell, ticket, asked, gate.lookup.keys, way, table, told))
        except ChannelFault as fault:
            await self._duties.note(fault, [ground.agreement.digest])
            raise

    def _tell(
        self, ticket: Ticket, asked: Asked, most: int, way: Way, table: Table, told: Mapping[str, Any], tx: Tx
    ) -> ComputationRow:
        """Decide a look-up, count it, and write that it was answered; raises NotPermitted with the reasons."""
        ground, now = ground_of(self._copies, tx, ticket), self._core.clock.now()
        if (before := known(tx, ground, asked)) is not None:
            assert before.ended is not None, "it is begun and ended in one act"
            return replace(before, answer=written(before, told, table.confined, before.ended))
        agreement, keys = ground.agreement, len(_about(asked).points)
        if way.counted:
            _within(tx, agreement.peer, agreement.product, keys, most)
        else:
            _after_its_first(tx, agreement.digest, asked)
        granted = permitted(self._enforcement, tx, ground, asked, (FUNCTION,), {}, now)
        take(self._enforcement, tx, granted, now)
        row = replace(row_for(ground, asked, State.RELEASED, now), rows=keys if way.paid else 0, ended=now)
        answer = written(row, told, table.confined, now)
        copy = copy_of(self._copies, tx, ground, row.purpose, now)
        counted = replace(copy, calls=copy.calls + billed(agreement, row), bytes=copy.bytes + len(answer))
        self._copies.within_quota(tx, agreement, counted)
        tx.change(copy, counted)
        if way.counted:
            tx.put(FittingRow(agreement=row.agreement, job=row.job, keys=keys))
        tx.put(row)
        self._record(tx, row, {way.member: str(keys)}, answer)
        return replace(row, answer=answer)

    def _record(self, tx: Tx, row: ComputationRow, about: Mapping[str, str], answer: bytes) -> None:
        record(self._core, tx, "computation.started", row, {"purpose": row.purpose, **about}, row.created)
        ended = {"outcome": row.state.value, "rows": str(row.rows), "answer": sha256(answer).hexdigest()}
        record(self._core, tx, "computation.ended", row, ended, row.created)


def _about(asked: Asked) -> LookedUp:
    assert isinstance(asked.about, Sought | Matched), "subjects are looked up"
    return asked.about


def _within(tx: Tx, peer: str, product: str, keys: int, most: int) -> None:
    """Raise NotPermitted where a buyer would look up more of a product than its terms allow."""
    [before] = tx.column(_LOOKED_UP, peer, product)
    if int(before) + keys > most:
        text = f"{before} of {most} keys were looked up, and {keys} more are too many"
        raise NotPermitted(text, "what was answered stays answered: ask again under its id")


def _after_its_first(tx: Tx, agreement: str, asked: Asked) -> None:
    """Raise InvalidInput unless rows are asked of a look-up that was answered, of no more subjects than it had keys.

    So all rows that a buyer is told are of no more subjects than it may look up.
    """
    about = asked.about
    assert isinstance(about, Matched), "its rows are asked for"
    first = tx.get(ComputationRow, agreement=agreement, job=about.of)
    counted = tx.get(FittingRow, agreement=agreement, job=about.of)
    if first is None or first.state is not State.RELEASED or counted is None:
        raise InvalidInput(f"nothing was looked up under `{about.of}`", "ask first who is there")
    if asked.job != under(about.of):
        raise InvalidInput(f"`{asked.job}` is not the id of its rows", f"they are asked under `{under(about.of)}`")
    if len(about.points) > counted.keys:
        text = f"rows of {len(about.points)} subjects are asked for, and {counted.keys} were looked up"
        raise InvalidInput(text, "ask for those who are there")

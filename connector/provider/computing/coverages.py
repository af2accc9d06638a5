"""Lists of buyers that are held against our subjects, neither seen by the other (decision 0190)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from connector.compute.fitting import Fitting, Groups, coverage_of
from connector.provider.computing import coins
from connector.provider.computing.ended import end, released
from connector.provider.computing.forms import Form
from connector.provider.plain.copies import GONE
from connector.runtime.errors import NotPermitted
from connector.store.rows.compute import FittingRow
from connector.store.rows.vault import EditionRow
from connector.store.table_row import replace
from ledger.edition.header import read_header

if TYPE_CHECKING:
    from datetime import datetime

    from connector.compute.fitting import Covered
    from connector.compute.waiting import Waiting
    from connector.core.core import Core
    from connector.custody.secrets import Keys
    from connector.provider.computing.asked import Asked, Ground
    from connector.provider.computing.forms import Process, Types
    from connector.store.rows.agreement import AgreementRow
    from connector.store.rows.compute import ComputationRow
    from connector.store.transaction import Tx
    from contracts.gate import Gate
    from ledger.edition.header import Header


class Coverages(Form):
    """The lists of which it is told how much is covered."""

    def __init__(self, core: Core, secrets: Keys) -> None:
        super().__init__(core)
        self._secrets = secrets

    async def process(self, ground: Ground, gate: Gate, types: Types, asked: Asked, waiting: Waiting) -> Process:
        """Return what answers a list, with the coins that were thrown before; raises InvalidInput, NotPermitted."""
        edition, covers = ground.agreement.signed_edition, coverage_of(gate)
        known = await self._core.store.read(lambda tx: coins.thrown(tx, edition))
        header = None if covers.fresh is None else await self._core.store.read(lambda tx: _header(tx, edition))
        of_table = partial(coins.of, self._secrets, edition, covers, known)
        return Fitting(_groups(asked), gate, types, of_table, waiting, header)

    def hold(self, tx: Tx, agreement: AgreementRow, asked: Asked, _now: datetime) -> None:
        """Count the keys that are asked about; raises NotPermitted."""
        coins.spend(tx, agreement, asked.job, _groups(asked).asked)

    async def found(self, ground: Ground, _asked: Asked, file: str, found: Covered) -> Covered:
        """Keep what was thrown now, before anything of it is told."""
        if found.marks:
            edition = ground.agreement.signed_edition
            await self._core.store.write(lambda tx: coins.keep(tx, edition, file, found.covers, found.marks))
        return found

    def keep(self, tx: Tx, row: ComputationRow, found: Covered, now: datetime) -> ComputationRow:
        """Write what is told; as long as a list, it is kept beside the rows that people page through."""
        told = released(tx, row, found.told, found.members, found.confined, now)
        tx.update(FittingRow, {"agreement": row.agreement, "job": row.job}, answer=told.answer)
        return replace(end(self._core, tx, row, told, now, kept=replace(told, answer=None)), answer=told.answer)

    def give_back(self, tx: Tx, row: ComputationRow) -> None:
        """Count the keys no more."""
        coins.give_back(tx, row.agreement, row.job)

    def answered(self, tx: Tx, row: ComputationRow) -> ComputationRow:
        """Return what was told, with the answer that is kept beside it."""
        kept = tx.get(FittingRow, agreement=row.agreement, job=row.job)
        return row if kept is None else replace(row, answer=kept.answer)


def _header(tx: Tx, edition: str) -> Header:
    """Return the header of an edition of ours, by which both sides know when it was sealed; raises NotPermitted."""
    row = tx.get(EditionRow, id=edition)
    if row is None:
        raise NotPermitted(GONE, "agree on another")
    return read_header(row.header)


def _groups(asked: Asked) -> Groups:
    assert isinstance(asked.about, Groups), "it is a list"
    return asked.about
